"""What a simulation has shown, as figures.

How does this work?  `report` makes a `Report` of what was measured; it is the same for the same shape, seed and
days, but for `cost`, which is measured in real time.  `None` stands for what did not occur: no second start, no
moment in which everybody had work ready.  `makespan` is there when all jobs were handed in at the beginning and
all are done.
"""

from collections.abc import Sequence

import msgspec

from brender.farm.transitions import JobState, TaskState
from brender.simulate.measures import Ended, Measures, Prediction
from brender.simulate.world import BEGIN, World


class Counts(msgspec.Struct, frozen=True):
    """Jobs or tasks, by what became of them until the end of the simulation."""

    submitted: int
    completed: int
    failed: int
    canceled: int
    unfinished: int


class Use(msgspec.Struct, frozen=True):
    """While work was ready."""

    seconds: float  # that this was
    used: float  # part of the slots that were there and in use
    opening: float  # part of them that only opened sessions


class Portion(msgspec.Struct, frozen=True):
    project: str
    owner: str
    due: float  # part of the farm
    had: float


class Makespan(msgspec.Struct, frozen=True):
    seconds: float
    bound: float  # no farm of these machines could have been sooner

    @property
    def ratio(self) -> float:
        return self.seconds / self.bound


class Times(msgspec.Struct, frozen=True):
    """Of completed jobs, from their submission to their end, seconds."""

    median: float
    nine_of_ten: float
    ninety_nine_of_100: float


class Seconds(msgspec.Struct, frozen=True):
    """Stragglers that were started a second time."""

    started: int
    first_home: int
    saved: float  # seconds that their first starts would have taken yet
    spent: float  # seconds that clients worked on what was then ended


class Predicted(msgspec.Struct, frozen=True):
    """How well the time left was told."""

    predictions: int
    error: float  # median of |said - true| / true
    bias: float  # median of (said - true) / true
    in_band: float  # part of the true ends between early and late


class Wait(msgspec.Struct, frozen=True):
    seconds: float  # the longest that a step was still the next one after another had got an order in its place
    what: str


class Cost(msgspec.Struct, frozen=True):
    """In real time."""

    orders: int
    microseconds: float  # in the rules, an order: all that happens to it included


class Report(msgspec.Struct, frozen=True):
    farm: str
    seed: int
    days: float  # of virtual time
    clients: int
    jobs: Counts
    tasks: Counts
    deaths: int
    use: Use | None
    shares: list[Portion]
    makespan: Makespan | None
    times: Times | None
    second_starts: Seconds
    predicted: Predicted | None  # of jobs
    predicted_farm: Predicted | None  # of all of them
    longest_wait: Wait
    cost: Cost


def report(world: World) -> Report:
    found = world.measures
    return Report(
        farm=world.shape.name,
        seed=world.seed,
        days=(world.clock.now - BEGIN) / 86400,
        clients=len(world.workers),
        jobs=jobs(found),
        tasks=tasks(found),
        deaths=found.deaths,
        use=use(found),
        shares=portions(world),
        makespan=makespan(world),
        times=times(found.ended_jobs),
        second_starts=Seconds(found.second.started, found.second.won, found.second.saved, found.second.spent),
        predicted=predicted(found.predictions),
        predicted_farm=predicted(found.of_all),
        longest_wait=Wait(found.starved.seconds, found.starved.what),
        cost=Cost(found.orders, 1e6 * found.real_seconds / max(1, found.orders)),
    )


def jobs(found: Measures) -> Counts:
    states = [job.state for job in found.ended_jobs]
    return counts(found.handed, *map(states.count, (JobState.COMPLETED, JobState.FAILED, JobState.CANCELED)))


def tasks(found: Measures) -> Counts:
    states = (TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELED)
    return counts(found.tasks, *[sum(job.counts[state] for job in found.ended_jobs) for state in states])


def counts(submitted: int, completed: int, failed: int, canceled: int) -> Counts:
    return Counts(submitted, completed, failed, canceled, submitted - completed - failed - canceled)


def use(found: Measures) -> Use | None:
    totals = found.totals
    if not totals.offered:
        return None
    return Use(totals.seconds, totals.busy / totals.offered, totals.opening / totals.offered)


def portions(world: World) -> list[Portion]:
    """What each owner had of the farm while all had ready work, and what was due to them."""
    had, due = world.measures.shared, dues(world)
    total = sum(had.values())
    return [Portion(*whose, due[whose], had[whose] / total) for whose in sorted(due)] if total else []


def dues(world: World) -> dict[tuple[str, str], float]:
    settings, everybody = world.shape.farm, world.measures.everybody
    projects = {project for project, _ in everybody}
    share = {project: settings.shares.get(project, settings.shares.get("", 1.0)) for project in projects}
    weight = {whose: settings.weights.get(whose[1], 1.0) for whose in everybody}
    of_project = {project: sum(weight[other] for other in everybody if other[0] == project) for project in projects}
    return {
        whose: share[whose[0]] / sum(share.values()) * weight[whose] / of_project[whose[0]] for whose in everybody
    }


def makespan(world: World) -> Makespan | None:
    found = world.measures
    if any(user.jobs is None for user in world.shape.users) or len(found.ended_jobs) < found.handed:
        return None
    return Makespan(max(job.ended for job in found.ended_jobs) - BEGIN, found.bounds.seconds)


def times(ended: Sequence[Ended]) -> Times | None:
    taken = sorted(job.ended - job.submitted for job in ended if job.state is JobState.COMPLETED)
    return Times(*(part(taken, percent) for percent in (50, 90, 99))) if taken else None


def predicted(found: Sequence[Prediction]) -> Predicted | None:
    if not found:
        return None
    errors = [(each.seconds - each.left) / each.left for each in found]
    inside = sum(each.early <= each.left <= each.late for each in found)
    return Predicted(len(found), part(sorted(map(abs, errors)), 50), part(sorted(errors), 50), inside / len(found))


def part(values: Sequence[float], percent: float) -> float:
    """The value below which so many percent of the sorted ones lie."""
    return values[min(len(values) - 1, int(len(values) * percent / 100))]
