"""The verbs about jobs: hand one in, look at it, end it, read its log.

How does this work?  `job_of` finds the job that a word names; everything else is wording.  What may be long (a list
of jobs, a log) is shown from its newest end, and the answer says what was left out.  A change that was so
already is no mistake: the answer says that it was.
"""

from collections.abc import Sequence
from textwrap import wrap

from brender.farm.archiving import no_job
from brender.farm.interfaces import FarmService, NotFound
from brender.farm.job import Job
from brender.farm.settings import JobSettings
from brender.farm.views import ClientView, JobView, StepView, TimeView, job_view
from brender.farm.why import why_job
from brender.protocols.client_verbs import names
from brender.protocols.client_verbs import views as client_views
from brender.protocols.submitting import Submission
from brender.protocols.tables import WIDTH, Column, age, count, cut, duration, percent, table, visible
from brender.protocols.values import settings_help, written
from brender.protocols.verbs import Asked, Verbs, WrongUse, one_word
from brender.protocols.words import listed

JOB_VERBS = Verbs()
JOBS_SHOWN = 40
RUNNING_SHOWN = 20
LOG_LINES = 200
LOG_WIDTH = 1000  # characters of a line

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


def job_of(service: FarmService, word: str) -> Job:
    """The job that a word names; raises `NotFound` with a sentence."""
    number = int(word[:20]) if word.isascii() and word.isdecimal() else None
    if number is None:
        raise WrongUse(f'"{word}" is not the id of a job: an id is a whole number, as jobs shows it.')
    if number not in service.farm.jobs:
        known = number in service.farm.archived
        raise NotFound(no_job(service.farm, number) if known else f"No job {number}; jobs lists them.")
    return service.farm.jobs[number]


def named(job: Job | JobView) -> str:
    """ "Job 4 shot_010", with a name that leaves room for what is said of it."""
    return f"Job {job.id} {cut(visible(job.name), 40)}"


def newest(service: FarmService) -> list[JobView]:
    return [job_view(job, service.farm) for _, job in sorted(service.farm.jobs.items(), reverse=True)[:JOBS_SHOWN]]


# --- looking


@JOB_VERBS("jobs", "List the jobs, newest first.")
async def jobs(asked: Asked) -> str:
    if asked.words:
        raise WrongUse(f"jobs lists them all; to look at one, say job {asked.words[0]}.")
    found = newest(asked.service)
    if not found:
        return "No jobs yet; submit hands one in."
    total = len(asked.service.farm.jobs)
    more = [f"The newest {JOBS_SHOWN} of {total:,} jobs."] if total > len(found) else []
    return "\n".join([table(JOBS, [job_row(job, asked.now) for job in found]), *more])


def job_row(job: JobView, now: float) -> tuple[str, ...]:
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


@JOB_VERBS("job ID", "Show a job: how far it is, what runs where, what failed.")
async def job(asked: Asked) -> str:
    found = job_of(asked.service, one_word(asked, "which job: job ID"))
    view = job_view(found, asked.service.farm)
    said = [headline(view, asked.now), *troubles(view), *waiting(asked, found, view), *chosen(asked, view)]
    parts = [*said, table(STEPS, [step_row(step) for step in view.steps])]
    now_running = running_rows(view.id, client_views(asked.service), asked.now)
    if now_running:
        parts.append(table(RUNNING, now_running[:RUNNING_SHOWN]))
    if len(now_running) > RUNNING_SHOWN:
        parts.append(f"{count(len(now_running) - RUNNING_SHOWN, 'more task')} run too.")
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


def troubles(job: JobView) -> list[str]:
    reason = [f"Failed: {job.reason}"] if job.reason else []
    stale = [step.name for step in job.steps if step.stale]
    old = [f"Stale: {listed(stale)}, made from tasks that were run again since."] if stale else []
    return [*reason, *(f"Warning: {warning}" for warning in job.warnings), *old]


def spread(job: JobView | TimeView) -> str:
    """ " (20 s to 31 s)": in eight cases of ten; nothing where that says no more."""
    bounds = [duration(bound) for bound in (job.seconds_left_early, job.seconds_left_late) if bound is not None]
    return f" ({' to '.join(bounds)})" if len(set(bounds)) > 1 else ""


def waiting(asked: Asked, job: Job, view: JobView) -> list[str]:
    """Why it does not get on, when it does not; and which clients it avoids."""
    farm = asked.service.farm
    stands = not job.finished and (not view.active or view.waits or view.wants_approval)
    avoided = [farm.clients[client].name for client in view.avoided if client in farm.clients]
    failed = f"{names(avoided)} failed it too often; forgive {job.id} lets it go there again." if avoided else ""
    return [*([why_job(farm, job, asked.now)] if stands else []), *([failed] if failed else [])]


