"""The templates that can be named: those that come with brender, and those in the studio's folder.

How does this work?  The folder is looked at when somebody asks, at most once a second and in a thread; files that have
changed since are read again, and a planner says what is in them.  One that cannot be read, or of which no job can be
made, is there with its problem.  A studio's template goes before a built-in one of the same name.  While the folder
does not answer, what was seen of it last counts.
"""

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from msgspec import structs
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.defer import TimeoutError as TooLate
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from brender.farm.interfaces import Planner
from brender.farm.submission.answers import Outline, Wrong
from brender.farm.submission.parameters import VALUES
from brender.farm.submission.planning import MOST_TASKS
from brender.farm.submission.problems import WHOLE
from brender.farm.submission.shelf import BUILT_IN, FILE, Template, TemplateView
from brender.farm.transitions import NotNow
from brender.templates import built_in, path_of

ENDINGS = (".yaml", ".yml", ".json")
MOST_FILES = 1000
MOST_BYTES = 4 << 20
FRESH = 1.0  # seconds for which the folder is not looked at again
PATIENCE = 5.0  # seconds that somebody waits for the folder
Stamp = tuple[int, int, int]  # when a file was changed, its size, its number
NOWHERE: Stamp = (0, 0, 0)


class File(NamedTuple):
    path: Path
    stamp: Stamp
    text: str | None  # None: as it was when it had this stamp
    problem: str


class Library:
    """`farm.interfaces.Templates`."""

    log = Logger()

    def __init__(
        self,
        folder: Path | None,
        planner: Planner,
        clock: IReactorTime,
        later: Callable[..., Deferred[list[File]]] = maybeDeferred,
    ) -> None:
        self._folder = folder
        self._planner = planner
        self._clock = clock
        self._later = later
        self._known: dict[Path, tuple[Stamp, Template]] = {}
        self._here: list[Path] = []  # the files that there are, in their order
        self._looked: float | None = None
        self._looking = False
        self._waiting: set[Deferred[None]] = set()  # for the look that is under way
        self._trouble = ""

    async def all(self) -> Sequence[Template]:
        if self._looked is None or self._clock.seconds() - self._looked >= FRESH:
            await self._look_again()
        found: dict[str, Template] = {}
        for path in self._here:
            template = self._known[path][1]
            if template.name in found and found[template.name].view.source == FILE:
                template = renamed(template, path.name)
            found[template.name] = template
        return [template for _, template in sorted(found.items())]

    # --- inside

    async def _look_again(self) -> None:
        waits: Deferred[None] = Deferred()
        self._waiting.add(waits)
        if not self._looking:
            self._looking = True
            looking = Deferred.fromCoroutine(self._look())
            looking.addErrback(lambda failure: self.log.failure("The templates could not be looked at", failure))
            looking.addBoth(lambda _: self._looked_at())
        try:
            await waits.addTimeout(PATIENCE, self._clock)
        except TooLate:
            self._waiting.discard(waits)
            self._looked = self._clock.seconds()
            self._say(f"The folder of templates, {self._folder}, does not answer; what was seen of it last counts")

    def _looked_at(self) -> None:
        self._looking, self._looked = False, self._clock.seconds()
        waiting, self._waiting = self._waiting, set()
        for each in waiting:
            each.callback(None)

    async def _look(self) -> None:
        ours = [path_of(name) for name in built_in()]
        for path in ours:
            if path not in self._known:
                await self._read(File(path, NOWHERE, path.read_text("utf-8"), ""))
        self._here = self._here or ours
        if self._folder is None:
            return
        stamps = {path: stamp for path, (stamp, _) in self._known.items()}
        try:
            files = await self._later(files_in, self._folder, stamps)
        except OSError as error:
            self._say(f"The folder of templates, {self._folder}, cannot be read: {error.strerror}")
            files = []
        else:
            self._trouble = ""
        for file in files:
            if file.text is not None:
                await self._read(file)
        self._here = [*ours, *(file.path for file in files)]
        self._known = {path: self._known[path] for path in self._here}

    async def _read(self, file: File) -> None:
        try:
            outline = await self._outline(file)
        except NotNow as error:  # it is looked at another time
            self._known[file.path] = (NOWHERE, made(file, Outline(problems=[Wrong(WHOLE, str(error))])))
        else:
            self._known[file.path] = (file.stamp, made(file, outline))

    async def _outline(self, file: File) -> Outline:
        if file.problem:
            return Outline(problems=[Wrong(WHOLE, file.problem)])
        outline, _ = await self._planner.outline(file.text, {}, str(file.path.parent), MOST_TASKS)
        return outline

    def _say(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self.log.warn("{trouble}.", trouble=trouble)


def made(file: File, outline: Outline) -> Template:
    """That values are missing is no fault of a template."""
    problems = [each for each in outline.problems if not each.at.startswith(f"{VALUES}.")]
    ours = file.stamp == NOWHERE and file.path.parent == Path(__file__).parent
    view = TemplateView(
        name=file.path.stem,
        description=outline.description,
        source=BUILT_IN if ours else FILE,
        file="" if ours else str(file.path),
        changed=file.stamp[0] / 1e9 if file.stamp != NOWHERE else None,
        steps=[step.name for step in outline.steps],
        parameters=[field.name for field in outline.parameters],
        problem=told(problems),
    )
    return Template(view, file.text or "", "" if ours else str(file.path.parent), list(outline.parameters), problems)


def told(problems: Sequence[Wrong]) -> str:
    if not problems:
        return ""
    first, *more = problems
    sentence = first.message if first.at == WHOLE else f"{first.at}: {first.message}"
    return f"{sentence} ({len(more)} more.)" if more else sentence


def renamed(template: Template, name: str) -> Template:
    """Of two files whose names differ in their endings alone, the second has its whole name."""
    return replace(template, view=structs.replace(template.view, name=name))


# --- files, in a thread


def files_in(folder: Path, known: Mapping[Path, Stamp]) -> list[File]:
    """The templates in a folder; of those that are as they were, no text."""
    names = sorted(entry.name for entry in os.scandir(folder) if is_template(entry.name))
    return [file for name in names[:MOST_FILES] if (file := file_at(folder / name, known.get(folder / name)))]


def is_template(name: str) -> bool:
    return name.endswith(ENDINGS) and not name.startswith(".")


def file_at(path: Path, known: Stamp | None) -> File | None:
    """None when it has gone meanwhile, or is a folder."""
    try:
        found = path.stat()
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if stat.S_ISDIR(found.st_mode):
            return None
        if stamp == known:
            return File(path, stamp, None, "")
        return File(path, stamp, *contents(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        return File(path, NOWHERE, "", f"The file cannot be read: {error.strerror}.")


def contents(path: Path) -> tuple[str, str]:
    """The text of a file, or why it has none."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe would wait for a writer
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return "", "It is no plain file."
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        return "", f"A template's file may have {MOST_BYTES >> 20} MB."
    try:
        return data.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        return "", "It is not text in UTF-8."
