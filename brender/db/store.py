"""The store: opens the database, loads the farm from it, and keeps what happens.

How does this work?  `open_store` connects (SQLite in the state folder), brings the tables up to date
with the numbered scripts in `migrations/`, and starts the writer.  `save` turns what has changed into
rows and queues them; its Deferred fires after the commit.  Reading goes through the same thread, so a
question sees all that was written before it.  Templates of finished jobs are read when somebody asks.
"""

import os
import zlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
from peewee import Database, DatabaseError, OperationalError, SqliteDatabase, fn
from playhouse import migrations
from twisted.internet.defer import Deferred

from brender.db import models
from brender.db.lock import Taken, hold
from brender.db.models import ClientRow, JobRow, OrderRow, StepRow, SubmissionRow
from brender.db.rows import client_row, read_client, read_job, read_order, read_step, rows_of
from brender.db.writer import Row, Writer
from brender.farm.changes import Changes, Kept, Loaded, StatesThen
from brender.farm.client import Machine, RuntimeClient
from brender.farm.interfaces import NotFound
from brender.farm.job import Job
from brender.farm.order import Order
from brender.farm.submission.planning import Plan, Refused
from brender.farm.transitions import FINISHED_JOB, JobState

MIGRATIONS = Path(__file__).with_name("migrations")
Replan = Callable[[dict[str, Any], dict[str, Any], list[dict[str, Any]]], Plan]
FINISHED = [state.value for state in FINISHED_JOB]


class CannotOpen(Exception):
    """The database cannot be opened; the message is a sentence for people."""


class SqlStore:
    """`farm.interfaces.Store` on a peewee database."""

    def __init__(self, writer: Writer, replan: Replan) -> None:
        self.writer = writer
        self._replan = replan

    @property
    def pending(self) -> int:
        return self.writer.pending

    def save(self, changes: Changes) -> Deferred[None]:
        return self.writer.write(rows_of(changes))

    async def load(self) -> Loaded:
        loaded: Loaded = await self.writer.perform(self._load)
        return loaded

    async def add_client(self, machine: Machine, now: float) -> int:
        def insert(_: Database) -> int:
            columns = [field for field in ClientRow._meta.sorted_fields if field.name != "id"]
            row = client_row(RuntimeClient(id=0, machine=machine, since=now))[1:]
            return int(ClientRow.insert(dict(zip(columns, row, strict=True))).execute())

        return int(await self.writer.perform(insert))

    async def orders_of(self, job: int) -> Sequence[Order]:
        def read(_: Database) -> list[Order]:
            query = OrderRow.select().where(OrderRow.job == job).order_by(OrderRow.id)
            return [read_order(row) for row in tuples(query)]

        orders: list[Order] = await self.writer.perform(read)
        return orders

    async def submission_of(self, job: int) -> tuple[dict[str, Any], dict[str, Any]]:
        found = await self.writer.perform(lambda _: self._submission(job))
        if found is None:
            raise NotFound(f"There is no job {job}.")
        template, values, _ = found
        return template, values

    async def kept(self, job: Job) -> Kept:
        found = await self.writer.perform(lambda _: list(self._planned([job])))
        if not found:
            raise NotFound(f"What job {job.id} was submitted with cannot be read any more.")
        return cast("Kept", found[0])

    def close(self) -> Awaitable[None]:
        """Write what is queued and close the database."""
        return self.writer.close()

    # --- in the database's thread

    def _load(self, _: Database) -> Loaded:
        jobs = {row[0]: read_job(row) for row in tuples(JobRow.select().order_by(JobRow.id))}
        unfinished = list(self._planned([job for job in jobs.values() if not job.finished]))
        sources = list(self._planned(waited_for([kept.job for kept in unfinished], jobs)))
        for row in tuples(StepRow.select(StepRow.job, StepRow.place, StepRow.name, StepRow.counts)):
            if jobs[row[0]].finished:
                jobs[row[0]].past.append(read_step(row))
        return Loaded(
            clients=[read_client(row) for row in tuples(ClientRow.select())],
            finished=[job for job in jobs.values() if job.finished],
            unfinished=unfinished,
            sources=sources,
            orders=[order for order in self._orders_of_unfinished() if not jobs[order.job].finished],
            last_job=max(jobs, default=0),
            last_order=OrderRow.select(fn.MAX(OrderRow.id)).scalar() or 0,
        )

    def _planned(self, jobs: Sequence[Job]) -> Iterator[Kept]:
        """The jobs with their plans; one that cannot be read is set aside, and its rows stay."""
        for job in jobs:
            found = self._submission(job.id)
            if found is None:
                continue
            template, values, added = found
            try:
                plan = self._replan(template, values, added)
            except Refused as refused:
                if not job.finished:
                    job.set_aside(f"This brender cannot read the job's template any more: {refused}")
                continue
            yield Kept(job, plan, self._states(job.id), added)

    @staticmethod
    def _submission(job: int) -> tuple[Any, ...] | None:
        """Template, values, and the values with which tasks were added."""
        query = SubmissionRow.select(SubmissionRow.template, SubmissionRow.values, SubmissionRow.added)
        found = next(iter(tuples(query.where(SubmissionRow.job == job))), None)
        return found and tuple(map(msgspec.json.decode, found))

    @staticmethod
    def _states(job: int) -> list[StatesThen | None]:
        columns = (StepRow.tasks, StepRow.as_of, StepRow.open_then)
        query = StepRow.select(*columns).where(StepRow.job == job).order_by(StepRow.place)
        return [
            StatesThen(zlib.decompress(tasks), as_of, msgspec.json.decode(open_then)) if tasks else None
            for tasks, as_of, open_then in tuples(query)
        ]

    @staticmethod
    def _orders_of_unfinished() -> list[Order]:
        query = (
            OrderRow.select()
            .join(JobRow, on=(JobRow.id == OrderRow.job))
            .where(JobRow.state.not_in(FINISHED))
            .order_by(OrderRow.id)
        )
        return [read_order(row) for row in tuples(query)]


