"""What can be done with tasks: looked at, canceled, run again, asked why, and their logs.

How does this work?  Whatever was chosen of a job is canceled or run again in one go, by step and number.  An outcome
says whether its task was `changed`: one that has ended is not canceled, one that has not is not run again.  Of many,
the outcomes of the first `MOST_TOLD` are told.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from brender.farm.choosing import NOT_DONE, Chosen
from brender.farm.interfaces import NotFound
from brender.farm.scheduling.why import why_task
from brender.farm.settings import says
from brender.farm.transitions import FINISHED_TASK
from brender.farm.views.tasks import Task, live
from brender.verbs.doing.jobs import last_lines
from brender.verbs.items.tasks import TASK
from brender.verbs.verb import Call, Done, Given, Outcome, Verbs, Which

TASK_VERBS = Verbs(TASK)
MOST_TOLD = 1_000  # tasks of which it is told what became of them


@TASK_VERBS("show", "Show one task.", which=Which.ONE, changes=False)
async def show(call: Call) -> Sequence[Outcome]:
    return [Outcome(task) for task in call.things]


@TASK_VERBS(
    "cancel", "End tasks that wait or run; the job goes on with the others.",
    more="What depends on them cannot run and ends with them, as it does when they fail.\n"
    "retry brings them back.",
)  # fmt: skip
async def cancel(call: Call) -> Done:
    chosen = by_step(call.things)
    return told(call, await call.service.cancel_tasks(call.job.id, chosen) if chosen else {})


@TASK_VERBS("retry", "Run tasks again that failed or were canceled.")
async def retry(call: Call) -> Done:
    """What was done stays; a single one that is named is run again whatever became of it."""
    states = FINISHED_TASK if call.one else NOT_DONE
    farm = call.service.farm
    return await again(call, [task for task in call.things if live(task, farm).tasks[task.number] in states])


class Requeue(Given, frozen=True):
    with_dependents: Annotated[bool, says("what was made from them runs again too")] = False


@TASK_VERBS("requeue", "Run tasks again, also those that were done.", takes=Requeue)
async def requeue(call: Call) -> Done:
    return await again(call, call.things, call.given.with_dependents)


async def again(call: Call, tasks: Sequence[Task], with_dependents: bool = False) -> Done:
    chosen = by_step(tasks)
    found: Mapping[int, Sequence[int]] = {}
    if chosen:
        found = await call.service.again(call.job.id, lambda job: chosen, with_dependents)
    names = {step.index: step.name for step in call.job.steps or call.job.past}
    return told(call, found, again={names[step]: len(numbers) for step, numbers in found.items()})


def told(call: Call, found: Mapping[int, Sequence[int]], **also: Any) -> Done:
    """What became of those that were chosen; `found` were changed, by step."""
    turned = {step: set(numbers) for step, numbers in found.items()}
    changed = [task.number in turned.get(task.step.index, ()) for task in call.things]
    first = zip(call.things[:MOST_TOLD], changed, strict=False)
    counts = {"matched": len(changed), "changed": sum(changed)}
    return Done([Outcome(task, {"changed": each}) for task, each in first], counts | also)


def by_step(tasks: Sequence[Task]) -> Chosen:
    chosen: dict[int, list[int]] = {}
    for task in tasks:
        chosen.setdefault(task.step.index, []).append(task.number)
    return chosen


@TASK_VERBS("why", "Say what tasks wait for, or what became of them.", changes=False, shows=False)
async def why(call: Call) -> Done:
    farm = call.service.farm

    def reason(task: Task) -> str:
        return why_task(farm, live(task, farm), task.number, task.name.capitalize(), call.now)

    outcomes = [Outcome(task, {"why": reason(task)}) for task in call.things[:MOST_TOLD]]
    return Done(outcomes, {"matched": len(call.things)})


class Lines(Given, frozen=True):
    order: Annotated[int, msgspec.Meta(ge=0), says("of this order only")] | None = None
    tail: Annotated[int, msgspec.Meta(ge=0, le=2**24), says("only the last so many bytes; 0 is all")] = 0


@TASK_VERBS("log", "Give the log of a task.", which=Which.ONE, takes=Lines, changes=False, shows=False)
async def log(call: Call) -> Sequence[Outcome]:
    (task,), wanted = call.things, call.given
    how: Any = {"order": wanted.order, "tail": wanted.tail}
    text = await call.service.log_of(call.job.id, task=task.number, step=task.step.name, **how)
    if not text:
        raise NotFound(f"Task {task.id} of job {call.job.id} has no log yet.")
    return [Outcome(task, {"log": last_lines(text, wanted.tail) if wanted.tail else text})]
