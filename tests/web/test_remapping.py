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

    def test_a_mistake_is_told_in_a_sentence(self) -> None:
        for address, target, sentence in (
            ("/liste", "/clients/lst.json", "no address /clients/lst.json .* did you mean /clients/list.json"),
            ("/liste", "https://example.com", "there is no address https://example.com"),
            ("/api/v1/farm", "/clients/list.json", "taken already: it is /api/v1/farm"),
            ("/jobs/{client}", "/api/v1/clients/{client}", "taken already: it is /jobs/{job}"),
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
