"""The shell's wire: bytes in, bytes out, without sockets; every split, every line end, every paste."""

# mypy: disable-error-code="no-untyped-call"

from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import TestCase

from brender.farm.interfaces import FarmService
from brender.protocols.commands import answer
from brender.protocols.door import MOMENT, ShellFactory
from brender.protocols.shell import Shell
from brender.protocols.telnet import Typing, typed
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
        plain, reply = b"".join(part.lines for part in parts), b"".join(part.reply for part in parts)
        self.assertEqual([typed(line) for line in plain.split(b"\n")], LINES)
        self.assertEqual(reply, b"\xff\xfc\x01\xff\xfe\x1f")

    @given(st.binary())
    def test_any_bytes_at_all_do_no_harm(self, data: bytes) -> None:
        for asks in (False, True):
            typing = Typing()
            if asks:
                typing.options.ask()
            heard = typing.read(data)
            self.assertLessEqual(len(heard.lines) + len(heard.keys), 2 * len(data))
            self.assertLessEqual(len(heard.reply), 12 * len(data))

    def test_options_are_refused_and_refusals_are_not_answered(self) -> None:
        self.assertEqual(Typing().read(b"\xff\xfd\x06\xff\xfb\x18"), (b"", b"", b"\xff\xfc\x06\xff\xfe\x18"))
        self.assertEqual(Typing().read(b"\xff\xfe\x06\xff\xfc\x18"), (b"", b"", b""))

    def test_the_byte_255_itself_is_text(self) -> None:
        self.assertEqual(Typing().read(b"a\xff\xffb\n"), (b"a\xffb\n", b"", b""))

    def test_a_subnegotiation_that_never_ends_is_not_kept(self) -> None:
        typing = Typing()
        typing.read(b"\xff\xfa\x18")
        for _ in range(10):
            self.assertEqual(typing.read(b"x" * 65536), (b"", b"", b""))

    def test_somebody_who_asks_whether_we_are_there_is_answered(self) -> None:
        self.assertEqual(Typing().read(b"\xff\xf6"), (b"", b"", b"\r\n[brender is here]\r\n"))

    def test_every_line_end_ends_one_line(self) -> None:
        self.assertEqual(Typing().read(b"a\r\nb\r\0c\nd\re\r\r\n\n")[0], b"a\nb\nc\nd\ne\n\n\n")


ASK, OFFER = b"\xff\xfd\x1f", b"\xff\xfb\x01\xff\xfb\x03"  # DO NAWS; WILL ECHO, WILL SGA
HAS_A_WINDOW, AGREES = b"\xff\xfb\x1f", b"\xff\xfd\x01\xff\xfd\x03"  # WILL NAWS; DO ECHO, DO SGA


