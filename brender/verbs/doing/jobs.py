"""What can be done with jobs: handed in, looked at, changed, ended; their logs, and why they wait.

How does this work?  Each verb does its work for one job; `each` runs it for all that were chosen, which then share a
commit.  About a single job a refusal is raised; of many, each says its own in its outcome, and the others are done.
An outcome says whether its job was `changed`, or already was so.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from brender.farm.choosing import of_frames, of_numbers
from brender.farm.farm import Farm
from brender.farm.interfaces import FarmService, NotFound
from brender.farm.job import Job
from brender.farm.order import Order
from brender.farm.scheduling.why import why_job, why_tasks
from brender.farm.settings import JobSettings, says
from brender.farm.submission.problems import Problem, Refused, did_you_mean, shown
from brender.farm.transitions import NotNow
from brender.farm.views.things import JobView, what
from brender.verbs.filters import BadFilter
from brender.verbs.items.known import CLIENT, JOB
from brender.verbs.performing import chosen, none_chosen
from brender.verbs.said.given import partial, read, said
from brender.verbs.said.unfit import Unfit
from brender.verbs.verb import Call, Each, Given, Outcome, Verbs, Which, gone

JOB_VERBS = Verbs(JOB)

Text = Annotated[str, msgspec.Meta(max_length=512)]
JobChange = partial(JobSettings)


def each(work: Each) -> Callable[[Call], Awaitable[Sequence[Outcome]]]:
    """Do it to every job that was chosen."""

    async def run(call: Call) -> Sequence[Outcome]:
        if call.one:
            return [Outcome(job, await work(call, job)) for job in call.things]
        from twisted.internet.defer import Deferred, DeferredList  # noqa: PLC0415 (the command never comes here)

        waiting = [Deferred.fromCoroutine(outcome(call, job)) for job in call.things]
        done = await DeferredList(waiting, fireOnOneErrback=True, consumeErrors=True)
        return [result for _, result in done]

    async def outcome(call: Call, job: Job) -> Outcome:
        try:
            return Outcome(job, await work(call, job))
        except (NotNow, NotFound, Refused, Unfit) as refused:
            return Outcome(job, {"changed": False, "error": str(refused)})

    return run


# --- handed in


class Submission(Given, frozen=True):
    template: Annotated[dict[str, Any] | str, says("an object, a text in YAML or JSON, or the name of one")]
    values: Annotated[dict[str, Any] | str, says("of its parameters, or a bundle's file")] = msgspec.field(
        default_factory=dict
    )
    name: Annotated[Text, says("when it is not the template's own")] = ""
    folder: Annotated[str, says("the template's own, where its relative paths begin")] = ""
    settings: Annotated[dict[str, Any], says("any of the settings of a job")] = msgspec.field(default_factory=dict)
    priority: Annotated[int, says("the same as in settings")] | UnsetType = UNSET
    owner: Annotated[str, says("the same as in settings")] | UnsetType = UNSET


@JOB_VERBS("create", "Hand in a job: a template, and values.", which=Which.NONE, takes=Submission, makes=True)
async def create(call: Call) -> Sequence[Outcome]:
    wanted: Submission = call.given
    settings = settings_of(wanted)
    template, folder = await template_of(call.service, wanted)
    how: dict[str, Any] = {"name": wanted.name, "folder": folder, "settings": settings, "key": call.key}
    job = await call.service.submit(template, wanted.values, **how)
    return [Outcome(job)]


async def template_of(service: FarmService, wanted: Submission) -> tuple[dict[str, Any] | str, str]:
    """What was sent, or the template that it names; and its own folder."""
    template = wanted.template
    if isinstance(template, dict) or "\n" in template or template.lstrip().startswith("{"):
        return template, wanted.folder
    known = {each.name: each for each in await service.templates.all()}
    if (name := template.strip()) not in known:
        hint = did_you_mean(name, known)
        sentence = f'There is no template "{shown(template)}"; send a template\'s text, or an object.{hint}'
        raise Refused([Problem("template", sentence)])
    return known[name].text, wanted.folder or known[name].folder


def settings_of(wanted: Submission) -> dict[str, Any]:
    """What was said of the job's settings, in their own place or beside it."""
    settings = said(read(wanted.settings, JobChange, "settings", sets=JOB))
    for name, value in (("priority", wanted.priority), ("owner", wanted.owner)):
        if value is not UNSET and name in settings:
            raise Unfit(f"{name} is given twice; which of them is meant?", name)
        if value is not UNSET:
            settings[name] = value
    return settings


# --- looked at


