"""`brender enable`, `disable`, `cancel`, `pause`, `resume`: what is changed, what is said, how it ends."""

from brender.farm.client import Status
from brender.farm.transitions import JobState
from tests.cli.case import CommandCase


class Turning(CommandCase):
    async def test_what_changed_and_what_already_was_is_counted(self) -> None:
        first, second = await self.farm.client("render-01"), await self.farm.client("render-02")
        await self.farm.service.set_status([second], Status.DISABLED)
        await self.farm.job()
        self.farm.start(first)
        ran = await self.brender("disable", "render-0*")
        self.assertEqual(ran, (0, "2 clients: 1 is now disabled, 1 already was. 1 frame finishes first.\n", ""))
        self.assertEqual(first.status, Status.DISABLED)
        as_json = (await self.brender("enable", "all", "--json")).json
        self.assertEqual((as_json["matched"], as_json["changed"]), (2, 2))
        self.assertEqual([first.status, second.status], [Status.ENABLED, Status.ENABLED])

    async def test_a_filter_that_matches_nothing_has_failed(self) -> None:
        await self.farm.client("render-01")
        self.assertEqual(await self.brender("enable", "name=nobody"), (1, "", "No client matches name=nobody.\n"))

    async def test_whom_has_to_be_said(self) -> None:
        self.assertEqual((await self.brender("disable")).code, 2)


class Jobs(CommandCase):
    async def test_cancel_pause_and_resume(self) -> None:
        job = await self.farm.job()
        ran = await self.brender("pause", "1")
        self.assertEqual(ran, (0, "Job 1 shot_010 is now paused; 0 of 24 tasks are done.\n", ""))
        self.assertEqual(job.state, JobState.PAUSED)
        self.assertEqual((await self.brender("resume", "1")).out, "Job 1 shot_010 goes on; 0 of 24 tasks are done.\n")
        self.assertEqual((await self.brender("cancel", "1", "--json")).json["state"], "canceled")
        again = await self.brender("cancel", "1")
        self.assertEqual((again.code, again.out), (1, ""))
        self.assertIn("Job 1 is canceled", again.err)

    async def test_a_job_that_is_not_there_has_failed(self) -> None:
        ran = await self.brender("cancel", "4", "--json")
        self.assertEqual((ran.code, ran.json["error"]["code"]), (1, "not-found"))
