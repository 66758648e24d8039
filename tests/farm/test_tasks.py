"""The states of a step's tasks, against a plain list that does the same slowly."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.tasks import TaskSet
from brender.farm.transitions import TASK, NotNow, TaskEvent, TaskState

STATES = st.sampled_from(list(TaskState))
MOVES = st.lists(st.tuples(st.integers(0, 11), st.sampled_from(list(TaskEvent))), max_size=60)
Moves = list[tuple[int, TaskEvent]]
States = list[TaskState]
READY = TaskState.READY


def made(*states: TaskState) -> TaskSet:
    return TaskSet(bytearray(states))


def first_ready(states: States, start: int = 0) -> int:
    return next((index for index in range(start, len(states)) if states[index] is READY), -1)


class Tasks(SynchronousTestCase):
    def holds(self, tasks: TaskSet, states: States) -> None:
        self.assertEqual([tasks[index] for index in range(len(tasks))], states)
        self.assertEqual(tasks.counts, [states.count(state) for state in TaskState])
        for start in range(len(states) + 1):
            self.assertEqual(tasks.next_ready(start), first_ready(states, start))
        self.assertEqual(tasks.next_ready(), first_ready(states))

    def test_fresh_tasks_wait(self) -> None:
        self.holds(TaskSet.waiting(3), [TaskState.WAITING] * 3)

    @given(st.lists(STATES, min_size=12, max_size=12), MOVES)
    def test_any_row_of_moves_leaves_what_a_list_would(self, states: States, moves: Moves) -> None:
        tasks = made(*states)
        for index, event in moves:
            after = TASK.get((states[index], event))
            if after is None:
                self.assertRaises(NotNow, tasks.move, index, event)
            else:
                states[index] = after
                self.assertIs(tasks.move(index, event), after)
            self.assertEqual(tasks.next_ready(), first_ready(states))
        self.holds(tasks, states)

    @given(st.lists(STATES, max_size=40), st.sampled_from(list(TaskEvent)))
    def test_an_event_for_all_happens_to_those_it_may_happen_to(self, states: States, event: TaskEvent) -> None:
        tasks = made(*states)
        tasks.next_ready()
        tasks.move_all(event)
        self.holds(tasks, [TASK.get((state, event), state) for state in states])

    @given(st.lists(STATES, min_size=1, max_size=40), st.data())
    def test_a_state_that_the_database_says_is_taken_over(self, states: States, data: st.DataObject) -> None:
        tasks = made(*states)
        tasks.next_ready()
        index, state = data.draw(st.integers(0, len(states) - 1)), data.draw(STATES)
        tasks.put(index, state)
        states[index] = state
        self.holds(tasks, states)

    @given(st.lists(STATES, max_size=200))
    def test_packed_and_unpacked_they_are_the_same(self, states: States) -> None:
        self.holds(TaskSet.unpacked(made(*states).packed()), states)

    @given(st.lists(STATES, min_size=1, max_size=40), st.integers(0, 39), st.integers(0, 70))
    def test_a_run_is_as_long_as_ready_tasks_stand_in_a_row(self, states: States, first: int, most: int) -> None:
        first %= len(states)
        run = 0
        while run < most and first + run < len(states) and states[first + run] is READY:
            run += 1
        self.assertEqual(made(*states).ready_run(first, most), run)

    def test_a_task_that_is_ready_again_is_found_again(self) -> None:
        tasks = made(READY, READY, READY)
        for index in range(3):
            tasks.move(index, TaskEvent.ORDERED)
        self.assertEqual(tasks.next_ready(), -1)
        tasks.move(1, TaskEvent.TRY_AGAIN)
        self.assertEqual(tasks.next_ready(), 1)

    def test_a_refusal_names_the_task_and_changes_nothing(self) -> None:
        tasks = made(TaskState.COMPLETED, READY)
        with self.assertRaisesRegex(NotNow, r"^Task 0 is completed and cannot be completed\.$"):
            tasks.move(0, TaskEvent.SUCCEEDED)
        self.holds(tasks, [TaskState.COMPLETED, READY])

    def test_a_million_tasks_are_a_megabyte_and_pack_to_little(self) -> None:
        tasks = TaskSet.waiting(1_000_000)
        tasks.move_all(TaskEvent.FREED)
        self.assertEqual((len(bytes(tasks)), tasks.counts[READY]), (1_000_000, 1_000_000))
        self.assertLess(len(tasks.packed()), 10_000)