class Negotiation(TestCase):
    """Whether it is a terminal: asked in the least way, and given up where it is refused."""

    def asked(self) -> Typing:
        typing = Typing()
        self.assertEqual(typing.options.ask(), ASK)
        return typing

    def test_who_answers_at_all_is_offered_to_be_a_terminal_and_then_sends_keys(self) -> None:
        for first in (HAS_A_WINDOW, b"\xff\xfc\x1f"):
            typing = self.asked()
            self.assertEqual(typing.read(b"jo" + first), (b"jo", b"", OFFER))
            self.assertFalse(typing.options.character_mode)
            self.assertEqual(typing.read(b"b" + AGREES + b"s\r\0\t"), (b"b", b"s\n\t", b""))
            self.assertTrue(typing.options.character_mode)
            self.assertEqual(typing.read(b"\xff\xf4\x04\xff\xf7\xff\xff").keys, b"\x03\x04\x7f\xff")

    def test_the_size_of_the_window_is_known_and_may_change(self) -> None:
        typing = self.asked()
        for columns, width in ((120, 120), (255, 255), (3, 20), (60_000, 1000), (0, None)):
            size = columns.to_bytes(2, "big").replace(b"\xff", b"\xff\xff")
            typing.read(b"\xff\xfa\x1f" + size + b"\x00\x18\xff\xf0")
            self.assertEqual(typing.options.width, width)
        typing.read(b"\xff\xfa\x1f\x00\xff\xf0\xff\xfa\x1f" + b"x" * 100_000 + b"\xff\xf0")
        self.assertIsNone(typing.options.width)

    def test_who_refuses_one_of_the_two_has_lines_and_echoes_them_itself(self) -> None:
        typing = self.asked()
        typing.read(HAS_A_WINDOW + b"\xff\xfd\x01")
        self.assertEqual(typing.read(b"\xff\xfe\x03").reply, b"\xff\xfc\x01\xff\xfc\x03")
        self.assertEqual(typing.read(b"jobs\r\n"), (b"jobs\n", b"", b""))
        self.assertEqual(typing.read(HAS_A_WINDOW + AGREES).reply, b"\xff\xfe\x1f")

    def test_a_terminal_may_become_lines_again(self) -> None:
        typing = self.asked()
        typing.read(HAS_A_WINDOW + AGREES)
        self.assertEqual(typing.read(b"x\xff\xfe\x01jobs\n"), (b"jobs\n", b"x", b"\xff\xfc\x01\xff\xfc\x03"))

    def test_what_is_said_twice_is_answered_once(self) -> None:
        typing = self.asked()
        replies = [typing.read(HAS_A_WINDOW + b"\xff\xfb\x03" + AGREES).reply for _ in range(3)]
        self.assertEqual(replies, [OFFER + b"\xff\xfd\x03", b"", b""])


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
        self.assertEqual([typing.read(part).lines for part in (b"jobs\r\n", b"\x04", b"ab\x04c\n\x04")],
                         [b"jobs\n", b"\x04\n", b"ab\x04c\n\x04\n"])  # fmt: skip


class WireCase(TestCase):
    def setUp(self) -> None:
        self.farm = SmallFarm(self)
        self.transport = StringTransport()
        self.shell = self.connected()

    def connected(self, verbs: dict[str, Callable[[], Awaitable[str]]] | None = None) -> Shell:
        """A person with a plain line; some verbs are the test's own."""

        async def answering(service: FarmService, line: str, now: float, width: int, *_: Any) -> str:
            return await ((verbs or {})[line]() if line in (verbs or {}) else answer(service, line, now, width))

        shell = Shell(self.farm.service, self.farm.now, answering)
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
        door = ShellFactory(self.farm.service, self.farm.clock, self.farm.now).buildProtocol(None)
        transport = StringTransport()
        door.makeConnection(transport)
        self.assertEqual(transport.value(), b"")
        self.farm.clock.advance(MOMENT)
        asked, said = transport.value().split(b"\r\0")
        self.assertEqual(asked, b"\xff\xfd\x1f")
        self.assertEqual(said.decode(), "brender 2.0 · no clients yet · no job running · help lists the commands\r\n> ")

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


