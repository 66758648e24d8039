"""`brender set`, `enable`, `disable`, `cancel`, `pause`, `resume`, `approve`, `forgive`: what is changed and said."""

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
        told = "2 clients: render-01 is now disabled, render-02 already was. 1 frame finishes first.\n"
        self.assertEqual(ran, (0, told, ""))
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
        self.assertEqual(ran, (0, "Job 1 shot_010 is now paused.\n", ""))
        self.assertEqual(job.state, JobState.PAUSED)
        self.assertEqual((await self.brender("resume", "1")).out, "Job 1 shot_010 goes on: 24 of 24 tasks are to do.\n")
        self.assertEqual((await self.brender("cancel", "1", "--json")).json["state"], "canceled")
        self.assertEqual(await self.brender("cancel", "1"), (0, "Job 1 shot_010 already was canceled.\n", ""))
        paused = await self.brender("pause", "1")
        self.assertEqual((paused.code, paused.out, paused.err), (1, "", "Job 1 is canceled and cannot be paused.\n"))

    async def test_a_job_that_is_not_there_has_failed(self) -> None:
        ran = await self.brender("cancel", "4", "--json")
        self.assertEqual((ran.code, ran.json["error"]["code"]), (1, "not-found"))

    async def test_approve_lets_the_rest_follow_the_preview(self) -> None:
        client = await self.farm.client("render-01")
        await self.farm.job(preview=1)
        self.farm.finish(client)
        self.assertEqual(
            (await self.brender("approve", "1")).out, "Job 1 shot_010 is approved; the rest of it follows.\n"
        )
        self.assertEqual((await self.brender("approve", "1")).out, "Job 1 shot_010 waits for no approval.\n")

    async def test_forgive_lets_a_job_go_to_a_client_again(self) -> None:
        client = await self.farm.client("render-01")
        job = await self.farm.job(tries=50)
        for _ in range(3):
            self.farm.finish(client, "failed", "no")
        self.assertEqual(list(job.standing.avoided), [client.id])
        ran = await self.brender("forgive", "1", "nobody")
        self.assertEqual(ran.err, "No client matches nobody (1 client in all).\n")
        self.assertEqual((await self.brender("forgive", "1")).out, "Job 1 shot_010 may go to render-01 again.\n")
        self.assertEqual(
            (job.standing.avoided, (await self.brender("forgive", "1", "--json")).json["forgiven"]), ({}, [])
        )


class Settings(CommandCase):
    async def test_settings_of_a_job(self) -> None:
        job = await self.farm.job()
        ran = await self.brender("set", "job", "1", "priority=80", "only=render-0*,attic", "not-before=none")
        words = "priority=80, only=render-0*,attic and not_before=none"
        self.assertEqual(ran, (0, f"Job 1 shot_010 now has {words}.\n", ""))
        self.assertEqual((job.priority, job.settings.only), (80, ("render-0*", "attic")))
        self.assertEqual(
            (await self.brender("set", "job", "1", "priority=80")).out, "Job 1 shot_010 already had priority=80.\n"
        )
        self.assertEqual((await self.brender("set", "job", "1", "tries=2", "--json")).json["settings"]["tries"], 2)

    async def test_settings_of_clients(self) -> None:
        first, second = await self.farm.client("render-01"), await self.farm.client("render-02")
        await self.farm.client("attic")
        await self.brender("set", "client", "render-01", "pools=gpu")
        ran = await self.brender("set", "client", "render*", "pools=gpu", "--json")
        self.assertEqual((ran.json["matched"], ran.json["changed"]), (2, 1))
        ran = await self.brender("set", "client", "render*", "keep-memory=4GB", "sleeps=22:00-06:00")
        words = "keep_memory=4GB and sleeps=22:00-06:00"
        self.assertEqual(ran.out, f"2 clients: render-01 and render-02 now have {words}.\n")
        self.assertEqual([first.settings.keep_memory, second.settings.keep_memory], [4 << 30] * 2)
        self.assertEqual((await self.brender("set", "client", "nobody", "pools=x")).err, "No client matches nobody.\n")

    async def test_what_cannot_be_is_refused_with_a_sentence(self) -> None:
        await self.farm.job()
        await self.farm.client("render-01")
        for code, line, sentence in (
            (2, "set job 1 priorty=3", 'No setting "priorty" of a job; did you mean priority?'),
            (2, "set job 1 state=active", '"state" of a job cannot be set.'),
            (1, "set job one priority=3", "No job matches one."),
            (2, "set job 1 priority", '"priority" is not KEY=VALUE'),
            (2, "set client pools=gpu", "Say what is to be so"),
            (2, "set 1 priority=3", "Say of what: set client, or set job"),
            (1, "set job 1 priority=101", "priority: A priority is a whole number from 0 to 100."),
            (1, "set job 1 after=1", "after[0]: Job 1 cannot come after itself."),
            (1, "set job 9 priority=3", "There is no job 9."),
            (1, "set client all zone=Mars", 'zone: There is no time zone "Mars"'),
        ):
            ran = await self.brender(*line.split())
            self.assertEqual((ran.code, ran.out), (code, ""), line)
            self.assertIn(sentence, ran.err)
