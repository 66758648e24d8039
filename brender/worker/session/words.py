"""What the agent and a session's process say to each other: lines of JSON on a unix socket.

How does this work?  The connection is the session: the agent opens one, says `Open` and then `Run` for
every task, at most one ahead of the task that runs; the session answers with what happens.  Every `Run` is
answered once: with `Ended`, or with `TakenBack` when it was asked for in time.  When the connection
ends, so does the session and everything that it started.  One that is told `Show` is none: it looks at files that a
task has made, as whoever the task ran as, and answers with `Shown`.
"""

from typing import Any, Literal

import msgspec

from brender.farm.settings import Rule
from brender.protocols.messages import Cause, Limits

Outcome = Literal["completed", "failed", "canceled"]


class Word(msgspec.Struct, frozen=True, tag_field="do", tag=str.lower):
    pass


class Mapping(msgspec.Struct, frozen=True):
    """Where a folder of another machine is on this one."""

    source: str
    destination: str
    windows: bool  # whether the source is written as Windows does


# --- the agent says


class Open(Word, frozen=True):
    """Make the session and enter its environments."""

    name: str  # of the job
    template: dict[str, Any]
    values: dict[str, Any]
    step: str
    environment: dict[str, str]  # besides the worker's own
    rules: list[Rule] = []  # what lines in logs mean
    limits: Limits = Limits()  # of these, the session's own
    job: int = 0
    owner: str = ""  # of the job, if they are a user of the farm
    mapping: list[Mapping] = []  # of paths that parameters have


class Run(Word, frozen=True):
    order: int
    task: int
    attempt: int
    parameters: dict[str, str]
    limits: Limits = Limits()  # of these, the task's
    count: int = 1  # tasks of the farm that run as this one, each with the limit


class Stop(Word, frozen=True):
    """End this task, processes and all; or never begin it."""

    order: int
    task: int
    within: float | None = None  # seconds for a task that is given time to end by itself; its own if None


class TakeBack(Word, frozen=True):
    """Never begin this task; when it has begun already, this changes nothing."""

    order: int
    task: int


class Close(Word, frozen=True):
    """Leave the environments and end."""


class Show(Word, frozen=True):
    """Instead of all that: make a small picture of the first of these files that can be read, and end."""

    owner: str  # of the job that has made them
    paths: list[str]


# --- a session says


class Opened(Word, frozen=True):
    pass


class Broken(Word, frozen=True):
    """The environments could not be entered; the session ends."""

    reason: str
    cause: Cause = ""


class Started(Word, frozen=True):
    order: int
    task: int


class Said(Word, frozen=True):
    """A part of the log; what is said while the session opens belongs to the first task."""

    text: str


class Progress(Word, frozen=True):
    percent: float | None
    status: str


class Warned(Word, frozen=True):
    text: str


class Ended(Word, frozen=True):
    order: int
    task: int
    outcome: Outcome
    message: str
    seconds: float
    outputs: list[str]  # files that the task says it made
    cause: Cause = ""  # of a failure
    peak: int = 0  # bytes that the session's processes held together at most
    rate: float = 0.0  # frames a second at which its outputs are to be played; 0 when it does not say


class TakenBack(Word, frozen=True):
    """The answer to `TakeBack`: the task was not begun and will not be."""

    order: int
    task: int


class Shown(Word, frozen=True):
    """The answer to `Show`."""

    jpeg: bytes | None  # None: no file could be read


ToSession = Open | Run | Stop | TakeBack | Close | Show
FromSession = Opened | Broken | Started | Said | Progress | Warned | Ended | TakenBack | Shown
