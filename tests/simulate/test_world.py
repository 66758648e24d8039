"""Small farms whose outcome can be worked out by hand; and what holds for every farm."""

from collections import Counter

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.transitions import TaskState
from brender.simulate.farm_shape import FarmShape
from brender.simulate.report import Report
from brender.simulate.world import BEGIN
from tests.simulate.farms import Recorded, clients, farm, run, step, timeless, user


def span(found: Report) -> float:
    assert found.makespan
    return round(found.makespan.seconds, 3)


class ByHand(SynchronousTestCase):
    def test_one_client_runs_one_task_after_the_other_in_one_session(self) -> None:
        _, found = run(farm([clients()], [user(step(3, 10, opening=2))]))
        self.assertEqual(span(found), 32.0)
        self.assertEqual((found.tasks.submitted, found.tasks.completed), (3, 3))

    def test_a_client_of_half_the_speed_takes_twice_as_long(self) -> None:
        _, found = run(farm([clients(), clients(speed=0.5)], [user(step(3, 10))]))
        self.assertEqual(span(found), 20.0)
        assert found.makespan
        self.assertAlmostEqual(found.makespan.bound, 20.0)

    def test_a_step_begins_when_the_one_that_it_waits_for_has_ended(self) -> None:
        steps = (step(1, 10, name="Bake"), step(4, 10, name="Render", after=["Bake"]))
        _, found = run(farm([clients(2)], [user(*steps)]))
        self.assertEqual(span(found), 30.0)

    def test_a_message_takes_its_time_and_what_waits_behind_the_slots_hides_that(self) -> None:
        _, found = run(farm([clients()], [user(step(10, 10))], latency=0.5))
        self.assertEqual(span(found), 0.5 + 100 + 0.5)

    def test_tasks_that_share_a_machine_run_side_by_side(self) -> None:
        _, found = run(farm([clients(slots=4)], [user(step(8, 10, vcpus=2))]))
        self.assertEqual(span(found), 40.0)

    def test_memory_is_used_up_too(self) -> None:
        _, found = run(farm([clients(slots=4, memory=8)], [user(step(4, 10, vcpus=1, memory=5))]))
        self.assertEqual(span(found), 40.0)

    def test_a_task_that_has_its_machine_for_itself_goes_by_another_speed(self) -> None:
        _, found = run(farm([clients(slots=4, whole=2)], [user(step(4, 10))]))
        self.assertEqual(span(found), 20.0)

    def test_owners_get_slots_by_their_weights(self) -> None:
        users = [user(step(400, 10), owner=owner) for owner in ("ada", "bob")]
        _, found = run(farm([clients(8)], users, farm={"weights": {"ada": 3}}), days=0.005)
        self.assertEqual([(each.owner, each.due, round(each.had, 3)) for each in found.shares],
                         [("ada", 0.75, 0.75), ("bob", 0.25, 0.25)])  # fmt: skip

    def test_projects_get_their_shares_and_lend_what_they_do_not_use(self) -> None:
        users = [user(step(400, 10), owner=name, project=name) for name in ("film", "series")]
        shares = {"film": 60, "series": 20, "advert": 20}
        _, found = run(farm([clients(8)], users, farm={"shares": shares}), days=0.005)
        self.assertEqual([(each.project, round(each.had, 2)) for each in found.shares],
                         [("film", 0.75), ("series", 0.25)])  # fmt: skip

    def test_a_chunk_runs_as_one(self) -> None:
        world, found = run(farm([clients()], [user(step(100, 1, chunk=10))]))
        self.assertEqual(span(found), 100.0)
        self.assertLess(max(order.count for order in world.orders.values()), 11)
        self.assertGreater(max(order.count for order in world.orders.values()), 5)

    def test_sessions_are_opened_anew_for_another_step(self) -> None:
        steps = (step(2, 10, name="A", opening=3), step(2, 10, name="B", opening=3, after=["A"]))
        _, found = run(farm([clients()], [user(*steps)]))
        self.assertEqual(span(found), 46.0)

    def test_somebody_who_keeps_two_jobs_going_hands_in_the_next_when_one_is_done(self) -> None:
        _, found = run(farm([clients(2)], [user(step(1, 10), keeps=2)]), days=95 / 86400)
        self.assertEqual((found.jobs.completed, found.jobs.unfinished), (18, 2))

    def test_a_client_that_sleeps_gives_nobody_a_slot(self) -> None:
        asleep = clients(settings={"sleeps": "00:00-06:00"})
        _, found = run(farm([asleep], [user(step(1, 10))]))
        self.assertEqual(span(found), 6 * 3600 + 10)

    def test_used_slots_are_those_that_were_there_while_something_waited(self) -> None:
        _, found = run(farm([clients(2)], [user(step(5, 10))]))
        assert found.use
        self.assertEqual((found.use.seconds, found.use.used), (20.0, 1.0))  # the fifth runs while nothing waits

    def test_a_job_that_nobody_can_run_is_left_at_the_end(self) -> None:
        _, found = run(farm([clients()], [user(step(2, 10, gpus=1))]), days=1)
        self.assertEqual((found.days, found.jobs.unfinished, found.makespan, found.times), (1.0, 1, None, None))


