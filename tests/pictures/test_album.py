"""The pictures of one job on the disk, whoever was killed while he wrote them."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.job import Shown
from brender.pictures.album import PLACE, Album, Told
from tests.fakes import jpeg

FILES = ("pictures", "0.index", "order")


def told(task: int, step: int = 0) -> Told:
    return Told(step, task, (16, 9), 1_700_000_000.5, 24.0)


class AlbumTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()) / "1"
        self.album = Album(self.folder)

    def add(self, task: int, grey: int | None = None, step: int = 0) -> Shown:
        shown = self.album.add(told(task, step), jpeg(task if grey is None else grey))
        assert shown
        return shown

    def body(self, task: int, step: int = 0) -> bytes | None:
        found = self.album.read(step, task)
        return found and found[1]

    def tasks(self, since: int = 0, limit: int = 1000) -> list[int]:
        return [shown.task for shown in self.album.since(since, limit)]


class Kept(AlbumTestCase):
    def test_nothing_is_there_before_the_first(self) -> None:
        self.assertEqual((self.album.count, self.album.newest(), self.tasks(), self.body(0)), (0, None, [], None))
        self.assertFalse(self.folder.exists())

    def test_each_is_found_with_what_was_told_of_it(self) -> None:
        shown = self.add(5)
        self.assertEqual((shown.number, shown.task, shown.width, shown.height, shown.rate), (1, 5, 16, 9, 24.0))
        self.assertEqual(self.album.read(0, 5), (shown, jpeg(5)))
        self.assertEqual((self.album.newest(), Album(self.folder).newest()), (shown, shown))
        for step, task in ((0, 4), (0, 6), (1, 5), (0, 10**9)):
            self.assertIsNone(self.album.read(step, task))

    def test_they_are_listed_as_they_came_in_parts(self) -> None:
        for task in (3, 0, 7, 1):
            self.add(task)
        self.assertEqual(self.tasks(), [3, 0, 7, 1])
        self.assertEqual((self.tasks(0, 3), self.tasks(3, 3), self.tasks(4, 3)), ([3, 0, 7], [1], []))

    def test_of_a_task_that_was_run_again_the_newest_counts(self) -> None:
        first, _, again = self.add(0, 10), self.add(1), self.add(0, 200)
        self.assertNotEqual(first.version, again.version)
        self.assertEqual((self.body(0), self.tasks(), self.tasks(1)), (jpeg(200), [1, 0], [1, 0]))

    def test_steps_do_not_meet(self) -> None:
        self.add(0, 10), self.add(0, 20, step=1)
        self.assertEqual((self.body(0), self.body(0, 1)), (jpeg(10), jpeg(20)))

    def test_a_task_far_behind_takes_no_room(self) -> None:
        self.add(9_999_999)
        self.assertEqual(self.tasks(), [9_999_999])
        self.assertLess(sum(each.stat().st_blocks * 512 for each in self.folder.iterdir()), 2**17)

    def test_one_job_does_not_take_all_the_room(self) -> None:
        size = len(jpeg(0))
        self.assertTrue(self.album.add(told(0), jpeg(0), size))
        self.assertIsNone(self.album.add(told(1), jpeg(0), size))
        self.assertEqual((self.tasks(), self.album.count), ([0], 1))


class Torn(AlbumTestCase):
    def test_a_picture_of_which_half_is_there_is_none(self) -> None:
        self.add(0), self.add(1)
        pictures = self.folder / "pictures"
        pictures.write_bytes(pictures.read_bytes()[:-10])
        self.assertEqual((self.body(0), self.body(1)), (jpeg(0), None))
        self.add(1)
        self.assertEqual(self.body(1), jpeg(1))

    def test_an_entry_of_which_half_is_there_is_written_over(self) -> None:
        self.add(0)
        with (self.folder / "order").open("ab") as file:
            file.write(PLACE.pack(0, 1)[:5])
        self.assertEqual((self.album.count, self.tasks()), (1, [0]))
        self.assertEqual(self.add(2).number, 2)
        self.assertEqual(self.tasks(), [0, 2])

    def test_the_newest_is_the_newest_that_is_there(self) -> None:
        shown = self.add(0)
        with (self.folder / "order").open("ab") as file:
            file.write(bytes(PLACE.size * 3))  # as a lost machine leaves a file that it had made longer
        self.assertEqual(self.album.newest(), shown)

    @settings(max_examples=60, deadline=None)
    @given(some.lists(some.integers(0, 5), min_size=1, max_size=12), some.data())
    def test_whatever_is_cut_off_what_is_given_was_once_added(self, tasks: list[int], data: some.DataObject) -> None:
        self.setUp()
        added: dict[int, set[bytes]] = {}
        for grey, task in enumerate(tasks):
            self.add(task, grey)
            added.setdefault(task, set()).add(jpeg(grey))
        for name in FILES:
            path = self.folder / name
            with path.open("r+b") as file:
                file.truncate(data.draw(some.integers(0, path.stat().st_size)))
        for task in range(6):
            body = self.body(task)
            self.assertTrue(body is None or body in added[task])
        self.add(2, 99)
        self.assertEqual(self.body(2), jpeg(99))
        self.assertEqual(self.tasks()[-1:], [2])