def waited_for(unfinished: Iterable[Job], jobs: Mapping[int, Job]) -> list[Job]:
    """The jobs that have not come to a good end, and of which others wait for frames."""
    numbers = {after.job for job in unfinished for after in job.settings.after if after.frames is not None}
    ended = [jobs[number] for number in sorted(numbers) if number in jobs and jobs[number].finished]
    return [job for job in ended if job.state is not JobState.COMPLETED]


def tuples(query: Any) -> Iterable[Row]:
    """The rows of a query as plain tuples."""
    rows: Iterable[Row] = query.tuples()
    return rows


def sqlite(path: Path) -> Database:
    """A commit that was acknowledged survives a power cut: WAL with synchronous=FULL."""
    pragmas = {"journal_mode": "wal", "synchronous": "full", "foreign_keys": 1, "busy_timeout": 5000}
    return SqliteDatabase(str(path), pragmas=pragmas, autoconnect=False)


def open_store(path: Path, replan: Replan, in_reactor: Callable[..., Any], failed: Callable[[str], None]) -> SqlStore:
    """Open or make the database; blocks, and belongs before the reactor runs.

    Raises `CannotOpen` with a sentence.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = hold(path)
    except Taken as taken:
        raise CannotOpen(str(taken)) from taken
    except (FileExistsError, NotADirectoryError) as error:
        raise cannot_open(path, f"{error.filename} is not a folder") from error
    except OSError as error:
        raise cannot_open(path, str(error.strerror)) from error
    try:
        database = prepared(path)
    except CannotOpen:
        os.close(lock)
        raise
    models.database.initialize(database)
    writer = Writer(database, in_reactor, failed, release=lambda: os.close(lock))
    writer.start()
    return SqlStore(writer, replan)


def prepared(path: Path) -> Database:
    """The database with its tables up to date; raises `CannotOpen`."""
    database = sqlite(path)
    try:
        with database.connection_context():
            migrate(database)
    except OperationalError as error:
        raise cannot_open(path, str(error)) from error
    except DatabaseError as error:
        raise CannotOpen(
            f"The database {path} is damaged, or is none: {error}. Put a copy of it in its place, "
            "or move it away to begin with an empty farm."
        ) from error
    return database


def cannot_open(path: Path, why: str) -> CannotOpen:
    advice = "Choose a folder that can be written with --state, or mend its permissions."
    return CannotOpen(f"The database {path} cannot be opened: {why}. {advice}")


def migrate(database: Database) -> None:
    """Bring the tables up to date; raises `CannotOpen` when they are ahead of this program."""
    runner = migrations.Runner(database, directory=str(MIGRATIONS))
    if unknown := [each.name for each in runner.status() if each.path is None]:
        raise CannotOpen(
            f"The database {database.database} belongs to a newer brender: it has {unknown[-1]}, which this one does "
            "not know. Install that brender again, or choose another folder with --state."
        )
    runner.up()
    with database.atomic("immediate"):
        pass  # fails when the database can be read but not written
