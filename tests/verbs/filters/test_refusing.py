"""What is said of a text that cannot be a filter, and which place of it that is about."""

from collections.abc import Mapping

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.views.things import RunningView
from brender.verbs.filters import BadFilter, Language
from brender.verbs.items.attributes import attributes_of
from brender.verbs.said.words import BadWords
from tests.verbs.filters.farm import CLIENTS, JOBS, read

NINES = "9" * 30
NO_TIME = "is no value for since: write a time, such as 2026-11-01, 2026-11-01T12:00, or -2h (two hours ago)."

# A text with ^ before the place that the sentence is about
GRAMMAR = {
    "^(online": "A bracket is opened here and never closed.",
    "a ^(": "A bracket is opened here and never closed.",
    "a or ^(b and (c)": "A bracket is opened here and never closed.",
    "online^)": "No bracket is open that this one could close.",
    "^)": "No bracket is open that this one could close.",
    "a ^()": "There is nothing between these brackets.",
    "a and^": 'After "and" something is missing.',
    "(a OR^)": 'After "OR" something is missing.',
    "not^": 'After "not" something is missing.',
    "^and a": 'Before "and" something is missing.',
    "a or ^or b": 'Before "or" something is missing.',
    "(^or b)": 'Before "or" something is missing.',
    "not ^and": 'Before "and" something is missing.',
    "a^,": "After this comma a value is missing.",
    "a^,,b": "After this comma a value is missing.",
    "id=1^, or 2": "After this comma a value is missing.",
    "^,a": "Before this comma a value is missing.",
    "^=5": 'Before "=" the name of an attribute is missing.',
    "a and ^>=5": 'Before ">=" the name of an attribute is missing.',
    "name=^": 'After "name=" a value is missing; none means absent, "" an empty text.',
    "(name= ^)": 'After "name=" a value is missing; none means absent, "" an empty text.',
    "name=^and": 'After "name=" a value is missing; write "and" in quotes if it is the value.',
    "name=a^=b": 'Put quotes around a value with "=" in it.',
    "name=a^~1": 'Put quotes around a value with "~" in it.',
    "^a,b=3": 'Before "=" stands one attribute, not a list.',
    '^"name"=3': "The name of an attribute is written without quotes.",
    "name^==x": '"==" is no operator; did you mean =?',
    "id^=>3": '"=>" is no operator; did you mean >=?',
    "id^<>3": '"<>" is no operator; did you mean !=?',
    "id^<><3": '"<><" is no operator; there are = != < <= > >= ~ !~.',
    "name=^'x": "A quote is opened in that line and never closed.",
    'a b^"c': "A quote is opened in that line and never closed.",
    "render^(1)": "Put a space before this bracket, or quotes around the whole word.",
    "a ^&& b": 'Write and for "&&".',
    "a ^| b": 'Write or for "|".',
    "^!idle": 'Write not before what shall not be, for the ! of "!idle".',
    "online,^idle": 'A list has one kind of values: "online" is of connection, "idle" of activity; '
    "put or between them.",
    "1,^attic": 'A list has one kind of values: "1" is of id, "attic" of name; put or between them.',
    "memory>=32 ^GB": "Write 32GB without a space.",
    "since>-2 ^h": "Write -2h without a space.",
}

