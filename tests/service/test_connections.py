"""What follows from a commit is said to many workers in several turns of the reactor: all of it, once and in order."""

from collections.abc import Sequence
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.changes import Changes
from brender.farm.client import RuntimeClient
from brender.farm.farm import Farm
from brender.service.connections import SHARE, Connections
from tests.doubles import machine
from tests.fakes import NotedLink
from tests.turns import Turns

EACH = SHARE / 8  # seconds that it takes to tell a worker something
WORKERS = 50


class SlowLink(NotedLink):
    def __init__(self, clock: Turns) -> None:
        super().__init__()
        self._clock = clock
        self.broken = False

    def acknowledge(self, results: Sequence[tuple[int, int]]) -> None:
        self._clock.work(EACH)
        if self.broken:
            raise OSError("It broke.")
        super().acknowledge(results)


class Saying(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Turns()
        self.connections = Connections(Farm(), self.clock, 30.0, lambda client: None)
        self.links = {number: SlowLink(self.clock) for number in range(1, WORKERS + 1)}
        for number, link in self.links.items():
            self.connections.connect(RuntimeClient(number, machine(number)), "run", link)

    def settled(self, order: int) -> Changes:
        """Of each worker one result."""
        return Changes(settled=[(number, order, 0) for number in self.links])

    def heard(self) -> dict[int, list[Any]]:
        return {number: [said[1] for said in link.said] for number, link in self.links.items()}

    def test_a_turn_says_its_share_and_the_rest_in_the_next_ones(self) -> None:
        told = self.connections.say(self.settled(7))
        self.assertLess(self.clock.seconds(), SHARE + 2 * EACH)
        self.assertTrue(self.clock.getDelayedCalls())
        while self.clock.getDelayedCalls():
            self.assertNoResult(told)
            self.assertLess(self.clock.turn(), SHARE + 2 * EACH)
        self.successResultOf(told)
        self.assertEqual(self.heard(), {key: [[(7, 0)]] for key in self.links})

    def test_a_few_words_are_said_at_once(self) -> None:
        self.successResultOf(self.connections.say(Changes(settled=[(1, 7, 0), (1, 7, 1)])))
        self.assertEqual(self.links[1].said, [("acknowledge", [(7, 0), (7, 1)])])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_what_was_committed_later_is_said_later(self) -> None:
        first, second = (self.connections.say(self.settled(order)) for order in (7, 8))
        at: list[float] = []
        first.addCallback(lambda _: at.append(len(self.links[1].said)))
        self.clock.all_turns()
        self.successResultOf(second)
        self.assertEqual((at, self.heard()), ([1], {key: [[(7, 0)], [(8, 0)]] for key in self.links}))

    def test_who_has_gone_meanwhile_is_told_nothing_and_nobody_else_misses_anything(self) -> None:
        told = self.connections.say(self.settled(7))
        gone = self.links.pop(WORKERS)
        self.connections.disconnect(WORKERS, gone)
        self.clock.all_turns()
        self.successResultOf(told)
        self.assertEqual((gone.said, self.heard()), ([], {key: [[(7, 0)]] for key in self.links}))

    def test_who_cannot_be_told_is_let_go_and_the_others_hear_all_of_it(self) -> None:
        self.links[1].broken = True
        first, second = self.connections.say(self.settled(7)), self.connections.say(Changes(settled=[(2, 8, 0)]))
        self.clock.all_turns()
        self.successResultOf(first)
        self.successResultOf(second)
        broken = self.links.pop(1)
        self.assertEqual([word for word, *_ in broken.said], ["refuse"])
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.assertEqual(self.heard(), {key: [[(7, 0)]] + [[(8, 0)]] * (key == 2) for key in self.links})

    def test_what_cannot_be_made_out_is_told_to_who_waits_and_what_comes_after_it_is_said(self) -> None:
        strange: Any = Changes(ended=[None])  # type: ignore[list-item]
        first, second = self.connections.say(strange), self.connections.say(Changes(settled=[(2, 8, 0)]))
        self.clock.all_turns()
        self.failureResultOf(first, AttributeError)
        self.successResultOf(second)
        self.assertEqual(self.links[2].said, [("acknowledge", [(8, 0)])])
