"""`check`: a farm that was at work has no problem, and whatever is changed by somebody else is found and told."""

from pathlib import Path
from typing import Any

from twisted.trial.unittest import TestCase

from brender.db.check import check
from brender.db.engine import CannotOpen
from brender.farm.choosing import everything
from brender.farm.transitions import JobState
from tests.db.databases import OnPostgresql, execute, place
from tests.db.test_archive import LATER, Archiving
from tests.db.test_backup import flip

# What somebody does to the database of a farm whose job 1 is done and whose job 2 has begun, and what is told.
DAMAGE = (
    (
        "delete from jobs where id = 1",
        "3 orders belong to job 1, which is not there.",
    ),
    (
        "delete from jobs where id = 1",
        "1 steps belong to job 1, which is not there.",
    ),
    (
        "delete from jobs where id = 1",
        "A template belongs to job 1, which is not there.",
    ),
    (
        "delete from clients",
        "5 orders were given to client 1, which is not there.",
    ),
    (
        "delete from submissions where job = 2",
        "Job 2 has no template: it can never run again.",
    ),
    (
        "delete from steps where job = 2",
        "Job 2 has no steps.",
    ),
    (
        "update orders set step = 7 where id = 2",
        "Order 2 of job 1 is of step 7, which is not there.",
    ),
    (
        "update orders set count = 5 where id = 2",
        "Order 2 of job 1 says what became of 1 tasks, and has 5.",
    ),
    (
        "update orders set took = x'41' where id = 2",
        "Order 2 of job 1 says in 1 bytes how long its tasks took, and has 1 tasks.",
    ),
    (
        "update steps set took = x'414141' where job = 1",
        "Step Render of job 1 says in 3 bytes how long its tasks took, and has 3 tasks.",
    ),
    (
        "update orders set tasks = x'41' where id = 2",
        "Order 2 of job 1 has tasks in a state that there is not.",
    ),
    (
        "update orders set tasks = x'02' where id = 2",
        "Order 2 of job 1 is still open, and the job is completed.",
    ),
    (
        "update orders set tasks = x'02' where id = 2",
        "Order 2 of job 1 is open, and has an end.",
    ),
    (
        "update orders set ended = null where id = 2",
        "Order 2 of job 1 is done, and has no end.",
    ),
    (
        "update orders set ended = 5 where id = 4",
        "Order 4 of job 2 is open, and has an end.",
    ),
    (
        "update orders set first = 9 where id = 2",
        "Step Render of job 1 has 3 tasks, and orders of more.",
    ),
    (
        "update orders set tasks = x'05' where id = 2",
        "Step Render of job 1: task 1 is said to be done, and no order has done it.",
    ),
    (
        "delete from orders where id = 3",
        "Step Render of job 1: task 2 is said to be done, and no order has done it.",
    ),
    (
        "update steps set counts = '[0,0,0,3' where job = 1",
        "Step Render of job 1 cannot be read: Input data was truncated.",
    ),
    (
        "update steps set counts = '[0,0,0,2,1,0]' where job = 1",
        "Step Render of job 1: the counts [0, 0, 0, 2, 1, 0] are not those of its tasks.",
    ),
    (
        "update steps set counts = '[0,0,0,4,0,0]' where job = 1",
        "Step Render of job 1 has 4 tasks by its counts, and states of 3.",
    ),
    (
        "update steps set tasks = null where job = 1",
        "Step Render of job 1 has ended, and what became of its tasks is not there.",
    ),
    (
        "update steps set tasks = x'616263' where job = 1",
        "Step Render of job 1 cannot be read: Error -3 while decompressing data: incorrect header check.",
    ),
    (
        "update orders set tasks = 'abc' where id = 2",
        "Job 1 has a row with a value of a wrong kind.",
    ),
    (
        "update submissions set template = '{' where job = 2",
        "What job 2 was submitted with cannot be read: Input data was truncated.",
    ),
    (
        "insert into orders select 99, job, step, client, first, count, attempt, cost, issued, ended, reason, tasks, "
        "together, second, took, cause from orders where id = 4",
        "Step Render of job 2: task 0 is given to more than one client.",
    ),
    (
        "insert into archived values (1, 'x', 'completed', 1, 1, 1, 'gone.jsonl.gz', 1, 2)",
        "Job 1 is in the farm and is said to be in an archive too.",
    ),
    (
        "insert into archived values (7, 'x', 'completed', 1, 1, 1, 'gone.jsonl.gz', 1, 2)",
        "The archive {archive}/gone.jsonl.gz with 1 jobs (the first is job 7) is not there.",
    ),
    (
        "insert into farm_settings values ('strikes', '{', 1.0)",
        "The setting strikes of the farm cannot be read: Input data was truncated.",
    ),
)


