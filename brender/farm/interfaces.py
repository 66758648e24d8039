"""The map of the program: what each part may ask of its neighbours, one sentence each.

How does this work?  The service is handed a store and, for every worker, a link; the faces (shell, web,
worker protocol) are handed the service.  None of them imports the other: they meet here.  The
doubles of the tests (`tests/fakes.py`) keep to the same interfaces.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from brender.farm.load import UNKNOWN, Figures

if TYPE_CHECKING:
    from brender.farm.archiving import Archived
    from brender.farm.audit import Entry
    from brender.farm.changes import Changes, Kept, Loaded
    from brender.farm.choosing import Chosen
    from brender.farm.client import Machine, RuntimeClient, Status
    from brender.farm.client_views import TurnView
    from brender.farm.farm import Farm
    from brender.farm.figures import FarmFigures, Series
    from brender.farm.groups import Kind
    from brender.farm.invitation import Badge, Invitation
    from brender.farm.job import Job, Shown, Step
    from brender.farm.order import Order
    from brender.farm.people import Rights, Role, Token, User, Who
    from brender.farm.reasons import FailureView
    from brender.farm.saved_view import SavedView
    from brender.farm.submission.answers import Outline
    from brender.farm.submission.plans import Plan
    from brender.farm.submission.shelf import Template
    from brender.farm.views import OrderView


class NotFound(Exception):
    """No such job, client or order; the message is a sentence for people."""


class Sign(Protocol):
    """Makes certificates of one request."""

    def __call__(self, badge: "Badge", serial: str = "", expires: float | None = None) -> tuple[str, str, float]:
        """A certificate, its serial number and when it expires; these two may be given, or are made."""


class Event(msgspec.Struct, frozen=True):
    """Something that happened, announced after its commit."""

    number: int
    kind: str  # "job", "client", "picture", "farm"
    data: Any  # JobView, ClientView, {"job": 1, "picture": 3}, {"state": "waiting", "reason": "..."}


class Following(NamedTuple):
    """Somebody follows the tasks of a job."""

    since: int  # what has changed after this event is told
    end: Callable[[], None]  # nobody does any more


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


class Link(Protocol):
    """The farm's hand on one worker."""

    words: int  # how many have come from it

    def ask(self) -> None:
        """Have it say something, if it is still there."""

    def welcome(self, client: "RuntimeClient", drop: Sequence[int]) -> None:
        """The greeting is accepted; orders in `drop` are not the worker's any more."""

    def refuse(self, reason: str, again: bool = True) -> None:
        """The greeting is not accepted; says why, and whether it makes sense to call again, and closes."""

    def give(self, order: "Order", step: "Step") -> None:
        """Run these tasks."""

    def acknowledge(self, results: "Sequence[tuple[int, int]]") -> None:
        """These results (order, task) are safe: the worker may forget them."""

    def recall(self, order: int) -> None:
        """Hand back what has not begun."""

    def cancel(self, order: int) -> None:
        """End it now."""

    def stop(self, order: int, tasks: Sequence[int]) -> None:
        """End these tasks of it now and go on with the others; a worker that is too old to be told goes on with all."""

    def forget(self, job: int) -> None:
        """The job is over: leave its sessions."""

    def power_off(self, idle: float) -> None:
        """Nobody needs the machine: it may be switched off if nobody has used it for so many seconds."""

    def send_away(self, *, again: bool, now: bool) -> bool:
        """Leave, and with `again` start anew, with `now` at once; False when the worker is too old to be told."""

    def farewell(self, reason: str) -> None:
        """The server stops; keep what you hold and come back."""

    def hold(self, wait: bool) -> None:
        """Stop (or go on) reading from the worker: the database is behind."""


class LogPage(NamedTuple):
    """A part of an order's log.  Places count the bytes that were ever written to it."""

    text: str
    begin: int
    end: int  # where the next one begins
    size: int  # where the log ends now
    error: int | None = None  # where its first error stands


class LogLine(NamedTuple):
    """A part of a log as a worker sends it."""

    order: int
    task: int
    text: str


class Pictures(Protocol):
    """Small pictures of frames, on the server's disk; what cannot be read is not there."""

    def latest(self, limit: int) -> "list[tuple[int, Shown]]":
        """The jobs of which pictures came last, with the newest of each; the newest first."""

    async def read(self, job: int, step: int, task: int) -> "tuple[Shown, bytes] | None":
        """The newest picture of a task, as JPEG."""

    async def since(self, job: int, number: int, limit: int) -> "list[Shown]":
        """Of the `limit` pictures that came after this number, those that are still their task's newest."""


