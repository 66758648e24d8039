"""The shelf: finished jobs in compressed JSON lines, which can be read again and put back.

How does this work?  `write` copies jobs to a file: a line for the job with its submission and steps, lines of up to
`PAGE` orders, a last line that says how many there were.  `drop` takes the jobs' rows out in one commit, and their
orders, which may be many, in small ones, so that the farm is never kept waiting; logs are moved beside the file.
Before a file is begun the database knows its name; a row is only taken out when the file is on the disk.  So `mend`,
which runs before anything else, ends what somebody was killed in: a file that was not done goes, and so do orders
that are left.
"""

import gzip
import os
import shutil
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from peewee import BlobField, Database, Field, fn
from twisted.internet.defer import Deferred

from brender.db.archived import Stage, archived, mark_numbers
from brender.db.models import ArchivedRow, JobRow, OrderRow, StepRow, SubmissionRow
from brender.db.rows import read_job, read_step
from brender.db.writer import Writer
from brender.farm.archiving import Archived
from brender.farm.interfaces import NotFound
from brender.farm.job import Job

PAGE = 500  # orders that are read, put back or taken out at once
MOST_ORDERS = 20_000  # in a file, unless one job has more
VERSION = 1  # of the lines

SINCE: dict[str, Any] = {"took": None, "cause": ""}  # columns of which older files do not speak

Line = dict[str, Any]
OF_JOB = ((JobRow, "id"), (SubmissionRow, "job"), (StepRow, "job"))


class Shelf:
    """`farm.interfaces.Shelf`.  `later` does things with files in a thread of their own; `logs` is a job's folder."""

    def __init__(
        self, writer: Writer, later: Callable[..., Deferred[Any]], folder: Path, logs: Callable[[int], Path]
    ) -> None:
        self._writer = writer
        self._later = later
        self._folder = folder
        self._logs = logs

    def path(self, file: str) -> Path:
        return self._folder / file  # a whole path stays what it is

    async def portion(self, jobs: Sequence[int]) -> list[int]:
        """The first of these jobs, as many as go into one file."""
        counts: dict[int, int] = dict(await self._writer.perform(lambda _: orders_in(jobs)))
        chosen: list[int] = []
        for job in jobs:
            if chosen and sum(counts.get(each, 0) for each in (*chosen, job)) > MOST_ORDERS:
                break
            chosen.append(job)
        return chosen

    async def write(self, jobs: Sequence[Job], folder: str, now: float) -> list[Archived]:
        """Copy them to a new file, which is on the disk then."""
        stem = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d}-jobs-{jobs[0].id}-{jobs[-1].id}"
        file = await self._later(free_name, self._folder, folder, stem)
        entries = [entry_of(job, file, now) for job in jobs]
        await self._writer.perform(lambda _: note(entries))
        out = await self._later(Out, self.path(file))
        try:
            for job in jobs:
                await self._copy(job.id, out)
            await self._later(out.finish)
        finally:
            await self._later(out.close)
        return entries

    async def _copy(self, job: int, out: "Out") -> None:
        await self._later(out.write, await self._writer.perform(lambda _: first_line(job)))
        last, count = 0, 0
        while page := await self._writer.perform(partial(orders_after, job, last)):
            await self._later(out.write, {"of": job, "orders": page})
            last, count = page[-1]["id"], count + len(page)
        await self._later(out.write, {"of": job, "end": count})

    async def drop(self, entries: Sequence[Archived], written: Sequence[Archived]) -> None:
        """Take the rows of these jobs out; what else was `written` has changed meanwhile, and stays."""
        jobs = [entry.id for entry in entries]
        stay = [entry.id for entry in written if entry.id not in jobs]
        await self._writer.perform(lambda _: take_out(jobs, stay))
        await self._clear(entries)

    async def _clear(self, entries: Sequence[Archived]) -> None:
        jobs = [entry.id for entry in entries]
        while await self._writer.perform(lambda _: take_out_orders(jobs)):
            pass
        for entry in entries:
            await self._later(move, self._logs(entry.id), self._logs_of(entry))
        await self._writer.perform(lambda _: set_stage(jobs, Stage.DONE))

    async def mend(self) -> None:
        """End what was begun when a server was killed."""
        unfinished = await self._writer.perform(lambda _: archived(Stage.WRITING))
        for file in {entry.file for entry in unfinished}:
            await self._later(remove, self.path(file))
        await self._writer.perform(lambda _: unnote([entry.id for entry in unfinished]))
        if left := await self._writer.perform(lambda _: archived(Stage.CLEARING)):
            await self._clear(left)

    async def lines(self, entry: Archived) -> list[Line]:
        """All that the file says of a job; raises `NotFound`."""
        lines: list[Line] = await self._later(lambda: list(lines_of(self.path(entry.file), entry.id)))
        return lines

    async def put_back(self, entry: Archived) -> Job:
        """The job, whose rows are in the database again; raises `NotFound` when the file cannot be read."""
        lines = await self._later(checked_lines, self.path(entry.file), entry.id)
        await self._writer.perform(lambda _: set_stage([entry.id], Stage.CLEARING))
        first: Line = {}
        while line := await self._later(next, lines, None):
            first = line if "job" in line else first
            if "orders" in line:
                await self._writer.perform(partial(insert_orders, line["orders"]))
        await self._later(move, self._logs_of(entry), self._logs(entry.id))
        job: Job = await self._writer.perform(partial(put_job_back, first))
        return job

    def _logs_of(self, entry: Archived) -> Path:
        path = self.path(entry.file)
        return path.with_name(path.name.partition(".")[0] + ".logs") / str(entry.id)


