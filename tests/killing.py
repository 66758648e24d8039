"""A farm that goes step by step and can be killed at each: the real service, store, conversation and agent.

How does this work?  `World` holds a server and a worker and does one thing at a time: a commit, what follows from it, a
message that arrives, a task that begins or ends.  Everything that can be next stands in a fixed order, so that the
same life has the same steps each time.  `kill_server` and `kill_worker` end one of them between two steps, as SIGKILL
does: what was committed is there, all else is gone; what was said and has not arrived is lost, or arrives all the same.
The world then starts it again, and life goes on to its end.  `Watch` notes how far the moves of tasks had come then.
"""

import shutil
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from peewee import SqliteDatabase
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from brender.db import models
from brender.db.store import SqlStore
from brender.db.writer import Work, Writer
from brender.farm.client import Machine
from brender.farm.farm import Farm
from brender.farm.job import Job
from brender.farm.submission.planning import Plan, plan, replan
from brender.farm.tasks import TaskSet
from brender.farm.transitions import FINISHED_JOB, TASK, TaskEvent, TaskState
from brender.logs.order_logs import Logs
from brender.pictures import Pictures
from brender.protocols import messages as say
from brender.protocols.worker import Conversation
from brender.service.farm_service import FarmService
from tests.db.databases import ready
from tests.fakes import NOON
from tests.worker.fakes import FakeSession, Small

Move = tuple[TaskState, TaskEvent]
Step = tuple[str, Callable[[], None]]
Ran = tuple[int, str, int]  # job, name of the step, task
WHEN = ("not written", "written, not said", "said")
UPSERTS: dict[Any, str] = {}  # made once for all worlds
MOST_STEPS = 3000  # of a life; more, and the farm never comes to rest


class Wish(NamedTuple):
    """What somebody wants of the farm, once it is time for it; asked again when there was no answer."""

    when: Callable[[Farm], bool]
    ask: Callable[[FarmService], Any]
    done: Callable[[Farm], bool]  # whether it was done, though nobody was told
    again: bool = False  # from then on tasks that were acknowledged may run again, and no task fails


class Life(NamedTuple):
    name: str
    wishes: tuple[Wish, ...]
    fails: tuple[Ran, ...] = ()  # tasks that fail
    slow: bool = False  # the database is: it commits when nothing else can happen


class SteppedWriter(Writer):
    """The program's own, without its thread: it commits when it is told to."""

    def __init__(self, database: SqliteDatabase, come: Callable[[str], None]) -> None:
        super().__init__(database, lambda call, *arguments: call(*arguments), self._broken)
        self._come = come  # told how far it has come
        self._upserts.statements = UPSERTS
        self._committed: list[Work] = []

    @staticmethod
    def _broken(reason: str) -> None:
        raise AssertionError(reason)

    def next(self) -> Step | None:
        if self._committed:
            return "what follows from a commit", self._follow
        return None if self._queue.empty() else ("commit", self._write)

    def _write(self) -> None:
        self._committed = self._take()
        self._commit(self._committed)
        self._come("written, not said")

    def _follow(self) -> None:
        told, self._committed = self._committed, []
        self._finish(told)
        self._come("said")


class Watch:
    """The moves of tasks, and how far each of them has come."""

    def __init__(self, test: TestCase) -> None:
        self.way: dict[str, list[Move]] = {when: [] for when in WHEN}
        self.killed_at: set[tuple[Move, str]] = set()
        move, move_all = TaskSet.move, TaskSet.move_all

        def noted(tasks: TaskSet, index: int, event: TaskEvent) -> TaskState:
            self._note(tasks[index], event)
            return move(tasks, index, event)

        def all_noted(tasks: TaskSet, event: TaskEvent) -> None:
            for state in TaskState:
                if tasks.counts[state]:
                    self._note(state, event)
            move_all(tasks, event)

        test.patch(TaskSet, "move", noted)
        test.patch(TaskSet, "move_all", all_noted)

    def _note(self, state: TaskState, event: TaskEvent) -> None:
        if (state, event) in TASK:
            self.way[WHEN[0]].append((state, event))

    def go_on(self, when: str) -> None:
        """What had come as far as the step before has come to this one."""
        before = WHEN[WHEN.index(when) - 1]
        if self.way[before]:
            self.way[when], self.way[before] = self.way[before], []

    def killed(self) -> None:
        self.killed_at.update((move, when) for when, moves in self.way.items() for move in moves)
        self.way = {when: [] for when in WHEN}


