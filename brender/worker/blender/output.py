"""Where frames go: rendered into a folder of the attempt's own, moved to their names when they are whole.

How does this work?  `Output` looks once at everything that the scene writes: its main output and every File
Output node.  For each place it makes a hidden folder in the same folder (so on the same file system),
`.brender-MACHINE-PID`; an attempt renders into a new folder inside it, its files are checked, and each is put in
place with one `os.replace`, the main file last.  So a file with a frame's name is always a whole frame, and
where it is, the frame's other files are too.  Hidden folders of dead processes are swept away.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from typing import Any

import bpy

from brender.worker.blender import paths, stage
from brender.worker.blender.settings import Settings
from brender.worker.blender.whole import is_whole

MOVIE_ENDING = re.compile(r"\.(mp4|mkv|avi|mov|webm|mpg|mpeg|ogv|dv|flv)$", re.IGNORECASE)
HIDDEN = re.compile(r"\.brender-([0-9a-f]{8})-(\d+)$")
STALE = 24 * 3600.0  # seconds after which another machine's hidden folder is nobody's


def machine() -> str:
    """The same for all processes that can see each other's ids, another after the machine's next start."""
    with open("/proc/sys/kernel/random/boot_id") as file:
        known = file.read() + os.readlink("/proc/self/ns/pid")
    return hashlib.sha256(known.encode()).hexdigest()[:8]


class Place:
    """One folder that the scene writes into, and how to turn Blender elsewhere."""

    def __init__(self, folder: str, turn: Callable[[str], None]) -> None:
        self.folder = folder
        self.turn = turn  # makes Blender write into the folder that it is given

    def prepare(self, mine: str) -> str:
        """Make the hidden folder: this is where a folder that cannot be written is found out."""
        hidden = os.path.join(self.folder, mine)
        try:
            os.makedirs(self.folder, exist_ok=True)
            sweep(self.folder, mine)
            os.makedirs(hidden, exist_ok=True)
        except OSError as error:
            raise stage.Refused(f"The output folder {self.folder} cannot be written: {error.strerror}.") from None
        return hidden


def sweep(folder: str, mine: str) -> None:
    """Remove what a Blender that was killed has left here."""
    for name in os.listdir(folder):
        found = HIDDEN.fullmatch(name)
        if not found or name == mine:
            continue
        path = os.path.join(folder, name)
        here = mine.startswith(f".brender-{found[1]}-")
        with contextlib.suppress(OSError):
            if (here and not os.path.exists(f"/proc/{found[2]}")) or os.stat(path).st_mtime < time.time() - STALE:
                shutil.rmtree(path, ignore_errors=True)


class Output:
    def __init__(self, scene: Any, settings: Settings, tell: Callable[[str], None]) -> None:
        self._scene = scene
        self._mine = f".brender-{machine()}-{os.getpid()}"
        self._pattern = choose_pattern(scene, settings)
        self._places = [*node_places(scene), self._main_place()]
        self._hidden = []
        for place in self._places:
            self._hidden.append(place.prepare(self._mine))
            tell(self._hidden[-1])
        self._name_as(self._pattern)
        scene.render.use_overwrite, self._keeps = True, not scene.render.use_overwrite
        scene.render.use_placeholder = False

    @property
    def pattern(self) -> str:
        return self._pattern

    @property
    def keeps_existing(self) -> bool:
        """The scene itself says that frames which are there are not to be rendered again."""
        return self._keeps

    def _main_place(self) -> Place:
        folder, name = os.path.split(self._pattern)
        return Place(folder, lambda elsewhere: self._name_as(os.path.join(elsewhere, name)))

    def _name_as(self, pattern: str) -> None:
        self._scene.render.filepath = pattern

    def views(self) -> list[str]:
        render = self._scene.render
        if not render.use_multiview or render.image_settings.views_format != "INDIVIDUAL":
            return [""]
        if render.views_format == "STEREO_3D":
            return [view.name for view in render.views if view.name in ("left", "right") and view.use]
        return [view.name for view in render.views if view.use]

    def names(self, frame: int) -> list[str]:
        """The main files of a frame, as Blender is to name them where it now writes."""
        render = self._scene.render
        return [render.frame_path(frame=frame, view=view) for view in self.views()]

    def is_there(self, frame: int) -> bool:
        """All main files have their names and are whole; they are moved last, so the others are there too."""
        self._name_as(self._pattern)
        return all(is_whole(path) for path in self.names(frame))

    def begin(self, frame: int, attempt: int) -> "Attempt":
        folders = [os.path.join(hidden, f"{frame}-{attempt}-{n}") for n, hidden in enumerate(self._hidden)]
        for place, folder in zip(self._places, folders, strict=True):
            shutil.rmtree(folder, ignore_errors=True)
            os.makedirs(folder)
            place.turn(folder)
        moves = list(zip(folders, [place.folder for place in self._places], strict=True))
        return Attempt(moves, self.names(frame))

    def close(self) -> None:
        for hidden in self._hidden:
            shutil.rmtree(hidden, ignore_errors=True)


class Attempt:
    """One frame being rendered: its folders, and the files that have to appear."""

    def __init__(self, moves: list[tuple[str, str]], expected: list[str]) -> None:
        self._moves = moves
        self._expected = expected

    @property
    def main(self) -> str:
        return self._expected[0]

    def publish(self) -> list[str]:
        """Check every file, then put each in its place; returns the names they have now."""
        for path in self._expected:
            if not os.path.exists(path):
                raise stage.Refused(f"Blender ended the frame without writing {os.path.basename(path)}.")
        found = [(path, final) for source, target in self._moves for path, final in files(source, target)]
        broken = [os.path.basename(final) for path, final in found if not is_whole(path)]
        if broken:
            raise stage.Refused(f"Blender wrote {', '.join(broken)} only in part: is the disk full?")
        for path, final in found:
            put(path, final)
        return [final for _, final in found]

    def drop(self) -> None:
        for source, _ in self._moves:
            shutil.rmtree(source, ignore_errors=True)


def files(source: str, target: str) -> Iterator[tuple[str, str]]:
    for folder, _, file_names in os.walk(source):
        for name in sorted(file_names):
            path = os.path.join(folder, name)
            yield path, os.path.join(target, os.path.relpath(path, source))


def put(path: str, final: str) -> None:
    """On the disk before it has its name, or a power cut could leave an empty file under it."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
    try:
        os.makedirs(os.path.dirname(final), exist_ok=True)
        os.replace(path, final)
    except OSError as error:
        raise stage.Refused(f"The frame cannot be put at {final}: {error.strerror}.") from None


