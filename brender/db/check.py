"""Looks whether a database is whole: its file, what belongs together, and the sums.

How does this work?  `check` sees the database as it is at one moment, changes nothing, and gives a sentence for each
problem.  What became of a finished step is kept twice, as its tasks' states and as the rows of its orders, and its
counts are kept a third time: these have to agree, as `farm.starting` would derive them.  What a server that was killed
has left of an archived job is no problem: the next start ends it.
"""

import sqlite3
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from peewee import DatabaseError, PostgresqlDatabase, SqliteDatabase

from brender.db.archived import Stage
from brender.db.engine import CannotOpen, is_url
from brender.db.migrating import MIGRATIONS
from brender.farm.order import WITHDRAWN
from brender.farm.transitions import FINISHED_JOB, JobState, TaskState

Tell = Callable[[int, int], None]  # how much is done, of how much
ACTIVE, DONE = int(TaskState.ACTIVE), int(TaskState.COMPLETED)
FINISHED = {state.value for state in FINISHED_JOB}
MOST = 20  # damages of the file that are listed


class StepSeen(NamedTuple):
    place: int
    name: str
    counts: str
    tasks: bytes | None
    as_of: int
    open_then: str
    took: bytes | None


class OrderSeen(NamedTuple):
    id: int
    step: int
    first: int
    length: int
    ended: float | None
    tasks: bytes
    second: bool
    took: bytes | None

    def holds(self, task: int, state: int) -> bool:
        return self.tasks[task - self.first] == state

    @property
    def open(self) -> bool:
        return ACTIVE in self.tasks


def check(where: Path | str, archive: Path, tell: Tell = lambda done, of: None) -> Iterator[str]:
    """A sentence for each problem; raises `CannotOpen` when there is no database to look at."""
    with looking(where) as ask:
        try:
            if problem := schema_problem(ask, where):
                yield problem
                return
            yield from damages(ask, where)
            yield from strangers(ask)
            yield from lost_files(ask, archive)
            yield from unread_settings(ask)
            jobs = ask("SELECT id, state FROM jobs ORDER BY id")
            for done, (job, state) in enumerate(jobs):
                tell(done, len(jobs))
                try:
                    yield from look_at_job(ask, job, state)
                except (TypeError, ValueError):
                    yield f"Job {job} has a row with a value of a wrong kind."
        except DatabaseError as error:
            yield f"The database {where} is damaged, and not all of it can be read: {error}."


Ask = Callable[..., list[Any]]


