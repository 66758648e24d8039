"""The archive on real databases: what goes there comes back as it was, and who is killed in between loses nothing.

How does this work?  `Archiving` is a small farm on a database, with a shelf in the same folder.  `killed_at` lets the
shelf do so many steps (each a question to the database or a work with files), copies all files as they
are then, as after a SIGKILL, and opens the copy.  A test goes through all the steps that there are.
"""

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.trial.unittest import TestCase

from brender.db import archive as module
from brender.db.archive import Shelf
from brender.db.store import SqlStore
from brender.db.writer import Writer
from brender.farm.interfaces import NotFound
from brender.farm.submission.planning import replan
from brender.farm.submission.problems import Refused
from brender.farm.transitions import JobState, TaskState
from brender.logs.order_logs import Logs
from brender.pictures import Pictures
from brender.service.archiving import Archives
from brender.service.farm_service import FarmService
from tests.db.databases import OnPostgresql, place, ready, rows
from tests.fakes import NOON, SmallFarm, jpeg

reactor: Any = global_reactor
LATER = NOON + 10**6
TABLES = ["jobs", "submissions", "steps", "orders", "archived"]


class Killed(Exception):
    """The server was killed here."""


class Archiving(SmallFarm):
    def __init__(self, test: TestCase, where: Any, folder: Path) -> None:
        super().__init__(test)
        self.where, self.folder = where, folder
        self.steps = 0
        self.at_step: Callable[[int], None] = lambda step: None
        self.writer = Writer(ready(where), reactor.callFromThread, print)
        self.logs = Logs(folder / "logs")
        store, self.pictures = SqlStore(self.writer, replan), Pictures(folder / "pictures")
        self.service = FarmService(store, self.clock, self.logs, self.pictures, epoch=self.clock.seconds)
        shelf = Shelf(self, self.later, folder / "archive", self.logs.folder)  # type: ignore[arg-type]
        self.archives = Archives(self.service, shelf, self.now)
        self.writer.start()
        test.addCleanup(self.close)

    async def begun(self) -> "Archiving":
        await self.service.begin()
        return self

    def later(self, call: Callable[..., Any], *given: Any) -> Deferred[Any]:
        return self._step(lambda: maybeDeferred(call, *given))

    def perform(self, call: Callable[..., Any]) -> Deferred[Any]:
        return self._step(lambda: self.writer.perform(call))

    def _step(self, work: Callable[[], Deferred[Any]]) -> Deferred[Any]:
        self.steps += 1
        self.at_step(self.steps)
        return work()

    async def close(self) -> None:
        self.logs.close()
        await self.writer.close()
        self.writer.join()

    async def finished(self, jobs: int, tasks: int = 3) -> None:
        """So many jobs with logs, all of them done; each order has a task of its own."""
        clients = list(self.service.farm.clients.values())
        client = clients[0] if clients else await self.client("render-01")
        for _ in range(jobs):
            job = await self.job(values={"Frames": f"1-{tasks}"})
            while not job.finished:
                order = self.start(client)
                self.service.logged(client.id, order.id, order.awaited()[0], f"a log of {order.id}\n")
                self.finish(client)
                await self.service.save()

    def content(self, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
        """All rows, as somebody else sees them."""
        order = {"steps": "job, step_index", "archived": "job", "submissions": "job"}
        return {
            table: [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in found]
            for table in tables or TABLES
            for found in [rows(self.where, f"select * from {table} order by {order.get(table, 'id')}")]
        }

    def log_files(self) -> dict[str, bytes]:
        found = [path for path in (self.folder / "logs").rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in sorted(found)}


class Case(TestCase):
    timeout = 120

    async def farm(self, jobs: int = 0, tasks: int = 3) -> Archiving:
        farm = await Archiving(self, place(self), Path(self.mktemp())).begun()
        await farm.finished(jobs, tasks)
        return farm


    def folder(self) -> Path:
        made = Path(self.mktemp()).absolute()
        made.mkdir()
        return made


class RoundTrips(Case):
    async def test_what_was_archived_comes_back_row_by_row_and_log_by_log(self) -> None:
        self.patch(module, "PAGE", 2)
        farm = await self.farm(3, tasks=9)
        before, logs = farm.content(), farm.log_files()
        self.assertGreater(len(before["orders"]), 3 * module.PAGE)
        self.assertEqual(len(logs), len(before["orders"]))
        gone, left = await farm.archives.put_away(LATER)
        self.assertEqual(([entry.id for entry in gone], left), ([1, 2, 3], 0))
        self.assertEqual({name: len(found) for name, found in farm.content().items() if found}, {"archived": 3})
        self.assertEqual((farm.log_files(), farm.service.farm.jobs), ({}, {}))
        for job in (2, 1, 3):
            back = await farm.archives.bring_back(job)
            self.assertEqual((back.state, back.past[0].counts), (JobState.COMPLETED, [0, 0, 0, 9, 0, 0]))
        self.assertEqual((farm.content(), farm.log_files()), (before, logs))
        self.assertEqual(sorted(farm.service.farm.jobs), [1, 2, 3])

    async def test_a_job_that_is_back_can_be_run_again_and_archived_again(self) -> None:
        farm = await self.farm(1)
        await farm.archives.put_away(LATER)
        await farm.archives.bring_back(1)
        await farm.service.again(1, lambda job: {0: [0]})
        self.assertEqual(farm.service.farm.jobs[1].state, JobState.ACTIVE)
        farm.finish_all(farm.service.farm.clients[1])
        await farm.service.save()
        gone, _ = await farm.archives.put_away(LATER)
        self.assertEqual(len({entry.file for entry in gone}), 1)
        lines = await farm.archives.lines(1)
        self.assertEqual([line["end"] for line in lines if "end" in line], [4])

    async def test_the_numbers_of_archived_jobs_and_orders_stay_taken(self) -> None:
        farm = await self.farm(2)
        numbers = farm.service.farm.last_job, farm.service.farm.last_order
        await farm.archives.put_away(LATER)
        await farm.close()
        again = await Archiving(self, farm.where, farm.folder).begun()
        self.assertEqual((again.service.farm.last_job, again.service.farm.last_order), numbers)
        self.assertEqual((await again.job()).id, 3)

    async def test_whoever_asks_for_it_hears_where_it_is(self) -> None:
        farm = await self.farm(1)
        (entry,), _ = await farm.archives.put_away(LATER)
        with self.assertRaisesRegex(NotFound, rf"^Job 1 was archived in {entry.file}; brender archive --restore 1 "):
            await farm.service.orders_of(1)
        self.assertEqual([each.name for each in farm.archives.all()], ["shot_010"])
        with self.assertRaisesRegex(NotFound, "There is no job 7"):
            await farm.archives.lines(7)


class RoundTripsOnPostgresql(OnPostgresql, RoundTrips):
    pass


class Choosing(Case):
    async def test_only_what_is_old_and_finished_goes(self) -> None:
        farm = await self.farm(1)
        farm.clock.advance(1000)
        await farm.finished(1)
        await farm.job()
        gone, left = await farm.archives.put_away(NOON + 500)
        self.assertEqual(([entry.id for entry in gone], left, sorted(farm.service.farm.jobs)), ([1], 0, [2, 3]))

    async def test_a_job_that_others_wait_for_stays_until_they_are_done(self) -> None:
        farm = await self.farm(2)
        waiting = await farm.job(after=[{"job": 1}])
        gone, left = await farm.archives.put_away(LATER)
        self.assertEqual(([entry.id for entry in gone], left), ([2], 0))
        await farm.service.cancel(waiting.id)
        for client in farm.service.farm.clients.values():
            for order in list(client.orders):
                farm.service.dropped(client.id, order)
        gone, _ = await farm.archives.put_away(LATER)
        self.assertEqual([entry.id for entry in gone], [1, 3])

    async def test_a_job_may_come_after_one_that_was_archived(self) -> None:
        farm = await self.farm(1)
        await farm.archives.put_away(LATER)
        job = await farm.job(after=[{"job": 1}])
        self.assertEqual(job.gate, "")

    async def test_large_jobs_get_files_of_their_own(self) -> None:
        self.patch(module, "MOST_ORDERS", 7)
        farm = await self.farm(4)
        files, left = [], 1
        while left:
            gone, left = await farm.archives.put_away(LATER)
            files.append([entry.id for entry in gone])
        self.assertEqual(files, [[1, 2], [3, 4]])

    async def test_a_job_that_is_changed_while_it_is_copied_stays(self) -> None:
        farm = await self.farm(2)

        def change(step: int) -> None:
            if step == 8:
                farm.service.farm.jobs[1].noted.append("Somebody looked at it.")

        farm.at_step = change
        gone, left = await farm.archives.put_away(LATER)
        self.assertEqual(([entry.id for entry in gone], left, sorted(farm.service.farm.jobs)), ([2], 1, [1]))
        self.assertEqual([row[0] for row in farm.content("archived")["archived"]], [2])

    async def test_a_folder_that_is_not_there_is_refused(self) -> None:
        farm = await self.farm(1)
        for folder in ("archive", "/nowhere/at/all"):
            with self.assertRaises(Refused):
                await farm.archives.put_away(LATER, folder)
        other = self.folder()
        (entry,), _ = await farm.archives.put_away(LATER, str(other))
        self.assertEqual(Path(entry.file).parent, other)
        await farm.archives.bring_back(1)
        self.assertEqual(len(farm.log_files()), 3)


class Files(Case):
    async def test_a_file_is_lines_of_json_that_any_program_can_read(self) -> None:
        farm = await self.farm(2)
        (entry, _), _ = await farm.archives.put_away(LATER)
        with gzip.open(farm.folder / "archive" / entry.file, "rt", encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        self.assertEqual(lines[0], {"brender": "archive", "version": 1})
        self.assertEqual([line["job"]["name"] for line in lines if "job" in line], ["shot_010"] * 2)
        self.assertEqual([(line["of"], line["end"]) for line in lines if "end" in line], [(1, 3), (2, 3)])

    async def test_pictures_stay_where_they_are_and_are_shown_again(self) -> None:
        farm = await self.farm(1)
        farm.service.pictured(1, 1, 2, jpeg())
        await farm.archives.put_away(LATER)
        self.assertEqual(farm.pictures.latest(9), [])
        await farm.archives.bring_back(1)
        self.assertEqual([(number, shown.task) for number, shown in farm.pictures.latest(9)], [(1, 2)])
        self.assertEqual(farm.service.farm.jobs[1].picture, 1)

    async def test_one_of_an_older_brender_comes_back_though_it_does_not_say_how_long_tasks_took(self) -> None:
        farm = await self.farm(1)
        (entry,), _ = await farm.archives.put_away(LATER)
        path = farm.folder / "archive" / entry.file
        with gzip.open(path, "rt", encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        rows = [row for line in lines for row in (*line.get("orders", ()), *line.get("steps", ()))]
        self.assertEqual({row.pop("took") is None for row in rows}, {False})
        for row in rows:
            row.pop("cause", None)
        path.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode()))
        await farm.archives.bring_back(1)
        (step,) = await farm.service.steps_of(1)
        self.assertEqual((bytes(step.tasks), bool(step.took)), (bytes([TaskState.COMPLETED] * 3), False))

    async def test_one_that_is_damaged_or_gone_brings_nothing_back_and_says_so(self) -> None:
        farm = await self.farm(1)
        (entry,), _ = await farm.archives.put_away(LATER)
        path = farm.folder / "archive" / entry.file
        whole = path.read_bytes()
        for broken in (whole[:-20], whole[:30], b"", None):
            path.unlink()
            if broken is not None:
                path.write_bytes(broken)
            with self.assertRaisesRegex(NotFound, f"^The archive {path} "):
                await farm.archives.bring_back(1)
            self.assertEqual((farm.content("orders")["orders"], farm.service.farm.jobs), ([], {}))
            path.touch()
        path.write_bytes(whole)
        self.assertEqual((await farm.archives.bring_back(1)).id, 1)


class Kills(Case):
    async def killed_at(self, farm: Archiving, step: int, work: Callable[[], Any]) -> Archiving | None:
        """The farm that is started after a SIGKILL in front of this step; none when the work was done before."""
        copy = Path(self.mktemp())
        farm.steps = 0

        def kill(now: int) -> None:
            if now == step:
                shutil.copytree(farm.folder, copy)
                raise Killed

        farm.at_step = kill
        try:
            await work()
        except Killed:
            pass
        else:
            return None
        finally:
            farm.at_step = lambda step: None
        again = await Archiving(self, copy / "brender.sqlite", copy).begun()
        await again.archives.mend()
        return again

    async def fresh(self, original: Path) -> Archiving:
        folder = Path(self.mktemp())
        shutil.copytree(original, folder)
        return await Archiving(self, folder / "brender.sqlite", folder).begun()

    async def made(self) -> Archiving:
        self.patch(module, "PAGE", 2)
        folder = Path(self.mktemp())
        farm = await Archiving(self, folder / "brender.sqlite", folder).begun()
        await farm.finished(2)
        return farm

    async def test_a_kill_at_any_step_of_archiving_leaves_each_job_in_one_place_and_the_next_run_ends_it(self) -> None:
        farm = await self.made()
        before, logs = farm.content(), farm.log_files()
        await farm.close()
        places = set()
        for step in range(1, 200):
            once = await self.fresh(farm.folder)
            again = await self.killed_at(once, step, lambda: once.archives.put_away(LATER))  # noqa: B023 (awaited here)
            if again is None:
                break
            here, there = set(again.service.farm.jobs), set(again.service.farm.archived)
            self.assertEqual((here | there, here & there), ({1, 2}, set()), step)
            places.add((len(here), len(there)))
            await again.archives.put_away(LATER)
            self.assertEqual({name for name, found in again.content().items() if found}, {"archived"}, step)
            self.assertEqual([len(list((again.folder / "archive").glob(kind))) for kind in ("*.gz", "*.part")], [1, 0])
            for job in (1, 2):
                await again.archives.bring_back(job)
            self.assertEqual((again.content(), again.log_files()), (before, logs), step)
        self.assertGreater(step, 15)
        self.assertEqual(places, {(2, 0), (0, 2)})

    async def test_a_kill_at_any_step_of_bringing_back_leaves_the_job_in_one_place(self) -> None:
        farm = await self.made()
        before, logs = farm.content(), farm.log_files()
        await farm.archives.put_away(LATER)
        await farm.archives.bring_back(2)
        await farm.close()
        for step in range(1, 200):
            once = await self.fresh(farm.folder)
            again = await self.killed_at(once, step, lambda: once.archives.bring_back(1))  # noqa: B023 (awaited here)
            if again is None:
                break
            self.assertIn(1, again.service.farm.archived, step)
            await again.archives.bring_back(1)
            self.assertEqual((again.content(), again.log_files()), (before, logs), step)
        self.assertGreater(step, 8)
