"""Pages of a list: sorted, searched, cut; the next page begins where the last one ended, whatever happened between."""

from functools import cmp_to_key
from typing import Any
from weakref import ref

from hypothesis import given
from hypothesis import strategies as some
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.farm.job import Job
from brender.farm.jobs import Jobs
from brender.farm.settings import JobSettings
from brender.verbs.items.known import JOB
from brender.verbs.lists.orders import LEAST
from brender.verbs.lists.pages import Key, Query, arranged, compared, cursor, page, place, sorting
from brender.verbs.said.unfit import Unfit
from brender.verbs.verb import Call, Done
from tests.fakes import SmallFarm

SORTS = some.lists(
    some.sampled_from(("id", "-id", "owner", "-owner", "priority", "-priority", "ended", "-ended", "name")), max_size=3
)
JOBS = some.lists(
    some.tuples(some.sampled_from("abC"), some.integers(0, 3), some.none() | some.integers(0, 3).map(float)),
    max_size=12,
)


def made(number: int, owner: str, priority: int, ended: float | None) -> Job:
    job = Job(number, f"job {number % 4}", float(number), settings=JobSettings(owner=owner, priority=priority))
    job.ended = ended
    return job


def slowly(call: Call) -> list[Job]:
    """Searched and sorted by a look at each: it comes before all that stand behind it."""
    query: Query = call.given
    keys, wanted = sorting(call, query.sort), query.search.lower()

    def compare(ours: Job, theirs: Job) -> int:
        return compared(keys, ours, [key.value(theirs) for key in keys])

    found = [job for job in call.things if any(wanted in text.lower() for text in texts(job))]
    return sorted(found, key=cmp_to_key(compare))


def texts(job: Job) -> tuple[str, ...]:
    return job.name, job.settings.owner, job.state


class Pages(TestCase):
    def setUp(self) -> None:
        self.farm = SmallFarm(self)

    def fill(self, *jobs: tuple[str, int, float | None]) -> None:
        self.farm.service.farm.jobs = Jobs(
            (number, made(number, *values)) for number, values in enumerate(jobs, start=1)
        )  # what a list shows is all that counts here

    async def ask(self, **query: Any) -> Done:
        service = self.farm.service
        return await page(Call(service, JOB, await JOB.things(service, None), Query(**query), 0.0))

    async def ids(self, **query: Any) -> list[int]:
        return [outcome.thing.id for outcome in (await self.ask(**query)).outcomes]

    async def test_a_list_is_as_it_stands_when_nobody_says_how(self) -> None:
        self.fill(("a", 1, None), ("b", 2, None), ("c", 3, None))
        self.assertEqual(await self.ids(), [3, 2, 1])
        self.assertEqual(await self.ids(sort="id"), [1, 2, 3])

    async def test_it_is_sorted_by_several_things_and_what_is_absent_comes_last(self) -> None:
        self.fill(("b", 1, None), ("a", 1, 5.0), ("a", 2, 3.0), ("B", 0, 4.0))
        self.assertEqual(await self.ids(sort="owner,-priority"), [3, 2, 1, 4])
        self.assertEqual(await self.ids(sort="ended"), [3, 4, 2, 1])
        self.assertEqual(await self.ids(sort="-ended"), [2, 4, 3, 1])

    async def test_the_next_page_begins_after_the_last_thing_even_when_that_is_gone(self) -> None:
        self.fill(*[("a", number % 3, None) for number in range(10)])
        first = await self.ask(sort="priority", limit=4)
        self.assertEqual(first.also["matched"], 10)
        last = first.outcomes[-1].thing.id
        rest = await self.ids(sort="priority", after=first.also["next"])
        del self.farm.service.farm.jobs[last]
        self.assertEqual(await self.ids(sort="priority", after=first.also["next"]), rest)
        seen = [outcome.thing.id for outcome in first.outcomes]
        self.assertEqual(sorted([*seen, *rest]), list(range(1, 11)))

    async def test_the_last_page_has_no_next(self) -> None:
        self.fill(("a", 1, None), ("b", 2, None))
        self.assertIsNone((await self.ask(limit=2)).also["next"])
        self.assertIsNone((await self.ask(offset=5)).also["next"])
        self.assertEqual(await self.ids(offset=1), [1])

    async def test_a_text_is_looked_for_without_regard_to_case(self) -> None:
        self.fill(("Ada", 1, None), ("bo", 2, None), ("cada", 3, None))
        self.assertEqual(await self.ids(search="ADA"), [3, 1])
        self.assertEqual((await self.ask(search="queued")).also["matched"], 3)
        self.assertEqual(await self.ids(search="nobody"), [])

    async def test_what_cannot_be_sorted_by_is_refused_with_what_can(self) -> None:
        for sort, sentence in {
            "prority": 'jobs cannot be sorted by "prority"; did you mean priority?',
            "steps": 'jobs cannot be sorted by "steps"; ',
            "avoided": 'jobs cannot be sorted by "avoided"; ',
        }.items():
            wrong: Any = await self.assertFailure(self.failing(sort=sort), Unfit)
            self.assertIn(sentence, str(wrong))
            self.assertEqual(wrong.at, "sort")

    async def test_a_name_stands_on_each_side_of_a_comma(self) -> None:
        self.fill(("a", 1, None))
        for sort in (",", "name,", ",name", "name,,owner", " ", "name, ,owner"):
            wrong: Any = await self.assertFailure(self.failing(sort=sort), Unfit)
            self.assertEqual(str(wrong), "sort should have a name on each side of every comma, as in id,name.")
        for sort in ("--name", "-+name", "+-name", "- name"):
            wrong = await self.assertFailure(self.failing(sort=sort), Unfit)
            self.assertIn("did you mean name?", str(wrong))
        for sort in ("", "name", "+name", " -name , owner "):
            self.assertEqual(await self.ids(sort=sort), [1])

    async def test_a_cursor_of_another_list_is_refused_even_where_nothing_is_listed(self) -> None:
        self.fill(("a", 1, None), ("b", 2, None))
        other = (await self.ask(sort="owner", limit=1)).also["next"]
        ours = (await self.ask(limit=1)).also["next"]
        for jobs in (2, 0):
            self.fill(*[("a", 1, None)] * jobs)
            for after in (other, "x", "///", "bnVsbA", "WyJhIl0", "WyJhIiwgMV0"):
                wrong: Any = await self.assertFailure(self.failing(after=after), Unfit)
                self.assertEqual(wrong.at, "after")
            self.assertEqual(await self.ids(after=ours), [1][:jobs])

    async def test_what_is_remembered_of_a_long_list_is_never_what_was(self) -> None:
        self.fill(*[("abC"[number % 3], number % 7, None) for number in range(LEAST)])
        jobs = self.farm.service.farm.jobs
        for change in range(4):
            for sort, search in (("owner", ""), ("-owner", "c"), ("priority", "job 1"), ("name", ""), ("-name", "2")):
                query = Query(sort=sort, search=search)
                call = Call(self.farm.service, JOB, await JOB.things(self.farm.service, None), query, 0.0)
                found, fresh = arranged(call, sorting(call, sort)), slowly(call)
                self.assertEqual([job.id for job in found], [job.id for job in fresh])
            jobs[7 * change + 1].settings = JobSettings(owner="cecil", priority=change)
            jobs.pop(LEAST - change)
            jobs[change + 1] = made(change + 1, "a", 1, None)
            jobs[change + 1].name = "another in its place, as one from the archive may be"

    async def test_jobs_that_are_gone_are_not_remembered(self) -> None:
        self.fill(*[("a", 1, None) for _ in range(LEAST)])
        await self.ask(sort="name", search="job")
        jobs = self.farm.service.farm.jobs
        before = ref(jobs.newest_first)
        jobs.pop(LEAST)
        self.assertIsNone(before())

    def failing(self, **query: Any) -> Deferred[Done]:
        return Deferred.fromCoroutine(self.ask(**query))


