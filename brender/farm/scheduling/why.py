"""Why something waits: one true sentence, told by the rules that decide.

How does this work?  `why_job`, `why_task` and `why_client` ask the functions that decide, in the order in which they
are asked when work is given out (gate, approval, rest, `verdict`, whether the client works, `avoided`,
`leaves`, `room`, and last whose turn it is), and tell the first that said no.  None has a rule of its own.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence

from brender.farm.choosing import Chosen
from brender.farm.client import RuntimeClient, Status
from brender.farm.failures.failing import avoided, leaves
from brender.farm.farm import Farm
from brender.farm.job import Job, Step
from brender.farm.machines import power, presence
from brender.farm.people import joining
from brender.farm.scheduling import when
from brender.farm.scheduling.matching import keeps_free_for
from brender.farm.scheduling.picking import next_task
from brender.farm.scheduling.requirements import Requirements, least, shown_amount
from brender.farm.scheduling.shape import licence, space, verdict
from brender.farm.scheduling.windows import Hours, zone_of
from brender.farm.transitions import FINISHED_TASK, JobState, TaskState
from brender.farm.views.things import what

WORDS = re.compile(r"offline|disabled|leaving|asleep|in use|held|switched off|unwell")


def why_job(farm: Farm, job: Job, now: float) -> str:
    """What a job waits for, or what it does."""
    name = f"Job {job.id}"
    if job.finished:
        return f"{name} {became(job)}."
    running = sum(step.counts[TaskState.ACTIVE] for step in job.steps)
    if job.state is JobState.PAUSED or job.gate:
        waits = f"waits, but for {running:,} of its tasks that clients have" if running else "waits"
        return f"{name} {waits}: {job.gate or f'it is paused; resume {job.id} lets it go on'}."
    for step in job.steps:
        if step.counts[TaskState.READY]:
            obstacle = obstacle_of(farm, step, next(step.tasks.ready()), now)
            has = f"has {running:,} of its tasks on clients; the others wait" if running else "waits"
            return f"{name} {has}: {obstacle}."
    if running:
        return f"{name} has {running:,} of its tasks on clients, and no other is ready."
    waiting = next(step for step in job.steps if step.unfinished)
    return f"{name} waits: {waits_for(farm, waiting, bytes(waiting.tasks).find(TaskState.WAITING))}."


def became(job: Job) -> str:
    """How a job has ended."""
    if job.state is JobState.FAILED:
        return f"has failed: {job.reason.rstrip('.')}" if job.reason else "has failed"
    canceled = sum(step.counts[TaskState.CANCELED] for step in job.past)
    if not canceled:
        return f"is {job.state}"
    total = sum(sum(step.counts) for step in job.past)
    return f"is {job.state}: {canceled:,} of its {total:,} tasks {'was' if canceled == 1 else 'were'} canceled"


def why_task(farm: Farm, step: Step, task: int, named: str, now: float) -> str:
    """What a task waits for, or what became of it; `named` is the task for people: "Frame 12"."""
    state = step.tasks[task]
    if state is TaskState.ACTIVE:
        return whereabouts(farm, step, task, named)
    if state in FINISHED_TASK:
        return f"{named} has failed." if state is TaskState.FAILED else f"{named} is {state.name.lower()}."
    if step.job.state is JobState.PAUSED:
        obstacle = f"its job is paused; resume {step.job.id} lets it go on"
    elif step.job.gate:
        obstacle = f"its job {step.job.gate.removeprefix('it ')}"
    elif state is TaskState.WAITING:
        obstacle = waits_for(farm, step, task)
    else:
        obstacle = obstacle_of(farm, step, task, now)
    return f"{named} waits: {obstacle}."


def why_tasks(farm: Farm, job: Job, chosen: Chosen, now: float) -> list[str]:
    """The same for some tasks of a job, each with its name: "Frame 12", or "Frame 12 of Comp" among several steps."""
    several = len(chosen) > 1
    return [
        why_task(farm, step, task, what(step, task).capitalize() + (f" of {step.name}" if several else ""), now)
        for index, tasks in chosen.items()
        for step in [job.steps[index]]
        for task in tasks
    ]


def whereabouts(farm: Farm, step: Step, task: int, named: str) -> str:
    """Which client has a task."""
    orders = [order for order in step.job.orders.values() if order.step == step.index and order.holds(task)]
    names = " and ".join(farm.clients[order.client].name for order in orders)
    if not any(farm.clients[order.client].online for order in orders):
        return f"{named} was on {names}, which is away."
    if any(order.running == task or (order.together and order.running is not None) for order in orders):
        return f"{named} runs on {names}."
    others = (other for order in orders for other in farm.clients[order.client].orders.values())
    if any(other.running is not None for other in others):
        return f"{named} waits on {names}, behind what runs there."
    return f"{named} has been given to {names} and is to begin there."


def why_client(farm: Farm, client: RuntimeClient, now: float) -> str:
    """Why a client has nothing to do, or what it does."""
    running = [order for order in client.orders.values() if order.running is not None]
    if running and client.online:
        used = min(client.used, client.slots)
        slots = f"{used} of its {client.slots} slots" if client.slots > 1 else "its only slot"
        return f"{client.name} runs {len(running)} {'task' if len(running) == 1 else 'tasks'}, on {slots}."
    if reason := resting(farm, client, now):
        return f"{client.name} {reason}."
    if client.orders:
        return f"{client.name} has been given an order and begins it."
    if not farm.queue:
        held = next((job for job in farm.jobs.unfinished() for step in job.steps if step.counts[TaskState.READY]), None)
        told = f"{client.name} is idle: {nothing_to_give(farm, held, now) if held else 'no job has a task ready'}."
        return f"{told} It is not switched off: {client.power.stays}." if client.power.stays else told
    reasons = Counter(verdict(client, step.shape) or obstacle_there(farm, step, client) for step in farm.queue)
    (reason, times), *_ = reasons.most_common(1)
    steps = "the only step that is ready" if len(farm.queue) == 1 else f"{times:,} of {len(farm.queue):,} ready steps"
    return f"{client.name} is idle: {steps}: {reason}."


def nothing_to_give(farm: Farm, job: Job, now: float) -> str:
    """Tasks are ready, and none may be ordered now: of one of their jobs, why."""
    return f"no task may begin now; {why_job(farm, job, now).rstrip('.').removeprefix('Job ').join(['job ', ''])}"


def resting(farm: Farm, client: RuntimeClient, now: float) -> str:
    """Why the client is given nothing at all; "" when it works."""
    if client.power.off:
        wakes = ", and is woken for work" if client.settings.wake else ""
        return f"is switched off to save power{wakes}"
    if not client.online:
        shut_out = " and is shut out: its certificate was revoked" if joining.is_shut_out(farm, client) else ""
        return f"has been offline since {when.clock(client.since, now, zone_of(farm.settings.zone))}{shut_out}"
    if client.status is Status.DISABLED:
        return f"is disabled; enable {client.name} lets it work"
    if client.leaving or client.unwell:
        return "is leaving, and finishes what it runs" if client.leaving else f"is unwell: {client.unwell}"
    if client.asleep:
        zone = when.zone_for(farm, client)
        until = Hours.read(client.settings.sleeps).next_change(now, zone)
        return "is asleep" + (f" until {when.clock(until, now, zone)}" if until else "")
    return presence.in_use(client, now) if client.occupied else ""


# --- of a step and a task that is ready


def obstacle_of(farm: Farm, step: Step, task: int, now: float) -> str:
    """What keeps a ready task of a job that may run from being ordered."""
    if step.resting:
        return f"it rests for another {max(0.0, step.rests_until - now):,.0f} s: {step.resting}"
    if step.wants_approval:
        return f"its preview of {step.job.settings.preview} is out; approve {step.job.id} lets the rest follow"
    if not farm.clients:
        return "no client has ever connected; brender worker on a machine makes it one"
    able = [client for client in farm.clients.values() if verdict(client, step.shape) is None]
    if not able:
        return nobody(farm, step)
    working = [client for client in able if client.works]
    obstacle = nobody_has_room(farm, step, task, working) if working else nobody_works(farm, able, now)
    woken = power.told(able, now)
    return f"{obstacle}; {woken}" if woken else obstacle


def nobody(farm: Farm, step: Step) -> str:
    """No client could ever run it: what comes nearest?"""
    pool = step.shape.pool
    there = [client for client in farm.clients.values() if not pool or pool in client.settings.pools]
    if not there:
        return f"it needs a client of pool {pool}, and none is in it"
    within = [client for client in there if client.works] or there
    online, in_pool = "online " if within[0].works else "", f" in pool {pool}" if pool else ""
    if lacking := most_of(within, step.requires):
        return f"it needs {lacking[0]}; the largest {online}client{in_pool} {lacking[1]}"
    reasons = Counter(verdict(client, step.shape) for client in within)
    (reason, _), *_ = reasons.most_common(1)
    if len(within) == 1:
        return f"the only {online}client{in_pool} is {within[0].name}, and {of_client(reason, within[0])}"
    one = next(client for client in within if verdict(client, step.shape) == reason)
    return f"none of the {len(within)} {online}clients{in_pool} can run it; of {one.name}: {of_client(reason, one)}"


def of_client(reason: str | None, client: RuntimeClient) -> str:
    """A verdict where it is not plain of whom it speaks."""
    return (reason or "").replace("this client", client.name)


def most_of(clients: Sequence[RuntimeClient], requires: Requirements) -> tuple[str, str] | None:
    """The first amount that no client has enough of, and who has most of it."""
    for name, amount in least(requires):
        best = max(clients, key=lambda client: client.capacity(name))
        if best.capacity(name) < amount:
            has = shown_amount(name, best.capacity(name)).split(" of ")[0] if best.capacity(name) else "none"
            return shown_amount(name, amount), f"is {best.name} with {has}"
    return None


def nobody_works(farm: Farm, able: Sequence[RuntimeClient], now: float) -> str:
    if len(able) == 1:
        return f"{able[0].name}, the only client that can run it, {resting(farm, able[0], now)}"
    reasons = Counter(WORDS.search(resting(farm, client, now))[0] for client in able)  # type: ignore[index]
    told = ", ".join(f"{number:,} {reason}" for reason, number in reasons.most_common())
    return f"none of the {len(able):,} clients that can run it works now: {told}"


def nobody_has_room(farm: Farm, step: Step, task: int, working: Sequence[RuntimeClient]) -> str:
    """All who could run it have something else to do, or should leave it to others."""
    kinds: tuple[Callable[[RuntimeClient], str | None], ...] = (
        lambda client: licence(client, step.shape, 1, farm.counted) if step.shape.limits else None,
        lambda client: obstacle_there(farm, step, client, task),
    )
    for kind in kinds:
        reasons = Counter(kind(client) for client in working)
        (reason, number), *_ = reasons.most_common(1)
        if reason is not None and number == len(working):
            return reason if kind is kinds[0] or len(working) > 1 else f"{working[0].name}: {reason}"
    told: dict[str, str] = {}
    for client in working:
        told.setdefault(obstacle_there(farm, step, client, task), client.name)
    some = "; ".join(f"on {name}, {reason}" for reason, name in list(told.items())[:3])
    return f"none of the {len(working):,} clients that can run it may begin it now: {some}"


def obstacle_there(farm: Farm, step: Step, client: RuntimeClient, task: int | None = None) -> str:
    """Why a client that could run the step does not do so now."""
    if avoided(farm, step, client.id):
        return "the job failed there too often, and others can run it"
    if task is not None and leaves(farm, step, task, client.id):
        return "it has failed there, and others can run it"
    if taken := space(client, step.shape, 1):
        work = busy_with(farm, step, client)
        return work if work and taken == "its slots are taken" else f"{taken}; {work}" if work else taken
    return kept_from(farm, step, client) or "it is next there"


def kept_from(farm: Farm, step: Step, client: RuntimeClient) -> str:
    """Why a client with room does not begin the step; "" when it is next there."""
    if held := step.shape.limits and licence(client, step.shape, 1, farm.counted):
        return held
    kept = keeps_free_for(farm, client)
    if kept and kept is not step and kept.job.priority >= step.job.priority:
        return f"it is kept free for job {kept.job.id}, which needs more room there"
    if next_task(farm, step, client) is None:
        return "what is ready of it has failed there, and others can run it"
    return ""


def busy_with(farm: Farm, step: Step, client: RuntimeClient) -> str:
    """What is there instead, of a client that is full: what runs, or what waits for more room than there is."""
    begun = [order for order in client.orders.values() if order.running is not None]
    full = sum(order.cost for order in begun) + step.shape.cost(client) > client.slots
    others = begun if full else [order for order in client.orders.values() if order.running is None]
    first = max((farm.jobs[order.job] for order in others), key=lambda job: job.priority, default=None)
    if first is None:
        return ""
    runs, run = ("runs", "run") if full else ("is to begin", "are to begin")
    if first is step.job:
        return f"other tasks of the same job {run} there"
    if first.priority > step.job.priority:
        return f"jobs of higher priority {run} there, such as job {first.id}"
    if first.owner != step.job.owner:
        return f"jobs of {first.owner or 'others'} {run} there, such as job {first.id}; its turn comes by share and age"
    older = first.id < step.job.id
    return f"older work {runs} there, such as job {first.id}" if older else f"job {first.id} {runs} there"


# --- of a task that is not ready


def waits_for(farm: Farm, step: Step, task: int) -> str:
    for index in step.plan.depends_on:
        before = step.job.steps[index]
        if not before.completed:
            done, total = before.counts[TaskState.COMPLETED], len(before.tasks)
            return f'step "{step.name}" comes after step "{before.name}", of which {done:,} of {total:,} tasks are done'
    for link in farm.links.get(step, ()):
        if (frame := link.missing(task)) is not None:
            return f"it waits for frame {frame} of job {link.source.job.id}, which is {link.source.job.state}"
    return waits_for_end(farm, step, task)


def waits_for_end(farm: Farm, step: Step, task: int) -> str:
    """What was canceled and is still on a client: of the task, or of what is made from it."""
    ending = [order for order in step.job.orders.values() if order.ends]
    own = next((order for order in ending if order.step == step.index and task in order.ends), None)
    order = own or next(order for order in ending if step in step.job.needed_by([order.step]))
    client = farm.clients[order.client]
    run = "its run" if own else f'what step "{step.job.steps[order.step].name}" runs'
    return f"{run} on {client.name} is to end first" + ("" if client.online else f", and {client.name} is away")