@contextmanager
def looking(where: Path | str) -> Iterator[Ask]:
    """Questions to the database, all answered as it was at the first of them."""
    database = connection_to(where)

    def ask(query: str, *values: Any) -> list[Any]:
        try:
            return list(database.execute_sql(query.replace("?", database.param), values).fetchall())
        except sqlite3.Error as error:  # peewee does not know what goes wrong in the middle of an answer
            raise DatabaseError(str(error)) from error

    try:
        database.connect()
        database.execute_sql("BEGIN" if not is_url(where) else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield ask
    except DatabaseError as error:
        raise CannotOpen(f"The database {where} cannot be looked at: {error}.") from error
    finally:
        database.close()


def connection_to(where: Path | str) -> Any:
    """A connection that has nothing to do with who has the farm."""
    if is_url(where):
        from brender.db.postgresql import parameters, shown  # noqa: PLC0415 (its driver takes a moment to import)

        given = parameters(str(where))
        given["options"] += " -c idle_in_transaction_session_timeout=0"
        return PostgresqlDatabase(shown(str(where)), prefer_psycopg3=True, autoconnect=False, **given)
    if not Path(where).is_file():
        raise CannotOpen(f"There is no database {where}. Name the folder that has it with --state.")
    return SqliteDatabase(str(where), pragmas={"query_only": 1, "busy_timeout": 5000}, autoconnect=False)


# --- the file


def damages(ask: Ask, where: Path | str) -> Iterator[str]:
    for (found,) in ask(f"PRAGMA integrity_check({MOST})") if not is_url(where) else ():
        if found != "ok":
            yield f"The file {where} is damaged: {' '.join(str(found).split())}."


def integrity(path: Path) -> str:
    """What is wrong with a SQLite file; "" when nothing is."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(1)")]
    except sqlite3.Error as error:
        return str(error)
    return "" if found == ["ok"] else " ".join(found[0].split())


def schema_problem(ask: Ask, where: Path | str) -> str:
    """Whether the tables are those of this program; "" when they are."""
    there = [row[0] for row in ask("SELECT name FROM schema_migration ORDER BY name")]
    known = sorted(path.stem for path in MIGRATIONS.glob("0*.py"))
    if there == known:
        return ""
    if set(there) - set(known):
        return f"The database {where} belongs to a newer brender (it has {there[-1]}): check it with that one."
    return f"The database {where} belongs to an older brender: start the server once, which brings it up to date."


# --- what belongs together

LOST = (
    ("orders", "job", "jobs", "id", "{count} orders belong to job {key}, which is not there."),
    ("steps", "job", "jobs", "id", "{count} steps belong to job {key}, which is not there."),
    ("submissions", "job", "jobs", "id", "A template belongs to job {key}, which is not there."),
    ("orders", "client", "clients", "id", "{count} orders were given to client {key}, which is not there."),
    ("jobs", "id", "submissions", "job", "Job {key} has no template: it can never run again."),
    ("jobs", "id", "steps", "job", "Job {key} has no steps."),
)


def strangers(ask: Ask) -> Iterator[str]:
    """Rows that belong to what is not there."""
    known = {
        ("orders", "job"): {row[0] for row in ask("SELECT job FROM archived WHERE stage = ?", int(Stage.CLEARING))},
        ("orders", "client"): {row[0] for row in ask("SELECT client FROM departed")},
    }
    for table, key, other, others, sentence in LOST:
        query = (
            f"SELECT t.{key}, COUNT(*) FROM {table} t LEFT JOIN {other} o ON o.{others} = t.{key} "
            f"WHERE o.{others} IS NULL GROUP BY t.{key} ORDER BY t.{key}"
        )
        for number, count in ask(query):
            if number not in known.get((table, key), ()):
                yield sentence.format(key=number, count=count)


def unread_settings(ask: Ask) -> Iterator[str]:
    """What was changed of the farm's settings and cannot be read."""
    for name, value in ask("SELECT name, value FROM farm_settings WHERE value IS NOT NULL ORDER BY name"):
        try:
            msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            yield f"The setting {name} of the farm cannot be read: {error}."


def lost_files(ask: Ask, archive: Path) -> Iterator[str]:
    """What is said to be in an archive."""
    for (job,) in ask("SELECT job FROM archived WHERE stage > ? AND job IN (SELECT id FROM jobs)", int(Stage.WRITING)):
        yield f"Job {job} is in the farm and is said to be in an archive too."
    query = "SELECT file, COUNT(*), MIN(job) FROM archived WHERE stage > ? GROUP BY file ORDER BY file"
    for file, count, first in ask(query, int(Stage.WRITING)):
        if not (archive / file).is_file():
            yield f"The archive {archive / file} with {count} jobs (the first is job {first}) is not there."


# --- the sums


def look_at_job(ask: Ask, job: int, state: str) -> Iterator[str]:
    columns = "step_index, name, counts, tasks, as_of, open_then, took"
    steps = [StepSeen(*row) for row in ask(f"SELECT {columns} FROM steps WHERE job = ? ORDER BY step_index", job)]
    columns = "id, step, first, count, ended, tasks, second, took"
    orders = [OrderSeen(*row) for row in ask(f"SELECT {columns} FROM orders WHERE job = ? ORDER BY id", job)]
    yield from look_at_template(ask, job)
    for order in orders:
        yield from look_at_order(job, state, steps, order)
    for step in steps:
        of_step = [each for each in orders if each.step == step.place and len(each.tasks) == each.length]
        yield from look_at_step(job, state, step, of_step)


def look_at_template(ask: Ask, job: int) -> Iterator[str]:
    for texts in ask("SELECT template, parameter_values, added FROM submissions WHERE job = ?", job):
        try:
            for text in texts:
                msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            yield f"What job {job} was submitted with cannot be read: {error}."


def look_at_order(job: int, state: str, steps: Sequence[StepSeen], order: OrderSeen) -> Iterator[str]:
    name = f"Order {order.id} of job {job}"
    if not any(step.place == order.step for step in steps):
        yield f"{name} is of step {order.step}, which is not there."
    if len(order.tasks) != order.length:
        yield f"{name} says what became of {len(order.tasks)} tasks, and has {order.length}."
    if order.took is not None and len(order.took) != 2 * order.length:
        yield f"{name} says in {len(order.took)} bytes how long its tasks took, and has {order.length} tasks."
    if any(byte & ~WITHDRAWN > max(TaskState) for byte in order.tasks):
        yield f"{name} has tasks in a state that there is not."
    if order.open and state in FINISHED:
        yield f"{name} is still open, and the job is {state}."
    if order.open != (order.ended is None):
        yield f"{name} is {'open, and has an end' if order.open else 'done, and has no end'}."


def look_at_step(job: int, state: str, step: StepSeen, orders: Sequence[OrderSeen]) -> Iterator[str]:
    name = f"Step {step.name} of job {job}"
    try:
        counts = msgspec.json.decode(step.counts, type=list[int])
        states = zlib.decompress(step.tasks) if step.tasks else None
        open_then = set(msgspec.json.decode(step.open_then, type=list[int]))
    except (msgspec.MsgspecError, UnicodeDecodeError, zlib.error) as error:
        yield f"{name} cannot be read: {error}."
        return
    if any(order.first < 0 or order.first + order.length > sum(counts) for order in orders):
        yield f"{name} has {sum(counts)} tasks, and orders of more."
        return
    yield from held_twice(name, orders)
    if step.took is not None and len(step.took) != 2 * sum(counts):
        yield f"{name} says in {len(step.took)} bytes how long its tasks took, and has {sum(counts)} tasks."
    if states is not None and len(states) != sum(counts):
        yield f"{name} has {sum(counts)} tasks by its counts, and states of {len(states)}."
    elif state in FINISHED:
        counting = [each for each in orders if each.id > step.as_of or each.id in open_then]
        yield from sums(name, state, counts, states, counting, whole=step.as_of < 0)


def held_twice(name: str, orders: Sequence[OrderSeen]) -> Iterator[str]:
    """One task, two clients: only a second start may be that."""
    held: Counter[int] = Counter()
    for order in orders:
        for task in range(order.first, order.first + order.length) if order.open and not order.second else ():
            held[task] += order.holds(task, ACTIVE)
    if twice := [task for task, count in held.items() if count > 1]:
        yield f"{name}: task {twice[0]} is given to more than one client."


def sums(
    name: str, state: str, counts: list[int], states: bytes | None, orders: Sequence[OrderSeen], *, whole: bool
) -> Iterator[str]:
    """Of a finished step: counts, states and orders say the same.  `whole`: all that was done is in these orders."""
    if states is None:
        yield f"{name} has ended, and what became of its tasks is not there."
        return
    if [states.count(each) for each in range(len(counts))] != counts:
        yield f"{name}: the counts {counts} are not those of its tasks."
    if state == JobState.COMPLETED.value and states.count(DONE) != len(states):
        yield f"{name} has {states.count(DONE)} of {len(states)} tasks done, and the job is completed."
    done = {task for order in orders for task, byte in enumerate(order.tasks, order.first) if byte == DONE}
    if undone := sorted(task for task in done if states[task] != DONE):
        yield f"{name}: task {undone[0]} is done by its order, and not by the states of the step."
    if whole and (unmade := [task for task, byte in enumerate(states) if byte == DONE and task not in done]):
        yield f"{name}: task {unmade[0]} is said to be done, and no order has done it."
