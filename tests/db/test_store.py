"""The store: what was saved is loaded again, and what cannot be opened says so in a sentence."""

import os
from pathlib import Path
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.db.engine import CannotOpen
from brender.db.opening import open_store
from brender.db.store import SqlStore
from brender.farm import changing
from brender.farm.changes import Loaded
from brender.farm.client import Status
from brender.farm.farm import Farm
from brender.farm.interfaces import NotFound
from brender.farm.starting import restore
from brender.farm.submission.planning import Plan, replan
from brender.farm.submission.problems import Problem, Refused
from brender.farm.transitions import JobState
from tests.db.databases import OnPostgresql, execute, open_for, place, rows
from tests.doubles import DONE, FAILED, Rules, Stage, machine
from tests.farm.life.picture import picture

reactor: Any = global_reactor


class Keeping(TestCase):
    def setUp(self) -> None:
        self.path = place(self)
        self.store = open_for(self, reactor, self.path)
        self.world = Rules()

    async def loaded(self) -> Loaded:
        return await self.store.load()

    async def reopened(self) -> SqlStore:
        await self.store.close()
        return open_for(self, reactor, self.path)

    async def save(self) -> None:
        """What has happened, as the service saves it."""
        changes = self.world.changes()
        done = self.store.save(changes)
        for job in changes.ended:
            job.close()
        await done

    async def test_a_fresh_farm_is_empty(self) -> None:
        self.assertEqual(await self.loaded(), Loaded())

    async def test_a_machine_gets_a_number_and_is_there_again(self) -> None:
        numbers = [await self.store.add_client(machine(number, memory=2**36), 5.0) for number in (1, 2)]
        (first, second) = (await self.loaded()).clients
        self.assertEqual(([first.id, second.id], first.machine), (numbers, machine(1, memory=2**36)))
        self.assertEqual((first.status, first.online, first.since), (Status.ENABLED, False, 5.0))

    async def test_a_machine_is_added_once_and_has_its_number_when_nobody_heard_of_the_first_time(self) -> None:
        numbers = [await self.store.add_client(machine(1), now) for now in (5.0, 6.0)]
        (found,) = (await self.loaded()).clients
        self.assertEqual((numbers, found.id, found.since), ([found.id] * 2, found.id, 5.0))

    async def test_a_text_with_a_zero_byte_is_kept_without_it(self) -> None:
        self.world.job(Stage(tasks=2), owner="a\0b").reason = "It \0 broke."
        await self.save()
        (found,) = (await self.loaded()).unfinished
        self.assertEqual((found.job.owner, found.job.reason), ("a\0b", "It \ufffd broke."))

    async def test_everything_is_there_after_the_database_was_closed_and_opened(self) -> None:
        client, other = self.world.client(2), self.world.client()
        self.world.job(Stage("A", 3, vcpus=1), Stage("B", after=("A",)))
        finished = self.world.job(Stage(), priority=90)
        paused = self.world.job(Stage(tasks=2))
        changing.pause(self.world.farm, paused)
        self.world.match()
        await self.save()
        while not finished.finished:
            self.world.ended(self.world.orders(client)[0], outcome=DONE)
            self.world.match()
        order = next(order for order in self.world.farm.orders.values() if order.job == 1)
        self.world.ended(order, outcome=FAILED, message="It broke.")
        changing.set_status(self.world.farm, other, Status.DISABLED)
        await self.save()
        store = await self.reopened()
        farm = Farm()
        restore(farm, await store.load(), 99.0)
        self.assertEqual(picture(farm), picture(self.world.farm))
        self.assertEqual((farm.last_job, farm.last_order), (3, self.world.farm.last_order))
        self.assertEqual(farm.jobs[2].past[0].counts, finished.past[0].counts)

    async def test_what_was_submitted_is_there_again_finished_or_not(self) -> None:
        first, second = self.world.job(Stage(tasks=2)), self.world.job(Stage(tasks=3))
        wanted = {job.id: (job.template, job.values) for job in (first, second)}
        await self.save()
        changing.cancel(self.world.farm, second, 5.0)
        await self.save()
        self.assertEqual(second.template, {})
        for number, submitted in wanted.items():
            self.assertEqual(await self.store.submission_of(number), submitted)

    async def test_a_job_that_is_not_there_was_never_submitted(self) -> None:
        with self.assertRaisesRegex(NotFound, r"^There is no job 8\.$"):
            await self.store.submission_of(8)

    async def test_orders_of_a_job_are_read_oldest_first_whatever_became_of_it(self) -> None:
        client = self.world.client()
        self.world.job(Stage(tasks=4))
        self.world.job(Stage(tasks=1))
        self.world.run(client)
        self.world.changes()
        await self.save()
        self.world.job(Stage(tasks=3))
        self.world.match()
        await self.save()
        read = await self.store.orders_of(3)
        self.assertEqual([(order.id, order.first, order.open) for order in read], [(6, 0, True), (7, 1, True)])
        self.assertEqual(await self.store.orders_of(1), [])

    async def test_a_question_sees_what_was_saved_just_before_it(self) -> None:
        self.world.client()
        self.world.job(Stage(tasks=2))
        self.world.match()
        done = self.store.save(self.world.changes())
        self.assertGreater(self.store.pending, 0)
        self.assertEqual(len(await self.store.orders_of(1)), 2)
        await done
        self.assertEqual(self.store.pending, 0)

    async def test_of_what_was_completed_as_a_whole_only_the_tasks_are_read(self) -> None:
        (here, there), world = (self.world.client(), self.world.client()), self.world
        world.job(Stage(tasks=5, vcpus=1))
        for client, outcome in ((here, DONE), (there, FAILED), (here, DONE)):
            world.match()
            running = next(order for order in world.orders(client) if order.open)
            world.ended(running, outcome=outcome, message="It broke.")
        world.match()
        await self.save()
        loaded, columns = await self.loaded(), "id, issued, first, count, took, tasks"
        kept = sorted(rows(self.path, f"select {columns} from orders"))
        whole = [tuple(row) for *row, tasks in kept if not tasks.strip(bytes([DONE]))]
        self.assertEqual((len(whole), loaded.done), (2, {(1, 0): whole}))
        others = [(number, tasks) for number, _, _, _, _, tasks in kept if tasks.strip(bytes([DONE]))]
        self.assertEqual([(order.id, bytes(order.tasks)) for order in loaded.orders], others)
        self.assertIn(FAILED, others[0][1])

    async def test_a_job_that_this_program_cannot_read_any_more_stops_nobody_else(self) -> None:
        def picky(template: dict[str, Any], values: dict[str, Any], added: list[dict[str, Any]]) -> Plan:
            if len(template["steps"]) == 2:
                raise Refused([Problem("steps[1]", "No such thing.")])
            return replan(template, values)

        client = self.world.client()
        self.world.job(Stage("A", 2, vcpus=1), Stage("B"))
        self.world.job(Stage("A", 2, vcpus=1))
        self.world.match()
        self.world.ended(self.world.orders(client)[0])
        self.world.match()
        await self.save()
        await self.store.close()
        store = open_store(self.path, picky, reactor.callFromThread, print)
        loaded = await store.load()
        await store.close()
        farm = Farm()
        restore(farm, loaded, 99.0)
        self.assertEqual((farm.jobs[1].state, farm.jobs[2].state), (JobState.CANCELED, JobState.QUEUED))
        self.assertEqual(
            farm.jobs[1].reason, "This brender cannot read the job's template any more: steps[1]: No such thing."
        )
        self.assertEqual(({*loaded.done} | {order.job for order in loaded.orders}) & {1, (1, 0)}, set())
        self.assertEqual([step.name for step in farm.jobs[1].past], ["A", "B"])
        self.assertEqual(rows(self.path, "select state from jobs"), [("active",), ("queued",)])

    async def test_steps_of_a_finished_job_have_their_names_in_whatever_order_their_rows_lie(self) -> None:
        client = self.world.client()
        self.world.job(Stage("A", 1), Stage("B", 1))
        for _ in range(2):
            self.world.match()
            self.world.ended(self.world.orders(client)[0])
        await self.save()
        await self.store.close()
        execute(self.path, "UPDATE steps SET name = name WHERE step_index = 0")  # PostgreSQL puts it behind the other
        store = open_for(self, reactor, self.path)
        (job,) = (await store.load()).finished
        self.assertEqual([(step.index, step.name) for step in job.past], [(0, "A"), (1, "B")])


