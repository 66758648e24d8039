"""The agent: what a worker holds, and which session does it next.

How does this work?  Orders wait in `held` in the order in which they came.  `_advance` gives the next one to a
session of its job and step, or has one opened, while there is room for it (`uses`); those behind one that has to wait
may go first only with what it will not need.  An order for a session that is about to be free is handed over one
task early, so that nothing waits; when another session could begin it sooner after all, it is taken back and goes
there (`_spread`).  A session keeps what it has until it is gone.  The agent knows neither sockets nor processes: what
it says goes through `telling`, which keeps results until the server says that they are safe; `nursery` opens sessions,
and sessions call back.  It goes on with what it holds while the server is away, for `orphaned_after` seconds.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Literal

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from brender.farm.settings import Rule
from brender.protocols import messages as say
from brender.worker.calling.telling import Telling
from brender.worker.disk.journal import Key, Results
from brender.worker.held import Held, Nursery, Use, Work, running
from brender.worker.machine.stock import Need, Stock
from brender.worker.pictures import Frame
from brender.worker.uses import AHEAD, Uses

LEAST = Need(1, {})  # that any order takes
END_WITHIN = 2.0  # seconds for a task to end by itself when the worker has to leave now
WAIT_FOR_ACK = 5.0  # seconds that a worker that leaves waits for a server that does not answer
ORPHANED_AFTER = 86400.0  # seconds without a server after which what runs is ended


class Agent:
    log = Logger()

    def __init__(
        self,
        stock: Stock,
        nursery: Nursery,
        clock: IReactorTime,
        idle_for: float,
        outputs: Callable[[Frame], None] = lambda frame: None,
        results: Results | None = None,
        orphaned_after: float = ORPHANED_AFTER,
    ) -> None:
        self.held: dict[int, Held] = {}
        self.leaving = False
        self.switching_off = False  # takes nothing: its machine is about to be off
        self.when_empty: Callable[[], None] = lambda: None
        self.when_unneeded: Callable[[float], object] = lambda idle: None
        self.when_sent_away: Callable[[bool, bool], object] = lambda again, now: None
        self.presence: Callable[[], say.Presence | None] = lambda: None  # whether somebody uses the machine
        self._stock = stock
        self._jobs: dict[int, Work] = {}
        self._uses = Uses(self, stock, nursery, clock, idle_for)
        self._clock = clock
        self._outputs = outputs
        self.when_failed: Callable[[], object] = lambda: None
        self._unwell = ""  # why it can run nothing for now
        self._orphaned_after = orphaned_after
        self._server = Telling(results or Results(), clock, orphaned_after, self._orphaned)
        self._waiting = False  # for the last acknowledgements
        self._unheard = False  # ... in vain
        self._done = False

    # --- the connection

    def tell(self, message: say.Message) -> None:
        """Tell the server, if it is there; what must not be lost is kept elsewhere."""
        self._server.tell(message)

    @property
    def unacknowledged(self) -> dict[Key, say.Result]:
        return self._server.unacknowledged

    @property
    def at_stake(self) -> str:
        """The end of a sentence about the connection, for the log: which tasks run, and which reports are not safe."""
        return self._server.at_stake(running(self.held.values()))

    def has(self) -> dict[int, list[int]]:
        """For the greeting: every order with the tasks whose fate the server does not know."""
        has = {number: held.left for number, held in self.held.items() if not held.canceled}
        for order, task in self.unacknowledged:
            has.setdefault(order, []).append(task)
        return has

    def connected(self, welcome: say.Welcome, send: Callable[[Any], None]) -> None:
        self.switching_off = False  # it is on, or on again
        self._server.connected(send, welcome.drop)
        self._forget_old_jobs(welcome.rules)
        for held in self.held.values():
            if held.begun is not None:
                send(say.Started(held.order.order, held.begun))
        for order in welcome.drop:
            if order in self.held:
                self._cancel(order)
        if presence := self.presence():
            send(presence)
        if self._unwell:
            send(say.Unwell(self._unwell))
        if self.leaving:
            send(say.Leaving())
        self._check_empty()

    def disconnected(self) -> None:
        self._server.disconnected()
        self.hold(False)

    def _orphaned(self) -> None:
        """Nobody has asked for too long: end what runs.  The next greeting says that it is held no more."""
        if self.held:
            self.log.warn("No server for {seconds:.0f} s: what runs is ended", seconds=self._orphaned_after)
        self._hand_back_all(now=True)

    def hold(self, wait: bool) -> None:
        """The connection is full: sessions have to wait before they say more; or it has room again."""
        self._uses.hold(wait)

    def feels(self, unwell: str) -> None:
        """Whether anything can be run here: if not, why."""
        self._unwell = unwell
        self.log.warn("{state}", state=f"Takes nothing: {unwell}" if unwell else "Takes orders again")
        self.tell(say.Unwell(unwell))
        if unwell:
            self._hand_back_all(now=False)

    # --- the server's words

    def heard(self, message: Any) -> None:
        match message:
            case say.Job():
                self._learn(message)
            case say.Order():
                self._take(message)
            case say.Ack(results):
                self._server.forget(results)
                self._check_empty()
            case say.Recall(order):
                self._hand_back(order)
            case say.Cancel(order):
                self._cancel(order)
            case say.Stop(order, tasks):
                self._stop(order, tasks)
            case say.Forget(job):
                self._forget(job)
            case say.PowerOff(idle):
                self.when_unneeded(idle)
            case say.Leave(again, now):
                self.when_sent_away(again, now)

    def leave(self, now: bool = False) -> None:
        """Finish what runs and take nothing new; with `now` end that too and hand it back."""
        self.leaving = True
        self.tell(say.Leaving())
        self._hand_back_all(now)
        self._check_empty()

    def _hand_back_all(self, now: bool) -> None:
        """What has not begun; with `now` what runs too."""
        for order in list(self.held):
            self._hand_back(order)
        for held in list(self.held.values()) if now else []:
            for task in list(held.told):
                if held.use and held.use.session:  # told as canceled without having been asked: it runs elsewhere
                    held.use.session.stop(held.order.order, task, END_WITHIN)

    # --- orders

    def _take(self, order: say.Order) -> None:
        if order.order in self.held:
            return
        need = self._stock.need(order)
        self.held[order.order] = Held(order, self._jobs[order.job], need, deque(order.tasks))
        if self.leaving or self.switching_off or self._unwell:
            self._hand_back(order.order)
        else:
            self._advance()

    def _hand_back(self, number: int) -> None:
        """Give back the tasks of an order that have not begun."""
        held = self.held.get(number)
        if held is None or held.canceled:
            return
        tasks = [task.index for task in held.todo]
        held.todo.clear()
        held.moving = False
        if tasks:
            self.tell(say.Returned(number, tasks))
        for task in list(held.told):
            if task != held.begun and held.use and held.use.session:
                held.use.session.take_back(number, task)
        self._close_order(held)
        self._advance()

    def _cancel(self, number: int) -> None:
        """End an order; `Dropped` is said when nothing of it is left."""
        held = self.held.get(number)
        if held is None:
            self.tell(say.Dropped(number))
            return
        held.canceled, held.moving = True, False
        held.todo.clear()
        for task in list(held.told):
            if held.use and held.use.session:
                held.use.session.stop(number, task)
        self._close_order(held)
        self._advance()

    def _stop(self, number: int, tasks: list[int]) -> None:
        """End some tasks of an order; of each, `Returned` is said when nothing of it is left."""
        held = self.held.get(number)
        told = [task for task in tasks if held and task in held.told]
        if over := [task for task in tasks if task not in told]:
            self.tell(say.Returned(number, over))
        if held is None or held.canceled:
            return
        held.todo = deque(task for task in held.todo if task.index not in tasks)
        held.moving = False
        held.stopped.update(told)
        for task in told:
            if held.use and held.use.session:
                held.use.session.stop(number, task)
        self._close_order(held)
        self._advance()

    def _close_order(self, held: Held) -> None:
        """Forget an order of which nothing is left, and go on with what waits behind it."""
        if held.left or self.held.get(held.order.order) is not held:
            return
        del self.held[held.order.order]
        if held.canceled:
            self.tell(say.Dropped(held.order.order))
        if held.use:
            held.use.orders.remove(held)
            self._uses.rest(held.use, self.leaving)
        self._check_empty()

    def _learn(self, job: say.Job) -> None:
        """What orders that come are about."""
        known = self._jobs.get(job.job)
        if known is None or not known.tell_again(job):
            self._forget(job.job)
            self._jobs[job.job] = Work(job)

    def _forget(self, job: int) -> None:
        """Its sessions are used for what they hold, and for no more."""
        if work := self._jobs.pop(job, None):
            work.current = False
            for use in self._uses.of(work):
                self._uses.rest(use, self.leaving)

    def _forget_old_jobs(self, rules: list[Rule]) -> None:
        """What ended while the worker was away was not told to be forgotten; and with other rules all is begun anew."""
        used = [held.work for held in self.held.values()] + [use.work for use in self._uses]
        kept = used if rules == self._uses.rules else []
        self._uses.rules = rules
        for number in [number for number, work in self._jobs.items() if work not in kept]:
            self._forget(number)

    # --- sessions

    def _advance(self) -> None:
        """Give what waits to sessions, the oldest order first."""
        waiting: list[Need] = []  # of those that are not begun, which is kept for them
        for held in list(self.held.values()):
            if held.use is not None or held.canceled or self.held.get(held.order.order) is not held:
                continue
            if use := self._uses.find(held, self._moving, waiting):
                use.begin(held)
                self._supply(use)
            else:
                waiting.append(held.need)
                if not self._uses.fits(LEAST, [*self._moving, *waiting]):
                    break
        self._spread(waiting)

    def _spread(self, waiting: list[Need]) -> None:
        """Orders that wait behind others while there is room are taken back from their sessions, to go there."""
        for held in [held for held in self.held.values() if held.waits and not held.moving and not held.canceled]:
            use = held.use
            if use and use.session and not self.leaving and self._uses.fits(held.need, [*self._moving, *waiting]):
                held.moving = True
                for task in held.told:
                    use.session.take_back(held.order.order, task)

    @property
    def _moving(self) -> list[Need]:
        """The room that orders need which go from one session to another."""
        return [held.need for held in self.held.values() if held.moving and held.use]

    def _supply(self, use: Use) -> None:
        """Tell the session more: it has the task that it runs and `AHEAD` besides."""
        use.wake()
        for held in use.orders:
            while held.todo and use.told <= AHEAD and use.session and not held.moving:
                task = held.todo.popleft()
                held.told.append(task.index)
                use.session.run(held.order.order, task, held.order.attempt, held.work.told.limits)

    def task_started(self, use: Use, order: int, task: int) -> None:
        held = self.held.get(order)
        if held and task in held.told:
            held.begun, held.moving = task, False
            self.tell(say.Started(order, task))

    def task_ended(self, use: Use, result: say.Result, outputs: list[str], rate: float) -> None:
        held = self.held.get(result.order)
        if held is None or result.task not in held.told:
            return
        stopped = result.task in held.stopped
        held.off(result.task)
        if stopped:
            self.tell(say.Returned(result.order, [result.task]))
        elif not held.canceled:
            self._report(result, held.order.job)
            if outputs and result.outcome == "completed":
                told = held.work.told
                self._outputs(Frame(told.job, held.order.step, result.task, outputs, rate, told.owner))
        self._supply(use)
        self._close_order(held)
        self._advance()

    def task_taken_back(self, use: Use, order: int, task: int) -> None:
        held = self.held.get(order)
        if held is None or task not in held.told:
            return
        held.off(task)
        if held.moving:
            self._move(held, use, task)
        elif not held.canceled:
            self.tell(say.Returned(order, [task]))
        self._supply(use)
        self._close_order(held)
        self._advance()

    def _move(self, held: Held, use: Use, task: int) -> None:
        """A task has come back; the order is free for another session."""
        held.todo.appendleft(next(each for each in held.order.tasks if each.index == task))
        if not held.told:
            held.use, held.moving = None, False
            use.orders.remove(held)

    def _report(self, result: say.Result, job: int) -> None:
        self._server.keep(result, job)
        if result.outcome == "failed":
            self.when_failed()  # before the server gives the next one
        self.tell(result)

    def session_broken(self, use: Use, reason: str, cause: say.Cause) -> None:
        """Its environments could not be entered: what it was to run has failed."""
        self._uses.end(use)
        self._fail(use, reason, cause, everything=True)

    def session_gone(self, use: Use, reason: str) -> None:
        """Its process has ended; when nobody asked it to, the running task has failed."""
        self._uses.gone(use)
        self._fail(use, reason, "", everything=False)
        self._advance()
        self._check_empty()

    def _fail(self, use: Use, reason: str, cause: say.Cause, everything: bool) -> None:
        """A session is over with orders in its hands: its tasks have failed, or go back as they are.

        While the worker leaves it may be the machine that shuts down and ends everything: nobody's fault.
        """
        running = use.first_task()
        outcome: Literal["failed", "canceled"] = "canceled" if self.leaving and not everything else "failed"
        for held in list(use.orders):
            order, left = held.order.order, held.left
            stopped, held.stopped = held.stopped, set()
            held.todo.clear()
            held.told.clear()
            held.begun, held.moving = None, False
            for task in left if not held.canceled else []:
                if task not in stopped and (everything or (order, task) == running):
                    self._report(say.Result(order, task, outcome, reason, cause=cause), held.order.job)
                else:
                    self.tell(say.Returned(order, [task]))
            self._close_order(held)

    # --- the end

    def _check_empty(self) -> None:
        """When it leaves and nothing is left: close the sessions, and when they are gone say so."""
        if not self.leaving or self.held:
            return
        if self.unacknowledged and not self._unheard:
            if not self._waiting:
                self._waiting = True
                self._clock.callLater(WAIT_FOR_ACK, self._stop_waiting)
            return
        self._uses.close_all()
        if not self._uses and not self._done:
            self._done = True
            self.when_empty()

    def close(self) -> None:
        """The process ends, and with it the sessions."""
        self._server.close()

    def _stop_waiting(self) -> None:
        self._unheard = True
        self._server.give_up(WAIT_FOR_ACK)
        self._check_empty()
