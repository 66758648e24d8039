"""The grid of a step and the events that follow it: what a page with a million cells is made of."""

import gzip
from struct import Struct
from typing import Any

from twisted.trial.unittest import TestCase

from brender.farm.estimating.durations import seconds_of
from brender.farm.job import Job
from brender.farm.transitions import TaskState
from brender.farm.views.task_changes import Run
from brender.service.task_events import LEASE
from tests.db.test_archive import LATER
from tests.db.test_archive import Case as ArchiveCase
from tests.effort import effort
from tests.fakes import FRAMES
from tests.web.fakes import Web, Wire, request
from tests.web.following.test_stream import events

HEAD = Struct("<4sHHQI4x")  # as docs/api.md has it
READY, ACTIVE, DONE, FAILED = TaskState.READY, TaskState.ACTIVE, TaskState.COMPLETED, TaskState.FAILED
SHARED = FRAMES + "  hostRequirements: {amounts: [{name: amount.worker.vcpu, min: 1}]}\n"


class Page:
    """What a page knows of a step: the grid, and what it has heard since."""

    def __init__(self, body: bytes) -> None:
        self.name, self.version, head, self.last_event, self.tasks = HEAD.unpack_from(body)
        end = head + self.tasks
        self.states = list(body[head:end])
        end += self.tasks % 2
        self.codes = list(memoryview(body[end:]).cast("H"))

    def apply(self, found: list[Run]) -> None:
        for first, count, state, *codes in found:
            self.states[first : first + count] = [state] * count
            if codes:
                self.codes[first : first + count] = codes[0]

    def hear(self, wire: Wire) -> None:
        for _, kind, data in events(wire):
            for step in data["steps"] if kind == "task" else ():
                self.apply(step["runs"])

    def seconds(self, task: int) -> float | None:
        return seconds_of(self.codes[task])


class Case(TestCase):
    def setUp(self) -> None:
        self.web = Web(self)
        self.farm = self.web.farm

    def grid(self, job: int = 1, step: str = "Render", **headers: str) -> Page:
        reply = self.web.get(f"/api/v1/jobs/{job}/steps/{step}/grid", **headers)
        self.assertEqual(reply.status, 200, reply.body[:200])
        return Page(reply.body)

    def follow(self, query: str) -> Wire:
        wire = self.web.wire()
        wire.send(request("GET", f"/api/v1/events?{query}"))
        return wire

    def truth(self, job: Job) -> tuple[list[int], list[int]]:
        (step,) = job.steps
        return list(bytes(step.tasks)), [step.took[task] for task in range(len(step.tasks))]


class Grid(Case):
    async def test_it_says_of_each_task_its_state_and_how_long_it_took(self) -> None:
        client = await self.farm.client("render-01")
        await self.farm.job(values={"Frames": "1-5"})
        self.farm.finish(client, seconds=12.5)
        self.farm.finish(client, "failed", "It broke.", seconds=3.0)
        page = self.grid()
        self.assertEqual((page.name, page.version, page.tasks), (b"grid", 1, 5))
        self.assertEqual(page.last_event, self.farm.service.last_event)
        self.assertEqual(page.states, list(bytes(self.farm.service.farm.jobs[1].steps[0].tasks)))
        self.assertEqual([page.seconds(task) for task in range(3)], [12.5, 3.0, None])

    async def test_an_ended_job_has_one_too_and_so_has_one_that_was_opened_again(self) -> None:
        client = await self.farm.client("render-01")
        job = await self.farm.job(values={"Frames": "1-3"})
        self.farm.finish_all(client)
        self.assertEqual((job.finished, job.steps), (True, []))
        page = self.grid()
        self.assertEqual((page.states, page.seconds(2)), ([DONE] * 3, 0.4))
        await self.farm.service.again(1, lambda job: {0: [1]})
        self.assertEqual(self.grid().states, [DONE, ACTIVE, DONE])

    async def test_who_has_it_is_told_so_and_from_which_event_to_go_on(self) -> None:
        await self.farm.job()
        first = self.web.get("/api/v1/jobs/1/steps/Render/grid")
        self.farm.service._events.publish("farm", {})
        reply = self.web.get("/api/v1/jobs/1/steps/Render/grid", If_None_Match=first.headers["etag"])
        self.assertEqual((reply.status, reply.body), (304, b""))
        self.assertEqual(reply.headers["last-event-id"], str(self.farm.service.last_event))
        await self.farm.client("render-01")
        reply = self.web.get("/api/v1/jobs/1/steps/Render/grid", If_None_Match=first.headers["etag"])
        self.assertEqual(reply.status, 200)

    async def test_it_is_compressed_for_who_takes_that_and_its_tag_says_so(self) -> None:
        await self.farm.job(values={"Frames": "1-5000"})
        plain = self.web.get("/api/v1/jobs/1/steps/Render/grid")
        packed = self.web.get("/api/v1/jobs/1/steps/Render/grid", Accept_Encoding="gzip")
        self.assertEqual((packed.headers["content-encoding"], gzip.decompress(packed.body)), ("gzip", plain.body))
        self.assertLess(len(packed.body), 1000)
        self.assertEqual(packed.headers["etag"], plain.headers["etag"][:-1] + '-gzip"')
        again = self.web.get("/api/v1/jobs/1/steps/Render/grid", If_None_Match=packed.headers["etag"])
        self.assertEqual(again.status, 304)

    async def test_what_is_not_there_is_said(self) -> None:
        await self.farm.job()
        self.assertEqual(self.web.get("/api/v1/jobs/2/steps/Render/grid").message, "There is no job 2.")
        reply = self.web.get("/api/v1/jobs/1/steps/Video/grid")
        self.assertEqual((reply.status, reply.message), (404, 'There is no step "Video" in job 1; it has Render.'))
        self.assertEqual(self.web.get("/api/v1/archive/1/steps/Render/grid").message, "This server keeps no archive.")

    async def test_a_million_tasks_are_sent_in_pieces_and_no_turn_does_much(self) -> None:
        job = await self.farm.job(values={"Frames": "1-1000000"})
        for task in range(0, 1_000_000, 100):
            job.steps[0].took.note(task, 1 + task % 65_000, job.steps[0].tasks)
        wire = self.web.wire()
        asked = effort(lambda: wire.send(request("GET", "/api/v1/jobs/1/steps/Render/grid", Accept_Encoding="gzip")))
        turns = 0
        while not wire.got().endswith(b"0\r\n\r\n"):
            self.assertLess(effort(self.web.turn), 500)
            turns += 1
        self.assertLess(asked, 5000)
        self.assertGreater(turns, 15)
        page = Page(gzip.decompress(wire.reply().body))
        self.assertEqual((page.tasks, page.codes[300], len(page.codes)), (1_000_000, 301, 1_000_000))


