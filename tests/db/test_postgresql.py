"""PostgreSQL: whose farm it is, what a lost connection does, and what is said when it cannot be opened."""

import contextlib
import os
import socket
from collections.abc import Callable
from struct import pack
from threading import Thread
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.internet.task import deferLater
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.db.engine import CannotOpen, CannotReach, engine_of
from brender.db.opening import Claim, open_store
from brender.db.postgresql import Postgresql, parameters, shown
from brender.db.reign import Fenced
from brender.db.writer import WriteFailed
from brender.farm.changes import Changes
from brender.farm.submission.planning import replan
from tests.db.cluster import cluster
from tests.db.databases import execute, open_for, rows
from tests.doubles import Rules, Stage, machine
from tests.line.harness import free_ports

reactor: Any = global_reactor
ME = f"brender {socket.gethostname()[:40]} {os.getpid()}"


class Servers(TestCase):
    """Two that could have the farm of one database."""

    def setUp(self) -> None:
        self.url = cluster().database(self)
        self.problems: list[str] = []

    def claim(self) -> Claim:
        claim = Claim(self.url, replan, reactor.callFromThread, self.problems.append)
        self.addCleanup(self._end, claim)
        return claim

    async def _end(self, claim: Claim) -> None:
        if claim.store.writer._thread:
            await claim.store.close()
            claim.store.writer.join()

    async def save_a_job(self, claim: Claim) -> None:
        world = Rules()
        world.job(Stage())
        await claim.store.save(world.changes())

    async def until_it_is_free(self, claim: Claim) -> None:
        while not claim.take():
            await deferLater(reactor, 0.01, lambda: None)

    def jobs(self) -> int:
        return len(rows(self.url, "select * from jobs"))


class WhoseItIs(Servers):
    async def test_the_second_server_finds_the_first_one_there_and_hears_its_name(self) -> None:
        first, second = self.claim(), self.claim()
        self.assertEqual((first.take(), second.take(), second.take()), (True, False, False))
        self.assertEqual(second.engine.holder, ME)
        self.assertEqual(rows(self.url, "select number from reign"), [(1,)])

    async def test_it_is_the_seconds_when_the_first_has_stopped(self) -> None:
        first, second = self.claim(), self.claim()
        first.take()
        await self.save_a_job(first)
        await first.store.close()
        self.assertTrue(second.take())
        self.assertEqual([each.job.id for each in (await second.store.load()).unfinished], [1])
        self.assertEqual(rows(self.url, "select number from reign"), [(2,)])

    async def test_two_farms_on_one_server_do_not_mind_each_other(self) -> None:
        self.assertTrue(self.claim().take())
        self.url = cluster().database(self)
        self.assertTrue(self.claim().take())

    async def test_who_was_cut_off_and_comes_back_too_late_writes_nothing_and_stops(self) -> None:
        first, second = self.claim(), self.claim()
        first.take()
        await self.save_a_job(first)
        cluster().cut(self.url)
        await self.until_it_is_free(second)
        saved = first.store.save(Changes())
        with self.assertRaises(WriteFailed) as caught:
            await saved
        self.assertRegex(str(caught.exception), r"^Another server has taken over the farm in postgresql://.*no more\.")
        await first.store.close()
        self.assertEqual(self.problems, [str(caught.exception)])
        with self.assertRaises(WriteFailed):
            await self.save_a_job(first)
        self.assertEqual((self.jobs(), first.store.writer.figures.tries_again), (1, 1))
        await self.save_a_job(second)

    async def test_a_commit_is_refused_even_where_the_connection_was_never_lost(self) -> None:
        claim = self.claim()
        claim.take()
        execute(self.url, "update reign set number = number + 1")
        with self.assertRaisesRegex(WriteFailed, "Another server has taken over"):
            await self.save_a_job(claim)
        await claim.store.close()
        self.assertEqual((self.jobs(), len(self.problems)), (0, 1))

    async def test_so_are_a_question_and_a_new_machine(self) -> None:
        asks: list[Callable[[Claim], Any]] = [
            lambda claim: claim.store.load(),
            lambda claim: claim.store.add_client(machine(1), 5.0),
        ]
        for ask in asks:
            claim = self.claim()
            claim.take()
            execute(self.url, "update reign set number = number + 1")
            with self.assertRaisesRegex(WriteFailed, "Another server has taken over"):
                await ask(claim)
            await claim.store.close()
        self.assertEqual(rows(self.url, "select * from clients"), [])

    def test_no_reign_begins_while_a_commit_goes_on(self) -> None:
        engine = engine_of(self.url)
        first = self.claim()
        first.take()
        first.store.close()
        first.store.writer.join()
        engine.take()
        self.addCleanup(engine.let_go)
        engine.reign.begin()
        with engine.database.atomic():
            engine.reign.check()
            with self.assertRaisesRegex(Exception, "lock timeout"):
                execute(self.url, "set lock_timeout = 50", "update reign set number = number + 1")
        execute(self.url, "update reign set number = number + 1")
        with engine.database.atomic(), self.assertRaises(Fenced):
            engine.reign.check()


