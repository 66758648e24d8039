"""Settings in words: every setting can be written and read, and what cannot be read is told in a sentence."""

from datetime import UTC
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.settings import After, ClientSettings, JobSettings, Settings
from brender.farm.settings import read as checked
from brender.verbs.said import values
from brender.verbs.said.forms import BadValue
from brender.verbs.said.values import forms, pairs, read, settings_help, written
from brender.verbs.said.words import split

Where = Annotated[str, msgspec.Meta(description="where")]
PARIS = ZoneInfo("Europe/Paris")
LETTERS = st.characters(codec="ascii", categories=["L", "N"], include_characters="-_.*")
NAMES = st.text(LETTERS, min_size=1, max_size=12)
AFTERS = st.builds(
    After,
    st.integers(1, 10**9),
    st.sampled_from(["completed", "ended", "started"]),
) | st.builds(
    After,
    st.integers(1, 10**9),
    frames=st.tuples(st.integers(-99, 99), st.integers(-99, 99)),
    step=st.just("") | st.sampled_from(["Comp", "2nd pass", "a:b"]),
)
OF_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(LETTERS | st.sampled_from(' ,:"'), max_size=20).map(str.strip),
    int: st.integers(0, 100) | st.integers(1, 2**40),
    float: st.integers(1, 4 * 10**12).map(lambda thousandths: thousandths / 1000),
    bool: st.booleans(),
    tuple[str, ...]: st.lists(NAMES, max_size=4).map(tuple),
    dict[str, int]: st.dictionaries(NAMES, st.integers(1, 10**7), max_size=4),
    tuple[After, ...]: st.lists(AFTERS, max_size=3).map(tuple),
}


def of_type(hint: Any) -> st.SearchStrategy[Any]:
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if NoneType in get_args(hint):
        return st.one_of(*(st.none() if part is NoneType else of_type(part) for part in get_args(hint)))
    return OF_TYPE[hint]


def some_settings(kind: type[Settings]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={name: of_type(hint) for name, hint in get_type_hints(kind).items()})


class ThereAndBack(SynchronousTestCase):
    def back(self, kind: type[Settings], wanted: dict[str, Any]) -> None:
        settings = kind(**wanted)
        line = " ".join(["set", *written(settings, PARIS)])
        found = read(kind, pairs(split(line)[1:]), PARIS)
        hints = get_type_hints(kind)
        again = kind(**{name: msgspec.convert(value, hints[name]) for name, value in found.items()})
        self.assertEqual(again, settings, line)

    @given(some_settings(JobSettings))
    def test_whatever_a_job_can_have_is_read_as_it_was_written(self, wanted: dict[str, Any]) -> None:
        self.back(JobSettings, wanted)

    @given(some_settings(ClientSettings))
    def test_whatever_a_client_can_have_is_read_as_it_was_written(self, wanted: dict[str, Any]) -> None:
        self.back(ClientSettings, wanted)

    @given(st.sampled_from(JobSettings.__struct_fields__), st.text(max_size=30))
    def test_no_text_makes_anything_but_a_value_or_a_refusal(self, name: str, text: str) -> None:
        try:
            found = read(JobSettings, {name: text}, PARIS)
        except BadValue as bad:
            self.assertTrue(str(bad).startswith(f"{name}: "), bad)
        else:
            self.assertEqual(list(found), [name])

    def test_what_nobody_set_is_not_written(self) -> None:
        self.assertEqual(written(JobSettings(), UTC), [])
        self.assertEqual(written(JobSettings(priority=80, pool="a b"), UTC, without=["priority"]), ['pool="a b"'])


