"""What went wrong on other people's farms in their pages and interfaces, tried here; docs/api.md has the list."""

from typing import Any

from twisted.trial.unittest import TestCase

from brender.farm.people.users import Role
from brender.farm.transitions import JobState
from brender.web.http.once import MOST_KEPT
from tests.db.databases import rows
from tests.durable import DurableFarm
from tests.effort import effort
from tests.fakes import FRAMES
from tests.web.fakes import Web, Wire, request
from tests.web.following.test_stream import events

JOBS = "/api/v1/jobs"


class CaseOfTheWeb(TestCase):
    def setUp(self) -> None:
        self.web = Web(self)
        self.farm = self.web.farm

    def follow(self, query: str) -> Wire:
        wire = self.web.wire()
        wire.send(request("GET", f"/api/v1/events{query}"))
        return wire


class Pages(CaseOfTheWeb):
    async def test_five_thousand_jobs_come_a_page_at_a_time(self) -> None:
        """WEB-01"""
        for _ in range(50):
            await self.farm.job()
        jobs = self.farm.service.farm.jobs
        jobs |= {number: jobs[number % 50 + 1] for number in range(51, 5_001)}
        first = self.web.get(JOBS)
        self.assertEqual((first.json["matched"], len(first.json["data"])), (5_000, 100))
        self.assertLess(len(first.body), 500_000)

    async def test_a_page_costs_the_same_however_many_jobs_there_are(self) -> None:
        """WEB-01"""
        for _ in range(50):
            await self.farm.job()
        jobs, calls = self.farm.service.farm.jobs, list[int]()
        for most in (500, 5_000):
            jobs |= {number: jobs[number % 50 + 1] for number in range(len(jobs) + 1, most + 1)}
            self.web.get(JOBS)  # from now on what can be remembered is
            calls.append(effort(lambda: self.web.get(JOBS)))
        few, many = calls
        self.assertLess(many, few + 500)  # a call for each job would be 4,500 more

    async def test_a_job_of_a_hundred_thousand_tasks_is_looked_at_a_page_at_a_time(self) -> None:
        """WEB-01"""
        job = await self.farm.job(values={"Frames": "1-100000"})
        page = self.web.get(f"{JOBS}/{job.id}/tasks?offset=99950").json
        self.assertEqual(page["matched"], 100_000)
        self.assertEqual([task["frame"] for task in page["data"]], [*range(99_951, 100_001)])
        found = self.web.get(f"{JOBS}/{job.id}/tasks?filter=frame=77777").json
        self.assertEqual([task["frame"] for task in found["data"]], [77_777])
        self.assertLess(len(self.web.get(f"{JOBS}/{job.id}").body), 10_000)


class Running(CaseOfTheWeb):
    async def test_nothing_runs_without_a_live_worker_and_what_is_left_can_be_canceled(self) -> None:
        """WEB-04"""
        job = await self.farm.job()
        clients = [await self.farm.client(f"render-{number:02}") for number in range(10)]
        for client in clients:
            self.farm.start(client)
        self.assertGreaterEqual(self.web.get(f"{JOBS}/{job.id}").json["active"], 10)
        for client in clients:
            self.farm.gone(client)
        self.farm.clock.advance(120)
        self.assertEqual(self.web.get(f"{JOBS}/{job.id}").json["active"], 0)
        self.assertEqual(self.web.get(f"{JOBS}/{job.id}/tasks?filter=state=active").json["data"], [])
        self.assertEqual(self.web.get("/api/v1/clients?filter=online").json["data"], [])
        self.assertEqual(self.web.ask("POST", f"{JOBS}/{job.id}/cancel", {}).json["state"], "canceled")

    async def test_the_columns_of_five_hundred_running_tasks_stay_filled(self) -> None:
        """WEB-05"""
        job = await self.farm.job(values={"Frames": "1-2000"})
        orders = [self.farm.start(await self.farm.client(f"render-{number:03}")) for number in range(500)]
        wire = self.follow("?kind=client")
        for second in range(3):
            for order in orders:
                task = order.awaited()[0]
                self.farm.service.progressed(order.client, order.id, task, 10.0 * second + 1, f"sample {second}")
            self.farm.clock.advance(1)
            rows = self.web.get(f"{JOBS}/{job.id}/tasks?filter=state=active+and+percent>=0&limit=1000").json["data"]
            self.assertEqual(len(rows), 500)
            shown = {(row["percent"], row["state"], row["status"]) for row in rows}
            self.assertEqual(shown, {(10.0 * second + 1, "active", f"sample {second}")})
            self.assertTrue(all(row["client"] and row["since"] for row in rows))
            told = [client for _, _, data in events(wire) for client in data]
            self.assertEqual(len(told), 500 * (second + 1))


