"""Addresses of a farm's own: they lead where the settings say, or the settings are refused with a sentence."""

from twisted.trial.unittest import TestCase

from brender.web.remapping import BadRoute
from tests.web.fakes import Web


class Remapping(TestCase):
    async def test_a_second_address_answers_to_every_method_as_the_first(self) -> None:
        web = Web(self, more_routes={"/liste": "/clients/list.json", "/farm/{client}": "/api/v1/clients/{client}",
                                     "/alive": "/api/v1/farm", "/auftrag-{job}.json": "/jobs/{job}.json"})  # fmt: skip
        await web.farm.client("attic")
        await web.farm.job()
        self.assertEqual(web.get("/liste").body, web.get("/clients/list.json").body)
        self.assertEqual(web.get("/alive").json["version"], "2.0")
        self.assertEqual(web.get("/farm/1").json["name"], "attic")
        self.assertEqual(web.ask("PATCH", "/farm/1", {"status": "disabled"}).json["status"], "disabled")
        self.assertEqual(web.ask("POST", "/liste", {}).status, 405)
        self.assertEqual(web.get("/farm/x").status, 404)

    async def test_what_leads_to_a_second_address_may_be_one_too(self) -> None:
        web = Web(self, more_routes={"/liste": "/clients/list.json", "/list": "/liste"})
        self.assertEqual(web.get("/list").json["data"], [])

    async def test_an_address_that_there_is_can_lead_to_something_else(self) -> None:
        web = Web(self, more_routes={"/clients/list.json": "/jobs/list.json", "/history": "/api/v1/farm",
                                     "/liste": "/clients/list.json", "/jobs/{job}": "/api/v1/jobs/{job}/why",
                                     "/farm.json": "/metrics"})  # fmt: skip
        await web.farm.job()
        await web.farm.client("attic")
        self.assertEqual(web.get("/clients/list.json").json["data"][0]["name"], "shot_010")
        self.assertEqual(web.get("/liste").json["data"][0]["name"], "attic")
        self.assertEqual(web.get("/api/v1/clients.json").json["data"][0]["name"], "attic")
        self.assertEqual(web.get("/history").json["version"], "2.0")
        self.assertIn("why", web.get("/jobs/1").json)
        self.assertEqual(web.get("/jobs/1.json").json["id"], 1)
        self.assertIn(b"brender_", web.get("/farm.json").body)
        self.assertEqual(web.ask("POST", "/jobs/1", {}).status, 405)

    async def test_two_addresses_change_places_in_whatever_order_they_stand(self) -> None:
        swapped = {"/clients/list.json": "/jobs/list.json", "/jobs/list.json": "/clients/list.json"}
        for routes in (swapped, dict(reversed(swapped.items()))):
            web = Web(self, more_routes=routes)
            await web.farm.client("attic")
            self.assertEqual(web.get("/clients/list.json").json["data"], [])
            self.assertEqual(web.get("/jobs/list.json").json["data"][0]["name"], "attic")

    def test_a_page_whose_address_was_given_away_is_not_there_any_more_and_the_others_are(self) -> None:
        web = Web(self, more_routes={"/jobs": "/clients/list.json"})
        self.assertEqual(web.get("/jobs").json["data"], [])
        pages = {row.path for row in web.site.table if row.for_scripts}
        self.assertLess({"/", "/jobs/list", "/clients"}, pages)
        self.assertNotIn("/jobs", pages)

    def test_a_mistake_is_told_in_a_sentence(self) -> None:
        for address, target, sentence in (
            ("/liste", "/clients/lst.json", "no address /clients/lst.json .* did you mean /clients/list.json"),
            ("/liste", "https://example.com", "there is no address https://example.com"),
            ("/api/v1/farm", "/clients/list.json", "programs and pages count on what /api/v1/farm is"),
            ("/login", "/clients/list.json", "programs and pages count on what /login is"),
            ("/clients/list.json", "/api/v1/clients.json", "leads to what /api/v1/clients.json is already"),
            ("/jobs/{client}", "/api/v1/clients/{client}", "what stands there for an id is another one"),
            ("/jobs/{client}/machine", "/api/v1/clients/{client}", "what stands there for an id is another one"),
            ("/", "/clients/list.json", "an address begins with a /"),
            ("liste", "/clients/list.json", "an address begins with a /"),
            ("/li ste", "/clients/list.json", "an address begins with a /"),
            ("/liste/", "/clients/list.json", "an address begins with a /"),
            ("/a?b", "/clients/list.json", "an address begins with a /"),
            ("/eins", "/api/v1/clients/{client}", "it should have the same ids"),
            ("/eins/{job}", "/api/v1/clients/{client}", "it should have the same ids"),
        ):
            with self.assertRaisesRegex(BadRoute, sentence) as caught:
                Web(self, more_routes={address: target})
            self.assertTrue(str(caught.exception).startswith(f"[routes] {address}: "))

    def test_two_of_a_farm_s_own_that_cannot_be_told_apart_are_refused(self) -> None:
        target = "/api/v1/clients/{client}"
        with self.assertRaisesRegex(BadRoute, "taken already: it is /a/{client}"):
            Web(self, more_routes={"/a/{client}": target, "/a/{client:name}": target})
