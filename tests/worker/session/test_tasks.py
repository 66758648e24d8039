"""Which tasks wait and which one runs."""

from twisted.trial.unittest import SynchronousTestCase

from brender.worker.session import words
from brender.worker.session.tasks import Tasks


class TasksTests(SynchronousTestCase):
    def test_a_task_is_taken_out_only_before_it_begins(self) -> None:
        tasks = Tasks()
        tasks.add((1, 1))
        tasks.add((1, 2))
        self.assertTrue(tasks.begin((1, 1)))
        self.assertFalse(tasks.take_out((1, 1)))
        self.assertTrue(tasks.take_out((1, 2)))
        self.assertFalse(tasks.begin((1, 2)))

    def test_only_the_task_that_runs_is_stopped(self) -> None:
        tasks = Tasks()
        tasks.add((1, 1))
        self.assertFalse(tasks.stop(words.Stop(1, 1)))
        tasks.begin((1, 1))
        self.assertTrue(tasks.stop(words.Stop(1, 1)))
        self.assertEqual(tasks.stopping(), words.Stop(1, 1))
        tasks.end()
        self.assertIsNone(tasks.stopping())
