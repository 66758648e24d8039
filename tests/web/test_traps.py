"""Traps that other farms fell into, as far as the web is concerned: a test by name for each.

How does this work?  What may be asked of a job in which state is read off the table of transitions, and every refusal
that the interface specifies is brought about.  The pages are tried themselves: `LivePage` runs the page of a job
in node against a real server (and is left out where there is no node).
"""

import json
import shutil
import tempfile
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, cast

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProcessTransport
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import LoopingCall
from twisted.internet.tcp import Port
from twisted.python.failure import Failure
from twisted.trial.unittest import SkipTest, TestCase

from brender.farm.transitions import JOB, JobEvent, JobState, NotNow
from brender.verbs.hearing import KINDS
from brender.web import make_site
from brender.web.wrong import REASONS
from tests.effort import strangers
from tests.fakes import FRAMES, SmallFarm
from tests.web.fakes import Web, request
from tests.web.test_pages import SCRIPTS
from tests.web.test_stream import events

JOBS = "/api/v1/jobs"
VERBS = {"pause": JobEvent.PAUSE, "resume": JobEvent.RESUME, "cancel": JobEvent.CANCEL}
ELSEWHERE = {
    "any status for any object, errors that are never sent": (
        "web.test_routes.Table.test_every_refusal_is_described",
        "web.test_changes.States.test_what_cannot_be_now_is_409_with_the_reason",
        "farm.test_transitions.Tables.test_every_other_move_is_refused_with_a_sentence",
    ),
    "lists of everything": (
        "web.test_jobs.Lists.test_the_newest_is_first_and_pages_follow_each_other",
        "web.test_jobs.Lists.test_limits_are_kept",
        "web.test_clients.Clients.test_a_filter_chooses_with_the_words_of_the_shell",
    ),
    "mass changes make every browser reload": (
        "test_service.Announcements.test_many_results_in_a_moment_are_one_announcement",
        "web.test_stream.Streaming.test_who_comes_back_gets_what_was_missed",
    ),
}


class Elsewhere(TestCase):
    def test_every_test_that_is_named_is_there(self) -> None:
        self.assertEqual(strangers(name for names in ELSEWHERE.values() for name in names), [])


class States(TestCase):
    async def in_state(self, state: JobState) -> tuple[Web, int]:
        """A farm with a job in this state, and the number of the job."""
        web = Web(self)
        client = None if state is JobState.QUEUED else await web.farm.client("attic")
        job = await web.farm.job(tries=1)
        if state is JobState.PAUSED:
            await web.farm.service.pause(job.id)
        elif state is JobState.CANCELED:
            await web.farm.service.cancel(job.id)
        elif client and state is not JobState.ACTIVE:
            web.farm.finish_all(client, "completed" if state is JobState.COMPLETED else "failed")
        self.assertEqual(job.state, state)
        return web, job.id

    async def test_a_job_takes_no_state_that_its_own_does_not_lead_to(self) -> None:
        for state in JobState:
            for verb, event in VERBS.items():
                web, number = await self.in_state(state)
                reply = web.ask("POST", f"{JOBS}/{number}/{verb}", {})
                self.assertEqual(reply.status, 200 if self.may(state, event) else 409, (state, verb))
                if reply.status == 409:
                    self.assertEqual(web.farm.service.farm.jobs[number].state, state)
                    self.assertRegex(reply.message, rf"^Job {number} is {state} and cannot be \w+\.$")

    def may(self, state: JobState, event: JobEvent) -> bool:
        """Whether it can be, or is so already."""
        already = {
            JobEvent.PAUSE: {JobState.PAUSED},
            JobEvent.RESUME: {JobState.QUEUED, JobState.ACTIVE},
            JobEvent.CANCEL: {JobState.CANCELED},
        }
        return (state, event) in JOB or state in already.get(event, ())

    async def test_a_state_cannot_be_written(self) -> None:
        web, number = await self.in_state(JobState.ACTIVE)
        for state in (*JobState, "done", "", None, 3):
            reply = web.ask("PATCH", f"{JOBS}/{number}", {"state": state})
            self.assertEqual((reply.status, reply.json["at"]), (400, "state"))
        self.assertEqual(web.farm.service.farm.jobs[number].state, JobState.ACTIVE)

    async def test_a_client_takes_no_status_but_its_own_two(self) -> None:
        web, _ = await self.in_state(JobState.ACTIVE)
        for status in ("online", "asleep", "completed", "active", "", None, 1):
            reply = web.ask("PATCH", "/api/v1/clients/1", {"status": status})
            self.assertIn(reply.status, (400, 422), status)
            self.assertIn("status", reply.json["at"])
        self.assertEqual(web.farm.service.farm.clients[1].status, "enabled")


