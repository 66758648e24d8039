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

    @given(st.lists(STATES, max_size=20), st.lists(st.tuples(st.integers(0, 22), st.integers(1, 22)), max_size=4))
    def test_runs_that_the_database_says_are_completed_are(self, states: States, runs: list[tuple[int, int]]) -> None:
        tasks = made(*states)
        tasks.next_ready()
        tasks.complete(runs)
        done = {index for first, count in runs for index in range(first, first + count)}
        self.holds(tasks, [TaskState.COMPLETED if index in done else state for index, state in enumerate(states)])

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


def begun(tasks: TaskSet) -> list[int]:
    """Every ready task, in the order of beginning."""
    return [order_next(tasks) for _ in range(tasks.counts[READY])]


def order_next(tasks: TaskSet) -> int:
    index = next(tasks.ready())
    tasks.move(index, TaskEvent.ORDERED)
    return index


ORDERS = st.sampled_from(["forwards", "backwards", "outside-in", "preview"])


class Beginning(SynchronousTestCase):
    """In which order ready tasks are begun."""

    def free(self, order: str, size: int) -> TaskSet:
        tasks = TaskSet.waiting(size)
        tasks.begin_in(order)
        tasks.move_all(TaskEvent.FREED)
        return tasks

    def test_each_order_is_as_it_is_called(self) -> None:
        self.assertEqual(begun(self.free("forwards", 5)), [0, 1, 2, 3, 4])
        self.assertEqual(begun(self.free("backwards", 5)), [4, 3, 2, 1, 0])
        self.assertEqual(begun(self.free("outside-in", 5)), [0, 4, 1, 3, 2])
        self.assertEqual(begun(self.free("preview", 5)), [0, 4, 2, 1, 3])

    def test_what_came_back_goes_first(self) -> None:
        tasks = self.free("preview", 9)
        self.assertEqual([order_next(tasks) for _ in range(4)], [0, 8, 4, 2])
        for index in (4, 0):
            tasks.move(index, TaskEvent.TRY_AGAIN)
        self.assertEqual(begun(tasks), [4, 0, 6, 1, 3, 5, 7])

    def test_tasks_that_are_freed_one_by_one_are_begun_in_their_order_all_the_same(self) -> None:
        for order, wanted in (("backwards", [7, 5, 2]), ("forwards", [2, 5, 7]), ("preview", [2, 5, 7])):
            tasks = TaskSet.waiting(9)
            tasks.begin_in(order)
            for index in (5, 7, 2):
                tasks.move(index, TaskEvent.FREED)
            self.assertEqual(begun(tasks), wanted, order)

    def test_added_tasks_are_begun_in_the_order_too(self) -> None:
        tasks = self.free("backwards", 3)
        order_next(tasks)
        tasks.grow(2)
        tasks.move_all(TaskEvent.FREED)
        self.assertEqual(begun(tasks), [4, 3, 1, 0])

    def test_the_order_may_be_changed_at_any_time(self) -> None:
        tasks = self.free("forwards", 5)
        self.assertEqual([order_next(tasks) for _ in range(2)], [0, 1])
        tasks.begin_in("backwards")
        self.assertEqual(order_next(tasks), 4)
        tasks.begin_in("forwards")
        self.assertEqual(begun(tasks), [2, 3])

    @given(ORDERS, st.integers(1, 40), st.lists(st.tuples(st.sampled_from(list(TaskEvent)), st.integers(0, 39))))
    def test_whatever_happened_every_ready_task_is_found_once(
        self, order: str, size: int, moves: list[tuple[TaskEvent, int]]
    ) -> None:
        tasks = self.free(order, size)
        for event, index in moves:
            if event is TaskEvent.ORDERED and tasks.counts[READY]:
                order_next(tasks)
            elif event is TaskEvent.HELD:
                tasks.move_all(event)
                tasks.move_all(TaskEvent.FREED)
            elif (tasks[index % size], event) in TASK:
                tasks.move(index % size, event)
        ready = [index for index in range(size) if tasks[index] is READY]
        self.assertEqual(sorted(set(tasks.ready())), ready)
        self.assertEqual(sorted(begun(tasks)), ready)

    def test_a_million_tasks_are_begun_in_any_order_without_being_listed(self) -> None:
        for order, wanted in (("backwards", 999_999), ("outside-in", 0), ("preview", 0)):
            tasks = self.free(order, 1_000_000)
            self.assertEqual(order_next(tasks), wanted)
            self.assertEqual(len({order_next(tasks) for _ in range(5000)}), 5000)
