"""The map of the program: what each part may ask of its neighbours, one sentence each.

How does this work?  The service is handed a store and, for every worker, a link; the faces (shell, web,
worker protocol) are handed the service.  None of them imports the other: they meet here.  The
doubles of the tests (`tests/fakes.py`) keep to the same interfaces.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

if TYPE_CHECKING:
    from brender.farm.archiving import Archived
    from brender.farm.changes import Changes, Kept, Loaded
    from brender.farm.choosing import Chosen
    from brender.farm.client import Machine, RuntimeClient, Status
    from brender.farm.farm import Farm
    from brender.farm.groups import Kind
    from brender.farm.job import Job, Step
    from brender.farm.order import Order
    from brender.farm.saved_view import SavedView
    from brender.farm.views import OrderView


class NotFound(Exception):
    """No such job, client or order; the message is a sentence for people."""


class Event(msgspec.Struct, frozen=True):
    """Something that happened, announced after its commit."""

    number: int
    kind: str  # "job", "client", "picture", "farm"
    data: Any  # JobView, ClientView, {"job": 1, "picture": 3}, {"state": "waiting", "reason": "..."}


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


class Link(Protocol):
    """The farm's hand on one worker."""

    words: int  # how many have come from it

    def ask(self) -> None:
        """Have it say something, if it is still there."""

    def welcome(self, client: "RuntimeClient", drop: Sequence[int]) -> None:
        """The greeting is accepted; orders in `drop` are not the worker's any more."""

    def refuse(self, reason: str) -> None:
        """The greeting is not accepted; says why and closes."""

    def give(self, order: "Order", step: "Step") -> None:
        """Run these tasks."""

    def acknowledge(self, results: "Sequence[tuple[int, int]]") -> None:
        """These results (order, task) are safe: the worker may forget them."""

    def recall(self, order: int) -> None:
        """Hand back what has not begun."""

    def cancel(self, order: int) -> None:
        """End it now."""

    def forget(self, job: int) -> None:
        """The job is over: leave its sessions."""

    def power_off(self, idle: float) -> None:
        """Nobody needs the machine: it may be switched off if nobody has used it for so many seconds."""

    def farewell(self, reason: str) -> None:
        """The server stops; keep what you hold and come back."""

    def hold(self, wait: bool) -> None:
        """Stop (or go on) reading from the worker: the database is behind."""


class LogLine(NamedTuple):
    """A part of a log as a worker sends it."""

    order: int
    task: int
    text: str


