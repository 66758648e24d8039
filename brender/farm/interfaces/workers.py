"""What passes between the service and the workers."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from brender.farm.machines.load import UNKNOWN, Figures

if TYPE_CHECKING:
    from brender.farm.client import Machine, RuntimeClient
    from brender.farm.farm import Farm
    from brender.farm.job import Step
    from brender.farm.order import Order
    from brender.farm.people.invitation import Badge


class Sign(Protocol):
    """Makes certificates of one request."""

    def __call__(self, badge: "Badge", serial: str = "", expires: float | None = None) -> tuple[str, str, float]:
        """A certificate, its serial number and when it expires; these two may be given, or are made."""


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