def entry_of(job: Job, file: str, now: float) -> Archived:
    return Archived(job.id, job.name, job.state, job.submitted, job.started, job.ended or 0.0, file, now)


# --- in the database's thread


def tuples(query: Any) -> Iterator[tuple[Any, ...]]:
    return iter(query.tuples())


def orders_in(jobs: Sequence[int]) -> list[tuple[int, int]]:
    query = OrderRow.select(OrderRow.job, fn.COUNT(OrderRow.id)).where(OrderRow.job.in_(jobs)).group_by(OrderRow.job)
    return list(tuples(query))


def note(entries: Sequence[Archived]) -> None:
    """The file is going to be written."""
    for entry in entries:
        named = {"job" if name == "id" else name: value for name, value in entry._asdict().items()}
        ArchivedRow.insert({**named, "state": entry.state.value, "stage": Stage.WRITING}).execute()


def unnote(jobs: Sequence[int]) -> None:
    ArchivedRow.delete().where(ArchivedRow.job.in_(jobs)).execute()


def set_stage(jobs: Sequence[int], stage: Stage) -> None:
    ArchivedRow.update(stage=stage).where(ArchivedRow.job.in_(jobs)).execute()


def first_line(job: int) -> Line:
    (row,), (submission,), steps = (named(model, getattr(model, key) == job) for model, key in OF_JOB)
    return {"job": row, "submission": submission, "steps": steps}


def orders_after(job: int, last: int, _: Database) -> list[Line]:
    return named(OrderRow, (OrderRow.job == job) & (OrderRow.id > last), PAGE)


def named(model: type[Any], which: Any, most: int | None = None) -> list[Line]:
    """Rows with the names of their columns, in the order of their keys."""
    query = model.select().where(which).order_by(*model._meta.get_primary_keys()).limit(most)
    return [dict(zip(model._meta.sorted_field_names, row, strict=True)) for row in tuples(query)]


def take_out(jobs: Sequence[int], stay: Sequence[int]) -> None:
    mark_numbers()
    for model, key in OF_JOB:
        model.delete().where(getattr(model, key).in_(jobs)).execute()
    set_stage(jobs, Stage.CLEARING)
    unnote(stay)


