"""What a condition is true of: random filters beside a slow reference that was written for this test alone.

How does this work?  A random filter is a tree of plain tuples.  `text_of` writes it as people might, with more brackets
than it needs, in capitals or not, `and` left out or not.  `is_true` asks it of a client by looking at all values one
after the other.  It knows nothing of the room that it stands for: its patterns are those of `fnmatch`.
"""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.settings import ClientSettings
from brender.farm.views.things import ClientView
from brender.verbs.filters import matching
from brender.verbs.items.attributes import Attribute
from tests.effort import effort
from tests.verbs.filters.farm import FARM, GB, JOBS, NOW, client, read

NAMES = ["a", "A-1", "ab", "b 2", "b*", "none", ""]
PATTERNS = ["*", "a*", "?", "*-?", "[ab]*", "*[!0-9]", "b[*]", "**b**", "A?1"]
NUMBERS = [0, 1, 2, 3, 10]
OPERATORS = ["=", "!=", "<", "<=", ">", ">="]

Tree = tuple[Any, ...]

CLIENTS = st.builds(
    client,
    st.sampled_from(NUMBERS),
    st.sampled_from(NAMES),
    st.builds(
        ClientSettings,
        pools=st.lists(st.sampled_from(NAMES), max_size=3).map(tuple),
        most_tasks=st.one_of(st.none(), st.sampled_from([1, 2, 3, 10])),
        wake=st.booleans(),
        sleeps=st.sampled_from(NAMES),
    ),
    status=st.sampled_from(["enabled", "disabled"]),
    memory=st.sampled_from(NUMBERS).map(lambda number: number * GB),
    since=st.sampled_from(NUMBERS).map(lambda hours: NOW - hours * 3600),
    load=st.sampled_from([0.0, 0.5, 1.5, 2.0, 10.0]),
)


# --- random filters: ("compare", attribute, operator, values), ("bare", attribute, word), ("not", x), ("and", x, y)


def leaves() -> st.SearchStrategy[Tree]:
    texts = st.one_of(st.sampled_from(NAMES).map(lambda name: ("text", name)), pattern(), st.just(("none",)))
    numbers = st.one_of(
        st.sampled_from(NUMBERS).map(lambda number: ("number", number)),
        st.tuples(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS)).map(sorted).map(lambda ends: ("range", *ends)),
    )
    return st.one_of(
        compare(["name", "pools", "sleeps"], ["=", "!="], texts),
        compare(["name", "pools", "sleeps"], ["~", "!~"], pattern()),
        compare(["id", "memory", "since", "load"], ["=", "!="], numbers),
        compare(["most_tasks"], ["=", "!="], st.one_of(numbers, st.just(("none",)))),
        compare(["id", "memory", "since", "load", "most_tasks"], OPERATORS, numbers.filter(lambda x: len(x) == 2), 1),
        compare(["wake"], ["=", "!="], st.booleans().map(lambda value: ("truth", value)), 2),
        compare(["status"], ["=", "!="], st.sampled_from(["enabled", "disabled"]).map(lambda value: ("word", value))),
        st.sampled_from([("bare", "status", "enabled"), ("bare", "id", "3"), ("bare", "name", "a*"), ("all",)]),
    )


def compare(names: list[str], operators: list[str], values: Any, most: int = 4) -> st.SearchStrategy[Tree]:
    lists = st.lists(values, min_size=1, max_size=most)
    return st.tuples(st.just("compare"), st.sampled_from(names), st.sampled_from(operators), lists)


def pattern() -> st.SearchStrategy[Tree]:
    return st.sampled_from(PATTERNS).map(lambda text: ("pattern", text))


