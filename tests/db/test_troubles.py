"""What is wrong with a database: the errors of real ones, and what each is taken for."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from peewee import OperationalError, PeeweeException, PostgresqlDatabase
from twisted.trial.unittest import SynchronousTestCase

from brender.db.sqlite import sqlite
from brender.db.troubles import POSTGRESQL, SQLITE, Fate, GivenUp, Trouble, source, trouble_of

WAIT, TRY, STOP = Fate.WAIT, Fate.TRY, Fate.STOP


def raised(call: Callable[[], Any]) -> BaseException:
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("Nothing was raised.")


class OfSqlite(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.made = sqlite3.connect(self.path, isolation_level=None)
        self.addCleanup(self.made.close)
        self.made.execute("create table t (a integer primary key, b blob)")

    def ask(self, statement: str, place: str = "") -> Trouble:
        """What comes of a statement, asked of a connection of its own."""
        connection = sqlite3.connect(place or f"file:{self.path}", uri=True, timeout=0)
        self.addCleanup(connection.close)
        return trouble_of(raised(lambda: connection.execute(statement)))

    def test_a_disk_that_is_full(self) -> None:
        self.made.execute("pragma max_page_count = 3")
        error = raised(lambda: self.made.execute("insert into t values (1, zeroblob(100000))"))
        self.assertEqual(trouble_of(error), Trouble("its disk is full"))

    def test_a_transaction_that_sqlite_has_rolled_back_by_itself_hides_nothing(self) -> None:
        database = sqlite(self.path)
        with database.connection_context():
            database.execute_sql("pragma max_page_count = 3")

            def write() -> None:
                with database.atomic():
                    try:
                        database.execute_sql("insert into t values (1, zeroblob(100000))")
                    finally:
                        database.execute_sql("rollback")  # as SQLite does when its disk fails

            error = raised(write)
        self.assertEqual(str(error), "cannot rollback - no transaction is active")
        self.assertEqual(trouble_of(error), Trouble("its disk is full"))
        self.assertIn("full", str(source(error)))

    def test_a_lock_that_somebody_else_holds(self) -> None:
        self.made.execute("begin exclusive")
        self.assertEqual(self.ask("insert into t values (1, 2)"), Trouble("another program has locked it"))

    def test_a_file_that_can_only_be_read(self) -> None:
        trouble = self.ask("insert into t values (1, 2)", f"file:{self.path}?mode=ro")
        self.assertEqual((trouble.fate, trouble.words), (WAIT, "it can be read, but not written"))

    def test_a_folder_that_is_gone(self) -> None:
        error = raised(lambda: sqlite3.connect(f"{self.path}/no/such.sqlite"))
        self.assertEqual(trouble_of(error), Trouble("its file cannot be opened", reopen=True))

    def test_one_that_is_damaged(self) -> None:
        self.made.close()
        self.path.write_bytes(b"I am a letter to my aunt." * 400)
        self.assertEqual(self.ask("select * from t").fate, STOP)

    def test_a_trigger_that_refuses(self) -> None:
        self.made.execute("create trigger r before insert on t begin select raise(abort, 'on fire'); end")
        self.assertEqual(self.ask("insert into t values (1, 2)"), Trouble("a trigger in it refuses what is written"))

    def test_a_mistake_of_ours_is_none_of_them(self) -> None:
        for statement in ("select * from nowhere", "insert into t values ('word', 1)", "what?"):
            self.assertEqual(self.ask(statement).fate, TRY, statement)
        self.assertEqual(trouble_of(raised(lambda: self.made.execute("select ?", [object()]))).fate, TRY)
        self.assertEqual(trouble_of(raised(lambda: self.made.execute("select ?", [2**70]))).fate, TRY)

    def test_it_is_the_same_when_peewee_has_made_it_an_error_of_its_own(self) -> None:
        self.made.execute("begin exclusive")
        database = sqlite(self.path)
        with self.assertRaises(PeeweeException) as caught, database.connection_context():
            database.execute_sql("pragma busy_timeout = 0")
            database.execute_sql("insert into t values (1, 2)")
        self.assertEqual(trouble_of(caught.exception), Trouble("another program has locked it"))

    def test_every_error_of_the_disk_is_one(self) -> None:
        for name in ("SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_READ", "SQLITE_IOERR_SHMSIZE"):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = getattr(sqlite3, name)
            self.assertEqual(trouble_of(error), SQLITE[sqlite3.SQLITE_IOERR], name)


class OfPostgresql(SynchronousTestCase):
    def test_a_server_that_does_not_answer(self) -> None:
        database = PostgresqlDatabase("farm", host="127.0.0.1", port=1, prefer_psycopg3=True)
        for error in (raised(database.connect), raised(lambda: psycopg.connect("host=127.0.0.1 port=1"))):
            self.assertEqual(trouble_of(error), Trouble("its server does not answer", reopen=True))

    def test_what_its_server_says_is_known_by_the_longest_beginning(self) -> None:
        for state, (words, fate) in {
            "08006": ("its server does not answer", WAIT),
            "57P01": ("its server is stopping or starting", WAIT),
            "57014": ("its server has broken the work off", WAIT),
            "53100": ("the disk of its server is full", WAIT),
            "53300": ("its server has no room for more connections, or no memory", WAIT),
            "25006": ("it can be read, but not written", WAIT),
            "XX001": ("it is damaged", STOP),
            "42P01": ("it makes mistakes", TRY),
            "XX000": ("it makes mistakes", TRY),
        }.items():
            said: Any = psycopg.OperationalError("words")
            said.sqlstate = state
            error = OperationalError(said)
            trouble = trouble_of(error)
            self.assertEqual((trouble.words, trouble.fate), (words, fate), state)

    def test_every_row_is_a_beginning_of_a_code(self) -> None:
        for state in POSTGRESQL:
            self.assertRegex(state, "^[0-9A-Z]{2,5}$")


class OfOurs(SynchronousTestCase):
    def test_a_farm_that_is_another_server_s_is_given_up(self) -> None:
        self.assertEqual(trouble_of(GivenUp("Another server has it.")).fate, STOP)

    def test_anything_else_may_be_a_mistake(self) -> None:
        self.assertEqual(trouble_of(ZeroDivisionError()).fate, TRY)
