"""Blender's lines of statistics, of several versions."""

from twisted.trial.unittest import TestCase

from brender.worker.blender.progress import Progress, read, spoken


class Lines(TestCase):
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
