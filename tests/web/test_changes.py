"""Jobs as programs change them: their state, their settings, their tasks; and each change once."""

from typing import Any

from twisted.trial.unittest import TestCase

from brender.farm.job import Job
from brender.farm.scheduling.why import why_job
from brender.farm.transitions import JobState, TaskState
from tests.fakes import FRAMES
from tests.protocols.test_changing_verbs import SAMPLES
from tests.protocols.test_verbs import TWO_STEPS
from tests.web.fakes import Reply, Web

VERBS = ("cancel", "pause", "resume", "retry", "requeue", "add", "revise", "approve", "forgive")
BODIES: dict[str, Any] = {"requeue": {"frames": "1"}, "add": {"values": {}}, "revise": {"values": {}}}


class Case(TestCase):
    def setUp(self) -> None:
        self.web = Web(self)
        self.farm = self.web.farm

    def post(self, verb: str, body: Any = None, job: int = 1, **headers: str) -> Reply:
        return self.web.ask("POST", f"/api/v1/jobs/{job}/{verb}", {} if body is None else body, **headers)

    def change(self, body: Any, job: int = 1) -> Reply:
        return self.web.ask("PATCH", f"/api/v1/jobs/{job}", body)


class States(Case):
    async def test_a_job_is_paused_resumed_and_canceled_and_each_twice_is_no_mistake(self) -> None:
        await self.farm.job()
        for verb, state in (("pause", "paused"), ("resume", "queued"), ("cancel", "canceled")):
            for changed in (True, False):
                reply = self.post(verb)
                self.assertEqual((reply.status, reply.json["state"], reply.json["changed"]), (200, state, changed))

    async def test_what_cannot_be_now_is_409_with_the_reason(self) -> None:
        job = await self.farm.job()
        await self.farm.service.cancel(job.id)
        for verb in ("pause", "resume"):
            reply = self.post(verb)
            self.assertEqual((reply.status, reply.json["code"]), (409, "not-now"))
            self.assertIn("Job 1 is canceled", reply.message)

    def test_a_job_that_is_not_there_is_404(self) -> None:
        for verb in VERBS:
            self.assertEqual(self.post(verb, BODIES.get(verb), job=9).message, "There is no job 9.", verb)
        self.assertEqual(self.change({"priority": 3}, job=9).message, "There is no job 9.")
        for path in ("/api/v1/jobs/9", "/api/v1/jobs/9/log", "/api/v1/jobs/9/picture", "/api/v1/jobs/9/why"):
            self.assertEqual(self.web.get(path).status, 404, path)

    async def test_a_farm_that_stops_changes_nothing(self) -> None:
        await self.farm.job()
        self.farm.service.stopping = "The server is stopping"
        for verb in VERBS:
            self.assertEqual(self.post(verb, BODIES.get(verb)).status, 503, verb)
        self.assertEqual(self.change({"priority": 3}).status, 503)


class Settings(Case):
    async def test_settings_are_changed_and_told(self) -> None:
        job = await self.farm.job()
        reply = self.change({"priority": 80, "pool": "gpu", "after": [], "not_before": None})
        self.assertEqual((reply.status, reply.json["changed"], reply.json["priority"]), (200, True, 80))
        self.assertEqual((job.settings.pool, reply.json["settings"]["pool"]), ("gpu", "gpu"))
        self.assertFalse(self.change({"priority": 80}).json["changed"])

    async def test_what_cannot_be_read_is_400_and_what_cannot_be_is_422(self) -> None:
        for _ in range(2):
            await self.farm.job()
        await self.farm.service.set_job(2, {"after": [{"job": 1}]})
        for status, body, at in (
            (400, {}, None),
            (400, {"priorty": 3}, "priorty"),
            (400, {"priority": "80"}, "priority"),
            (400, {"priority": True}, "priority"),
            (400, {"state": "paused"}, "state"),
            (400, {"after": [1]}, "after[0]"),
            (422, {"priority": 101}, "priority"),
            (422, {"after": [{"job": 1}]}, "after[0]"),
            (422, {"after": [{"job": 2}]}, "after[0]"),
            (422, {"after": [{"job": 9}]}, "after[0]"),
            (422, {"limits": {"arnold": 1}}, "limits.arnold"),
            (422, {"hours": "20:00-20:00"}, "hours"),
            (422, {"zone": "Mars"}, "zone"),
        ):
            reply = self.change(body)
            self.assertEqual((reply.status, reply.json.get("at")), (status, at), body)
        self.assertEqual(self.change({"after": [{"job": 2}]}).message,
                         "Job 1 cannot come after job 2: job 2 comes after this one.")  # fmt: skip