def trees() -> st.SearchStrategy[Tree]:
    def joined(parts: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
        return st.one_of(
            st.tuples(st.just("not"), parts),
            st.tuples(st.sampled_from(["and", "or"]), parts, parts),
        )

    return st.recursive(leaves(), joined, max_leaves=6)


# --- the same as people write it


def text_of(tree: Tree, pick: st.DataObject) -> str:
    match tree:
        case ("all",):
            return pick.draw(st.sampled_from(["all", "ALL"]))
        case ("bare", _, word):
            return str(word)
        case ("compare", name, operator, values):
            written = pick.draw(st.sampled_from([name, name.upper()]))
            space = pick.draw(st.sampled_from(["", " "]))
            said = [value_text(name, value, pick) for value in values]
            return f"{written}{space}{operator}{space}{f',{space}'.join(said)}"
        case ("not", part):
            return f"{pick.draw(st.sampled_from(['not', 'Not']))} {inside(part, pick)}"
        case (join, *parts):
            between = pick.draw(st.sampled_from([" and ", " AND ", " "] if join == "and" else [" or ", " OR "]))
            return between.join(inside(part, pick) for part in parts)
    raise AssertionError(tree)


def inside(tree: Tree, pick: st.DataObject) -> str:
    text = text_of(tree, pick)
    needs_brackets = tree[0] in {"and", "or"} or pick.draw(st.booleans())
    return f"({text})" if needs_brackets else text


def value_text(name: str, value: Tree, pick: st.DataObject) -> str:
    match value:
        case ("text", text):
            spellings = [f'"{text}"', f"'{text.upper()}'"]
        case ("word", word):
            spellings = [word, word.upper()]
        case ("truth", truth):
            spellings = ["yes", "true", "On"] if truth else ["no", "false", "OFF"]
        case ("number", number):
            spellings = [number_text(name, number)]
        case ("range", *ends):
            ends = ends[::-1] if name == "since" else ends  # the earlier is longer ago
            spellings = ["..".join(number_text(name, number) for number in ends)]
        case (*_, said):  # a pattern, or none
            spellings = [said]
    return str(pick.draw(st.sampled_from(spellings)))


def number_text(name: str, number: int) -> str:
    return {"memory": f"{number}GB", "since": f"-{number}h", "load": f"{number}%"}.get(name, str(number))


# --- the reference


def is_true(tree: Tree, thing: ClientView) -> bool:
    match tree:
        case ("bare", name, word):
            return fnmatchcase(str(getattr(thing, name)).lower(), word)
        case ("compare", name, operator, values):
            return is_so(name, members(name, thing), operator, values)
        case ("not", part):
            return not is_true(part, thing)
        case ("and", *parts):
            return all(is_true(part, thing) for part in parts)
        case ("or", *parts):
            return any(is_true(part, thing) for part in parts)
    return True  # all


def members(name: str, thing: ClientView) -> list[Any]:
    found = getattr(thing, name) if name in thing.__struct_fields__ else getattr(thing.settings, name)
    return list(found) if isinstance(found, tuple) else [] if found is None else [found]


def is_so(name: str, found: list[Any], operator: str, values: list[Tree]) -> bool:
    if operator in {"!=", "!~"}:
        return not is_so(name, found, operator[1:], values)
    absent = not found or (name != "pools" and found == [""])
    if absent and ("none",) in values:
        return True
    return any(fits(each, operator, name, value) for each in found for value in values)


def fits(each: Any, operator: str, name: str, value: Tree) -> bool:
    match value:
        case ("pattern", text):
            return fnmatchcase(str(each).lower(), str(text).lower())
        case ("text" | "word", text):
            return str(each).lower() == str(text).lower()
        case ("truth", truth):
            return bool(each) is truth
        case ("number", number):
            return ordered(each, operator, scaled(name, number))
        case ("range", *ends):
            low, high = sorted(scaled(name, number) for number in ends)
            return low <= float(each) <= high
    return False  # none


def scaled(name: str, number: int) -> float:
    return number * GB if name == "memory" else NOW - number * 3600 if name == "since" else number


def ordered(ours: Any, operator: str, theirs: Any) -> bool:
    if operator == "=":
        return bool(ours == theirs)
    if operator in {"<", "<="} and ours < theirs:
        return True
    if operator in {">", ">="} and ours > theirs:
        return True
    return "=" in operator and bool(ours == theirs)


class BesideAReference(SynchronousTestCase):
    @given(trees(), st.lists(CLIENTS, max_size=8), st.data())
    def test_a_random_filter_chooses_what_the_reference_does(
        self, tree: Tree, farm: Sequence[ClientView], pick: st.DataObject
    ) -> None:
        text = text_of(tree, pick)
        test = matching(read(text))
        self.assertEqual([test(thing) for thing in farm], [is_true(tree, thing) for thing in farm], text)


class Reading(SynchronousTestCase):
    def test_attributes_are_read_by_the_reader_that_is_handed_in(self) -> None:
        def reader(attribute: Attribute) -> Callable[[dict[str, Any]], Any]:
            return lambda thing: thing.get(attribute.name)

        test = matching(read("memory>=32GB or pool=gpu or name=none"), reader)
        things: list[dict[str, Any]] = [
            {"name": "a", "memory": 64 * GB},
            {"name": "a", "pools": {"gpu": 3}},
            {"name": "a", "memory": None, "pools": None},
            {"name": None},
        ]
        self.assertEqual([test(thing) for thing in things], [True, True, False, True])

    def test_lists_of_numbers_are_compared_by_each_of_them(self) -> None:
        def reader(attribute: Attribute) -> Callable[[Any], Any]:
            return lambda numbers: numbers

        for text, expected in {
            "avoided=3": [False, True, True],
            "avoided>4": [False, False, True],
            "avoided=none": [True, False, False],
            "avoided!=1-3": [True, False, False],
        }.items():
            test = matching(read(text, JOBS), reader)
            self.assertEqual([test(numbers) for numbers in ([], [3], [1, 5, 3])], expected, text)

    def test_ranges_may_overlap_and_stand_in_any_order(self) -> None:
        test = matching(read("id=20-30,1-9,3-4,8-12,40,41-41"))
        found = [number for number in range(50) if test(client(number, "a"))]
        self.assertEqual(found, [*range(1, 13), *range(20, 31), 40, 41])

    def test_a_long_list_costs_no_more_than_a_short_one(self) -> None:
        for one, many in {
            "id=7": ",".join(str(number) for number in range(100, 1900)),
            "id=7-8": ",".join(f"{number}-{number + 1}" for number in range(100, 1000, 2)),
            "name=a*": ",".join(f"x{number}*" for number in range(1_000)),
        }.items():
            short, long = (matching(read(text)) for text in (one, many))
            self.assertLessEqual(effort(lambda: list(map(long, FARM))), effort(lambda: list(map(short, FARM))) + 8)  # noqa: B023