class Checking(TestCase):
    timeout = 120

    async def farm(self) -> Archiving:
        self.folder = Path(self.mktemp())
        farm = await Archiving(self, place(self), self.folder).begun()
        await farm.finished(1)
        await farm.job()
        await farm.service.save()
        return farm

    def problems(self, farm: Archiving) -> list[str]:
        return list(check(farm.where, self.folder / "archive"))

    async def test_a_farm_at_work_has_no_problem(self) -> None:
        farm = await self.farm()
        self.assertEqual(self.problems(farm), [])

    async def test_whatever_people_and_workers_do_the_sums_are_right(self) -> None:
        farm = await self.farm()
        service, (client,) = farm.service, farm.service.farm.clients.values()
        other = await farm.client("render-02", slots=2)
        for number, outcome in enumerate(["completed", "failed", "completed", "failed"] * 6):
            for each in (client, other):
                if any(order.open for order in each.orders.values()):
                    farm.finish(each, outcome, "no")
            await service.save()
            self.assertEqual(self.problems(farm), [], number)
        await service.again(1, everything_of)
        farm.finish(client)
        await service.save()
        self.assertEqual(self.problems(farm), [])
        await service.cancel(1)
        await service.save()
        self.assertEqual((service.farm.jobs[1].state, self.problems(farm)), (JobState.CANCELED, []))
        await service.again(2, everything_of)
        for _ in range(40):
            farm.finish_all(client)
            farm.finish_all(other)
            await service.save()
        self.assertEqual(self.problems(farm), [])

    async def test_a_farm_with_archived_jobs_has_no_problem_until_their_file_is_gone(self) -> None:
        farm = await self.farm()
        await farm.archives.put_away(LATER)
        self.assertEqual(self.problems(farm), [])
        (path,) = (self.folder / "archive").glob("*.gz")
        path.unlink()
        self.assertEqual(self.problems(farm), [f"The archive {path} with 1 jobs (the first is job 1) is not there."])

    async def test_how_far_it_is_is_told(self) -> None:
        farm, told = await self.farm(), list[tuple[int, int]]()
        list(check(farm.where, self.folder, lambda done, of: told.append((done, of))))
        self.assertEqual(told, [(0, 2), (1, 2)])

    async def test_tables_of_another_brender_are_told(self) -> None:
        farm = await self.farm()
        execute(farm.where, "insert into schema_migration (id, name, applied) values (99, '0099_later', '2030-01-01')")
        self.assertIn("belongs to a newer brender (it has 0099_later)", self.problems(farm)[0])
        execute(farm.where, "delete from schema_migration where id in (99, 4)")
        self.assertIn("belongs to an older brender", self.problems(farm)[0])


class CheckingOnPostgresql(OnPostgresql, Checking):
    pass


class Damages(Checking):
    async def test_what_somebody_else_has_changed_is_found_and_told(self) -> None:
        farm = await self.farm()
        whole = farm.where.with_name("whole.sqlite")
        await farm.close()
        whole.write_bytes(farm.where.read_bytes())
        for statement, sentence in DAMAGE:
            farm.where.write_bytes(whole.read_bytes())
            execute(farm.where, "pragma foreign_keys = off", statement)
            self.assertIn(sentence.format(archive=self.folder / "archive"), self.problems(farm), statement)

    async def test_bytes_that_were_turned_are_found(self) -> None:
        farm = await self.farm()
        await farm.close()
        flip(farm.where)
        problems = self.problems(farm)
        self.assertRegex(problems[0], "damaged|cannot be looked at")

    async def test_any_page_that_is_turned_into_nonsense_is_found(self) -> None:
        farm = await self.farm()
        await farm.close()
        whole = farm.where.read_bytes()
        unused: list[int] = []
        for page in range(0, len(whole), 4096):
            damaged = bytearray(whole)
            damaged[page : page + 100] = bytes(each ^ 0x5A for each in whole[page : page + 100])
            farm.where.write_bytes(damaged)
            try:
                unused += [] if self.problems(farm) else [page]
            except CannotOpen as error:
                self.assertRegex(str(error), "cannot be looked at")
        self.assertEqual(unused, [])

    def test_where_there_is_no_database_it_says_so(self) -> None:
        with self.assertRaisesRegex(CannotOpen, "There is no database .*nowhere"):
            list(check(Path("nowhere"), Path("nowhere")))


def everything_of(job: Any) -> Any:
    return everything(job, "")