class Again(Case):
    async def job(self, **settings: Any) -> Job:
        """A job of two steps whose second frame failed."""
        client = await self.farm.client("attic")
        job = await self.farm.job(TWO_STEPS, tries=1, **settings)
        for outcome in ("completed", "failed", "completed"):
            self.farm.finish(client, outcome, "no")
        self.assertEqual(job.state, JobState.FAILED)
        return job

    async def test_retry_runs_what_failed_and_what_was_abandoned_for_it(self) -> None:
        job = await self.job()
        reply = self.post("retry").json
        self.assertEqual(
            (reply["changed"], reply["again"], reply["state"]), (True, {"Render": 1, "Video": 1}, "active")
        )
        self.farm.finish_all(self.farm.service.farm.clients[1])
        self.assertEqual(job.state, JobState.COMPLETED)
        self.assertEqual(self.post("retry").json["again"], {})
        self.assertFalse(self.post("retry").json["changed"])

    async def test_tasks_are_chosen_by_frames_by_number_and_by_step(self) -> None:
        await self.job()
        for body, again in (
            ({"frames": "1"}, {"Render": 1, "Video": 1}),
            ({"tasks": [0, 2], "step": "Render"}, {"Render": 1}),
        ):
            reply = self.post("requeue", body)
            self.assertEqual((reply.status, reply.json["again"]), (200, again), body)
        self.farm.finish_all(self.farm.service.farm.clients[1])
        reply = self.post("requeue", {"step": "Render", "with_dependents": True})
        self.assertEqual(reply.json["again"]["Render"] >= 2, True, reply.json)

    async def test_what_is_no_task_is_refused_with_its_place(self) -> None:
        await self.job()
        for verb, status, body, at in (
            ("requeue", 400, {}, "frames"),
            ("requeue", 400, {"frame": "1"}, "frame"),
            ("requeue", 400, {"frames": 1}, "frames"),
            ("requeue", 400, {"frames": "1", "with_dependents": "yes"}, "with_dependents"),
            ("retry", 400, {"with_dependents": True}, "with_dependents"),
            ("retry", 400, {"tasks": ["1"]}, "tasks[0]"),
            ("retry", 422, {"frames": "99"}, "frames"),
            ("retry", 422, {"frames": "3-1"}, "frames"),
            ("retry", 422, {"frames": "1-10:0"}, "frames"),
            ("retry", 422, {"frames": "1-5,3-8"}, "frames"),
            ("retry", 422, {"tasks": [0]}, "step"),
            ("retry", 422, {"tasks": [9], "step": "Render"}, "tasks"),
            ("retry", 422, {"step": "Rendr"}, "step"),
        ):
            reply = self.post(verb, body)
            self.assertEqual((reply.status, reply.json.get("at")), (status, at), body)

    async def test_an_empty_body_says_nothing_where_nothing_has_to_be_said(self) -> None:
        await self.job()
        self.assertEqual(self.post("retry", b"").json["again"], {"Render": 1, "Video": 1})
        self.assertEqual(self.post("forgive", b"").json["forgiven"], [])
        self.assertEqual(self.post("requeue", b"").status, 400)


