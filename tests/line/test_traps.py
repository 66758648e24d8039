"""Traps that other farms fell into, as far as a whole line of server, worker and tasks shows them.

How does this work?  All of them were tried at length in this room; `ELSEWHERE` names those tests, trap by trap, and a
test looks them up.  `Alone` has what nobody else tries: a farm of one machine, from end to end.
"""

from typing import ClassVar

from twisted.trial.unittest import SynchronousTestCase

from tests.effort import strangers
from tests.line.harness import FarmTestCase, template

ELSEWHERE = {
    "a keep-alive counts as progress": (
        "line.test_limits.QuietTests.test_a_task_that_only_says_that_it_lives_has_hung",
        "line.test_limits.QuietTests.test_once_there_was_a_percentage_nothing_else_counts",
    ),
    "only the direct child is killed": (
        "line.test_ends.CancelTests.test_the_whole_process_tree_is_ended",
        "line.test_ends.ReasonTests.test_what_a_task_that_ran_too_long_has_started_is_ended",
        "line.test_ends.KilledTests.test_of_a_worker_that_is_killed_nothing_is_left",
        "line.test_limits.TimeTests.test_a_task_that_takes_too_long_has_failed_with_all_that_it_started",
    ),
    "a worker that missed a minute is put aside": (
        "line.test_outages.LostWorkerTests.test_a_worker_that_was_stopped_for_too_long_is_replaced_and_comes_back",
        "line.test_outages.LostWorkerTests.test_a_worker_that_is_killed_and_comes_back_at_once_gets_its_tasks_again",
    ),
    "a late result revives a job": (
        "line.test_outages.LostWorkerTests.test_a_canceled_task_of_a_worker_that_was_killed_is_no_more_shown",
        "line.test_outages.ServerTests.test_a_job_that_is_canceled_while_its_worker_is_away_is_ended_when_it_is_back",
    ),
    "what was killed for memory goes to the same machine": (
        "line.test_limits.MemoryTests.test_a_program_that_gets_no_more_memory_has_failed_for_that",
        "line.test_limits.MemoryTests.test_so_has_one_that_the_system_kills_for_memory",
    ),
}


class Elsewhere(SynchronousTestCase):
    def test_every_test_that_is_named_is_there(self) -> None:
        self.assertEqual(strangers(name for names in ELSEWHERE.values() for name in names), [])


class Alone(FarmTestCase):
    workers: ClassVar = {"alpha": 1}

    def test_on_one_machine_a_task_that_fails_once_is_tried_there_again_and_the_job_is_done(self) -> None:
        once = f'test -e {self.folder}/failed && exit 0; touch {self.folder}/failed; echo "not yet"; exit 1'
        job = self.farm.submit(template(once, tasks="1-3"), settings={"fail_share": 0.1})
        shown = self.farm.wait(job)
        self.assertEqual((shown["completed"], shown["failed"]), (3, 0))
