"""The tables of transitions, walked: every pair in them, every pair that is not."""

from collections.abc import Mapping
from enum import Enum, StrEnum
from itertools import product
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.transitions import (
    FINISHED_JOB,
    FINISHED_TASK,
    JOB,
    TASK,
    JobEvent,
    JobState,
    NotNow,
    TaskEvent,
    TaskState,
    move,
)

Table = Mapping[tuple[Any, Any], Any]
TABLES: list[tuple[str, Table, type[Enum], type[StrEnum], frozenset[Any], Any]] = [
    ("Task 7", TASK, TaskState, TaskEvent, FINISHED_TASK, TaskState.WAITING),
    ("Job 4", JOB, JobState, JobEvent, FINISHED_JOB, JobState.QUEUED),
]


def reachable(table: Table, first: Any) -> set[Any]:
    """The states that can be come to from the first one."""
    found: set[Any] = set()
    ahead = {first}
    while ahead:
        found |= ahead
        ahead = {after for (before, _), after in table.items() if before in found} - found
    return found


class Tables(SynchronousTestCase):
    def test_every_move_in_a_table_happens(self) -> None:
        for what, table, _, _, _, _ in TABLES:
            for (state, event), after in table.items():
                self.assertIs(move(table, state, event, what), after)

    def test_every_other_move_is_refused_with_a_sentence(self) -> None:
        for what, table, states, events, _, _ in TABLES:
            absent = [pair for pair in product(states, events) if pair not in table]
            self.assertEqual(len(absent) + len(table), len(states) * len(events))
            for state, event in absent:
                with self.assertRaises(NotNow) as caught:
                    move(table, state, event, what)
                said = f"{what} is {state.name.lower()} and cannot be {event.value}."
                self.assertEqual(str(caught.exception), said)

    def test_every_state_can_be_come_to(self) -> None:
        for _, table, states, _, _, first in TABLES:
            self.assertEqual(reachable(table, first), set(states))

    def test_every_event_happens_somewhere(self) -> None:
        for _, table, _, events, _, _ in TABLES:
            self.assertEqual({event for _, event in table}, set(events))

    def test_every_state_can_be_left_a_finished_one_only_when_somebody_asks_for_it(self) -> None:
        asked: list[tuple[StrEnum, Enum]] = [
            (TaskEvent.AGAIN, TaskState.WAITING),
            (JobEvent.REOPEN, JobState.QUEUED),
        ]
        for (_, table, states, _, finished, first), (event, begin) in zip(TABLES, asked, strict=True):
            self.assertIs(begin, first, "it begins from the beginning")
            self.assertEqual({state for state, _ in table}, set(states))
            after = {(state, event): place for (state, event), place in table.items() if state in finished}
            self.assertEqual(after, {(state, event): begin for state in finished})
            self.assertEqual({state for state, each in table if each is event}, finished)

    def test_only_what_is_ready_is_held_back_and_may_be_freed_again(self) -> None:
        held = {state: after for (state, event), after in TASK.items() if event is TaskEvent.HELD}
        self.assertEqual(held, {TaskState.READY: TaskState.WAITING})
        self.assertIs(TASK[TaskState.WAITING, TaskEvent.FREED], TaskState.READY)

    def test_a_finished_state_can_be_come_to_from_everywhere_else(self) -> None:
        for _, table, states, _, finished, _ in TABLES:
            for state in set(states) - finished:
                self.assertTrue(reachable(table, state) & finished)

    def test_whatever_is_not_finished_can_be_canceled(self) -> None:
        for state in set(JobState) - FINISHED_JOB:
            self.assertIs(JOB[state, JobEvent.CANCEL], JobState.CANCELED)
        for task in set(TaskState) - FINISHED_TASK:
            self.assertIs(TASK[task, TaskEvent.CANCEL], TaskState.CANCELED)

    def test_only_a_task_that_runs_completes_or_fails(self) -> None:
        ends = {(before, after) for (before, _), after in TASK.items() if after in FINISHED_TASK - {TaskState.CANCELED}}
        self.assertEqual(ends, {(TaskState.ACTIVE, TaskState.COMPLETED), (TaskState.ACTIVE, TaskState.FAILED)})

    def test_a_task_state_fits_a_byte_and_a_fresh_byte_waits(self) -> None:
        self.assertTrue(all(0 <= state < 256 for state in TaskState))
        self.assertIs(TaskState(bytearray(1)[0]), TaskState.WAITING)
