"""Random conditions, made of the parts that a condition has, for every attribute of every item.

How does this work?  `conditions` draws trees.  Each comparison takes an attribute, an operator that it has, and
values that it can be compared with: numbers in units or out of them, moments, texts with everything in them that
means something in a filter.
"""

from typing import Any

from hypothesis import strategies as st

from brender.verbs.filters import And, Comparison, Condition, Everything, Language, Not, Op, Or, Pattern, Range
from brender.verbs.filters.moments import EARLIEST, LATEST
from brender.verbs.items.attributes import Attribute, Unit

MEANT = [*"*?[]!=<~'\",() \n\\-", "and", "none", "all", "12"]
TEXTS = st.lists(st.one_of(st.sampled_from(MEANT), st.text(max_size=3)), max_size=6).map("".join)
ORDERED = [Op.BELOW, Op.AT_MOST, Op.ABOVE, Op.AT_LEAST]


def wholes(attribute: Attribute) -> st.SearchStrategy[Any]:
    least = 0 if attribute.name == "id" else -(2**63) + 1
    numbers = st.integers(least, 2**63 - 1)
    return st.one_of(numbers, st.integers(0, 2**20).map(lambda gigabytes: gigabytes * 2**30)) if least else numbers


def moments() -> st.SearchStrategy[float]:
    return st.floats(EARLIEST, LATEST).map(lambda moment: round(moment, 6))


def fractions() -> st.SearchStrategy[float]:
    return st.one_of(st.floats(-1e15, 1e15), st.integers(0, 10**7).map(float), st.floats(0, 1e-3))


def ranges(numbers: st.SearchStrategy[Any]) -> st.SearchStrategy[Range]:
    return st.tuples(numbers, numbers).map(sorted).map(lambda pair: Range(*pair))


def comparisons(attribute: Attribute) -> st.SearchStrategy[Comparison]:
    if attribute.of is bool:
        return several(attribute, st.booleans())
    if attribute.of is str:
        plain = st.sampled_from(attribute.choices) if attribute.choices else st.one_of(TEXTS, patterns().filter(wild))
        return st.one_of(several(attribute, plain), several(attribute, patterns(), [Op.LIKE, Op.UNLIKE]))
    numbers = moments() if attribute.unit is Unit.EPOCH else wholes(attribute) if attribute.of is int else fractions()
    one = st.builds(Comparison, st.just(attribute), st.sampled_from(ORDERED), st.tuples(numbers))
    return st.one_of(one, several(attribute, st.one_of(numbers, ranges(numbers))))


def several(attribute: Attribute, values: Any, ops: Any = (Op.IS, Op.IS_NOT)) -> st.SearchStrategy[Comparison]:
    may_be_absent = attribute.optional or attribute.many or (attribute.of is str and not attribute.choices)
    if may_be_absent and Op.IS in ops:
        values = st.one_of(values, st.none())
    lists = st.lists(values, min_size=1, max_size=4).map(tuple)
    return st.builds(Comparison, st.just(attribute), st.sampled_from(ops), lists)


def patterns() -> st.SearchStrategy[Pattern]:
    classes = st.sampled_from(["[a-f]", "[!0-9]", "[]x]", "[[]", "[z-a]", "[*]"])
    return st.lists(st.one_of(TEXTS, classes, st.sampled_from("*?")), max_size=5).map("".join).map(Pattern)


def wild(pattern: Pattern) -> bool:
    """Beside `=`, a word without wildcards is no pattern."""
    return any(character in pattern.text for character in "*?[")


def conditions(language: Language) -> st.SearchStrategy[Condition]:
    leaves = st.one_of(
        st.just(Everything()), st.sampled_from(list(language.asked.values())).flatmap(comparisons)
    )  # fmt: skip

    def joined(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        several = st.lists(parts, min_size=2, max_size=4).map(tuple)
        return st.one_of(st.builds(Not, parts), st.builds(And, several), st.builds(Or, several))

    return st.recursive(leaves, joined, max_leaves=8)