class Refusals(TestCase):
    async def test_every_refusal_that_is_specified_is_sent(self) -> None:
        web = Web(self, most_body=1000, patience=30.0)
        await web.farm.job()
        sent = [
            web.get(f"{JOBS}?limit=none").status,
            web.ask("POST", f"{JOBS}/1/cancel", {}, Origin="http://evil.example").status,
            web.get(f"{JOBS}/7").status,
            web.ask("DELETE", "/api/v1/farm").status,
            web.ask("POST", f"{JOBS}/1/cancel", b"{}", Content_Type="text/plain").status,
            web.get("/api/v1/farm", Host="evil.example").status,
            web.ask("POST", JOBS, {"template": "nobody's"}).status,
            web.ask("POST", JOBS, b" " * 1001).status,
            web.get("/?" + "x" * 20_000).status,
            web.get("/", X="x" * 70_000).status,
            self.slow(web),
            self.broken(web),
            (await self.not_now(web)),
            web.ask("PATCH", f"{JOBS}/1", {"priority": 3}, If_Match='"old"').status,
            self.stopping(web),
        ]
        self.assertEqual(sorted(sent), sorted(REASONS))

    def slow(self, web: Web) -> int:
        wire = web.wire()
        wire.send(b"GET /api/v1/farm HT")
        web.farm.clock.advance(30)
        return wire.reply().status

    def broken(self, web: Web) -> int:
        """A mistake of ours."""

        async def pause(number: int) -> bool:
            raise ZeroDivisionError(number)

        self.patch(web.farm.service, "pause", pause)
        status = web.ask("POST", f"{JOBS}/1/pause", {}).status
        self.flushLoggedErrors(ZeroDivisionError)
        return status

    async def not_now(self, web: Web) -> int:
        await web.farm.service.cancel(1)
        return web.ask("POST", f"{JOBS}/1/resume", {}).status

    def stopping(self, web: Web) -> int:
        web.farm.service.stopping = "The server is stopping"
        return web.ask("POST", JOBS, {"template": FRAMES}).status

    async def test_what_the_rules_refuse_in_a_state_is_409(self) -> None:
        web = Web(self)
        job = await web.farm.job()
        await web.farm.service.cancel(job.id)
        with self.assertRaises(NotNow) as refused:
            await web.farm.service.pause(job.id)
        reply = web.ask("POST", f"{JOBS}/{job.id}/pause", {})
        self.assertEqual((reply.status, reply.message), (409, str(refused.exception)))


class ManyAtOnce(TestCase):
    async def test_a_list_of_a_thousand_jobs_comes_in_pages(self) -> None:
        web = Web(self)
        for _ in range(1000):
            await web.farm.job()
        page = web.get(JOBS).json
        self.assertLessEqual(len(page["data"]), 100)
        following = web.get(f"{JOBS}?limit=2&after={page['next']}").json
        self.assertEqual(following["data"][0]["id"], page["data"][-1]["id"] - 1)

    async def test_a_change_of_fifty_clients_is_told_once_and_nobody_is_told_to_reload(self) -> None:
        web = Web(self)
        for number in range(50):
            await web.farm.client(f"render-{number:02}")
        web.farm.clock.advance(1)
        wire = web.wire()
        wire.send(request("GET", "/api/v1/events"))
        for status in ("disabled", "enabled", "disabled"):
            self.assertEqual(web.ask("PATCH", "/api/v1/clients?filter=all", {"status": status}).status, 200)
        web.farm.clock.advance(1)
        ((kind, told),) = [(kind, data) for _, kind, data in events(wire) if kind != "farm"]
        self.assertEqual([each["id"] for each in told], list(range(1, 51)))
        self.assertEqual({each["status"] for each in told}, {"disabled"})
        self.assertEqual(kind, "client")