class More(Case):
    async def test_frames_are_added_and_a_request_that_is_sent_again_adds_them_once(self) -> None:
        job = await self.farm.job(FRAMES)
        body = {"values": {"Frames": "25-30"}}
        for _ in range(2):
            reply = self.post("add", body, Idempotency_Key="k-1")
            self.assertEqual((reply.status, reply.json["added"], reply.json["tasks"]), (200, 6, 30))
        self.assertEqual(len(job.steps[0].tasks), 30)
        self.assertEqual(self.post("add", body).status, 422)
        self.assertEqual(self.post("add", {"values": {"Frames": "40"}}, Idempotency_Key="k-1").status, 409)
        self.assertEqual(self.post("revise", body, Idempotency_Key="k-1").status, 409)

    async def test_values_are_revised(self) -> None:
        job = await self.farm.job(SAMPLES)
        self.assertTrue(self.post("revise", {"values": {"Samples": 128}}).json["changed"])
        self.assertEqual(str(job.values["Samples"]), "128")
        self.assertFalse(self.post("revise", {"values": {"Samples": 128}}).json["changed"])
        self.assertEqual(self.post("revise", {"values": {"Frames": "1-3"}}).status, 409)
        self.assertEqual(self.post("revise", {"values": {"Samples": "many"}}).status, 422)
        self.assertEqual(self.post("revise", {}).status, 400)


class Standing(Case):
    async def test_a_preview_is_approved(self) -> None:
        client = await self.farm.client("attic")
        await self.farm.job(preview=1)
        self.farm.finish(client)
        self.assertTrue(self.web.get("/api/v1/jobs/1").json["wants_approval"])
        reply = self.post("approve").json
        self.assertEqual((reply["changed"], reply["wants_approval"]), (True, False))
        self.assertFalse(self.post("approve").json["changed"])

    async def test_clients_are_forgiven_all_or_some(self) -> None:
        client = await self.farm.client("attic")
        job = await self.farm.job(tries=50)
        for _ in range(3):
            self.farm.finish(client, "failed", "no")
        self.assertEqual(self.web.get("/api/v1/jobs/1").json["avoided"], [1])
        self.assertEqual(self.post("forgive", {"clients": [9]}).message, "There is no client 9.")
        self.assertEqual(self.post("forgive", {"clients": ["attic"]}).status, 400)
        reply = self.post("forgive", {"clients": [1]}).json
        self.assertEqual((reply["changed"], reply["forgiven"], reply["avoided"]), (True, [1], []))
        self.assertEqual((self.post("forgive").json["forgiven"], job.standing.avoided), ([], {}))


class Why(Case):
    async def test_a_job_says_what_it_waits_for(self) -> None:
        job = await self.farm.job()
        reply = self.web.get("/api/v1/jobs/1/why").json
        why = why_job(self.farm.service.farm, job, self.farm.now())
        self.assertEqual(reply, {"id": 1, "name": job.name, "why": why})

    async def test_a_frame_and_a_task_say_what_they_wait_for(self) -> None:
        client = await self.farm.client("attic")
        job = await self.farm.job(TWO_STEPS)
        self.farm.start(client)
        for query, why in (
            ("frame=1", "Frame 1 runs on attic"),
            ("task=0&step=Render", "Frame 1 runs on attic"),
            ("task=0&step=Video", "Task 0 waits: "),
        ):
            told = self.web.get(f"/api/v1/jobs/1/why?{query}").json["why"]
            self.assertTrue(told.startswith(why), told)
        self.assertEqual(job.steps[0].counts[TaskState.COMPLETED], 0)
        await self.farm.service.cancel(1)
        told = self.web.get("/api/v1/jobs/1/why?frame=1").json["why"]
        self.assertEqual(told, why_job(self.farm.service.farm, job, self.farm.now()))

    async def test_a_question_that_is_none_is_refused_with_its_place(self) -> None:
        await self.farm.job(TWO_STEPS)
        for status, query, at in (
            (400, "frame=x", "frame"),
            (400, "frame=1-3", "frame"),
            (422, "frame=1&task=1", "task"),
            (400, "task=-1", "task"),
            (400, "fram=1", "fram"),
            (422, "frame=-7", "frames"),
            (422, "task=1", "step"),
            (422, "task=9&step=Render", "tasks"),
            (422, "frame=1&step=Rendr", "step"),
        ):
            reply = self.web.get(f"/api/v1/jobs/1/why?{query}")
            self.assertEqual((reply.status, reply.json.get("at")), (status, at), query)