class Stragglers(SynchronousTestCase):
    def shape(self, second_starts: bool) -> FarmShape:
        groups = [clients(2), clients(name="slow", speed=0.1)]
        return farm(groups, [user(step(30, 10))], farm={"second_starts": second_starts})

    def test_the_last_task_of_a_slow_client_is_begun_again_on_a_quick_one(self) -> None:
        (_, alone), (_, helped) = run(self.shape(False)), run(self.shape(True))
        self.assertEqual(span(alone), 200.0)  # the slow one ends its second task
        self.assertLess(span(helped), 160.0)
        second = helped.second_starts
        self.assertEqual((second.started, second.first_home), (1, 1))
        self.assertAlmostEqual(second.saved, 200.0 - span(helped))
        self.assertAlmostEqual(second.spent, span(helped) - 100.0)
        self.assertEqual(alone.second_starts.started, 0)


def rough(**fields: object) -> FarmShape:
    """Everything that can happen, on a few machines."""
    groups = [
        clients(6, slots=4, fails=0.05, dies_every=20_000, away={"least": 5, "most": 2000}),
        clients(3, name="old", slots=2, speed=0.15, fails=0.1, settings={"sleeps": "02:00-04:00"}),
        clients(2, name="gpu", slots=4, gpus=2, settings={"pools": ["gpu"]}),
    ]
    frames = step({"least": 5, "most": 60}, {"median": 60, "spread": 2}, varies=1.3, opening=2, name="Render")
    users = [
        user(frames, step(1, 20, name="Video", after=["Render"]), every=4000),
        user(step(20, 30, vcpus=2, memory=3), owner="bob", project="film", every=3000, settings={"priority": 60}),
        user(step(12, 20, vcpus=1, gpus=1), owner="cleo", keeps=1, settings={"pool": "gpu", "preemptible": True}),
        user(step(200, 0.2, chunk=30), owner="dan", every=9000, hours="01:00-05:00"),
    ]
    users[1]["kinds"][0]["cancels"] = 0.3
    return farm(groups, users, latency=0.01, days=0.25, **fields)


class Always(SynchronousTestCase):
    def test_the_same_seed_gives_the_same_simulation(self) -> None:
        first, again, other = (timeless(run(rough(), seed)[1]) for seed in (3, 3, 4))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_the_same_jobs_come_whatever_the_farm_does_with_them(self) -> None:
        groups = [clients(5), clients(name="slow", speed=0.1)]
        users = [user(step({"least": 1, "most": 40}, 30), every=900)]
        settings = ({"second_starts": True}, {"second_starts": False})
        helped, alone = (run(farm(groups, users, farm=each, days=0.3))[1] for each in settings)
        self.assertGreater(helped.jobs.submitted, 10)
        self.assertEqual((helped.jobs.submitted, helped.tasks.submitted), (alone.jobs.submitted, alone.tasks.submitted))

    def test_every_task_ends_exactly_once_unless_it_is_canceled(self) -> None:
        for seed in (1, 2):
            world, found = run(rough(), seed)
            self.assertGreater(found.jobs.completed, 5)
            self.assertGreater(found.deaths, 0)
            self.check(world)

    def check(self, world: Recorded) -> None:
        """What the orders say of each task, against what the jobs count."""
        done: Counter[tuple[int, int, int]] = Counter()
        for order in world.orders.values():
            for place, state in enumerate(order.tasks):
                done[order.job, order.step, order.first + place] += state == TaskState.COMPLETED
        self.assertLessEqual(max(done.values()), 1)
        by_job = Counter(job for (job, _, _), times in done.items() if times)
        for job in world.measures.ended_jobs:
            self.assertEqual(job.counts[TaskState.COMPLETED], by_job[job.job])
            self.assertEqual([job.counts[state] for state in (TaskState.WAITING, TaskState.READY, TaskState.ACTIVE)],
                             [0, 0, 0])  # fmt: skip

    def test_no_client_runs_more_than_its_slots_and_the_farm_thinks_the_same_of_it(self) -> None:
        world = Recorded(rough(), 5)
        for moment in range(1, 100):
            world.end = BEGIN + moment * 217
            world.run()
            for worker in world.workers.values():
                self.assertTrue(0 <= worker.busy <= worker.client.slots)
                self.assertEqual(worker.busy, sum(work.cost for work in worker.works.values()))

    def test_a_worker_that_dies_for_a_moment_or_for_long_loses_nothing(self) -> None:
        for away in (1.0, 5000.0):
            shape = farm([clients(3, dies_every=3000, away=away)], [user(step(200, 60), jobs=2)], latency=0.01)
            world, found = run(shape)
            self.assertGreater(found.deaths, 2)
            self.assertEqual((found.tasks.completed, found.jobs.completed), (400, 2))
            self.check(world)
