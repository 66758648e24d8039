"""The order of work: whose step is next.

How does this work?  Steps with ready tasks stand in lanes, one for each owner in each project of each priority.
`walk` goes through the priorities from the highest; inside one through the projects, the one first that
uses least of its share; inside a project through the owners, by what they use against their weight; inside
a lane by `place`: jobs that have begun first, then age (or, breadth first, the job that uses least).
`used` is told of every slot that is taken or given back, and changes the ranks for which that matters.
Steps of one shape stand together, so that what cannot run on a client is passed over without being looked at.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from heapq import merge
from itertools import chain
from operator import attrgetter
from typing import TypeVar

from sortedcontainers import SortedDict, SortedKeyList

from brender.farm.job import Job, Step
from brender.farm.settings import FarmSettings, JobSettings
from brender.farm.shape import Shape

Whose = tuple[str, str]  # project and owner
Place = tuple[int, ...]  # of a step in its lane
Rank = tuple[float, Place]  # what is used of a share, then the place of the first step

place_of = attrgetter("place")
rank_of = attrgetter("rank")
FEW = 8  # so many are sorted as fast as the first of them is found
Fits = Callable[[Shape], bool]
Ranked = TypeVar("Ranked", "Lane", "Project")


class Lane:
    """The steps of one owner in one project and priority."""

    __slots__ = ("head", "rank", "steps", "weight", "whose")

    def __init__(self, whose: Whose, weight: float) -> None:
        self.whose = whose
        self.weight = weight
        self.steps: dict[Shape, SortedKeyList[Step]] = {}
        self.head: Place = ()  # of its first step
        self.rank: Rank = (0.0, ())

    def walk(self, fits: Fits) -> Iterator[Step]:
        fitting = [steps for shape, steps in self.steps.items() if fits(shape)]
        if len(fitting) < 2:
            return chain.from_iterable(fitting)
        first: Step = min((steps[0] for steps in fitting), key=place_of)
        return chain((first,), (step for step in merge(*fitting, key=place_of) if step is not first))


class Project:
    """The lanes of one project in one priority."""

    __slots__ = ("head", "lanes", "name", "rank", "share")

    def __init__(self, name: str, share: float) -> None:
        self.name = name
        self.share = share
        self.lanes: dict[Whose, Lane] = {}
        self.head: Place = ()
        self.rank: Rank = (0.0, ())


class Level:
    """All projects of one priority."""

    __slots__ = ("passed", "projects", "shapes")

    def __init__(self) -> None:
        self.projects: dict[str, Project] = {}
        self.passed: dict[Whose, float] = {}  # who was next, and since when others go first: their scene is open
        self.shapes: Counter[Shape] = Counter()


def by_rank(things: Collection[Ranked]) -> Iterable[Ranked]:
    return things if len(things) == 1 else sorted(things, key=rank_of) if len(things) < FEW else lazily(things)


def lazily(things: Collection[Ranked]) -> Iterator[Ranked]:
    """In order; the first one, which is mostly enough, without sorting the others."""
    first = min(things, key=rank_of)
    yield first
    yield from sorted((each for each in things if each is not first), key=rank_of)


class OrderOfWork:
    def __init__(self, settings: FarmSettings) -> None:
        self.settings = settings
        self._levels: SortedDict[int, Level] = SortedDict()  # by priority, the highest first
        self._stands: dict[Step, tuple[int, Whose, Shape]] = {}
        self._in_use: defaultdict[Whose, int] = defaultdict(int)  # slots
        self._in_project: defaultdict[str, int] = defaultdict(int)

    def __len__(self) -> int:
        return len(self._stands)

    def __contains__(self, step: Step) -> bool:
        return step in self._stands

    def __iter__(self) -> Iterator[Step]:
        """Every step, in the order in which work would be given to a client that can do anything."""
        return (step for _, _, step in self.walk(lambda shape: True))

    # --- who stands where

    def add(self, step: Step) -> None:
        job = step.job
        priority, whose, shape = -job.settings.priority, self.whose(job), step.shape
        step.place = self.place(step)
        level = self._levels.get(priority)
        if level is None:
            level = self._levels[priority] = Level()
        project = level.projects.get(whose[0])
        if project is None:
            project = level.projects[whose[0]] = Project(whose[0], self._share(whose[0]))
        lane = project.lanes.get(whose)
        if lane is None:
            lane = project.lanes[whose] = Lane(whose, self.settings.weights.get(whose[1], 1.0))
        steps = lane.steps.get(shape)
        if steps is None:
            steps = lane.steps[shape] = SortedKeyList(key=place_of)
        steps.add(step)
        level.shapes[shape] += 1
        self._stands[step] = (priority, whose, shape)
        self._head(project, lane)

    def remove(self, step: Step) -> None:
        priority, whose, shape = self._stands.pop(step)
        level = self._levels[priority]
        project = level.projects[whose[0]]
        lane = project.lanes[whose]
        lane.steps[shape].remove(step)
        level.shapes[shape] -= 1
        if not lane.steps[shape]:
            del lane.steps[shape]
        if not level.shapes[shape]:
            del level.shapes[shape]
        if lane.steps:
            self._head(project, lane)
        else:
            self._close(priority, level, project, lane)

    def _close(self, priority: int, level: Level, project: Project, lane: Lane) -> None:
        """A lane is empty."""
        del project.lanes[lane.whose]
        if project.lanes:
            self._project_head(project)
        else:
            del level.projects[project.name]
        if not level.projects:
            del self._levels[priority]

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
        older = (lane.steps.values() if lane else ()) if self.settings.depth_first else ()
        return any(next(steps.irange_key((1,), (1, job.id)), None) is not None for steps in older)

    # --- who has how much

    def used(self, job: Job, slots: int) -> None:
        """The orders of a job take so many slots more (or, below 0, fewer)."""
        job.in_use += slots
        whose = self.whose(job)
        name, _ = whose
        self._in_use[whose] += slots
        self._in_project[name] += slots
        for level in self._levels.values():
            if name in level.projects:
                project = level.projects[name]
                self._rank_project(project)
                if whose in project.lanes:
                    self._rank(project.lanes[whose])
        if not self.settings.depth_first:
            for step in [step for step in job.steps if step in self._stands]:
                self.remove(step)
                self.add(step)

    def change_hands(self, job: Job, settings: JobSettings) -> None:
        """The job is going to have these settings; none of its steps stands here now."""
        slots = job.in_use
        self.used(job, -slots)
        job.settings = settings
        self.used(job, slots)

    def _head(self, project: Project, lane: Lane) -> None:
        """The first step of a lane may be another one."""
        lane.head = min(steps[0].place for steps in lane.steps.values())
        self._rank(lane)
        self._project_head(project)

    def _project_head(self, project: Project) -> None:
        project.head = min(lane.head for lane in project.lanes.values())
        self._rank_project(project)

    def _rank(self, lane: Lane) -> None:
        lane.rank = (self._in_use[lane.whose] / lane.weight, lane.head)

    def _rank_project(self, project: Project) -> None:
        project.rank = (self._in_project[project.name] / project.share, project.head)

    def _share(self, project: str) -> float:
        return self.settings.shares.get(project, 1.0)

    # --- who is next

    def walk(self, fits: Fits) -> Iterator[tuple[Level, Lane, Step]]:
        """The steps of fitting shapes in the order of work; ends with the first change."""
        for level in self._levels.values():
            if any(map(fits, level.shapes)):
                for project in by_rank(level.projects.values()):
                    for lane in by_rank(project.lanes.values()):
                        for step in lane.walk(fits):
                            yield level, lane, step