class Detail(Given, frozen=True):
    orders: Annotated[int, msgspec.Meta(ge=0), says("only so many of its newest orders")] | None = None


@JOB_VERBS("show", "Show a job with its orders and what was handed in.", which=Which.ONE, takes=Detail, changes=False)
async def show(call: Call) -> Sequence[Outcome]:
    (job,) = call.things
    template, values = await call.service.submission_of(job.id)
    view = JOB.show(job, call.service.farm)  # before its orders: they may know more, never less
    now = standing(call, job, view)
    orders = list(await call.service.orders_of(job.id))
    if call.given.orders is not None:
        orders = orders[max(0, len(orders) - call.given.orders) :]
    return [Outcome(job, {"orders": orders, "template": template, "values": values, **now}, view)]


def standing(call: Call, job: Job, view: JobView) -> dict[str, Any]:
    """What runs of it, why it does not get on when it does not, and whom it avoids."""
    farm = call.service.farm
    stands = not job.finished and (not view.active or view.waits or view.wants_approval)
    return {
        "running": [task_running(order, job, farm) for order in job.orders.values() if order.running is not None],
        "why": why_job(farm, job, call.now) if stands else "",
        "avoided_names": names_of(farm, view.avoided),
    }


def task_running(order: Order, job: Job, farm: Farm) -> dict[str, Any]:
    step, client, task = job.steps[order.step], farm.clients[order.client], order.running
    assert task is not None
    return {"task": task, "what": what(step, task), "step": step.name, "client": client.name, "since": order.began}


def names_of(farm: Farm, clients: Iterable[int]) -> list[str]:
    return [farm.clients[client].name for client in clients if client in farm.clients]


class About(Given, frozen=True):
    frame: Annotated[int, says("about this frame")] | None = None
    task: Annotated[int, msgspec.Meta(ge=0), says("about this task, by its number")] | None = None
    step: Annotated[Text, says("the frame or the task of this step")] = ""

    def check(self) -> None:
        if self.frame is not None and self.task is not None:
            raise Refused([Problem("task", "Ask about a frame or about a task, not both.")])


@JOB_VERBS("why", "Say what a job or a frame waits for.", takes=About, changes=False, shows=False, bare="frame")
@each
async def why(call: Call, job: Job) -> Mapping[str, Any]:
    about, farm = call.given, call.service.farm
    if job.finished or (about.frame is None and about.task is None):
        return {"why": why_job(farm, job, call.now)}
    if about.task is not None:
        tasks = of_numbers(job, [about.task], about.step)
    else:
        tasks = of_frames(job, str(about.frame), about.step)
    return {"why": "\n".join(why_tasks(farm, job, tasks, call.now))}


class Lines(Given, frozen=True):
    task: Annotated[int, msgspec.Meta(ge=0), says("of this task only, by its number")] | None = None
    step: Annotated[str, says("of this step only, by its name")] | None = None
    order: Annotated[int, msgspec.Meta(ge=0), says("of this order only")] | None = None
    tail: Annotated[int, msgspec.Meta(ge=0, le=2**24), says("only the last so many bytes; 0 is all")] = 0


@JOB_VERBS(
    "log", "Give the log of a job.", which=Which.ONE, takes=Lines, changes=False, shows=False, bare="task",
    more="Tasks are counted from 0: the first frame of a job is its task 0.",
)  # fmt: skip
@each
async def log(call: Call, job: Job) -> Mapping[str, Any]:
    wanted: Lines = call.given
    text = await call.service.log_of(job.id, order=wanted.order, task=wanted.task, step=wanted.step, tail=wanted.tail)
    if not text:
        raise NotFound(no_log(job))
    return {"log": last_lines(text, wanted.tail) if wanted.tail else text}


def no_log(job: Job) -> str:
    if job.started is None:
        return f"Job {job.id} has not started: there is no log yet."
    return f"Job {job.id} has no log of that step, task or order."


def last_lines(text: str, most: int) -> str:
    """Whole lines from the end, at most so many bytes; of a longer line, its end."""
    body = text.encode("utf-8", "backslashreplace")
    if len(body) <= most:
        return text
    tail = body[-most:]
    cut = tail.find(b"\n", 0, -1)
    whole = tail[cut + 1 :] if cut >= 0 and body[-most - 1 : -most] != b"\n" else tail
    return whole.decode("utf-8", "ignore")


# --- changed


