"""Orders of long lists: those of Python's own sort, made once for the same values, and made anew for others."""

from collections.abc import Callable
from itertools import count, pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from brender.verbs.lists import orders
from brender.verbs.lists.orders import Arranged, By, Column, Remembered, order_of

NUMBERS = some.lists(some.none() | some.integers(0, 3))
TEXTS = some.lists(some.none() | some.sampled_from(("a", "B", "b", "C")))


def slowly(values: list[Any], reverse: bool) -> list[int]:
    """One thing at a time, as the sentence says: what is absent last, what is alike as it was."""
    even = [each.lower() if isinstance(each, str) else each for each in values]
    present = [place for place, value in enumerate(even) if value is not None]
    ordered: list[int] = []
    for place in present:
        before = [other for other in ordered if even[other] == even[place] or (even[other] < even[place]) != reverse]
        ordered.insert(len(before), place)
    return ordered + [place for place, value in enumerate(even) if value is None]


def by(values: list[Any], *, reverse: bool = False) -> By:
    return By(Column("x", values), reverse)


class Orders(SynchronousTestCase):
    @given(NUMBERS | TEXTS, some.booleans())
    def test_it_is_the_order_that_the_words_say(self, values: list[Any], reverse: bool) -> None:
        self.assertEqual(order_of([by(values, reverse=reverse)]), slowly(values, reverse))

    @given(some.lists(some.tuples(some.integers(0, 2), some.none() | some.integers(0, 2))))
    def test_the_second_key_decides_where_the_first_does_not(self, pairs: list[tuple[int, int | None]]) -> None:
        found = order_of([by([first for first, _ in pairs]), by([second for _, second in pairs])])
        ranks = [(first, second is None, second or 0) for first, second in pairs]
        self.assertEqual(found, sorted(range(len(pairs)), key=ranks.__getitem__))

    @given(NUMBERS | TEXTS, some.booleans(), some.integers(0, 5))
    def test_its_beginning_is_that_of_the_whole(self, values: list[Any], reverse: bool, seen: int) -> None:
        self.patch(orders, "BEGINNING", 1)
        self.patch(orders, "LEAST", 1)
        remembered = Remembered()
        keys = [By(remembered.column("job.x", values), reverse)]
        for asked in (seen, None, seen):
            found = remembered.order(keys, asked)
            self.assertEqual(found[:asked], slowly(values, reverse)[:asked])
            self.assertIn(len(found), (asked, len(values)))

    def test_the_beginning_of_a_long_order_is_found_without_the_whole(self) -> None:
        self.patch(orders, "order_of", lambda keys: self.fail("All of it was sorted."))
        values = [f"shot {number * 7919 % 10_007:05}" for number in range(10_007)]
        found = Remembered().order([by(values)], 25)
        self.assertEqual([values[place] for place in found], sorted(values)[:25])

    def test_who_goes_on_from_the_beginning_gets_all_of_it_once(self) -> None:
        made: list[str] = []
        for name in ("beginning_of", "order_of"):
            self.patch(orders, name, self.noted(made, name))
        remembered, values = Remembered(), [number * 7919 % 10_007 for number in range(10_007)]
        for seen in (25, 25, 10, 50, 75, 25):
            keys = [By(remembered.column("job.x", list(values)), False)]
            found = remembered.order(keys, seen)
            self.assertEqual([values[place] for place in found[:seen]], list(range(seen)))
        self.assertEqual(made, ["beginning_of", "order_of"])

    @staticmethod
    def noted(made: list[str], name: str) -> Callable[..., Any]:
        function = getattr(orders, name)

        def call(*values: Any) -> Any:
            made.append(name)
            return function(*values)

        return call

    def test_things_are_looked_up_one_by_one_and_in_slices(self) -> None:
        found = Arranged("abc", [2, 0, 1])
        self.assertEqual((found[0], found[-1], found[1:]), ("c", "b", ["a", "b"]))
        self.assertEqual((list(found), len(found)), (["c", "a", "b"], 3))


class Remembering(SynchronousTestCase):
    def setUp(self) -> None:
        self.remembered = Remembered()

    def order(self, values: list[Any], *, reverse: bool = False) -> list[int]:
        return self.remembered.order([By(self.remembered.column("job.x", values), reverse)])

    def test_an_order_is_made_once_for_the_same_values_and_anew_for_others(self) -> None:
        made = []

        def counted(keys: list[By]) -> list[int]:
            made.append(keys)
            return order_of(keys)

        self.patch(orders, "order_of", counted)
        values = list(range(orders.LEAST))
        for each in (values, list(values), values[::-1], [*values[:-1], -1], [*values, 7]):
            self.assertEqual(self.order(each), slowly(each, False) if len(made) > 1 else values)
        self.order([*values, 7], reverse=True)
        self.assertEqual(len(made), 5)

    def test_a_shorter_list_does_not_take_the_place_of_a_longer_one(self) -> None:
        whole = list(range(2 * orders.LEAST))
        column = self.remembered.column("a", whole)
        self.remembered.column("a", whole[: orders.LEAST])
        self.assertIs(self.remembered.column("a", list(whole)), column)

    def test_places_are_made_anew_when_one_of_their_sources_is_another(self) -> None:
        numbers = count()
        sources: list[list[int]] = [[1], [2], [3]]

        def places(things: int, *of: int) -> list[int]:
            return self.remembered.places(("b",), [sources[each] for each in of], things, lambda: [next(numbers)])

        long, short = orders.LEAST, orders.LEAST - 1
        told = [places(long, *of) for of in ((0, 1), (0, 1), (0, 2), (0, 1))]
        self.assertEqual(told, [[0], [0], [1], [2]])
        self.assertEqual([places(short, 0, 1), places(short, 0, 1), places(long, 0, 1)], [[3], [4], [2]])

    @given(some.lists(some.lists(some.integers(0, 2), min_size=3, max_size=3), max_size=12))
    def test_whatever_was_asked_before_it_is_the_order_of_these_values(self, lists: list[list[int]]) -> None:
        self.patch(orders, "LEAST", 1)
        self.patch(orders, "MOST", 2)
        remembered = Remembered()
        for one, other in pairwise(lists):
            keys = [By(remembered.column("a", one), False), By(remembered.column("b", other), True)]
            self.assertEqual(remembered.order(keys), order_of(keys))
            self.assertEqual(remembered.order(keys[:1]), slowly(one, False))

    def test_only_so_many_are_remembered_and_nothing_of_short_lists(self) -> None:
        for number in range(orders.MOST + 5):
            column = self.remembered.column(str(number), [number] * orders.LEAST)
            self.remembered.order([By(column, False)])
        self.assertEqual((len(self.remembered._columns), len(self.remembered._made)), (orders.MOST, orders.MOST))
        short = Remembered()
        short.order([By(short.column("x", [1, 2]), False)])
        self.assertEqual((len(short._columns), len(short._made)), (0, 0))
