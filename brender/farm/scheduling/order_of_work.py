"""The order of work: whose step is next.

How does this work?  Steps with ready tasks stand in lanes, one for each owner in each project of each priority.
`walk` goes through the priorities from the highest; inside one through the projects, the one first that
uses least of its share; inside a project through the owners, by what they use against their weight; inside
a lane by `place`: jobs that have begun first, then age (or, breadth first, the job that uses least).
`used` is told of every slot that is taken or given back; whose turn it is follows from that (`Share.load`).
Steps of one shape stand together, so that what cannot run on a client is passed over without being looked at.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from heapq import merge
from itertools import chain
from math import inf
from operator import attrgetter
from typing import TypeVar

from brender.farm.job import Job, Step
from brender.farm.scheduling.shape import Shape
from brender.farm.settings import FarmSettings, JobSettings

Whose = tuple[str, str]  # project and owner
Place = tuple[int, ...]  # of a step in its lane

place_of = attrgetter("place")
Refuses = Callable[[Shape], str | None]  # why not now, or None


class Share:
    """What is used by an owner of a project, or by a project, against what is due to it."""

    __slots__ = ("load", "used", "weight")

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self.used = 0  # slots
        self.load = 0.0  # the less, the sooner it is their turn

    def use(self, slots: int) -> None:
        self.used += slots
        self.load = self.used / self.weight


class Lane:
    """The steps of one owner in one project and priority."""

    __slots__ = ("head", "shapes", "share", "whose")

    def __init__(self, whose: Whose, share: Share) -> None:
        self.whose = whose
        self.share = share
        self.shapes: dict[Shape, list[Step]] = {}  # each by place
        self.head: Place = ()  # of its first step

    def walk(self, refuses: Refuses) -> Iterable[Step]:
        fitting = [steps for shape, steps in self.shapes.items() if not refuses(shape)]
        if len(fitting) == 1:
            return fitting[0]
        first = min([steps[0] for steps in fitting], key=place_of)
        return chain((first,), (step for step in merge(*fitting, key=place_of) if step is not first))


class Project:
    """The lanes of one project in one priority."""

    __slots__ = ("head", "lanes", "name", "shapes", "share")

    def __init__(self, name: str, share: Share) -> None:
        self.name = name
        self.share = share
        self.lanes: dict[Whose, Lane] = {}
        self.shapes: Counter[Shape] = Counter()  # how many steps have each
        self.head: Place = ()


class Level:
    """All projects of one priority."""

    __slots__ = ("passed", "projects", "shapes")

    def __init__(self) -> None:
        self.projects: dict[str, Project] = {}
        self.passed: dict[Whose, float] = {}  # who was next, and since when others go first: their scene is open
        self.shapes: Counter[Shape] = Counter()


Ranked = TypeVar("Ranked", Lane, Project)


def turn_of(ranked: Lane | Project) -> tuple[float, Place]:
    return ranked.share.load, ranked.head


def in_turn(ranked: Collection[Ranked], refuses: Refuses) -> Iterator[Ranked]:
    """Those that have something fitting, in the order of their turns.

    The first one is mostly enough: it is found without sorting the others.
    """
    first, least = None, inf
    for each in ranked:
        load = each.share.load
        sooner = load < least or (load == least and (first is None or each.head < first.head))
        if sooner and not all(map(refuses, each.shapes)):
            first, least = each, load
    if first is not None:
        yield first
        others = [each for each in ranked if each is not first and not all(map(refuses, each.shapes))]
        yield from sorted(others, key=turn_of)


class OrderOfWork:
    def __init__(self, settings: FarmSettings) -> None:
        self.settings = settings
        self._levels: dict[int, Level] = {}  # by priority, the highest first
        self._stands: dict[Step, tuple[int, Whose, Shape]] = {}
        self._owners: dict[Whose, Share] = {}
        self._projects: dict[str, Share] = {}

    def __len__(self) -> int:
        return len(self._stands)

    def __contains__(self, step: Step) -> bool:
        return step in self._stands

    def __iter__(self) -> Iterator[Step]:
        """Every step, in the order in which work would be given to a client that can do anything."""
        return (step for _, _, step in self.walk(lambda shape: None))

    # --- who stands where

    def add(self, step: Step) -> None:
        job = step.job
        priority, whose, shape = -job.settings.priority, self.whose(job), step.shape
        step.place = self.place(step)
        level, project, lane = self._open(priority, whose)
        insort(lane.shapes.setdefault(shape, []), step, key=place_of)
        project.shapes[shape] += 1
        level.shapes[shape] += 1
        self._stands[step] = (priority, whose, shape)
        self._head(project, lane)

    def _open(self, priority: int, whose: Whose) -> tuple[Level, Project, Lane]:
        """The lane of an owner, made if need be."""
        level = self._levels.get(priority)
        if level is None:
            level = Level()
            self._levels = dict(sorted([*self._levels.items(), (priority, level)]))
        project = level.projects.get(whose[0])
        if project is None:
            project = level.projects[whose[0]] = Project(whose[0], self._project(whose[0]))
        lane = project.lanes.get(whose)
        if lane is None:
            lane = project.lanes[whose] = Lane(whose, self._owner(whose))
        return level, project, lane

    def remove(self, step: Step) -> None:
        priority, whose, shape = self._stands.pop(step)
        level = self._levels[priority]
        project = level.projects[whose[0]]
        lane = project.lanes[whose]
        steps = lane.shapes[shape]
        del steps[bisect_left(steps, step.place, key=place_of)]
        if not steps:
            del lane.shapes[shape]
        for counts in (project.shapes, level.shapes):
            counts[shape] -= 1
            if not counts[shape]:
                del counts[shape]
        if lane.shapes:
            self._head(project, lane)
        else:
            self._close(priority, level, project, lane)

    def _close(self, priority: int, level: Level, project: Project, lane: Lane) -> None:
        """A lane is empty."""
        del project.lanes[lane.whose]
        if project.lanes:
            project.head = min(other.head for other in project.lanes.values())
        else:
            del level.projects[project.name]
        if not level.projects:
            del self._levels[priority]

    def _head(self, project: Project, lane: Lane) -> None:
        """The first step of a lane may be another one."""
        lane.head = min(steps[0].place for steps in lane.shapes.values())
        project.head = min(other.head for other in project.lanes.values())

    def whose(self, job: Job) -> Whose:
        """Projects count only where they have shares; all that have none share one."""
        project = job.settings.project
        return (project if project in self.settings.shares else "", job.settings.owner)

    def place(self, step: Step) -> Place:
        """Where a step stands among its owner's."""
        job = step.job
        first = (job.started is None or job.overtook) if self.settings.depth_first else job.in_use
        return (int(first), job.id, step.index)

    def overtakes(self, job: Job) -> bool:
        """Whether an older job of the same owner and priority waits that has not begun."""
        level = self._levels.get(-job.priority)
        project = level and level.projects.get(self.whose(job)[0])
        lane = project and project.lanes.get(self.whose(job))
        older = (lane.shapes.values() if lane else ()) if self.settings.depth_first else ()
        first, mine = (1,), (1, job.id)
        return any(bisect_left(steps, first, key=place_of) < bisect_left(steps, mine, key=place_of) for steps in older)

    # --- who has how much

    def used(self, job: Job, slots: int) -> None:
        """The orders of a job take so many slots more (or, below 0, fewer)."""
        job.in_use += slots
        whose = self.whose(job)
        self._owner(whose).use(slots)
        self._project(whose[0]).use(slots)
        if not self.settings.depth_first:
            for step in [step for step in job.steps if step in self._stands]:
                self.remove(step)
                self.add(step)

    def _owner(self, whose: Whose) -> Share:
        share = self._owners.get(whose)
        if share is None:
            share = self._owners[whose] = Share(self.settings.weights.get(whose[1], 1.0))
        return share

    def _project(self, name: str) -> Share:
        share = self._projects.get(name)
        if share is None:
            share = self._projects[name] = Share(self.settings.shares.get(name, 1.0))
        return share

    def change_hands(self, job: Job, settings: JobSettings) -> None:
        """The job is going to have these settings; none of its steps stands here now."""
        slots = job.in_use
        self.used(job, -slots)
        job.settings = settings
        self.used(job, slots)

    # --- who is next

    def walk(self, refuses: Refuses) -> Iterator[tuple[Level, Lane, Step]]:
        """The steps of shapes that are not refused, in the order of work; ends with the first change."""
        for level in self._levels.values():
            if not all(map(refuses, level.shapes)):
                for project in in_turn(level.projects.values(), refuses):
                    for lane in in_turn(project.lanes.values(), refuses):
                        for step in lane.walk(refuses):
                            yield level, lane, step
