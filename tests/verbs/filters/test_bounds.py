"""No text is too much: whatever is given in is read or refused, and its length is all that it costs.

How does this work?  The calls that everything makes are counted (`effort`), for a text and for its beginnings: that is
the same on every machine.  A pattern is matched by one call, so what of it can be tried anew is counted instead.  What
else a single call does (a regular expression that reads a part of the text) cannot be counted, so the processor's time
is measured as well, which nobody else's work adds to; it is bounded by far more than a text takes.
"""

import re
from collections.abc import Callable
from functools import partial
from time import process_time

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.verbs.filters import BadFilter, matching, parse_mapping, pointing, suggest, written
from brender.verbs.filters.conditions import LONGEST
from brender.verbs.filters.globs import regular
from tests.effort import effort
from tests.verbs.filters.farm import BERLIN, CLIENTS, FARM, NOW, client, read
from tests.verbs.filters.texts import filters

UNITS = [
    "(", ")", "not ", "a,", "1,", "1-2,", "'", '"', '"\'"\'', "[!]", "[", "*", "*a", "?", "!", "=", "~", "a ", "a or ",
    "name=a ", "id=1 or ", "(a) ", "((a) ", "not (", "é", "İ", "\n", "\ud800", "-", "9", ".", "[a-z]*", "[z-a]", "a b,",
]  # fmt: skip
BEGINNINGS = ["", "name=", "name~", "id=", "memory=", "since=", "status=", "wake=", "(", "x="]
GROUP = re.compile(r"\(\?>[^()]*\)")  # of a regular expression, without others in it
A_CHARACTER = 150  # calls for each: a microsecond is ten of them
A_TEXT = 30_000  # calls for the shortest
MOST_A_CHARACTER = 0.001  # seconds of the processor: about thirty times what the slowest text takes
MOST_A_TEXT = 0.05
CHOSEN_FROM = [*FARM, client(13, "a" * 200)]  # as long a name as patterns may be matched with again and again


def whole(text: str) -> None:
    """Everything that is ever done with a text."""
    try:
        condition = read(text)
    except BadFilter as refused:
        pointing(text, refused.at)
    else:
        list(map(matching(condition), CHOSEN_FROM))
        written(condition)
    suggest(text, CLIENTS, lambda name: ["a", "b c"])


def seconds(work: Callable[[], object]) -> float:
    """The processor's time that it takes."""
    began = process_time()
    work()
    return process_time() - began


class AnyText(SynchronousTestCase):
    @given(st.one_of(st.text(), filters()))
    @example("\ud800")
    @example("\x00")
    def test_it_is_read_or_refused_with_a_sentence_and_a_place(self, text: str) -> None:
        try:
            condition = read(text)
        except BadFilter as refused:
            self.assertRegex(str(refused), r"(?s)[.?]$")
            self.assertTrue(0 <= refused.at <= len(text), refused.at)
        else:
            self.assertTrue(all(each in FARM for each in filter(matching(condition), FARM)))

    @settings(max_examples=20)  # each takes a while: to count calls is slow
    @given(st.sampled_from(BEGINNINGS), st.sampled_from(UNITS), st.sampled_from(UNITS), st.sampled_from(UNITS))
    def test_its_length_is_all_that_it_costs(self, beginning: str, first: str, second: str, last: str) -> None:
        unit = first + second
        text = (beginning + unit * LONGEST)[: LONGEST - len(last)] + last
        for length in (LONGEST // 10, LONGEST):
            work = partial(whole, text[:length])
            self.assertLess(effort(work), A_TEXT + A_CHARACTER * length, unit)
            self.assertLess(seconds(work), MOST_A_TEXT + MOST_A_CHARACTER * length, unit)

    def test_patterns_that_nearly_match_a_long_name_cost_no_more_than_others(self) -> None:
        """One star is tried again and again, and each other one once: its group is never looked at again."""
        for unit in ("*a", "*", "?*", "*a*?", "[a-z]*"):
            pattern = regular((unit * LONGEST)[: LONGEST - 1] + "b")
            stars = [group.count("*") for group in GROUP.findall(pattern)]
            self.assertEqual((set(stars) - {1}, GROUP.sub("", pattern).count("*")), (set(), 1), unit)

    def test_ten_times_the_length_costs_about_ten_times_as_much(self) -> None:
        for unit in UNITS:
            short, long = (effort(lambda: whole((unit * size)[:size])) for size in (200, 2_000))  # noqa: B023
            self.assertLess(long, A_TEXT + 20 * short, unit)

    def test_more_than_the_longest_is_not_looked_at(self) -> None:
        self.assertLess(effort(lambda: whole("(" * 1_000_000)), 5_000)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), filters()),
    lambda parts: st.one_of(st.lists(parts, max_size=3), st.dictionaries(st.text(), parts, max_size=3)),
    max_leaves=4,
)


class AnyMapping(SynchronousTestCase):
    @given(st.dictionaries(st.one_of(st.sampled_from(list(CLIENTS.asked)), st.text(max_size=5)), JSON, max_size=3))
    @example({"id": 10**400})
    @example({"id": -(10**400)})
    @example({"load": float("nan")})
    @example({"load": float("-inf")})
    @example({"name": "x" * 100_000})
    def test_it_is_read_or_refused_with_a_sentence_and_a_key(self, given_in: dict[str, object]) -> None:
        try:
            condition = parse_mapping(given_in, CLIENTS, now=NOW, zone=BERLIN)
        except BadFilter as refused:
            self.assertRegex(str(refused), r"(?s)[.?]$")
            self.assertIn(refused.key, given_in)
        else:
            self.assertEqual(read(written(condition)), condition)
            list(map(matching(condition), FARM))
