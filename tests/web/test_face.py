"""What every verb has over HTTP: an address, things by id or by filter, an answer of one or of many, done once."""

from typing import Any

from twisted.trial.unittest import TestCase

from brender.web import face
from brender.web.http.pieces import PIECE
from tests.fakes import FRAMES
from tests.web.fakes import LAST_CHUNK, Reply, Web, request

CLIENTS = "/api/v1/clients?filter="


class Case(TestCase):
    def setUp(self) -> None:
        self.web = Web(self)
        self.farm = self.web.farm

    async def clients(self, *names: str) -> None:
        for name in names or ("render-01", "render-02", "attic"):
            await self.farm.client(name)

    def statuses(self) -> list[str]:
        return [client.status.value for client in self.farm.service.farm.clients.values()]


class Verbs(Case):
    async def test_one_is_named_by_its_id_and_many_by_a_filter(self) -> None:
        await self.clients()
        one = self.web.ask("POST", "/api/v1/clients/3/disable", {})
        self.assertEqual((one.status, one.json["status"], one.json["changed"]), (200, "disabled", True))
        many = self.web.ask("POST", "/api/v1/clients/disable?filter=all", {}).json
        self.assertEqual((many["matched"], many["changed"], len(many["data"])), (3, 2, 3))
        self.assertEqual([each["changed"] for each in many["data"]], [True, True, False])
        self.assertEqual(self.statuses(), ["disabled"] * 3)

    async def test_of_many_jobs_each_says_what_became_of_it(self) -> None:
        for _ in range(3):
            await self.farm.job()
        await self.farm.service.cancel(2)
        reply = self.web.ask("POST", "/api/v1/jobs/pause?filter=all", {}).json
        self.assertEqual([each["changed"] for each in reply["data"]], [True, False, True])
        self.assertEqual([each.get("error") for each in reply["data"]][1], "Job 2 is canceled and cannot be paused.")
        self.assertEqual((reply["matched"], reply["changed"]), (3, 2))

    async def test_a_question_is_asked_of_one_and_of_many(self) -> None:
        await self.clients()
        one = self.web.get("/api/v1/clients/3/why").json
        many = self.web.get("/api/v1/clients/why?filter=attic").json["data"]
        self.assertEqual((one["name"], many), ("attic", [one]))
        everybody = self.web.get("/api/v1/clients/why")
        self.assertEqual((everybody.status, everybody.json["at"]), (400, "filter"))

    async def test_what_is_part_of_a_job_has_its_address_behind_it(self) -> None:
        client = await self.farm.client("attic")
        await self.farm.job(values={"Frames": "1-2"})
        self.farm.finish_all(client)
        steps = self.web.get("/api/v1/jobs/1/steps").json
        self.assertEqual([(step["name"], step["completed"]) for step in steps["data"]], [("Render", 2)])
        orders = self.web.get("/api/v1/jobs/1/orders?sort=-id&limit=1&fields=id,client").json
        self.assertEqual((orders["data"], orders["matched"]), ([{"id": 2, "client": "attic"}], 2))
        self.assertEqual(self.web.get("/api/v1/jobs/9/steps").message, "There is no job 9.")

    async def test_a_new_thing_is_told_with_its_address(self) -> None:
        reply = self.web.ask("POST", "/api/v1/jobs", {"template": FRAMES})
        self.assertEqual((reply.status, reply.headers["location"]), (201, "/api/v1/jobs/1"))
        self.assertEqual(self.web.get("/api/v1/jobs/1").json["name"], reply.json["name"])

    async def test_a_list_is_sorted_searched_cut_and_says_where_it_goes_on(self) -> None:
        await self.clients()
        page = self.web.get("/api/v1/clients?sort=-name&limit=2&fields=name").json
        self.assertEqual(([each["name"] for each in page["data"]], page["matched"]), (["render-02", "render-01"], 3))
        rest = self.web.get(f"/api/v1/clients?sort=-name&limit=2&fields=name&after={page['next']}").json
        self.assertEqual((rest["data"], rest["next"]), ([{"name": "attic"}], None))
        self.assertEqual(self.web.get("/api/v1/clients?search=TTI").json["matched"], 1)
        self.assertEqual(self.web.get("/api/v1/clients?offset=1&limit=1").json["data"][0]["id"], 2)


