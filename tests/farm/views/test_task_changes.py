"""What has changed of tasks is found, and nothing else."""

import random

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.estimating.durations import unpacked
from brender.farm.job import Step
from brender.farm.tasks import BLOCK
from brender.farm.transitions import TASK, TaskEvent, TaskState
from brender.farm.views.task_changes import Copy, Run, Seen, runs
from tests.doubles import Rules, Stage
from tests.effort import effort

READY, ACTIVE, DONE = int(TaskState.READY), int(TaskState.ACTIVE), int(TaskState.COMPLETED)
MANY = 1_000_000


def seen(states: bytes, took: dict[int, int] | None = None) -> Seen:
    codes = bytearray(2 * len(states))
    for place, code in (took or {}).items():
        codes[2 * place : 2 * place + 2] = code.to_bytes(2, "little")
    return Seen(states, bytes(codes))


def applied(before: Seen, found: list[Run]) -> Seen:
    """What a reader makes of it."""
    states, took = bytearray(before.states), bytearray(before.took)
    for first, count, state, *codes in found:
        states[first : first + count] = bytes([state]) * count
        for place, code in enumerate(codes[0] if codes else (), first):
            took[2 * place : 2 * place + 2] = code.to_bytes(2, "little")
    return Seen(bytes(states), bytes(took))


def happen(step: Step, task: int, code: int) -> None:
    """Something that may happen to the task now, and it takes another time."""
    state = step.tasks[task]
    event = next(event for (before, event) in TASK if before is state)
    step.took.note(task, code, step.tasks)
    step.tasks.move(task, event)


class Runs(SynchronousTestCase):
    def test_what_follows_in_the_same_state_is_one_run(self) -> None:
        before = seen(bytes([READY] * 9))
        after = seen(bytes([READY, 2, 2, 2, READY, DONE, DONE, 2, READY]), {5: 7, 6: 8})
        self.assertEqual(runs(before, after, 10), [[1, 3, ACTIVE], [5, 2, DONE, [7, 8]], [7, 1, ACTIVE]])

    def test_nothing_is_nothing(self) -> None:
        self.assertEqual(runs(seen(bytes(BLOCK + 1)), seen(bytes(BLOCK + 1)), 10), [])
        self.assertEqual(runs(seen(b""), seen(b""), 10), [])

    def test_another_time_alone_is_a_change(self) -> None:
        before, after = seen(bytes([DONE] * 5), {2: 7}), seen(bytes([DONE] * 5), {2: 9})
        self.assertEqual(runs(before, after, 10), [[2, 1, DONE, [9]]])

    def test_all_of_a_million_is_one_run(self) -> None:
        before, after = seen(bytes([READY]) * MANY), seen(bytes([ACTIVE]) * MANY)
        self.assertEqual(runs(before, after, 10), [[0, MANY, ACTIVE]])

    def test_too_many_or_other_tasks_are_to_be_loaded_again(self) -> None:
        before, after = seen(bytes(40)), seen(bytes([0, 1] * 20))
        self.assertEqual(len(runs(before, after, 20) or ()), 20)
        self.assertIsNone(runs(before, after, 19))
        self.assertIsNone(runs(before, seen(bytes(41)), 20))

    def test_a_reader_that_applies_them_has_what_there_is(self) -> None:
        chance = random.Random(5)
        for _ in range(60):
            size = chance.choice([1, 15, 16, 17, 300, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 77])
            before = seen(bytes(chance.choices(range(6), k=size)), {chance.randrange(size): 5})
            states, took = bytearray(before.states), bytearray(before.took)
            for place in chance.sample(range(size), min(size, chance.choice([0, 1, 30]))):
                states[place] = chance.randrange(6)
                took[2 * place] = chance.choice([took[2 * place], chance.randrange(256)])
            after = Seen(bytes(states), bytes(took))
            found = runs(before, after, size)
            assert found is not None
            self.assertEqual(applied(before, found), after)
            self.assertLessEqual(sum(run[1] for run in found), size)
            self.assertTrue(all(len(run) == 3 or len(run[3]) == run[1] for run in found))

    def test_a_copy_hears_of_all_that_happens_to_its_step(self) -> None:
        chance = random.Random(7)
        step = Rules().job(Stage(tasks=2 * BLOCK + 77)).steps[0]
        copy, reader = Copy(step), Seen.of(step)
        for _ in range(40):
            for number in chance.sample(range(len(step.tasks)), chance.choice([0, 1, 40])):
                happen(step, number, chance.randrange(1, 9))
            if not chance.randrange(8):
                step.tasks.move_all(chance.choice([TaskEvent.CANCEL, TaskEvent.AGAIN]))
            found = copy.news(step, 10_000)
            assert found is not None
            reader = applied(reader, found)
            self.assertEqual(reader, Seen.of(step))
            self.assertEqual(copy.news(step, 10_000), [])

    def test_a_step_in_the_place_of_another_is_compared_as_a_whole(self) -> None:
        before, after = (Rules().job(Stage(tasks=BLOCK + 9)).steps[0] for _ in range(2))
        copy = Copy(before)
        happen(after, BLOCK + 3, 5)
        after.tasks.touched.clear()
        self.assertEqual(copy.news(after, 10), [[BLOCK + 3, 1, int(after.tasks[BLOCK + 3]), [5]]])

    def test_other_tasks_and_too_many_changes_are_to_be_loaded_again(self) -> None:
        step = Rules().job(Stage(tasks=40)).steps[0]
        copy = Copy(step)
        for number in range(0, 40, 2):
            happen(step, number, 5)
        self.assertIsNone(copy.news(step, 19))
        copy = Copy(step)
        step.tasks.grow(1)
        self.assertIsNone(copy.news(step, 19))

    def test_of_a_million_tasks_that_stay_nothing_is_looked_at(self) -> None:
        step = Rules().job(Stage(tasks=MANY)).steps[0]
        copy = Copy(step)
        happen(step, MANY // 2, 5)
        self.assertLess(effort(lambda: self.assertEqual(len(copy.news(step, 10) or ()), 1)), 1000)

    def test_a_few_changes_among_a_million_cost_little(self) -> None:
        before = seen(bytes([READY]) * MANY)
        states = bytearray(before.states)
        for place in range(0, MANY, 10_000):
            states[place] = ACTIVE
        after = Seen(bytes(states), before.took)
        found = effort(lambda: self.assertEqual(len(runs(before, after, 1000) or ()), 100))
        self.assertLess(found, 10_000)  # of a million
        self.assertEqual(len(unpacked(after.took)), MANY)
