"""The shell's wire: bytes in, bytes out, without sockets; every split, every line end, every paste."""

# mypy: disable-error-code="no-untyped-call"

from collections.abc import Awaitable, Callable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import TestCase

from brender.protocols.commands import VERBS
from brender.protocols.shell import Shell, ShellFactory
from brender.protocols.telnet import Typing, typed
from brender.protocols.verbs import Asked, Verb
from tests.fakes import MemoryStore, SmallFarm

NEGOTIATION = b"\xff\xfd\x01\xff\xfb\x1f\xff\xfa\x18\x00xterm\xff\xff\n\xff\xf0\xff\xfe\x03\xff\xf1"
SENT = (
    NEGOTIATION
    + b"clients\r\ndisablx\x7fe all\r\0"
    + "näme\n".encode()
    + b"oops\x15quit\rjobs\xff\xf7s\xff\xf4save\r\n"
)
LINES = ["clients", "disable all", "näme", "quit", "\x03", "save", ""]


class TelnetBytes(TestCase):
    @given(st.lists(st.integers(0, len(SENT))))
    def test_any_split_reads_the_same(self, cuts: list[int]) -> None:
        places = [0, *sorted(cuts), len(SENT)]
        typing = Typing()
        parts = [typing.read(SENT[begin:end]) for begin, end in pairwise(places)]
        plain, reply = b"".join(part[0] for part in parts), b"".join(part[1] for part in parts)
        self.assertEqual([typed(line) for line in plain.split(b"\n")], LINES)
        self.assertEqual(reply, b"\xff\xfc\x01\xff\xfe\x1f")

    @given(st.binary())
    def test_any_bytes_at_all_do_no_harm(self, data: bytes) -> None:
        plain, reply = Typing().read(data)
        self.assertLessEqual(len(plain), 2 * len(data))
        self.assertLessEqual(len(reply), 12 * len(data))

    def test_options_are_refused_and_refusals_are_not_answered(self) -> None:
        self.assertEqual(Typing().read(b"\xff\xfd\x06\xff\xfb\x18"), (b"", b"\xff\xfc\x06\xff\xfe\x18"))
        self.assertEqual(Typing().read(b"\xff\xfe\x06\xff\xfc\x18"), (b"", b""))

    def test_the_byte_255_itself_is_text(self) -> None:
        self.assertEqual(Typing().read(b"a\xff\xffb\n"), (b"a\xffb\n", b""))

    def test_a_subnegotiation_that_never_ends_is_not_kept(self) -> None:
        typing = Typing()
        typing.read(b"\xff\xfa\x18")
        for _ in range(10):
            self.assertEqual(typing.read(b"x" * 65536), (b"", b""))

    def test_somebody_who_asks_whether_we_are_there_is_answered(self) -> None:
        self.assertEqual(Typing().read(b"\xff\xf6"), (b"", b"\r\n[brender is here]\r\n"))

    def test_every_line_end_ends_one_line(self) -> None:
        self.assertEqual(Typing().read(b"a\r\nb\r\0c\nd\re\r\r\n\n")[0], b"a\nb\nc\nd\ne\n\n\n")


class Typed(TestCase):
    def test_backspaces_take_back_whole_characters(self) -> None:
        self.assertEqual(typed("nä\x7fame\b\x08\b\b\b\bx".encode()), "x")
        self.assertEqual(typed(b"\x7f\x7fab"), "ab")

    def test_bad_utf8_is_shown_and_not_an_error(self) -> None:
        self.assertEqual(typed(b"a\xffb\xc3"), "a\ufffdb\ufffd")

    def test_ctrl_u_takes_the_line_back_and_ctrl_d_leaves(self) -> None:
        self.assertEqual([typed(b"disable all\x15jobs"), typed(b"\x04"), typed(b"a\x04")], ["jobs", "quit", "a\x04"])

    def test_ctrl_d_at_a_prompt_needs_no_line_end_and_within_a_line_is_a_character(self) -> None:
        typing = Typing()
        self.assertEqual([typing.read(part)[0] for part in (b"jobs\r\n", b"\x04", b"ab\x04c\n\x04")],
                         [b"jobs\n", b"\x04\n", b"ab\x04c\n\x04\n"])  # fmt: skip


