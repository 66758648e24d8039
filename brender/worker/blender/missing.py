"""Files that a scene refers to and that are not there: libraries, images, sequences, caches, fonts, sounds.

How does this work?  Blender opens such a scene without a complaint and renders it with objects gone or pink
surfaces, so each kind of data that names a file is looked through here.  What is packed into the .blend, made by
Blender itself or used by nobody is no loss.  Of an image sequence every frame that a node uses is looked for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

import bpy

NUMBER = re.compile(r"(\d+)(\D*)$")
KINDS = (
    ("movie clip", "movieclips"),
    ("sound", "sounds"),
    ("font", "fonts"),
    ("volume", "volumes"),
    ("cache", "cache_files"),
)
SHOWN_FRAMES = 5


def missing_files() -> list[str]:
    """One line for each file that is missing: what it is, how the scene names it, where that would be."""
    return list(dict.fromkeys((*libraries(), *images(), *others())))


def line(kind: str, name: str, full: str) -> str:
    return f"Missing {kind} {name}" + ("" if name == full else f" ({full})")


def absolute(data: Any, path: str) -> str:
    return str(os.path.abspath(bpy.path.abspath(path, library=getattr(data, "library", None))))


def libraries() -> Iterator[str]:
    for library in bpy.data.libraries:
        full = os.path.abspath(bpy.path.abspath(library.filepath, library=library.parent))
        if not library.packed_file and not os.path.exists(full):
            yield line("library", library.filepath, full)


def images() -> Iterator[str]:
    for image in bpy.data.images:
        if not image.users or image.packed_file or not image.filepath or image.source in ("GENERATED", "VIEWER"):
            continue
        full = absolute(image, image.filepath)
        if image.source == "SEQUENCE":
            yield from sequence(image, full)
        elif image.source == "TILED":
            yield from tiles(image, full)
        elif not os.path.exists(full):
            yield line("image", image.filepath, full)


def tiles(image: Any, full: str) -> Iterator[str]:
    for tile in image.tiles:
        number = tile.number - 1001
        found = full.replace("<UDIM>", str(tile.number))
        found = found.replace("<UVTILE>", f"u{number % 10 + 1}_v{number // 10 + 1}")
        if not os.path.exists(found):
            yield line("image tile", found, found)


def sequence(image: Any, full: str) -> Iterator[str]:
    folder, name = os.path.split(full)
    number = NUMBER.search(name)
    if number is None:
        if not os.path.exists(full):
            yield line("image", image.filepath, full)
        return
    wanted = sorted({frame for user in users(image) for frame in frames(user)})
    names = [f"{name[: number.start()]}{frame:0{len(number[1])}d}{number[2]}" for frame in wanted]
    gone = [found for found in names if not os.path.exists(os.path.join(folder, found))]
    if gone:
        more = f" and {len(gone) - SHOWN_FRAMES} more" if len(gone) > SHOWN_FRAMES else ""
        shown = ", ".join(gone[:SHOWN_FRAMES])
        yield f"Missing {len(gone)} of the {len(names)} images of a sequence in {folder}: {shown}{more}"


def frames(user: Any) -> Iterable[int]:
    first = user.frame_offset + 1
    return range(first, first + max(1, user.frame_duration))


def users(image: Any) -> Iterator[Any]:
    """How nodes of materials, worlds, lights and compositors use the image."""
    owners = (bpy.data.materials, bpy.data.worlds, bpy.data.lights, bpy.data.scenes)
    trees = [tree for group in owners for data in group if (tree := getattr(data, "node_tree", None))]
    for tree in (*trees, *bpy.data.node_groups):
        for node in tree.nodes:
            if getattr(node, "image", None) == image:  # texture nodes carry an image_user, compositor nodes are one
                yield getattr(node, "image_user", node)


def others() -> Iterator[str]:
    for kind, collection in KINDS:
        for data in getattr(bpy.data, collection, ()):
            path = data.filepath
            if not path or path == "<builtin>" or not data.users or getattr(data, "packed_file", None):
                continue
            full = absolute(data, path)
            if not os.path.exists(full) and not getattr(data, "is_sequence", False):
                yield line(kind, path, full)
