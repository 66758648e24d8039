"""The store: loads the farm from its database, and keeps what happens.

How does this work?  `save` turns what has changed into rows and queues them; its Deferred fires after the commit.
Reading goes through the same thread, so a question sees all that was written before it.  Templates of
finished jobs are read when somebody asks.  `opening` makes a store of the place where a farm is kept.
"""

import zlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import msgspec
from peewee import Database, chunked, fn
from twisted.internet.defer import Deferred

from brender.db import models, removing
from brender.db.archived import archived, mark
from brender.db.models import AuditRow, ClientRow, JobRow, OrderRow, StepRow, SubmissionRow
from brender.db.of_the_farm import known_authority, of_the_farm
from brender.db.rows import client_row, read_client, read_entry, read_job, read_order, read_step, rows_of
from brender.db.writer import Row, Writer
from brender.farm.changes import Changes, Kept, Loaded, Run, StatesThen
from brender.farm.client import Machine, RuntimeClient
from brender.farm.interfaces import NotFound, WritePath
from brender.farm.job import Job
from brender.farm.order import Order
from brender.farm.people.audit import Entry
from brender.farm.submission.planning import Plan, Refused
from brender.farm.transitions import FINISHED_JOB, JobState, TaskState

Replan = Callable[[dict[str, Any], dict[str, Any], list[dict[str, Any]]], Plan]
FINISHED = [state.value for state in FINISHED_JOB]
DONE = bytes([TaskState.COMPLETED])
AT_ONCE = 500  # orders of one query
NEWEST = 100_000  # orders of the farm, of which a start reads who had them


