"""What a face may ask of the farm's service, and what it is told."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from brender.farm.interfaces.around import Pictures, Pulse, Templates
from brender.farm.interfaces.keeping import WritePath

if TYPE_CHECKING:
    from brender.farm.choosing import Chosen
    from brender.farm.client import RuntimeClient, Status
    from brender.farm.failures.reasons import FailureView
    from brender.farm.farm import Farm
    from brender.farm.groups import Kind
    from brender.farm.job import Job, Step
    from brender.farm.people.audit import Entry
    from brender.farm.people.invitation import Invitation
    from brender.farm.people.saved_view import SavedView
    from brender.farm.people.users import Rights, Role, Token, User, Who
    from brender.farm.submission.answers import Outline
    from brender.farm.views.client_past import TurnView
    from brender.farm.views.things import OrderView


class NotFound(Exception):
    """No such job, client or order; the message is a sentence for people."""


class Event(msgspec.Struct, frozen=True):
    """Something that happened, announced after its commit."""

    number: int
    kind: str  # "job", "client", "picture", "farm"
    data: Any  # JobView, ClientView, {"job": 1, "picture": 3}, {"state": "waiting", "reason": "..."}


class Following(NamedTuple):
    """Somebody follows the tasks of a job."""

    since: int  # what has changed after this event is told
    end: Callable[[], None]  # nobody does any more


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
        key: str = "",
    ) -> "Job":
        """Take a job in; `folder` is the template's own, where it was read from a file.

        `key` is kept with the job; `settings` are fields of `farm.settings.JobSettings`.  Raises `Refused` with every
        problem, `NotNow` when stopping.
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
        """Delete jobs for good, with their orders and logs; of those that have to stay, why.

        One that has not ended is canceled.  While clients end what they run of one it is still there, as `Farm.deleted`
        has it.
        """

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