class Reading(SynchronousTestCase):
    def one(self, key: str, text: str, kind: type[Settings] = JobSettings) -> Any:
        (value,) = read(kind, {key: text}, PARIS).values()
        return value

    def test_lists_counts_and_jobs_to_come_after(self) -> None:
        self.assertEqual(self.one("only", "render-0*, attic"), ["render-0*", "attic"])
        self.assertEqual(self.one("limits", "arnold:2,nuke"), {"arnold": 2, "nuke": 1})
        self.assertEqual(self.one("after", "3"), [{"job": 3, "when": "completed"}])
        self.assertEqual(self.one("after", "3:started, 4:ended"),
                         [{"job": 3, "when": "started"}, {"job": 4, "when": "ended"}])  # fmt: skip
        self.assertEqual(self.one("after", "3:frames:-1..1"), [{"job": 3, "frames": [-1, 1], "step": ""}])
        self.assertEqual(self.one("after", "3:frames"), [{"job": 3, "frames": [0, 0], "step": ""}])
        self.assertEqual(self.one("after", "3:frames:2:Comp"), [{"job": 3, "frames": [2, 2], "step": "Comp"}])
        self.assertEqual([self.one(key, "") for key in ("only", "limits", "after")], [[], {}, []])

    def test_times_are_local_or_seconds(self) -> None:
        self.assertEqual(self.one("not_before", "2026-07-01T20:00"), 1782928800.0)
        self.assertEqual(self.one("not-before", "2026-07-01T20:00Z"), 1782936000.0)
        self.assertEqual(self.one("not_before", "1782936000.5"), 1782936000.5)
        self.assertEqual([self.one("not_before", text) for text in ("none", "")], [None, None])

    def test_units(self) -> None:
        seconds = {"90": 90, "15min": 900, "2h": 7200, "1.5 d": 129600, "0.5s": 0.5}
        self.assertEqual({text: self.one("task_seconds", text) for text in seconds}, seconds)
        memory = {"4GB": 4 << 30, "512 mb": 512 << 20, "1024": 1024}
        self.assertEqual({text: self.one("keep_memory", text, ClientSettings) for text in memory}, memory)
        self.assertEqual([self.one("fail_share", text) for text in ("20%", "0.2")], [0.2, 0.2])

    def test_what_cannot_be_read_is_told_with_the_setting(self) -> None:
        for key, text, sentence in (
            ("priority", "high", 'priority: "high" is not a whole number.'),
            ("priority", "9" * 5000, "is not a whole number."),
            ("priority", "٣", 'priority: "٣" is not a whole number.'),
            ("preemptible", "maybe", 'preemptible: "maybe" is neither yes nor no.'),
            ("order", "prevew", 'order: "prevew" is none of its values; did you mean preview?'),
            ("limits", "arnold:2,arnold:3", "limits: arnold is given twice."),
            ("limits", "arnold:many", 'limits: "many" is not a whole number.'),
            ("not_before", "tomorrow", 'not_before: "tomorrow" is no time; write 2026-11-27T20:00'),
            ("not_before", "2026-02-30T20:00", "is no time"),
            ("not_before", "1e999", "is no time"),
            ("not_before", "1e300", "is no time"),
            ("not_before", "-", "is no time"),
            ("task_seconds", "2 weeks", 'task_seconds: "2 weeks" has no unit of these: s, min, h and d.'),
            ("after", "shot", 'after: "shot" is no job to come after'),
            ("after", "3:begun", 'after: "begun" is nothing of a job to come after; there are'),
            ("after", "3:started:1", 'after: "3:started:1" is no job to come after'),
            ("priorty", "3", 'No setting "priorty" of a job; did you mean priority?'),
        ):
            with self.assertRaises(BadValue) as caught:
                self.one(key, text)
            self.assertIn(sentence, str(caught.exception))

    def test_a_setting_is_given_once(self) -> None:
        with self.assertRaisesRegex(BadValue, "not_before is given twice"):
            read(JobSettings, {"not-before": "1", "not_before": "2"}, UTC)
        with self.assertRaisesRegex(BadValue, "a is given twice"):
            pairs(["a=1", "a=2"])
        with self.assertRaisesRegex(BadValue, '"=1" is not KEY=VALUE'):
            pairs(["=1"])

    def test_ranges_are_left_to_the_farm(self) -> None:
        self.assertEqual(read(JobSettings, {"priority": "101"}, UTC), {"priority": 101})
        self.assertEqual(checked(JobSettings, read(JobSettings, {"priority": "100"}, UTC)).priority, 100)


class Helping(SynchronousTestCase):
    def test_every_setting_has_a_line_that_fits(self) -> None:
        for kind in (JobSettings, ClientSettings):
            text = settings_help(kind)
            self.assertLessEqual(max(map(len, text.split("\n"))), 80)
            for name in kind.__struct_fields__:
                self.assertIn(f"  {name}={forms(kind, UTC)[name].usage}", text)

    def test_what_a_struct_says_of_a_field_stands_beside_it(self) -> None:
        class Told(Settings, frozen=True):
            pool: Where = ""
            only: tuple[Where, ...] = ()
            plain: str = ""

        self.assertEqual(values.meanings(Told), {"pool": "where", "only": "where", "plain": ""})
        self.assertIn("  pool=TEXT                     where", settings_help(Told))
