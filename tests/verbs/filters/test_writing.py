"""A condition that is written is read as the same condition, whatever it is."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.verbs.filters import BadFilter, Condition, Language, Pattern, parse, written
from tests.verbs.filters.conditions import TEXTS, conditions
from tests.verbs.filters.farm import BERLIN, CLIENTS, JOBS, ORDERS, STEPS, read
from tests.verbs.filters.texts import filters

LANGUAGES = (CLIENTS, JOBS, STEPS, ORDERS)
CONDITIONS = st.sampled_from(LANGUAGES).flatmap(lambda language: st.tuples(st.just(language), conditions(language)))


class Written(SynchronousTestCase):
    @given(CONDITIONS)
    def test_every_condition_is_read_as_it_was_written(self, drawn: tuple[Language, Condition]) -> None:
        language, condition = drawn
        self.assertEqual(read(written(condition), language), condition, written(condition))

    @given(filters())
    def test_every_filter_that_can_be_read_can_be_written_and_read_again(self, text: str) -> None:
        try:
            condition = read(text)
        except BadFilter:
            return
        self.assertEqual(read(written(condition)), condition, written(condition))

    @given(TEXTS)
    def test_a_pattern_is_written_in_one_way(self, text: str) -> None:
        pattern = Pattern(text)
        self.assertEqual(Pattern(pattern.text), pattern)

    @given(st.floats(0, 2e9))
    def test_a_moment_is_written_whatever_the_time_is(self, now: float) -> None:
        for text in ("since>now", "since=-0.3s..+1.7min", "since=today"):
            condition = parse(text, CLIENTS, now=now, zone=BERLIN)
            self.assertEqual(read(written(condition)), condition, written(condition))

    def test_it_is_written_for_people(self) -> None:
        for text, expected in {
            "": "all",
            "online  render-0*": "connection=online and name=render-0*",
            "idle,busy or 3-7,9": "activity=idle,busy or id=3-7,9",
            "NOT(tag=loud)or(not (a b))": "not tags=loud or not (name=a and name=b)",
            "a (b or c)": "name=a and (name=b or name=c)",
            "(a b) c": "(name=a and name=b) and name=c",
            "(a b) or c": "name=a and name=b or name=c",
            "memory>=34359738368 memory=1024kB,0,1.5GB": "memory>=32GB and memory=1MB,0,1536MB",
            "idle_seconds=90,90.5,5400,0,1d-172800": "idle_seconds=90s,90.5,90min,0,1d-2d",
            "load>=50% load=1.5-2.5,1e-7..2": "load>=50 and load=1.5-2.5,1e-07..2",
            "slots=-3..5 wake=on": "slots=-3..5 and wake=yes",
            "since>-2h since=2026-11-01": "since>2026-11-26T16:00:00.500000Z and "
            "since=2026-10-31T23:00Z..2026-11-01T22:59:59.999999Z",
            'name="and",\'it"s\',"a b",a"*"*,none,"none"': 'name="and",\'it"s\',"a b",a[*]*,none,"none"',
            'name~"a b"*,"",all,"or"': 'name~"a b"*,"",all,"or"',
        }.items():
            self.assertEqual(written(read(text)), expected)
