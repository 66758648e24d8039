"""Which of many texts have another in them, found all at once, is what a look into each of them finds."""

from hypothesis import example, given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from brender.verbs.lists.orders import Column
from brender.verbs.lists.searching import FEW, MOST_KINDS, Texts, either, having

TEXTS = some.lists(some.text("aAbBΣ\nİß", max_size=4), max_size=3 * FEW)
WANTED = some.text("abσς\ni̇ß", min_size=1, max_size=3)


class Searching(SynchronousTestCase):
    @given(TEXTS, WANTED)
    @example([], "a")
    @example(["a", *["b"] * FEW, "A"], "a")
    @example([*["b"] * 5 * FEW, "aaa", "b", "ba", "xa"], "a")
    def test_it_is_what_a_look_into_each_finds(self, texts: list[str], wanted: str) -> None:
        slowly = [place for place, text in enumerate(texts) if wanted in text.lower()]
        self.assertEqual(having(wanted, Texts(texts)), slowly)

    @given(some.integers(1, 2 * FEW), some.sampled_from(("few", "many")))
    def test_of_few_and_of_many(self, every: int, name: str) -> None:
        texts = [name if number % every == 0 else "other" for number in range(10 * FEW)]
        self.assertEqual(having(name, Texts(texts)), list(range(0, 10 * FEW, every)))

    @given(some.lists(some.tuples(some.none() | some.text("aAbİß", max_size=2), some.text("abΣ", max_size=3))), WANTED)
    def test_in_one_column_or_another(self, things: list[tuple[str | None, str]], wanted: str) -> None:
        columns = [Column("owner", [owner for owner, _ in things]), Column("name", [name for _, name in things])]
        slowly = [place for place, texts in enumerate(things) if any(wanted in (text or "").lower() for text in texts)]
        self.assertEqual(either([column.having(wanted) for column in columns]), slowly)

    @given(some.sampled_from((1, MOST_KINDS - 1, MOST_KINDS, MOST_KINDS + 1)), some.integers(1, 4), WANTED)
    def test_of_few_kinds_and_of_many(self, kinds: int, times: int, wanted: str) -> None:
        texts = [f"A{number:b}b" for number in range(kinds)] * times
        column = Column("name", texts)
        self.assertEqual(column.kinds is None, kinds > MOST_KINDS)
        self.assertEqual(either([column.having(wanted)]), having(wanted, Texts(texts)))

    def test_in_no_column_at_all_nothing_is_found(self) -> None:
        self.assertEqual(either([]), [])