class FarmService(Protocol):
    """What the faces may ask of the farm.  Awaitables are done after the commit."""

    farm: "Farm"

    @property
    def refusing(self) -> str:
        """Why the farm takes nothing new: it stops, or cannot write; empty while it does."""

    @property
    def figures(self) -> WritePath:
        """How the way into the database does."""

    async def submit(
        self,
        template: Any,
        values: Mapping[str, Any],
        *,
        name: str = "",
        folder: str = "",
        settings: Mapping[str, Any] | None = None,
    ) -> "Job":
        """Take a job in; `folder` is the template's own, where it was read from a file.

        `settings` are fields of `farm.settings.JobSettings`.  Raises `Refused` with every problem, `NotNow` when
        stopping.
        """

    async def cancel(self, job: int) -> bool:
        """End a job; False when that was done before.  Raises `NotFound`, `NotNow`."""

    async def pause(self, job: int) -> bool:
        """Issue no more of its orders; False when that was so.  Raises `NotFound`, `NotNow`."""

    async def resume(self, job: int) -> bool:
        """Go on with a paused job; False when it was not paused.  Raises `NotFound`, `NotNow`."""

    async def approve(self, job: int) -> bool:
        """The rest of a job may follow its preview; False when it waits for no approval.  Raises `NotFound`."""

    async def forgive(self, job: int, clients: Iterable[int]) -> list[int]:
        """The job avoids these clients no more; those that it did avoid.  Raises `NotFound`."""

    async def set_job(self, job: int, values: Mapping[str, Any]) -> bool:
        """Change settings of a job; False when they were so.  Raises `NotFound`, `Refused`."""

    async def again(
        self, job: int, choose: "Callable[[Job], Chosen]", with_dependents: bool = False
    ) -> dict[int, list[int]]:
        """Run tasks again that have ended: those that `choose` finds; gives those that are to run, by step.

        Raises `NotFound`, and `Refused` where there are no such tasks.
        """

    async def add_tasks(self, job: int, values: Mapping[str, Any]) -> int:
        """Add the tasks that the job would have with other values; how many.  Raises `NotFound`, `Refused`."""

    async def revise(self, job: int, values: Mapping[str, Any]) -> bool:
        """Other parameter values for tasks that have not run; False when they were so.

        Raises `NotFound`, `Refused`, and `NotNow` when the values would make other tasks.
        """

    async def set_status(self, clients: "Sequence[RuntimeClient]", status: "Status") -> "list[RuntimeClient]":
        """Enable or disable clients; those that were changed."""

    async def set_clients(self, clients: "Sequence[RuntimeClient]", values: Mapping[str, Any]) -> "list[RuntimeClient]":
        """Change settings of clients; those that were changed.  Raises `Refused`."""

    async def set_farm(self, values: Mapping[str, Any], forget: Collection[str] = ()) -> bool:
        """Change settings of the farm by their names, or entries of tables ("limits/arnold"; None: there is none).

        Those in `forget` are again as brender.toml has them.  False when all was so.  Raises `Refused`, `NotNow`.
        """

    async def put_into(self, kind: "Kind", name: str, clients: "Sequence[RuntimeClient]") -> "list[RuntimeClient]":
        """Put clients into a pool or under a tag; those that were changed.  Raises `Refused`."""

    async def take_from(self, kind: "Kind", name: str, clients: "Sequence[RuntimeClient]") -> "list[RuntimeClient]":
        """The reverse."""

    async def dissolve(self, kind: "Kind", name: str) -> "list[RuntimeClient]":
        """Take all clients out of it; those that were changed.  Raises `NotNow` while jobs ask for it."""

    async def rename(self, kind: "Kind", name: str, new: str) -> bool:
        """Give a pool or a tag another name, wherever it is written.  Raises `Refused`, `NotNow`."""

    async def save_view(self, view: "SavedView") -> "SavedView":
        """Keep a view, a new one if its id is 0.  Raises `NotNow` when its owner has another one of that name."""

    async def delete_views(self, views: "Sequence[SavedView]") -> None:
        """Delete saved views."""

    async def delete_jobs(self, jobs: "Sequence[Job]") -> dict[int, str]:
        """Delete finished jobs for good, with their orders and logs; of those that have to stay, why."""

    async def delete_clients(self, clients: "Sequence[RuntimeClient]") -> dict[int, str]:
        """Delete clients that are away; of those that have to stay, why."""

    async def steps_of(self, job: int) -> "Sequence[Step]":
        """The steps of a job with the states of their tasks, also when it has ended; raises `NotFound`."""

    async def save(self) -> int:
        """Wait until everything so far is committed; how many writes there were since the start."""

    async def orders_of(self, job: int) -> "Sequence[OrderView]":
        """Every order of a job, oldest first; raises `NotFound`."""

    async def submission_of(self, job: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """The template and the values that a job was submitted with; raises `NotFound`."""

    async def log_of(
        self, job: int, *, order: int | None = None, task: int | None = None, step: str | None = None, tail: int = 0
    ) -> str:
        """The logs of a job's orders, or of one order, or of one task; raises `NotFound`.

        With `tail`, only of the newest orders: at least so many bytes of the end.
        """

    def picture_of(self, job: int) -> bytes | None:
        """The newest frame of a job as JPEG, once a worker has sent one."""

    def events_since(self, number: int) -> "list[Event] | None":
        """What was announced after this number; None when that is no longer known."""

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call the listener for every event from now on; gives the function that ends it."""

    @property
    def last_event(self) -> int:
        """The number of the last event that was announced."""


class WorkerService(Protocol):
    """What a worker's protocol may tell the farm."""

    farm: "Farm"

    async def join(
        self, machine: "Machine", run: str, held: "Mapping[int, Sequence[int]]", link: Link
    ) -> "RuntimeClient | None":
        """A worker greets; `held` are the tasks of each order that it still has.  None when it was refused."""

    def leave(self, client: int, link: Link) -> None:
        """The connection is gone."""

    def started(self, client: int, order: int, task: int) -> None:
        """A task has begun."""

    def result(
        self,
        client: int,
        order: int,
        task: int,
        outcome: str,
        message: str,
        seconds: float,
        cause: str = "",
        peak: int = 0,
    ) -> None:
        """A task has ended: `completed`, `failed` or `canceled`; `cause` is one of `failing.CAUSES`, `peak` bytes."""

    def handed_back(self, client: int, order: int, tasks: Sequence[int]) -> None:
        """The worker will not run these; they were not begun, or it is leaving."""

    def dropped(self, client: int, order: int) -> None:
        """A canceled order is gone from the worker, processes and all."""

    def progressed(self, client: int, order: int, task: int, percent: float | None, status: str) -> None:
        """How far a task is."""

    def warned(self, client: int, order: int, task: int, text: str) -> None:
        """A task has something to say that people should see on the job."""

    def logged(self, client: int, order: int, task: int, text: str) -> None:
        """A part of a task's log."""

    def pictured(self, client: int, job: int, task: int, jpeg: bytes) -> None:
        """A small picture of a frame that is done."""

    def beat(self, client: int, load: float) -> None:
        """The worker is alive; the load of its processors in percent."""

    def leaving(self, client: int, off: bool = False) -> None:
        """The worker finishes what it runs and takes nothing new; `off`: its machine is switched off."""

    def attended(self, client: int, here: bool, idle: float | None, held: bool = False) -> None:
        """Whether somebody uses the machine or holds it; seconds since its last use, None when that cannot be told."""

    def unwell(self, client: int, reason: str) -> None:
        """The worker can run nothing for now, and why; with an empty reason it can again."""

    def stays(self, client: int, reason: str) -> None:
        """The machine is not switched off when that was asked, and why."""
