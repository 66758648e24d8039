"""What the agent and a session's process say to each other: lines of JSON on a unix socket.

How does this work?  The connection is the session: the agent opens one, says `Open` and then `Run` for
every task, at most one ahead of the task that runs; the session answers with what happens.  When the
connection ends, so does the session and everything that it started.
"""

from typing import Any, Literal

import msgspec


class Word(msgspec.Struct, frozen=True, tag_field="do", tag=str.lower):
    pass


# --- the agent says


class Open(Word, frozen=True):
    """Make the session and enter its environments."""

    name: str  # of the job
    template: dict[str, Any]
    values: dict[str, Any]
    step: str
    root: str  # where its working directory is made
    environment: dict[str, str]


class Run(Word, frozen=True):
    order: int
    task: int
    attempt: int
    parameters: dict[str, str]


class Stop(Word, frozen=True):
    """End this task, processes and all; or never begin it."""

    order: int
    task: int


class Close(Word, frozen=True):
    """Leave the environments and end."""


# --- a session says


class Opened(Word, frozen=True):
    pass


class Broken(Word, frozen=True):
    """The environments could not be entered; the session ends."""

    reason: str


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
    outcome: Literal["completed", "failed", "canceled"]
    message: str
    seconds: float
    outputs: list[str]  # files that the task says it made


ToSession = Open | Run | Stop | Close
FromSession = Opened | Broken | Started | Said | Progress | Warned | Ended
