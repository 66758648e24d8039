"""The archive's addresses on a small farm with a shelf in memory; `tests/cli/test_keeping.py` has the real one."""

from collections.abc import Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from brender.farm.archiving import Archived
from brender.farm.job import Job
from brender.service.archiving import Archives
from brender.web.site import make_site
from tests.fakes import NOON
from tests.web.fakes import Reply, Web


class MemoryShelf:
    """A shelf that forgets everything with its process."""

    def __init__(self) -> None:
        self.jobs: dict[int, Job] = {}

    async def mend(self) -> None:
        """Nothing is ever begun and not done."""

    async def portion(self, jobs: Sequence[int]) -> list[int]:
        return list(jobs[:2])

    async def write(self, jobs: Sequence[Job], folder: str, now: float) -> list[Archived]:
        self.jobs.update((job.id, job) for job in jobs)
        return [Archived(each.id, each.name, each.state, 0.0, None, each.ended or 0.0, "a.jsonl", now) for each in jobs]

    async def drop(self, entries: Sequence[Archived], written: Sequence[Archived]) -> None:
        """They have no rows."""

    async def lines(self, entry: Archived) -> list[dict[str, Any]]:
        first = {"job": {"id": entry.id}, "submission": {}, "steps": []}
        return [first, {"of": entry.id, "orders": [{"id": 7}]}, {"of": entry.id, "end": 1}]

    async def put_back(self, entry: Archived) -> Job:
        return self.jobs.pop(entry.id)


class TheArchive(TestCase):
    def setUp(self) -> None:
        self.web = Web(self)
        self.farm = self.web.farm
        service = self.farm.service
        archives = Archives(service, MemoryShelf(), self.farm.now)
        self.web.site = make_site(service, "2.0", clock=self.farm.clock, archives=archives)
        self.successResultOf(Deferred.fromCoroutine(self.three_canceled()))

    async def three_canceled(self) -> None:
        for _ in range(3):
            await self.farm.service.cancel((await self.farm.job()).id)

    def put_away(self, **body: Any) -> Reply:
        return self.web.ask("POST", "/api/v1/archive", {"before": NOON + 1, **body})

    def test_one_file_is_made_at_a_time_and_what_is_left_is_said(self) -> None:
        self.assertEqual(self.put_away().json, {"archived": [1, 2], "files": ["a.jsonl"], "left": 1})
        self.assertEqual(self.put_away().json, {"archived": [3], "files": ["a.jsonl"], "left": 0})
        self.assertEqual(self.put_away().json, {"archived": [], "files": [], "left": 0})

    def test_what_is_in_it_is_listed_the_newest_first(self) -> None:
        self.put_away()
        answer = self.web.get("/api/v1/archive").json
        self.assertEqual(([job["id"] for job in answer["data"]], answer["jobs"]), ([2, 1], 2))
        self.assertEqual(answer["data"][0]["state"], "canceled")
        self.assertEqual(len(self.web.get("/api/v1/archive?limit=1").json["data"]), 1)

    def test_all_that_it_has_of_a_job_is_one_object(self) -> None:
        self.put_away()
        answer = self.web.get("/api/v1/archive/2").json
        self.assertEqual((answer["job"], answer["orders"], answer["archive"]), ({"id": 2}, [{"id": 7}], "a.jsonl"))

    def test_a_job_comes_back(self) -> None:
        self.put_away()
        self.assertEqual(self.web.ask("POST", "/api/v1/archive/2/restore", {}).json["id"], 2)
        self.assertEqual(self.web.get("/api/v1/jobs/2").status, 200)
        self.assertEqual(self.web.ask("POST", "/api/v1/archive/2/restore", {}).status, 404)

    def test_every_address_of_an_archived_job_says_where_it_is(self) -> None:
        self.put_away()
        sentence = "Job 1 was archived in a.jsonl; brender archive --restore 1 brings it back."
        for path in ("", "/why", "/log", "/picture"):
            reply = self.web.get(f"/api/v1/jobs/1{path}")
            self.assertEqual((reply.status, reply.json["detail"]), (404, sentence), path)
        for verb in ("cancel", "retry"):
            reply = self.web.ask("POST", f"/api/v1/jobs/1/{verb}", {})
            self.assertEqual((reply.status, reply.json["detail"]), (404, sentence), verb)

    def test_what_is_wrong_is_told(self) -> None:
        for body, status in (({"before": "x"}, 400), ({"before": -1}, 400), ({"folder": "here"}, 422)):
            self.assertEqual(self.put_away(**body).status, status, body)
        told = self.web.get("/api/v1/archive/1").json["detail"]
        self.assertEqual(told, "Job 1 is in no archive: it is in the farm.")
        self.assertEqual(self.web.get("/api/v1/archive/9").json["detail"], "There is no job 9.")

    def test_a_server_without_one_says_so(self) -> None:
        reply = Web(self).get("/api/v1/archive")
        self.assertEqual((reply.status, reply.json["detail"]), (404, "This server keeps no archive."))
