"""What a machine has to give, and to whom."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.client import Machine
from brender.protocols import messages as say
from brender.worker.machine.stock import Need, Stock

MEMORY, GPU, TAPE = "amount.worker.memory", "amount.worker.gpu", "amount.tape"


def stock(**machine: Any) -> Stock:
    more = {"slots": 4, "memory": 8 * 2**30, "gpus": ("a", "b", "c"), "amounts": {TAPE: 1.0}, **machine}
    return Stock(Machine("key", "alpha", **more))


def order(slots: int = 1, **amounts: float) -> say.Order:
    names = {"memory": MEMORY, "gpu": GPU, "tape": TAPE}
    return say.Order(1, 1, "A", 1, slots, [], {names.get(name, name): much for name, much in amounts.items()})


class NeedTests(SynchronousTestCase):
    def test_an_order_needs_what_it_says(self) -> None:
        self.assertEqual(stock().need(order(2, memory=1024, tape=1)), Need(2, {MEMORY: 1024, TAPE: 1}))

    def test_more_than_there_is_is_all_that_there_is(self) -> None:
        self.assertEqual(stock().need(order(9, memory=99_999, gpu=5)), Need(4, {MEMORY: 8192, GPU: 3}))

    def test_what_the_machine_does_not_have_is_not_waited_for(self) -> None:
        self.assertEqual(stock(gpus=()).need(order(1, gpu=1, other=3)), Need(1, {}))

    def test_a_need_covers_what_is_no_larger(self) -> None:
        need = Need(2, {MEMORY: 1024})
        self.assertTrue(need.covers(Need(2, {MEMORY: 1024})))
        self.assertTrue(need.covers(Need(1, {})))
        self.assertFalse(need.covers(Need(2, {MEMORY: 1025})))
        self.assertFalse(need.covers(Need(3, {})))
        self.assertFalse(need.covers(Need(1, {GPU: 1})))


class RoomTests(SynchronousTestCase):
    def test_slots_are_counted(self) -> None:
        self.assertTrue(stock().fits(Need(2, {}), [Need(1, {}), Need(1, {})]))
        self.assertFalse(stock().fits(Need(2, {}), [Need(3, {})]))

    def test_so_is_every_amount(self) -> None:
        beside = [Need(1, {MEMORY: 4096, GPU: 1}), Need(1, {TAPE: 1})]
        self.assertTrue(stock().fits(Need(1, {MEMORY: 4096, GPU: 2}), beside))
        self.assertFalse(stock().fits(Need(1, {MEMORY: 4097}), beside))
        self.assertFalse(stock().fits(Need(1, {GPU: 3}), beside))
        self.assertFalse(stock().fits(Need(1, {TAPE: 1}), beside))


class CardTests(SynchronousTestCase):
    def cards(self, slots: int, gpu: int, *given: Any) -> Any:
        return stock().cards(Need(slots, {GPU: gpu} if gpu else {}), given)

    def test_who_asks_for_cards_gets_those_that_nobody_has(self) -> None:
        self.assertEqual(self.cards(1, 1), (0,))
        self.assertEqual(self.cards(1, 1, (0,)), (1,))
        self.assertEqual(self.cards(1, 2, (1,), ()), (0, 2))

    def test_who_has_the_machine_sees_all_unless_it_asks_for_some(self) -> None:
        self.assertIsNone(self.cards(4, 0))
        self.assertEqual(self.cards(4, 1), (0,))

    def test_who_asks_for_none_sees_none(self) -> None:
        self.assertEqual(self.cards(1, 0), ())
