"""Traps that other farms fell into, as far as the web is concerned: a test by name for each.

How does this work?  What may be asked of a job in which state is read off the table of transitions, and every refusal
that the interface specifies is brought about.  The pages are tried themselves, in a real browser: tests/browser.
"""

import re

from twisted.trial.unittest import TestCase

from brender.farm.event_kinds import KINDS
from brender.farm.transitions import JOB, JobEvent, JobState, NotNow
from brender.web.http.wrong import REASONS
from tests.effort import strangers
from tests.fakes import FRAMES, jpeg
from tests.line.harness import CHECKOUT
from tests.web.fakes import Web, request
from tests.web.following.test_stream import events

JOBS = "/api/v1/jobs"
VERBS = {"pause": JobEvent.PAUSE, "resume": JobEvent.RESUME, "cancel": JobEvent.CANCEL}
BROUGHT_ABOUT = {  # in tests of their own
    401: "people.test_web.Strangers.test_every_address_but_the_door_wants_to_know_who_asks",
    416: "web.handlers.test_videos.Parts.test_behind_the_end_there_is_nothing",
    429: "people.test_web.Guessing.test_it_is_slower_with_each_try_and_never_impossible",
}
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
        "service.test_service.Announcements.test_many_results_in_a_moment_are_one_announcement",
        "web.following.test_stream.Streaming.test_who_comes_back_gets_what_was_missed",
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
        self.assertEqual(sorted([*sent, *BROUGHT_ABOUT]), sorted(REASONS))
        self.assertEqual(strangers(BROUGHT_ABOUT.values()), [])

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

    def heard(self) -> set[str]:
        sources = CHECKOUT / "brender" / "web" / "dashboard" / "src"
        texts = [path.read_text() for path in sources.rglob("*.ts*")]
        found = {kind for text in texts for kind in re.findall(r'(?:hear|useHeard)\(\s*"(\w+)"', text)}
        return found | {kind for text in texts for kind in re.findall(r'\bkind="(\w+)"', text)}

    def test_every_page_hears_kinds_that_there_are(self) -> None:
        self.assertGreaterEqual(self.heard(), {"job", "client", "farm", "gone", "task"})
        self.assertLessEqual(self.heard(), set(KINDS))

    async def test_whatever_happens_is_announced_under_a_kind_that_can_be_followed(self) -> None:
        web = Web(self)
        wire = web.wire()
        wanted = ",".join(kind for kind in KINDS if kind != "task")  # which is asked for of one job
        wire.send(request("GET", f"/api/v1/events?kind={wanted}"))
        client = await web.farm.client("attic")
        await web.farm.job()
        order = web.farm.start(client)
        web.farm.clock.advance(1)
        web.farm.service.pictured(client.id, order.job, order.first, jpeg())
        web.farm.finish_all(client)
        web.farm.clock.advance(1)
        self.assertLessEqual({"job", "client"}, {kind for _, kind, _ in events(wire)})
        self.assertLessEqual({kind for _, kind, _ in events(wire)}, set(KINDS))