def take_out_orders(jobs: Sequence[int]) -> int:
    some = [row[0] for row in tuples(OrderRow.select(OrderRow.id).where(OrderRow.job.in_(jobs)).limit(PAGE))]
    return int(OrderRow.delete().where(OrderRow.id.in_(some)).execute()) if some else 0


def put_job_back(first: Line, database: Database) -> Job:
    insert(database, JobRow, [first["job"]])
    insert(database, SubmissionRow, [first["submission"]])
    insert(database, StepRow, first["steps"])
    unnote([first["job"]["id"]])
    job = read_job(tuple(first["job"][name] for name in JobRow._meta.sorted_field_names))
    steps = [SINCE | step for step in first["steps"]]
    job.past = [read_step(tuple(step[name] for name in StepRow._meta.sorted_field_names)) for step in steps]
    return job


def insert_orders(lines: Sequence[Line], database: Database) -> None:
    insert(database, OrderRow, lines)


def insert(database: Any, model: type[Any], lines: Sequence[Line]) -> None:
    """Without peewee's own way, which is slow enough to be felt by the reactor."""
    fields = model._meta.sorted_fields
    statement, _ = model.insert(dict.fromkeys(fields)).sql()
    rows = [[typed(field, line[field.name]) for field in fields] for line in (SINCE | each for each in lines)]
    database.cursor().executemany(statement, rows)


def typed(field: Field, value: Any) -> Any:
    """As the database wants it: bytes were written as text."""
    return b64decode(value) if isinstance(field, BlobField) and value is not None else value


# --- in the files' thread


class Out:
    """A new file, under another name until it is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._raw = path.with_name(f"{path.name}.part").open("wb")
        self._file = gzip.GzipFile(path.name.removesuffix(".gz"), "wb", 6, self._raw)
        self.write({"brender": "archive", "version": VERSION})

    def write(self, line: Line) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")

    def finish(self) -> None:
        self._file.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        os.replace(self._raw.name, self._path)
        sync_folder(self._path.parent)

    def close(self) -> None:
        self._raw.close()


def sync_folder(folder: Path) -> None:
    """What was renamed in it stays so after a power cut."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def free_name(own: Path, folder: str, stem: str) -> str:
    """A file that is not there yet: a name in the farm's own folder, or a whole path."""
    names = (f"{stem}{again}.jsonl.gz" for again in ("", *(f"-{number}" for number in range(2, 10_000))))
    return next(str(Path(folder) / name) for name in names if not (own / folder / name).exists())


def remove(path: Path) -> None:
    for each in (path, path.with_name(f"{path.name}.part")):
        each.unlink(missing_ok=True)


def lines_of(path: Path, job: int) -> Iterator[Line]:
    """What a file says of a job; raises `NotFound` when it is not there or not whole."""
    try:
        with gzip.open(path) as file:
            for text in file:
                line: Line = msgspec.json.decode(text)
                if line.get("of") == job or line.get("job", {}).get("id") == job:
                    yield line
                if line.get("of") == job and "end" in line:
                    return
    except (OSError, EOFError, ValueError) as error:
        raise NotFound(f"The archive {path} cannot be read: {error}.") from error
    raise NotFound(f"The archive {path} does not have job {job}.")


def checked_lines(path: Path, job: int) -> Iterator[Line]:
    """The same again and again, once it is known that all are there."""
    counted = 0
    for line in lines_of(path, job):
        counted += len(line.get("orders", ()))
        if line.get("end", counted) != counted:
            raise NotFound(f"The archive {path} is not whole: job {job} had {line['end']} orders, and has {counted}.")
    return lines_of(path, job)


def move(source: Path, target: Path) -> None:
    """Move a folder of files; one that was moved in part before is moved to its end."""
    if not source.is_dir():
        return
    target.mkdir(parents=True, exist_ok=True)
    for file in source.iterdir():
        part = target / f"{file.name}.part"
        shutil.move(file, part)
        part.replace(target / file.name)
    source.rmdir()
