"""The jobs of a farm in the order in which they are listed."""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any
from weakref import ref

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.jobs import CHANGING, Jobs
from tests.doubles import job

NUMBERS = some.integers(1, 6)
CHANGES: dict[str, Callable[[Any, int], object]] = {
    "__setitem__": lambda jobs, number: jobs.__setitem__(number, job(number)),
    "__delitem__": lambda jobs, number: jobs.__delitem__(number) if number in jobs else None,
    "__ior__": lambda jobs, number: jobs.__ior__({number: job(number), 7: job(7)}),
    "clear": lambda jobs, number: jobs.clear(),
    "pop": lambda jobs, number: jobs.pop(number, None),
    "popitem": lambda jobs, number: jobs.popitem() if jobs else None,
    "setdefault": lambda jobs, number: jobs.setdefault(number, job(number)),
    "update": lambda jobs, number: jobs.update({number: job(number)}),
}


class JobsTest(SynchronousTestCase):
    @given(some.lists(some.tuples(some.sampled_from(sorted(CHANGES)), NUMBERS)))
    def test_the_newest_stands_first_whatever_has_changed(self, changes: list[tuple[str, int]]) -> None:
        jobs = Jobs()
        for name, number in changes:
            kept = jobs.newest_first
            self.assertIs(jobs.newest_first, kept)
            CHANGES[name](jobs, number)
            plain = dict(jobs)
            self.assertEqual(list(jobs.newest_first), [plain[each] for each in sorted(plain)[::-1]])

    def test_who_remembers_which_they_were_keeps_none_of_them(self) -> None:
        jobs = Jobs([(1, job(1))])
        kept = ref(jobs.newest_first)
        self.assertIs(kept(), jobs.newest_first)
        del jobs[1]
        self.assertIsNone(kept())

    def test_no_way_to_change_it_is_forgotten(self) -> None:
        ways = {name for name in {*vars(MutableMapping)} - {*vars(Mapping)} if hasattr(dict, name)}
        self.assertEqual({*CHANGING}, {*ways, "__ior__"})
        self.assertEqual({*CHANGING}, {*CHANGES})