VALUES = {
    "^staus=disabled": 'No attribute "staus" on a client; did you mean status?',
    "a (^pol=x)": 'No attribute "pol" on a client; did you mean pool?',
    "^running=3": "A filter cannot ask for running of a client.",
    "a status=^disbled": 'No client has the status "disbled"; did you mean disabled?',
    "status=enabled,^xyz": 'No client has the status "xyz"; it is enabled or disabled.',
    "status=^none": 'No client has the status "none"; it is enabled or disabled.',
    "status=^en*": 'No client has the status "en*"; it is enabled or disabled.',
    "slots^~3": '"~" does not go with slots; =, !=, <, <=, > and >= do.',
    "name^<x": '"<" does not go with name; =, !=, ~ and !~ do.',
    "status^>=x": '">=" does not go with status; =, !=, ~ and !~ do.',
    "wake^>yes": '">" does not go with wake; = and != do.',
    "id>3,^4": '">" compares with one value, not with a list.',
    "id>^3-4": '">" compares with one value, not with the range 3-4.',
    "since<=^-2h..-1h": '"<=" compares with one value, not with the range -2h..-1h.',
    "memory=8GB,^7-3": "The range 7-3 runs backwards.",
    "since=^2026-11-02..2026-11-01": "The range 2026-11-02..2026-11-01 runs backwards.",
    "id=^one": '"one" is not the id of a client: an id is a whole number.',
    "id=^-1": '"-1" is not the id of a client: an id is a whole number.',
    "id=^1.5": '"1.5" is not the id of a client: an id is a whole number.',
    "id=^٣": '"٣" is not the id of a client: an id is a whole number.',
    "id=^3-": '"3-" is not the id of a client: an id is a whole number.',
    'id=^""': '"" is not the id of a client: an id is a whole number.',
    f"id=^{NINES}": f'"{NINES}" is too large for id.',
    f"^{NINES}": f'"{NINES}" is too large for id.',
    f"^1-{NINES * 4}": f'"1-{NINES}99999999..." is too large for id.',
    "slots=^x": '"x" is no value for slots: write a whole number, such as 12, or 3-7.',
    "slots>^1.5": '"1.5" is no value for slots: write a whole number, such as 12, or 3-7.',
    "slowness=^fast": '"fast" is no value for slowness: write a number, such as 1.5.',
    "slowness=^1e999": '"1e999" is too large for slowness.',
    "memory=^32GiB": '"32GiB" is no value for memory: write memory, such as 32GB.',
    "memory=^none": '"none" is no value for memory: write memory, such as 32GB.',
    "memory=^9999999999TB": '"9999999999TB" is too large for memory.',
    "memory=^1e999GB": '"1e999GB" is too large for memory.',
    "idle_seconds=^5weeks": '"5weeks" is no value for idle_seconds: write seconds, such as 90, 15min, 2h or 3d.',
    "load=^half": '"half" is no value for load: write a percentage, such as 50%.',
    "wake=^maybe": '"maybe" is no value for wake: write yes or no.',
    "since>^2h": f'"2h" {NO_TIME}',
    "since=^2026-13-01": f'"2026-13-01" {NO_TIME}',
    "since=^2026-W44": f'"2026-W44" {NO_TIME}',
    "since>^-99999999999d": '"-99999999999d" is too large for since.',
    "since>^9999-12-31": '"9999-12-31" is too large for since.',
    "since>^0001-01-01T00:00+10:00": '"0001-01-01T00:00+10:00" is too large for since.',
}


class Refusing(SynchronousTestCase):
    def refused(self, text: str, language: Language = CLIENTS) -> BadFilter:
        with self.assertRaises(BadFilter, msg=text) as caught:
            read(text, language)
        refused: BadFilter = caught.exception
        return refused

    def assert_refused(self, expected: Mapping[str, str]) -> None:
        for marked, sentence in expected.items():
            refused = self.refused(marked.replace("^", "", 1))
            self.assertEqual((str(refused), refused.at), (sentence, marked.index("^")), marked)
            self.assertIsInstance(refused, BadWords)

    def test_what_the_grammar_does_not_have_is_refused_at_its_place(self) -> None:
        self.assert_refused(GRAMMAR)

    def test_what_is_no_value_is_refused_at_its_place(self) -> None:
        self.assert_refused(VALUES)

    def test_an_attribute_like_no_other_names_all_there_are(self) -> None:
        said = str(self.refused("xyzzy=1"))
        self.assertIn('No attribute "xyzzy" on a client; there are id, name, status, connection, activity,', said)
        self.assertTrue(said.endswith("pool and tag."), said)

    def test_a_share_of_a_job_has_its_own_form(self) -> None:
        self.assertEqual(
            str(self.refused("fail_share=x", JOBS)),
            '"x" is no value for fail_share: write a share, such as 20% or 0.2.',
        )

    def test_bare_words_are_refused_where_nothing_has_a_name(self) -> None:
        nameless = Language(attributes_of(RunningView), thing="order", named="")
        refused = self.refused("step=Render shot", nameless)
        self.assertIn('"shot" says nothing of an order; there are all, order,', str(refused))
        self.assertEqual(refused.at, 12)

    def test_a_place_in_a_filter_that_is_in_quotes_is_that_in_the_whole_text(self) -> None:
        self.assertEqual(self.refused('  "a and staus=x"').at, 9)

    def test_there_are_limits_to_length_depth_and_number(self) -> None:
        long = self.refused("x" * 12_345)
        self.assertEqual(str(long), "A filter has at most 10,000 characters; this one has 12,345.")
        self.assertEqual(long.at, 10_000)
        wide = self.refused("a " * 201)
        self.assertEqual(str(wide), "A filter has at most 200 comparisons; a list is one of them: id=1,2,3.")
        self.assertEqual(wide.at, 400)
        deepest = {"(" * 51 + "a" + ")" * 51: 50, "not " * 51 + "a": 200, "not (" * 26 + "a" + ")" * 26: 125}
        for text, at in deepest.items():
            deep = self.refused(text)
            self.assertEqual((str(deep), deep.at), ("Brackets and not go 50 deep at most.", at))
        self.assertTrue(read("(" * 50 + "a" + ")" * 50))
        self.assertTrue(read("a " * 200))

    def test_what_could_not_be_written_again_is_too_long(self) -> None:
        refused = self.refused("?" * 9_998)
        self.assertEqual(str(refused), "That filter has more than 10,000 characters when all of it is written out.")

    def test_what_is_long_is_cut_in_a_sentence(self) -> None:
        self.assertEqual(
            str(self.refused("status=" + "x" * 9_000)),
            f'No client has the status "{"x" * 40}..."; it is enabled or disabled.',
        )
