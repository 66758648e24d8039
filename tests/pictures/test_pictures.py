"""The pictures of all jobs: found again after a start, thrown away in time, given up where the disk is full."""

import os
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs
from twisted.trial.unittest import SkipTest, TestCase

from brender.farm.job import Job, Shown
from brender.logs.order_logs import Kept
from brender.pictures import Pictures, pictures
from brender.pictures.album import Told
from brender.pictures.pictures import MOST_LATEST, MOST_WAITING
from tests import doubles
from tests.fakes import jpeg

BEGIN = 1_700_000_000.0


def job(number: int, submitted: float = BEGIN) -> Job:
    made = doubles.job(number, doubles.Stage(tasks=3), submitted=submitted)
    made.follow(doubles.planned(doubles.Stage(tasks=3)), doubles.Rules().farm.shapes)
    return made


def told(task: int = 0, when: float = BEGIN) -> Told:
    return Told(0, task, (16, 9), when, 0.0)


class PicturesTestCase(TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.pictures = Pictures(self.folder)

    def add(self, to: Job, task: int = 0, when: float = BEGIN) -> Shown | None:
        to.shown = self.successResultOf(self.pictures.add(to, told(task, when), jpeg(task))) or to.shown
        return to.shown

    def folders(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


class AfterAStart(PicturesTestCase):
    async def test_what_was_shown_of_each_job_is_found_again(self) -> None:
        jobs = {number: job(number) for number in (1, 2, 3)}
        self.add(jobs[2], 1, BEGIN + 5), self.add(jobs[1], 0, BEGIN + 9)
        shown = {number: each.shown for number, each in jobs.items()}
        again, fresh = Pictures(self.folder), {number: job(number) for number in (1, 2, 3)}
        await again.recall(fresh)
        self.assertEqual({number: each.shown for number, each in fresh.items()}, shown)
        self.assertEqual([number for number, _ in again.latest(9)], [1, 2])
        self.assertEqual(await again.read(2, 0, 1), (shown[2], jpeg(1)))

    async def test_the_numbers_go_on(self) -> None:
        self.add(job(1))
        fresh = job(1)
        await Pictures(self.folder).recall({1: fresh})
        shown = self.add(fresh, 1)
        self.assertEqual(shown and shown.number, 2)

    async def test_what_is_left_of_another_farm_is_shown_to_nobody(self) -> None:
        self.add(job(1), 2)
        later = job(1, BEGIN + 3600)
        await self.pictures.recall({1: later})
        self.assertIsNone(later.shown)
        shown = self.add(later, 0, BEGIN + 3601)
        self.assertEqual(await self.pictures.since(1, 0, 9), [shown])
        self.assertIsNone(await self.pictures.read(1, 0, 2))

    async def test_as_many_jobs_as_fit_are_known_by_their_newest(self) -> None:
        for number in range(1, MOST_LATEST + 3):
            self.add(job(number), 0, BEGIN + number)
        newest = list(range(MOST_LATEST + 2, 2, -1))
        self.assertEqual([number for number, _ in self.pictures.latest(999)], newest)
        again = Pictures(self.folder)
        await again.recall({number: job(number) for number in range(1, MOST_LATEST + 3)})
        self.assertEqual([number for number, _ in again.latest(999)], newest)


    async def test_a_start_waits_for_the_newest_jobs_alone(self) -> None:
        for number in (1, 2, 3):
            self.add(job(number))
        asked: list[Deferred[Any]] = []

        def later(call: Any, *given: Any) -> Deferred[Any]:
            asked.append(Deferred().addCallback(lambda _: call(*given)))
            return asked[-1]

        self.patch(pictures, "PART", 1)
        self.patch(pictures, "RECENT", 2)
        jobs = {number: job(number) for number in (1, 2, 3)}
        waiting = Pictures(self.folder, later=later).recall(jobs)
        for _ in ("which there are", "job 3", "job 2"):
            self.assertNoResult(waiting)
            asked.pop().callback(None)
        self.successResultOf(waiting)
        self.assertIsNone(jobs[1].shown)
        asked.pop().callback(None)
        self.assertTrue(jobs[1].shown)

    async def test_what_goes_wrong_there_is_told_and_keeps_nobody(self) -> None:
        self.patch(self.pictures, "_newest", lambda jobs: 1 / 0)
        self.add(job(1))
        await self.pictures.recall({1: job(1)})
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class Tidied(PicturesTestCase):
    def age(self, number: int, when: float) -> None:
        for path in (self.folder / str(number)).iterdir():
            os.utime(path, (when, when))

    async def tidied(self, kept: Kept, *going_on: int) -> list[str]:
        jobs = {number: job(number) for number in (1, 2, 3)}
        for number, each in jobs.items():
            self.add(each)
            self.age(number, BEGIN + number * 100)
            if number not in going_on:
                each.set_aside("It is over.")
        self.pictures._kept = kept
        await self.pictures.tidy(jobs, BEGIN + 400)
        gone = {number for number, each in jobs.items() if each.shown is None}
        self.assertEqual(sorted(gone | {number for number, _ in self.pictures.latest(9)}), [1, 2, 3])
        return self.folders()

    async def test_what_is_too_old_goes(self) -> None:
        self.assertEqual(await self.tidied(Kept(seconds=250)), ["2", "3"])

    async def test_of_what_is_too_much_the_oldest_go(self) -> None:
        self.add(job(9))
        room = sum(path.stat().st_blocks * 512 for path in (self.folder / "9").iterdir())
        await self.pictures.remove(9)
        self.assertEqual(await self.tidied(Kept(size=2 * room)), ["2", "3"])

    async def test_a_job_that_goes_on_keeps_its_own(self) -> None:
        self.assertEqual(await self.tidied(Kept(seconds=1), 1), ["1"])

    async def test_without_limits_all_stay(self) -> None:
        self.assertEqual(await self.tidied(Kept()), ["1", "2", "3"])

    async def test_a_removal_that_was_cut_off_is_ended(self) -> None:
        (self.folder / "7.gone").mkdir(parents=True)
        self.assertEqual(await self.tidied(Kept()), ["1", "2", "3"])


class Trouble(PicturesTestCase):
    async def test_a_disk_that_takes_none_is_told_of_once_and_tried_again(self) -> None:
        self.folder.write_text("where the folder should be")
        first = job(1)
        with capturedLogs() as captured:
            for task in range(3):
                self.assertIsNone(self.add(first, task))
        self.assertEqual([event["log_format"] for event in captured], ["Pictures cannot be kept: {why}"])
        self.folder.unlink()
        self.assertIsNotNone(self.add(first))

    def test_a_full_disk(self) -> None:
        if not os.path.exists("/dev/full"):
            raise SkipTest("There is no /dev/full here.")
        (self.folder / "1").mkdir(parents=True)
        os.symlink("/dev/full", self.folder / "1" / "pictures")
        with capturedLogs() as captured:
            self.assertIsNone(self.add(job(1)))
        self.assertIn("No space left", captured[0]["why"])
        self.assertEqual(self.pictures.latest(9), [])

    async def test_a_disk_that_cannot_be_read_shows_nothing(self) -> None:
        self.add(job(1))
        (self.folder / "1" / "pictures").unlink()
        (self.folder / "1" / "pictures").mkdir()
        self.assertIsNone(await self.pictures.read(1, 0, 0))

    def test_so_many_wait_for_a_slow_disk_and_no_more(self) -> None:
        waiting: list[Deferred[Any]] = []

        def later(*_: Any) -> Deferred[Any]:
            waiting.append(Deferred())
            return waiting[-1]

        pictures, slow = Pictures(self.folder, later=later), job(1)
        for _ in range(MOST_WAITING):
            self.assertNoResult(pictures.add(slow, told(), jpeg()))
        self.assertIsNone(self.successResultOf(pictures.add(slow, told(), jpeg())))
        waiting[0].callback(None)
        self.assertNoResult(pictures.add(slow, told(), jpeg()))
        self.assertEqual(len(waiting), MOST_WAITING + 1)
