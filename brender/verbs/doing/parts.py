"""What can be done with steps and orders of a job: looked at, run again, and the log of an order.

How does this work?  A step is run again as its job says it of tasks: what failed or was canceled, or all of it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import msgspec

from brender.farm.choosing import Chosen, ended, everything
from brender.farm.interfaces import NotFound
from brender.farm.job import Job
from brender.farm.settings import says
from brender.farm.views.steps import StepDetails
from brender.verbs.doing.jobs import last_lines
from brender.verbs.items.known import ORDER, STEP
from brender.verbs.verb import Call, Given, Outcome, Verbs, Which

STEP_VERBS, ORDER_VERBS = Verbs(STEP), Verbs(ORDER)


@STEP_VERBS("show", "Show one step.", which=Which.ONE, changes=False)
async def show_step(call: Call) -> Sequence[Outcome]:
    return [Outcome(step) for step in call.things]


@STEP_VERBS("retry", "Run again what failed or was canceled of steps.")
async def retry(call: Call) -> Sequence[Outcome]:
    return await again(call, ended)


class Requeue(Given, frozen=True):
    with_dependents: Annotated[bool, says("what was made from them runs again too")] = False


@STEP_VERBS("requeue", "Run steps again, also what was done of them.", takes=Requeue)
async def requeue(call: Call) -> Sequence[Outcome]:
    return await again(call, everything, call.given.with_dependents)


async def again(call: Call, of_step: Callable[[Job, str], Chosen], with_dependents: bool = False) -> Sequence[Outcome]:
    names = [step.name for step in call.things]

    def choose(job: Job) -> Chosen:
        return {index: tasks for name in names for index, tasks in of_step(job, name).items()}

    found = await call.service.again(call.job.id, choose, with_dependents)
    steps = call.job.steps or call.job.past
    turned = {steps[index].name: len(tasks) for index, tasks in found.items()}
    after: Mapping[str, StepDetails] = {step.name: step for step in await STEP.things(call.service, call.job)}
    return [Outcome(after[name], {"changed": name in turned, "again": turned.get(name, 0)}) for name in names]


@ORDER_VERBS("show", "Show one order.", which=Which.ONE, changes=False)
async def show_order(call: Call) -> Sequence[Outcome]:
    return [Outcome(order) for order in call.things]


class Lines(Given, frozen=True):
    tail: Annotated[int, msgspec.Meta(ge=0, le=2**24), says("only the last so many bytes; 0 is all")] = 0


@ORDER_VERBS("log", "Give the log of an order.", which=Which.ONE, takes=Lines, changes=False, shows=False)
async def log(call: Call) -> Sequence[Outcome]:
    (order,), tail = call.things, call.given.tail
    text = await call.service.log_of(call.job.id, order=order.id, tail=tail)
    if not text:
        raise NotFound(f"Order {order.id} of job {call.job.id} has no log yet.")
    return [Outcome(order, {"log": last_lines(text, tail) if tail else text})]
