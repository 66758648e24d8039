"""What an action is ended for: lines, time, and too long without progress; on a clock that tests move."""

from collections.abc import Iterable

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.settings import Rule
from brender.worker.session.conduct import CARRIED, LAST_FEW, Conduct, Fault
from brender.worker.session.rules import Rules

RULES = Rules(
    [Rule("empty", "frame is empty", "fail"), Rule("away", "gone for now", "later"), Rule("odd", "odd", "elsewhere")]
)


class ConductTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()

    def conduct(self, seconds: float | None = None, quiet: float | None = None) -> Conduct:
        return Conduct(self.clock.seconds, RULES, seconds=seconds, quiet=quiet)


class LineTests(ConductTestCase):
    def after(self, *parts: tuple[str, bool]) -> Fault | None:
        conduct = self.conduct()
        for text, unended in parts:
            conduct.printed(text, unended)
        return conduct.found

    def test_a_rule_decides_what_is_to_follow(self) -> None:
        for line, cause in {"The frame is empty!": "fail", "gone for now": "later", "odd": ""}.items():
            fault = self.after((line, False))
            assert fault is not None
            self.assertEqual(fault.cause, cause)

    def test_the_reason_is_the_rules_name_and_the_line(self) -> None:
        fault = self.after(("one\n  this frame is empty \ntwo", False))
        assert fault is not None
        self.assertEqual(fault.message, "empty: this frame is empty")

    def test_the_first_line_that_means_something_stays(self) -> None:
        fault = self.after(("odd", False), ("frame is empty", False))
        assert fault is not None
        self.assertEqual(fault.message, "odd: odd")

    def test_a_line_in_parts_is_one_line(self) -> None:
        self.assertIsNotNone(self.after(("x" * 9000 + "frame is", True), (" empty", False)))
        self.assertIsNotNone(self.after(("frame is", True), (" emp", True), ("ty", False)))

    def test_so_much_of_a_part_is_looked_at_again(self) -> None:
        self.assertIsNone(self.after(("frame is" + " " * CARRIED, True), (" empty", False)))

    def test_two_lines_are_not_one(self) -> None:
        self.assertIsNone(self.after(("frame is", False), (" empty", False)))

    def test_a_long_line_is_cut_in_the_reason(self) -> None:
        fault = self.after(("odd " * 10_000, False))
        assert fault is not None
        self.assertLess(len(fault.message), 1000)


class TimeTests(ConductTestCase):
    def test_a_limit_is_reached_and_not_before(self) -> None:
        conduct = self.conduct(seconds=2)
        self.clock.advance(1.9)
        self.assertIsNone(conduct.fault())
        self.clock.advance(0.1)
        fault = conduct.fault()
        assert fault is not None
        self.assertEqual((fault.cause, fault.message), ("time", "It took longer than 2 s, the limit of its job."))

    def test_a_fault_is_found_when_somebody_looks(self) -> None:
        """A task that has ended meanwhile is not held to a limit that it had kept."""
        conduct = self.conduct(seconds=2)
        self.clock.advance(3)
        self.assertIsNone(conduct.found)

    def test_without_a_limit_there_is_none(self) -> None:
        conduct = self.conduct()
        self.clock.advance(1e9)
        self.assertIsNone(conduct.fault())


class QuietTests(ConductTestCase):
    """Something every second, with a limit of ten."""

    def hung(self, said: Iterable[str | float]) -> float | None:
        """When it was taken for hung."""
        conduct = self.conduct(quiet=10)
        for each in said:
            conduct.printed(each) if isinstance(each, str) else conduct.progressed(each)
            self.clock.advance(1)
            if conduct.fault():
                self.assertEqual(conduct.fault(), conduct.found)
                return self.clock.seconds()
        return None

    def test_one_that_says_nothing_has_hung_after_that_time(self) -> None:
        self.assertEqual(self.hung([""] * 30), 10)

    def test_new_lines_are_progress(self) -> None:
        self.assertIsNone(self.hung(f"line {n}" for n in range(60)))

    def test_the_same_line_again_is_none(self) -> None:
        self.assertEqual(self.hung(["begun", *["still alive"] * 60]), 11)

    def test_neither_are_a_few_lines_by_turns(self) -> None:
        self.assertIsNotNone(self.hung(["working", "still working", "please wait"] * 20))

    def test_nor_the_same_with_another_time(self) -> None:
        lines = [f"[2026-11-26 10:00:{n:02}] still alive, 0:00:{n:02},5 since" for n in range(60)]
        self.assertIsNotNone(self.hung(lines))

    def test_news_among_many_old_lines_is_news(self) -> None:
        self.assertIsNone(self.hung("alive\n" * 50 + f"tile {n}\n" + "alive\n" * 50 for n in range(60)))

    def test_a_percentage_that_rises_is_progress(self) -> None:
        self.assertIsNone(self.hung(float(n) for n in range(60)))

    def test_once_there_was_one_lines_are_none(self) -> None:
        self.assertEqual(self.hung([5.0, *(f"line {n}" for n in range(60))]), 10)

    def test_one_that_stays_is_none(self) -> None:
        self.assertEqual(self.hung([5.0, 6.0, *[6.0] * 60]), 11)

    def test_one_that_goes_up_and_down_is_none(self) -> None:
        self.assertIsNotNone(self.hung([5.0, 6.0] * 30))

    def test_the_frames_of_a_chunk_rise_one_after_the_other(self) -> None:
        self.assertIsNone(self.hung([float(n) for n in range(0, 100, 4)] * 4))

    def test_what_falls_is_no_progress(self) -> None:
        self.assertEqual(self.hung([99.0 - n for n in range(60)]), 10)

    def test_who_could_not_go_on_is_excused(self) -> None:
        conduct = self.conduct(quiet=10)
        for _ in range(5):
            self.clock.advance(9)
            conduct.excuse()
            self.assertIsNone(conduct.fault())

    def test_so_many_lines_are_remembered(self) -> None:
        self.assertIsNone(self.hung([f"line {n % (LAST_FEW + 5)}" for n in range(60)]))