class Planner(Protocol):
    """Makes plans of templates and values, the form of a job bundle's file included."""

    async def plan(self, template: Any, values: Mapping[str, Any] | str, folder: str, limit: int) -> "Plan":
        """What the job will be; `limit` is of tasks a step.  Raises `Refused`, `NotNow`."""

    async def outline(
        self, template: Any, values: Mapping[str, Any] | str, folder: str, limit: int
    ) -> "tuple[Outline, Plan | None]":
        """The same in words and numbers, with all that is wrong; then there is no plan.  Raises `NotNow`."""


class Pulse(Protocol):
    """What the farm does, in figures."""

    @property
    def figures(self) -> "FarmFigures":
        """As they are now."""

    @property
    def series(self) -> "Series":
        """The last hour."""


class Templates(Protocol):
    """The job templates that can be named: those that come with brender, and the studio's own."""

    async def all(self) -> "Sequence[Template]":
        """By their names, as they are now."""


class FarmService(Protocol):
    """What the faces may ask of the farm.  Awaitables are done after the commit."""

    farm: "Farm"
    templates: Templates
    remembered: dict[str, Any]  # what faces keep of long lists between two pages; nobody relies on it

    @property
    def pulse(self) -> Pulse:
        """The farm in figures."""

    @property
    def pictures(self) -> Pictures:
        """What was shown of jobs."""

    @property
    def refusing(self) -> str:
        """Why the farm takes nothing new: it stops, or cannot write; empty while it does."""

    @property
    def figures(self) -> WritePath:
        """How the way into the database does."""

    async def submit(
        self,
        template: Any,
        values: Mapping[str, Any] | str,
        *,
        name: str = "",
        folder: str = "",
        settings: Mapping[str, Any] | None = None,
    ) -> "Job":
        """Take a job in; `folder` is the template's own, where it was read from a file.

        `settings` are fields of `farm.settings.JobSettings`.  Raises `Refused` with every problem, `NotNow` when
        stopping.
        """

    async def try_out(
        self, template: Any, values: Mapping[str, Any] | str, *, folder: str = "", settings: Mapping[str, Any]
    ) -> "tuple[Outline, list[str]]":
        """What would become of a submission, and what the job would warn of; all that is wrong stands in it."""

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

    async def cancel_tasks(self, job: int, chosen: "Chosen") -> dict[int, list[int]]:
        """End these tasks, whether they wait or run; gives those that had not ended before, by step.

        Raises `NotFound`.
        """

    async def add_tasks(self, job: int, values: Mapping[str, Any]) -> int:
        """Add the tasks that the job would have with other values; how many.  Raises `NotFound`, `Refused`."""

    async def revise(self, job: int, values: Mapping[str, Any]) -> bool:
        """Other parameter values for tasks that have not run; False when they were so.

        Raises `NotFound`, `Refused`, and `NotNow` when the values would make other tasks.
        """

    async def set_status(self, clients: "Sequence[RuntimeClient]", status: "Status") -> "list[RuntimeClient]":
        """Enable or disable clients; those that were changed."""

    async def send_away(self, clients: "Sequence[RuntimeClient]", *, again: bool, now: bool) -> dict[int, str]:
        """Have their workers end when they are done with what they run, or `now`, and with `again` start anew.

        Of those that cannot be told, why.  Raises `NotNow` when stopping.
        """

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

    async def invite(self, note: str, uses: int, seconds: float) -> "tuple[Invitation, str]":
        """Let so many machines join within so many seconds; gives the token, which nobody can have again.

        Raises `NotNow` where workers need not join.
        """

    async def delete_invitations(self, invitations: "Sequence[Invitation]") -> None:
        """Nobody joins with these any more."""

    async def revoke_clients(self, clients: "Sequence[RuntimeClient]") -> "list[RuntimeClient]":
        """Let nobody in with the certificates of these, and cut them off; those that were changed."""

    async def add_user(self, name: str, role: "Role", password: str = "") -> "User":
        """Take somebody in.  Raises `Refused`, `NotNow`."""

    async def change_user(self, name: str, role: "Role | None" = None, password: str | None = None) -> "User":
        """Give somebody another role or password; whoever has logged in with the old one is logged out.

        Raises `NotNow` where no admin would be left, `Refused`.
        """

    async def delete_users(self, users: "Sequence[User]") -> None:
        """Delete users with their tokens and sessions.  Raises `NotNow` where no admin would be left."""

    async def add_token(
        self, user: str, name: str, role: "Role", verbs: Sequence[str], expires: float | None, mark: str = ""
    ) -> "tuple[Token, str]":
        """A new API token of somebody, and its secret, which nobody reads again; or one that stands for a public key.

        Raises `NotFound`, `NotNow`.
        """

    async def delete_tokens(self, tokens: "Sequence[Token]") -> None:
        """Delete API tokens: they are good for nothing from now on."""

    async def log_in(self, name: str, password: str, who: "Who", *, lasts: bool = False) -> "tuple[Who, str]":
        """Whoever knows a password: who they are from now on, and the secret of their session.

        One that `lasts` is there after a start, too.  Raises `NotLoggedIn`, `TooOften`.
        """

    def known_by(self, secret: str, who: "Who") -> "Who":
        """Whoever has a secret, of a token or of a session; raises `NotLoggedIn`."""

    def known_by_key(self, mark: str, name: str, who: "Who") -> "Who":
        """Somebody who has a public key, and still has to prove it; raises `NotLoggedIn`."""

    def renewed(self, who: "Who") -> str:
        """Another secret for a session whose own is old; or nothing."""

    def use(self, who: "Who") -> None:
        """Somebody's session is used, and goes on."""

    def log_out(self, who: "Who") -> Awaitable[None]:
        """End a session, at once; done when nothing can bring it back."""

    def rights(self, who: "Who") -> "Rights":
        """What somebody may do at this moment; raises `NotLoggedIn`."""

    def note(self, entry: "Entry") -> "Entry":
        """Put a new entry into the audit, with the next change, or soon; as it is there, with its number."""

    def noted(self, entry: "Entry") -> None:
        """What came of it."""

    def note_done(self, who: "Who", item: str, action: str, things: Sequence[object] = (), count: int = 1) -> None:
        """Put into the audit what was done by no verb."""

    async def audit(self) -> "Sequence[Entry]":
        """The newest entries of the audit, the newest first."""

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

    async def turns_of(self, client: int) -> "Sequence[TurnView]":
        """The orders that a client had lately, the newest first; raises `NotFound`."""

    async def failures_of(self, job: int) -> "list[FailureView]":
        """Why tasks of a job failed, those with the same reason as one, the newest first; raises `NotFound`."""

    async def submission_of(self, job: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """The template and the values that a job was submitted with; raises `NotFound`."""

    async def log_of(
        self, job: int, *, order: int | None = None, task: int | None = None, step: str | None = None, tail: int = 0
    ) -> str:
        """The logs of a job's orders, or of one order, or of one task; raises `NotFound`.

        With `tail`, only of the newest orders: at least so many bytes of the end.
        """

    async def log_page(self, job: int, order: int, begin: int, length: int, error: bool = False) -> "LogPage | None":
        """A part of the log of an order, from a place on; with `error`, where its first error stands.

        None when there is no log; raises `NotFound` when there is no such job.
        """

    def events_since(self, number: int) -> "list[Event] | None":
        """What was announced after this number; None when that is no longer known."""

    def follow_tasks(self, job: int) -> "Following":
        """From now on events of the kind `task` tell what changes of the job's tasks; raises `NotFound`."""

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

    async def admit(self, secret: str, key: str, asked: str, sign: Sign) -> str:
        """The first certificate of a machine that says a join token's secret, as PEM; raises `NotNow`."""

    async def renew(self, badge: "Badge", sign: Sign) -> str:
        """Another one, for a machine that has shown one that counts; raises `NotNow`."""

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

    def pictured(self, client: int, job: int, task: int, jpeg: bytes, step: str = "", rate: float = 0.0) -> None:
        """A small picture of a frame that is done; `rate` are the frames a second, 0 when that is not known."""

    def beat(self, client: int, load: float, figures: Figures = UNKNOWN) -> None:
        """The worker is alive; the load of its processors in percent, and what else it knows of its machine's."""

    def leaving(self, client: int, off: bool = False) -> None:
        """The worker finishes what it runs and takes nothing new; `off`: its machine is switched off."""

    def attended(self, client: int, here: bool, idle: float | None, held: bool = False) -> None:
        """Whether somebody uses the machine or holds it; seconds since its last use, None when that cannot be told."""

    def unwell(self, client: int, reason: str) -> None:
        """The worker can run nothing for now, and why; with an empty reason it can again."""

    def stays(self, client: int, reason: str) -> None:
        """The machine is not switched off when that was asked, and why."""
