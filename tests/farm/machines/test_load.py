"""How busy a client was: the rings of an hour and a day, what they cost, and what a worker does not say."""

import sys

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.machines.load import LONG, PLACES, SHORT, TERMS, UNKNOWN, Figures, Load, amount_code, amount_of

GB = 2**30
BEGIN = 1_700_000_040.0  # a whole term
MEMORY = 64 * GB
ALL = Figures(16 * GB, 50.0, 3 * GB, 200 * GB)


class LoadTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.load = Load()

    def note(self, cpu: float, at: float, figures: Figures = UNKNOWN) -> None:
        self.load.note(cpu, figures, MEMORY, BEGIN + at)

    def test_nothing_was_said_yet(self) -> None:
        for span in (self.load.hour(BEGIN), self.load.day(BEGIN)):
            self.assertEqual((span.cpu, span.memory, span.gpu, span.disk), ([], [], [], []))

    def test_each_figure_has_its_place_in_time(self) -> None:
        self.note(10.0, 0, ALL)
        self.note(20.0, 25, ALL)
        hour = self.load.hour(BEGIN + 29)
        self.assertEqual((hour.step, len(hour.cpu)), (SHORT, PLACES))
        self.assertEqual(hour.since, BEGIN - (PLACES - 3) * SHORT)
        self.assertEqual(hour.cpu[-3:], [10.0, None, 20.0])
        self.assertEqual((hour.memory[-1], hour.gpu[-1]), (25.0, 50.0))
        self.assertLess(abs((hour.disk[-1] or 0) - 200 * GB), 0.001 * 200 * GB)
        self.assertEqual(self.load.newest, ALL)

    def test_two_heartbeats_in_the_same_step_count_as_their_mean(self) -> None:
        self.note(10.0, 0)
        self.note(20.0, 5)
        self.assertEqual(self.load.hour(BEGIN + 9).cpu[-1], 15.0)

    def test_two_minutes_are_the_mean_of_what_is_known_of_it(self) -> None:
        for at, cpu in ((0, 10.0), (10, 20.0), (110, 60.0), (130, 5.0)):
            self.note(cpu, at)
        day = self.load.day(BEGIN + 135)
        self.assertEqual((day.step, len(day.cpu), day.cpu[-2:]), (LONG, TERMS, [30.0, 5.0]))

    def test_what_was_never_said_is_empty_and_what_was_not_said_for_a_while_is_absent(self) -> None:
        self.note(10.0, 0)
        self.note(11.0, 10, ALL)
        self.note(12.0, 20)
        hour = self.load.hour(BEGIN + 49)
        self.assertEqual(hour.cpu[-5:], [10.0, 11.0, 12.0, None, None])
        self.assertEqual(hour.gpu[-5:], [None, 50.0, None, None, None])
        quiet = Load()
        quiet.note(1.0, UNKNOWN, MEMORY, BEGIN)
        self.assertEqual(quiet.hour(BEGIN).memory, [])

    def test_a_client_that_was_away_has_a_hole(self) -> None:
        self.note(50.0, 0)
        self.note(60.0, 600)
        hour = self.load.hour(BEGIN + 600)
        self.assertEqual([value for value in hour.cpu if value is not None], [50.0, 60.0])
        self.assertEqual(hour.cpu[-61], 50.0)
        later = self.load.day(BEGIN + 40_000)
        self.assertEqual([value for value in later.cpu if value is not None], [50.0, 60.0])

    def test_what_is_older_than_a_ring_is_gone_from_it(self) -> None:
        self.note(50.0, 0)
        self.note(60.0, 86_400 - 120)
        self.assertEqual([v for v in self.load.hour(BEGIN + 86_400 - 120).cpu if v is not None], [60.0])
        self.assertEqual([v for v in self.load.day(BEGIN + 86_400 - 120).cpu if v is not None], [50.0, 60.0])
        self.note(70.0, 86_400 + 120)
        self.assertEqual([v for v in self.load.day(BEGIN + 86_400 + 120).cpu if v is not None], [60.0, 70.0])
        self.assertEqual([v for v in self.load.day(BEGIN + 10 * 86_400).cpu if v is not None], [])

    def test_a_clock_that_was_set_back_begins_anew(self) -> None:
        self.note(50.0, 3600)
        self.note(60.0, 0)
        self.assertEqual([value for value in self.load.hour(BEGIN).cpu if value is not None], [60.0])

    def test_what_cannot_be_is_held_to_what_can(self) -> None:
        self.note(-5.0, 0, Figures(memory_used=10**30, gpu_load=1e9, disk_free=0))
        hour = self.load.hour(BEGIN)
        self.assertEqual((hour.cpu[-1], hour.memory[-1], hour.gpu[-1], hour.disk[-1]), (0.0, 100.0, 100.0, 0.0))

    def test_a_machine_whose_memory_is_not_known_has_no_share_of_it(self) -> None:
        self.load.note(1.0, ALL, 0, BEGIN)
        self.assertEqual(self.load.hour(BEGIN).memory, [])

    def test_ten_thousand_clients_that_say_everything_cost_less_than_70_mb(self) -> None:
        for at in range(0, 90_000, 10):
            self.note(50.0, at, ALL)
        rings = [ring for ring in self.load._rings if ring]
        parts = [self.load, self.load._rings, *rings, *(each for ring in rings for each in (ring.hour, ring.terms))]
        numbers = [self.load._last, self.load.newest, *(each for each in self.load.newest if each)]
        self.assertEqual(len(rings), 4)
        self.assertLess(10_000 * sum(map(sys.getsizeof, [*parts, *numbers])), 70e6)

    @given(st.integers(0, 2**62))
    def test_an_amount_is_right_to_a_thousandth(self, size: int) -> None:
        code = amount_code(size)
        assert code is not None
        self.assertLess(code, 0xFFFF)
        self.assertLessEqual(abs(amount_of(code) - size), size / 1000)

    @given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 7200)), max_size=60))
    def test_whatever_comes_when_the_newest_hour_is_what_was_said_in_it(self, said: list[tuple[int, int]]) -> None:
        load, at, expected = Load(), 0, dict[int, float]()
        for cpu, pause in said:
            at += pause + SHORT  # never twice in one step
            load.note(float(cpu), UNKNOWN, MEMORY, BEGIN + at)
            expected[at // SHORT] = float(cpu)
        hour = load.hour(BEGIN + at)
        newest = range(at // SHORT - PLACES + 1, at // SHORT + 1)
        self.assertEqual(hour.cpu or [None] * PLACES, [expected.get(place) for place in newest])
