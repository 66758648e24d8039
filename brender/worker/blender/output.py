"""Where frames go: rendered into a folder of the attempt's own, moved to their names when they are whole.

How does this work?  `Output` looks once at everything that the scene writes: its main output and every File
Output node.  For each place it makes a hidden folder in the same folder (so on the same file system),
`.brender-MACHINE-PID`; an attempt renders into a new folder inside it, its files are checked, and each is put in
place with one `os.replace`, the main file last.  So a file with a frame's name is always a whole frame, and
where it is, the frame's other files are too.  Hidden folders of dead processes are swept away.  Blender cuts a
path that is too long for it without a word, and writes elsewhere: what it was told is read back (`point`), the names
that it gives are compared (`check_names`), and one frame is begun in vain before the first.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import bpy

from brender.worker.blender import hidden, paths, stage
from brender.worker.blender.settings import Settings
from brender.worker.blender.whole import is_whole

TEMPLATES_SINCE = (4, 5, 0)
MOVIE_ENDING = re.compile(r"\.(mp4|mkv|avi|mov|webm|mpg|mpeg|ogv|dv|flv)$", re.IGNORECASE)


class Place:
    """One folder that the scene writes into, and how to turn Blender elsewhere."""

    def __init__(self, folder: str, turn: Callable[[str], None]) -> None:
        self.folder = folder
        self.turn = turn  # makes Blender write into the folder that it is given

    def prepare(self) -> str:
        """Make the hidden folder: this is where a folder that cannot be written is found out."""
        try:
            return hidden.make(self.folder)
        except FileExistsError:
            raise stage.Refused(f"The output folder {self.folder} cannot be made: a file has its name.") from None
        except OSError as error:
            raise stage.Refused(f"The output folder {self.folder} cannot be written: {error.strerror}.") from None


class Output:
    def __init__(self, scene: Any, settings: Settings, tell: Callable[[str], None]) -> None:
        self._scene = scene
        self._pattern = choose_pattern(scene, settings)
        self._places = [*node_places(scene), self._main_place()]
        self._hidden = []
        for place in self._places:
            self._hidden.append(place.prepare())
            tell(self._hidden[-1])
        self.begin(scene.frame_start, 1).drop()  # a path that is too long is found out now
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
        return Place(unescaped(folder), lambda elsewhere: self._name_as(os.path.join(escaped(elsewhere), name)))

    def _name_as(self, pattern: str) -> None:
        point(self._scene.render, "filepath", pattern)

    def is_there(self, frame: int) -> bool:
        """All main files have their names and are whole; they are moved last, so the others are there too."""
        self._name_as(self._pattern)
        return all(is_whole(path) for path in names(self._scene, frame))

    def begin(self, frame: int, attempt: int) -> Attempt:
        self._name_as(self._pattern)
        final = names(self._scene, frame)
        folders = [os.path.join(own, f"{frame}-{attempt}-{n}") for n, own in enumerate(self._hidden)]
        for place, folder in zip(self._places, folders, strict=True):
            make_anew(folder, final[0])
            place.turn(folder)
        moves = list(zip(folders, [place.folder for place in self._places], strict=True))
        expected = names(self._scene, frame)
        check_names(expected, [os.path.join(folders[-1], os.path.basename(path)) for path in final])
        return Attempt(moves, dict(zip(expected, final, strict=True)))

    def close(self) -> None:
        for folder in self._hidden:
            shutil.rmtree(folder, ignore_errors=True)


class Attempt:
    """One frame being rendered: its folders, and the files that have to appear."""

    def __init__(self, moves: list[tuple[str, str]], expected: dict[str, str]) -> None:
        self._moves = moves
        self._expected = expected  # the main files, and where each is to be in the end

    @property
    def main(self) -> str:
        return next(iter(self._expected))

    def publish(self) -> list[str]:
        """Check every file, then put each in its place; returns the names they have now."""
        found = [(path, final) for source, target in self._moves for path, final in files(source, target)]
        there = {os.path.normpath(path) for path, _ in found}
        for path, final in self._expected.items():
            if os.path.normpath(path) not in there:
                raise stage.Refused(f"Blender ended the frame without writing {final}.")
        broken = [final for path, final in found if not is_whole(path)]
        if broken:
            raise stage.Refused(f"Blender wrote {', '.join(broken)} only in part: is the disk full?")
        for path, final in found:
            put(path, final)
        return [final for _, final in found]

    def drop(self) -> None:
        for source, _ in self._moves:
            shutil.rmtree(source, ignore_errors=True)

    def spoken(self, sentence: str) -> str:
        """What Blender says of a file, with the name that the file was to have."""
        for source, target in self._moves:
            sentence = sentence.replace(source, target)
        return sentence


def make_anew(folder: str, final: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    try:
        os.makedirs(folder)
    except OSError as error:  # it could be written when the scene was opened
        raise cannot_be_put(final, error) from None


def files(source: str, target: str) -> Iterator[tuple[str, str]]:
    for folder, _, file_names in os.walk(source):
        for name in sorted(file_names):
            path = os.path.join(folder, name)
            yield path, os.path.join(target, os.path.relpath(path, source))


def put(path: str, final: str) -> None:
    try:
        hidden.put(path, final)
    except OSError as error:
        raise cannot_be_put(final, error) from None


def cannot_be_put(final: str, error: OSError) -> stage.Refused:
    return stage.Refused(f"The frame cannot be put at {final}: {error.strerror}.")


def views(scene: Any) -> list[str]:
    render = scene.render
    if not render.use_multiview or render.image_settings.views_format != "INDIVIDUAL":
        return [""]
    if render.views_format == "STEREO_3D":
        return [view.name for view in render.views if view.name in ("left", "right") and view.use]
    return [view.name for view in render.views if view.use]


def names(scene: Any, frame: int) -> list[str]:
    """The main files of a frame, one for each view, as Blender names them where it is now told to write."""
    try:
        return [scene.render.frame_path(frame=frame, view=view) for view in views(scene)]
    except RuntimeError as error:
        raise stage.Refused(stage.plain("Blender cannot name the files", str(error))) from None


def point(thing: Any, attribute: str, path: str) -> None:
    """Make Blender write to this path, or refuse where it would be another."""
    setattr(thing, attribute, path)
    if getattr(thing, attribute) != path:
        raise too_long(path, getattr(thing, attribute))


def check_names(given: list[str], wanted: list[str]) -> None:
    """Signs and endings that no longer fit go the same way, and the system has a limit for a name of its own."""
    for path, right in zip(given, wanted, strict=True):
        if os.path.normpath(path) != os.path.normpath(right):
            raise too_long(right, path)
        try:
            os.lstat(path)
        except OSError as error:  # as a rule it is not there
            name = os.path.basename(path)
            if error.errno == errno.ENAMETOOLONG:
                raise stage.Refused(f"No file there can have a name of {size(name)} bytes: {name}.") from None


def too_long(path: str, kept: str) -> stage.Refused:
    return stage.Refused(
        f"The output is too long for Blender, which keeps {size(kept)} of its {size(path)} bytes"
        f" (unfinished frames are in a hidden folder below it): {path}."
    )


def size(path: str) -> int:
    return len(os.fsencode(path))


def choose_pattern(scene: Any, settings: Settings) -> str:
    """The output as the job gives it, else as the scene has it: absolute, of this machine, its folder resolved."""
    rules = paths.read_rules(settings.rules)
    asked = settings.output or scene.render.filepath
    what = "The output" if settings.output else f"The output saved in scene {scene.name}"
    if not asked:
        raise stage.Refused(f"{what} is empty: give Output, for example /shared/frames/shot_####.")
    pattern = paths.with_slashes(paths.beside(paths.local(asked, what, rules), escaped(bpy.data.filepath)), what)
    if os.path.isdir(pattern) and not pattern.endswith("/"):
        pattern += "/"
    pattern = MOVIE_ENDING.sub("_", pattern)
    point(scene.render, "filepath", pattern)
    folder = os.path.dirname(names(scene, scene.frame_start)[0])  # a folder may hold {blend_name} and the like
    return os.path.join(escaped(folder), os.path.basename(pattern))


def escaped(path: str) -> str:
    """A real path, as one that Blender is given: since 4.5 it reads braces as names of variables."""
    return path.replace("{", "{{").replace("}", "}}") if bpy.app.version >= TEMPLATES_SINCE else path


def unescaped(path: str) -> str:
    return path.replace("{{", "{").replace("}}", "}") if bpy.app.version >= TEMPLATES_SINCE else path


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
        return Place(absolute(node.directory), lambda elsewhere: point(node, "directory", escaped(elsewhere) + "/"))
    if node.format.file_format == "OPEN_EXR_MULTILAYER":  # one file: the path ends in the start of its name
        folder, name = os.path.split(absolute(node.base_path))
        return Place(folder, lambda elsewhere: point(node, "base_path", os.path.join(escaped(elsewhere), name)))
    return Place(absolute(node.base_path), lambda elsewhere: point(node, "base_path", escaped(elsewhere) + "/"))


def absolute(path: str) -> str:
    what = "The path of a File Output node"
    return paths.with_slashes(paths.beside(paths.local(path, what, []), bpy.data.filepath), what)