class WireCase(TestCase):
    def setUp(self) -> None:
        self.farm = SmallFarm(self)
        self.transport = StringTransport()
        self.shell = self.connected()

    def connected(self, verbs: dict[str, Callable[[Asked], Awaitable[str]]] | None = None) -> Shell:
        made = {name: Verb(name, "", "", run) for name, run in (verbs or {}).items()}
        shell = Shell(self.farm.service, self.farm.now, {**VERBS, **made})
        self.transport = StringTransport()
        shell.makeConnection(self.transport)
        self.transport.clear()
        return shell

    def said(self) -> str:
        text: str = self.transport.value().decode()
        self.transport.clear()
        return text


class Wire(WireCase):
    def test_the_greeting_and_a_prompt_come_first(self) -> None:
        shell = ShellFactory(self.farm.service, self.farm.now).buildProtocol(None)
        transport = StringTransport()
        shell.makeConnection(transport)
        self.assertEqual(
            transport.value().decode(), "brender 2.0 · no clients yet · no job running · help lists the commands\r\n> "
        )

    def test_one_line_in_one_answer_out(self) -> None:
        self.shell.dataReceived(b"jobs\r\n")
        self.assertEqual(self.said(), "No jobs yet; submit hands one in.\r\n> ")
        self.shell.dataReceived(b"\r\n")
        self.assertEqual(self.said(), "> ")

    @given(st.integers(0, 40))
    def test_a_line_may_arrive_in_any_two_parts(self, cut: int) -> None:
        shell = self.connected()
        sent = b"\xff\xfd\x06jobs\r\nclients\r\nxyzzy\r\n"
        shell.dataReceived(sent[:cut])
        shell.dataReceived(sent[cut:])
        said = self.transport.value().replace(b"\xff\xfc\x06", b"").decode()
        self.assertEqual(
            said.split("\r\n> "),
            [
                "No jobs yet; submit hands one in.",
                "The farm has no clients yet: start a worker with brender worker.",
                'No command "xyzzy"; help lists the commands.',
                "",
            ],
        )

    def test_nothing_that_moves_a_cursor_is_sent(self) -> None:
        self.shell.dataReceived(b"\x1b[2Jx\x07\r\n")
        self.assertEqual(self.said(), 'No command "␛[2Jx␇"; help lists the commands.\r\n> ')

    def test_bad_utf8_is_answered(self) -> None:
        self.shell.dataReceived(b"x\xc3\x28y\n")
        self.assertEqual(self.said(), 'No command "x\ufffd(y"; help lists the commands.\r\n> ')

    def test_an_interrupt_takes_the_line_back_and_gives_a_new_prompt(self) -> None:
        self.shell.dataReceived(b"cancel all\xff\xf4\xff\xfd\x06")
        self.assertEqual(self.transport.value(), b"\xff\xfc\x06\r\n> ")  # telnet shows nothing before the first

    def test_quit_closes_and_what_was_pasted_after_it_is_not_done(self) -> None:
        self.shell.dataReceived(b"quit\r\njobs\r\n")
        self.assertEqual(self.said(), "")
        self.assertTrue(self.transport.disconnecting)
        self.shell.dataReceived(b"jobs\r\n")
        self.assertEqual(self.said(), "")


class LongLines(WireCase):
    TOO_LONG = "A line may have 16,384 bytes; that one had more and was dropped.\r\n> "

    def test_a_line_that_is_too_long_is_dropped_and_the_next_one_answered(self) -> None:
        for size in (16_385, 100_000):
            self.shell.dataReceived(b"x" * size + b"\njobs\n")
            self.assertEqual(self.said(), self.TOO_LONG + "No jobs yet; submit hands one in.\r\n> ")

    def test_the_longest_line_that_is_allowed_is_answered(self) -> None:
        self.shell.dataReceived(b"jobs" + b" " * 16_380 + b"\n")
        self.assertEqual(self.said(), "No jobs yet; submit hands one in.\r\n> ")

    def test_ten_megabytes_without_an_end_are_not_kept(self) -> None:
        for _ in range(160):
            self.shell.dataReceived(b"x" * 65_536)
        self.assertEqual(self.said(), self.TOO_LONG)
        self.assertEqual(self.shell.clearLineBuffer(), b"")
        self.shell.dataReceived(b"xx\njobs\n")
        self.assertEqual(self.said(), "No jobs yet; submit hands one in.\r\n> ")

    @given(st.lists(st.sampled_from([b"x" * 20_000, b"jobs\n", b"\n", b"x" * 100]), max_size=12))
    def test_wherever_long_lines_stand_the_others_are_answered(self, parts: list[bytes]) -> None:
        shell = self.connected()
        data = b"".join(parts)
        for part in parts:
            shell.dataReceived(part)
        lines = data.split(b"\n")
        self.assertEqual(self.said().count("dropped."), sum(len(line) > 16_384 for line in lines))


