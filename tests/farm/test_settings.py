"""What people may set, and what they read when it cannot be."""

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.settings import ClientSettings, FarmSettings, JobSettings, Settings, read
from brender.farm.submission.problems import Refused

JARGON = re.compile(r"`|\$|\b(int|str|float|bool|array|object|null|enum)\b|\[\.\.\.\]", re.IGNORECASE)
BAD: tuple[tuple[type[Settings], dict[str, Any], str], ...] = (
    (JobSettings, {"priority": 101}, "0 to 100"),
    (JobSettings, {"priority": -1}, "0 to 100"),
    (JobSettings, {"priority": "high"}, "0 to 100"),
    (JobSettings, {"priority": None}, "0 to 100"),
    (JobSettings, {"fail_share": 1.5}, "at most 1"),
    (JobSettings, {"fail_share": 0}, "more than 0"),
    (JobSettings, {"fail_after": 0}, "1"),
    (JobSettings, {"tries": 0}, "1 to 100"),
    (JobSettings, {"tries": 1000}, "1 to 100"),
    (JobSettings, {"limits": {"arnold": 0}}, "arnold"),
    (JobSettings, {"limits": {"arnold": "many"}}, "arnold"),
    (JobSettings, {"order": "sideways"}, "outside-in"),
    (JobSettings, {"task_seconds": 0}, "more than 0"),
    (JobSettings, {"task_seconds": "soon"}, "seconds"),
    (JobSettings, {"not_before": 1e300}, "not_before"),
    (JobSettings, {"not_before": 1.8e12}, "not_before"),  # milliseconds
    (JobSettings, {"not_before": "nan"}, "not_before"),
    (JobSettings, {"not_before": "inf"}, "not_before"),
    (JobSettings, {"not_before": "tomorrow"}, "not_before"),
    (JobSettings, {"hours": 5}, "hours"),
    (JobSettings, {"owner": None}, "owner"),
    (JobSettings, {"pool": "x" * 129}, "128"),
    (JobSettings, {"only": "render-01"}, "only"),
    (JobSettings, {"after": "1"}, "after"),
    (JobSettings, {"after": [{"when": "ended"}]}, "job"),
    (JobSettings, {"after": [{"job": "one"}]}, "after[0].job"),
    (JobSettings, {"after": [{"job": 1, "when": "soon"}]}, "ended"),
    (JobSettings, {"after": [{"job": 1, "frames": [1]}]}, "after[0].frames"),
    (JobSettings, {"after": [{"job": 1, "frames": [-(10**12), 10**12]}]}, "after[0].frames"),
    (JobSettings, {"after": [{"job": 1, "fame": 2}]}, "job, when, frames, step"),
    (JobSettings, {"fame": 2}, "priority, owner"),
    (JobSettings, {"second_starts": "maybe"}, "second_starts"),
    (ClientSettings, {"most_tasks": 0}, "most_tasks"),
    (ClientSettings, {"keep_memory": -1}, "keep_memory"),
    (FarmSettings, {"limits": {"arnold": {"count": 0}}}, "arnold"),
    (FarmSettings, {"shares": {"film": 0}}, "film"),
    (FarmSettings, {"weights": {"ada": -1}}, "ada"),
    (FarmSettings, {"strikes": 0}, "strikes"),
    (FarmSettings, {"scene_scripts": "artists"}, "everybody, of wranglers, of admins, or of nobody"),
    (FarmSettings, {"rules": [{"name": "x", "pattern": "a", "then": "explode"}]}, "elsewhere"),
)


class BadInput(SynchronousTestCase):
    def refused(self, kind: type[Settings], wishes: dict[str, Any]) -> str:
        try:
            read(kind, wishes)
        except Refused as refused:
            return str(refused)
        self.fail(f"{wishes} was taken")
        raise AssertionError

    def test_each_is_refused(self) -> None:
        for kind, wishes, _ in BAD:
            self.refused(kind, wishes)

    def test_each_sentence_names_the_place_and_how_to_mend_it(self) -> None:
        missing = {said: part for kind, wishes, part in BAD if part not in (said := self.taken(kind, wishes))}
        self.assertEqual(missing, {})

    def test_no_sentence_speaks_of_types_of_a_program(self) -> None:
        told = [self.taken(kind, wishes) for kind, wishes, _ in BAD]
        self.assertEqual([said for said in told if JARGON.search(said)], [])

    def taken(self, kind: type[Settings], wishes: dict[str, Any]) -> str:
        """What is said, or nothing when it was not refused, which the first test tells."""
        try:
            read(kind, wishes)
        except Refused as refused:
            return str(refused)
        return f"{next(iter(wishes))}: it was taken."

    def test_what_is_no_table_of_settings_at_all(self) -> None:
        tables: list[Any] = [[], "priority", 7, None]
        for wishes in tables:
            self.assertRaises(Refused, read, JobSettings, wishes)


class Reading(SynchronousTestCase):
    def test_what_is_not_given_stays_as_it_was(self) -> None:
        before = read(JobSettings, {"priority": 70, "pool": "lighting", "after": [{"job": 3}]})
        after = read(JobSettings, {"priority": 20}, before)
        self.assertEqual((after.priority, after.pool, after.after), (20, "lighting", before.after))

    def test_the_edges_are_in(self) -> None:
        edges: dict[str, list[Any]]
        edges = {"priority": [0, 100], "fail_share": [1], "tries": [1, 100], "not_before": [0, 4e9]}
        for name, values in edges.items():
            for value in values:
                self.assertEqual(getattr(read(JobSettings, {name: value}), name), value)

    def test_numbers_may_come_as_text(self) -> None:
        self.assertEqual(read(JobSettings, {"priority": "70", "task_seconds": "1.5"}).task_seconds, 1.5)

    JSON = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    )

    @given(st.sampled_from([JobSettings, ClientSettings, FarmSettings]), st.data())
    def test_anything_is_taken_or_refused_with_a_sentence(self, kind: type[Settings], data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(kind.__struct_fields__) | st.text(max_size=5))
        try:
            read(kind, {name: data.draw(self.JSON)})
        except Refused as refused:
            self.assertTrue(str(refused).endswith("."))
            str(refused).encode()


class Sentences(SynchronousTestCase):
    def said(self, kind: type, wishes: dict[str, object]) -> str:
        return str(self.assertRaises(Refused, read, kind, wishes))

    def test_a_number_where_a_table_should_be(self) -> None:
        self.assertIn("count", self.said(FarmSettings, {"limits": {"arnold": 3}}))
        self.assertIn("job", self.said(JobSettings, {"after": [1]}))

    def test_what_holds_it_is_a_task_or_a_client(self) -> None:
        said = self.said(FarmSettings, {"limits": {"arnold": {"count": 1, "each": "host"}}})
        self.assertIn("task", said)
        self.assertIn("client", said)
