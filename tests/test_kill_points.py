"""Server and worker killed at every step of every life of a task, one by one: nothing lost, nothing twice.

How does this work?  `LIVES` are a few jobs, with somebody who cancels or asks again.  Each is played to its end once to
count its steps, and then again for each of them: the server is killed there (what it has said last arrives, or does
not), or the worker.  Which moves of the transition table were under way at each kill is noted; the last test compares
that with the table itself, so that a move that nobody was killed at fails it.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from twisted.trial.unittest import TestCase

from brender.farm import choosing
from brender.farm.farm import Farm
from brender.farm.job import Job
from brender.farm.submission import here
from brender.farm.transitions import TASK, JobState, TaskEvent, TaskState
from brender.service.farm_service import FarmService
from tests.farm.submission import documents
from tests.killing import WHEN, Life, Watch, Wish, World, empty_database, planned

Choose = Callable[[Job], choosing.Chosen]
Kill = Callable[[World], None]
SLOW = 1  # lives that are played with a slow database too
UNREACHABLE: dict[tuple[TaskState, TaskEvent], str] = {}  # moves that no life has, and why


def template(tasks: int) -> dict[str, Any]:
    """Step A of two tasks; step B of so many, that waits for it."""
    first = documents.over(documents.frames("1-2"), name="A")
    then = documents.over(documents.frames(f"1-{tasks}"), name="B")
    for step in (first, then):
        step["hostRequirements"] = {"amounts": [{"name": "amount.worker.vcpu", "min": 1}]}
    then["dependencies"] = [{"dependsOn": "A"}]
    return documents.job(first, then)


# --- what people wish


def submitted(tasks: int = 1, **settings: Any) -> Wish:
    def ask(farm: FarmService) -> Any:
        return farm.submit(template(tasks), {}, settings=settings)

    return Wish(lambda farm: True, ask, lambda farm: bool(farm.jobs))


def canceled(when: Callable[[Farm], bool]) -> Wish:
    return Wish(when, lambda farm: farm.cancel(1), state_is(JobState.CANCELED))


def task_canceled() -> Wish:
    """Whether it was done nobody has to know: it is asked for again."""
    return Wish(begun, lambda farm: farm.cancel_tasks(1, {0: [1]}), lambda farm: False)


def begun(farm: Farm) -> bool:
    return farm.jobs[1].started is not None


def again(when: Callable[[Farm], bool], done: Callable[[Farm], bool], chosen: Choose = choosing.ended) -> Wish:
    return Wish(when, lambda farm: farm.again(1, chosen), done, again=True)


def state_is(*states: JobState) -> Callable[[Farm], bool]:
    return lambda farm: farm.jobs[1].state in states


def has(place: int, state: TaskState, least: int = 1) -> Callable[[Farm], bool]:
    """So many tasks of that step are in this state."""
    return lambda farm: bool(farm.jobs[1].steps) and farm.jobs[1].steps[place].counts[state] >= least


def first_of_a(job: Job) -> choosing.Chosen:
    return {0: [0]}


RUNS = state_is(JobState.QUEUED, JobState.ACTIVE, JobState.COMPLETED)
LIVES = (
    Life("all goes well", (submitted(),)),
    Life(
        "a task fails until its tries are used up, and is asked for again",
        (submitted(tries=2), again(state_is(JobState.FAILED), RUNS)),
        fails=((1, "A", 1),),
    ),
    Life(
        "the job is canceled in the middle, and asked for again",
        (submitted(), canceled(has(0, TaskState.COMPLETED)), again(state_is(JobState.CANCELED), RUNS)),
    ),
    Life(
        "one task is canceled once its job has begun, and asked for again",
        (submitted(2), task_canceled(), again(state_is(JobState.CANCELED, JobState.COMPLETED), RUNS)),
    ),
    Life("the job is canceled before anybody is there", (submitted(), canceled(has(0, TaskState.READY)))),
    Life(
        "a task is asked for again while others that waited for it are ready",
        (submitted(5), again(has(1, TaskState.READY), has(0, TaskState.WAITING), first_of_a)),
    ),
)


def kills(server_has_said: bool, worker_has_said: bool) -> Iterator[tuple[str, Kill]]:
    """Where something is under way, it arrives or does not."""
    for arrives in (False, True)[: 1 + server_has_said]:
        yield f"the server is killed, its last words arrive: {arrives}", partial(World.kill_server, arrives=arrives)
    for arrives in (False, True)[: 1 + worker_has_said]:
        yield f"the worker is killed, its last words arrive: {arrives}", partial(World.kill_worker, arrives=arrives)


class KillPoints(TestCase):
    def test_wherever_server_or_worker_are_killed_nothing_is_lost_and_nothing_happens_twice(self) -> None:
        self.watch, self.empty = Watch(self), empty_database(self)
        self.folder = Path(self.mktemp()).absolute()
        self.patch(here, "planned", planned)
        for life in LIVES:
            self.kill_everywhere(life)
        for life in LIVES[:SLOW]:
            self.kill_everywhere(life._replace(name=f"{life.name}, slowly", slow=True))
        self.assertEqual(set(product(TASK, WHEN)) - self.watch.killed_at, set(product(UNREACHABLE, WHEN)))

    def kill_everywhere(self, life: Life) -> None:
        whole = self.world(life, "whole")
        whole.play()
        self.assertEqual(whole.wrong, [], f"{life.name}: {whole.steps}")
        for number, step in enumerate(whole.steps):
            for who, kill in kills(*whole.said[number]):
                world = self.world(life, f"{number} {who}")
                world.play(number, kill)
                self.assertEqual(world.wrong, [], f"{life.name}: {who}, before step {number}, {step}: {world.steps}")

    def world(self, life: Life, name: str) -> World:
        return World(self, self.watch, life, self.folder / life.name / name, self.empty)
