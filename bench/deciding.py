"""How fast the rules decide: pure scheduling, without wire, database or processes.

How does this work?  A farm of some size is filled with jobs of several owners, projects, priorities and
requirements until every client is full; then tasks end, one after the other, and each end makes the farm
decide who gets the next order.  A decision is an order that was issued, and its time that of `match`; all that
the rules do for a task (its begin, its result, the decision) is measured too.  The same is measured for farms
up to ten times as large, with the exponent of the time of one decision over the size; with a long history
behind; and for a job of a million frames.
"""

import gc
import random
import tracemalloc
from collections import deque
from functools import partial
from math import log
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from bench.figures import Figure, figure, undisturbed
from brender.farm import changing
from brender.farm.client import Machine, RuntimeClient
from brender.farm.farm import Farm
from brender.farm.job import Job
from brender.farm.order import Order
from brender.farm.scheduling.matching import match
from brender.farm.settings import FarmSettings, JobSettings
from brender.farm.submission.planning import Plan, plan
from brender.farm.transitions import TaskState

SIZES = (1_000, 2_000, 5_000, 10_000)
DECISIONS = 20_000
WINDOWS = 200
HISTORY = 250_000  # tasks
HISTORY_WINDOW = 50  # decisions
NEEDS: tuple[dict[str, float], ...] = (
    {},
    {"amount.worker.vcpu": 1},
    {"amount.worker.vcpu": 2, "amount.worker.memory": 4096},
    {"amount.worker.vcpu": 4, "amount.worker.gpu": 1},
)
OWNERS, PROJECTS, PRIORITIES = 30, 5, (30, 50, 50, 50, 80)


def template(frames: str, needs: dict[str, float]) -> dict[str, Any]:
    step: dict[str, Any] = {
        "name": "Render",
        "parameterSpace": {"taskParameterDefinitions": [{"name": "Frame", "type": "INT", "range": frames}]},
        "script": {"actions": {"onRun": {"command": "render", "args": ["{{Task.Param.Frame}}"]}}},
    }
    if needs:
        step["hostRequirements"] = {"amounts": [{"name": name, "min": amount} for name, amount in needs.items()]}
    return {"specificationVersion": "jobtemplate-2023-09", "name": "shot", "steps": [step]}


class World:
    """A farm, what its clients run, and a clock."""

    def __init__(self, clients: int, jobs: int, tasks: int = 1000) -> None:
        self.farm = Farm(FarmSettings(shares={f"show {n}": n + 1 for n in range(PROJECTS)}))
        self.draw = random.Random(1)
        self.now = 0.0
        self.running: deque[Order] = deque()
        self.plans = [plan(template(f"1-{tasks}", needs), {}) for needs in NEEDS]
        for number in range(1, clients + 1):
            gpus = ("GPU",) if number % 4 == 0 else ()
            machine = Machine(f"key {number}", f"render-{number}", 8, memory=64 * 2**30, gpus=gpus)
            client = RuntimeClient(number, machine)
            self.farm.admit(client)
            self.farm.join(client, machine, {}, self.now)
        for _ in range(jobs):
            self.submit(self.draw.choice(self.plans))
        match(self.farm, self.now)
        self.take_orders()

    def submit(self, made: Plan) -> Job:
        settings = JobSettings(
            owner=f"artist {self.draw.randrange(OWNERS)}",
            project=f"show {self.draw.randrange(PROJECTS)}",
            priority=self.draw.choice(PRIORITIES),
        )
        job = Job(self.farm.last_job + 1, made.name, self.now, settings=settings)
        return changing.submit(self.farm, job, made, self.now)

    def take_orders(self) -> int:
        changes = self.farm.take_changes()
        for job in changes.ended:
            job.close()
        self.running.extend(changes.issued)
        return len(changes.issued)

    def one_ends(self) -> tuple[int, float]:
        """A task ends; how many orders follow, and how long it took to decide about them."""
        order = self.running.popleft()
        self.now += 0.001
        if order.open:
            self.farm.started(order.client, order.id, order.first, self.now)
            self.farm.result(order.client, order.id, order.first, TaskState.COMPLETED, "", 60.0, self.now)
        began = perf_counter()
        match(self.farm, self.now)
        took = perf_counter() - began
        return self.take_orders(), took

    def seconds_a_decision(self, decisions: int = DECISIONS) -> tuple[float, float]:
        """Seconds to decide about an order, and seconds for all that the rules do for a task."""
        made, deciding, began = 0, 0.0, perf_counter()
        while made < decisions:
            orders, took = self.one_ends()
            made, deciding = made + orders, deciding + took
            if len(self.farm.queue) < 10:
                self.submit(self.draw.choice(self.plans))
        return deciding / made, (perf_counter() - began) / made


def figures(folder: Path) -> list[Figure]:
    return [*curve(), history(), *million()]


def curve() -> list[Figure]:
    """Decisions a second at each size, and how the time of one grows with the size."""
    gc.collect()
    times, whole = {}, {}
    for size in SIZES:
        world = World(size, size)
        world.seconds_a_decision(2_000)  # every shape has been met
        gc.collect()
        gc.freeze()  # as a server does that has started
        pairs = undisturbed(partial(world.seconds_a_decision, DECISIONS // WINDOWS), WINDOWS)
        times[size], whole[size] = (median(pair[which] for pair in pairs) for which in (0, 1))
        del world
        gc.unfreeze()
        gc.collect()
    first, last = SIZES[0], SIZES[-1]
    exponent = log(times[last] / times[first]) / log(last / first)
    return [
        figure("decisions_per_second", 1 / times[first], "1/s", ">= 20000"),
        *(figure(f"decisions_per_second_{size}", 1 / times[size], "1/s") for size in SIZES[1:]),
        figure("decision_exponent", exponent, ""),
        figure("tasks_per_second_of_the_rules", 1 / whole[first], "1/s"),
    ]


def history() -> Figure:
    """A farm that has finished a quarter of a million tasks, and the same one when it has forgotten them."""
    world, jobs = World(200, 200), dict[int, Job]()
    while sum(sum(step.counts) for job in jobs.values() for step in job.past) < HISTORY:
        world.one_ends()
        if len(world.farm.queue) < 150:
            world.submit(world.draw.choice(world.plans))
            jobs = {number: job for number, job in world.farm.jobs.items() if job.finished}

    def both() -> tuple[float, float]:
        world.farm.jobs.update(jobs)
        behind = world.seconds_a_decision(HISTORY_WINDOW)[0]
        for number in jobs:
            del world.farm.jobs[number]
        return behind, world.seconds_a_decision(HISTORY_WINDOW)[0]

    pairs = undisturbed(both, WINDOWS)
    with_history, without = (median(pair[which] for pair in pairs) for which in (0, 1))
    return figure("decision_with_history_ratio", with_history / without, "", "<= 1.1")


def million() -> list[Figure]:
    """A job of a million frames: how long until it is in the farm, and what it weighs there."""
    text = template("1-1000000", {})

    def once() -> tuple[float, Farm]:
        farm = Farm()
        began = perf_counter()
        made = plan(text, {})
        changing.submit(farm, Job(1, made.name, 0.0), made, 0.0)
        return perf_counter() - began, farm

    took = median(once()[0] for _ in range(5))
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    farm = once()[1]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert farm.jobs[1].steps[0].plan.parameters(999_999) == {"Frame": "1000000"}
    return [
        figure("million_submit_ms", 1000 * took, "ms", "<= 50"),
        figure("million_submit_mb", (after - before) / 2**20, "MB", "<= 8"),
    ]
