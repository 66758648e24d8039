"""Counted limits: never more holders than there are, given back whatever ends, and nobody starves for them."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.client import RuntimeClient
from brender.farm.job import Job
from brender.farm.scheduling.shape import Counted
from brender.farm.settings import FarmSettings, Limit, read
from tests.doubles import DONE, FAILED, Rules, Stage

ARNOLD = {"arnold": 1}
SMALL = Stage(vcpus=1)
MOVES = st.lists(st.tuples(st.booleans(), st.integers(1, 3), st.integers(1, 4)), max_size=40)


class Counting(SynchronousTestCase):
    def test_each_task_holds_it_or_each_client(self) -> None:
        for each, held in (("task", 5), ("client", 3)):
            counted = Counted("arnold", Limit(9, each))  # type: ignore[arg-type]
            for client, count in ((1, 1), (1, 2), (1, 1), (2, 1)):
                counted.take(client, count)
            self.assertEqual(counted.held, held, each)

    @given(MOVES, st.sampled_from(["task", "client"]))
    def test_what_is_held_is_what_would_be_counted_anew(self, moves: Any, each: Any) -> None:
        counted, held = Counted("arnold", Limit(5, each)), list[tuple[int, int]]()
        for give_back, client, count in moves:
            if give_back and held:
                counted.give_back(*held.pop(count % len(held)))
            elif counted.refusal(client, count) is None:
                counted.take(client, count)
                held.append((client, count))
            by = {holder: [number for other, number in held if other == holder] for holder, _ in held}
            truth = sum(map(sum if each == "task" else max, by.values()))
            self.assertEqual(counted.held, truth)
            self.assertLessEqual(truth, 5)


class Limits(SynchronousTestCase):
    def farm(self, count: int = 2, each: str = "task", clients: int = 0, slots: int = 2) -> list[RuntimeClient]:
        self.rules = Rules(limits={"arnold": {"count": count, "each": each}})
        return [self.rules.client(slots) for _ in range(clients)]

    def holders(self) -> list[int]:
        """The clients of the orders that hold the limit."""
        return [order.client for order in self.rules.farm.orders.values() if order.limits]

    def end_all(self, *jobs: Job) -> int:
        """Everything ends, one order after the other, oldest first; the most that held the limit at a time."""
        most = 0
        while not all(job.finished for job in jobs):
            self.rules.match()
            most = max(most, len(self.holders()))
            order = next(order for order in self.rules.farm.orders.values() if order.open)
            self.rules.started(order)
            self.rules.ended(order)
        return most

    def test_never_more_than_two_hold_it_and_those_who_need_none_run_on(self) -> None:
        self.farm(clients=4)
        needing = self.rules.job(Stage(tasks=20, vcpus=1), limits=ARNOLD)
        free = self.rules.job(Stage(tasks=20, vcpus=1))
        self.rules.match()
        self.assertEqual(sum(order.job == free.id for order in self.rules.farm.orders.values()), 14)
        self.assertEqual(self.end_all(needing, free), 2)

    def test_per_client_all_tasks_of_one_client_share_it(self) -> None:
        self.farm(each="client", clients=4)
        self.rules.job(Stage(tasks=20, vcpus=1), limits=ARNOLD)
        self.rules.match()
        self.assertEqual(sorted(self.holders()), [1, 1, 2, 2])

    def test_a_failure_a_cancel_and_a_loss_give_it_back(self) -> None:
        client, other = self.farm(count=1, clients=2)
        counted = self.rules.farm.counted["arnold"]
        for what in ("failure", "cancel", "loss"):
            job = self.rules.job(Stage(vcpus=1), limits=ARNOLD, tries=1)
            self.rules.match()
            (order,) = job.orders.values()
            self.assertEqual(counted.held, 1)
            if what == "failure":
                self.rules.ended(order, outcome=FAILED)
            elif what == "cancel":
                changing.cancel(self.rules.farm, job, self.rules.now)
                self.assertEqual(counted.held, 1, "the worker has not said that it is gone")
                self.rules.farm.dropped(order.client, order.id)
            else:
                self.rules.farm.leave(self.rules.farm.clients[order.client], self.rules.now)
                self.assertEqual(counted.held, 1, "it may come back with it")
                self.rules.farm.lose(self.rules.farm.clients[order.client], self.rules.now)
            self.assertEqual((counted.held, counted.by), (0, {}), what)
        self.assertEqual((client.orders, other.orders), ({}, {}))

    def test_what_is_given_back_goes_to_who_waits_for_it_at_once(self) -> None:
        client, _ = self.farm(count=1, clients=2, slots=1)
        job = self.rules.job(Stage(tasks=2), limits=ARNOLD)
        self.rules.match()
        self.assertEqual(len(job.orders), 1)
        changing.set_status(self.rules.farm, client, client.status)
        self.rules.ended(next(iter(job.orders.values())))
        self.rules.match()
        self.assertEqual([order.first for order in job.orders.values()], [1])

    def test_more_of_a_limit_are_used_at_once(self) -> None:
        self.farm(count=1, clients=3, slots=1)
        self.rules.job(Stage(tasks=3), limits=ARNOLD)
        self.rules.match()
        changing.set_farm(self.rules.farm, read(FarmSettings, {"limits": {"arnold": {"count": 3}}}))
        self.rules.match()
        self.assertEqual(sorted(self.holders()), [1, 2, 3])

    def test_a_limit_that_is_lowered_lets_run_what_runs_and_lets_nothing_begin(self) -> None:
        self.farm(count=2, clients=3, slots=1)
        job = self.rules.job(Stage(tasks=4), limits=ARNOLD)
        self.rules.match()
        changing.set_farm(self.rules.farm, read(FarmSettings, {"limits": {"arnold": {"count": 1}}}))
        self.rules.ended(next(iter(job.orders.values())))
        self.rules.match()
        self.assertEqual(len(self.holders()), 1)

    def test_a_task_that_takes_two_takes_two(self) -> None:
        self.farm(count=3, clients=3, slots=1)
        self.rules.job(Stage(tasks=3), limits={"arnold": 2})
        self.rules.match()
        self.assertEqual(len(self.holders()), 1)

    def test_none_is_held_by_what_only_waits(self) -> None:
        first, second = self.farm(count=1, clients=2, slots=1)
        self.rules.job(Stage())
        self.rules.match()
        self.rules.client()
        busy = self.rules.job(Stage(tasks=2), priority=90)
        self.rules.match()
        self.assertEqual(len(busy.orders), 2)
        self.rules.job(Stage(), limits=ARNOLD)
        self.rules.match()
        self.assertEqual((self.holders(), self.rules.farm.counted["arnold"].held), ([], 0))
        self.rules.ended(self.rules.orders(second)[0])
        self.rules.match()
        self.assertEqual((self.holders(), len(first.orders)), ([second.id], 1))

    def test_none_is_held_while_its_task_waits_for_memory(self) -> None:
        self.farm(count=1)
        client = self.rules.client(4, memory=64 * 2**30)
        self.rules.job(Stage(vcpus=1, memory=60))
        self.rules.match()
        self.rules.job(Stage(vcpus=1, memory=60), limits=ARNOLD)
        self.rules.match()
        self.assertEqual((len(client.orders), self.holders()), (1, []))

    def test_a_task_that_needs_one_is_not_overtaken_for_ever_by_those_that_need_none(self) -> None:
        (client,) = self.farm(count=1, clients=1, slots=1)
        self.rules.job(Stage(tasks=1000), owner="bob")
        self.rules.match()
        needing = self.rules.job(Stage(), limits=ARNOLD)
        self.assertLessEqual(self.ends_until_begun(client, needing), 2)

    def test_nor_one_of_higher_priority(self) -> None:
        (client,) = self.farm(count=1, clients=1, slots=1)
        self.rules.job(Stage(tasks=1000))
        self.rules.match()
        needing = self.rules.job(Stage(), limits=ARNOLD, priority=90)
        self.assertLessEqual(self.ends_until_begun(client, needing), 2)

    def test_nor_a_large_one_by_small_ones(self) -> None:
        (client,) = self.farm(count=1, clients=1, slots=4)
        self.rules.job(Stage(tasks=1000, vcpus=1), owner="bob")
        self.rules.match()
        needing = self.rules.job(Stage(vcpus=4), limits=ARNOLD)
        self.assertLessEqual(self.ends_until_begun(client, needing), 12)

    def ends_until_begun(self, client: RuntimeClient, job: Job) -> int:
        """How many tasks of others end before the job is given an order; recalled ones are handed back at once."""
        for ended in range(40):
            self.rules.match()
            for order in self.rules.changes().recalled:
                self.rules.farm.handed_back(client.id, order.id, order.awaited(), self.rules.now)
                self.rules.match()
            if job.orders:
                return ended
            self.rules.started(self.rules.orders(client)[0])
            self.rules.ended(self.rules.orders(client)[0], seconds=60.0)
        return 40

    @settings(max_examples=40, deadline=None)
    @given(st.data())
    def test_whatever_ends_in_whatever_way_it_is_never_exceeded_and_none_is_lost(self, data: st.DataObject) -> None:
        each = data.draw(st.sampled_from(["task", "client"]))
        count = data.draw(st.integers(1, 3))
        self.farm(count, each, clients=3)
        jobs = [self.rules.job(Stage(tasks=4, vcpus=1), limits={"arnold": data.draw(st.integers(1, count))})]
        jobs += [self.rules.job(Stage(tasks=4, vcpus=1)), self.rules.job(Stage(tasks=2), limits=ARNOLD)]
        for _ in range(data.draw(st.integers(0, 25))):
            self.something_happens(data)
            counted = self.rules.farm.counted["arnold"]
            by: dict[int, list[int]] = {}
            for order in self.rules.farm.orders.values():
                for _, number in order.limits:
                    by.setdefault(order.client, []).append(number)
            truth = sum(sum(counts) if each == "task" else max(counts) for counts in by.values())
            self.assertEqual(counted.held, truth)
            self.assertLessEqual(truth, count)
        self.end_everything(jobs)
        self.assertEqual(self.rules.farm.counted["arnold"].held, 0)

    def something_happens(self, data: st.DataObject) -> None:
        self.rules.match()
        orders = [order for order in self.rules.farm.orders.values() if order.open]
        if not orders:
            return
        order = data.draw(st.sampled_from(orders))
        client = self.rules.farm.clients[order.client]
        what = data.draw(st.sampled_from(["end", "fail", "back", "lose"]))
        if what == "lose":
            self.rules.farm.leave(client, self.rules.now)
            self.rules.farm.lose(client, self.rules.now)
            self.rules.farm.join(client, client.machine, {}, self.rules.now)
        elif what == "back":
            self.rules.farm.handed_back(client.id, order.id, order.awaited(), self.rules.now)
        else:
            self.rules.started(order)
            self.rules.ended(order, outcome=FAILED if what == "fail" else DONE)

    def end_everything(self, jobs: list[Job]) -> None:
        for _ in range(200):
            self.rules.match()
            order = next((order for order in self.rules.farm.orders.values() if order.open), None)
            if order is None:
                break
            self.rules.ended(order)
        self.assertTrue(all(job.finished for job in jobs))