class ManyAtOnce(CaseOfTheWeb):
    async def test_fifty_jobs_are_canceled_by_one_request_and_each_is_told_of_once(self) -> None:
        """WEB-07"""
        for _ in range(52):
            await self.farm.job()
        await self.farm.service.cancel(7)
        self.farm.clock.advance(1)
        wire = self.follow("?kind=job&filter=state=canceled")
        reply = self.web.ask("POST", f"{JOBS}/cancel?filter=id=1-50", {}).json
        self.assertEqual((reply["matched"], reply["changed"]), (50, 49))
        self.assertEqual([job["id"] for job in reply["data"] if not job["changed"]], [7])
        self.farm.clock.advance(5)
        ((_, _, told),) = events(wire)
        self.assertEqual(sorted(job["id"] for job in told), [number for number in range(1, 51) if number != 7])

    async def test_the_states_of_a_job_add_up_to_all_of_its_tasks(self) -> None:
        """WEB-07"""
        job = await self.farm.job(tries=1)
        for outcome, name in (("completed", "a"), ("failed", "b"), ("", "c")):
            client = await self.farm.client(name)
            self.farm.finish(client, outcome) if outcome else self.farm.start(client)
        shown = self.web.get(f"{JOBS}/{job.id}").json
        counts = [sum(step[state] for state in STATES) for step in shown["steps"]]
        self.assertEqual((sum(counts), shown["active"] > 0), (shown["tasks"], True))


STATES = ("waiting", "ready", "active", "completed", "failed", "canceled")


