"""Bad input that comes by the web is refused with the sentences of the rules, word for word."""

from typing import Any

from twisted.trial.unittest import TestCase

from brender.farm.changing import set_farm
from brender.farm.settings import FarmSettings, Limit
from tests.fakes import FRAMES as SHOT
from tests.farm.test_bad_input import FRAMES, SETTINGS
from tests.web.fakes import Reply, Web


class BadInput(TestCase):
    async def web(self) -> Web:
        """Four jobs, of which the second comes after the third, and the first after the second."""
        web = Web(self)
        set_farm(web.farm.service.farm, FarmSettings(limits={"arnold": Limit(2)}))
        for _ in range(4):
            await web.farm.job()
        for number in (2, 1):
            await web.farm.service.set_job(number, {"after": [{"job": number + 1}]})
        return web

    def told(self, reply: Reply) -> tuple[int, str, list[tuple[str, str]]]:
        body = reply.json
        return reply.status, body["code"], [(each["at"], each["message"]) for each in body["problems"]]

    async def test_frames_at_a_submission(self) -> None:
        web = await self.web()
        for frames, sentence in FRAMES.items():
            reply = web.ask("POST", "/api/v1/jobs", {"template": SHOT, "values": {"Frames": frames}})
            self.assertEqual(self.told(reply), (422, "refused", [("parameterValues.Frames", sentence)]))
            self.assertEqual(reply.message, sentence)
        self.assertEqual(len(web.farm.service.farm.jobs), 4)

    async def test_settings_of_a_job_that_is_there(self) -> None:
        web = await self.web()
        before = web.farm.service.farm.jobs[3].settings
        for wishes, place, sentence in SETTINGS:
            reply = web.ask("PATCH", "/api/v1/jobs/3", wishes)
            self.assertEqual(self.told(reply), (422, "refused", [(place, sentence)]))
        self.assertEqual(web.farm.service.farm.jobs[3].settings, before)

    async def test_settings_at_a_submission(self) -> None:
        web = await self.web()
        of_others = [row for row in SETTINGS if "after" not in row[0]]
        itself: dict[str, Any] = {"after": [{"job": 5}]}
        for wishes, place, sentence in (*of_others, (itself, "after[0]", "Job 5 cannot come after itself.")):
            reply = web.ask("POST", "/api/v1/jobs", {"template": SHOT, "settings": wishes})
            self.assertEqual(self.told(reply), (422, "refused", [(place, sentence)]))
        self.assertEqual(len(web.farm.service.farm.jobs), 4)

    async def test_what_no_client_could_run_is_taken_with_a_warning_and_a_why(self) -> None:
        web = await self.web()
        await web.farm.client("attic")
        reply = web.ask("POST", "/api/v1/jobs", {"template": SHOT, "settings": {"pool": "gpu"}})
        self.assertEqual((reply.status, reply.json["warnings"]), (201, ["No client is in pool gpu."]))
        why = web.get(f"/api/v1/jobs/{reply.json['id']}/why").body.decode()
        self.assertIn("it needs a client of pool gpu, and none is in it", why)