class Order(WireCase):
    async def test_a_pasted_block_is_answered_in_its_order(self) -> None:
        waiting: list[Deferred[str]] = []

        def slow(asked: Asked) -> Deferred[str]:
            waiting.append(Deferred())
            return waiting[-1]

        shell = self.connected({"slow": slow})
        shell.dataReceived(b"slow\r\njobs\r\nslow\r\nsave all\r\n")
        self.assertEqual((self.said(), len(waiting), self.transport.producerState), ("", 1, "paused"))
        waiting[0].callback("First.")
        self.assertEqual((self.said(), len(waiting)), ("First.\r\n> No jobs yet; submit hands one in.\r\n> ", 2))
        waiting[1].callback("Second.")
        self.assertEqual(self.said(), "Second.\r\n> save takes no words: it always saves everything.\r\n> ")
        self.assertEqual(self.transport.producerState, "producing")

    async def test_an_answer_to_a_change_comes_after_its_commit(self) -> None:
        self.farm = SmallFarm(self, store := MemoryStore())
        shell = self.connected()
        await self.farm.client("render-01")
        store.held = True
        shell.dataReceived(b"disable all\r\n")
        self.assertEqual(self.said(), "")
        store.commit()
        self.assertEqual(self.said(), "render-01 is now disabled.\r\n> ")

    def test_a_verb_that_breaks_costs_its_answer_and_nothing_else(self) -> None:
        async def broken(asked: Asked) -> str:
            raise KeyError("x")

        shell = self.connected({"broken": broken})
        shell.dataReceived(b"broken\r\njobs\r\n")
        self.assertEqual(
            self.said(),
            "That went wrong inside brender (KeyError); the log of the server tells how.\r\n> "
            "No jobs yet; submit hands one in.\r\n> ",
        )
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)

    def test_a_connection_that_is_lost_while_a_verb_works_does_no_harm(self) -> None:
        done: Deferred[str] = Deferred()
        shell = self.connected({"slow": lambda asked: done})
        shell.dataReceived(b"slow\r\n")
        shell.connectionLost()
        self.transport.loseConnection()
        done.callback("Too late.")
        self.assertEqual(self.transport.producerState, "paused")


class SlowReaders(WireCase):
    def test_who_does_not_read_is_not_read(self) -> None:
        self.assertIs(self.transport.producer, self.shell)
        self.shell.pauseProducing()
        self.shell.dataReceived(b"jobs\r\njobs\r\n")  # was under way when reading stopped
        self.assertEqual((self.said(), self.transport.producerState), ("", "paused"))
        self.shell.resumeProducing()
        self.assertEqual(self.said(), "No jobs yet; submit hands one in.\r\n> " * 2)
        self.assertEqual(self.transport.producerState, "producing")

    def test_reading_goes_on_only_when_the_verb_is_done_and_the_person_reads(self) -> None:
        done: Deferred[str] = Deferred()
        shell = self.connected({"slow": lambda asked: done})
        shell.dataReceived(b"slow\r\njobs\r\n")
        shell.pauseProducing()
        shell.resumeProducing()
        self.assertEqual((self.said(), self.transport.producerState), ("", "paused"))
        shell.pauseProducing()
        done.callback("Done.")
        self.assertEqual((self.said(), self.transport.producerState), ("Done.\r\n> ", "paused"))
        shell.resumeProducing()
        self.assertEqual(self.said(), "No jobs yet; submit hands one in.\r\n> ")


class Ends(WireCase):
    def test_when_nothing_more_comes_the_last_line_is_answered_then_closed(self) -> None:
        self.shell.dataReceived(b"jobs\r\nclients")
        self.shell.readConnectionLost()
        self.assertTrue(self.said().endswith("The farm has no clients yet: start a worker with brender worker.\r\n> "))
        self.assertTrue(self.transport.disconnecting)

    def test_when_nothing_more_comes_while_a_verb_works_its_answer_is_still_given(self) -> None:
        done: Deferred[str] = Deferred()
        shell = self.connected({"slow": lambda asked: done})
        shell.dataReceived(b"slow\r\n")
        shell.readConnectionLost()
        self.assertFalse(self.transport.disconnecting)
        done.callback("Done.")
        self.assertEqual((self.said(), self.transport.disconnecting), ("Done.\r\n> ", True))

    def test_an_idle_connection_that_ends_is_closed(self) -> None:
        self.shell.readConnectionLost()
        self.assertTrue(self.transport.disconnecting)
        self.shell.writeConnectionLost()