class World:
    def __init__(self, test: TestCase, watch: Watch, life: Life, folder: Path, empty: Path) -> None:
        self.steps: list[str] = []
        self.said: list[
            tuple[bool, bool]
        ] = []  # before each step: has the server said something that is under way, ...
        self.began: list[Ran] = []  # every run that has begun
        self.wrong: list[str] = []
        self._test, self._watch, self._life = test, watch, life
        self._wishes = deque(life.wishes)
        self._waits = False  # somebody, for an answer
        self._unanswered = False  # nobody will answer any more
        self._fails = life.fails
        self._acknowledged: set[Ran] = set()
        self._completed: set[tuple[int, int]] = set()  # order, task: what the worker has said
        self._orders: dict[int, say.Order] = {}
        folder.mkdir(parents=True)
        self._path = folder / "brender.sqlite"
        shutil.copy(empty, self._path)
        self._logs = folder / "logs"
        self._now = NOON
        self._worker = Small(slots=2, connected=False)
        self._runs = 0
        self._start_server()

    # --- life

    def play(self, kill_at: int = -1, kill: Callable[["World"], None] = lambda world: None) -> None:
        """To the end of the life, with a kill before one of its steps."""
        for number in range(MOST_STEPS):
            if number == kill_at:
                kill(self)
            step = next(self._possible(), None)
            if step is None:
                return self._close()
            self.steps.append(step[0])
            self.said.append((bool(self._to_worker), bool(self._to_server)))
            step[1]()
        raise AssertionError(f"{self._life.name}: the farm never comes to rest: {self.steps[-20:]}")

    def _possible(self) -> Iterator[Step]:
        """What can be next, the likeliest first."""
        writing = self._writer.next()
        if writing and not self._life.slow:
            yield writing
        if wish := self._wish():
            yield wish
        if self._begun.called and self._talk is None:
            yield "the worker calls", self._call
        yield from self._heard()
        for session in self._worker.sessions:
            if step := self._next_of(session):
                yield step
        if writing:
            yield writing
        calls = self._clock.getDelayedCalls()
        if calls and (self._wishes or not all(job.finished for job in self.farm.jobs.values())):
            yield "time goes by", lambda: self._pass(calls[0].getTime())

    def _heard(self) -> Iterator[Step]:
        """What can arrive."""
        if self._to_server:
            yield f"the server hears {type(self._to_server[0]).__name__}", self._server_hears
        if self._to_worker:
            yield f"the worker hears {type(self._to_worker[0]).__name__}", self._worker_hears

    def _pass(self, moment: float) -> None:
        seconds = max(0.0, moment - self._now)
        self._now += seconds
        self._clock.advance(seconds)

    # --- somebody

    def _wish(self) -> Step | None:
        if not self._wishes or self._waits or not self._begun.called:
            return None
        wish = self._wishes[0]
        if self._unanswered and wish.done(self.farm):
            return "somebody sees that it is done", self._granted
        return ("somebody asks", self._ask) if wish.when(self.farm) else None

    def _ask(self) -> None:
        self._waits = True
        if self._wishes[0].again:
            self._acknowledged.clear()
            self._completed.clear()
            self._fails = ()
        asked = Deferred.fromCoroutine(self._wishes[0].ask(self.service))
        asked.addCallback(lambda _: self._granted())
        asked.addErrback(lambda failure: self.wrong.append(failure.getErrorMessage()))

    def _granted(self) -> None:
        self._wishes.popleft()
        self._waits = self._unanswered = False

    # --- the server

    @property
    def farm(self) -> Farm:
        return self.service.farm

    def _start_server(self) -> None:
        database = SqliteDatabase(str(self._path), pragmas={"journal_mode": "wal", "synchronous": 0}, autoconnect=False)
        models.database.initialize(database)
        self._database = database
        self._writer = SteppedWriter(database, self._watch.go_on)
        self._clock = Clock()
        self._clock.advance(self._now)
        logs, pictures = Logs(self._logs), Pictures(self._logs.with_name("pictures"))
        self._test.addCleanup(logs.close)
        store = SqlStore(self._writer, planned_before)
        self.service = FarmService(store, self._clock, logs, pictures, epoch=self._clock.seconds)
        self._begun = Deferred.fromCoroutine(self.service.begin())
        self._talk: Conversation | None = None
        self._to_server: deque[Any] = deque()
        self._to_worker: deque[Any] = deque()

    def kill_server(self, arrives: bool) -> None:
        """What it has said `arrives` all the same, or not."""
        self._watch.killed()
        self._waits, self._unanswered = False, self._waits or self._unanswered
        while arrives and self._to_worker:
            self._worker_hears()
        self._worker.agent.disconnected()
        self._database.close()
        self._start_server()

    def _close(self) -> None:
        self._look_at_end()
        self._database.close()

    # --- the worker

    def _call(self) -> None:
        """It connects and greets."""
        self._to_server.clear()
        self._to_worker.clear()
        self._talk = Conversation(self.service, self._server_says, lambda: None, lambda wait: None, 10.0)
        machine = Machine("key", "alpha", 2)
        self._to_server.append(say.Hello(say.VERSION, f"run {self._runs}", machine, self._worker.agent.has()))

    def kill_worker(self, arrives: bool) -> None:
        """What it has said `arrives` all the same, or not."""
        self._watch.killed()
        self._worker.kill_and_start()
        self._runs += 1
        while arrives and self._to_server:
            self._server_hears()
        self._hang_up()

    def _hang_up(self) -> None:
        if self._talk:
            talk, self._talk = self._talk, None
            talk.lost()
        self._to_server.clear()
        self._to_worker.clear()

    def _server_hears(self) -> None:
        message = self._to_server.popleft()
        if isinstance(message, say.Result) and message.outcome == "completed":
            order = self.farm.orders.get(message.order)
            if order and order.holds(message.task):  # else it is late, and changes nothing
                self._completed.add((message.order, message.task))
        assert self._talk
        self._talk.heard(message)

    def _server_says(self, message: Any) -> None:
        match message:
            case say.Order():
                self._orders[message.order] = message
            case say.Ack(results):
                self._acknowledge(results)
        self._to_worker.append(message)

    def _acknowledge(self, results: list[tuple[int, int]]) -> None:
        for order, task in results:
            if (order, task) in self._completed:
                self._acknowledged.add((self._orders[order].job, self._orders[order].step, task))

    def _worker_hears(self) -> None:
        message = self._to_worker.popleft()
        agent = self._worker.agent
        match message:
            case say.Welcome():
                agent.connected(message, self._to_server.append)
            case say.Refused():  # for now: it calls again
                self._hang_up()
            case _:
                agent.heard(message)

    def _next_of(self, session: FakeSession) -> Step | None:
        if session.asked_back or session.stopped_early:
            return "a session answers", session.answer
        if session.running:
            return "a task ends", lambda: self._end(session)
        if session.waiting:
            return "a task begins", lambda: self._begin(session)
        return ("a session ends", session.die) if session.closing else None

    def _begin(self, session: FakeSession) -> None:
        _, task = session.begin()
        ran = self._ran(session, task)
        if ran in self._acknowledged:
            self.wrong.append(f"{ran} runs again, and was acknowledged")
        self.began.append(ran)

    def _end(self, session: FakeSession) -> None:
        assert session.running
        ran = self._ran(session, session.running[1])
        session.end("failed" if ran in self._fails else "completed")

    @staticmethod
    def _ran(session: FakeSession, task: int) -> Ran:
        return session.job.job, session.use.step, task

    # --- the last look

    def _look_at_end(self) -> None:
        if self._wishes:
            self.wrong.append(f"somebody waits in vain, {len(self._wishes)} wishes are left")
        if self.farm.orders:
            self.wrong.append(f"orders {list(self.farm.orders)} are held for ever")
        for job in self.farm.jobs.values():
            if job.state not in FINISHED_JOB:
                self.wrong.append(f"job {job.id} is {job.state}")
            self._look_at(job)

    def _look_at(self, job: Job) -> None:
        loading = Deferred.fromCoroutine(self.service.orders_of(job.id))
        while step := self._writer.next():
            step[1]()
        orders: list[Any] = []
        loading.addCallback(orders.extend)
        for step_of in job.past:
            counted = sum(order.completed for order in orders if order.step == step_of.name)
            completed = step_of.counts[TaskState.COMPLETED]
            asked_again = any(wish.again for wish in self._life.wishes)  # what ran before is in the orders too
            if counted < completed or (counted > completed and not asked_again):
                self.wrong.append(f"job {job.id}, {step_of.name}: {completed} completed, {counted} in orders")
            ran = len({each for each in self.began if each[:2] == (job.id, step_of.name)})
            if ran < completed:
                self.wrong.append(f"job {job.id}, {step_of.name}: {completed} completed, {ran} executed")


plans: dict[str, Plan] = {}


def planned(template: Any, values: Any, folder: str, limit: int) -> Plan:
    """A plan never changes, and takes longer than all else in a small life: it is made once for all worlds."""
    key = repr((template, values))
    if key not in plans:
        plans[key] = plan(template, values, folder=folder, limit=limit)
    return plans[key]


def planned_before(template: dict[str, Any], values: dict[str, Any], added: list[dict[str, Any]]) -> Plan:
    key = repr((template, values))
    if key not in plans:
        plans[key] = replan(template, values, added)
    return plans[key]


def empty_database(test: TestCase) -> Path:
    """A file with the tables and nothing in them, to be copied."""
    path = Path(test.mktemp()) / "empty.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    database = ready(path)
    database.connect(reuse_if_open=True)
    database.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path
