"""Rows over those with the same keys: one by one, and streamed where there are many of them."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.db import models
from brender.db.models import ClientRow, JobRow, OrderRow, StepRow
from brender.db.postgresql import Held
from brender.db.upserts import MANY, Upserts
from tests.db.databases import OnPostgresql, execute, place, ready, rows
from tests.line.harness import until

ODD = "tab\t, line\n, \\N, \\x41, 'quote', \"quotes\", {brace}, \N{SNOWMAN}\N{GRINNING FACE}"
SIZES = (1, MANY - 1, MANY, 3 * MANY)

Row = tuple[Any, ...]


def client(number: int, name: str = "attic", since: float = 1.0) -> Row:
    return number, f"key {number}", name, "enabled", "{}", since, "{}"


def clients(count: int, name: str = "attic") -> list[Row]:
    return [client(number, name) for number in range(1, count + 1)]


def order(number: int) -> Row:
    tasks, ended = bytes(range(256)), None if number % 2 else 0.1 + number
    took = 2 * tasks if number % 2 else None
    return 2**40 + number, 1, 0, 2, 0, 256, 1, 1, 1e9 + 0.25, ended, ODD, tasks, number % 3 == 0, True, took, "memory"


class Upserting(SynchronousTestCase):
    def setUp(self) -> None:
        self.where = place(self)
        self.database = ready(self.where)
        self.connect()
        self.addCleanup(self.database.close)
        self.upserts = Upserts(self.database)

    def connect(self) -> None:
        until(self.connected, "the database is not given free")

    def connected(self) -> bool:
        try:
            self.database.connect()
        except Held:  # PostgreSQL has not seen yet that the one before is gone
            return False
        return True

    def put(self, model: type[Any], given: list[Row]) -> None:
        with self.database.atomic():
            self.upserts.put(model, given)

    def kept(self, model: type[Any]) -> list[Row]:
        return sorted(models.database.execute(model.select()))

    def test_rows_are_there_as_they_were_given(self) -> None:
        for size in SIZES:
            given = [order(number) for number in range(size)]
            self.put(OrderRow, given)
            self.assertEqual(self.kept(OrderRow), given)

    def test_rows_replace_those_with_their_keys_and_no_others(self) -> None:
        for size in SIZES:
            self.put(ClientRow, clients(4 * MANY))
            self.put(ClientRow, clients(size, ODD))
            self.assertEqual(self.kept(ClientRow), sorted(clients(size, ODD) + clients(4 * MANY)[size:]))

    def test_some_may_be_new_and_some_not(self) -> None:
        self.put(ClientRow, clients(MANY))
        self.put(ClientRow, clients(2 * MANY, "cellar"))
        self.assertEqual(self.kept(ClientRow), clients(2 * MANY, "cellar"))

    def test_a_key_may_be_of_two_columns(self) -> None:
        def steps(state: bytes | None) -> list[Row]:
            return [(job, place, ODD, "[]", state, -1, "[]", state) for job in range(MANY) for place in (0, 1)]

        for state in (None, b"\0\xff", b""):
            self.put(StepRow, steps(state))
            self.assertEqual(self.kept(StepRow), steps(state))

    def test_a_whole_number_may_stand_for_a_fraction(self) -> None:
        jobs = [(job, "", "", 50, "active", 7, None, 8, "", "[]", "{}", "{}") for job in range(MANY)]
        self.put(JobRow, jobs)
        self.assertEqual(self.kept(JobRow), jobs)

    def test_nothing_of_one_commit_comes_with_the_next(self) -> None:
        self.put(ClientRow, clients(MANY))
        execute(self.where, "delete from clients")
        self.put(ClientRow, [client(number) for number in range(MANY, 2 * MANY)])
        self.assertEqual(rows(self.where, "select min(id), count(*) from clients"), [(MANY, MANY)])

    def test_what_was_not_committed_is_not_there_and_can_be_written_again(self) -> None:
        for _ in range(2):
            with self.assertRaises(ZeroDivisionError), self.database.atomic():
                self.upserts.put(ClientRow, clients(MANY))
                raise ZeroDivisionError
        self.assertEqual(self.kept(ClientRow), [])
        self.put(ClientRow, clients(MANY))
        self.assertEqual(self.kept(ClientRow), clients(MANY))

    def test_another_connection_is_as_good(self) -> None:
        for name in ("attic", "cellar"):
            self.put(ClientRow, clients(MANY, name))
            self.database.close()
            self.connect()
        self.assertEqual(self.kept(ClientRow), clients(MANY, "cellar"))

    def test_a_row_that_cannot_be_written_takes_all_with_it(self) -> None:
        self.put(ClientRow, clients(2))
        for size in SIZES[1:]:
            nameless = (size, "key 1", None, "enabled", "{}", 1.0, "{}")
            with self.assertRaises(Exception) as caught:
                self.put(ClientRow, [*clients(size - 1, "cellar"), nameless])
            self.assertIn("null", str(caught.exception).lower())
            self.assertEqual(self.kept(ClientRow), clients(2))

    def test_columns_may_stand_in_another_order(self) -> None:
        """As they do in a table to which a migration has added some."""
        execute(
            self.where,
            "alter table clients drop column name",
            "alter table clients add column name text not null default ''",
        )
        for size in SIZES:
            self.put(ClientRow, clients(size))
            self.assertEqual(self.kept(ClientRow), clients(size))


class UpsertingOnPostgresql(OnPostgresql, Upserting):
    def test_many_rows_are_streamed(self) -> None:
        for size, tables in ((MANY - 1, 0), (MANY, 1), (2 * MANY, 1)):
            self.put(ClientRow, clients(size))
            found = self.database.execute_sql("select count(*) from pg_class where relname = 'incoming_clients'")
            self.assertEqual(found.fetchone(), (tables,))