@JOB_VERBS("update", "Change settings of jobs, whatever their state.", takes=JobChange)
async def update(call: Call) -> Sequence[Outcome]:
    wanted = said(call.given)
    if not wanted:
        raise Unfit('Nothing is to be changed; say what is to be so, as in {"priority": 80}.')

    async def one(call: Call, job: Job) -> Mapping[str, Any]:
        return {"changed": await call.service.set_job(job.id, wanted)}

    return await each(one)(call)


@JOB_VERBS("cancel", "End jobs now; what is done of them stays.")
@each
async def cancel(call: Call, job: Job) -> Mapping[str, Any]:
    runs = running(job)
    changed = await call.service.cancel(job.id)
    return {"changed": changed, "stopped": runs if changed else 0}


@JOB_VERBS("pause", "Give out no more of jobs; what runs of them finishes.")
@each
async def pause(call: Call, job: Job) -> Mapping[str, Any]:
    changed = await call.service.pause(job.id)
    return {"changed": changed, "finishing": running(job)}


def running(job: Job) -> int:
    return sum(order.running is not None for order in job.orders.values())


@JOB_VERBS("resume", "Go on with paused jobs.")
@each
async def resume(call: Call, job: Job) -> Mapping[str, Any]:
    return {"changed": await call.service.resume(job.id)}


@JOB_VERBS("approve", "Let the rest of jobs follow their preview.")
@each
async def approve(call: Call, job: Job) -> Mapping[str, Any]:
    return {"changed": await call.service.approve(job.id)}


Filter = Annotated[str, msgspec.Meta(extra_json_schema={"format": "client-filter"})]


class Forgiving(Given, frozen=True):
    clients: Annotated[list[int] | Filter, says("only these, by id or filter; else all that it avoids")] | None = None


@JOB_VERBS(
    "forgive", "Let jobs go again to clients that failed them too often.", takes=Forgiving, bare="clients",
    more="CLIENTS is a filter of clients; without it all are forgiven.",
)  # fmt: skip
async def forgive(call: Call) -> Sequence[Outcome]:
    """The clients are looked up once, before any job: a wrong one is refused even where no job is chosen."""
    wanted = await clients_of(call)

    async def one(call: Call, job: Job) -> Mapping[str, Any]:
        found = await call.service.forgive(job.id, list(job.standing.avoided) if wanted is None else wanted)
        return {"changed": bool(found), "forgiven": found, "forgiven_names": names_of(call.service.farm, found)}

    return await each(one)(call)


async def clients_of(call: Call) -> list[int] | None:
    """The ids of the clients that are meant, None for all; raises `NotFound` where there are no such clients."""
    wanted, farm = call.given.clients, call.service.farm
    if isinstance(wanted, str):
        return await chosen_by(wanted, call)
    if unknown := [client for client in wanted or () if client not in farm.clients]:
        raise NotFound(f"There is no client {unknown[0]}.")
    return list(wanted) if wanted is not None else None


async def chosen_by(text: str, call: Call) -> list[int]:
    """The ids of the clients that a filter chooses; raises `NotFound` when there are none."""
    farm, everyone = call.service.farm, await CLIENT.things(call.service, None)
    try:
        found = [client.id for client in chosen(CLIENT, farm, everyone, text, call.now)]
    except BadFilter as bad:
        raise Unfit(f"clients: {bad}", "clients") from None
    if not found:
        raise NotFound(none_chosen(CLIENT, farm, everyone, text, call.now))
    return found


# --- in the database


@JOB_VERBS(
    "save", "Wait until everything so far is safe in the database.",
    which=Which.NONE, changes=False, sent=True, shows=False,
    more="A change is answered when it is there; this waits for what workers have said too.",
)  # fmt: skip
async def save(call: Call) -> Sequence[Outcome]:
    return [Outcome(None, {"saved": await call.service.save()})]


# --- deleted


@JOB_VERBS(
    "delete", "Delete jobs with their orders and logs, for good; what runs of them is ended.",
    more="One that has not ended is canceled, and goes as soon as clients have ended what they run of it.\n"
    "To keep jobs that have ended in a file instead: archive.",
)  # fmt: skip
async def delete(call: Call) -> Sequence[Outcome]:
    before = {job.id for job in call.things if job.standing.deleted}
    stay = await call.service.delete_jobs(call.things)
    return [deleted(each, each.thing.id in before, call.service.farm) for each in gone(call, stay)]


def deleted(outcome: Outcome, before: bool, farm: Farm) -> Outcome:
    """With whether it is gone now; else it goes as soon as clients have ended what they run of it."""
    if "error" in outcome.more:
        return outcome
    return Outcome(outcome.thing, {"changed": not before, "deleted": outcome.thing.id not in farm.jobs})
