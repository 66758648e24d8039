"""Many requests in one: each has an answer of its own, and one that fails keeps no other from being done."""

from typing import Any

from twisted.trial.unittest import TestCase

from brender.web.handlers import batch
from tests.fakes import FRAMES
from tests.web.fakes import Reply, Web, request

ENABLE = {"item": "client", "action": "enable", "id": 1}


class Batches(TestCase):
    def setUp(self) -> None:
        self.web = Web(self)
        self.farm = self.web.farm

    def send(self, requests: Any, **headers: str) -> Reply:
        wire = self.web.wire()
        wire.send(request("POST", "/api/v1/batch", {"requests": requests}, **headers))
        while not wire.got():
            self.web.turn()
        return wire.reply()

    def answers(self, requests: Any) -> list[tuple[int, Any]]:
        reply = self.send(requests)
        self.assertEqual(reply.status, 200, reply.body)
        return [(each["status"], each["body"]) for each in reply.json["answers"]]

    async def test_each_has_an_answer_in_its_place(self) -> None:
        await self.farm.client("attic")
        found = self.answers([
            {"item": "job", "action": "create", "values": {"template": FRAMES}},
            {"item": "job", "action": "pause", "id": 1},
            {"item": "client", "action": "update", "filters": {"status": "enabled"}, "values": {"status": "disabled"}},
            {"item": "client", "action": "read", "filters": "disabled", "values": {"fields": "name"}},
            {"item": "step", "action": "read", "job": 1},
        ])  # fmt: skip
        self.assertEqual([status for status, _ in found], [201, 200, 200, 200, 200])
        self.assertEqual((found[0][1]["id"], found[1][1]["state"]), (1, "paused"))
        self.assertEqual((found[2][1]["matched"], found[2][1]["changed"]), (1, 1))
        self.assertEqual(found[3][1]["data"], [{"name": "attic"}])
        self.assertEqual(found[4][1]["data"][0]["name"], "Render")

    async def test_one_that_fails_has_its_problem_and_the_others_are_done(self) -> None:
        client = await self.farm.client("attic")
        found = self.answers([
            {"item": "client", "action": "disable", "id": 9},
            {"item": "client", "action": "disable", "filters": "(all"},
            {"item": "clint", "action": "disable", "id": 1},
            {"item": "client", "action": "disble", "id": 1},
            {"item": "client", "action": "disable"},
            {"item": "client", "action": "update", "id": 1, "values": {"statsu": "disabled"}},
            {"item": "client", "action": "enable", "id": 1, "filter": "all"},
            {"item": "client", "acton": "enable"},
            {"action": "enable"},
            "enable",
            {"item": "step", "action": "read"},
            {"item": "client", "action": "disable", "id": 1},
        ])  # fmt: skip
        self.assertEqual([status for status, _ in found], [404, *[400] * 10, 200])
        self.assertEqual(found[1][1]["position"], 0)
        self.assertEqual([found[place][1]["code"] for place in (2, 3)], ["unknown-item", "unknown-action"])
        self.assertEqual([found[place][1].get("at") for place in (5, 7, 9)],
                         ["statsu", "requests[7].acton", "requests[9]"])  # fmt: skip
        self.assertEqual(client.status, "disabled")

    async def test_a_thousand_are_done_and_others_have_their_turn_between(self) -> None:
        await self.farm.client("attic")
        wire = self.web.wire()
        wire.send(request("POST", "/api/v1/batch", {"requests": [ENABLE] * batch.MOST}))
        self.assertEqual((wire.got(), self.web.get("/api/v1/farm").status), (b"", 200))
        while not wire.got():
            self.web.turn()
        self.assertEqual(len(wire.reply().json["answers"]), batch.MOST)

    async def test_they_share_a_commit(self) -> None:
        await self.farm.client("attic")
        self.farm.store.held = True
        wire = self.web.wire()
        both = [{**ENABLE, "action": action} for action in ("disable", "enable")]
        wire.send(request("POST", "/api/v1/batch", {"requests": both}))
        self.assertEqual(wire.got(), b"")
        self.farm.store.commit()
        self.farm.store.commit()
        self.assertEqual([each["body"]["changed"] for each in wire.reply().json["answers"]], [True, True])

    async def test_it_is_done_once_by_its_key(self) -> None:
        create = [{"item": "job", "action": "create", "values": {"template": FRAMES}}]
        ids = [self.send(create, Idempotency_Key="k").json["answers"][0]["body"]["id"] for _ in range(2)]
        self.assertEqual((ids, len(self.farm.service.farm.jobs)), ([1, 1], 1))
        self.assertEqual(self.send([ENABLE], Idempotency_Key="k").status, 409)

    async def test_what_is_no_batch_is_refused_and_nothing_of_it_is_done(self) -> None:
        client = await self.farm.client("attic")
        disable = {**ENABLE, "action": "disable"}
        for body, at in (
            ({}, "requests"),
            ({"requests": disable}, "requests"),
            ({"request": [disable]}, "request"),
            ({"requests": [disable] * (batch.MOST + 1)}, "requests"),
        ):
            reply = self.web.ask("POST", "/api/v1/batch", body)
            self.assertEqual((reply.status, reply.json["at"]), (400, at))
        self.assertEqual(client.status, "enabled")

    async def test_answers_that_are_too_much_for_one_body_end_it(self) -> None:
        await self.farm.client("attic")
        self.patch(batch, "MOST_ANSWERED", 1_000)
        found = self.answers([{"item": "client", "action": "read"}] * 30)
        statuses = [status for status, _ in found]
        self.assertEqual((statuses[0], statuses[-1], sorted(statuses)), (200, 413, statuses))
        self.assertIn("ask for this by itself", found[-1][1]["detail"])

    async def test_two_words_for_one_thing_are_one_too_many(self) -> None:
        ((status, body),) = self.answers([{"item": "client", "action": "read", "filter": "all", "filters": "all"}])
        self.assertEqual((status, body["at"]), (400, "filter"))
