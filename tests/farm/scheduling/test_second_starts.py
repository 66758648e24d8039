"""A straggler is begun a second time elsewhere: only when that should end sooner, and the first one home wins."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.client import RuntimeClient
from brender.farm.order import Order
from brender.farm.transitions import TaskState
from tests.doubles import CANCELED, DONE, FAILED, Rules, Stage


class Straggling(SynchronousTestCase):
    """A task that usually takes ten seconds runs on `slow`, and `idle` has nothing to do."""

    def setUp(self) -> None:
        self.begin()

    def begin(self, slow: float = 1.0, idle: float = 1.0, farm: dict[str, Any] | None = None, **settings: Any) -> None:
        self.rules = Rules(**(farm or {}))
        self.slow = self.rules.client()
        self.job = self.rules.job(Stage(tasks=9), **settings)
        for _ in range(8):
            self.rules.match()
            order = self.rules.orders(self.slow)[0]
            self.rules.started(order)
            self.rules.ended(order, seconds=10.0)
        self.slow.slowness = slow
        self.rules.match()
        (self.first,) = self.rules.orders(self.slow)
        self.rules.started(self.first)
        self.idle = self.rules.client()
        self.idle.slowness = idle
        self.rules.match()
        self.rules.changes()

    def second(self, wait: float = 40.0) -> Order:
        """The order that runs the same task elsewhere."""
        self.rules.wait(wait)
        (order,) = self.rules.orders(self.idle)
        self.assertTrue(order.second)
        self.rules.started(order)
        return order

    def counts(self) -> list[int]:
        return self.job.steps[0].counts

    def gone(self, order: Order) -> None:
        self.rules.farm.dropped(order.client, order.id)
        self.rules.match()

    # --- when

    def test_what_is_on_time_is_left_alone(self) -> None:
        self.rules.wait(15)
        self.assertEqual(self.idle.orders, {})

    def test_what_takes_three_times_as_long_is_begun_anew(self) -> None:
        order = self.second()
        self.assertEqual((order.first, order.count, self.counts()[TaskState.ACTIVE]), (8, 1, 1))

    def test_it_is_begun_a_second_time_and_no_third(self) -> None:
        self.second()
        third = self.rules.client()
        self.rules.wait(1000)
        self.assertEqual(third.orders, {})

    def test_a_client_that_becomes_idle_later_does_it_too(self) -> None:
        self.rules.farm.retire(self.idle)
        self.rules.wait(40)
        self.assertEqual(self.idle.orders, {})
        later = self.rules.client()
        self.rules.match()
        self.assertEqual([order.second for order in self.rules.orders(later)], [True])

    def test_on_a_client_known_to_be_slow_it_is_begun_anew_at_once(self) -> None:
        self.begin(slow=5.0)
        self.assertEqual([order.second for order in self.rules.orders(self.idle)], [True])

    def test_not_on_a_client_that_would_take_longer(self) -> None:
        self.begin(idle=10.0)
        self.rules.wait(40)
        self.assertEqual(self.idle.orders, {})

    def test_somewhat_slow_clients_have_stragglers_too(self) -> None:
        for slow, idle in ((2.0, 1.0), (1.0, 2.0), (2.5, 2.5)):
            self.begin(slow=slow, idle=idle)
            self.rules.wait(30)
            self.rules.wait(300)
            self.assertEqual([order.second for order in self.rules.orders(self.idle)], [True], (slow, idle))

    def test_short_tasks_are_not_worth_it(self) -> None:
        self.rules = Rules()
        slow, job = self.rules.client(), self.rules.job(Stage(tasks=5))
        for _ in range(4):
            self.rules.match()
            order = self.rules.orders(slow)[0]
            self.rules.started(order)
            self.rules.ended(order, seconds=1.0)
        self.rules.match()
        self.rules.started(self.rules.orders(slow)[0])
        idle = self.rules.client()
        self.rules.wait(100)
        self.assertEqual((idle.orders, job.finished), ({}, False))

    def test_those_that_began_before_any_had_ended_may_straggle_too(self) -> None:
        rules = Rules()
        clients = [rules.client() for _ in range(4)]
        rules.job(Stage(tasks=4))
        rules.match()
        for client in clients:
            rules.started(rules.orders(client)[0])
        for client in clients[1:]:
            rules.ended(rules.orders(client)[0], seconds=10.0)
        rules.wait(100)
        self.assertEqual([order.second for client in clients[1:] for order in client.orders.values()], [True])

    def test_neither_the_job_nor_the_farm_needs_to_want_it(self) -> None:
        for farm, settings in (({"second_starts": False}, {}), ({}, {"second_starts": False})):
            self.begin(farm=farm, **settings)
            self.rules.wait(1000)
            self.assertEqual(self.idle.orders, {})

    def test_who_does_not_want_it_any_more_gets_none(self) -> None:
        self.rules.set(self.job, second_starts=False)
        self.rules.wait(1000)
        self.assertEqual(self.idle.orders, {})

    def test_not_where_the_task_may_not_run(self) -> None:
        self.begin(never=["render-02"])
        self.rules.wait(1000)
        self.assertEqual(self.idle.orders, {})

    def test_not_while_the_job_is_paused(self) -> None:
        changing.pause(self.rules.farm, self.job)
        self.rules.wait(1000)
        self.assertEqual(self.idle.orders, {})
        changing.resume(self.rules.farm, self.job)
        self.rules.wait(1000)
        self.assertEqual([order.second for order in self.rules.orders(self.idle)], [True])

    # --- who wins

    def test_the_second_may_win_and_the_first_is_ended(self) -> None:
        second = self.second()
        self.rules.ended(second, seconds=10.0)
        changes = self.rules.changes()
        self.assertEqual((changes.canceled, self.job.state.value, self.counts()[DONE]), ([self.first], "completed", 9))
        self.gone(self.first)
        self.holds_nothing()

    def test_the_first_may_win_and_the_second_is_ended(self) -> None:
        second = self.second()
        self.rules.ended(self.first, seconds=50.0)
        self.assertEqual((self.rules.changes().canceled, self.job.state.value), ([second], "completed"))
        self.gone(second)
        self.holds_nothing()

    def test_the_loser_s_late_result_counts_for_nothing(self) -> None:
        for outcome in (DONE, FAILED, CANCELED):
            self.begin()
            second = self.second()
            self.rules.ended(second, seconds=10.0)
            self.assertFalse(self.rules.ended(self.first, 8, outcome, seconds=60.0))
            self.assertEqual((self.counts()[DONE], self.counts()[FAILED]), (9, 0))
            self.assertEqual(list(self.job.steps[0].tries), [])

    def test_when_one_fails_the_other_runs_on(self) -> None:
        for second_fails in (True, False):
            self.begin(tries=1)
            second = self.second()
            fails, runs = (second, self.first) if second_fails else (self.first, second)
            self.rules.ended(fails, outcome=FAILED, message="It broke.")
            self.assertEqual((self.counts()[TaskState.ACTIVE], self.job.finished), (1, False))
            self.rules.match()
            self.rules.ended(runs, seconds=50.0)
            self.assertEqual((self.job.state.value, self.counts()[DONE]), ("completed", 9))
            self.holds_nothing()

    def test_when_both_fail_it_has_been_tried_twice(self) -> None:
        for tries, state in ((2, "failed"), (3, "active")):
            self.begin(tries=tries)
            second = self.second()
            self.rules.ended(self.first, outcome=FAILED)
            self.rules.ended(second, outcome=FAILED)
            self.assertEqual(self.job.state.value, state)
            self.assertEqual(sorted(self.job.steps[0].tries[8].clients), [self.slow.id, self.idle.id])
            self.assertEqual(self.rules.farm.twins, {})

    def test_when_either_client_is_lost_the_other_runs_on(self) -> None:
        for lost, runs in (("slow", "idle"), ("idle", "slow")):
            self.begin()
            orders = {"idle": self.second(), "slow": self.first}
            client: RuntimeClient = getattr(self, lost)
            self.rules.farm.leave(client, self.rules.now)
            self.rules.farm.lose(client, self.rules.now)
            self.rules.match()
            self.assertEqual(self.counts()[TaskState.ACTIVE], 1)
            self.rules.ended(orders[runs], seconds=50.0)
            self.assertEqual((self.job.state.value, self.counts()[DONE]), ("completed", 9))
            self.holds_nothing()

    def test_when_both_are_lost_the_task_is_ready_again(self) -> None:
        self.second()
        for client in (self.slow, self.idle):
            self.rules.farm.leave(client, self.rules.now)
            self.rules.farm.lose(client, self.rules.now)
        self.assertEqual((self.counts()[TaskState.READY], self.rules.farm.twins), (1, {}))

    def test_after_a_second_start_that_was_lost_there_may_be_another(self) -> None:
        self.second()
        self.rules.farm.leave(self.idle, self.rules.now)
        self.rules.farm.lose(self.idle, self.rules.now)
        third = self.rules.client()
        self.rules.wait(100)
        self.assertEqual([order.second for order in self.rules.orders(third)], [True])

    def test_a_cancel_of_the_job_ends_both(self) -> None:
        second = self.second()
        changing.cancel(self.rules.farm, self.job, self.rules.now)
        self.assertEqual(self.rules.changes().canceled, [self.first, second])
        for order in (self.first, second):
            self.gone(order)
        self.holds_nothing()

    def test_who_ends_it_unasked_leaves_it_to_the_other(self) -> None:
        second = self.second()
        self.rules.ended(self.first, outcome=CANCELED)
        self.assertEqual(self.counts()[TaskState.ACTIVE], 1)
        self.rules.ended(second, seconds=10.0)
        self.assertEqual(self.job.state.value, "completed")
        self.holds_nothing()

    def test_a_limit_counts_for_both(self) -> None:
        for count, starts in ((1, 0), (2, 1)):
            self.begin(farm={"limits": {"arnold": {"count": count}}}, limits={"arnold": 1})
            self.rules.wait(40)
            self.assertEqual(len(self.idle.orders), starts)

    def holds_nothing(self) -> None:
        farm = self.rules.farm
        self.assertEqual((farm.twins, farm.orders, farm.floor.suspects), ({}, {}, {}))
        self.assertEqual([client.used for client in farm.clients.values()], [0] * len(farm.clients))
