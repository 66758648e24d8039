"""What a page offers while somebody writes a filter."""

from twisted.trial.unittest import TestCase

from tests.web.fakes import Web


class Completing(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        self.web = Web(self)
        await self.web.farm.client("render-01")

    def words(self, item: str, text: str) -> tuple[int, list[str]]:
        reply = self.web.get(f"/api/v1/complete?item={item}&text={text}")
        self.assertEqual(reply.status, 200)
        return reply.json["from"], [word["text"] for word in reply.json["words"]]

    def test_attributes_come_with_what_follows_them(self) -> None:
        self.assertEqual(self.words("client", "memo")[0], 0)
        self.assertIn("memory>=", self.words("client", "memory")[1])

    def test_values_are_those_of_the_farm(self) -> None:
        self.assertEqual(self.words("client", "name%3Drend"), (5, ["render-01 "]))

    def test_after_a_condition_it_may_go_on(self) -> None:
        start, words = self.words("job", "state%3Dfailed%20a")
        self.assertEqual(start, 13)
        self.assertIn("and ", words)

    def test_what_cannot_be_read_offers_nothing(self) -> None:
        self.assertEqual(self.words("job", "nothing%3D1%20~")[1], [])

    def test_an_item_that_is_not_there_is_told_with_the_nearest(self) -> None:
        reply = self.web.get("/api/v1/complete?item=clent&text=")
        self.assertEqual((reply.status, reply.json["at"]), (400, "item"))
        self.assertIn("client", reply.json["detail"])
