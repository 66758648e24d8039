"""Backups and the way back: what was there is there again, and no number is given out twice."""

import shutil
import sqlite3
import subprocess
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.trial.unittest import TestCase

from brender.db import backup_postgresql
from brender.db.backup import (
    UNKNOWN_JOBS,
    CannotBackUp,
    back_up,
    back_up_logs,
    restore,
    restore_logs,
)
from brender.db.check import integrity
from brender.db.models import KEYS
from brender.farm.people.users import Role, User
from tests.db.databases import OnPostgresql, execute, place, rows
from tests.db.schema_text import NAMES, SCHEMAS
from tests.db.test_archive import LATER, Archiving

reactor: Any = global_reactor
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
TABLES = [model._meta.table_name for model in KEYS if model._meta.table_name != "marks"]


def content(where: Any) -> dict[str, Any]:
    found = {table: rows(where, f"select * from {table} order by 1, 2") for table in TABLES}
    return {table: [tuple(map(plain, row)) for row in these] for table, these in found.items()}


def plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


class Case(TestCase):
    timeout = 120

    async def farm(self, where: Any = None) -> Archiving:
        """A farm at work: one job is done, one has begun."""
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        farm = await Archiving(self, where or place(self), self.folder).begun()
        if not farm.service.farm.jobs:
            await farm.finished(1)
            await farm.job()
            await farm.service.save()
        return farm


class BackingUp(Case):
    async def test_a_running_farm_is_copied_as_it_is_and_goes_on(self) -> None:
        farm = await self.farm()
        before = content(farm.where)
        back_up(farm.where, self.folder / "farm.backup")
        await farm.job()
        await farm.service.save()
        self.assertEqual(len(content(farm.where)["jobs"]), 3)
        await farm.close()
        kept = restore(farm.where, self.folder / "farm.backup", self.folder, NOW)
        self.assertEqual(content(farm.where), before)
        self.assertEqual(kept, self.folder / f"brender-before-2026-11-26-120000{self.ending}")
        self.assertTrue(kept.is_file())

    ending = ".sqlite"

    async def test_what_was_there_is_kept_and_can_be_restored_itself(self) -> None:
        farm = await self.farm()
        back_up(farm.where, self.folder / "farm.backup")
        await farm.job()
        await farm.service.save()
        await farm.close()
        then = content(farm.where)
        kept = restore(farm.where, self.folder / "farm.backup", self.folder, NOW)
        restore(farm.where, kept, self.folder, NOW.replace(hour=13))
        self.assertEqual(content(farm.where), then)

    async def test_whoever_was_logged_in_then_logs_in_again(self) -> None:
        farm = await self.farm()
        people = farm.service.farm.people
        farm.service.farm.changes.users["ada"] = User("ada", Role.ADMIN, "a hash", 1.0, 1.0)
        people.sessions.begin("ada", "secret", farm.now(), lasts=True)
        await farm.service.save()
        back_up(farm.where, self.folder / "farm.backup")
        self.assertEqual(len(content(farm.where)["sessions"]), 1)
        await farm.close()
        restore(farm.where, self.folder / "farm.backup", self.folder, NOW)
        self.assertEqual([len(content(farm.where)[table]) for table in ("users", "sessions")], [1, 0])

    async def test_a_farm_that_is_restored_goes_on_and_gives_no_number_out_again(self) -> None:
        farm = await self.farm()
        back_up(farm.where, self.folder / "farm.backup")
        for _ in range(3):
            await farm.job()
        await farm.finished(1)
        last = farm.service.farm.last_job, farm.service.farm.last_order
        await farm.close()
        (reign,) = rows(farm.where, "select number from reign")[0]
        restore(farm.where, self.folder / "farm.backup", self.folder, NOW)
        again = await self.farm(farm.where)
        self.assertEqual(sorted(again.service.farm.jobs), [1, 2])
        self.assertEqual((again.service.farm.last_job, again.service.farm.last_order), last)
        self.assertEqual((await again.job()).id, last[0] + 1)
        self.assertGreater(rows(farm.where, "select number from reign")[0][0], reign)

    async def test_a_file_that_is_there_is_not_written_over(self) -> None:
        farm = await self.farm()
        (self.folder / "mine").write_text("mine")
        with self.assertRaisesRegex(CannotBackUp, "mine is there already: choose another name"):
            back_up(farm.where, self.folder / "mine")
        self.assertEqual((self.folder / "mine").read_text(), "mine")

    async def test_a_folder_that_is_not_there_is_told_and_nothing_is_left(self) -> None:
        farm = await self.farm()
        with self.assertRaisesRegex(CannotBackUp, "nowhere/copy"):
            back_up(farm.where, self.folder / "nowhere" / "copy")

    async def test_what_is_no_backup_changes_nothing(self) -> None:
        farm = await self.farm()
        await farm.close()
        before = content(farm.where)
        (self.folder / "text").write_text("I am a text.\n" * 1000)
        with self.assertRaisesRegex(CannotBackUp, "text"):
            restore(farm.where, self.folder / "text", self.folder, NOW)
        with self.assertRaises(CannotBackUp):
            restore(farm.where, self.folder / "nothing", self.folder, NOW)
        self.assertEqual(content(farm.where), before)

    async def test_one_of_a_newer_brender_is_refused(self) -> None:
        farm = await self.farm()
        await farm.close()
        execute(farm.where, "insert into schema_migration (id, name, applied) values (99, '0099_later', '2030-01-01')")
        back_up(farm.where, self.folder / "farm.backup")
        execute(farm.where, "delete from schema_migration where id = 99")
        with self.assertRaisesRegex(CannotBackUp, "belongs to a newer brender.*0099_later"):
            restore(farm.where, self.folder / "farm.backup", self.folder, NOW)


