"""Makes a condition into a function of a thing: whether it is true of it.

How does this work?  Each comparison becomes one small function, made once: it reads the attribute and looks its
value up. All plain values of a comparison are in one set, all patterns in one regular expression, all ranges in
one sorted list, so that a long list takes no longer than a short one.  An attribute with many values is any of
them.  What is absent (None, an empty text, an empty list) is equal to nothing but `none`, and neither above nor
below anything.
"""

import operator
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from brender.verbs.filters.conditions import (
    NEGATIVE,
    ORDERINGS,
    And,
    Comparison,
    Condition,
    Everything,
    Not,
    Op,
    Or,
    Range,
    Value,
)
from brender.verbs.filters.globs import Pattern, matcher
from brender.verbs.items.attributes import Reader, from_view

Test = Callable[[Any], bool]

ORDER: dict[Op, Callable[[Any, Any], bool]] = {
    Op.BELOW: operator.lt,
    Op.AT_MOST: operator.le,
    Op.ABOVE: operator.gt,
    Op.AT_LEAST: operator.ge,
}


def matching(condition: Condition, reader: Reader = from_view) -> Test:
    """Whether it is true of a thing, the attributes of which `reader` reads."""
    match condition:
        case Everything():
            return lambda thing: True
        case Comparison():
            found = compared(condition, reader)
            return opposite(found) if condition.op in NEGATIVE else found
        case Not(of):
            return opposite(matching(of, reader))
        case And(parts):
            return every([matching(part, reader) for part in parts])
        case Or(parts):
            return some([matching(part, reader) for part in parts])


def opposite(test: Test) -> Test:
    return lambda thing: not test(thing)


def every(tests: Sequence[Test]) -> Test:
    if len(tests) == 2:
        first, second = tests
        return lambda thing: first(thing) and second(thing)

    def test(thing: Any) -> bool:
        for each in tests:  # noqa: SIM110 (`all` with a generator takes twice as long)
            if not each(thing):
                return False
        return True

    return test


def some(tests: Sequence[Test]) -> Test:
    def test(thing: Any) -> bool:
        for each in tests:  # noqa: SIM110 (as above)
            if each(thing):
                return True
        return False

    return test


# --- comparisons


def compared(comparison: Comparison, reader: Reader) -> Test:
    """As if its operator were not a negative one."""
    read = reader(comparison.attribute)
    test = ordered(comparison) if comparison.op in ORDERINGS else same(comparison)
    absent = None in comparison.values
    if comparison.attribute.many:
        return lambda thing: any(map(test, members)) if (members := read(thing)) else absent
    if comparison.attribute.of is str:
        return lambda thing: test(found) if (found := read(thing)) else absent or (found is not None and test(found))
    return lambda thing: test(found) if (found := read(thing)) is not None else absent


def ordered(comparison: Comparison) -> Test:
    compare, (limit,) = ORDER[comparison.op], comparison.values
    return lambda value: compare(value, limit)


def same(comparison: Comparison) -> Test:
    """Whether a value that is there is one of those of the comparison."""
    plain = frozenset(key(value) for value in comparison.values if not isinstance(value, Pattern | Range | None))
    tests = [*([among(plain)] if plain else []), *special(comparison.values)]
    found = tests[0] if len(tests) == 1 else some(tests)
    return (lambda value: found(value.lower())) if comparison.attribute.of is str else found


def key(value: Value) -> Value:
    return value.lower() if isinstance(value, str) else value


def among(values: frozenset[Value]) -> Test:
    if len(values) == 1:
        (only,) = values
        return lambda value: bool(value == only)
    return values.__contains__


def special(values: Iterable[Value]) -> list[Test]:
    values = list(values)
    patterns = [value for value in values if isinstance(value, Pattern)]
    ranges = [value for value in values if isinstance(value, Range)]
    return [*([matcher(patterns)] if patterns else []), *([within(ranges)] if ranges else [])]


def within(ranges: Sequence[Range]) -> Test:
    """Whether a number is in one of them: they are put in order, those that overlap as one."""
    firsts: list[float] = []
    lasts: list[float] = []
    for each in sorted(ranges, key=lambda each: each.first):
        if lasts and each.first <= lasts[-1]:
            lasts[-1] = max(lasts[-1], each.last)
        else:
            firsts.append(each.first)
            lasts.append(each.last)

    def test(value: Any) -> bool:
        place = bisect_right(firsts, value)
        return place > 0 and bool(value <= lasts[place - 1])

    return test
