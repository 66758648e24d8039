"""What is deleted, archived or set is told to those who follow the events: so a page needs no list twice."""

from typing import Any

from twisted.trial.unittest import TestCase

from tests.web.fakes import Web, Wire, request
from tests.web.following.test_stream import events


class Gone(TestCase):
    def setUp(self) -> None:
        self.web = Web(self)
        self.service = self.web.farm.service

    def follow(self, query: str = "") -> Wire:
        wire = self.web.wire()
        wire.send(request("GET", f"/api/v1/events{query}"))
        return wire

    def told(self, wire: Wire, *kinds: str) -> list[Any]:
        self.web.farm.clock.advance(0.2)
        return [data for _, kind, data in events(wire) if kind in kinds]

    async def ended(self, jobs: int) -> None:
        for _ in range(jobs):
            job = await self.web.farm.job()
            await self.service.cancel(job.id)

    async def test_jobs_that_are_deleted_are_one_event_and_nothing_shows_them_after(self) -> None:
        wire, other = self.follow(), self.follow("?kind=client,farm")
        await self.ended(3)
        self.told(wire)
        self.assertEqual(self.web.ask("DELETE", "/api/v1/jobs?filter=id=1,3").json["changed"], 2)
        self.assertEqual(self.told(wire, "gone"), [{"kind": "job", "ids": [1, 3]}])
        self.assertEqual(events(wire)[-1][1], "gone")
        self.assertEqual(self.told(other, "gone"), [])

    async def test_who_hears_jobs_hears_which_are_gone_whatever_the_filter(self) -> None:
        wire, of_two = self.follow("?kind=job&filter=state=failed"), self.follow("?job=2")
        await self.ended(2)
        self.web.ask("DELETE", "/api/v1/jobs?filter=all")
        self.assertEqual(self.told(wire, "gone", "job"), [{"kind": "job", "ids": [1, 2]}])
        self.assertEqual(self.told(of_two, "gone"), [{"kind": "job", "ids": [2]}])

    async def test_a_client_that_is_deleted_is_told(self) -> None:
        wire = self.follow("?kind=gone")
        client = await self.web.farm.client("attic")
        self.web.farm.gone(client)
        self.assertEqual(self.web.ask("DELETE", f"/api/v1/clients/{client.id}").status, 200)
        self.assertEqual(self.told(wire, "gone"), [{"kind": "client", "ids": [client.id]}])

    async def test_what_stays_is_not_told(self) -> None:
        wire = self.follow("?kind=gone")
        await self.web.farm.job()
        await self.web.farm.job(after=[{"job": 1}])
        self.assertEqual(self.web.ask("DELETE", "/api/v1/jobs/1").status, 409)
        self.assertEqual(self.told(wire, "gone"), [])

    async def test_a_job_that_a_client_runs_is_told_when_it_is_gone(self) -> None:
        wire, client = self.follow("?kind=job,gone"), await self.web.farm.client("attic")
        await self.web.farm.job()
        self.web.farm.start(client)
        self.told(wire)
        self.web.ask("DELETE", "/api/v1/jobs/1")
        *_, (leaving,) = self.told(wire, "job", "gone")
        self.assertEqual(leaving["state"], "canceled")
        for order in list(client.orders):
            self.service.dropped(client.id, order)
        self.told(wire)
        self.assertEqual(events(wire)[-1][1:], ("gone", {"kind": "job", "ids": [1]}))

    async def test_a_setting_is_told_as_the_list_shows_it(self) -> None:
        wire = self.follow("?kind=setting")
        self.web.ask("PATCH", "/api/v1/settings/zone", {"value": "Europe/Berlin"})
        limit = {"name": "arnold", "count": 4}
        self.web.ask("POST", "/api/v1/limits", limit)
        ((first, second),) = self.told(wire, "setting")
        self.assertEqual((first["name"], second["name"], second["value"]), ("limits", "zone", "Europe/Berlin"))
        self.assertEqual(first["value"]["arnold"]["count"], 4)
        listed = self.web.get("/api/v1/settings?filter=name=zone").json["data"]
        self.assertEqual(listed, [second])
        self.web.ask("DELETE", "/api/v1/settings/zone")
        sources = [data[-1]["source"] for data in self.told(wire, "setting")]
        self.assertEqual((sources[0], len(sources), sources[1] == "runtime"), ("runtime", 2, False))

    async def test_a_view_is_told_when_it_is_saved_and_when_it_is_deleted(self) -> None:
        wire = self.follow("?kind=view")
        self.web.ask("POST", "/api/v1/views", {"name": "failed", "item": "job", "filter": "state=failed"})
        ((view,),) = self.told(wire, "view")
        self.assertEqual((view["id"], view["name"]), (1, "failed"))
        self.web.ask("DELETE", "/api/v1/views/1")
        self.assertEqual(self.told(wire, "gone"), [{"kind": "view", "ids": [1]}])
