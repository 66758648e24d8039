"""Rows of objects, and the objects again."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.db.models import ClientRow, JobRow, OrderRow, StepRow, SubmissionRow
from brender.db.rows import (
    client_row,
    job_row,
    order_row,
    read_client,
    read_job,
    read_order,
    read_step,
    rows_of,
    step_row,
)
from brender.farm.changes import Changes
from brender.farm.client import Blender, RuntimeClient, Status
from brender.farm.job import LEAVING, Job, Standing
from brender.farm.order import Order
from brender.farm.scheduling.shape import Shapes
from brender.farm.tasks import TaskSet
from brender.farm.transitions import JobState, TaskEvent, TaskState
from tests.doubles import DONE, FAILED, Stage, job, machine, planned

BLENDER = Blender("4.5.15", "module", "/opt/python")


def order() -> Order:
    tasks = bytearray([DONE, FAILED, TaskState.ACTIVE])
    return Order(7, 2, 1, 3, 10, 3, 2, 4, 100.5, None, "It broke.", tasks)


def begun() -> Job:
    made = job(2, Stage("Render", 3), Stage("Video", after=("Render",)), priority=70, submitted=5.5)
    made.follow(planned(Stage("Render", 3), Stage("Video", after=("Render",))), Shapes())
    return made


class ThereAndBack(SynchronousTestCase):
    def test_a_client(self) -> None:
        found = machine(1, 8, memory=2**36, gpus=("RTX 4090",), blenders=(BLENDER,), program="brender 2.0")
        client = RuntimeClient(5, found, Status.DISABLED, since=77.0)
        self.assertEqual(read_client(client_row(client)), client)

    def test_a_client_is_offline_and_holds_nothing_when_it_is_read(self) -> None:
        client = RuntimeClient(5, machine(1), online=True, leaving=True, load=50.0)
        client.hold(order())
        read = read_client(client_row(client))
        self.assertEqual((read.online, read.leaving, read.load, read.orders, read.used), (False, False, 0.0, {}, 0))

    def test_an_order(self) -> None:
        chunk = order()
        chunk.together = chunk.second = True
        read = read_order(order_row(chunk))
        self.assertEqual(order_row(read), order_row(chunk))
        self.assertEqual((read.tasks, read.together, read.second), (chunk.tasks, True, True))

    def test_an_order_that_has_ended(self) -> None:
        ended = order()
        ended.settle(12, DONE, 200.0)
        read = read_order(order_row(ended))
        self.assertEqual((order_row(read), read.open, read.ended), (order_row(ended), False, 200.0))

    def test_a_job_without_what_was_submitted(self) -> None:
        found = begun()
        found.state, found.started, found.ended, found.reason = JobState.FAILED, 6.0, 9.0, "It broke."
        found.noted += ["No image “sky”.", "a\nb"]
        found.standing = Standing(approved=True, avoided={3: 99.0}, stale=[1], too_little={0: 2**33})
        read = read_job(job_row(found))
        times = ("submitted", "started", "ended")
        for name in ("id", "name", "state", "reason", "noted", "settings", "standing", *times):
            self.assertEqual(getattr(read, name), getattr(found, name), name)
        self.assertEqual((read.template, read.values, read.steps, read.past), ({}, {}, [], []))

    def test_that_a_job_is_deleted_is_told_of_its_row_and_kept_once(self) -> None:
        found = begun()
        found.noted += ["No image."]
        found.standing.deleted = True
        read = read_job(job_row(found))
        self.assertEqual((read.noted, read.warnings), (["No image."], ["No image.", LEAVING]))

    def test_a_step_as_what_is_kept_of_a_finished_one(self) -> None:
        found = begun()
        found.steps[0].tasks.move_all(TaskEvent.CANCEL)
        read = read_step(step_row(found.steps[0]))
        found.close()
        self.assertEqual(read, found.past[0])

    def test_the_tasks_of_a_step_are_written_when_its_job_has_ended(self) -> None:
        found = begun()
        self.assertIsNone(step_row(found.steps[0])[4])
        found.state = JobState.CANCELED
        found.steps[0].tasks.move_all(TaskEvent.CANCEL)
        self.assertEqual(bytes(TaskSet.unpacked(step_row(found.steps[0])[4])), bytes(found.steps[0].tasks))


class Columns(SynchronousTestCase):
    def test_every_row_has_a_value_for_each_column_of_its_table(self) -> None:
        found = begun()
        made: dict[type[Any], Any] = {
            ClientRow: client_row(RuntimeClient(5, machine(1))),
            JobRow: job_row(found),
            StepRow: step_row(found.steps[0]),
            OrderRow: order_row(order()),
        }
        for model, row in made.items():
            self.assertEqual(len(row), len(model._meta.sorted_fields), model.__name__)
            for field, value in zip(model._meta.sorted_fields, row, strict=True):
                self.assertTrue(field.null or value is not None, f"{model.__name__}.{field.name}")


class OfChanges(SynchronousTestCase):
    def test_a_submission_is_a_job_what_was_submitted_and_its_steps(self) -> None:
        found = begun()
        made = rows_of(Changes(jobs={2: found}, steps={2: found}))
        self.assertEqual([model for model, _ in made], [JobRow, SubmissionRow, StepRow, StepRow])
        self.assertEqual([row[:3] for model, row in made if model is StepRow], [(2, 0, "Render"), (2, 1, "Video")])

    def test_what_was_submitted_is_written_once(self) -> None:
        found = begun()
        found.state = JobState.CANCELED
        made = rows_of(Changes(jobs={2: found}, steps={2: found}))
        self.assertEqual([model for model, _ in made], [JobRow, StepRow, StepRow])

    def test_rows_are_of_the_moment(self) -> None:
        changed = order()
        ((_, row),) = rows_of(Changes(orders={7: changed}))
        changed.settle(12, DONE, 9.0)
        self.assertEqual(list(row[11]), [DONE, FAILED, TaskState.ACTIVE])

    def test_what_is_to_be_said_is_not_written(self) -> None:
        said = Changes(issued=[order()], settled=[(1, 2, 3)], recalled=[order()], canceled=[order()])
        self.assertEqual(list(rows_of(said)), [])