def choose_pattern(scene: Any, settings: Settings) -> str:
    """The output as the job gives it, else as the scene has it, absolute and of this machine."""
    rules = paths.read_rules(settings.rules)
    asked = settings.output or scene.render.filepath
    what = "The output" if settings.output else f"The output saved in scene {scene.name}"
    if not asked:
        raise stage.Refused(f"{what} is empty: give Output, for example /shared/frames/shot_####.")
    pattern = paths.beside(paths.local(asked, what, rules), bpy.data.filepath)
    if os.path.isdir(pattern) and not pattern.endswith("/"):
        pattern += "/"
    return MOVIE_ENDING.sub("_", pattern)


def node_places(scene: Any) -> list[Place]:
    tree = stage.compositor(scene)
    if tree is None or not scene.render.use_compositing:
        return []
    return [node_place(node) for node in file_outputs(tree, set())]


def file_outputs(tree: Any, seen: set[str]) -> Iterator[Any]:
    """The File Output nodes of a tree and of the groups in it."""
    if tree.name_full in seen:
        return
    seen.add(tree.name_full)
    for node in tree.nodes:
        if node.type == "OUTPUT_FILE" and not node.mute:
            yield node
        elif getattr(node, "node_tree", None) is not None:
            yield from file_outputs(node.node_tree, seen)


def node_place(node: Any) -> Place:
    if hasattr(node, "directory"):  # Blender 5
        return Place(absolute(node.directory), lambda elsewhere: setattr(node, "directory", elsewhere + "/"))
    if node.format.file_format == "OPEN_EXR_MULTILAYER":  # one file: the path ends in the start of its name
        folder, name = os.path.split(absolute(node.base_path))
        return Place(folder, lambda elsewhere: setattr(node, "base_path", os.path.join(elsewhere, name)))
    return Place(absolute(node.base_path), lambda elsewhere: setattr(node, "base_path", elsewhere + "/"))


def absolute(path: str) -> str:
    return paths.beside(paths.local(path, "The path of a File Output node", []), bpy.data.filepath)