class BackingUpOnPostgresql(OnPostgresql, BackingUp):
    ending = ".dump"

    async def test_a_server_that_has_the_farm_is_not_disturbed(self) -> None:
        from tests.db.databases import open_for  # noqa: PLC0415

        store = open_for(self, reactor, place(self))
        where = store.writer._database.connect_params["conninfo"]
        back_up(where, Path(self.mktemp()))
        target = Path(self.mktemp())
        back_up(where, target)
        with self.assertRaisesRegex(CannotBackUp, "has the farm in .*Stop it first"):
            restore(where, target, target.parent, NOW)

    def test_a_password_is_given_where_nobody_sees_it(self) -> None:
        seen: list[Any] = []

        def ran(command: list[str], **how: Any) -> Any:
            seen.append((command, how["env"]["PGPASSWORD"]))
            raise CannotBackUp("enough")

        self.patch(subprocess, "run", ran)
        with self.assertRaisesRegex(CannotBackUp, "enough"):
            backup_postgresql.dump("postgresql://brender:secret@db.studio/farm", Path("x"))
        self.assertEqual((seen[0][1], "secret" in " ".join(seen[0][0])), ("secret", False))


class Sqlite(Case):
    async def test_the_copy_is_one_file_that_is_whole(self) -> None:
        farm = await self.farm()
        back_up(farm.where, self.folder / "farm.backup")
        self.assertEqual([path.name for path in self.folder.glob("farm.backup*")], ["farm.backup"])
        self.assertEqual(integrity(self.folder / "farm.backup"), "")

    async def test_a_farm_that_a_server_has_is_not_replaced(self) -> None:
        from brender.db.lock import hold  # noqa: PLC0415

        farm = await self.farm()
        back_up(farm.where, self.folder / "farm.backup")
        lock = hold(farm.where)
        self.addCleanup(lambda: __import__("os").close(lock))
        with self.assertRaisesRegex(CannotBackUp, "Another server .* uses the database"):
            restore(farm.where, self.folder / "farm.backup", self.folder, NOW)

    async def test_a_damaged_database_is_not_copied_as_if_it_were_whole(self) -> None:
        farm = await self.farm()
        await farm.finished(3)
        await farm.close()
        flip(farm.where)
        with self.assertRaisesRegex(CannotBackUp, r"is damaged|malformed"):
            back_up(farm.where, self.folder / "farm.backup")
        self.assertEqual(list(self.folder.glob("farm.backup*")), [])

    async def test_a_damaged_database_is_replaced_and_kept(self) -> None:
        farm = await self.farm()
        back_up(farm.where, self.folder / "farm.backup")
        await farm.close()
        for file in (farm.where, farm.where.with_name("brender.sqlite-wal")):
            file.write_bytes(b"no database" * 1000)
        kept = restore(farm.where, self.folder / "farm.backup", self.folder, NOW)
        self.assertEqual(kept.read_bytes(), b"no database" * 1000)
        again = await self.farm(farm.where)
        self.assertEqual(sorted(again.service.farm.jobs), [1, 2])
        self.assertEqual((await again.job()).id, 3 + UNKNOWN_JOBS)

    def test_a_backup_of_an_older_brender_is_brought_up_to_date(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        old = sqlite3.connect(folder / "old")
        old.executescript((SCHEMAS / "0001.sql").read_text())
        old.close()
        restore(folder / "brender.sqlite", folder / "old", folder, NOW)
        self.assertEqual(rows(folder / "brender.sqlite", "select max(name) from schema_migration"), [(NAMES[-1],)])
        self.assertEqual(sorted(path.name for path in folder.iterdir()), ["brender.lock", "brender.sqlite", "old"])

    async def test_archived_jobs_are_archived_in_the_copy_too(self) -> None:
        farm = await self.farm()
        await farm.archives.put_away(LATER)
        back_up(farm.where, self.folder / "farm.backup")
        await farm.close()
        restore(farm.where, self.folder / "farm.backup", self.folder, NOW)
        again = await self.farm(farm.where)
        self.assertEqual((sorted(again.service.farm.archived), sorted(again.service.farm.jobs)), ([1], [2]))


class Logs(Case):
    async def test_logs_go_and_come_back(self) -> None:
        farm = await self.farm()
        before = farm.log_files()
        back_up_logs(self.folder / "logs", self.folder / "logs.tar")
        with tarfile.open(self.folder / "logs.tar") as tar:
            self.assertIn("1/1.log.gz", tar.getnames())
        shutil.rmtree(self.folder / "logs")
        restore_logs(self.folder / "logs.tar", self.folder / "logs")
        self.assertEqual(farm.log_files(), before)

    def test_what_is_no_tar_file_is_told(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "text").write_text("I am a text.")
        with self.assertRaisesRegex(CannotBackUp, "cannot be restored"):
            restore_logs(folder / "text", folder / "logs")


def flip(path: Path) -> None:
    """Turn bytes in every page but the first."""
    data = bytearray(path.read_bytes())
    for page in range(4096, len(data), 4096):
        for byte in range(page, page + 12):
            data[byte] ^= 0x55
    path.write_bytes(data)
