"""The people who hand in jobs, and what is in those jobs.

How does this work?  `Person.next_job` draws the next job of a user: its kind, how many tasks, and how long each of
them takes on a client of speed 1.  Every job has a `Random` of its own, named after the seed, the user and the
number of the job: the same jobs come with the same seed, whatever the farm has done with those before.
The plan is a real one, made of a real template.
"""

from array import array
from collections.abc import Iterator
from functools import lru_cache
from math import ceil
from random import Random
from typing import Any, NamedTuple

import msgspec

from brender.farm.scheduling.windows import Hours, zone_of
from brender.farm.settings import JobSettings
from brender.farm.submission.planning import Plan, plan
from brender.simulate.farm_shape import StepShape, User, around, draw

ACTION = {"actions": {"onRun": {"command": "render"}}}


class Scene(NamedTuple):
    """What only a simulation knows of a step before it has run."""

    seconds: "array[float]"  # of each task, on a client of speed 1
    opening: float  # of a session
    shared: bool  # a task shares its machine with others


class Handed(NamedTuple):
    """A job that is handed in."""

    name: str
    settings: JobSettings
    plan: Plan
    scenes: list[Scene]
    canceled_after: float | None  # seconds


class Person:
    def __init__(self, user: User, number: int, seed: int) -> None:
        self.user = user
        self.handed = 0
        self._named = f"{seed} user {number}"
        self._chance = Random(self._named)

    def next_moment(self, now: float, zone: str) -> float:
        """When the next job comes, for somebody who hands one in every so often: in their hours."""
        left = self._chance.expovariate(1.0 / (self.user.every or 1.0))
        if not self.user.hours:
            return now + left
        for begin, end in spans(Hours.read(self.user.hours), now, zone):
            if left <= end - begin:
                return begin + left
            left -= end - begin
        raise AssertionError("Hours never end.")

    def next_job(self) -> Handed:
        self.handed += 1
        chance = Random(f"{self._named} job {self.handed}")
        (kind,) = chance.choices(self.user.kinds, [kind.chance for kind in self.user.kinds])
        scenes = [scene(step, chance) for step in kind.steps]
        sizes = tuple(len(each.seconds) for each in scenes)
        after = chance.expovariate(1 / 3600.0) if chance.random() < kind.cancels else None
        whose = {"owner": self.user.owner, "project": self.user.project}
        settings = msgspec.structs.replace(kind.settings, **whose)
        name = f"{kind.name} {self.user.owner} {self.handed}"
        return Handed(name, settings, planned(kind.steps, sizes), scenes, after)


def spans(hours: Hours, now: float, zone: str) -> Iterator[tuple[float, float]]:
    """The times from now on in which the hours are open."""
    begin = now
    while True:
        change = hours.next_change(begin, zone_of(zone))
        if hours.cover(begin, zone_of(zone)):
            yield begin, change if change is not None else float("inf")
        if change is None:
            return
        begin = change


def scene(step: StepShape, chance: Random) -> Scene:
    tasks = max(1, round(draw(step.tasks, chance)))
    seconds = max(0.001, draw(step.seconds, chance))
    if step.varies > 1:
        times = array("d", (seconds * around(step.varies, chance) for _ in range(tasks)))
    else:
        times = array("d", [seconds]) * tasks
    return Scene(times, draw(step.opening, chance), step.vcpus is not None)


@lru_cache(maxsize=512)
def planned(steps: tuple[StepShape, ...], sizes: tuple[int, ...]) -> Plan:
    extensions = {"extensions": ["TASK_CHUNKING"]} if any(step.chunk for step in steps) else {}
    made = [template(step, size) for step, size in zip(steps, sizes, strict=True)]
    return plan({"specificationVersion": "jobtemplate-2023-09", "name": "job", "steps": made} | extensions, {})


def template(step: StepShape, tasks: int) -> dict[str, Any]:
    frames: dict[str, Any] = {"name": "Frame", "type": "INT", "range": f"1-{tasks}"}
    if step.chunk:
        chunks = {"defaultTaskCount": 1, "targetRuntimeSeconds": ceil(step.chunk), "rangeConstraint": "CONTIGUOUS"}
        frames |= {"type": "CHUNK[INT]", "chunks": chunks}
    space = {"taskParameterDefinitions": [frames]}
    made: dict[str, Any] = {"name": step.name, "script": ACTION, "parameterSpace": space}
    if step.after:
        made["dependencies"] = [{"dependsOn": name} for name in step.after]
    needs = {"vcpu": step.vcpus, "memory": step.memory and step.memory * 1024, "gpu": step.gpus}
    if amounts := [{"name": f"amount.worker.{name}", "min": least} for name, least in needs.items() if least]:
        made["hostRequirements"] = {"amounts": amounts}
    return made
