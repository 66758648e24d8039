"""Files that belong together and differ by the number at the end of their names: what they are, which are used.

How does this work?  Blender counts each kind in its own way.  Images and volumes have a length and an offset, and
count from 1; a movie clip counts from its first file, and knows how many files there once were; of a cache it wants
the file with the number of the scene's frame.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import bpy

NUMBER = re.compile(r"(\d+)(\D*)$")


class Numbered(NamedTuple):
    """`seq_0003.png`: what is before the number, the number, and what is behind it."""

    folder: str
    start: str
    number: int
    digits: int
    end: str

    @classmethod
    def read(cls, full: str) -> Numbered | None:
        """None when there is no number in the file's name."""
        folder, name = os.path.split(full)
        found = NUMBER.search(name)
        return cls(folder, name[: found.start()], int(found[1]), len(found[1]), found[2]) if found else None

    def name(self, number: int) -> str:
        return f"{self.start}{number:0{self.digits}d}{self.end}"


def counted(user: Any) -> Iterable[int]:
    first = user.frame_offset + 1
    return range(first, first + max(1, user.frame_duration))


def of_image(image: Any) -> set[int]:
    return {number for user in users(image) for number in counted(user)}


def users(image: Any) -> Iterator[Any]:
    """How nodes of materials, worlds, lights and compositors use the image."""
    owners = (bpy.data.materials, bpy.data.worlds, bpy.data.lights, bpy.data.scenes)
    trees = [tree for group in owners for data in group if (tree := getattr(data, "node_tree", None))]
    for tree in (*trees, *bpy.data.node_groups):
        for node in tree.nodes:
            if getattr(node, "image", None) == image:  # texture nodes carry an image_user, compositor nodes are one
                yield getattr(node, "image_user", node)


def of_data(kind: str, data: Any, full: str) -> Iterable[int] | None:
    """The numbers of a movie clip, a volume or a cache; None where it is one file."""
    path = Numbered.read(full)
    if path is None:
        return None
    if kind == "movie clip" and data.source == "SEQUENCE":
        first = path.number + data.frame_offset
        return range(first, first + max(1, data.frame_duration))
    if kind == "volume" and data.is_sequence:
        return counted(data)
    if kind == "cache" and data.is_sequence:
        return [int(data.frame)] if data.override_frame else of_scene(bpy.context.scene)
    return None


def of_scene(scene: Any) -> Iterable[int]:
    return range(scene.frame_start, scene.frame_end + 1, scene.frame_step)
