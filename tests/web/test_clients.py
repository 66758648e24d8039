"""Clients and the farm as programs see them."""

from twisted.trial.unittest import TestCase

from brender.farm.scheduling.why import why_client
from brender.farm.settings import ClientSettings
from tests.fakes import FRAMES
from tests.web.fakes import Web


class Clients(TestCase):
    async def farm(self) -> Web:
        web = Web(self)
        for name in ("render-01", "render-02", "attic"):
            await web.farm.client(name, slots=4)
        return web

    async def test_all_are_listed_by_id(self) -> None:
        web = await self.farm()
        data = web.get("/api/v1/clients").json["data"]
        self.assertEqual([client["name"] for client in data], ["render-01", "render-02", "attic"])
        self.assertEqual(data[0]["connection"], "online")

    async def test_every_address_of_the_list_gives_the_same(self) -> None:
        web = await self.farm()
        wanted = web.get("/api/v1/clients").body
        for path in ("/api/v1/clients.json", "/clients/list.json"):
            self.assertEqual(web.get(path).body, wanted)
        self.assertEqual(web.get("/clients/2.json").json, web.get("/api/v1/clients/2").json)

    async def test_a_filter_chooses_with_the_words_of_the_shell(self) -> None:
        web = await self.farm()
        names = [client["name"] for client in web.get("/api/v1/clients?filter=render*").json["data"]]
        self.assertEqual(names, ["render-01", "render-02"])
        self.assertEqual(web.get("/api/v1/clients?filter=name%3Dnobody").json, {"data": [], "matched": 0, "next": None})

    async def test_a_filter_that_is_none_is_told_with_what_was_meant(self) -> None:
        reply = (await self.farm()).get("/api/v1/clients?filter=staus%3Ddisabled")
        self.assertEqual((reply.status, reply.json["at"]), (400, "filter"))
        self.assertIn("status", reply.message)

    async def test_one_that_is_not_there_is_404(self) -> None:
        web = await self.farm()
        self.assertEqual(web.get("/api/v1/clients/9").message, "There is no client 9.")
        self.assertEqual(web.ask("PATCH", "/api/v1/clients/9", {"status": "disabled"}).status, 404)

    async def test_a_change_counts_what_matched_and_what_changed(self) -> None:
        web = await self.farm()
        web.ask("PATCH", "/api/v1/clients/1", {"status": "disabled"})
        reply = web.ask("PATCH", "/api/v1/clients?filter=render*", {"status": "disabled"}).json
        self.assertEqual((reply["matched"], reply["changed"]), (2, 1))
        self.assertEqual([client["status"] for client in reply["data"]], ["disabled", "disabled"])
        self.assertEqual(web.get("/api/v1/clients/3").json["status"], "enabled")

    async def test_a_change_of_many_says_which(self) -> None:
        web = await self.farm()
        for query in ("", "?filter=", "?filter=+"):
            reply = web.ask("PATCH", f"/api/v1/clients{query}", {"status": "disabled"})
            self.assertEqual((reply.status, reply.json["at"]), (400, "filter"), query)
        self.assertEqual(web.ask("PATCH", "/api/v1/clients?filtre=attic", {"status": "disabled"}).status, 400)
        self.assertEqual({client.status for client in web.farm.service.farm.clients.values()}, {"enabled"})

    async def test_a_change_that_is_none_is_named(self) -> None:
        web = await self.farm()
        for body, at in (({"status": "off"}, "status"), ({"staus": "disabled"}, "staus"), ({}, None), ([], None),
                         ({"pools": "gpu"}, "pools"), ({"most_tasks": "2"}, "most_tasks"), ({"pols": []}, "pols")):
            reply = web.ask("PATCH", "/api/v1/clients/1", body)
            self.assertEqual((reply.status, reply.json.get("at")), (400, at), body)

    async def test_settings_are_changed_with_the_status_or_without(self) -> None:
        web = await self.farm()
        body = {"pools": ["gpu"], "keep_memory": 1 << 30, "sleeps": "22:00-06:00", "zone": "UTC"}
        reply = web.ask("PATCH", "/api/v1/clients?filter=render*", body).json
        self.assertEqual((reply["matched"], reply["changed"]), (2, 2))
        self.assertEqual(reply["data"][0]["settings"]["pools"], ["gpu"])
        self.assertEqual(reply["data"][0]["activity"], "asleep")
        both = web.ask("PATCH", "/api/v1/clients?filter=all", {"pools": ["gpu"], "status": "disabled"}).json
        self.assertEqual((both["matched"], both["changed"]), (3, 3))
        self.assertEqual(web.ask("PATCH", "/api/v1/clients/1", {"pools": ["gpu"]}).json["changed"], 0)
        self.assertEqual(web.farm.service.farm.clients[1].settings.keep_memory, 1 << 30)

    async def test_settings_that_cannot_be_are_422_and_nothing_is_changed(self) -> None:
        web = await self.farm()
        for name, value in (("zone", "Mars"), ("sleeps", "6:00-6:00"), ("most_tasks", 0)):
            reply = web.ask("PATCH", "/api/v1/clients/1", {name: value, "status": "disabled"})
            self.assertEqual((reply.status, reply.json["at"]), (422, name))
        client = web.farm.service.farm.clients[1]
        self.assertEqual((client.status, client.settings), ("enabled", ClientSettings()))

    async def test_a_client_says_why_it_has_nothing_to_do(self) -> None:
        web = await self.farm()
        reply = web.get("/api/v1/clients/3/why").json
        farm = web.farm.service.farm
        self.assertEqual(reply, {"id": 3, "name": "attic", "why": why_client(farm, farm.clients[3], web.farm.now())})
        self.assertEqual(web.get("/api/v1/clients/9/why").message, "There is no client 9.")

    async def test_a_farm_that_stops_takes_no_change(self) -> None:
        web = await self.farm()
        web.farm.service.stopping = "The server is stopping"
        reply = web.ask("PATCH", "/api/v1/clients/1", {"status": "disabled"})
        self.assertEqual((reply.status, reply.headers["retry-after"]), (503, "10"))
        self.assertEqual(web.get("/api/v1/farm").json["stopping"], "The server is stopping")

    async def test_a_farm_whose_database_cannot_be_written_says_why_until_it_can(self) -> None:
        web = await self.farm()
        why = "The database /x cannot be written: its disk is full (disk full)"
        web.farm.store.listener(why)
        reply = web.ask("PATCH", "/api/v1/clients/1", {"status": "disabled"})
        self.assertEqual((reply.status, reply.headers["retry-after"]), (503, "10"))
        self.assertEqual(reply.message, f"{why}; nothing new is taken until it can be.")
        self.assertEqual(web.ask("POST", "/api/v1/jobs", {"template": FRAMES}).message, reply.message)
        self.assertEqual(web.get("/api/v1/farm").json["stopping"], why)
        web.farm.store.listener("")
        self.assertEqual(web.ask("PATCH", "/api/v1/clients/1", {"status": "disabled"}).status, 200)
        self.assertEqual(web.get("/api/v1/farm").json["stopping"], "")

    async def test_the_way_into_the_database_is_part_of_it(self) -> None:
        web = await self.farm()
        figures = web.farm.store.figures
        figures.rows, figures.commits, figures.pending = 1234, 56, 1
        self.assertEqual(
            web.get("/api/v1/farm").json["database"],
            {
                "pending": 1,
                "commits": 56,
                "rows": 1234,
                "seconds": 0.0,
                "seconds_last": 0.0,
                "seconds_mean": 0.0,
                "tries_again": 0,
                "trouble": "",
            },
        )

    async def test_the_farm_in_a_few_numbers(self) -> None:
        web = await self.farm()
        web.ask("PATCH", "/api/v1/clients/2", {"status": "disabled"})
        web.farm.gone(web.farm.service.farm.clients[3])
        await web.farm.job()
        web.farm.start(web.farm.service.farm.clients[1])
        farm = web.get("/farm.json").json
        wanted = {"version": "2.0", "clients": 3, "online": 2, "busy": 1, "slots": 4, "slots_busy": 4}
        self.assertEqual({name: farm[name] for name in wanted}, wanted)
        self.assertEqual({state: number for state, number in farm["jobs"].items() if number}, {"active": 1})
        self.assertEqual(len(farm["jobs"]), 6)
        self.assertEqual(farm["last_event"], web.farm.service.last_event)
        self.assertEqual((farm["seconds_left"], farm["unmeasured"]), (None, 24))

    async def test_the_time_left_of_the_whole_farm(self) -> None:
        web = await self.farm()
        for _ in range(2):
            await web.farm.job(values={"Frames": "1-100"})
        client = web.farm.service.farm.clients[1]
        web.farm.start(client)
        web.farm.finish(client, seconds=60.0)
        farm = web.get("/api/v1/farm").json
        self.assertGreater(farm["seconds_left"], 199 / 3 * 60 * 0.9)
        self.assertTrue(farm["seconds_left_early"] < farm["seconds_left"] < farm["seconds_left_late"])
        self.assertEqual(farm["unmeasured"], 100)