class FollowedTasks(Case):
    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.client = await self.farm.client("render-01", slots=2)
        self.job = await self.farm.job(SHARED, {"Frames": "1-24"})
        self.farm.clock.advance(1)

    def kinds(self, wire: Wire) -> list[str]:
        return [kind for _, kind, _ in events(wire)]

    def data(self, wire: Wire) -> list[Any]:
        return [data for _, kind, data in events(wire) if kind == "task"]

    def check(self, page: Page, job: Job | None = None) -> None:
        self.assertEqual((page.states, page.codes), self.truth(job or self.job))

    async def test_who_loads_the_grid_and_goes_on_from_there_has_what_there_is(self) -> None:
        page = self.grid()
        self.farm.finish(self.client, seconds=2.0)
        self.farm.clock.advance(1)  # before anybody follows
        self.farm.finish(self.client, "failed", "It broke.", seconds=5.0)
        wire = self.follow(f"kind=task&job=1&since={page.last_event}")
        for seconds in (3.0, 4.0):
            self.farm.finish(self.client, seconds=seconds)
            self.farm.clock.advance(0.1)
        page.hear(wire)
        self.check(page)
        self.assertEqual(set(self.kinds(wire)), {"task"})
        self.assertEqual([seconds for seconds in map(page.seconds, range(24)) if seconds], [2.0, 5.0, 3.0, 4.0])

    async def test_changes_are_gathered_for_a_tenth_of_a_second(self) -> None:
        wire = self.follow("kind=task&job=1")
        for _ in range(6):
            self.farm.finish(self.client)
        self.farm.clock.advance(0.2)
        self.assertEqual(len(self.data(wire)), 1)
        ((step,),) = [data["steps"] for data in self.data(wire)]
        self.assertEqual((step["step"], step["runs"][0][:3]), ("Render", [0, 6, DONE]))
        self.assertEqual(len(step["runs"][0][3]), 6)

    async def test_the_last_tasks_of_a_job_are_told_though_it_has_ended(self) -> None:
        page = self.grid()
        wire = self.follow(f"kind=task,job&job=1&since={page.last_event}")
        self.farm.finish_all(self.client)
        self.farm.clock.advance(1)
        page.hear(wire)
        self.assertEqual((self.job.finished, page.states), (True, [DONE] * 24))
        await self.farm.service.again(1, lambda job: {0: [3, 4]})
        self.farm.clock.advance(1)
        page = self.grid()
        self.farm.finish(self.client, seconds=9.0)
        self.farm.clock.advance(1)
        page.hear(wire)
        self.check(page)

    async def test_one_that_ended_before_anybody_looked_and_goes_on_is_to_be_loaded_anew(self) -> None:
        self.farm.finish_all(self.client)
        self.farm.clock.advance(1)
        wire = self.follow("kind=task&job=1")
        await self.farm.service.again(1, lambda job: {0: [3]})
        self.farm.clock.advance(1)
        self.assertEqual(self.data(wire)[0], {"job": 1, "anew": True, "steps": []})

    async def test_one_that_goes_on_and_has_ended_again_before_that_is_told_is_to_be_loaded_anew(self) -> None:
        self.farm.finish_all(self.client)
        self.farm.clock.advance(1)
        wire = self.follow("kind=task&job=1")
        await self.farm.service.again(1, lambda job: {0: [3]})
        self.farm.finish_all(self.client)
        self.farm.clock.advance(1)
        self.assertEqual((self.job.finished, self.data(wire)), (True, [{"job": 1, "anew": True, "steps": []}]))

    async def test_tasks_that_are_added_are_to_be_loaded_anew(self) -> None:
        wire = self.follow("kind=task&job=1")
        await self.farm.service.add_tasks(1, {"Frames": "101-103"})
        self.farm.clock.advance(1)
        self.assertEqual(self.data(wire), [{"job": 1, "anew": True, "steps": []}])

    async def test_nobody_hears_of_tasks_who_does_not_ask_for_them_and_of_other_jobs(self) -> None:
        await self.farm.job(SHARED)
        all_kinds, other = self.follow("since=0"), self.follow("kind=task&job=2")
        wire = self.follow("kind=task&job=1")
        self.farm.finish(self.client)
        self.farm.clock.advance(0.2)
        self.assertEqual((len(self.data(wire)), self.data(all_kinds), self.data(other)), (1, [], []))
        self.assertIn("job", self.kinds(all_kinds))

    async def test_a_job_chooses_among_events_of_jobs_too(self) -> None:
        await self.farm.job(SHARED, name="other")
        wire = self.follow("kind=job,client&job=2")
        self.farm.finish(self.client)
        await self.farm.service.set_job(2, {"priority": 77})
        self.farm.clock.advance(0.2)
        told = [(kind, each["id"]) for _, kind, data in events(wire) for each in data]
        self.assertEqual(sorted(set(told)), [("client", 1), ("job", 2)])

    async def test_what_nobody_follows_is_not_kept(self) -> None:
        kept = self.farm.service._tasks
        first, second = self.follow("kind=task&job=1"), self.follow("kind=task&job=1")
        self.assertEqual(len(kept), 1)
        for wire in (first, second):
            self.farm.clock.advance(LEASE + 1)
            self.farm.finish(self.client)
            self.farm.clock.advance(1)
            self.assertEqual(len(kept), 1)
            wire.close()
        self.farm.clock.advance(LEASE + 1)
        self.farm.finish(self.client)
        self.farm.clock.advance(1)
        self.assertEqual(len(kept), 0)

    async def test_who_comes_too_late_for_that_is_told_to_load_it_anew(self) -> None:
        page = self.grid()
        self.farm.clock.advance(LEASE + 1)
        self.farm.finish(self.client)
        self.farm.clock.advance(1)
        wire = self.follow(f"kind=task&job=1&since={page.last_event}")
        self.assertEqual(self.kinds(wire), ["reset"])
        page = self.grid()
        self.farm.finish(self.client)
        self.farm.clock.advance(1)
        page.hear(wire)
        self.check(page)

    async def test_which_job_has_to_be_said_and_it_has_to_be_there(self) -> None:
        for query, status, at in (("kind=task", 400, "job"), ("kind=task&job=7", 404, ""), ("job=x", 400, "job")):
            reply = self.follow(query).reply()
            self.assertEqual((reply.status, reply.json.get("at", "")), (status, at), query)
        self.assertEqual(len(self.web.site.streams), 0)

    async def test_a_hundred_readers_cost_one_encoding(self) -> None:
        wires = [self.follow("kind=task&job=1") for _ in range(100)]
        self.farm.finish(self.client)
        self.farm.clock.advance(0.2)
        self.assertEqual({str(self.data(wire)) for wire in wires}, {str(self.data(wires[0]))})
        self.assertEqual([event.kind for event in self.farm.service._events._ring].count("task"), 1)
        self.assertEqual(len(self.farm.service._tasks), 1)

    async def test_a_job_that_is_canceled_is_one_run(self) -> None:
        job = await self.farm.job(SHARED)
        wire = self.follow(f"kind=task&job={job.id}")
        await self.farm.service.cancel(job.id)
        self.farm.clock.advance(0.2)
        runs = [run for data in self.data(wire) for step in data["steps"] for run in step["runs"]]
        self.assertEqual(runs, [[0, 24, TaskState.CANCELED]])


class OfTheArchive(ArchiveCase):
    async def test_an_archived_job_has_its_grid_in_its_file(self) -> None:
        farm = await self.farm(1, tasks=3)
        await farm.archives.put_away(LATER)
        web = Web(self, farm, archives=farm.archives)
        page = Page(web.get("/api/v1/archive/1/steps/Render/grid").body)
        self.assertEqual((page.states, page.last_event), ([DONE] * 3, 0))
        self.assertEqual([page.seconds(task) for task in range(3)], [0.4] * 3)
        self.assertEqual(web.get("/api/v1/archive/1/steps/Video/grid").status, 404)
        self.assertEqual(web.get("/api/v1/archive/7/steps/Render/grid").status, 404)
