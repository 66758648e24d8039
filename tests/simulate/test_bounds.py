"""The least time in which all could be done."""

from twisted.trial.unittest import SynchronousTestCase

from tests.simulate.farms import Data, clients, farm, run, step, user


def bound(groups: list[Data], users: list[Data]) -> float:
    world, found = run(farm(groups, users))
    if found.makespan:
        assert found.makespan.seconds >= found.makespan.bound - 1e-6
    return round(world.measures.bounds.seconds, 3)


class Bounds(SynchronousTestCase):
    def test_work_over_capacity(self) -> None:
        self.assertEqual(bound([clients(4)], [user(step(100, 10))]), 250.0)

    def test_the_longest_task_on_the_quickest_client(self) -> None:
        self.assertEqual(bound([clients(4), clients(speed=2)], [user(step(1, 1000)), user(step(4, 10))]), 500.0)

    def test_steps_one_after_the_other(self) -> None:
        steps = (step(1, 100, name="A"), step(8, 10, name="B", after=["A"]), step(1, 50, name="C", after=["B"]))
        self.assertEqual(bound([clients(4)], [user(*steps)]), 170.0)

    def test_what_only_some_can_do_is_not_sooner_because_of_the_others(self) -> None:
        groups = [clients(10, slots=4), clients(1, slots=4, gpus=1)]
        self.assertEqual(bound(groups, [user(step(20, 10, vcpus=1, gpus=1)), user(step(4, 10, vcpus=1))]), 200.0)

    def test_tasks_that_share_a_machine_take_a_part_of_it(self) -> None:
        self.assertEqual(bound([clients(2, slots=4)], [user(step(80, 10, vcpus=1))]), 100.0)

    def test_memory_may_be_the_part_that_counts(self) -> None:
        self.assertEqual(bound([clients(2, slots=4, memory=8)], [user(step(80, 10, vcpus=1, memory=4))]), 200.0)

    def test_unequal_machines_count_by_what_they_do(self) -> None:
        groups = [clients(1, slots=8), clients(1, slots=8, speed=0.5)]
        self.assertEqual(bound(groups, [user(step(240, 10, vcpus=1))]), 200.0)
