"""Orders of long lists: those of Python's own sort, made once for the same values, and made anew for others."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from brender.verbs import orders
from brender.verbs.orders import Arranged, By, arranged

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


class Orders(SynchronousTestCase):
    @given(NUMBERS | TEXTS, some.booleans())
    def test_it_is_the_order_that_the_words_say(self, values: list[Any], reverse: bool) -> None:
        found = arranged(range(len(values)), [(By("x", reverse), values)])
        self.assertEqual(list(found), slowly(values, reverse))

    @given(some.lists(some.tuples(some.integers(0, 2), some.none() | some.integers(0, 2))))
    def test_the_second_key_decides_where_the_first_does_not(self, pairs: list[tuple[int, int | None]]) -> None:
        firsts, seconds = [first for first, _ in pairs], [second for _, second in pairs]
        found = arranged(range(len(pairs)), [(By("a", False), firsts), (By("b", False), seconds)])
        ranks = [(first, second is None, second or 0) for first, second in pairs]
        wanted = sorted(range(len(pairs)), key=ranks.__getitem__)
        self.assertEqual(list(found), wanted)

    def test_an_order_is_made_once_for_the_same_values_and_anew_for_others(self) -> None:
        made = []

        def order_of(keys: list[tuple[By, list[int]]]) -> list[int]:
            made.append(keys)
            return list(range(len(keys[0][1])))

        self.patch(orders, "order_of", order_of)
        values = list(range(orders.LEAST))
        for each in (values, list(values), values[::-1], [*values[:-1], -1], [*values, 7]):
            arranged(each, [(By("made once", False), each)])
        arranged(values, [(By("made once", True), values)])
        self.assertEqual(len(made), 5)

    def test_only_so_many_are_remembered(self) -> None:
        kept = orders.Remembered()
        for number in range(orders.MOST + 5):
            kept.order((By(str(number), False),), [[1]], lambda: [0])
        self.assertEqual(len(kept._kept), orders.MOST)

    def test_things_are_looked_up_one_by_one_and_in_slices(self) -> None:
        found = Arranged("abc", [2, 0, 1])
        self.assertEqual((found[0], found[-1], found[1:]), ("c", "b", ["a", "b"]))
        self.assertEqual((list(found), len(found)), (["c", "a", "b"], 3))