class SqlStore:
    """`farm.interfaces.Store` on a peewee database."""

    def __init__(self, writer: Writer, replan: Replan) -> None:
        self.writer = writer
        self._replan = replan

    @property
    def pending(self) -> int:
        return self.writer.pending

    @property
    def figures(self) -> WritePath:
        return self.writer.figures

    def watch(self, listener: Callable[[str], None]) -> None:
        self.writer.listener = listener

    def save(self, changes: Changes) -> Deferred[None]:
        return self.writer.write(rows_of(changes))

    async def load(self) -> Loaded:
        loaded: Loaded = await self.writer.perform(self._load)
        return loaded

    async def add_client(self, machine: Machine, now: float) -> int:
        def insert(_: Database) -> int:
            """A commit of which nobody heard is made again: then the machine has its row."""
            number = removing.last_client() + 1
            row = client_row(RuntimeClient(id=number, machine=machine, since=now))
            fields = dict(zip(ClientRow._meta.sorted_fields, row, strict=True))
            ClientRow.insert(fields).on_conflict_ignore().execute()
            return int(ClientRow.select(ClientRow.id).where(ClientRow.key == machine.key).scalar())

        return int(await self.writer.perform(insert))

    async def orders_of(self, job: int) -> Sequence[Order]:
        def read(_: Database) -> list[Order]:
            query = OrderRow.select().where(OrderRow.job == job).order_by(OrderRow.id)
            return [read_order(row) for row in tuples(query)]

        orders: list[Order] = await self.writer.perform(read)
        return orders

    async def failed_orders_of(self, job: int, most: int) -> Sequence[Order]:
        def read(_: Database) -> list[Order]:
            query = OrderRow.select().where((OrderRow.job == job) & (OrderRow.reason != ""))
            return [read_order(row) for row in tuples(query.order_by(OrderRow.id.desc()).limit(most))][::-1]

        orders: list[Order] = await self.writer.perform(read)
        return orders

    async def orders_with(self, numbers: Sequence[int]) -> Sequence[Order]:
        def read(_: Database) -> list[Order]:
            return [read_order(row) for some in chunked(numbers, AT_ONCE) for row in tuples(in_order(some))]

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

    async def remove_jobs(self, jobs: Sequence[int]) -> None:
        await self.writer.perform(lambda _: removing.remove_jobs(jobs))

    async def remove_clients(self, clients: Mapping[int, str], now: float) -> None:
        await self.writer.perform(lambda _: removing.remove_clients(clients, now))

    async def remove_views(self, views: Sequence[int]) -> None:
        await self.writer.perform(lambda _: removing.remove_views(views))

    async def remove_invitations(self, invitations: Sequence[int]) -> None:
        await self.writer.perform(lambda _: removing.remove_invitations(invitations))

    async def known_authority(self, fingerprint: str, now: float, replaces: bool) -> str:
        return str(await self.writer.perform(lambda _: known_authority(fingerprint, now, replaces)))

    async def remove_users(self, users: Sequence[str], tokens: Sequence[int]) -> None:
        await self.writer.perform(lambda _: removing.remove_users(users, tokens))

    async def remove_tokens(self, tokens: Sequence[int]) -> None:
        await self.writer.perform(lambda _: removing.remove_tokens(tokens))

    async def remove_sessions(self, used: float, began: float) -> int:
        return int(await self.writer.perform(lambda _: removing.remove_sessions(used, began)))

    async def audit(self, most: int) -> Sequence[Entry]:
        def read(_: Database) -> list[Entry]:
            query = AuditRow.select().order_by(AuditRow.id.desc()).limit(most)
            return [read_entry(row) for row in tuples(query)]

        entries: list[Entry] = await self.writer.perform(read)
        return entries

    async def remove_audit(self, before: float) -> int:
        return int(await self.writer.perform(lambda _: removing.remove_audit(before)))

    def close(self) -> Awaitable[None]:
        """Write what is queued and close the database."""
        return self.writer.close()

    # --- in the database's thread

    def _load(self, _: Database) -> Loaded:
        jobs = {row[0]: read_job(row) for row in tuples(JobRow.select().order_by(JobRow.id))}
        unfinished = list(self._planned([job for job in jobs.values() if not job.finished]))
        sources = list(self._planned(waited_for([kept.job for kept in unfinished], jobs)))
        columns = (StepRow.job, StepRow.place, StepRow.name, StepRow.counts)
        for row in tuples(StepRow.select(*columns).order_by(StepRow.job, StepRow.place)):
            if jobs[row[0]].finished:
                jobs[row[0]].past.append(read_step(row))
        done, others = self._orders_of({kept.job.id for kept in unfinished})
        return Loaded(
            clients=[read_client(row) for row in tuples(ClientRow.select().order_by(ClientRow.id))],
            finished=[job for job in jobs.values() if job.finished],
            unfinished=unfinished,
            sources=sources,
            orders=others,
            done=done,
            lately=self._lately(),
            archived=archived(),
            **of_the_farm(),
            last_job=max([*jobs, mark("job")]),
            last_order=max(OrderRow.select(fn.MAX(OrderRow.id)).scalar() or 0, mark("order")),
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
        columns = (StepRow.tasks, StepRow.as_of, StepRow.open_then, StepRow.took)
        query = StepRow.select(*columns).where(StepRow.job == job).order_by(StepRow.place)
        return [
            StatesThen(zlib.decompress(tasks), as_of, msgspec.json.decode(open_then), bytes(took or b""))
            if tasks
            else None
            for tasks, as_of, open_then, took in tuples(query)
        ]

    @staticmethod
    def _lately() -> dict[int, list[tuple[int, bool]]]:
        """Of the newest orders: client -> their numbers, oldest first, and whether a task of each has failed."""
        query = OrderRow.select(OrderRow.id, OrderRow.client, OrderRow.reason != "").order_by(OrderRow.id.desc())
        had: defaultdict[int, list[tuple[int, bool]]] = defaultdict(list)
        for number, client, failed in reversed(list(tuples(query.limit(NEWEST)))):
            had[client].append((number, bool(failed)))
        return had

    @staticmethod
    def _orders_of(jobs: Container[int]) -> tuple[dict[tuple[int, int], list[Run]], list[Order]]:
        """What was completed of these unfinished jobs, by step, and all other orders of theirs."""
        unfinished = JobRow.select(JobRow.id).where(JobRow.state.not_in(FINISHED))
        named = ("id", "job", "step", "issued", "first", "tasks", "took")
        columns = [getattr(OrderRow, name) for name in named]
        query = OrderRow.select(*columns).where(OrderRow.job.in_(unfinished)).order_by(OrderRow.job, OrderRow.id)
        done: defaultdict[tuple[int, int], list[Run]] = defaultdict(list)
        others: list[int] = []
        for number, job, step, issued, first, tasks, took in tuples(query):  # as the index has them: nothing is sorted
            if tasks.strip(DONE):
                others.append(number)
            else:
                done[job, step].append(Run(number, issued, first, len(tasks), took or b""))
        orders = (read_order(row) for some in chunked(sorted(others), AT_ONCE) for row in tuples(in_order(some)))
        return (
            {at: runs for at, runs in done.items() if at[0] in jobs},
            [order for order in orders if order.job in jobs],
        )


def in_order(orders: Sequence[int]) -> Any:
    """The query for these orders."""
    return OrderRow.select().where(OrderRow.id.in_(orders)).order_by(OrderRow.id)


def waited_for(unfinished: Iterable[Job], jobs: Mapping[int, Job]) -> list[Job]:
    """The jobs that have not come to a good end, and of which others wait for frames."""
    numbers = {after.job for job in unfinished for after in job.settings.after if after.frames is not None}
    ended = [jobs[number] for number in sorted(numbers) if number in jobs and jobs[number].finished]
    return [job for job in ended if job.state is not JobState.COMPLETED]


def tuples(query: Any) -> Iterable[Row]:
    """The rows of a query as the driver has them: peewee would look at every value of each."""
    rows: Iterable[Row] = models.database.execute(query)
    return rows
