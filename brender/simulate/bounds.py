"""How soon all the work could be done at best, whoever decided.

How does this work?  Three bounds, of which the largest counts.  No farm is faster than its work divided by its
capacity; also not for those machines alone that can do a part of the work, if nobody else can.  Nor than its longest
task on the quickest machine; nor than a job's steps one after the other, where they depend on each other.
A task takes a part of a machine (`fraction`); where machines are unequal each task is counted where it costs
least, in machines weighed by speed, and by speed and slots: both are bounds, so the better one counts.
"""

from collections.abc import Sequence

from brender.farm.client import RuntimeClient
from brender.farm.job import Step
from brender.farm.scheduling.shape import Shape, verdict
from brender.simulate.farm_shape import Group
from brender.simulate.people import Scene

Able = frozenset[int]  # groups of clients
Weights = tuple[float, ...]  # of a machine of each group


class Bounds:
    def __init__(self, groups: Sequence[Group], samples: Sequence[RuntimeClient]) -> None:
        """`samples` has one client of each group."""
        self._groups = groups
        self._samples = samples
        self._weighings: tuple[Weights, ...] = (
            tuple(group.rate(shared=False) for group in groups),
            tuple(group.rate(shared=True) * group.slots for group in groups),
        )
        self._work: dict[Able, list[float]] = {}  # in weighed seconds, for each weighing
        self._able: dict[str, Able] = {}
        self._longest = 0.0  # task, or job

    def add(self, steps: Sequence[Step], scenes: Sequence[Scene]) -> None:
        """One job more."""
        times = [self._step(step.shape, scene) for step, scene in zip(steps, scenes, strict=True)]
        ends: list[float] = []
        for step, least in zip(steps, times, strict=True):
            ends.append(least + max((ends[before] for before in step.plan.depends_on), default=0.0))
        self._longest = max(self._longest, *ends)

    @property
    def seconds(self) -> float:
        """No farm of these machines does it sooner."""
        together = []
        for some in self._work:
            for number in range(len(self._weighings)):
                work = sum(parts[number] for able, parts in self._work.items() if able <= some)
                together.append(work / self._capacity(some, number))
        return max([self._longest, *together])

    def _step(self, shape: Shape, scene: Scene) -> float:
        """Count a step's work; gives the least time that it takes with the whole farm for itself."""
        able = self.able(shape)
        if not able:
            return 0.0
        seconds = sum(scene.seconds)
        here = [seconds * min(self._cost(shape, group, weights) for group in able) for weights in self._weighings]
        counted = self._work.setdefault(able, [0.0] * len(here))
        for number, part in enumerate(here):
            counted[number] += part
        spread = max(part / self._capacity(able, number) for number, part in enumerate(here))
        return max(spread, max(scene.seconds) / max(self._rate(shape, group) for group in able))

    def able(self, shape: Shape) -> Able:
        """The groups whose clients can run the shape."""
        if shape.key not in self._able:
            able = frozenset(n for n, client in enumerate(self._samples) if verdict(client, shape) is None)
            self._able[shape.key] = able
        return self._able[shape.key]

    def _cost(self, shape: Shape, group: int, weights: Weights) -> float:
        return weights[group] * fraction(self._samples[group], shape) / self._rate(shape, group)

    def _rate(self, shape: Shape, group: int) -> float:
        return self._groups[group].rate(shape.requires.vcpus is not None)

    def _capacity(self, some: Able, number: int) -> float:
        return sum(self._groups[group].number * self._weighings[number][group] for group in some)


def fraction(client: RuntimeClient, shape: Shape) -> float:
    """How much of a machine one task takes: of its slots or, if that is more, of what else it needs."""
    parts = [shape.cost(client) / client.slots]
    parts += [amount / client.capacity(name) for name, amount in shape.needs if client.capacity(name)]
    return min(1.0, max(parts))