class Requests(CaseOfTheWeb):
    def test_the_same_name_twice_is_two_jobs_and_the_same_key_one(self) -> None:
        """API-02"""
        wanted = {"template": FRAMES, "name": "shot"}
        keys = ("", "", "mine", "mine", "yours")
        ids = [self.web.ask("POST", JOBS, wanted, Idempotency_Key=key).json["id"] for key in keys]
        self.assertEqual(ids, [1, 2, 3, 3, 4])
        self.assertEqual({job.name for job in self.farm.service.farm.jobs.values()}, {"shot"})

    async def test_a_job_whose_answer_was_lost_is_the_same_job_when_it_is_asked_for_again(self) -> None:
        """API-02"""
        store = self.farm.store
        store.held = True
        wanted = request("POST", JOBS, {"template": FRAMES}, Idempotency_Key="mine")
        lost = self.web.wire()
        lost.send(wanted)
        self.assertEqual((store.pending, lost.got()), (1, b""))
        lost.close()
        again = self.web.wire()
        again.send(wanted)
        self.assertEqual(again.got(), b"")
        store.held = False
        store.commit()
        replies = [again.reply(), self.web.ask("POST", JOBS, {"template": FRAMES}, Idempotency_Key="mine")]
        self.assertEqual([(reply.status, reply.json["id"]) for reply in replies], [(201, 1)] * 2)
        self.assertEqual((list(self.farm.service.farm.jobs), lost.got()), ([1], b""))

    async def test_a_job_whose_answer_was_lost_is_the_same_job_after_a_start_of_the_web(self) -> None:
        """API-02"""
        wanted = {"template": FRAMES, "name": "shot"}
        first = self.web.ask("POST", JOBS, wanted, Idempotency_Key="mine")
        again = Web(self, self.farm)
        second = again.ask("POST", JOBS, wanted, Idempotency_Key="mine")
        self.assertEqual((second.status, second.body), (201, first.body))
        self.assertEqual(second.headers["location"], f"{JOBS}/1")
        other = Web(self, self.farm).ask("POST", JOBS, {**wanted, "name": "other"}, Idempotency_Key="mine")
        self.assertEqual((other.status, "another body" in other.message), (409, True))
        self.assertEqual(again.ask("POST", JOBS, wanted, Idempotency_Key="yours").json["id"], 2)
        again.ask("DELETE", f"{JOBS}/1", {})
        self.assertEqual(Web(self, self.farm).ask("POST", JOBS, wanted, Idempotency_Key="mine").json["id"], 3)

    async def test_each_has_keys_of_their_own_by_whatever_they_are_known(self) -> None:
        """API-02"""
        wanted, ids = {"template": FRAMES}, []
        await self.farm.service.add_user("root", Role.ADMIN)
        for name in ("mara", "mara", "jo"):
            if name not in self.farm.service.farm.people.users:
                await self.farm.service.add_user(name, Role.ARTIST)
            _, secret = await self.farm.service.add_token(name, "script", Role.ARTIST, (), None)
            head = {"Idempotency_Key": "mine", "Authorization": f"Bearer {secret}"}
            ids.append(Web(self, self.farm).ask("POST", JOBS, wanted, **head).json["id"])
        self.assertEqual(ids, [1, 1, 2])

    async def test_a_key_is_found_among_the_last_thousand_jobs_alone(self) -> None:
        """API-02"""
        wanted, ids = {"template": FRAMES}, []
        for last in (0, MOST_KEPT, MOST_KEPT + 1):
            self.farm.service.farm.last_job = last
            ids.append(Web(self, self.farm).ask("POST", JOBS, wanted, Idempotency_Key="mine").json["id"])
        self.assertEqual(ids, [1, 1, MOST_KEPT + 2])

    async def test_a_server_that_is_killed_before_its_answer_gives_the_same_job_to_the_same_key(self) -> None:
        """API-02"""
        wanted = {"template": FRAMES, "name": "shot"}
        farm = await DurableFarm(self).begun()
        lost = Web(self, farm).wire()
        lost.send(request("POST", JOBS, wanted, Idempotency_Key="mine"))
        lost.close()
        await farm.until(lambda: rows(farm.path, "select id from jobs"))
        started = await farm.restarted()
        web = Web(self, started)
        again = web.ask("POST", JOBS, wanted, Idempotency_Key="mine")
        self.assertEqual((again.status, again.json["id"], again.json["name"]), (201, 1, "shot"))
        self.assertEqual(web.ask("POST", JOBS, {"template": FRAMES}, Idempotency_Key="mine").status, 409)
        self.assertEqual((rows(started.path, "select id from jobs"), lost.got()), ([(1,)], b""))

    async def test_what_is_no_json_is_400_with_a_sentence_and_changes_nothing(self) -> None:
        """API-04"""
        await self.farm.job(priority=50)
        bodies = (
            b"\xff", b'{"priority": NaN}', b'{"priority": -Infinity}', b'{"priority": 1e400}', b'{"owner": "\\ud800"}',
            b'{"priority": 1, "priority": 2}', b"[" * 10_000, b'{"a":' * 10_000, b'{"priority": 1', b"\n", b" \t\r\n",
            b"null", b"[]", b'"priority"', b"\xef\xbb\xbf{}", b"\x00", b"{}{}",
        )  # fmt: skip
        for body in bodies:
            for method, path in (("PATCH", f"{JOBS}/1"), ("POST", f"{JOBS}/1/pause"), ("POST", "/api/v1/batch")):
                reply = self.web.ask(method, path, body)
                self.assertEqual((reply.status, reply.json["status"]), (400, 400), (path, body[:30]))
                self.assertRegex(reply.message, r"^[-0-9A-Z“\"].*[.?]$", body[:30])
        job = self.farm.service.farm.jobs[1]
        self.assertEqual((job.state, job.settings.priority), (JobState.QUEUED, 50))

    def test_an_address_that_is_no_text_is_400(self) -> None:
        """API-04"""
        for path in (f"{JOBS}/%ff", f"{JOBS}?filter=%ff", "/api/v1/pools/%c3", "/%80"):
            self.assertEqual(self.web.get(path, Accept="application/json").status, 400, path)

    async def test_a_job_that_runs_is_canceled_and_deleted_and_is_gone_then(self) -> None:
        """API-05"""
        await self.farm.job()
        self.farm.start(client := await self.farm.client("attic"))
        for changed in (True, False):
            told = self.web.ask("DELETE", f"{JOBS}/1", {})
            self.assertEqual((told.status, told.json["state"]), (200, "canceled"))
            self.assertEqual((told.json["changed"], told.json["deleted"]), (changed, False))
        self.assertIn("is deleted as soon as", self.web.get(f"{JOBS}/1").json["warnings"][0])
        self.assertIn("Job 1 is deleted", self.refused("POST", f"{JOBS}/1/retry", 409))
        for order in list(client.orders.values()):
            self.farm.service.dropped(client.id, order.id)
        for method, path in (("DELETE", ""), ("PATCH", ""), ("POST", "/cancel"), ("GET", "")):
            self.assertEqual(self.refused(method, f"{JOBS}/1{path}", 404), "There is no job 1.")

    async def test_a_job_that_nobody_runs_is_gone_with_the_answer(self) -> None:
        """API-05"""
        await self.farm.job()
        told = self.web.ask("DELETE", f"{JOBS}/1", {}).json
        self.assertEqual((told["state"], told["changed"], told["deleted"]), ("canceled", True, True))
        self.refused("DELETE", f"{JOBS}/1", 404)

    async def test_an_unknown_field_is_refused_and_so_is_a_method_that_there_is_not(self) -> None:
        """API-05"""
        await self.farm.job()
        self.refused("PATCH", f"{JOBS}/1", 400, {"priorty": 3})
        self.assertIn("PATCH", self.refused("PUT", f"{JOBS}/1", 405, {"priority": 3}))
        self.assertEqual(self.farm.service.farm.jobs[1].priority, 50)

    async def test_a_job_that_was_canceled_is_so_and_that_is_no_mistake(self) -> None:
        """API-05"""
        await self.farm.job()
        for changed in (True, False):
            told = self.web.ask("POST", f"{JOBS}/1/cancel", {})
            self.assertEqual((told.status, told.json["changed"]), (200, changed))

    async def test_a_job_that_was_completed_is_not_canceled(self) -> None:
        """API-05"""
        await self.farm.job()
        self.farm.finish_all(await self.farm.client("attic"))
        self.assertEqual(self.refused("POST", f"{JOBS}/1/cancel", 409), "Job 1 is completed and cannot be canceled.")

    def refused(self, method: str, path: str, status: int, body: Any = None) -> str:
        reply = self.web.ask(method, path, {} if body is None else body)
        self.assertEqual(reply.status, status, reply.body)
        return reply.message