def chosen(asked: Asked, job: JobView) -> list[str]:
    """What was set of it, besides what the headline says."""
    words = written(job.settings, asked.zone, without=("priority", "owner"))
    text = " ".join(["Set:", *words])
    return wrap(text, WIDTH - 1, subsequent_indent="  ", break_on_hyphens=False) if words else []


def step_row(step: StepView) -> tuple[str, ...]:
    numbers = (step.tasks, step.waiting, step.ready, step.active, step.completed, step.failed, step.canceled)
    return (step.name, *(f"{number:,}" for number in numbers))


def running_rows(job: int, clients: Sequence[ClientView], now: float) -> list[tuple[str, ...]]:
    return [
        (task.what, task.step, client.name, age(now - task.since) if task.since else "")
        for client in clients
        for task in client.running
        if task.job == job
    ]


@JOB_VERBS(
    "log ID [TASK]",
    "Show the end of a job's log, or of one task's.",
    "Tasks are counted from 0: the first frame of a job is its task 0.",
)
async def log(asked: Asked) -> str:
    if not 1 <= len(asked.words) <= 2:
        raise WrongUse("Say which job: log ID, or log ID TASK for one task of it.")
    found = job_of(asked.service, asked.words[0])
    task = task_number(asked.words[1]) if len(asked.words) == 2 else None
    lines = (await asked.service.log_of(found.id, task=task)).splitlines()
    if not lines:
        return f"Job {found.id} has no log yet."
    shown = [shortened(line) for line in lines[-LOG_LINES:]]
    if len(lines) <= LOG_LINES:
        return "\n".join(shown)
    left_out = f"The last {LOG_LINES} of {len(lines):,} lines; brender log {found.id} shows all."
    return "\n".join([*shown, left_out])


def shortened(line: str) -> str:
    """A line of a log with a length that a person can read."""
    return line[:LOG_WIDTH].expandtabs() + ("…" if len(line) > LOG_WIDTH else "")


def task_number(word: str) -> int:
    if not (word.isascii() and word.isdecimal()):
        raise WrongUse(f'"{word}" is not a task: tasks are counted from 0.')
    return int(word[:20])


# --- changing


@JOB_VERBS(
    "submit TEMPLATE [KEY=VALUE...]",
    "Hand in a job: a built-in template or a file, and values.",
    "  --name NAME              instead of the template's own\n"
    f"{settings_help(JobSettings, '--')}\n"
    "For example: submit blender Scene=/shots/a.blend Frames=1-250 --priority 60",
    refused="The job was not taken",
)
async def submit(asked: Asked) -> str:
    wanted = Submission.read(asked.words)
    taken = await asked.service.submit(
        wanted.template(),
        wanted.values,
        name=wanted.name,
        settings=wanted.settings(asked.zone),
        folder=wanted.folder,
    )
    view = job_view(taken, asked.service.farm)
    steps = f" in {count(len(view.steps), 'step')}" if len(view.steps) > 1 else ""
    taken_in = f"{named(view)}: {count(view.tasks, 'task')}{steps}, priority {view.priority}."
    return "\n".join([taken_in, *troubles(view)])


@JOB_VERBS("cancel ID", "End a job now; what is done of it stays.")
async def cancel(asked: Asked) -> str:
    found = job_of(asked.service, one_word(asked, "which job: cancel ID"))
    before = job_view(found, asked.service.farm)
    running = len(running_rows(found.id, client_views(asked.service), asked.now))
    if not await asked.service.cancel(found.id):
        return f"{named(found)} already was canceled."
    ended = f" {count(running, 'task')} that ran {'is' if running == 1 else 'are'} ended." if running else ""
    done = f"{before.completed:,} of {count(before.tasks, 'task')} had been done"
    return f"{named(found)} is now canceled; {done}.{ended}"


@JOB_VERBS("pause ID", "Give out no more of a job; what runs of it finishes.")
async def pause(asked: Asked) -> str:
    found = job_of(asked.service, one_word(asked, "which job: pause ID"))
    if not await asked.service.pause(found.id):
        return f"{named(found)} already was paused."
    running = len(running_rows(found.id, client_views(asked.service), asked.now))
    first = f" {count(running, 'task')} {'finishes' if running == 1 else 'finish'} first." if running else ""
    return f"{named(found)} is now paused.{first}"


@JOB_VERBS("resume ID", "Go on with a paused job.")
async def resume(asked: Asked) -> str:
    found = job_of(asked.service, one_word(asked, "which job: resume ID"))
    changed = await asked.service.resume(found.id)
    view = job_view(found, asked.service.farm)
    left = view.tasks - view.completed
    goes_on = "goes on" if changed else "was not paused"
    return f"{named(found)} {goes_on}: {left:,} of {count(view.tasks, 'task')} are to do."
