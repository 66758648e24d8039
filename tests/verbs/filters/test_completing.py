"""What Tab offers at the end of a filter, and what of the text it replaces."""

from collections.abc import Iterable

from hypothesis import given
from twisted.trial.unittest import SynchronousTestCase

from brender.verbs.filters import BadFilter, Suggestion, suggest
from tests.verbs.filters.farm import CLIENTS, ORDERS, STEPS, read
from tests.verbs.filters.texts import filters

SEEN = {
    "name": ["render-01", "render-02", "my shot", "all", "idle", "12", "o'brien"],
    "pools": ["gpu", "night", "none"],
    "memory": ["32GB", "64GB"],
    "client": ["attic"],
}
WORDS = ["enabled", "disabled", "online", "offline", "idle", "busy", "asleep", "occupied", "unwell", "off"]


def values(name: str) -> Iterable[str]:
    return SEEN.get(name, [])


def offered(text: str) -> list[str]:
    """Whole texts, as they are after Tab."""
    return [text[: each.start] + each.text for each in suggest(text, CLIENTS, values)]


class Offering(SynchronousTestCase):
    def test_what_is_begun_is_completed(self) -> None:
        for text, expected in {
            "onl": ["online"],
            "ONL": ["online"],
            "sta": ["status="],
            "enabled and na": ["enabled and name="],
            "(not as": ["(not asleep"],
            "ren": ["render-01", "render-02"],
            "render-02": ["render-02"],
            "online an": ["online and"],
            "(a) of": ["(a) offline", "(a) off", "(a) off_seconds="],
            "al": ["all", '"all"'],
            "xyzzy": [],
            "idle,b": ["idle,busy"],
            "my,re": ["my,render-01", "my,render-02"],
            "my,i": ['my,"idle"'],
            "1,": [],
        }.items():
            self.assertEqual(offered(text), expected, text)

    def test_values_of_an_attribute_come_after_its_operator(self) -> None:
        for text, expected in {
            "status=": ["status=enabled", "status=disabled"],
            "a STATUS != dis": ["a STATUS != disabled"],
            "status=enabled,": ["status=enabled,enabled", "status=enabled,disabled"],
            "status=enabled, d": ["status=enabled, disabled"],
            "wake=": ["wake=yes", "wake=no"],
            "pool=": ["pool=gpu", "pool=night", 'pool="none"', "pool=none"],
            "pools!=gpu,n": ["pools!=gpu,night", 'pools!=gpu,"none"', "pools!=gpu,none"],
            "memory>=3": ["memory>=32GB"],
            "most_tasks=": ["most_tasks=none"],
            "name=my": ['name="my shot"'],
            "running=": [],
            "xyzzy=": [],
        }.items():
            self.assertEqual(offered(text), expected, text)

    def test_an_open_quote_is_completed_with_its_text(self) -> None:
        self.assertEqual(offered('name="my s'), ['name="my shot"'])
        self.assertEqual(offered("name='my s"), ['name="my shot"'])
        self.assertEqual(offered("online 'my"), ['online "my shot"'])
        self.assertEqual(offered("name=\"o'b"), ['name="o\'brien"'])

    def test_a_name_that_would_be_something_else_is_in_quotes(self) -> None:
        self.assertEqual(offered('"'), ["render-01", "render-02", '"my shot"', '"all"', '"idle"', '"12"', '"o\'brien"'])

    def test_an_attribute_that_is_written_offers_its_operators(self) -> None:
        self.assertEqual(offered("status"), ["status=", "status!=", "status~", "status!~"])
        self.assertEqual(offered("slots"), ["slots=", "slots!=", "slots<", "slots<=", "slots>", "slots>="])

    def test_at_the_beginning_there_are_words_attributes_and_names(self) -> None:
        found = offered("")
        self.assertEqual(found[:10], WORDS)
        self.assertEqual(found[10:13], ["id=", "name=", "status="])
        self.assertIn("not", found)
        self.assertIn("all", found)
        self.assertNotIn("and", found)
        self.assertNotIn("running=", found)
        self.assertEqual(found[-7:-5], ["render-01", "render-02"])

    def test_filters_are_joined_after_one_that_is_whole(self) -> None:
        for text in ("online ", "(a) ", "status=enabled "):
            self.assertIn(f"{text}and", offered(text))
            self.assertIn(f"{text}or", offered(text))
        for text in ("", "(", "not ", "a and "):
            self.assertNotIn(f"{text}and", offered(text))
            self.assertIn(f"{text}not", offered(text))

    def test_each_says_what_it_means_and_whether_it_goes_on(self) -> None:
        found = {each.text: each for each in suggest("o", CLIENTS, values)}
        self.assertEqual(found["online"], Suggestion("online", 0, "connection: whether its worker is connected"))
        self.assertEqual(
            found["off_seconds="],
            Suggestion("off_seconds=", 0, "that nobody needs it, before it is switched off", goes_on=True),
        )

    def test_other_items_have_other_words(self) -> None:
        self.assertEqual([each.text for each in suggest("at", ORDERS, values)], ["attempt=", "attic"])
        self.assertEqual([each.text for each in suggest("ren", STEPS, lambda name: ["Render"])], ["Render"])

    def test_there_are_never_more_than_a_page_of_them(self) -> None:
        many = [f"render-{number}" for number in range(10_000)]
        self.assertEqual(len(suggest("name=", CLIENTS, lambda name: many)), 100)

    @given(filters())
    def test_what_is_offered_can_be_read_wherever_a_name_can(self, text: str) -> None:
        for each in suggest(text, CLIENTS, values):
            before = text[: each.start]
            self.assertTrue(0 <= each.start <= len(text))
            if can_be_read(before + "x") and not each.goes_on and each.text not in {"and", "or", "not"}:
                self.assertTrue(can_be_read(before + each.text), (before, each.text))


def can_be_read(text: str) -> bool:
    try:
        read(text)
    except BadFilter:
        return False
    return True
