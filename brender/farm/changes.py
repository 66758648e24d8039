"""What goes between the farm and its database: what has changed, and what was there on a start.

How does this work?  `Farm` notes in a `Changes` every object that has a new row and every word that is
to be said once the rows are written; the service takes it and hands it to the store.  `Loaded` is the
way back: all that the farm needs to go on where it stopped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from brender.farm.archiving import Archived
from brender.farm.client import RuntimeClient
from brender.farm.job import Job
from brender.farm.order import Order
from brender.farm.people.audit import Entry
from brender.farm.people.invitation import Credential, Invitation
from brender.farm.people.saved_view import SavedView
from brender.farm.people.sessions import Session
from brender.farm.people.users import Token, User
from brender.farm.submission.plans import Plan


class Run(NamedTuple):
    """An order that was completed as a whole."""

    order: int
    issued: float
    first: int
    tasks: int
    took: bytes  # its tasks, as `Durations` are packed


class StatesThen(NamedTuple):
    """The states of a step's tasks, when they were written as a whole."""

    states: bytes  # a byte a task
    as_of: int  # the last order at that time
    open_then: list[int]  # orders of the step that were open
    took: bytes = b""  # how long the tasks of an ended job took, as `Durations` are packed


@dataclass(slots=True)
class Kept:
    """A job with its plan, and what the database says of each step as a whole."""

    job: Job
    plan: Plan
    steps: list[StatesThen | None]
    added: list[dict[str, Any]]  # values with which tasks were added later


class Override(NamedTuple):
    """A setting of the farm that was changed while it runs; see `overrides`."""

    value: Any  # plain data
    when: float  # seconds of the epoch


@dataclass(slots=True)
class Changes:
    """What has happened since the last time: rows to write, then words to say."""

    clients: dict[int, RuntimeClient] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    steps: dict[int, Job] = field(default_factory=dict)  # jobs whose steps are to be written: begun or ended
    orders: dict[int, Order] = field(default_factory=dict)
    settings: dict[str, Override | None] = field(default_factory=dict)  # None: as brender.toml has it
    views: dict[int, SavedView] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    tokens: dict[int, Token] = field(default_factory=dict)
    sessions: dict[int, Session] = field(default_factory=dict)
    audit: dict[int, Entry] = field(default_factory=dict)
    invitations: dict[int, Invitation] = field(default_factory=dict)
    credentials: dict[str, Credential] = field(default_factory=dict)
    issued: list[Order] = field(default_factory=list)
    settled: list[tuple[int, int, int]] = field(default_factory=list)  # client, order, task
    recalled: list[Order] = field(default_factory=list)
    canceled: list[Order] = field(default_factory=list)
    stopped: list[tuple[Order, Sequence[int]]] = field(default_factory=list)  # tasks of orders that go on
    ended: list[Job] = field(default_factory=list)
    revised: list[Job] = field(default_factory=list)  # they have other parameter values than before
    woken: list[RuntimeClient] = field(default_factory=list)  # to be switched on over the network
    unneeded: list[RuntimeClient] = field(default_factory=list)  # to be told that they may be switched off

    def __bool__(self) -> bool:
        words = (self.settled, self.recalled, self.canceled, self.stopped, self.woken, self.unneeded)
        people = (self.users, self.tokens, self.sessions, self.audit, self.invitations, self.credentials)
        return any((self.clients, self.jobs, self.orders, self.settings, self.views, *people, *words))


@dataclass(slots=True)
class Loaded:
    """What the database knows on a start."""

    clients: list[RuntimeClient] = field(default_factory=list)
    finished: list[Job] = field(default_factory=list)
    unfinished: list[Kept] = field(default_factory=list)
    sources: list[Kept] = field(default_factory=list)  # jobs that failed, of which others wait for frames
    orders: list[Order] = field(default_factory=list)  # of the unfinished jobs, oldest first
    last_job: int = 0
    last_order: int = 0
    archived: list[Archived] = field(default_factory=list)  # jobs that are not in the farm any more
    settings: dict[str, Override] = field(default_factory=dict)
    views: list[SavedView] = field(default_factory=list)
    last_view: int = 0
    users: list[User] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    last_token: int = 0
    sessions: list[Session] = field(default_factory=list)
    last_entry: int = 0
    invitations: list[Invitation] = field(default_factory=list)
    last_invitation: int = 0
    credentials: list[Credential] = field(default_factory=list)
    departed: dict[int, str] = field(default_factory=dict)  # clients that were deleted, and their names
    done: dict[tuple[int, int], list[Run]] = field(default_factory=dict)  # orders that were completed, by step
    lately: dict[int, list[tuple[int, bool]]] = field(default_factory=dict)  # client -> its newest orders; any failed?
