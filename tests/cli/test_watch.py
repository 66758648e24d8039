"""`brender submit --watch`: fed by events, right at the end, whatever happens on the way."""

import json

from twisted.internet.task import deferLater

from brender.farm.client import RuntimeClient
from brender.farm.transitions import JobState
from tests.cli.case import CommandCase, reactor
from tests.fakes import FRAMES


class Watching(CommandCase):
    def setUp(self) -> None:
        super().setUp()
        self.file("shot.yaml", FRAMES)

    def announced(self) -> None:
        """Let the service announce what has changed."""
        self.farm.clock.advance(1)

    async def followed(self) -> None:
        """Wait until the command reads the events."""
        await self.until(lambda: len(self.site.streams))

    async def test_it_shows_how_far_it_is_and_ends_with_0(self) -> None:
        client = await self.farm.client("render-01")
        running = self.start("submit", "shot.yaml", "--frames", "1-3", "--watch")
        await self.followed()
        self.farm.finish(client, seconds=2.0)
        self.announced()
        await self.until(lambda: b"1/3" in running.out)
        self.farm.clock.advance(30)
        self.farm.finish_all(client)
        self.announced()
        ran = await running.ended
        self.assertEqual((ran.code, ran.err), (0, ""))
        lines = ran.out.splitlines()
        self.assertTrue(lines[1].startswith("  job 1     shot_010  1/3 · 2.0 s a frame"), lines)
        self.assertEqual(lines[-1], "Job 1 is completed: 3 frames in 31 s.")

    async def test_on_a_terminal_it_is_a_bar(self) -> None:
        client = await self.farm.client("render-01")
        running = self.start("submit", "shot.yaml", "--frames", "1-3", "--watch", terminal=True)
        await self.followed()
        self.farm.finish(client, seconds=2.0)
        self.announced()
        await self.until(lambda: "1/3 · 2.0 s a frame".encode() in running.out)
        self.farm.finish_all(client)
        self.announced()
        ran = await running.ended
        self.assertEqual(ran.code, 0)
        self.assertIn("job 1     shot_010", ran.out)
        self.assertIn("━━━━━━━━━━━━━━━━━━━━━━━━━", ran.out)
        self.assertIn("3/3 · completed", ran.out)

    async def test_with_json_every_change_is_a_line_and_the_last_is_the_end(self) -> None:
        client = await self.farm.client("render-01")
        running = self.start("submit", "shot.yaml", "--frames", "1-2", "--watch", "--json")
        await self.followed()
        self.farm.finish_all(client)
        self.announced()
        ran = await running.ended
        states = [json.loads(line)["state"] for line in ran.out.splitlines()]
        self.assertEqual((ran.code, states[-1], ran.err), (0, "completed", ""))

    async def test_a_job_that_fails_ends_with_1_and_its_reason(self) -> None:
        client = await self.farm.client("render-01")
        running = self.start("submit", "shot.yaml", "--frames", "1", "--watch")
        await self.followed()
        self.farm.finish_all(client, "failed", "The scene shot.blend is not there.")
        self.announced()
        ran = await running.ended
        self.assertEqual(ran.code, 1)
        lines = ran.err.splitlines()
        self.assertRegex(lines[0], r"^Job 1 has failed: 0 of 1 frame were done")
        self.assertEqual([lines[1], lines[-1]], ["The scene shot.blend is not there.", "brender log 1 tells more."])
        self.assertTrue(all(line.startswith("Warning: ") for line in lines[2:-1]), lines)

    async def test_a_job_that_is_canceled_by_somebody_ends_with_1(self) -> None:
        running = self.start("submit", "shot.yaml", "--watch")
        await self.followed()
        await self.farm.service.cancel(1)
        self.announced()
        ran = await running.ended
        self.assertEqual((ran.code, ran.err), (1, "Job 1 was canceled: 0 of 24 tasks were done.\n"))

    async def test_ctrl_c_leaves_the_job_running_and_says_so(self) -> None:
        client = await self.farm.client("render-01")
        running = self.start("submit", "shot.yaml", "--watch")
        await self.followed()
        self.farm.start(client)
        running.interrupt()
        ran = await running.ended
        self.assertEqual((ran.code, ran.err), (130, "Job 1 goes on without you; brender jobs shows how far it is.\n"))
        self.assertEqual(self.farm.service.farm.jobs[1].state, JobState.ACTIVE)

    async def test_a_server_that_goes_and_comes_back_is_taken_up_again(self) -> None:
        client = await self.farm.client("render-01")
        running = self.start("submit", "shot.yaml", "--frames", "1-2", "--watch")
        await self.followed()
        number = self.port.getHost().port
        await self.port.stopListening()  # ends the streams too
        self.farm.finish_all(client)
        self.announced()
        await deferLater(reactor, 0.1)
        self.port = reactor.listenTCP(number, self.site, interface="127.0.0.1")
        ran = await running.ended
        self.assertEqual((ran.code, ran.err), (0, ""))
        self.assertRegex(ran.out.splitlines()[-1], r"^Job 1 is completed: 2 frames in ")

    async def test_a_job_that_ended_before_anybody_could_watch_is_seen_as_ended(self) -> None:
        client = await self.farm.client("render-01")
        submit = self.farm.service.submit

        async def at_once(*words: object, **named: object) -> object:
            job = await submit(*words, **named)  # type: ignore[arg-type]
            self.farm.finish_all(client)
            return job

        self.farm.service.submit = at_once  # type: ignore[method-assign, assignment]
        ran = await self.brender("submit", "shot.yaml", "--frames", "1", "--watch")
        self.assertEqual(ran.code, 0)
        self.assertRegex(ran.out.splitlines()[-1], r"^Job 1 is completed: 1 frame")


class Again(CommandCase):
    """`brender watch`, and `--wait` of what runs again."""

    async def failed(self) -> RuntimeClient:
        client = await self.farm.client("render-01")
        await self.farm.job(values={"Frames": "1-2"}, tries=1)
        self.farm.finish(client, "failed", "no")
        self.farm.finish_all(client)
        return client

    async def test_watch_shows_a_job_until_it_ends(self) -> None:
        await self.failed()
        ran = await self.brender("watch", "1")
        self.assertEqual(ran.code, 1)
        self.assertIn("Job 1 has failed: 1 of 2 tasks were done", ran.err)
        self.assertEqual((await self.brender("watch", "9")).err, "There is no job 9.\n")

    async def test_retry_waits_until_the_job_has_ended(self) -> None:
        client = await self.failed()
        for words, out in (("--wait",), "Job 1 is completed: 2 tasks"), (("--wait", "--quiet"), ""):
            running = self.start("requeue", "1", "1-2", *words)
            await self.until(lambda: len(self.site.streams))
            self.farm.finish_all(client)
            self.farm.clock.advance(1)
            ran = await running.ended
            self.assertEqual((ran.code, ran.err), (0, ""))
            self.assertIn(out, ran.out)
            await self.until(lambda: not len(self.site.streams))
        self.assertEqual(ran.out, "")

    async def test_only_what_makes_work_can_be_waited_for(self) -> None:
        ran = await self.brender("pause", "1", "--wait")
        self.assertEqual(ran.code, 2)
        self.assertIn("--wait is for submit, retry and requeue.", ran.err)
