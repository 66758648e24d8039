"""What the faces show, from farms in known states."""

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.client import Status
from brender.farm.job import Step
from brender.farm.submission.planning import plan as planned_of
from brender.farm.tasks import TaskSet
from brender.farm.views.things import JobView, client_view, job_view, order_view, what
from tests.doubles import CANCELED, DONE, FAILED, Rules, Stage
from tests.farm.submission import documents


class AJobOnView(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Rules()

    def view(self, number: int = 1) -> JobView:
        return job_view(self.rules.farm.jobs[number], self.rules.farm)

    def test_of_24_frames_with_10_done_at_2_seconds_and_one_machine_28_seconds_are_left(self) -> None:
        self.rules.job(Stage("Render", 24))
        client = self.rules.client()
        for _ in range(10):
            self.rules.match()
            order = self.rules.orders(client)[0]
            self.rules.started(order)
            self.rules.ended(order, seconds=2.0)
        self.rules.match()
        self.rules.started(self.rules.orders(client)[0])
        view = self.view()
        self.assertEqual((view.tasks, view.completed, view.seconds_a_task), (24, 10, 2.0))
        self.assertEqual(view.seconds_left, 28.0)
        self.assertAlmostEqual(view.progress, 100 * 10 / 24)

    def test_the_time_left_is_known_between_two_tasks_too(self) -> None:
        self.rules.job(Stage("Render", 3))
        client = self.rules.client()
        self.rules.match()
        self.rules.ended(self.rules.orders(client)[0], seconds=2.0)
        self.rules.match()
        self.assertEqual(self.view().seconds_left, 4.0)

    def test_two_machines_take_half_as_long(self) -> None:
        self.rules.job(Stage("Render", 10))
        clients = [self.rules.client(), self.rules.client()]
        self.rules.match()
        for client in clients:
            self.rules.ended(self.rules.orders(client)[0], seconds=2.0)
        self.rules.match()
        self.assertEqual(self.view().seconds_left, 8.0)

    def test_what_shares_a_machine_runs_side_by_side(self) -> None:
        self.rules.job(Stage("Render", 13, vcpus=1))
        client = self.rules.client(4)
        self.rules.match()
        self.rules.ended(self.rules.orders(client)[0], seconds=2.0)
        self.rules.match()
        self.assertEqual(self.view().seconds_left, 6.0)

    def test_nobody_knows_how_long_while_nothing_has_ended_or_it_is_not_its_turn(self) -> None:
        self.rules.job(Stage("Render", 3))
        client = self.rules.client()
        self.rules.match()
        self.assertIsNone(self.view().seconds_left)
        self.rules.ended(self.rules.orders(client)[0], seconds=2.0)
        changing.pause(self.rules.farm, self.rules.farm.jobs[1])
        self.assertIsNone(self.view().seconds_left)

    def test_a_finished_one_shows_the_same_when_it_is_closed(self) -> None:
        found = self.rules.job(Stage("Render", 2), Stage("Video", after=("Render",)))
        client = self.rules.client()
        self.rules.match()
        self.rules.ended(self.rules.orders(client)[0])
        changing.cancel(self.rules.farm, found, self.rules.now)
        before = self.view()
        found.close()
        after = self.view()
        self.assertEqual((before.state, before.tasks, before.completed, before.progress), ("canceled", 3, 1, 100.0))
        self.assertEqual(msgspec.structs.replace(after, seconds_a_task=before.seconds_a_task), before)

    def test_its_steps_add_up(self) -> None:
        self.rules.job(Stage("Render", 5, vcpus=1), Stage("Video", after=("Render",)))
        client = self.rules.client(2)
        self.rules.match()
        self.rules.ended(self.rules.orders(client)[0])
        view = self.view()
        self.assertEqual([step.tasks for step in view.steps], [5, 1])
        self.assertEqual(
            [(step.waiting, step.ready, step.active, step.completed) for step in view.steps],
            [(0, 1, 3, 1), (1, 0, 0, 0)],
        )
        self.assertEqual((view.tasks, view.active, view.completed), (6, 3, 1))

    def test_a_failed_one_says_why(self) -> None:
        self.rules.job(Stage())
        self.rules.run(self.rules.client(), FAILED)
        view = self.view()
        self.assertEqual((view.state, view.failed, view.reason), ("failed", 1, "It broke."))

    def test_it_is_json(self) -> None:
        self.rules.job(Stage())
        read = msgspec.json.decode(msgspec.json.encode(self.view()), type=JobView)
        self.assertEqual(read, self.view())


class AClientOnView(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Rules()
        self.client = self.rules.client(2, memory=2**30)

    def test_an_idle_one(self) -> None:
        view = client_view(self.client, self.rules.farm)
        self.assertEqual((view.id, view.name, view.status, view.connection), (1, "render-01", "enabled", "online"))
        self.assertEqual((view.activity, view.slots, view.used, view.memory, view.running), ("idle", 2, 0, 2**30, []))

    def test_a_busy_one_shows_the_task_in_a_persons_words(self) -> None:
        self.rules.job(Stage("Render", 3))
        self.rules.match()
        order = self.rules.orders(self.client)[0]
        self.rules.started(order)
        self.rules.farm.progressed(1, order.id, 0, 40.0, "sample 4 of 10")
        (running,) = client_view(self.client, self.rules.farm).running
        self.assertEqual((running.job, running.step, running.task, running.what), (1, "Render", 0, "frame 1"))
        self.assertEqual((running.percent, running.status), (40.0, "sample 4 of 10"))

    def test_what_waits_behind_its_slots_is_not_counted_as_used(self) -> None:
        self.rules.job(Stage(tasks=9))
        self.rules.match()
        self.assertEqual((self.client.used, client_view(self.client, self.rules.farm).used), (4, 2))

    def test_a_disabled_one_that_is_gone(self) -> None:
        changing.set_status(self.rules.farm, self.client, Status.DISABLED)
        self.rules.farm.leave(self.client, 77.0)
        view = client_view(self.client, self.rules.farm)
        self.assertEqual((view.status, view.connection, view.since, view.load), ("disabled", "offline", 77.0, 0.0))

    def test_a_task_of_a_canceled_job_is_shown_no_more(self) -> None:
        found = self.rules.job(Stage(tasks=3))
        self.rules.match()
        self.rules.started(self.rules.orders(self.client)[0])
        changing.cancel(self.rules.farm, found, self.rules.now)
        found.close()
        self.assertEqual(client_view(self.client, self.rules.farm).running, [])


class AnOrderOnView(SynchronousTestCase):
    def test_it_counts_what_became_of_its_tasks(self) -> None:
        rules = Rules()
        found = rules.job(Stage("Render", 20))
        client = rules.client()
        found.steps[0].estimate.learn(0.1)
        rules.match()
        order = rules.orders(client)[0]
        for outcome in (DONE, DONE, FAILED, CANCELED):
            rules.ended(order, outcome=outcome, message="It broke.")
        view = order_view(order, found, rules.farm)
        self.assertEqual((view.step, view.client, view.name), ("Render", "render-01", "tasks 0 to 4"))
        self.assertEqual((view.completed, view.failed, view.reason, view.ended), (2, 1, "It broke.", None))

    def test_one_of_a_closed_job_and_a_client_that_is_not_known_can_still_be_shown(self) -> None:
        rules = Rules()
        found = rules.job(Stage("Render", 2))
        rules.client()
        rules.match()
        order = next(iter(rules.farm.orders.values()))
        changing.cancel(rules.farm, found, rules.now)
        found.close()
        order.client = 99
        view = order_view(order, found, rules.farm)
        self.assertEqual((view.step, view.client, view.name), ("Render", "client 99", "task 0"))


class Words(SynchronousTestCase):
    def test_a_task_is_named_by_its_frame_or_else_by_its_number(self) -> None:
        rules = Rules()
        (framed,) = rules.job(Stage(tasks=3)).steps
        camera = {"name": "Camera", "type": "STRING", "range": ["left", "right", "top"]}
        plan = planned_of(documents.job(documents.over(camera)), {})
        other = Step(rules.farm.jobs[1], 0, plan.steps[0], TaskSet.waiting(3), framed.shape)
        self.assertEqual((what(framed, 2), what(other, 2)), ("frame 3", "task 2"))
