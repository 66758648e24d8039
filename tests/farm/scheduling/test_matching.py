"""Who gets what: priority, age, room, what fits, and what is taken back."""

from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.client import RuntimeClient, Status
from brender.farm.order import Order
from brender.farm.scheduling.floor import BACKLOG
from brender.farm.scheduling.shape import verdict
from brender.farm.transitions import JobState, TaskState
from tests.doubles import DONE, FAILED, Rules, Stage


class TheOrderOfWork(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Rules()

    def ran(self, client: RuntimeClient) -> list[int]:
        """The jobs whose tasks a client runs, one after the other, until nothing is left."""
        ran: list[int] = []
        while True:
            self.rules.match()
            if not client.orders:
                return ran
            order = self.rules.orders(client)[0]
            ran.append(order.job)
            self.rules.ended(order)

    def test_of_equal_priority_the_oldest_goes_first(self) -> None:
        for _ in range(5):
            self.rules.job(Stage(tasks=3))
        self.assertEqual(self.ran(self.rules.client()), [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5])

    def test_the_higher_priority_goes_first_whatever_its_age(self) -> None:
        for priority in (50, 10, 90, 50):
            self.rules.job(Stage(), priority=priority)
        self.assertEqual(self.ran(self.rules.client()), [3, 1, 4, 2])

    def test_a_job_of_higher_priority_takes_the_next_free_slots(self) -> None:
        client = self.rules.client()
        self.rules.job(Stage(tasks=4))
        self.rules.match()
        self.rules.job(Stage(tasks=2), priority=90)
        self.assertEqual(self.ran(client), [1, 1, 2, 2, 1, 1])

    def test_tasks_of_a_step_go_in_their_order_and_steps_of_a_job_in_theirs(self) -> None:
        self.rules.job(Stage("A", 2), Stage("B", 2))
        client = self.rules.client()
        ran: list[tuple[int, int]] = []
        for _ in range(4):
            self.rules.match()
            order = self.rules.orders(client)[0]
            ran.append((order.step, order.first))
            self.rules.ended(order)
        self.assertEqual(ran, [(0, 0), (0, 1), (1, 0), (1, 1)])

    def test_a_small_job_behind_a_large_one_fills_what_that_leaves_free(self) -> None:
        for tasks, priority in ((4, 3), (1, 2), (4, 1)):
            self.rules.job(Stage(tasks=tasks), priority=priority)
        clients = [self.rules.client() for _ in range(6)]
        self.rules.match()
        self.assertEqual([self.rules.orders(client)[0].job for client in clients], [1, 1, 1, 1, 2, 3])

    def test_a_job_that_nobody_can_run_blocks_nobody(self) -> None:
        client = self.rules.client(4)
        impossible = self.rules.job(Stage(vcpus=999), priority=100)
        possible = self.rules.job(Stage())
        self.assertEqual((self.rules.run(client), possible.finished, impossible.finished), (1, True, False))
        self.assertEqual(verdict(client, impossible.steps[0].shape), "it needs 999 cores; this client has 4")
        self.rules.client(1000)
        self.rules.match()
        self.assertEqual(impossible.state.value, "active")


class Room(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Rules()

    def costs(self, client: RuntimeClient) -> list[int]:
        return [order.cost for order in self.rules.orders(client)]

    def test_a_step_that_states_no_vcpus_has_the_machine_alone_and_one_waits_behind_it(self) -> None:
        self.rules.job(Stage(tasks=9))
        client = self.rules.client(8)
        self.rules.match()
        self.assertEqual((self.costs(client), client.used), ([8, 8], BACKLOG * 8))

    def test_a_step_that_states_them_shares(self) -> None:
        self.rules.job(Stage(tasks=99, vcpus=3))
        client = self.rules.client(8)
        self.rules.match()
        self.assertEqual((self.costs(client), client.used), ([3] * 5, 15))

    def test_every_slot_is_filled_before_anybody_has_a_backlog(self) -> None:
        self.rules.job(Stage(tasks=5, vcpus=1))
        first, second = self.rules.client(2), self.rules.client(2)
        self.rules.match()
        self.assertEqual((self.costs(first), self.costs(second)), ([1, 1, 1], [1, 1]))

    def test_a_result_makes_room_for_the_next_order_at_once(self) -> None:
        self.rules.job(Stage(tasks=9))
        client = self.rules.client()
        self.rules.match()
        self.rules.ended(self.rules.orders(client)[0])
        self.rules.match()
        self.assertEqual([order.first for order in self.rules.orders(client)], [1, 2])

    def test_who_is_disabled_offline_or_leaving_gets_nothing(self) -> None:
        disabled, offline, leaving = (self.rules.client() for _ in range(3))
        changing.set_status(self.rules.farm, disabled, Status.DISABLED)
        self.rules.farm.leave(offline, self.rules.now)
        self.rules.farm.retire(leaving)
        self.rules.job(Stage(tasks=9))
        self.rules.match()
        self.assertEqual(self.rules.farm.orders, {})

    def test_short_tasks_go_in_runs_once_it_is_known_that_they_are_short(self) -> None:
        found = self.rules.job(Stage(tasks=1000))
        client = self.rules.client()
        self.rules.match()
        self.assertEqual([order.count for order in self.rules.orders(client)], [1, 1])
        found.steps[0].estimate.learn(0.01)
        self.rules.ended(self.rules.orders(client)[0], seconds=0.01)
        self.rules.match()
        self.assertEqual([(order.first, order.count) for order in self.rules.orders(client)], [(1, 1), (2, 50)])

    def test_a_large_task_is_not_overtaken_by_small_ones_for_ever(self) -> None:
        client = self.rules.client(4)
        self.rules.job(Stage(tasks=8, vcpus=1))
        self.rules.match()
        large = self.rules.job(Stage())
        self.rules.job(Stage(tasks=1000, vcpus=1))
        ended = 0
        while large.state.value == "queued":
            self.rules.ended(self.rules.orders(client)[0])
            self.rules.match()
            ended += 1
        self.assertEqual(ended, 4)
        self.assertEqual([order.job for order in self.rules.orders(client)], [1, 1, 1, 1, 2])

    def test_small_tasks_still_fill_slots_that_a_large_one_cannot_use_yet(self) -> None:
        self.rules = Rules(affinity=0)
        client = self.rules.client(4)
        self.rules.job(Stage(vcpus=1))
        self.rules.match()
        self.rules.job(Stage())
        self.rules.job(Stage(tasks=1000, vcpus=1))
        self.rules.match()
        self.assertEqual([order.job for order in self.rules.orders(client)], [1, 3, 3, 3, 2])

    def test_a_client_that_joins_later_gets_its_share_at_once(self) -> None:
        self.rules.job(Stage(tasks=40))
        first = self.rules.client()
        self.rules.match()
        second = self.rules.client()
        self.rules.match()
        self.assertEqual((len(first.orders), len(second.orders)), (2, 2))


class TakingBack(SynchronousTestCase):
    """An order that waits behind somebody's slots while somebody else has one free."""

    def setUp(self) -> None:
        self.rules = Rules()
        self.job = self.rules.job(Stage(tasks=2))
        self.busy = self.rules.client()
        self.rules.match()
        self.running, self.waiting = self.rules.orders(self.busy)
        self.rules.started(self.running)
        self.rules.changes()

    def recalled(self) -> list[Order]:
        self.rules.match()
        return self.rules.changes().recalled

    def give_back(self) -> None:
        self.rules.farm.handed_back(self.busy.id, self.waiting.id, self.waiting.awaited(), self.rules.now)

    def test_it_is_recalled_once_and_goes_to_who_is_idle(self) -> None:
        idle = self.rules.client()
        self.assertEqual(self.recalled(), [self.waiting])
        self.assertEqual(self.recalled(), [])
        self.give_back()
        self.rules.match()
        self.assertEqual([order.first for order in self.rules.orders(idle)], [1])

    def test_another_is_recalled_where_the_first_had_begun_before_it_heard_of_that(self) -> None:
        busy = self.rules.client(2)
        self.rules.job(Stage(tasks=4, vcpus=1))
        self.rules.match()
        first, second = self.rules.orders(busy)[2:]
        self.rules.changes()
        self.rules.client()
        self.assertEqual(self.recalled(), [self.waiting])
        self.rules.started(self.waiting)
        self.assertEqual(self.recalled(), [first])
        self.rules.ended(first)
        self.assertEqual(self.recalled(), [second])

    def test_what_has_begun_is_left_alone(self) -> None:
        self.rules.started(self.waiting)
        self.rules.client()
        self.assertEqual(self.recalled(), [])

    def test_nobody_recalls_for_a_client_that_could_not_run_it(self) -> None:
        self.rules = Rules()
        self.rules.job(Stage(tasks=2, vcpus=2))
        self.rules.client(2)
        self.rules.match()
        self.rules.changes()
        self.rules.client(1)
        self.assertEqual(self.recalled(), [])

    def test_nobody_recalls_from_a_client_whose_slots_are_not_full(self) -> None:
        self.rules.ended(self.running)
        self.rules.client()
        self.assertEqual(self.recalled(), [])

    def test_nobody_recalls_for_who_should_leave_the_task_to_another(self) -> None:
        self.rules = Rules()
        self.rules.job(Stage("A", 1))
        second = self.rules.client()
        self.rules.match()
        self.rules.ended(self.rules.orders(second)[0], outcome=FAILED)
        self.rules.farm.leave(second, self.rules.now)
        self.rules.job(Stage("B", 1), priority=90)
        first = self.rules.client()
        self.rules.match()
        self.assertEqual([order.job for order in self.rules.orders(first)], [2, 1])
        self.rules.started(self.rules.orders(first)[0])
        self.rules.farm.join(second, second.machine, {}, self.rules.now)
        self.rules.changes()
        self.assertEqual((self.recalled(), self.rules.orders(second)), ([], []))

    def test_two_idle_clients_take_back_two_orders(self) -> None:
        self.rules = Rules()
        self.rules.job(Stage(tasks=4, vcpus=1))
        self.rules.client(2)
        self.rules.match()
        self.rules.changes()
        self.rules.client()
        self.rules.client()
        recalled = self.recalled()
        self.assertEqual((len(recalled), len({order.id for order in recalled})), (2, 2))

    def test_the_job_ends_whole(self) -> None:
        idle = self.rules.client()
        self.recalled()
        self.give_back()
        self.rules.match()
        self.rules.ended(self.running)
        self.rules.ended(self.rules.orders(idle)[0])
        self.assertEqual((self.job.state.value, self.job.steps[0].counts[DONE]), ("completed", 2))

    def test_a_client_with_many_slots_takes_back_as_many_orders(self) -> None:
        self.rules = Rules()
        self.rules.job(Stage(tasks=8, vcpus=1))
        self.rules.client(4)
        self.rules.match()
        self.rules.changes()
        idle = self.rules.client(4)
        for _ in range(8):
            for order in self.recalled():
                self.rules.farm.handed_back(order.client, order.id, order.awaited(), self.rules.now)
        self.assertEqual(len(idle.orders), 4)

    def test_what_waits_for_memory_is_taken_back_too(self) -> None:
        self.rules = Rules()
        self.rules.client(8, memory=64 * 2**30)
        self.rules.job(Stage(tasks=2, vcpus=1, memory=40))
        self.rules.match()
        self.rules.changes()
        self.rules.client(8, memory=64 * 2**30)
        self.assertEqual([order.first for order in self.recalled()], [1])

    def test_what_was_asked_back_in_vain_is_asked_back_again(self) -> None:
        idle = self.rules.client()
        self.assertEqual(self.recalled(), [self.waiting])
        self.rules.farm.leave(self.busy, self.rules.now)
        held = {order.id: order.awaited() for order in self.rules.orders(self.busy)}
        self.rules.farm.join(self.busy, self.busy.machine, held, self.rules.now)
        self.assertEqual(self.recalled(), [self.waiting])
        self.assertEqual(idle.orders, {})

    def test_what_was_asked_back_while_its_client_was_away_is_asked_back_again(self) -> None:
        self.rules.farm.leave(self.busy, self.rules.now)
        self.rules.client()
        self.recalled()
        held = {order.id: order.awaited() for order in self.rules.orders(self.busy)}
        self.rules.farm.join(self.busy, self.busy.machine, held, self.rules.now)
        self.assertEqual(self.recalled(), [self.waiting])

    def test_it_is_recalled_once_its_job_wants_who_is_idle(self) -> None:
        self.rules.set(self.job, never=["render-02"])
        self.rules.client()
        self.assertEqual(self.recalled(), [])
        self.rules.set(self.job, never=[])
        self.assertEqual(self.recalled(), [self.waiting])

    def test_it_is_found_behind_many_that_cannot_be_moved(self) -> None:
        self.rules = Rules()
        self.rules.client(300)
        self.rules.job(Stage(tasks=600, vcpus=1), priority=90, never=["render-03"])
        self.rules.match()
        self.rules.client()
        self.rules.job(Stage(tasks=2), only=["render-02", "render-03"])
        self.rules.match()
        self.rules.changes()
        self.rules.client()
        self.assertEqual([order.job for order in self.recalled()], [2])


class AtScale(SynchronousTestCase):
    def test_a_job_ends_however_close_together_its_last_results_come(self) -> None:
        for _ in range(200):  # SCH-11
            rules = Rules()
            job = rules.job(Stage(tasks=20, vcpus=1))
            clients = [rules.client() for _ in range(4)]
            for client in clients * 40:
                rules.match()
                order = next((order for order in client.orders.values() if order.open), None)
                if order:
                    rules.ended(order)
            self.assertIs(job.state, JobState.COMPLETED)

    def test_each_of_a_million_frames_can_be_found_shown_and_run_again(self) -> None:
        rules = Rules()
        job = rules.job(Stage(tasks=1_000_000))
        step = job.steps[0]
        client = rules.client()
        rules.match()
        self.assertEqual([order.first for order in rules.orders(client)], [0, 1])
        self.assertEqual(step.plan.parameters(999_999), {"Frame": "1000000"})
        self.assertEqual(step.plan.tasks_of(777_777), [777_776])
        rules.ended(rules.orders(client)[0])
        self.assertEqual(changing.again(rules.farm, job, {0: [0, 5]}, rules.now), {0: [0]})
        self.assertEqual(step.counts[TaskState.READY] + step.counts[TaskState.ACTIVE], 1_000_000)
