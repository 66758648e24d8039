"""What many workers say at once is heard bit by bit, in order, and nothing of it is lost."""

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.protocols.inbox import A_FEW, SHARE, Inbox
from tests.turns import Turns

EACH = SHARE / 20  # seconds that it takes to hear a message


class Voice:
    def __init__(self, inbox: Inbox, clock: Turns) -> None:
        self._inbox = inbox
        self._clock = clock
        self.held = False
        self.reads = True
        self.heard: list[Any] = []

    def says(self, *messages: Any) -> None:
        assert self.reads, "what is not read says nothing"
        self._inbox.take(self, messages)

    def hear(self, message: Any) -> None:
        self.heard.append(message)
        self._clock.work(EACH)
        if message == "hold back":
            self.held = True

    def read_on(self) -> None:
        self.reads = not (self.held or self._inbox.waits(self))

    def let_in(self) -> None:
        self.held = False
        self.read_on()
        self._inbox.go_on()


class Hearing(SynchronousTestCase):
    def setUp(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.clock = Turns()
        self.inbox = Inbox(self.clock)

    def voices(self, count: int) -> list[Voice]:
        return [Voice(self.inbox, self.clock) for _ in range(count)]

    def test_a_few_words_are_heard_at_once(self) -> None:
        (voice,) = self.voices(1)
        voice.says(1, 2, 3)
        self.assertEqual((voice.heard, voice.reads), ([1, 2, 3], True))

    def test_of_a_flood_a_turn_hears_its_share_and_the_rest_waits_unread(self) -> None:
        voices = self.voices(50)
        for voice in voices:
            voice.says(*range(30))
        self.assertLess(self.clock.seconds(), SHARE + EACH * A_FEW)
        self.assertFalse(any(voice.reads for voice in voices[1:]))
        while self.clock.getDelayedCalls():
            self.assertLess(self.clock.turn(), SHARE + EACH * A_FEW)
        self.assertEqual([voice.heard for voice in voices], [list(range(30))] * 50)
        self.assertTrue(all(voice.reads for voice in voices))

    def test_what_was_read_is_taken_apart_when_it_is_its_turn(self) -> None:
        begun: list[int] = []

        def words(number: int) -> Iterator[int]:
            begun.append(number)
            yield from range(30)

        voices = self.voices(50)
        for number, voice in enumerate(voices):
            self.inbox.take(voice, words(number))
        self.assertLess(len(begun), 10)
        self.clock.all_turns()
        self.assertEqual((begun, {tuple(voice.heard) for voice in voices}), (list(range(50)), {tuple(range(30))}))

    def test_nobody_waits_until_another_has_said_all(self) -> None:
        loud, soft = self.voices(2)
        loud.says(*range(1000))
        soft.says("here")
        self.clock.turn()
        self.assertEqual(soft.heard, ["here"])
        self.assertLess(len(loud.heard), 100)

    def test_who_is_held_back_is_not_heard_and_costs_no_turns(self) -> None:
        (voice,) = self.voices(1)
        voice.says(1, "hold back", 2, 3)
        self.clock.all_turns()
        self.assertEqual((voice.heard, voice.reads), ([1, "hold back"], False))
        self.assertEqual(self.clock.getDelayedCalls(), [])
        voice.let_in()
        self.assertEqual((voice.heard[2:], voice.reads), ([2, 3], True))

    def test_what_was_read_before_the_end_of_a_connection_is_heard(self) -> None:
        first, voice = self.voices(2)
        first.says(*range(100))
        voice.says(1, 2)
        self.assertEqual(voice.heard, [])
        self.inbox.finish(voice)
        self.assertEqual(voice.heard, [1, 2])
        self.clock.all_turns()
        self.assertEqual((voice.heard, len(first.heard)), ([1, 2], 100))

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60)), max_size=20))
    def test_all_is_heard_once_and_in_order(self, said: list[tuple[int, int]]) -> None:
        self.begin()
        voices = self.voices(4)
        wanted: list[list[int]] = [[] for _ in voices]
        for place, (who, count) in enumerate(said):
            messages = [100 * place + number for number in range(count)]
            while not voices[who].reads:
                self.clock.turn()
            voices[who].says(*messages)
            wanted[who] += messages
        self.clock.all_turns()
        self.assertEqual([voice.heard for voice in voices], wanted)
