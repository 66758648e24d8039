"""Versions of a thing: a reader who has it is told so, and nobody overwrites what somebody else has set."""

from twisted.trial.unittest import TestCase

from tests.fakes import FRAMES
from tests.web.fakes import Web


class Versions(TestCase):
    def setUp(self) -> None:
        self.web = Web(self)
        self.farm = self.web.farm

    def tag(self, path: str) -> str:
        return self.web.get(path).headers["etag"]

    async def test_who_has_this_very_answer_is_told_so(self) -> None:
        client = await self.farm.client("attic")
        for path in ("/api/v1/clients/1", "/api/v1/clients"):
            tag = self.tag(path)
            reply = self.web.get(path, If_None_Match=tag)
            self.assertEqual((reply.status, reply.body, reply.headers["etag"]), (304, b"", tag))
        tag = self.tag("/api/v1/clients/1")
        client.load = 97.0
        self.assertEqual(self.web.get("/api/v1/clients/1", If_None_Match=tag).status, 200)

    async def test_a_change_goes_on_from_what_was_seen(self) -> None:
        await self.farm.job()
        seen = self.tag("/api/v1/jobs/1")
        first = self.web.ask("PATCH", "/api/v1/jobs/1", {"priority": 80}, If_Match=seen)
        self.assertEqual((first.status, first.json["priority"]), (200, 80))
        second = self.web.ask("PATCH", "/api/v1/jobs/1", {"priority": 90}, If_Match=first.headers["etag"])
        self.assertEqual((second.status, second.json["priority"]), (200, 90))

    async def test_what_somebody_else_has_set_meanwhile_is_not_overwritten(self) -> None:
        job = await self.farm.job()
        seen = self.tag("/api/v1/jobs/1")
        self.web.ask("PATCH", "/api/v1/jobs/1", {"pool": "gpu"})
        for method, path, body in (
            ("PATCH", "/api/v1/jobs/1", {"priority": 80}),
            ("POST", "/api/v1/jobs/1/cancel", {}),
        ):
            reply = self.web.ask(method, path, body, If_Match=seen)
            self.assertEqual((reply.status, reply.json["code"], reply.json["at"]), (412, "changed-since", "If-Match"))
            sentence = "Somebody has changed this job since you looked at it; look again, and change it then."
            self.assertEqual(reply.message, sentence)
        self.assertEqual((job.priority, job.state, job.settings.pool), (50, "queued", "gpu"))

    async def test_what_changes_by_itself_keeps_nobody_from_setting_anything(self) -> None:
        client = await self.farm.client("attic")
        await self.farm.job()
        seen = [self.tag(f"/api/v1/{path}/1") for path in ("clients", "jobs")]
        self.farm.finish(client)
        client.load = 97.0
        for tag, path, body in zip(seen, ("clients", "jobs"), ({"pools": ["gpu"]}, {"priority": 3}), strict=True):
            self.assertNotEqual(self.tag(f"/api/v1/{path}/1"), tag)
            self.assertEqual(self.web.ask("PATCH", f"/api/v1/{path}/1", body, If_Match=tag).status, 200, path)

    async def test_several_tags_weak_ones_and_any_are_read(self) -> None:
        await self.farm.job()
        tag = self.tag("/api/v1/jobs/1")
        squeezed = tag[:-1] + '-gzip"'
        for header in (f'"other", {tag}', f"W/{tag}", squeezed, "*"):
            self.assertEqual(self.web.ask("PATCH", "/api/v1/jobs/1", {"priority": 50}, If_Match=header).status, 200)
        for header in ('"other"', '""', "x"):
            self.assertEqual(self.web.ask("PATCH", "/api/v1/jobs/1", {"priority": 3}, If_Match=header).status, 412)
        self.assertEqual(self.web.ask("PATCH", "/api/v1/jobs/9", {"priority": 3}, If_Match="*").status, 404)

    async def test_of_several_things_there_is_no_version(self) -> None:
        job = await self.farm.job()
        for path in ("/api/v1/jobs?filter=all", "/api/v1/jobs"):
            method = "PATCH" if "?" in path else "POST"
            body = {"priority": 3} if "?" in path else {"template": FRAMES}
            reply = self.web.ask(method, path, body, If_Match="*")
            self.assertEqual((reply.status, reply.json["at"]), (400, "If-Match"))
        self.assertEqual((job.priority, len(self.farm.service.farm.jobs)), (50, 1))

    async def test_a_request_that_is_sent_again_is_not_taken_for_a_stale_one(self) -> None:
        await self.farm.job()
        seen = self.tag("/api/v1/jobs/1")
        for _ in range(2):
            reply = self.web.ask("PATCH", "/api/v1/jobs/1", {"priority": 7}, If_Match=seen, Idempotency_Key="k")
            self.assertEqual((reply.status, reply.json["changed"]), (200, True))
