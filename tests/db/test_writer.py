"""The writer: what is committed together, who hears of it, and what happens when it cannot be committed."""

import sqlite3
from collections import deque
from pathlib import Path
from time import sleep
from typing import Any

from peewee import Database, OperationalError
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.python.failure import Failure
from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestCase

from brender.db.models import ClientRow, JobRow, OrderRow, StepRow
from brender.db.troubles import GivenUp
from brender.db.writer import LAST, MOST, PAUSES, SHARE, TRIES, Rows, Work, WriteFailed, Writer, coalesced
from tests.db.databases import Hand, OnPostgresql, accept, execute, now, place, ready, refuse, rows

NAMES = "select id, name from clients order by id"


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

    def test_whoever_waits_is_told_in_several_turns_where_that_takes_long(self) -> None:
        turns: list[int] = [0]
        told: list[tuple[int, int]] = []

        def tell(number: int) -> None:
            sleep(SHARE / 3)
            told.append((number, turns[0]))

        for number in range(20):
            self.writer.write([client(number)]).addCallback(lambda _, n: tell(n), number)
        later: deque[Any] = deque()
        self.writer._in_reactor = lambda *call: later.append(call)
        self.writer.close().addCallback(lambda _: tell(20))
        self.writer.run()
        while later:
            call, *given = later.popleft()
            call(*given)
            turns[0] += 1
        self.assertEqual([number for number, _ in told], list(range(21)))
        self.assertLessEqual(sum(turn == 0 for _, turn in told), 4)
        self.assertEqual(self.writer.pending, 0)

    def test_a_commit_has_so_many_rows_at_most_but_keeps_a_group_together(self) -> None:
        for first in range(0, 1500, 300):
            self.writer.write(clients(first, 300))
        sizes: list[int] = []

        def noted(call: Any, *given: Any) -> None:
            sizes.extend(sum(len(work.rows) for work in batch) for batch in given)
            call(*given)

        self.writer._in_reactor = noted
        self.hand.run()
        self.assertEqual(sizes, [600, 600, 300])
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


class WritingOnPostgresql(OnPostgresql, Writing):
    pass


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


class ClosingOnPostgresql(OnPostgresql, Closing):
    pass


