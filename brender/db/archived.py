"""What the database itself knows of archives: which jobs are in which file, and which numbers are taken.

How does this work?  A row of `archived` goes through the stages of `Stage`; what is begun and not done is ended by the
next `archive.Shelf.mend`.  `marks` keep the last numbers of jobs and orders, as rows that are taken out say no more.
"""

from enum import IntEnum
from typing import Any

from peewee import fn

from brender.db.models import ArchivedRow, JobRow, MarkRow, OrderRow
from brender.farm.archiving import Archived
from brender.farm.transitions import JobState


class Stage(IntEnum):
    WRITING = 0  # the file may not be whole; the job is in the farm
    CLEARING = 1  # the job is not in the farm any more; orders and logs of it may be left
    DONE = 2


def archived(*stages: Stage) -> list[Archived]:
    """The jobs in these stages; without any, all that are not in the farm."""
    columns = [getattr(ArchivedRow, name) for name in ("job", *Archived._fields[1:])]
    query: Any = ArchivedRow.select(*columns).where(ArchivedRow.stage.in_(stages or (Stage.CLEARING, Stage.DONE)))
    return [Archived(*row)._replace(state=JobState(row[2])) for row in query.order_by(ArchivedRow.job).tuples()]


def mark(name: str) -> int:
    """The last number of a kind that was taken when rows were taken out; 0 for none."""
    return int(MarkRow.select(MarkRow.number).where(MarkRow.name == name).scalar() or 0)


def mark_numbers(job: int = 0, order: int = 0) -> None:
    """The numbers that rows have now, and these, stay taken."""
    jobs = max(JobRow.select(fn.MAX(JobRow.id)).scalar() or 0, mark("job"), job)
    orders = max(OrderRow.select(fn.MAX(OrderRow.id)).scalar() or 0, mark("order"), order)
    for name, number in (("job", jobs), ("order", orders)):
        MarkRow.insert(name=name, number=number).on_conflict(
            conflict_target=[MarkRow.name], preserve=[MarkRow.number]
        ).execute()
