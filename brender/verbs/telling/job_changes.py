"""What people are told of what was done with jobs: handed in, paused, canceled, run again.

How does this work?  Of one job a sentence says all that matters; of many, they are counted, and what was refused has
its own sentence.  A change that was so already is no mistake: the answer says that it was.
"""

from collections.abc import Callable, Mapping, Sequence

from brender.farm.job import WHEN_ENDED
from brender.verbs.performing import Row
from brender.verbs.said.values import quoted
from brender.verbs.said.words import listed as in_words
from brender.verbs.tables import count
from brender.verbs.telling.jobs import EMPTY, LINES, named, told_of, troubles
from brender.verbs.telling.lists import none_found
from brender.verbs.telling.sentences import Predicate, as_number, counted, names, refused, some
from brender.verbs.telling.settings import set_told
from brender.verbs.telling.told import Told

WITH_DEPENDENTS = "--with-dependents"


def created(told: Told) -> str:
    job = told.only.view
    several = f" in {count(len(job.steps), 'step')}" if len(job.steps) > 1 else ""
    taken_in = f"{named(job)}: {count(job.tasks, 'task')}{several}, priority {job.priority}."
    return "\n".join([taken_in, *troubles(job)])


def change(one: Callable[[Row], str], predicate: Predicate) -> Callable[[Told], str]:
    """Of one job a sentence; of several, how many."""

    def tell(told: Told) -> str:
        if not told.rows:
            return none_found(told, EMPTY)
        if len(told.rows) == 1:
            return told_of(told.only, one)
        return "\n".join([counted("job", told.rows, as_number, predicate), *refused(told.rows)])

    return tell


def canceled(row: Row) -> str:
    job = row.view
    if not row.more["changed"]:
        return f"{named(job)} already was canceled."
    stopped = row.more["stopped"]
    ended = f" {count(stopped, 'task')} that ran {'is' if stopped == 1 else 'are'} ended." if stopped else ""
    return f"{named(job)} is now canceled; {job.completed:,} of {count(job.tasks, 'task')} had been done.{ended}"


def paused(row: Row) -> str:
    if not row.more["changed"]:
        return f"{named(row.view)} already was paused."
    runs = row.more["finishing"]
    first = f" {count(runs, 'task')} {'finishes' if runs == 1 else 'finish'} first." if runs else ""
    return f"{named(row.view)} is now paused.{first}"


def resumed(row: Row) -> str:
    job = row.view
    goes_on = "goes on" if row.more["changed"] else "was not paused"
    return f"{named(job)} {goes_on}: {job.tasks - job.completed:,} of {count(job.tasks, 'task')} are to do."


def approved(row: Row) -> str:
    if row.more["changed"]:
        return f"{named(row.view)} is approved; the rest of it follows."
    return f"{named(row.view)} waits for no approval."


def updated(told: Told) -> str:
    if not told.rows:
        return none_found(told, EMPTY)
    if len(told.rows) == 1:
        return told_of(told.only, lambda _: set_told(told, named))
    return "\n".join([set_told(told, as_number), *refused(told.rows)])


def each(one: Callable[[Row], str]) -> Callable[[Told], str]:
    """A sentence for each job."""

    def tell(told: Told) -> str:
        lines = [told_of(row, one) for row in told.rows]
        return "\n".join(some(lines, LINES, "more jobs.")) if lines else none_found(told, EMPTY)

    return tell


def forgiven(row: Row) -> str:
    clients = row.more["forgiven_names"]
    return f"{named(row.view)} {f'may go to {names(clients)} again' if clients else 'avoids none of them'}."


def again(row: Row) -> str:
    if not row.more["changed"]:
        return f"{named(row.view)}: nothing of that has ended; nothing runs again."
    return f"{named(row.view)}: {by_step(row.more['again'])}.{stale(row.more['stale'])}"


def by_step(again: Mapping[str, int]) -> str:
    """ "5 tasks run again (3 of Render and 2 of Comp)"."""
    total = sum(again.values())
    parts = f" ({in_words(f'{number:,} of {step}' for step, number in again.items())})" if len(again) > 1 else ""
    return f"{count(total, 'task')} {'runs' if total == 1 else 'run'} again{parts}"


def stale(found: Sequence[str]) -> str:
    if not found:
        return ""
    verb = "was" if len(found) == 1 else "were"
    again = f"requeue with {WITH_DEPENDENTS} runs that again too."
    return f" {in_words(found)} {verb} done before and may be stale; {again}"


def added(row: Row) -> str:
    number = row.more["added"]
    return f"{named(row.view)}: {count(number, 'task')} {'is' if number == 1 else 'are'} added."


def revised(told: Told) -> str:
    words = in_words(f"{key}={quoted(str(value))}" for key, value in told.given.values.items())
    changed = told.only.more["changed"]
    after = ", for tasks that are given out from now on" if changed else ""
    return f"{named(told.only.view)} {'now has' if changed else 'already had'} {words}{after}."


def deleted(told: Told) -> str:
    """Of one job a sentence; of several, which are gone and which go in a moment."""
    if not told.rows:
        return none_found(told, EMPTY)
    if len(told.rows) == 1:
        return told_of(told.only, deleted_one)
    done = [row for row in told.rows if "error" not in row.more]
    gone = [as_number(row.view) for row in done if row.more["deleted"]]
    leaving = [as_number(row.view) for row in done if not row.more["deleted"]]
    parts = [f"{names(gone)} {'is' if len(gone) == 1 else 'are'} deleted"] if gone else []
    parts += [f"{names(leaving)} {'goes' if len(leaving) == 1 else 'go'} {WHEN_ENDED}"] if leaving else []
    told_of_all = ", ".join(parts) or "nothing was changed"
    return "\n".join([f"{count(len(told.rows), 'job')}: {told_of_all}.", *refused(told.rows)])


def deleted_one(row: Row) -> str:
    if row.more["deleted"]:
        return f"{named(row.view)} is deleted."
    how = "is canceled, and" if row.view.state == "canceled" else "has ended, and"
    return f"{named(row.view)} {how} is deleted {WHEN_ENDED}."


def saved(told: Told) -> str:
    return f"Saved: {count(told.only.more['saved'], 'write')} so far, and all of them are in the database."


CANCELED = Predicate("is now canceled", "are now canceled", "already was", "already were", " canceled")
PAUSED = Predicate("is now paused", "are now paused", "already was", "already were", " paused")
RESUMED = Predicate("goes on", "go on", "was not paused", "were not paused")
APPROVED = Predicate("is approved", "are approved", "waits for no approval", "wait for no approval")

CHANGES_OF_JOBS = {
    "create": created,
    "cancel": change(canceled, CANCELED),
    "pause": change(paused, PAUSED),
    "resume": change(resumed, RESUMED),
    "approve": change(approved, APPROVED),
    "update": updated,
    "save": saved,
    "delete": deleted,
    "forgive": each(forgiven),
    "retry": each(again),
    "requeue": each(again),
    "add": each(added),
    "revise": revised,
}
