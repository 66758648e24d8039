"""Small pictures of frames as programs see them: listed, fetched, kept for good, the newest of the farm."""

from twisted.trial.unittest import TestCase

from brender.farm.client import RuntimeClient
from tests.fakes import NOON, jpeg
from tests.web.fakes import Web

WITH_RATE = """
specificationVersion: jobtemplate-2023-09
name: shot
parameterDefinitions:
- {name: Fps, type: FLOAT, default: 0}
steps:
- name: Render all
  parameterSpace: {taskParameterDefinitions: [{name: Frame, type: INT, range: "101-105"}]}
  script: {actions: {onRun: {command: render}}}
- name: Video
  script: {actions: {onRun: {command: video}}}
"""


class PicturesTestCase(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        self.web = Web(self)
        self.client: RuntimeClient = await self.web.farm.client("attic")
        await self.web.farm.job(WITH_RATE)

    def show(self, *tasks: int, step: str = "Render all", job: int = 1, rate: float = 0.0, grey: int = 0) -> None:
        for task in tasks:
            self.web.farm.service.pictured(self.client.id, job, task, jpeg(grey or task), step, rate)


class Listed(PicturesTestCase):
    def test_each_is_told_with_its_frame_as_they_came(self) -> None:
        self.show(2, 0)
        self.show(0, step="Video")
        found = self.web.get("/api/v1/jobs/1/pictures").json
        self.assertEqual([(each["task"], each["frame"], each["number"]) for each in found["data"]],
                         [("Render all:2", 103, 1), ("Render all:0", 101, 2), ("Video:0", None, 3)])  # fmt: skip
        first = found["data"][0]
        self.assertEqual((first["width"], first["height"], first["when"]), (16, 9, NOON))
        self.assertEqual((found["job"], found["picture"], found["last"], found["more"]), (1, 3, 3, False))

    def test_whoever_asks_again_gets_what_is_new(self) -> None:
        self.show(0, 1, 2)
        page = self.web.get("/api/v1/jobs/1/pictures?limit=2").json
        self.assertEqual((len(page["data"]), page["last"], page["more"]), (2, 2, True))
        page = self.web.get("/api/v1/jobs/1/pictures?since=2").json
        self.assertEqual(([each["task"] for each in page["data"]], page["last"], page["more"]),
                         (["Render all:2"], 3, False))  # fmt: skip
        self.show(1, grey=77)
        page = self.web.get("/api/v1/jobs/1/pictures?since=3").json
        self.assertEqual([(each["task"], each["number"]) for each in page["data"]], [("Render all:1", 4)])
        self.assertEqual(self.web.get("/api/v1/jobs/1/pictures?since=99").json["data"], [])

    def test_a_job_without_any_has_none(self) -> None:
        reply = self.web.get("/api/v1/jobs/1/pictures")
        self.assertEqual((reply.status, reply.json["data"], reply.json["rate"]), (200, [], None))
        self.assertEqual(self.web.get("/api/v1/jobs/9/pictures").status, 404)

    def test_a_list_that_is_as_it_was_is_not_sent_again(self) -> None:
        self.show(0)
        tag = self.web.get("/api/v1/jobs/1/pictures").headers["etag"]
        self.assertEqual(self.web.get("/api/v1/jobs/1/pictures", If_None_Match=tag).status, 304)
        self.show(1)
        self.assertEqual(self.web.get("/api/v1/jobs/1/pictures", If_None_Match=tag).status, 200)

    def test_limits_are_kept(self) -> None:
        for query in ("limit=0", "limit=2001", "since=-1", "since=x", "after=1"):
            self.assertEqual(self.web.get(f"/api/v1/jobs/1/pictures?{query}").status, 400, query)

    def test_a_job_that_is_over_is_as_good(self) -> None:
        self.show(0, 4)
        before = self.web.get("/api/v1/jobs/1/pictures").json
        for _ in range(9):
            self.web.farm.finish_all(self.client)
        self.assertEqual(self.web.get("/api/v1/jobs/1").json["state"], "completed")
        self.assertEqual(self.web.get("/api/v1/jobs/1/pictures").json, before)


class Rates(PicturesTestCase):
    async def rate(self, job: int) -> float | None:
        found: float | None = self.web.get(f"/api/v1/jobs/{job}/pictures").json["rate"]
        return found

    async def test_what_was_submitted_goes_before_what_the_scene_says(self) -> None:
        self.show(0, rate=23.976)
        self.assertEqual(await self.rate(1), 23.976)
        await self.web.farm.job(WITH_RATE, values={"Fps": "12.5"})
        self.show(0, job=2, rate=24.0)
        self.assertEqual(await self.rate(2), 12.5)


class Fetched(PicturesTestCase):
    def test_one_with_its_version_may_be_kept_for_good(self) -> None:
        self.show(3)
        (about,) = self.web.get("/api/v1/jobs/1/pictures").json["data"]
        address = "/api/v1/jobs/1/tasks/Render%20all:3/picture"
        reply = self.web.get(f"{address}?v={about['version']}")
        self.assertEqual((reply.body, reply.headers["content-type"]), (jpeg(3), "image/jpeg"))
        self.assertEqual(reply.headers["cache-control"], "private, max-age=31536000, immutable")
        self.assertEqual(reply.headers["x-content-type-options"], "nosniff")
        for query in ("", "?v=", "?v=00000000"):
            self.assertEqual(self.web.get(address + query).headers["cache-control"], "no-cache")
        again = self.web.get(address, If_None_Match=reply.headers["etag"])
        self.assertEqual((again.status, again.body), (304, b""))

    def test_one_that_was_made_again_has_another_version_and_tag(self) -> None:
        address = "/api/v1/jobs/1/tasks/Video:0/picture"
        self.show(0, step="Video", grey=10)
        first = self.web.get(address)
        self.show(0, step="Video", grey=200)
        second = self.web.get(address, If_None_Match=first.headers["etag"])
        self.assertEqual((second.status, second.body), (200, jpeg(200)))

    def test_what_is_not_there_is_told(self) -> None:
        self.show(0)
        self.assertIn("no picture of task", self.web.get("/api/v1/jobs/1/tasks/Render%20all:1/picture").message)
        for name in ("Render%20all:5", "Render%20all:-1", "Render:0", "0", ":0", "Render%20all:", "Render%20all:%D9%A0",
                     "Render%20all:999999999999999", "..", "..%2f..%2fetc%2fpasswd:0", "0.index", "%2e%2e%2forder:0"):
            self.assertEqual(self.web.get(f"/api/v1/jobs/1/tasks/{name}/picture").status, 404, name)
        self.assertEqual(self.web.get("/api/v1/jobs/..%2f1/tasks/Render%20all:0/picture").status, 404)


class TheFarm(PicturesTestCase):
    async def test_the_newest_is_first_and_a_job_is_there_once(self) -> None:
        await self.web.farm.job(WITH_RATE, name="walk")
        self.assertEqual(self.web.get("/api/v1/pictures").json, {"data": []})
        self.show(0)
        self.show(1, job=2)
        self.show(2)
        found = self.web.get("/api/v1/pictures").json["data"]
        self.assertEqual([(each["job"], each["name"], each["task"], each["frame"]) for each in found],
                         [(1, "shot", "Render all:2", 103), (2, "walk", "Render all:1", 102)])  # fmt: skip
        self.assertEqual(len(self.web.get("/api/v1/pictures?limit=1").json["data"]), 1)
        for query in ("limit=0", "limit=65", "limit=x"):
            self.assertEqual(self.web.get(f"/api/v1/pictures?{query}").status, 400, query)

    async def test_an_event_says_whose_it_is(self) -> None:
        self.show(3)
        job = self.web.get("/api/v1/jobs/1").json
        self.assertEqual((job["picture"], job["picture_step"], job["picture_task"]), (1, "Render all", 3))