class Terminal(WireCase):
    """Keys come, and are echoed, edited and completed here."""

    def setUp(self) -> None:
        super().setUp()
        self.shell.greet(asks=True)
        self.press(HAS_A_WINDOW + AGREES)
        self.transport.clear()

    def press(self, keys: bytes) -> None:
        self.shell.dataReceived(keys)

    def test_what_was_typed_before_it_was_agreed_on_is_kept(self) -> None:
        shell = self.connected()
        shell.greet(asks=True)
        shell.dataReceived(b"jobz\x7f" + HAS_A_WINDOW + AGREES)
        self.transport.clear()
        shell.dataReceived(b"s\r")
        self.assertEqual(self.said(), "s\r\nNo jobs yet; submit hands one in.\r\n> ")

    @given(st.integers(0, 30))
    def test_keys_may_be_cut_anywhere(self, cut: int) -> None:
        self.transport.clear()
        sent = "näj\x1b[D\x7f\x01\x0b\x1b[Hjobs\r\0xyzzy\r\0".encode()
        self.press(sent[:cut])
        self.press(sent[cut:])
        said = self.said().split("\r\n")
        no_command = 'No command "xyzzy"; help lists the commands.'
        self.assertEqual(said[1::2], ["No jobs yet; submit hands one in.", no_command])

    async def test_keys_wait_for_the_answer_before_them(self) -> None:
        done: Deferred[str] = Deferred()
        self.shell = self.connected({"slow": lambda: done})
        self.shell.greet(asks=True)
        self.press(HAS_A_WINDOW + AGREES)
        self.transport.clear()
        self.press(b"slow\rjobs\r")
        self.assertEqual((self.said(), self.transport.producerState), ("slow\r\n", "paused"))
        done.callback("Done.")
        self.assertEqual(self.said(), "Done.\r\n> jobs\r\nNo jobs yet; submit hands one in.\r\n> ")
        self.assertEqual(self.transport.producerState, "producing")

    def test_a_paste_of_many_lines_does_no_harm(self) -> None:
        self.press(b"xyzzy\r" * 5_000)
        self.assertEqual(self.said().count("No command"), 5_000)

    async def test_tab_knows_the_names_on_this_farm(self) -> None:
        client = await self.farm.client("attic")
        await self.farm.service.set_clients([client], {"pools": ["lighting"], "tags": ["rtx"]})
        await self.farm.job(owner="ada")
        for typed_so_far, whole in {
            "disable at": "disable attic ",
            "clients pool=l": "clients pool=lighting ",
            "set job 1 pool=l": "set job 1 pool=lighting",
            "cancel owner=a": "cancel owner=ada ",
            "clients tags=": "clients tags=",  # rtx, or none
            "steps ": "steps 1 ",
        }.items():
            self.press(typed_so_far.encode() + b"\t")
            shown = self.said().removeprefix(typed_so_far)
            self.assertEqual(shown, "\a" if whole == typed_so_far else f"\r> {whole}\x1b[K", typed_so_far)
            self.press(b"\x15")
            self.said()

    def test_quit_and_ctrl_d_leave(self) -> None:
        self.press(b"quit\rjobs\r")
        self.assertEqual(self.said(), "quit\r\n")
        self.assertTrue(self.transport.disconnecting)

    def test_nobody_can_have_a_line_without_end_kept(self) -> None:
        for _ in range(10):
            self.press(b"x" * 10_000)
        self.assertEqual(self.transport.value().count(b"\a"), 100_000 - 16_384)


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

        def slow() -> Deferred[str]:
            waiting.append(Deferred())
            return waiting[-1]

        shell = self.connected({"slow": slow})
        shell.dataReceived(b"slow\r\njobs\r\nslow\r\nsave all\r\n")
        self.assertEqual((self.said(), len(waiting), self.transport.producerState), ("", 1, "paused"))
        waiting[0].callback("First.")
        self.assertEqual((self.said(), len(waiting)), ("First.\r\n> No jobs yet; submit hands one in.\r\n> ", 2))
        waiting[1].callback("Second.")
        self.assertEqual(self.said(), "Second.\r\n> save takes no words.\r\n> ")
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
        async def broken() -> str:
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
        shell = self.connected({"slow": lambda: done})
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
        shell = self.connected({"slow": lambda: done})
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
        shell = self.connected({"slow": lambda: done})
        shell.dataReceived(b"slow\r\n")
        shell.readConnectionLost()
        self.assertFalse(self.transport.disconnecting)
        done.callback("Done.")
        self.assertEqual((self.said(), self.transport.disconnecting), ("Done.\r\n> ", True))

    def test_an_idle_connection_that_ends_is_closed(self) -> None:
        self.shell.readConnectionLost()
        self.assertTrue(self.transport.disconnecting)
        self.shell.writeConnectionLost()