class Failing(SynchronousTestCase):
    """A commit that fails is tried again for as long as that may help; when it may not, nobody waits for ever."""

    def setUp(self) -> None:
        self.path = place(self)
        self.database = ready(self.path)

    def refusing(self, mended_after: int) -> Hand:
        """A database that refuses every client until somebody has mended it."""

        def mend(pauses: int) -> None:
            if pauses == mended_after:
                accept(self.path)

        refuse(self.path)
        return Hand(self.database, mend)

    def only_a_file(self) -> None:
        if not isinstance(self.path, Path):
            raise SkipTest("Only a file can be damaged or locked from outside.")

    def test_it_is_tried_again_until_it_works_with_a_pause_that_grows(self) -> None:
        hand = self.refusing(mended_after=40)
        done = hand.writer.write([client(1)])
        hand.work()
        self.assertEqual((now(done), hand.problems), (None, []))
        self.assertEqual(hand.pauses, [*PAUSES, *[PAUSES[-1]] * (40 - len(PAUSES))])
        self.assertEqual(rows(self.path, NAMES), [(1, "attic")])

    def test_whoever_listens_hears_what_is_wrong_and_that_it_is_over_each_once(self) -> None:
        hand = self.refusing(mended_after=5)
        hand.writer.write([client(1)])
        hand.work()
        trouble = f"The database {self.database.database} cannot be written: a trigger in it refuses what is written"
        self.assertEqual((len(hand.heard), hand.heard[-1]), (2, ""))
        self.assertTrue(hand.heard[0].startswith(f"{trouble} (the disk is on fire"), hand.heard)
        self.assertEqual((hand.writer.figures.tries_again, hand.writer.figures.trouble), (5, ""))

    def test_what_was_never_written_is_missed_by_nobody_when_the_row_has_changed_meanwhile(self) -> None:
        hand = self.refusing(mended_after=99)
        answers = [hand.writer.write([client(1, "first")])]

        def more(pauses: int) -> None:
            answers.append(hand.writer.write([client(1, f"after pause {pauses}")]))
            if pauses == 4:
                accept(self.path)

        hand.mend = more
        hand.work()
        self.assertEqual([now(answer) for answer in answers], [None] * 5)
        self.assertEqual(rows(self.path, NAMES), [(1, "after pause 4")])

    def test_the_end_of_the_server_waits_a_while_and_then_says_what_is_not_written(self) -> None:
        hand = self.refusing(mended_after=99)
        waiting = [hand.writer.write([client(1)]), hand.writer.perform(lambda _: 1), hand.writer.write([client(3)])]
        hand.run()
        (said,) = hand.problems
        self.assertRegex(
            said.replace("\n", " "),
            r"^The server has stopped before the database \S+ could be written: a trigger in it refuses what is "
            r"written \(the disk is on fire.*\)\. What workers did last they will bring again; what nobody was told is "
            r"done has to be asked for again\.$",
        )
        for done in waiting:
            with self.assertRaises(WriteFailed) as caught:
                now(done)
            self.assertEqual(str(caught.exception), said)
        self.assertEqual((hand.writer.pending, rows(self.path, NAMES)), (0, []))
        self.assertLessEqual(sum(hand.pauses), LAST)

    def test_or_writes_it_after_all(self) -> None:
        hand = self.refusing(mended_after=3)
        done = hand.writer.write([client(1)])
        hand.run()
        self.assertEqual((now(done), hand.problems), (None, []))

    def test_what_does_not_pass_stops_it_at_once_and_everybody_who_waits_is_told(self) -> None:
        hand = Hand(self.database)

        def fenced(_: Database) -> None:
            raise GivenUp("Another server has the farm.")

        waiting = [hand.writer.perform(fenced), hand.writer.write(clients(0, MOST)), hand.writer.write([client(9000)])]
        later: list[Deferred[Any]] = []

        def write_again(failure: Failure) -> Failure:
            later.append(hand.writer.write([client(3)]))
            return failure

        waiting[0].addErrback(write_again)
        hand.run()
        for done in [*waiting, *later]:
            with self.assertRaisesRegex(WriteFailed, r"^Another server has the farm\.$"):
                now(done)
        self.assertEqual((hand.problems, hand.pauses, len(later)), (["Another server has the farm."], [], 1))
        self.assertEqual(hand.writer.pending, 0)

    def test_a_database_that_is_damaged_stops_it_at_once(self) -> None:
        self.only_a_file()
        letter = self.path.with_name("letter.sqlite")
        letter.write_bytes(b"I am a letter to my aunt." * 400)

        def read(database: Database) -> None:
            database.execute_sql(f"attach '{letter}' as letter")
            database.execute_sql("select * from letter.sqlite_master")

        hand = Hand(self.database)
        hand.writer._answer = lambda call: call(self.database)  # type: ignore[method-assign] # not in a transaction
        done = hand.writer.perform(read)
        hand.run()
        self.assertRaises(WriteFailed, now, done)
        said = f"The database {self.path} cannot be used: file is not a database. What was acknowledged is safe."
        self.assertEqual((hand.problems, hand.pauses), ([said], []))

    def test_a_database_that_somebody_has_locked_is_waited_for(self) -> None:
        self.only_a_file()
        other = sqlite3.connect(self.path, isolation_level=None)
        other.execute("begin exclusive")

        def unlock(pauses: int) -> None:
            if pauses == 30:
                other.close()

        hand = Hand(self.database, unlock)
        done = hand.writer.write([client(1)])
        hand.work()
        self.assertEqual((now(done), len(hand.pauses), hand.problems), (None, 30, []))
        self.assertEqual(hand.heard[0].partition(": ")[2], "another program has locked it (database is locked)")

    def test_a_batch_that_failed_left_nothing_half_done(self) -> None:
        hand = self.refusing(mended_after=99)
        job = (JobRow, (1, "shot", "ada", 50, "queued", 1.0, None, None, "", "[]", "{}", "{}"))
        hand.writer.write([job, client(1)]).addErrback(lambda _: None)
        hand.run()
        self.assertEqual(rows(self.path, "select * from jobs"), [])

    def test_what_nobody_knows_is_tried_a_few_times_and_then_stops_the_farm_with_the_reason(self) -> None:
        hand = Hand(self.database)
        done = hand.writer.write([client(2**70)])
        hand.work()
        self.assertRaises(WriteFailed, now, done)
        self.assertRegex(hand.problems[0], "too large|out of range")
        self.assertEqual(len(hand.pauses), TRIES)

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


class FailingOnPostgresql(OnPostgresql, Failing):
    pass


class Figures(SynchronousTestCase):
    def test_commits_rows_and_seconds_are_counted(self) -> None:
        path = place(self)
        hand = Hand(ready(path))
        for first in (0, 300, 600):
            hand.writer.write(clients(first, 300))
        hand.writer.write([client(0)])
        self.assertEqual(hand.writer.figures.pending, 901)
        hand.run()
        figures = hand.writer.figures
        self.assertEqual((figures.pending, figures.commits, figures.rows), (0, 2, 901))
        self.assertTrue(0 < figures.seconds_mean < 10, figures)
        self.assertTrue(0 < figures.seconds_last < 10, figures)


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


class AThreadOnPostgresql(OnPostgresql, AThread):
    pass
