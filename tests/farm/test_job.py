"""A job and its steps: what is kept of them, and what is let go."""

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.job import Job
from brender.farm.scheduling.shape import Shapes
from brender.farm.transitions import JobEvent, JobState, NotNow, TaskEvent, TaskState
from tests.doubles import Stage, job, planned


def begun(*stages: Stage) -> Job:
    made = job(4, *stages)
    made.follow(planned(*stages), Shapes())
    return made


class AJob(SynchronousTestCase):
    def test_its_steps_follow_the_plan_and_wait(self) -> None:
        steps = begun(Stage("Render", 3), Stage("Video", 1, after=("Render",))).steps
        self.assertEqual(
            [(step.index, step.name, len(step.tasks)) for step in steps], [(0, "Render", 3), (1, "Video", 1)]
        )
        self.assertEqual([step.unfinished for step in steps], [3, 1])
        self.assertEqual(steps[1].plan.depends_on, (0,))

    def test_steps_with_equal_requirements_have_one_shape(self) -> None:
        a, b, c = begun(Stage("A", vcpus=2), Stage("B", 9, vcpus=2), Stage("C")).steps
        self.assertEqual(a.shape, b.shape)
        self.assertNotEqual(a.shape, c.shape)

    def test_a_step_is_completed_when_every_task_is(self) -> None:
        (step,) = begun(Stage(tasks=2)).steps
        step.tasks.move_all(TaskEvent.FREED)
        for task in range(2):
            self.assertFalse(step.completed)
            step.tasks.move(task, TaskEvent.ORDERED)
            step.tasks.move(task, TaskEvent.SUCCEEDED)
        self.assertEqual((step.completed, step.unfinished), (True, 0))

    def test_a_step_that_failed_is_finished_and_not_completed(self) -> None:
        (step,) = begun(Stage()).steps
        for event in (TaskEvent.FREED, TaskEvent.ORDERED, TaskEvent.GAVE_UP):
            step.tasks.move(0, event)
        self.assertEqual((step.completed, step.unfinished), (False, 0))

    def test_its_tasks_may_be_ordered_while_it_is_queued_or_active(self) -> None:
        found = job(4, Stage())
        for state in JobState:
            found.state = state
            self.assertIs(found.runs, state in {JobState.QUEUED, JobState.ACTIVE})

    def test_a_refusal_names_the_job(self) -> None:
        found = job(4, Stage())
        found.move(JobEvent.CANCEL)
        with self.assertRaisesRegex(NotNow, r"^Job 4 is canceled and cannot be paused\.$"):
            found.move(JobEvent.PAUSE)

    def test_a_closed_one_keeps_names_and_counts_and_lets_the_rest_go(self) -> None:
        found = begun(Stage("Render", 3))
        found.steps[0].tasks.move_all(TaskEvent.CANCEL)
        found.close()
        (past,) = found.past
        self.assertEqual((past.index, past.name, past.unfinished), (0, "Render", 0))
        self.assertEqual(past.counts[TaskState.CANCELED], 3)
        self.assertEqual((found.steps, found.template, found.values), ([], {}, {}))

    def test_one_that_cannot_be_read_is_set_aside_with_the_reason(self) -> None:
        found = job(4, Stage())
        found.set_aside("It cannot be read.")
        self.assertEqual((found.state, found.reason, found.finished), (JobState.CANCELED, "It cannot be read.", True))
