"""What people are told of jobs that they look at.

How does this work?  Each function makes the words from rows.  What may be long (a list of jobs, a log) is shown from
its newest end, and the answer says what was left out.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from brender.farm.failures.reasons import FailureView
from brender.farm.views.things import JobView, StepView, TimeView
from brender.verbs.doing.job_failures import Excerpt
from brender.verbs.performing import Row
from brender.verbs.said.words import listed as in_words
from brender.verbs.tables import Column, age, count, cut, duration, percent, table, visible
from brender.verbs.telling.lists import none_found, page_told
from brender.verbs.telling.sentences import names, some
from brender.verbs.telling.settings import what_was_set
from brender.verbs.telling.told import Told

RUNNING_SHOWN = 20
LINES = 20  # sentences about as many jobs
LOG_LINES = 200
LOG_WIDTH = 1000  # characters of a line
EMPTY = "No jobs yet; submit hands one in."

JOBS = (
    Column("id", right=True),
    Column("name", gives=True),
    Column("owner", gives=True),
    Column("priority", right=True),
    Column("state"),
    Column("done", right=True),
    Column("", right=True),
    Column("left", right=True),
    Column("age", right=True),
)

STEPS = (
    Column("step", gives=True),
    *(Column(title, right=True) for title in ("tasks", "waiting", "ready", "active", "done", "failed", "canceled")),
)

RUNNING = (
    Column("running", gives=True),
    Column("step", gives=True),
    Column("client", gives=True),
    Column("for", right=True),
)


def named(job: JobView) -> str:
    """ "Job 4 shot_010", with a name that leaves room for what is said of it."""
    return f"Job {job.id} {cut(visible(job.name), 40)}"


# --- looking


def listed(told: Told) -> str:
    if not told.rows:
        return none_found(told, EMPTY)
    return "\n".join([table(JOBS, [row(job, told.now) for job in told.views], told.width), *page_told(told)])


def row(job: JobView, now: float) -> tuple[str, ...]:
    return (
        str(job.id),
        job.name,
        job.owner,
        str(job.priority),
        job.state,
        f"{job.completed:,}/{job.tasks:,}",
        percent(100 * job.completed / job.tasks) if job.tasks else "",
        duration(job.seconds_left) if job.seconds_left is not None else "",
        age(now - job.submitted),
    )


def shown(told: Told) -> str:
    job, more = told.only.view, told.only.more
    parts = [headline(job, told.now), *troubles(job), *standing(job, more)]
    parts += what_was_set(job.settings, told.zone, without=("priority", "owner"))
    parts.append(steps(job.steps, told))
    running = [running_row(task, told.now) for task in more.get("running", ())]
    if running:
        parts.append(table(RUNNING, running[:RUNNING_SHOWN], told.width))
    if len(running) > RUNNING_SHOWN:
        parts.append(f"{count(len(running) - RUNNING_SHOWN, 'more task')} run too.")
    return "\n".join(parts)


def headline(job: JobView, now: float) -> str:
    """ "Job 4 shot_010: active, 15 of 24 tasks done, 0.4 s a task, 4 s left; priority 50, of ada"."""
    facts = [job.state, f"{job.completed:,} of {count(job.tasks, 'task')} done"]
    if job.seconds_a_task is not None:
        facts.append(f"{duration(job.seconds_a_task)} a task")
    if job.seconds_left is not None:
        facts.append(f"{duration(job.seconds_left)} left{spread(job)}")
    if job.ended is not None:
        took = f" after {duration(job.ended - job.started)}" if job.started is not None else ""
        facts.append(f"ended {age(now - job.ended)} ago{took}")
    owner = f", of {job.owner}" if job.owner else ""
    return f"{named(job)}: {', '.join(facts)}; priority {job.priority}{owner}"


def spread(job: JobView | TimeView) -> str:
    """ " (20 s to 31 s)": in eight cases of ten; nothing where that says no more."""
    bounds = [duration(bound) for bound in (job.seconds_left_early, job.seconds_left_late) if bound is not None]
    return f" ({' to '.join(bounds)})" if len(set(bounds)) > 1 else ""


def troubles(job: JobView) -> list[str]:
    reason = [f"Failed: {job.reason}"] if job.reason else []
    stale = [step.name for step in job.steps if step.stale]
    old = [f"Stale: {in_words(stale)}, made from tasks that were run again since."] if stale else []
    return [*reason, *(f"Warning: {warning}" for warning in job.warnings), *old]


def standing(job: JobView, more: Mapping[str, Any]) -> list[str]:
    """Why it does not get on, when it does not; and which clients it avoids."""
    avoided = more.get("avoided_names", ())
    failed = f"{names(avoided)} failed it too often; forgive {job.id} lets it go there again." if avoided else ""
    return [said for said in (more.get("why", ""), failed) if said]


def steps(found: Sequence[StepView], told: Told) -> str:
    return table(STEPS, [step_row(step) for step in found], told.width)


def step_row(step: StepView) -> tuple[str, ...]:
    numbers = (step.tasks, step.waiting, step.ready, step.active, step.completed, step.failed, step.canceled)
    return (step.name, *(f"{number:,}" for number in numbers))


def running_row(task: Mapping[str, Any], now: float) -> tuple[str, ...]:
    return task["what"], task["step"], task["client"], age(now - task["since"]) if task["since"] else ""


def steps_listed(told: Told) -> str:
    return steps(told.views, told) if told.rows else none_found(told)


def told_of(row: Row, one: Callable[[Row], str]) -> str:
    return str(row.more["error"]) if "error" in row.more else one(row)


def why(told: Told) -> str:
    if not told.rows:
        return none_found(told, EMPTY)
    return "\n".join(some([told_of(row, lambda row: row.more["why"]) for row in told.rows], LINES, "more match."))


def failures(told: Told) -> str:
    """For each job what failed, and where that can be read."""
    return "\n".join(line for row in told.rows for line in failures_of(row)) or none_found(told, EMPTY)


def failures_of(row: Row) -> Iterator[str]:
    found = msgspec.convert(row.more["failures"], list[FailureView], from_attributes=True)
    if not found:
        yield f"No task of job {row.more['id']} has failed."
    for each in found[:LINES]:
        where = shortened("; ".join(f"{step} {tasks}" for step, tasks in each.which.items()))
        yield f"{each.tasks:,} {'task' if each.tasks == 1 else 'tasks'} of job {row.more['id']} ({where}): {each.did}"
        yield f"  {shortened(each.line)}"
        yield f"  On {names(each.clients)}; the log of order {each.order} shows it."


def excerpt(told: Told) -> str:
    found = msgspec.convert(told.only.more["excerpt"], Excerpt, from_attributes=True)
    lines = [shortened(line) for line in found.text.splitlines()]
    if found.error is not None:
        lines.append(f"[The first error of the log begins at {found.error:,}.]")
    return "\n".join([*lines, f"[{found.begin:,} to {found.end:,} of {found.size:,} bytes.]"])


def log(told: Told) -> str:
    lines = told.only.more["log"].splitlines()
    shown = [shortened(line) for line in lines[-LOG_LINES:]]
    if len(lines) <= LOG_LINES:
        return "\n".join(shown)
    left_out = f"The last {LOG_LINES} of {len(lines):,} lines; brender log {told.only.more['id']} shows all."
    return "\n".join([*shown, left_out])


def shortened(line: str) -> str:
    """A line of a log with a length that a person can read."""
    return line[:LOG_WIDTH].expandtabs() + ("…" if len(line) > LOG_WIDTH else "")


ABOUT_JOBS = {
    "read": listed,
    "show": shown,
    "why": why,
    "failures": failures,
    "excerpt": excerpt,
    "log": log,
}