class KeepingOnPostgresql(OnPostgresql, Keeping):
    pass


class Opening(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = place(self)

    def refusal(self, path: Path | None = None) -> str:
        with self.assertRaises(CannotOpen) as caught:
            open_store(path or self.path, replan, lambda call, *given: call(*given), print)
        return str(caught.exception)

    def opened(self) -> SqlStore:
        store = open_store(self.path, replan, lambda call, *given: None, print)
        self.addCleanup(store.writer.join)
        self.addCleanup(store.close)
        return store

    def test_folders_are_made(self) -> None:
        self.path = self.path.parent / "a" / "b" / "brender.sqlite"
        self.opened()
        self.assertTrue(self.path.is_file())

    def test_a_commit_survives_a_power_cut(self) -> None:
        database: Any = self.opened().writer._database
        with database.connection_context():
            seen = [database.pragma(name) for name in ("journal_mode", "synchronous", "foreign_keys")]
        self.assertEqual(seen, ["wal", 2, 1])

    def test_a_file_where_the_folder_should_be(self) -> None:
        self.path.parent.write_text("I am a file.")
        self.assertEqual(
            self.refusal(),
            f"The database {self.path} cannot be opened: {self.path.parent} is not a folder. "
            "Choose a folder that can be written with --state, or mend its permissions.",
        )

    def test_a_folder_that_cannot_be_made(self) -> None:
        self.assertRegex(self.refusal(Path("/proc/brender/brender.sqlite")), "cannot be opened: No such file.*--state")

    def test_a_folder_where_the_file_should_be(self) -> None:
        self.path.mkdir(parents=True)
        self.assertRegex(self.refusal(), "cannot be opened: unable to open database file.*--state")

    def test_something_that_is_no_database(self) -> None:
        self.path.parent.mkdir()
        self.path.write_bytes(b"I am a letter to my aunt." * 400)
        self.assertEqual(
            self.refusal(),
            f"The database {self.path} is damaged, or is none: file is not a database. "
            "Put a copy of it in its place, or move it away to begin with an empty farm.",
        )

    def test_one_that_was_cut_off(self) -> None:
        store = self.opened()
        store.close()
        store.writer.join()
        os.truncate(self.path, 5000)
        self.assertRegex(self.refusal(), "is damaged, or is none: database disk image is malformed")

    def test_one_that_a_newer_program_has_changed(self) -> None:
        store = self.opened()
        store.close()
        store.writer.join()
        execute(self.path, "insert into schema_migration (name, applied) values ('0999_later', '2030-01-01')")
        self.assertEqual(
            self.refusal(),
            f"The database {self.path} belongs to a newer brender: it has 0999_later, which this one does not know. "
            "Install that brender again, or choose another folder with --state.",
        )

    def test_one_that_another_server_uses(self) -> None:
        self.opened()
        self.assertEqual(
            self.refusal(),
            f"Another server (process {os.getpid()}) uses the database {self.path}. "
            "Stop it, or choose another folder with --state.",
        )

    def test_one_is_let_go_when_it_is_closed_and_when_it_could_not_be_opened(self) -> None:
        self.path.parent.mkdir()
        self.path.write_bytes(b"I am a letter to my aunt." * 400)
        self.refusal()
        self.path.unlink()
        for _ in range(2):
            store = self.opened()
            store.close()
            store.writer.join()
