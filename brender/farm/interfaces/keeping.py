"""What the service asks of whatever keeps the farm: the database, and the archives."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from brender.farm.archiving import Archived
    from brender.farm.changes import Changes, Kept, Loaded
    from brender.farm.client import Machine
    from brender.farm.farm import Farm
    from brender.farm.job import Job
    from brender.farm.order import Order
    from brender.farm.people.audit import Entry


class WritePath(msgspec.Struct):
    """How the way into the database does: what waits, what was written since the start, what is wrong."""

    pending: int = 0  # rows that are queued or being committed
    commits: int = 0
    rows: int = 0  # that were committed
    seconds: float = 0.0  # that all commits took together
    seconds_last: float = 0.0  # the last commit
    seconds_mean: float = 0.0  # the last few dozen
    tries_again: int = 0  # commits that failed and were tried again
    trouble: str = ""  # why nothing can be written, while that is so


class Store(Protocol):
    """Keeps what happened; the only thing that touches the database."""

    @property
    def figures(self) -> WritePath:
        """How the way into the database does."""

    @property
    def pending(self) -> int:
        """Rows that are queued or being committed."""

    def watch(self, listener: Callable[[str], None]) -> None:
        """Call the listener with what is wrong when nothing can be written, and with "" when that is over."""

    async def load(self) -> "Loaded":
        """All that the farm needs to go on where it stopped."""

    async def add_client(self, machine: "Machine", now: float) -> int:
        """A row for a machine that was never seen; its new id."""

    def save(self, changes: "Changes") -> Awaitable[None]:
        """Queue what has changed; done after the commit."""

    async def orders_of(self, job: int) -> "Sequence[Order]":
        """Every order that was issued for a job, oldest first."""

    async def orders_with(self, numbers: Sequence[int]) -> "Sequence[Order]":
        """The orders of these numbers that are there, oldest first."""

    async def failed_orders_of(self, job: int, most: int) -> "Sequence[Order]":
        """The newest orders of a job of which a task has failed, oldest first."""

    async def submission_of(self, job: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """The template and the values that a job was submitted with; raises `NotFound`."""

    async def kept(self, job: "Job") -> "Kept":
        """The plan and the tasks' states of a job that has ended; raises `NotFound`."""

    async def remove_jobs(self, jobs: Sequence[int]) -> None:
        """Take jobs out for good, with all that is their own; after what was queued before."""

    async def remove_clients(self, clients: Mapping[int, str], now: float) -> None:
        """Take clients out for good, each with its name; that is kept, and their numbers stay taken."""

    async def remove_views(self, views: Sequence[int]) -> None:
        """Take saved views out for good."""

    async def remove_invitations(self, invitations: Sequence[int]) -> None:
        """Take invitations out for good."""

    async def known_authority(self, fingerprint: str, now: float, replaces: bool) -> str:
        """The CA that the farm's workers trust: this one, when there was none or it `replaces` that."""

    async def remove_users(self, users: Sequence[str], tokens: Sequence[int]) -> None:
        """Take users out for good, with these tokens of theirs."""

    async def remove_tokens(self, tokens: Sequence[int]) -> None:
        """Take API tokens out for good."""

    async def remove_sessions(self, used: float, began: float) -> int:
        """Take sessions out that have ended, that nobody has used since, or that began before; how many."""

    async def audit(self, most: int) -> "Sequence[Entry]":
        """So many entries of the audit, the newest first."""

    async def remove_audit(self, before: float) -> int:
        """Take entries of the audit out that are older; how many."""

    def close(self) -> Awaitable[None]:
        """Write what is queued and close the database."""


class Shelf(Protocol):
    """Keeps finished jobs in files; what it takes out of the database the farm has forgotten."""

    async def mend(self) -> None:
        """End what was begun when a server was killed."""

    async def portion(self, jobs: Sequence[int]) -> list[int]:
        """The first of these jobs, as many as go into one file."""

    async def write(self, jobs: "Sequence[Job]", folder: str, now: float) -> "list[Archived]":
        """Copy jobs to a new file, which is on the disk then."""

    async def drop(self, entries: "Sequence[Archived]", written: "Sequence[Archived]") -> None:
        """Take the rows of jobs out; the rest of what was written stays."""

    async def lines(self, entry: "Archived") -> list[dict[str, Any]]:
        """All that its file says of a job; raises `NotFound`."""

    async def put_back(self, entry: "Archived") -> "Job":
        """A job whose rows are in the database again; raises `NotFound`."""


class Archivable(Protocol):
    """What archives need of the farm's service."""

    farm: "Farm"

    async def save(self) -> int:
        """Wait until everything so far is committed."""

    def forget(self, job: "Job", entry: "Archived") -> None:
        """It is in the archive."""

    def say_gone(self, jobs: Iterable[int]) -> None:
        """They are in the archive, and in the database no more."""

    def remember(self, job: "Job") -> None:
        """It is back."""


class Archives(Protocol):
    """What the web may ask of archives."""

    def all(self) -> "list[Archived]":
        """What is in them, the newest first."""

    async def lines(self, job: int) -> list[dict[str, Any]]:
        """All that the archive has of a job; raises `NotFound`."""

    async def put_away(self, before: float, folder: str = "") -> "tuple[list[Archived], int]":
        """Archive jobs that ended before this time, one file of them; those, and how many are left.

        Raises `Refused` when that is no folder.
        """

    async def bring_back(self, job: int) -> "Job":
        """Put a job back into the farm; raises `NotFound`."""
