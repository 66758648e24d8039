"""Work of higher priority takes the place of jobs that allow it: only of those, and never more than it needs."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.client import RuntimeClient, Status
from brender.farm.job import Job
from brender.farm.order import Order
from brender.farm.transitions import TaskState
from tests.doubles import FAILED, Rules, Stage

GIB = 2**30


class Preemption(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Rules(limits={"arnold": {"count": 1}})

    def running(self, *stages: Stage, **settings: Any) -> Job:
        """A job of low priority, of which everything that clients were given has begun."""
        job = self.rules.job(*stages, **{"priority": 10, "preemptible": True, "owner": "bob"} | settings)
        self.rules.match()
        for order in job.orders.values():
            if order not in self.rules.farm.floor.behind:
                self.rules.started(order)
        self.rules.changes()
        return job

    def urgent(self, *stages: Stage, **settings: Any) -> Job:
        job = self.rules.job(*(stages or (Stage(),)), **{"priority": 90} | settings)
        self.rules.match()
        return job

    def ended(self) -> list[Order]:
        """The orders that clients are told to end."""
        return self.rules.changes().canceled

    def gone(self, order: Order) -> None:
        """A client says that it has ended an order."""
        self.rules.farm.dropped(order.client, order.id)
        self.rules.match()

    def give_back(self, *orders: Order) -> None:
        for order in orders:
            self.rules.farm.handed_back(order.client, order.id, order.awaited(), self.rules.now)
        self.rules.match()

    def jobs_on(self, client: RuntimeClient) -> list[int]:
        return [order.job for order in client.orders.values() if not order.ending]

    def test_what_runs_gives_way_to_work_that_would_have_to_wait_behind_it(self) -> None:
        client = self.rules.client()
        low = self.running(Stage())
        (order,) = self.rules.orders(client)
        urgent = self.urgent()
        self.assertEqual(self.ended(), [order])
        self.assertEqual(low.steps[0].counts[TaskState.READY], 0, "before it is gone there it runs nowhere else")
        self.gone(order)
        self.assertEqual(self.jobs_on(client), [urgent.id, low.id])

    def test_no_try_is_counted_and_the_task_runs_again(self) -> None:
        client = self.rules.client()
        low = self.running(Stage(tasks=3), tries=1)
        urgent = self.urgent()
        for order in self.ended():
            self.gone(order)
        self.give_back(*[order for order in self.rules.orders(client) if order.recalled])
        self.rules.run(client)
        self.assertEqual((low.state.value, urgent.state.value), ("completed", "completed"))
        self.assertEqual(low.steps[0].tries, {})

    def test_a_job_that_does_not_allow_it_runs_on(self) -> None:
        self.rules.client()
        self.running(Stage(tasks=3), preemptible=False)
        self.urgent()
        self.assertEqual(self.ended(), [])

    def test_nothing_gives_way_to_the_same_priority_or_to_a_lower_one(self) -> None:
        self.rules.client()
        self.running(Stage(tasks=3), priority=50)
        for priority in (50, 49, 0):
            self.urgent(priority=priority)
        self.assertEqual(self.ended(), [])

    def test_nothing_gives_way_where_a_slot_is_free(self) -> None:
        self.rules.client(2)
        self.running(Stage(vcpus=1))
        self.urgent(Stage(vcpus=1))
        self.assertEqual(self.ended(), [])

    def test_no_more_than_needed_and_the_youngest_first(self) -> None:
        clients = [self.rules.client() for _ in range(4)]
        self.running(Stage(tasks=4))
        oldest = [self.rules.orders(client)[0] for client in clients]
        self.urgent(Stage(tasks=2))
        self.assertEqual(self.ended(), [oldest[3], oldest[2]])
        self.rules.match()
        self.assertEqual(self.ended(), [])

    def test_the_lowest_priority_gives_way_first(self) -> None:
        for _ in range(2):
            self.rules.client()
        lowest = self.running(Stage(), priority=5)
        self.running(Stage(), priority=20)
        self.urgent()
        self.assertEqual([order.job for order in self.ended()], [lowest.id])

    def test_two_urgent_jobs_are_both_made_room_for(self) -> None:
        for _ in range(2):
            self.rules.client()
        self.running(Stage(tasks=2))
        for _ in range(2):
            self.rules.job(Stage(), priority=90)
        self.rules.match()
        self.assertEqual(len(self.ended()), 2)

    def test_a_large_task_ends_as_many_small_ones_as_it_needs(self) -> None:
        for _ in range(2):
            self.rules.client(2)
        self.running(Stage(tasks=4, vcpus=1))
        self.urgent(Stage(vcpus=2))
        ended = self.ended()
        self.assertEqual((len(ended), len({order.client for order in ended})), (2, 1))

    def test_a_large_task_ends_nothing_where_it_could_not_run_all_the_same(self) -> None:
        self.rules.client(2)
        self.running(Stage(vcpus=1), preemptible=False)
        self.running(Stage(vcpus=1))
        self.urgent(Stage(vcpus=2))
        self.assertEqual(self.ended(), [])

    def test_nothing_is_ended_on_a_client_that_takes_nothing(self) -> None:
        for how in ("disabled", "leaving", "away"):
            self.setUp()
            client = self.rules.client()
            self.running(Stage())
            if how == "disabled":
                changing.set_status(self.rules.farm, client, Status.DISABLED)
            elif how == "leaving":
                self.rules.farm.retire(client)
            else:
                self.rules.farm.leave(client, self.rules.now)
            self.urgent()
            self.assertEqual(self.ended(), [], how)

    def test_nothing_is_ended_for_work_that_waits_for_a_licence(self) -> None:
        for _ in range(2):
            self.rules.client()
        self.running(Stage(), limits={"arnold": 1}, preemptible=False)
        self.running(Stage())
        self.urgent(limits={"arnold": 1})
        self.assertEqual(self.ended(), [])

    def test_nothing_is_ended_where_memory_would_be_lacking_all_the_same(self) -> None:
        self.rules.client(4, memory=64 * GIB)
        self.running(Stage(vcpus=3, memory=60), preemptible=False)
        self.running(Stage(vcpus=1))
        self.urgent(Stage(vcpus=1, memory=32))
        self.assertEqual(self.ended(), [])

    def test_memory_is_made_room_for_too(self) -> None:
        client = self.rules.client(4, memory=64 * GIB)
        self.running(Stage(vcpus=1, memory=60))
        urgent = self.urgent(Stage(vcpus=1, memory=32))
        (order,) = self.ended()
        self.gone(order)
        self.assertEqual(self.jobs_on(client)[0], urgent.id)

    def test_nothing_is_ended_for_a_task_that_should_run_elsewhere(self) -> None:
        self.rules.client()
        self.running(Stage(tasks=2), priority=95, preemptible=False)
        failing = self.rules.client()
        urgent = self.urgent()
        (order,) = self.rules.orders(failing)
        self.rules.ended(order, outcome=FAILED)
        low = self.running(Stage())
        self.rules.set(urgent, priority=91)
        self.rules.match()
        self.assertEqual((self.ended(), self.jobs_on(failing)), ([], [low.id]))

    def test_what_waits_behind_it_is_called_back_as_well(self) -> None:
        client = self.rules.client()
        self.running(Stage(tasks=2))
        first, second = self.rules.orders(client)
        urgent = self.urgent()
        changes = self.rules.changes()
        self.assertEqual((changes.canceled, changes.recalled), ([first], [second]))
        self.give_back(second)
        self.gone(first)
        self.assertEqual(self.jobs_on(client)[0], urgent.id)

    def test_a_client_that_goes_away_while_it_ends_an_order_keeps_nobody_waiting(self) -> None:
        client, other = self.rules.client(), self.rules.client()
        self.running(Stage(tasks=2), preemptible=False)
        self.rules.ended(self.rules.orders(client)[0])
        low = self.running(Stage())
        urgent = self.urgent()
        (order,) = self.ended()
        self.rules.farm.leave(client, self.rules.now)
        self.rules.farm.lose(client, self.rules.now)
        self.rules.match()
        self.assertEqual((client.orders, self.rules.farm.giving_way, order.client), ({}, {}, client.id))
        self.rules.run(other)
        self.assertEqual((low.state.value, urgent.state.value), ("completed", "completed"))


class CallingBack(SynchronousTestCase):
    """Orders that wait behind others give way to higher priority, whether their jobs allow it or not."""

    def setUp(self) -> None:
        self.rules = Rules()

    def recalled(self) -> list[Order]:
        self.rules.match()
        return self.rules.changes().recalled

    def full(self, slots: int, stage: Stage, **settings: Any) -> RuntimeClient:
        client = self.rules.client(slots)
        self.rules.job(stage, **{"priority": 10} | settings)
        self.rules.match()
        self.rules.changes()
        return client

    def test_what_waits_is_called_back_for_higher_priority_and_what_runs_is_left(self) -> None:
        client = self.full(1, Stage(tasks=4))
        self.rules.started(self.rules.orders(client)[0])
        self.rules.job(Stage(), priority=90)
        self.assertEqual([order.first for order in self.recalled()], [1])
        self.assertEqual(self.rules.changes().canceled, [])

    def test_nothing_is_called_back_for_the_same_priority(self) -> None:
        self.full(1, Stage(tasks=4))
        self.rules.job(Stage(), priority=10)
        self.assertEqual(self.recalled(), [])

    def test_so_much_is_called_back_that_a_large_task_is_next(self) -> None:
        client = self.full(4, Stage(tasks=8, vcpus=1))
        large = self.rules.job(Stage(vcpus=4), priority=90)
        recalled = self.recalled()
        self.assertEqual(len(recalled), 4)
        for order in recalled:
            self.rules.farm.handed_back(client.id, order.id, order.awaited(), self.rules.now)
        self.rules.match()
        self.assertEqual([order.job for order in self.rules.orders(client)], [1, 1, 1, 1, large.id])

    def test_it_is_called_back_from_where_the_urgent_work_can_run(self) -> None:
        able = self.full(2, Stage(tasks=4, vcpus=1))
        self.full(1, Stage(tasks=4), never=[able.name])
        self.rules.job(Stage(vcpus=2), priority=90)
        self.assertEqual({order.client for order in self.recalled()}, {able.id})