class Kinds(TestCase):
    """What the pages listen to is what the server says."""

    def followed(self) -> dict[str, set[str]]:
        found = {}
        for name, text in SCRIPTS.items():
            if "follow({" in text and name != "live.js":
                listed = text.partition("follow({ kinds: [")[2].partition("]")[0]
                found[name] = set(json.loads(f"[{listed}]"))
        return found

    def test_every_page_follows_kinds_that_there_are(self) -> None:
        followed = self.followed()
        self.assertEqual(set(followed), {"farm.js", "job.js"})
        for name, kinds in followed.items():
            self.assertTrue(kinds, name)
            self.assertLessEqual(kinds, set(KINDS), name)

    def test_and_none_that_it_does_nothing_with(self) -> None:
        for name, kinds in self.followed().items():
            for kind in kinds:
                self.assertRegex(SCRIPTS[name], rf'kind [!=]== "{kind}"', name)

    async def test_whatever_happens_is_announced_under_a_kind_that_can_be_followed(self) -> None:
        web = Web(self)
        wire = web.wire()
        wire.send(request("GET", f"/api/v1/events?kind={','.join(KINDS)}"))
        client = await web.farm.client("attic")
        await web.farm.job()
        order = web.farm.start(client)
        web.farm.clock.advance(1)
        web.farm.service.pictured(client.id, order.job, order.first, b"\xff\xd8\xff\xd9")
        web.farm.finish_all(client)
        web.farm.clock.advance(1)
        self.assertLessEqual({"job", "client"}, {kind for _, kind, _ in events(wire)})
        self.assertLessEqual({kind for _, kind, _ in events(wire)}, set(KINDS))


class Node(ProcessProtocol):
    """A page in node: what it tells, a line of JSON each."""

    transport: IProcessTransport

    def __init__(self) -> None:
        self.told: list[dict[str, str]] = []
        self.errors = b""
        self.ended: Deferred[None] = Deferred()
        self._rest = b""

    def outReceived(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.told += map(json.loads, lines)

    def errReceived(self, data: bytes) -> None:
        self.errors += data

    def processEnded(self, reason: Failure) -> None:
        self.ended.callback(None)

    def all(self, kind: str) -> list[str]:
        return [line[kind] for line in self.told if kind in line]


class LivePage(TestCase):
    """The page of a job as it is, with a real server."""

    timeout = 120

    def setUp(self) -> None:
        self.node = shutil.which("node")
        if self.node is None:
            raise SkipTest("There is no node on this machine to run the scripts of the page.")
        self.farm = SmallFarm(self)
        site = make_site(self.farm.service, "2.0", clock=reactor)
        self.port = cast("Port", reactor.listenTCP(0, cast("Any", site), interface="127.0.0.1"))
        self.addCleanup(self.port.stopListening)

    def open(self, number: int) -> Node:
        """The page of a job is opened."""
        folder = tempfile.TemporaryDirectory(prefix="brender-test-")
        self.addCleanup(folder.cleanup)
        static, place = files("brender.web").joinpath("static"), Path(folder.name)
        for name, text in SCRIPTS.items():
            (place / name).write_text(text)
        (place / "package.json").write_text('{"type": "module"}')
        self.assertTrue(static.joinpath("job.html").is_file())
        page, base = Node(), f"http://localhost:{self.port.getHost().port}"
        with as_file(files("tests.web").joinpath("page.mjs")) as runner:
            words = [str(self.node), str(runner), base, f"/jobs/{number}", str(place / "job.js")]
        reactor.spawnProcess(page, words[0], words, env=None)
        self.addCleanup(self.close, page)
        return page

    async def close(self, page: Node) -> None:
        if not page.ended.called:
            page.transport.signalProcess("KILL")
            await page.ended

    async def until(self, page: Node, so: Any) -> None:
        """Until something is so; the farm's clock goes on meanwhile."""

        def look() -> None:
            self.farm.clock.advance(0.2)
            if page.ended.called:
                raise AssertionError(page.errors.decode())
            if so():
                looking.stop()

        looking = LoopingCall(look)
        await looking.start(0.05)

    async def test_the_log_on_the_page_of_a_job_goes_on_while_it_runs(self) -> None:
        client = await self.farm.client("attic")
        job = await self.farm.job(values={"Frames": "1"})
        order = self.farm.start(client)
        self.farm.service.logged(client.id, order.id, order.first, "the first line\n")
        page = self.open(job.id)
        await self.until(page, lambda: self.log_on(page).endswith("the first line\n"))
        self.farm.service.logged(client.id, order.id, order.first, "the second line\n")
        await self.until(page, lambda: self.log_on(page).endswith("the first line\nthe second line\n"))

    def log_on(self, page: Node) -> str:
        return ["", *page.all("log")][-1]

    async def test_what_happens_reaches_the_page_as_it_is_called_there_and_it_is_not_loaded_anew(self) -> None:
        client = await self.farm.client("attic")
        job = await self.farm.job(values={"Frames": "1-3"})
        page = self.open(job.id)
        await self.until(page, lambda: any("/events" in address for address in page.all("asked")))
        self.assertNotIn("3 tasks: 3 completed", page.all("said"))
        self.farm.finish_all(client)
        await self.until(page, lambda: "3 tasks: 3 completed" in page.all("said"))
        self.assertIn("job", page.all("event"))
        self.assertEqual(page.all("asked").count("/api/v1/farm"), 1)
