"""Takes things out of the database for good: jobs with all that is theirs, clients, saved views, people.

How does this work?  Each function is one transaction of the database's thread, and comes after all rows that were
queued before it.  Numbers stay taken: those of jobs, orders and views are marked, a client
leaves its name under its number.
"""

from collections.abc import Mapping, Sequence

from peewee import fn

from brender.db.archived import mark, mark_numbers
from brender.db.models import (
    AuditRow,
    ClientRow,
    DepartedRow,
    InvitationRow,
    JobRow,
    MarkRow,
    OrderRow,
    SessionRow,
    StepRow,
    SubmissionRow,
    TokenRow,
    UserRow,
    ViewRow,
)
from brender.db.rows import whole


def remove_jobs(jobs: Sequence[int]) -> None:
    """With their submissions, their steps and their orders."""
    mark_numbers()
    OrderRow.delete().where(OrderRow.job.in_(jobs)).execute()
    StepRow.delete().where(StepRow.job.in_(jobs)).execute()
    SubmissionRow.delete().where(SubmissionRow.job.in_(jobs)).execute()
    JobRow.delete().where(JobRow.id.in_(jobs)).execute()


def remove_clients(clients: Mapping[int, str], now: float) -> None:
    """Each with its name."""
    ClientRow.delete().where(ClientRow.id.in_(list(clients))).execute()
    rows = [{"client": number, "name": whole(name), "when": now} for number, name in clients.items()]
    DepartedRow.insert_many(rows).on_conflict_ignore().execute()  # a commit of which nobody heard is made again


def last_client() -> int:
    """The last number that a client has or had."""
    numbers = (ClientRow.select(fn.MAX(ClientRow.id)).scalar(), DepartedRow.select(fn.MAX(DepartedRow.client)).scalar())
    return max(number or 0 for number in numbers)


def remove_views(views: Sequence[int]) -> None:
    ViewRow.delete().where(ViewRow.id.in_(views)).execute()
    mark_last("view", views)


def remove_users(users: Sequence[str], tokens: Sequence[int]) -> None:
    """With their tokens and their sessions."""
    UserRow.delete().where(UserRow.name.in_(users)).execute()
    SessionRow.delete().where(SessionRow.user.in_(users)).execute()
    remove_tokens(tokens)


def remove_tokens(tokens: Sequence[int]) -> None:
    TokenRow.delete().where(TokenRow.id.in_(tokens)).execute()
    mark_last("token", tokens)


def remove_sessions(used: float, began: float) -> int:
    """Those that have ended, that nobody has used since, or that began before; how many they were."""
    over = (SessionRow.digest == "") | (SessionRow.used < used) | (SessionRow.began < began)
    return int(SessionRow.delete().where(over).execute())


def remove_invitations(invitations: Sequence[int]) -> None:
    InvitationRow.delete().where(InvitationRow.id.in_(invitations)).execute()
    mark_last("invitation", invitations)


def remove_audit(before: float) -> int:
    """Entries that are older; how many they were.  The newest stays: its number is taken."""
    newest = AuditRow.select(fn.MAX(AuditRow.id)).scalar() or 0
    return int(AuditRow.delete().where(AuditRow.when < before, AuditRow.id < newest).execute())


def mark_last(name: str, numbers: Sequence[int]) -> None:
    """These numbers stay taken."""
    last = max([mark(name), *numbers])
    MarkRow.insert(name=name, number=last).on_conflict(
        conflict_target=[MarkRow.name], preserve=[MarkRow.number]
    ).execute()
