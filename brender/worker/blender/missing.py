"""Files that a scene refers to and that are not there: libraries, images, sequences, caches, fonts, sounds, films.

How does this work?  Blender opens such a scene without a complaint and renders it with objects gone or pink
surfaces, so each kind of data that names a file is looked through here.  What is packed into the .blend, made by
Blender itself or used by nobody is no loss; what is there and may not be read is one.  Of a sequence (`sequences.py`)
every file that is used is looked for, of a library that is there every object that the scene takes from it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from typing import Any

import bpy

from brender.worker.blender import sequences

KINDS = (
    ("movie clip", "movieclips"),
    ("sound", "sounds"),
    ("font", "fonts"),
    ("volume", "volumes"),
    ("cache", "cache_files"),
)
SHOWN = 5


def missing_files() -> list[str]:
    """One line for each file that is missing: what it is, how the scene names it, where that would be."""
    return list(dict.fromkeys((*libraries(), *images(), *others(), *strips(), *simulations())))


def line(kind: str, name: str, full: str) -> str:
    return f"{'Unreadable' if os.path.exists(full) else 'Missing'} {kind} {where(name, full)}"


def where(name: str, full: str) -> str:
    return name if name == full else f"{name} ({full})"


def several(kind: str, folder: str, names: list[str]) -> Iterator[str]:
    """The folder is read once: a file at a time would take long on a share."""
    there: set[str] = set()
    with contextlib.suppress(OSError):
        there = set(os.listdir(folder))
    gone = [name for name in names if name not in there and not readable(os.path.join(folder, name))]
    if gone:
        yield f"Missing {len(gone)} of the {len(names)} {kind}s of a sequence in {folder}: {first_few(gone)}"


def first_few(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def absolute(data: Any, path: str) -> str:
    return str(os.path.abspath(bpy.path.abspath(path, library=getattr(data, "library", None))))


def readable(full: str) -> bool:
    return os.path.isfile(full) and os.access(full, os.R_OK)


def used(data: Any) -> bool:
    """By something else than the wish to keep it in the file."""
    return bool(data.users > data.use_fake_user)


def libraries() -> Iterator[str]:
    for library in bpy.data.libraries:
        full = os.path.abspath(bpy.path.abspath(library.filepath, library=library.parent))
        gone = sorted(data.name for data in library.users_id if getattr(data, "is_missing", False))
        if library.packed_file:
            continue
        if not readable(full):
            yield line("library", library.filepath, full)
        elif gone:
            yield f"Missing {first_few(gone)} in library {where(library.filepath, full)}"


def images() -> Iterator[str]:
    for image in bpy.data.images:
        if not used(image) or image.packed_file or not image.filepath or image.source in ("GENERATED", "VIEWER"):
            continue
        full = absolute(image, image.filepath)
        if image.source == "SEQUENCE":
            yield from numbered("image", image.filepath, full, sequences.of_image(image))
        elif image.source == "TILED":
            yield from tiles(image, full)
        elif not readable(full):
            yield line("image", image.filepath, full)


def tiles(image: Any, full: str) -> Iterator[str]:
    for tile in image.tiles:
        number = tile.number - 1001
        found = full.replace("<UDIM>", str(tile.number))
        found = found.replace("<UVTILE>", f"u{number % 10 + 1}_v{number // 10 + 1}")
        if not readable(found):
            yield line("image tile", found, found)


def numbered(kind: str, name: str, full: str, wanted: Iterable[int]) -> Iterator[str]:
    """Of files that differ by a number: those that are not there."""
    path = sequences.Numbered.read(full)
    if path is None:
        if not readable(full):
            yield line(kind, name, full)
        return
    files = [path.name(number) for number in sorted(set(wanted))]
    yield from several(kind, path.folder, files)


def others() -> Iterator[str]:
    for kind, collection in KINDS:
        for data in getattr(bpy.data, collection, ()):
            path = data.filepath
            if not path or path == "<builtin>" or not used(data) or getattr(data, "packed_file", None):
                continue
            full = absolute(data, path)
            wanted = sequences.of_data(kind, data, full)
            if wanted is not None:
                yield from numbered("image" if kind == "movie clip" else kind, path, full, wanted)
            elif not readable(full):
                yield line(kind, path, full)


def strips() -> Iterator[str]:
    """Pictures and films of the sequencer, which shows pink in their place; its sounds are data of their own."""
    for scene in bpy.data.scenes:
        for strip in in_sequencer(scene):
            if strip.type == "MOVIE":
                full = absolute(scene, strip.filepath)
                if not readable(full):
                    yield line("film", strip.filepath, full)
            elif strip.type == "IMAGE":
                yield from pictures(strip, absolute(scene, strip.directory))


def in_sequencer(scene: Any) -> list[Any]:
    editor = scene.sequence_editor
    if editor is None or not scene.render.use_sequencer:
        return []
    found = editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all  # before Blender 4.4
    return [strip for strip in found if not strip.mute]


def pictures(strip: Any, folder: str) -> Iterator[str]:
    names = [element.filename for element in strip.elements]
    if len(names) > 1:
        yield from several("image", folder, names)
    elif names and not readable(os.path.join(folder, names[0])):
        yield line("image", strip.directory + names[0], os.path.join(folder, names[0]))


def simulations() -> Iterator[str]:
    """Folders of cloth, particles and the like that were baked to the disk: without theirs they stand still."""
    for owner, cache in point_caches():
        if cache.is_baked and cache.use_disk_cache:
            full = baked_folder(owner, cache)
            if not os.path.isdir(full):
                yield line("cache", full, full)


def point_caches() -> Iterator[tuple[Any, Any]]:
    for thing in filter(used, bpy.data.objects):
        for part in (*thing.modifiers, *thing.particle_systems):
            if hasattr(part, "point_cache"):
                yield thing, part.point_cache
    for scene in bpy.data.scenes:
        if scene.rigidbody_world is not None:
            yield scene, scene.rigidbody_world.point_cache


def baked_folder(owner: Any, cache: Any) -> str:
    """Blender calls it after the .blend, so that one with another name no longer finds it."""
    library = owner.library if cache.use_library_path else None
    beside = bpy.path.abspath(library.filepath, library=library.parent) if library else bpy.data.filepath
    folder, name = os.path.split(os.path.abspath(beside))
    return os.path.join(folder, f"blendcache_{os.path.splitext(name)[0]}")
