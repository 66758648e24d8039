"""Blender's lines of statistics, of several versions."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import TestCase

from brender.worker.blender.progress import Progress, read, spoken

LONG = "9" * 400
ODD = (
    "",
    "Fra:119 Mem:",
    "Fra:x Mem:1.2.3K",
    "Fra:1 Mem:12,5M (Peak 13,0M)",
    f"Fra:1 Sample {LONG}/{LONG}",
    f"Fra:1 Sample {'9' * 5000}/1",
    f"Fra:1 Remaining:{LONG}:{LONG}:{LONG}.{LONG}",
    f"Fra:1 Remaining:{'9' * 5000}:00",
)
NUMBERS = st.text("0123456789\u0663\u00b2", max_size=12) | st.sampled_from(["1" * 400, "9" * 5000])
SHARES = st.builds("{} {}/{}".format, st.sampled_from(["Sample", "Rendered", "Tiles"]), NUMBERS, NUMBERS)
TIMES = st.lists(NUMBERS, max_size=4).map(lambda parts: "Remaining:" + ":".join(parts))
FRACTIONS = st.builds("{}.{}".format, TIMES, NUMBERS)


class Lines(TestCase):
    def test_what_cannot_be_read_is_no_progress(self) -> None:
        for line in ODD:
            at = read(line)
            self.assertEqual((at.percent, at.seconds_left), (0.0, None), line[:40])

    @given(st.lists(st.text() | SHARES | TIMES | FRACTIONS).map(" | ".join))
    def test_any_text_is_read_without_complaint(self, text: str) -> None:
        at = read(text)
        self.assertTrue(0.0 <= at.percent <= 100.0)
        if at.seconds_left is not None:
            self.assertTrue(spoken(at.seconds_left))

    def test_cycles_with_a_time_left(self) -> None:
        line = (
            "Fra:7 Mem:22M (Peak 30M) | Time:00:03.20 | Remaining:01:12.30 | Mem:2M | Scene, ViewLayer | Sample 32/128"
        )
        self.assertEqual(read(line), Progress(25.0, 72.3, "Sample 32/128"))

    def test_before_the_first_sample(self) -> None:
        line = "Fra:1 Mem:22.70M (Peak 22.70M) | Time:00:00.28 | Scene, ViewLayer | Synchronizing object | Icosphere"
        self.assertEqual(read(line), Progress(0.0, None, "Icosphere"))

    def test_tiles(self) -> None:
        self.assertEqual(read("Fra:1 | Scene | Rendered 3/16 Tiles, Sample 2/4").percent, 18.75)

    def test_hours_left(self) -> None:
        self.assertEqual(read("Remaining:02:05:00.00 | x").seconds_left, 7500.0)

    def test_more_than_all_and_of_nothing(self) -> None:
        self.assertEqual(read("Sample 5/4").percent, 100.0)
        self.assertEqual(read("Sample 0/0").percent, 0.0)

    def test_times_as_people_say_them(self) -> None:
        self.assertEqual(
            [spoken(each) for each in (0.4, 59.6, 200, 7500)], ["0 s", "1 min 0 s", "3 min 20 s", "2 h 5 min"]
        )