class ALostConnection(Servers):
    async def test_it_is_made_again_and_nothing_is_lost(self) -> None:
        claim = self.claim()
        claim.take()
        cluster().cut(self.url)
        await self.save_a_job(claim)
        self.assertEqual((self.jobs(), self.problems), (1, []))
        self.assertFalse(self.claim().take())

    async def test_a_server_that_is_started_again_finds_everything(self) -> None:
        claim = self.claim()
        claim.take()
        await self.save_a_job(claim)
        cluster().stop()
        told: list[str] = []
        claim.store.watch(told.append)
        number = claim.store.add_client(machine(1), 5.0)
        saved = claim.store.save(Changes())
        try:
            while not told:
                await deferLater(reactor, 0.01, lambda: None)
        finally:
            cluster().start()
        await saved
        self.assertEqual((await number, self.jobs(), self.problems), (1, 1, []))
        self.assertEqual((told[-1], len(await claim.store.orders_of(1))), ("", 0))

    async def test_who_has_the_lock_but_has_not_begun_is_waited_for(self) -> None:
        claim, other = self.claim(), engine_of(self.url)
        claim.take()
        cluster().cut(self.url)
        while not other.take():
            await deferLater(reactor, 0.01, lambda: None)
        told: list[str] = []
        claim.store.watch(told.append)
        saved = claim.store.save(Changes())
        while not told:
            await deferLater(reactor, 0.01, lambda: None)
        other.let_go()
        await saved
        self.assertEqual((told[-1], self.problems), ("", []))


def refuse_all(listening: socket.socket, answer: bytes) -> None:
    """To whoever asks to be let in, say this."""
    with contextlib.suppress(OSError):  # it was closed
        while True:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)


class CannotBeOpened(SynchronousTestCase):
    def refusal(self, url: str, kind: type[Exception] = CannotOpen) -> str:
        with self.assertRaises(kind) as caught:
            open_store(url, replan, lambda call, *given: call(*given), print)
        return str(caught.exception)

    def test_nobody_listens_there(self) -> None:
        (port,) = free_ports(1)
        said = self.refusal(f"postgresql://ada:secret@127.0.0.1:{port}/farm", CannotReach)
        self.assertRegex(said, rf"^The database postgresql://ada@127.0.0.1:{port}/farm cannot be reached: .*refused")
        self.assertTrue(said.endswith("or set another one in brender.toml: [server] database."))
        self.assertNotIn("secret", said)

    def test_one_that_is_only_starting_is_waited_for(self) -> None:
        """It answers so for a moment after a crash, when a server that is started with it asks already."""
        listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listening.close)
        text = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
        answering = Thread(target=refuse_all, args=(listening, b"E" + pack("!i", len(text) + 4) + text), daemon=True)
        answering.start()
        engine = engine_of(f"postgresql://ada@127.0.0.1:{listening.getsockname()[1]}/farm?sslmode=disable")
        self.assertEqual((engine.take(), engine.holder), (False, "PostgreSQL itself"))

    def test_there_is_no_such_database(self) -> None:
        self.assertRegex(self.refusal(cluster().url("none")), 'cannot be reached: .*database "none" does not exist')

    def test_the_address_is_none(self) -> None:
        self.assertRegex(self.refusal("postgresql://[::1/farm"), "^The address of the database cannot be read: ")

    def test_an_encoding_that_cannot_keep_every_name(self) -> None:
        url = cluster().made("ENCODING 'LATIN1' TEMPLATE template0")
        self.assertRegex(self.refusal(url), "has the encoding LATIN1, .*createdb --encoding=UTF8")

    def test_another_server_has_it(self) -> None:
        url = cluster().database(self)
        store = open_store(url, replan, lambda call, *given: None, print)
        self.assertEqual(self.refusal(url), f"{ME} has the farm in {shown(url)}. Stop it first.")
        store.close()
        store.writer.join()

    def test_a_newer_program_has_changed_it(self) -> None:
        url = cluster().database(self)
        store = open_store(url, replan, lambda call, *given: None, print)
        store.close()
        store.writer.join()
        execute(url, "insert into schema_migration (name, applied) values ('0999_later', '2030-01-01')")
        self.assertRegex(self.refusal(url), "newer brender: it has 0999_later, .* or set another one in brender.toml")
        self.assertEqual(Postgresql(url).take(), True)


class TheSession(TestCase):
    async def test_a_commit_survives_a_power_cut_and_a_dead_peer_is_noticed(self) -> None:
        store = open_for(self, reactor, cluster().database(self))
        shown = ("fsync", "synchronous_commit", "idle_session_timeout", "tcp_keepalives_idle", "client_encoding")
        found = await store.writer.perform(
            lambda database: [database.execute_sql(f"show {name}").fetchone()[0] for name in shown]
        )
        self.assertEqual(found, ["on", "on", "30s", "2", "UTF8"])

    def test_what_the_address_says_goes_before_what_we_say(self) -> None:
        made = parameters("postgresql://ada@db/farm?connect_timeout=40&options=-c%20work_mem%3D8MB")
        self.assertEqual((made["connect_timeout"], made["keepalives_idle"]), ("40", 2))
        self.assertRegex(made["options"], r"^-c synchronous_commit=on .* -c work_mem=8MB$")
