"""`brender db move`, as a person types it."""

import sqlite3
from pathlib import Path

from brender.db.opening import take_farm
from brender.db.sqlite import Sqlite
from tests.cli.case import CommandCase
from tests.db.cluster import cluster
from tests.db.databases import execute, rows


class Moving(CommandCase):
    def state(self) -> Path:
        folder = Path(self.mktemp()).absolute()
        engine = Sqlite(folder / "brender.sqlite")
        take_farm(engine)
        engine.let_go()
        execute(engine.path, "insert into clients values (7, 'key', 'attic', 'enabled', '{}', 0.0, '{}')")
        return folder

    async def test_a_farm_is_moved_out_of_its_state_folder_and_every_table_is_told(self) -> None:
        url = cluster().database(self)
        ran = await self.brender("db", "move", str(self.state()), url)
        self.assertEqual((ran.code, ran.err), (0, ""))
        self.assertRegex(ran.out, r"(?m)^ table +rows  sum\n clients +1  [0-9a-f]{16}$")
        self.assertIn(f"The farm is in {url} now; counts and sums are the same on both sides.", ran.out)
        self.assertEqual(rows(url, "select id, name from clients"), [(7, "attic")])

    async def test_a_target_that_is_not_empty_is_told_and_nothing_is_done(self) -> None:
        one, other = self.state(), self.state()
        ran = await self.brender("db", "move", str(one), str(other / "brender.sqlite"))
        self.assertEqual((ran.code, ran.out), (1, ""))
        self.assertRegex(ran.err, "^The database .* is not empty: there are clients. Choose an empty one.\n$")

    async def test_words_that_name_no_database_are_wrong_use(self) -> None:
        for words, said in (
            (("mysql://a/b", "x"), '"mysql://a/b" is no database'),
            (("x", "x"), "the same database twice"),
            (("x",), "Missing argument 'TO'"),
        ):
            ran = await self.brender("db", "move", *words)
            self.assertEqual((ran.code, ran.out), (2, ""), words)
            self.assertIn(said, ran.err)

    async def test_a_password_is_not_shown(self) -> None:
        file = self.state() / "brender.sqlite"
        ran = await self.brender("db", "move", str(file), "postgresql://ada:secret@127.0.0.1:1/farm")
        self.assertEqual(ran.code, 1)
        self.assertIn("postgresql://ada@127.0.0.1:1/farm cannot be reached", ran.err)
        self.assertNotIn("secret", ran.err + ran.out)
        self.assertEqual(sqlite3.connect(file).execute("select count(*) from clients").fetchone(), (1,))
