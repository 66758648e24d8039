"""Which of many texts have another in them, found all at once, is what a look into each of them finds."""

from hypothesis import example, given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from brender.verbs.lists.searching import FEW, Texts, having

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
