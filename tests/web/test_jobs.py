"""Jobs as programs see them: listed, submitted, changed, and read."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from twisted.trial.unittest import TestCase

from brender.farm.order import Order
from brender.verbs.doing.jobs import last_lines
from tests.fakes import FRAMES, jpeg
from tests.web.fakes import Reply, Web, request

HOSTILE = "<img src=x onerror=alert(1)></pre><script>alert(1)</script>\x1b[31m"


class Lists(TestCase):
    async def test_the_newest_is_first_and_pages_follow_each_other(self) -> None:
        web = Web(self)
        for number in range(7):
            await web.farm.job(name=f"shot {number}")
        seen, path = [], "/api/v1/jobs?limit=3"
        while path:
            page = web.get(path).json
            seen.append([job["id"] for job in page["data"]])
            self.assertEqual(page["matched"], 7)
            path = page["next"] and f"/api/v1/jobs?limit=3&after={page['next']}"
        self.assertEqual(seen, [[7, 6, 5], [4, 3, 2], [1]])

    async def test_states_choose(self) -> None:
        web = Web(self)
        first, second = await web.farm.job(), await web.farm.job()
        await web.farm.service.pause(second.id)
        found = web.get("/api/v1/jobs?filter=state%3Dpaused").json["data"]
        self.assertEqual([job["id"] for job in found], [second.id])
        both = web.get("/api/v1/jobs?filter=state%3Dpaused,queued").json["data"]
        self.assertEqual([job["id"] for job in both], [second.id, first.id])
        self.assertIn("did you mean queued", web.get("/api/v1/jobs?filter=state%3Dqeued").message)

    async def test_every_address_of_the_list_gives_the_same(self) -> None:
        web = Web(self)
        await web.farm.job()
        wanted = web.get("/api/v1/jobs").body
        for path in ("/api/v1/jobs.json", "/jobs/list.json", "/jobs/list.json?_=17"):
            self.assertEqual(web.get(path).body, wanted)
        self.assertEqual(web.get("/jobs/1.json").body, web.get("/api/v1/jobs/1").body)

    def test_limits_are_kept(self) -> None:
        web = Web(self)
        for query in ("limit=0", "limit=1001", "limit=all", "offset=-1", "limit=1&limit=2", "order=id",
                      "after=x", "sort=nam", "fields=nam", "state=paused"):
            self.assertEqual(web.get(f"/api/v1/jobs?{query}").status, 400, query)


class Submitting(TestCase):
    def setUp(self) -> None:
        self.web = Web(self)

    def post(self, body: Any, **headers: str) -> Reply:
        return self.web.ask("POST", "/api/v1/jobs", body, **headers)

    def jobs(self) -> int:
        return len(self.web.farm.service.farm.jobs)

    def test_a_template_is_taken_as_text_as_object_or_by_name(self) -> None:
        for template in (FRAMES, "blender", {"specificationVersion": "jobtemplate-2023-09", "name": "shot",
                         "steps": [{"name": "s", "script": {"actions": {"onRun": {"command": "true"}}}}]}):  # fmt: skip
            scene = {"Scene": "/srv/shot.blend"} if template == "blender" else {}
            reply = self.post({"template": template, "values": scene})
            self.assertEqual(reply.status, 201, reply.body)
            self.assertEqual(reply.headers["location"], f"/api/v1/jobs/{reply.json['id']}")
            self.assertEqual(self.web.get(reply.headers["location"]).status, 200)

    def test_values_priority_name_and_owner_are_taken(self) -> None:
        body = {"template": FRAMES, "values": {"Frames": "1-7"}, "priority": 80, "name": HOSTILE, "owner": "mara"}
        job = self.post(body).json
        self.assertEqual((job["tasks"], job["priority"], job["name"], job["owner"]), (7, 80, HOSTILE, "mara"))
        self.assertEqual(self.web.get("/api/v1/jobs/1").json["values"]["Frames"], "1-7")

    def test_all_that_is_wrong_is_told_at_once_with_its_place(self) -> None:
        reply = self.post({"template": FRAMES.replace("name: Render", "nam: Render"), "values": {"Framse": "1-5"}})
        self.assertEqual((reply.status, reply.json["code"]), (422, "refused"))
        self.assertTrue(reply.json["problems"])
        self.assertTrue(all(problem["at"] and problem["message"] for problem in reply.json["problems"]))
        self.assertEqual(self.jobs(), 0)

    def test_a_template_of_no_such_name_is_told_so(self) -> None:
        reply = self.post({"template": "blendr"})
        self.assertEqual((reply.status, reply.json["at"]), (422, "template"))
        self.assertIn('no template "blendr"; send', reply.message)

    def test_bodies_that_are_none_are_400_and_never_500(self) -> None:
        bodies = (b"", b"\xff", b"null", b"[]", b'{"template": "\xff"}', rb'{"template": "\ud800"}',
                  b'{"template": NaN}', b'{"template": "x", "template": "y"}', b"[" * 10_000,
                  b'{"priority": 1e400, "template": "x"}',
                  b'{"template": "blender", "priority": "high"}', b'{"template": "blender", "priority": 1.5}',
                  b'{"template": "blender", "values": [1]}', b'{"template": 5}', b'{"template": "blender", "nam": "x"}',
                  b'{"template": "blender", "name": "' + b"x" * 600 + b'"}', b"{}")  # fmt: skip
        for body in bodies:
            reply = self.post(body)
            self.assertEqual((reply.status, reply.json["status"]), (400, 400), body[:60])
        self.assertEqual(self.jobs(), 0)

    def test_values_of_any_shape_are_taken_or_refused_with_a_reason(self) -> None:
        values: tuple[Any, ...] = (10**39, -1, 1.5e308, True, None, [], {"a": 1}, "\x00", "9" * 9999, "1-999999999999")
        for value in values:
            reply = self.post({"template": FRAMES, "values": {"Frames": value}})
            self.assertIn(reply.status, (201, 422), value)

    def test_a_request_that_is_sent_again_with_its_key_makes_one_job(self) -> None:
        ids = [self.post({"template": FRAMES}, Idempotency_Key="k-1").json["id"] for _ in range(2)]
        self.assertEqual((ids, self.jobs()), ([1, 1], 1))
        self.assertEqual(self.post({"template": FRAMES, "name": "x"}, Idempotency_Key="k-1").status, 409)
        self.assertEqual([self.post({"template": FRAMES, "name": "same"}).json["id"] for _ in range(2)], [2, 3])

    def test_settings_are_taken_and_kept(self) -> None:
        first = self.post({"template": FRAMES}).json["id"]
        settings = {
            "priority": 60, "owner": "mara", "pool": "gpu", "only": ["render*"], "order": "preview", "tries": 5,
            "after": [{"job": first, "frames": [-1, 1]}], "not_before": None, "preemptible": True, "task_seconds": 90,
        }  # fmt: skip
        job = self.post({"template": FRAMES, "settings": settings}).json
        self.assertEqual((job["priority"], job["owner"], job["settings"]["pool"]), (60, "mara", "gpu"))
        self.assertEqual(job["settings"]["after"], [{"job": 1, "when": "completed", "frames": [-1, 1], "step": ""}])
        both = self.post({"template": FRAMES, "settings": {"tries": 2}, "priority": 7}).json
        self.assertEqual((both["priority"], both["settings"]["tries"]), (7, 2))

    def test_settings_that_cannot_be_read_are_400_with_their_place(self) -> None:
        for settings, at in (
            ({"priorty": 3}, "settings.priorty"), ({"priority": "3"}, "settings.priority"),
            ({"tries": 1.5}, "settings.tries"), ({"only": "render*"}, "settings.only"),
            ({"limits": {"a": "2"}}, "settings.limits[...]"),
            ({"after": [{"jobb": 1}]}, "settings.after[0]"), ({"order": "prevew"}, "settings.order"),
            ({"preemptible": 1}, "settings.preemptible"), ([], None),
        ):  # fmt: skip
            reply = self.post({"template": FRAMES, "settings": settings})
            self.assertEqual((reply.status, reply.json.get("at")), (400, at or "settings"), settings)
        reply = self.post({"template": FRAMES, "settings": {"priorty": 3}})
        self.assertEqual(reply.message, 'There is no field "priorty" in settings; did you mean priority?')
        reply = self.post({"template": FRAMES, "settings": {"state": "paused"}})
        self.assertEqual((reply.json["at"], reply.message), ("settings.state", '"state" of a job cannot be set.'))
        reply = self.post({"template": FRAMES, "priority": 3, "settings": {"priority": 4}})
        self.assertEqual((reply.status, reply.message), (400, "priority is given twice; which of them is meant?"))
        self.assertEqual(self.jobs(), 0)

    def test_settings_that_cannot_be_are_422_with_their_place(self) -> None:
        for settings, at in (
            ({"priority": 101}, "priority"), ({"priority": -1}, "priority"), ({"hours": "22:00-22:00"}, "hours"),
            ({"zone": "Mars/Base"}, "zone"), ({"limits": {"arnold": 1}}, "limits.arnold"),
            ({"limits": {"arnold": 0}}, "limits"), ({"after": [{"job": 7}]}, "after[0]"),
            ({"after": [{"job": 1}]}, "after[0]"), ({"fail_share": 0}, "fail_share"), ({"tries": 0}, "tries"),
        ):  # fmt: skip
            reply = self.post({"template": FRAMES, "settings": settings})
            self.assertEqual((reply.status, reply.json["problems"][0]["at"][:len(at)]), (422, at), settings)
            self.assertTrue(reply.message, settings)
        self.assertEqual(self.post({"template": FRAMES, "priority": 101}).message,
                         "A priority is a whole number from 0 to 100.")  # fmt: skip
        self.assertEqual(self.jobs(), 0)

    def test_problems_of_settings_and_of_the_template_are_told_together(self) -> None:
        reply = self.post({"template": FRAMES, "values": {"Frames": "10-1"}, "settings": {"zone": "Mars"}})
        self.assertEqual(reply.message, "There are 2 problems; each is listed with its place.")
        places = sorted(problem["at"] for problem in reply.json["problems"])
        self.assertEqual(places, ["parameterValues.Frames", "zone"])

    def test_a_range_as_other_farms_write_it_is_refused_with_ours(self) -> None:
        """RNG-11"""
        for frames, ours in {
            "1-100x5": "1-100:5", "1:100:5": "1-100:5", "1-100step5": "1-100:5", "5 10 15": "5,10,15",
            "100-1": "100-1:-1", "5,5,5": "5",
        }.items():  # fmt: skip
            reply = self.post({"template": FRAMES, "values": {"Frames": frames}})
            (problem,) = reply.json["problems"]
            self.assertEqual((reply.status, problem["at"]), (422, "parameterValues.Frames"), frames)
            self.assertTrue(problem["message"].endswith(f"write {ours}."), problem["message"])
        self.assertEqual(self.jobs(), 0)

    def test_fifty_requests_at_once_are_fifty_jobs_with_exactly_their_tasks(self) -> None:
        self.web.farm.store.held = True
        wires = [self.web.wire() for _ in range(50)]
        for number, wire in enumerate(wires, 1):
            wire.send(request("POST", "/api/v1/jobs", {"template": FRAMES, "values": {"Frames": f"1-{number}"}}))
        self.assertEqual([wire.got() for wire in wires], [b""] * 50)
        self.web.farm.store.commit()
        jobs = [wire.reply().json for wire in wires]
        self.assertEqual(sorted(job["id"] for job in jobs), list(range(1, 51)))
        self.assertEqual([job["tasks"] for job in jobs], list(range(1, 51)))

    def test_a_refusal_has_a_phrase_that_says_what_it_is(self) -> None:
        wire = self.web.wire()
        wire.send(request("POST", "/api/v1/jobs", {"template": "blendr"}))
        self.assertTrue(wire.got().startswith(b"HTTP/1.1 422 Unprocessable "), wire.got()[:60])

    def test_a_farm_that_stops_takes_no_job(self) -> None:
        self.web.farm.service.stopping = "The server is stopping"
        self.assertEqual(self.post({"template": FRAMES}).status, 503)

    def test_the_answer_comes_after_the_commit(self) -> None:
        self.web.farm.store.held = True
        wire = self.web.wire()
        wire.send(request("POST", "/api/v1/jobs", {"template": FRAMES}))
        self.assertEqual(wire.got(), b"")
        self.web.farm.store.commit()
        self.assertEqual(wire.reply().status, 201)


class One(TestCase):
    async def test_a_job_comes_with_its_orders_and_what_it_was_submitted_with(self) -> None:
        web = Web(self)
        client = await web.farm.client("attic")
        job = await web.farm.job(values={"Frames": "1-2"})
        web.farm.finish_all(client)
        shown = web.get(f"/api/v1/jobs/{job.id}").json
        self.assertEqual((shown["state"], shown["completed"]), ("completed", 2))
        self.assertEqual([(order["client"], order["completed"]) for order in shown["orders"]], [("attic", 1)] * 2)
        self.assertEqual((shown["template"]["name"], shown["values"]["Frames"]), ("shot_010", "1-2"))
        self.assertEqual(len(web.get(f"/api/v1/jobs/{job.id}?orders=1").json["orders"]), 1)

    async def test_a_worker_whose_tasks_take_longer_than_the_world_breaks_no_page(self) -> None:
        web = Web(self)
        client = await web.farm.client("attic")
        job = await web.farm.job()
        for _ in range(3):
            web.farm.finish(client, seconds=1e308)
        for path in ("/api/v1/jobs", f"/api/v1/jobs/{job.id}", "/api/v1/farm"):
            self.assertEqual(web.get(path).status, 200, path)

    async def test_its_orders_know_all_that_the_job_itself_says(self) -> None:
        web = Web(self)
        client = await web.farm.client("attic")
        job = await web.farm.job(values={"Frames": "1-2"})
        read = web.farm.store.orders_of

        async def and_then_it_ends(job: int) -> Sequence[Order]:
            orders = [deepcopy(order) for order in await read(job)]
            web.farm.finish_all(client)
            return orders

        web.farm.store.orders_of = and_then_it_ends  # type: ignore[method-assign]
        shown = web.get(f"/api/v1/jobs/{job.id}").json
        self.assertEqual(web.farm.service.farm.jobs[job.id].state, "completed")
        self.assertEqual(shown["completed"], sum(order["completed"] for order in shown["orders"]))

    async def test_the_log_is_text_whatever_is_in_it(self) -> None:
        web = Web(self)
        client = await web.farm.client("attic")
        job = await web.farm.job()
        order = web.farm.start(client)
        web.farm.service.logged(client.id, order.id, 0, f"Fra:1 {HOSTILE}\n")
        reply = web.get(f"/api/v1/jobs/{job.id}/log?order={order.id}&task=0&step=Render")
        self.assertEqual((reply.status, reply.headers["content-type"]), (200, "text/plain; charset=utf-8"))
        self.assertIn(HOSTILE, reply.body.decode())
        line = f"Fra:1 {HOSTILE}\n"
        self.assertEqual(web.get(f"/jobs/{job.id}/log?order={order.id}&tail={len(line) + 3}").body.decode(), line)
        self.assertEqual(web.get(f"/jobs/{job.id}/log?task=7").message, "Job 1 has no log of that step, task or order.")

    async def test_a_log_that_is_known_already_is_not_sent_again(self) -> None:
        web = Web(self)
        client = await web.farm.client("attic")
        job = await web.farm.job()
        order = web.farm.start(client)
        web.farm.service.logged(client.id, order.id, 0, "one\n")
        tag = web.get(f"/api/v1/jobs/{job.id}/log").headers["etag"]
        self.assertEqual(web.get(f"/api/v1/jobs/{job.id}/log", If_None_Match=tag).status, 304)
        web.farm.service.logged(client.id, order.id, 0, "two\n")
        self.assertEqual(web.get(f"/api/v1/jobs/{job.id}/log", If_None_Match=tag).status, 200)

    async def test_before_the_start_the_log_says_that_there_is_none_yet(self) -> None:
        web = Web(self)
        job = await web.farm.job()
        reply = web.get(f"/api/v1/jobs/{job.id}/log")
        self.assertEqual((reply.status, reply.message), (404, "Job 1 has not started: there is no log yet."))

    async def test_a_log_is_found_by_numbers_and_never_by_a_path(self) -> None:
        web = Web(self)
        job = await web.farm.job()
        for query in ("path=../../../etc/passwd", "order=../1", "order=%2e%2e%2f1", "task=-1", "file=/etc/passwd"):
            self.assertEqual(web.get(f"/api/v1/jobs/{job.id}/log?{query}").status, 400, query)
        self.assertEqual(web.get(f"/api/v1/jobs/{job.id}/log?step=../../etc/passwd").status, 404)
        self.assertEqual(web.get("/api/v1/jobs/..%2f..%2fetc/log").status, 404)

    async def test_the_picture_is_a_jpeg_with_a_tag_of_its_own(self) -> None:
        web = Web(self)
        client = await web.farm.client("attic")
        job = await web.farm.job()
        self.assertEqual(web.get(f"/api/v1/jobs/{job.id}/picture").status, 404)
        web.farm.service.pictured(client.id, job.id, 0, jpeg(1))
        first = web.get(f"/api/v1/jobs/{job.id}/picture?v=1")
        self.assertEqual((first.headers["content-type"], first.body), ("image/jpeg", jpeg(1)))
        tag = first.headers["etag"]
        self.assertEqual(web.get(f"/api/v1/jobs/{job.id}/picture", If_None_Match=f'"x", W/{tag}').status, 304)
        web.farm.service.pictured(client.id, job.id, 1, jpeg(2))
        self.assertEqual(web.get(f"/api/v1/jobs/{job.id}/picture", If_None_Match=tag).body, jpeg(2))


class Tail(TestCase):
    def test_the_tail_of_a_log_begins_with_a_line(self) -> None:
        log = "first\nsecond\nthird\n"
        self.assertEqual(last_lines(log, 100), log)
        self.assertEqual(last_lines(log, 10), "third\n")
        self.assertEqual(last_lines(log, 13), "second\nthird\n")
        self.assertEqual(last_lines(log, 6), "third\n")
        self.assertEqual(last_lines("x" * 50, 10), "x" * 10)