class Lists(SynchronousTestCase):
    @given(JOBS, SORTS, some.sampled_from(("", "a", "1", "job 2", "Queued", "nobody")))
    def test_it_is_what_a_look_at_each_gives(
        self, jobs: list[tuple[str, int, float | None]], sorts: list[str], search: str
    ) -> None:
        things = [made(number, *values) for number, values in enumerate(jobs, start=1)][::-1]  # the newest first
        query = Query(sort=",".join(sorts), search=search)
        call = Call(SmallFarm(self).service, JOB, things, query, 0.0)  # type: ignore[arg-type]
        found = arranged(call, sorting(call, query.sort))
        self.assertEqual([job.id for job in found], [job.id for job in slowly(call)])


class Cursors(SynchronousTestCase):
    @given(JOBS, SORTS)
    def test_a_page_begins_right_after_any_thing_whether_it_is_still_there_or_not(
        self, jobs: list[tuple[str, int, float | None]], sorts: list[str]
    ) -> None:
        farm = SmallFarm(self)  # type: ignore[arg-type]
        call = Call(farm.service, JOB, [], Query(), 0.0)
        keys = sorting(call, ",".join(sorts))
        things = [made(number, *values) for number, values in enumerate(jobs, start=1)]
        ordered = self.sorted(things, keys)
        for index, thing in enumerate(ordered):
            text = cursor(keys, thing)
            assert text is not None
            self.assertEqual(place(ordered, keys, text), index + 1)
            without = [each for each in ordered if each is not thing]
            self.assertEqual(place(without, keys, text), index)

    @staticmethod
    def sorted(things: list[Job], keys: list[Key]) -> list[Job]:
        """The slow way: each is put before the first that it stands before."""
        found: list[Job] = []
        for thing in things:
            values = [key.value(thing) for key in keys]
            behind = [at for at, each in enumerate(found) if compared(keys, each, values) > 0]
            found.insert(behind[0] if behind else len(found), thing)
        return found
