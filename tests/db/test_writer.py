"""The writer: what is committed together, who hears of it, and what happens when it cannot be committed."""

import sqlite3
from typing import Any

from peewee import Database, OperationalError
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.db.models import ClientRow, JobRow, OrderRow, StepRow
from brender.db.writer import MOST, PAUSES, Rows, Work, WriteFailed, Writer, coalesced
from tests.db.databases import Hand, execute, now, place, ready, rows

NAMES = "select id, name from clients order by id"
REFUSE = "create trigger refuse before insert on clients begin select raise(abort, 'the disk is on fire'); end"


def client(number: int, name: str = "attic") -> tuple[type[Any], tuple[Any, ...]]:
    return ClientRow, (number, f"key {number}", name, "enabled", "{}", 1.0, "{}")


def clients(first: int, count: int) -> Rows:
    return [client(number) for number in range(first, first + count)]


class Writing(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = place(self)
        self.hand = Hand(ready(self.path))
        self.writer = self.hand.writer

    def test_a_row_is_there_when_its_deferred_fires(self) -> None:
        seen: list[Any] = []
        self.writer.write([client(1)]).addCallback(lambda _: seen.append(rows(self.path, NAMES)))
        self.assertEqual(rows(self.path, NAMES), [])
        self.hand.run()
        self.assertEqual(seen, [[(1, "attic")]])

    def test_what_is_queued_is_one_commit(self) -> None:
        for number in range(1, 50):
            self.writer.write([client(number)])
        self.hand.run()
        self.assertEqual((self.writer.commits, len(rows(self.path, NAMES))), (1, 49))

    def test_of_two_rows_of_one_key_the_later_stays(self) -> None:
        for name in ("first", "second", "third"):
            self.writer.write([client(1, name)])
        self.hand.run()
        self.assertEqual(rows(self.path, NAMES), [(1, "third")])

    def test_a_row_replaces_the_one_in_the_database(self) -> None:
        execute(self.path, "insert into clients values (1, 'key 1', 'old', 'disabled', '{}', 0.0, '{}')")
        self.writer.write([client(1, "new")])
        self.hand.run()
        self.assertEqual(rows(self.path, "select name, status from clients"), [("new", "enabled")])

    def test_deferreds_fire_in_the_order_of_the_calls(self) -> None:
        fired: list[int] = []
        for number in range(1200):
            if number % 7:
                self.writer.write([client(number % 5)]).addCallback(lambda _, n: fired.append(n), number)
            else:
                self.writer.perform(lambda _: None).addCallback(lambda _, n: fired.append(n), number)
        self.hand.run()
        self.assertEqual(fired, list(range(1200)))

    def test_a_commit_has_so_many_rows_at_most_but_keeps_a_group_together(self) -> None:
        for first in range(0, 1500, 300):
            self.writer.write(clients(first, 300))
        sizes: list[int] = []

        def noted(call: Any, batch: Any = ()) -> None:
            sizes.append(sum(len(work.rows) for work in batch or ()))
            call(batch)

        self.writer._in_reactor = noted
        self.hand.run()
        self.assertEqual(sizes, [600, 600, 300, 0])
        self.assertTrue(all(size - 300 < MOST for size in sizes))

    def test_what_waits_is_counted_until_it_is_written(self) -> None:
        seen = [self.writer.pending]
        for first, count in ((0, 2), (2, 3)):
            self.writer.write(clients(first, count)).addCallback(lambda _: seen.append(self.writer.pending))
            seen.append(self.writer.pending)
        self.hand.run()
        self.assertEqual(seen, [0, 2, 5, 3, 0])

    def test_a_question_sees_what_was_written_before_it(self) -> None:
        self.writer.write([client(1), client(2)])
        count = self.writer.perform(lambda database: ClientRow.select().count())
        self.hand.run()
        self.assertEqual(now(count), 2)

    def test_a_question_that_fails_hurts_nobody_else(self) -> None:
        before, after = self.writer.write([client(1)]), self.writer.write([client(2)])
        asked = self.writer.perform(lambda _: 1 / 0)
        self.hand.run()
        self.assertRaises(ZeroDivisionError, now, asked)
        self.assertEqual((now(before), now(after), self.hand.problems), (None, None, []))

    def test_nothing_at_all_is_a_write_too(self) -> None:
        done = self.writer.write([])
        self.hand.run()
        self.assertIsNone(now(done))


class Closing(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = place(self)
        self.hand = Hand(ready(self.path))

    def test_what_is_queued_is_written_first(self) -> None:
        written = self.hand.writer.write(clients(0, 1200))
        closed = self.hand.writer.close()
        self.hand.writer.run()
        self.assertEqual((now(written), now(closed)), (None, None))
        self.assertEqual(len(rows(self.path, NAMES)), 1200)

    def test_nothing_is_taken_after_it(self) -> None:
        self.hand.writer.close()
        with self.assertRaisesRegex(WriteFailed, r"^The database is closed\.$"):
            now(self.hand.writer.write([client(1)]))
        self.assertEqual(self.hand.writer.pending, 0)

    def test_it_fires_when_the_database_is_closed_and_let_go(self) -> None:
        database = ready(self.path)
        seen: list[Any] = []
        writer = Writer(database, lambda call, *given: call(*given), print, release=lambda: seen.append("let go"))
        writer.write([client(1)])
        writer.close().addCallback(lambda _: seen.append(database.is_closed()))
        writer.run()
        self.assertEqual(seen, ["let go", True])


class Failing(SynchronousTestCase):
    """A commit that fails is tried again; when that does not help nobody waits for ever."""

    def setUp(self) -> None:
        self.path = place(self)
        self.database = ready(self.path)

    def refusing(self, mended_after: int) -> Hand:
        """A database that refuses every client until somebody has mended it."""

        def mend(pauses: int) -> None:
            if pauses == mended_after:
                execute(self.path, "drop trigger refuse")

        execute(self.path, REFUSE)
        return Hand(self.database, mend)

    def test_it_is_tried_again_until_it_works(self) -> None:
        hand = self.refusing(mended_after=2)
        done = hand.writer.write([client(1)])
        hand.run()
        self.assertEqual((now(done), hand.pauses, hand.problems), (None, list(PAUSES[:2]), []))
        self.assertEqual(rows(self.path, NAMES), [(1, "attic")])

    def test_when_it_never_works_everybody_who_waits_is_told_and_the_farm_too(self) -> None:
        hand = self.refusing(mended_after=99)
        waiting = [hand.writer.write([client(1)]), hand.writer.perform(lambda _: 1)]
        later: list[Deferred[Any]] = []

        def write_again(failure: Failure) -> Failure:
            later.append(hand.writer.write([client(3)]))
            return failure

        waiting[0].addErrback(write_again)
        hand.run()
        said = f"The database {self.path} cannot be used: the disk is on fire. What was acknowledged is safe."
        for done in [*waiting, *later]:
            with self.assertRaises(WriteFailed) as caught:
                now(done)
            self.assertEqual(str(caught.exception), said)
        self.assertEqual((hand.problems, hand.pauses, len(later)), ([said], list(PAUSES), 1))
        self.assertEqual((hand.writer.pending, rows(self.path, NAMES)), (0, []))

    def test_what_is_queued_behind_it_is_told_too(self) -> None:
        hand = self.refusing(mended_after=99)
        hand.writer.write(clients(0, MOST)).addErrback(lambda _: None)
        behind = hand.writer.write([client(9000)])
        hand.run()
        self.assertRaises(WriteFailed, now, behind)
        self.assertEqual(hand.writer.pending, 0)

    def test_a_database_that_somebody_has_locked_is_waited_for(self) -> None:
        other = sqlite3.connect(self.path, isolation_level=None)
        other.execute("begin exclusive")

        def unlock(pauses: int) -> None:
            if pauses == 3:
                other.close()

        hand = Hand(self.database, unlock)
        done = hand.writer.write([client(1)])
        hand.run()
        self.assertEqual((now(done), len(hand.pauses), hand.problems), (None, 3, []))

    def test_a_batch_that_failed_left_nothing_half_done(self) -> None:
        hand = self.refusing(mended_after=99)
        job = (JobRow, (1, "shot", "ada", 50, "queued", 1.0, None, None, "", "[]"))
        hand.writer.write([job, client(1)]).addErrback(lambda _: None)
        hand.run()
        self.assertEqual(rows(self.path, "select * from jobs"), [])

    def test_a_row_that_no_database_takes_stops_the_farm_with_the_reason_and_not_in_silence(self) -> None:
        hand = Hand(self.database)
        done = hand.writer.write([client(2**70)])
        hand.run()
        self.assertRaises(WriteFailed, now, done)
        self.assertIn("too large", hand.problems[0])

    def test_a_question_is_asked_again_when_the_database_was_busy_and_the_others_are_not(self) -> None:
        hand = Hand(self.database)
        asked: list[str] = []

        def busy(_: Database) -> int:
            asked.append("busy")
            if len(hand.pauses) < 2:
                raise OperationalError("database is locked")
            return 5

        first = hand.writer.perform(lambda _: asked.append("first"))
        second = hand.writer.perform(busy)
        hand.run()
        self.assertEqual((asked, now(first), now(second)), (["first", "busy", "busy", "busy"], None, 5))


class Together(SynchronousTestCase):
    def test_rows_are_brought_together_by_table_and_key(self) -> None:
        def step(job: int, place: int, name: str) -> tuple[type[Any], tuple[Any, ...]]:
            return StepRow, (job, place, name, "[]", None)

        work = [
            Work([client(1, "a"), step(1, 0, "x")]),
            Work([client(2, "b"), step(1, 1, "y"), client(1, "c")]),
            Work([step(1, 0, "z")]),
        ]
        found = coalesced(work)
        self.assertEqual([row[2] for row in found[ClientRow].values()], ["c", "b"])
        self.assertEqual({key: row[2] for key, row in found[StepRow].items()}, {(1, 0): "z", (1, 1): "y"})
        self.assertNotIn(OrderRow, found)


class AThread(TestCase):
    """The same with a thread of its own and the real reactor."""

    async def test_many_writes_at_once_are_few_commits_and_all_are_told(self) -> None:
        path = place(self)
        writer = Writer(ready(path), reactor.callFromThread, self.fail)  # type: ignore[attr-defined]
        writer.start()
        self.addCleanup(writer.join)
        await gatherResults([writer.write([client(number % 100, str(number))]) for number in range(5000)])
        self.assertTrue(10 <= writer.commits < 1000, writer.commits)
        self.assertEqual(len(rows(path, NAMES)), 100)
        self.assertEqual(rows(path, "select name from clients where id = 42"), [("4942",)])
        await writer.close()
