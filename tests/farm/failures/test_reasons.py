"""Failures of the same reason are told as one."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.farm.failures.reasons import as_ranges, pattern_of
from tests.fakes import FRAMES, SmallFarm

SHARED = FRAMES + "  hostRequirements: {amounts: [{name: amount.worker.vcpu, min: 1}]}\n"

ALIKE = (
    ("Exit code 1. It cannot read /shots/010/f_0012.exr", "Exit code 1. It cannot read C:\\a\\b.exr"),
    ("Frame 12 has no camera", "Frame 1013 has no camera"),
    ("It had used 3.5 GB.", "It had used 12 GB."),
    ("0x7ffe12 of 3f2a9c1b-77aa-41bc-8888-0123456789ab", "0xdeadbeef of 0f2a9c1b-77aa-41bc-8888-0123456789ab"),
    ("two  blanks", "two blanks"),
    ("//host/share/x.blend is not there", "/mnt/y.blend is not there"),
)
OTHERS = (
    ("Exit code 1.", "Exit code 11."),
    ("Frame 12 has no camera", "Frame 12 has no light"),
    ("", "1"),
)


class Patterns(SynchronousTestCase):
    def test_numbers_paths_and_such_make_no_difference(self) -> None:
        for one, other in ALIKE:
            self.assertEqual(pattern_of(one), pattern_of(other))

    def test_words_and_exit_codes_do(self) -> None:
        for one, other in OTHERS:
            self.assertNotEqual(pattern_of(one), pattern_of(other))

    def test_ranges_are_short_and_have_an_end(self) -> None:
        self.assertEqual([as_ranges([]), as_ranges([7]), as_ranges([0, 1, 2, 4, 8, 9])], ["", "7", "0-2,4,8-9"])
        self.assertEqual(len(as_ranges(range(0, 10**6, 2)).split(",")), 1000)


class OfAJob(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = SmallFarm(self)
        self.client = await self.farm.client("render-01")

    async def failures(self, job: int = 1) -> list[Any]:
        return await self.farm.service.failures_of(job)

    def fails(self, message: str, cause: str = "", client: Any = None) -> None:
        order = self.farm.start(client or self.client)
        self.farm.service.result(order.client, order.id, order.awaited()[0], "failed", message, 1.0, cause)
        self.farm.clock.advance(10)

    async def test_frames_that_fail_alike_are_one_group(self) -> None:
        await self.farm.job(SHARED, {"Frames": "1-6"}, tries=1)
        for frame in range(1, 5):
            self.fails(f"Frame {frame} has no camera")
        self.fails("Out of memory", "fail")
        memory, camera = await self.failures()
        self.assertEqual((camera.cause, camera.line, camera.tasks, camera.times), ("", "Frame 4 has no camera", 4, 4))
        self.assertEqual((camera.which, camera.clients, camera.task), ({"Render": "0-3"}, ["render-01"], "Render:3"))
        self.assertEqual((camera.last - camera.first, camera.given_up, camera.did), (30.0, 4, "4 given up."))
        self.assertEqual((memory.cause, memory.which), ("fail", {"Render": "4"}))

    async def test_what_became_of_them_since(self) -> None:
        other = await self.farm.client("render-02")
        await self.farm.job(SHARED, {"Frames": "1-4"}, tries=2)
        self.fails("It broke.")
        self.fails("It broke.", client=other)
        (found,) = await self.failures()
        self.assertEqual((found.again, found.did), (2, "2 to be tried again."))
        self.assertEqual(set(found.clients), {"render-01", "render-02"})
        while not self.farm.service.farm.jobs[1].finished:
            for client in (self.client, other):
                if any(order.open for order in client.orders.values()):
                    self.farm.finish(client)
        (found,) = await self.failures()
        self.assertEqual((found.done, found.tasks, found.did), (2, 2, "2 done when tried again."))

    async def test_a_missing_licence_names_the_tasks_that_were_handed_back(self) -> None:
        await self.farm.job(SHARED, {"Frames": "1-2"})
        self.fails("no licence", "later")
        (found,) = await self.failures()
        self.assertEqual((found.cause, found.which, found.again), ("later", {"Render": "0"}, 1))

    async def test_those_that_were_asked_for_again_still_tell_why_they_failed(self) -> None:
        await self.farm.job(SHARED, {"Frames": "1-2"}, tries=1)
        self.fails("It broke.")
        self.farm.finish_all(self.client)
        await self.farm.service.again(1, lambda job: {0: [0]})
        (found,) = await self.failures()
        self.assertEqual((found.which, found.again), ({"Render": "0"}, 1))

    async def test_a_job_without_any_has_none(self) -> None:
        await self.farm.job()
        self.assertEqual(await self.failures(), [])