class SoMany(Case):
    async def test_what_became_of_very_many_is_told_piece_by_piece_in_the_same_words(self) -> None:
        for number in range(PIECE + 3):
            await self.farm.client(f"render-{number:02}")
        for method, path in (("POST", "/api/v1/clients/disable?filter=all"), ("GET", "/api/v1/clients/why?filter=all")):
            whole = self.web.ask(method, path, {} if method == "POST" else None)
            self.patch(face, "MANY", PIECE)
            wire = self.web.wire()
            wire.send(request(method, path, {} if method == "POST" else None))
            self.assertFalse(wire.got().endswith(LAST_CHUNK))
            self.web.turn()
            told = wire.reply().json
            self.assertEqual(list(told), list(whole.json))
            self.assertEqual([each["id"] for each in told["data"]], list(range(1, PIECE + 4)))
            if method == "POST":
                self.assertEqual((told["matched"], told["changed"], whole.json["changed"]), (PIECE + 3, 0, PIECE + 3))
            else:
                self.assertEqual(told, whole.json)
            self.patch(face, "MANY", 1000)


class BadInput(Case):
    """Each is told once, with its place; and nothing is changed."""

    def refused(self, reply: Reply, status: int, at: str | None, sentence: str) -> None:
        self.assertEqual((reply.status, reply.json.get("at")), (status, at), reply.body)
        self.assertRegex(reply.message, sentence)
        self.assertEqual(reply.headers["content-type"], "application/problem+json")
        self.assertEqual(reply.json["status"], status)
        self.assertTrue(reply.message.endswith(".") or reply.message.endswith("?"), reply.message)

    async def test_of_a_change(self) -> None:
        await self.clients()
        cases: tuple[tuple[Any, int, str | None, str], ...] = (
            ({"staus": "disabled"}, 400, "staus", "did you mean status"),
            ({"status": 3}, 400, "status", "status"),
            ({"status": "off"}, 400, "status", "status"),
            ({"most_tasks": 0}, 422, "most_tasks", "at least 1"),
            ({"keep_memory": -1}, 422, "keep_memory", "at least 0"),
            ({"pools": "gpu"}, 400, "pools", "write a list"),
            ({"load": 3.0}, 400, "load", '^"load" of a client cannot be set.$'),
            ({"id": 7}, 400, "id", '^"id" of a client cannot be set.$'),
            ({"name": "x"}, 400, "name", '^"name" of a client cannot be set.$'),
            ({}, 400, None, "Nothing is to be changed"),
            ([], 400, None, "JSON object"),
            (b"", 400, None, "Nothing is to be changed"),
            (b'{"status": "disabled", "status": "enabled"}', 400, "status", "stands twice"),
            (b'{"keep_memory": NaN}', 400, None, "NaN is no number"),
            (b'{"pools": ' + b"[" * 100 + b"]" * 100 + b"}", 400, None, "nested too deep"),
        )
        for path in ("/api/v1/clients/1", "/api/v1/clients?filter=all"):
            for body, status, at, sentence in cases:
                self.refused(self.web.ask("PATCH", path, body), status, at, sentence)
        self.assertEqual(self.statuses(), ["enabled"] * 3)

    async def test_of_a_filter_with_the_place_in_it(self) -> None:
        await self.clients()
        for text, position, sentence in (
            ("staus%3Denabled", 0, "did you mean status"),
            ("(status%3Denabled", 0, "bracket"),
            ("status%3Denabled)", 14, "bracket"),
            ("all+and+load%3E%3Dmuch", 14, "much"),
            ("name%3D'x", 5, "quote"),
        ):
            for method, path in (("PATCH", f"{CLIENTS}{text}"), ("POST", f"/api/v1/clients/disable?filter={text}")):
                reply = self.web.ask(method, path, {"status": "disabled"} if method == "PATCH" else {})
                self.refused(reply, 400, "filter", sentence)
                self.assertEqual(reply.json["position"], position, text)
        self.assertEqual(self.statuses(), ["enabled"] * 3)

    async def test_of_a_question(self) -> None:
        await self.farm.job()
        for query, at, sentence in (
            ("limit=many", "limit", "write a whole number"),
            ("limit=1001", "limit", "at most 1000"),
            ("sort=nmae", "sort", "did you mean name"),
            ("fields=nmae", "fields", "did you mean name"),
            ("after=xyz", "after", "begin with its first page"),
            ("filtre=all", "filtre", "did you mean filter"),
            ("length=3", "length", 'no parameter "length"'),
        ):
            self.refused(self.web.get(f"/api/v1/jobs?{query}"), 400, at, sentence)
        self.refused(self.web.get("/api/v1/jobs/1?filter=all"), 400, "filter", "no parameter")

    async def test_the_words_of_a_problem_are_those_of_the_standard(self) -> None:
        reply = self.web.get("/api/v1/jobs/9")
        self.assertEqual(
            reply.json,
            {
                "type": "about:blank",
                "title": "Not Found",
                "status": 404,
                "detail": "There is no job 9.",
                "code": "not-found",
                "problems": [],
            },
        )


