"""Orders of beginning: formulas that name every task, in the order that people ask for."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.scheduling.sequences import SEQUENCES, ranks

NAMES = st.sampled_from(sorted(SEQUENCES))


def begun(name: str, size: int) -> list[int]:
    """The tasks in the order of their beginning."""
    sequence = SEQUENCES[name]
    return list(dict.fromkeys(sequence(rank, size) for rank in range(ranks(name, size))))


class Sequences(SynchronousTestCase):
    @given(NAMES, st.integers(1, 600))
    def test_every_task_is_named_and_no_other(self, name: str, size: int) -> None:
        self.assertEqual(sorted(begun(name, size)), list(range(size)))

    def test_of_no_tasks_there_is_none(self) -> None:
        for name in SEQUENCES:
            self.assertEqual(ranks(name, 0), 0, name)

    def test_backwards_is_from_the_last_to_the_first(self) -> None:
        self.assertEqual(begun("backwards", 4), [3, 2, 1, 0])

    def test_outside_in_is_both_ends_towards_the_middle(self) -> None:
        self.assertEqual(begun("outside-in", 5), [0, 4, 1, 3, 2])
        self.assertEqual(begun("outside-in", 4), [0, 3, 1, 2])

    def test_a_preview_is_first_last_middle_and_then_the_halves(self) -> None:
        self.assertEqual(begun("preview", 9), [0, 8, 4, 2, 6, 1, 3, 5, 7])
        self.assertEqual(begun("preview", 101)[:7], [0, 100, 50, 25, 75, 12, 37])

    @given(st.integers(3, 600), st.integers(3, 600))
    def test_wherever_a_preview_is_broken_off_it_is_spread_over_the_whole(self, size: int, shown: int) -> None:
        seen = sorted(begun("preview", size)[: min(shown, size)])
        gaps = [after - before for before, after in pairwise(seen)]
        self.assertEqual((seen[0], seen[-1]), (0, size - 1))
        self.assertLessEqual(max(gaps), 2 * max(1, min(gaps)) + 2)

    @given(NAMES, st.integers(1, 10**7))
    def test_the_number_of_ranks_grows_no_faster_than_that_of_the_tasks(self, name: str, size: int) -> None:
        self.assertLessEqual(ranks(name, size), 2 * size + 1)
        self.assertTrue(0 <= SEQUENCES[name](ranks(name, size) - 1, size) < size)