class SentAgain(Case):
    async def test_the_same_key_does_it_once_and_another_body_is_refused(self) -> None:
        await self.clients()
        first = self.web.ask("POST", "/api/v1/clients/disable?filter=attic", {}, Idempotency_Key="k")
        self.web.ask("POST", "/api/v1/clients/3/enable", {})
        again = self.web.ask("POST", "/api/v1/clients/disable?filter=attic", {}, Idempotency_Key="k")
        self.assertEqual((first.json["changed"], again.json["changed"]), (1, 1))
        self.assertEqual(self.statuses(), ["enabled"] * 3)
        for path, body in (
            ("/api/v1/clients/disable?filter=all", {}),
            ("/api/v1/clients/enable?filter=attic", {}),
            ("/api/v1/jobs", {"template": FRAMES}),
        ):
            reply = self.web.ask("POST", path, body, Idempotency_Key="k")
            self.assertEqual((reply.status, reply.json["at"]), (409, "Idempotency-Key"), path)
        self.assertEqual((self.statuses(), len(self.farm.service.farm.jobs)), (["enabled"] * 3, 0))


class Names(Case):
    """Items that are known by their names."""

    async def test_a_name_of_any_characters_is_an_address(self) -> None:
        await self.clients("attic")
        names = {"night shift": "night%20shift", "a/b": "a%2Fb", "über": "%C3%BCber", "x.json": "x.json"}
        for name, written in names.items():
            made = self.web.ask("POST", "/api/v1/pools", {"name": name, "clients": "attic"})
            self.assertEqual((made.status, made.headers["location"]), (201, f"/api/v1/pools/{written}"), made.body)
            self.assertEqual(self.web.get(f"/api/v1/pools/{written}").json["name"], name)
            removed = self.web.ask("DELETE", f"/api/v1/pools/{written}", b"")
            self.assertEqual(removed.status, 200, removed.body)
            self.assertEqual(self.web.get(f"/api/v1/pools/{written}").status, 404)

    async def test_a_thing_is_changed_by_its_name(self) -> None:
        self.assertEqual(self.web.ask("POST", "/api/v1/limits", {"name": "arnold", "count": 3}).status, 201)
        seen = self.web.get("/api/v1/limits/arnold").headers["etag"]
        changed = self.web.ask("PATCH", "/api/v1/limits/arnold", {"count": 5}, If_Match=seen)
        self.assertEqual((changed.status, changed.json["count"]), (200, 5))
        stale = self.web.ask("DELETE", "/api/v1/limits/arnold", b"", If_Match=seen)
        self.assertEqual((stale.status, self.web.get("/api/v1/limits/arnold").status), (412, 200))
        self.assertEqual(self.web.ask("DELETE", "/api/v1/limits?filter=arnold", b"").json["matched"], 1)
        self.assertEqual(self.web.get("/api/v1/limits").json["data"], [])

    async def test_what_is_deleted_is_gone_and_its_key_is_remembered(self) -> None:
        await self.farm.job()
        await self.farm.service.cancel(1)
        for _ in range(2):
            reply = self.web.ask("DELETE", "/api/v1/jobs/1", b"", Idempotency_Key="k")
            self.assertEqual(reply.status, 200, reply.body)
            self.assertNotIn("etag", reply.headers)
        self.assertEqual(self.web.ask("DELETE", "/api/v1/jobs/1", b"").status, 404)

    async def test_a_task_is_part_of_a_job(self) -> None:
        await self.farm.job()
        self.assertEqual(self.web.get("/api/v1/jobs/1/tasks?limit=2").json["matched"], 24)
        self.assertIn("why", self.web.get("/api/v1/jobs/1/tasks/Render%3A3/why").json)
        self.assertEqual(self.web.get("/api/v1/jobs/1/tasks/Render%3A99").status, 404)
