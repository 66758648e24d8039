"""What a session says: chunks of the log in order, words at once, and no end of patience with a slow agent."""

import logging
import socket
from threading import Thread
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from openjd.sessions import LogContent
from twisted.trial.unittest import SynchronousTestCase

from brender.protocols.codec import Decoder
from brender.worker.session import voice as voices
from brender.worker.session import words
from brender.worker.session.conduct import Conduct
from brender.worker.session.voice import CHUNK, MOST_OUTPUTS, MOST_STATUS, MOST_UNSENT, MOST_WARNINGS, Voice, readable
from tests.line.harness import until


class VoiceTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.here, there = socket.socketpair()
        self.here.settimeout(10)
        self.addCleanup(self.here.close)
        self.addCleanup(there.close)
        self.voice = Voice(there)
        self.decoder: Decoder[words.FromSession] = Decoder(words.FromSession, 2**22)

    def log(self, text: str, content: Any = None, **more: Any) -> None:
        record = logging.LogRecord("x", logging.INFO, "", 0, text, None, None)
        record.__dict__.update(openjd_log_content=content, **more)
        self.voice.handle(record)

    def print(self, text: str, **more: Any) -> None:
        self.log(text, LogContent.COMMAND_OUTPUT, **more)

    def said(self) -> list[Any]:
        """Everything that was said until now."""
        last = words.Opened()
        self.voice.say(last)
        heard: list[Any] = []
        while last not in heard:
            heard += self.decoder.feed(self.here.recv(65536))
        return heard[:-1]

    def text(self) -> str:
        return "".join(word.text for word in self.said() if isinstance(word, words.Said))

    def test_lines_are_gathered_and_come_before_the_next_word(self) -> None:
        self.log("one")
        self.print("two")
        self.voice.say(words.TakenBack(1, 2))
        self.assertEqual(self.said(), [words.Said("one\ntwo\n"), words.TakenBack(1, 2)])

    def test_long_lines_come_in_chunks(self) -> None:
        self.print("x" * (3 * CHUNK + 5))
        chunks = [word.text for word in self.said()]
        self.assertEqual([len(chunk) for chunk in chunks], [CHUNK, CHUNK, CHUNK, 6])

    def test_a_line_in_parts_is_one_line(self) -> None:
        self.print("one ", unended=True)
        self.print("line")
        self.assertEqual(self.text(), "one line\n")

    def test_flush_says_what_there_is(self) -> None:
        self.print("early")
        self.voice.flush()
        self.assertEqual(self.decoder.feed(self.here.recv(65536)), [words.Said("early\n")])

    def test_a_log_stops_growing_and_says_so_and_the_next_task_has_its_own(self) -> None:
        self.patch(voices, "MOST", 1000)
        self.voice.begin(words.Started(1, 1))
        for _ in range(30):
            self.print("y" * 99)
        first = self.text()
        self.assertEqual(first.count("y" * 99), 10)
        self.assertTrue(first.endswith("rest was not kept.]\n"))
        self.voice.begin(words.Started(1, 2))
        self.print("again")
        self.assertEqual(self.text(), "again\n")

    def test_warnings_are_words_and_so_many_at_most(self) -> None:
        for n in range(MOST_WARNINGS + 10):
            self.print(f"brender_warning: missing {n} {'x' * 1000}")
        warned = [word for word in self.said() if isinstance(word, words.Warned)]
        self.assertEqual(len(warned), MOST_WARNINGS)
        self.assertEqual(len(warned[0].text), MOST_STATUS)

    def test_outputs_are_taken_once_and_so_many_at_most(self) -> None:
        for n in range(MOST_OUTPUTS + 10):
            self.print(f"brender_output: /out/{n}.png")
        self.assertEqual(len(self.voice.take_outputs()), MOST_OUTPUTS)
        self.assertEqual(self.voice.take_outputs(), [])

    def test_how_fast_frames_play_is_a_number_that_can_be_played(self) -> None:
        none = dict.fromkeys(("nan", "1e999", "-24", "fast", ""), 0.0)
        for said, rate in {"23.976": 23.976, "24 ": 24.0, **none}.items():
            self.print(f"brender_rate: {said}")
            self.assertEqual(self.voice.take_rate(), rate, said)
        self.assertEqual(self.voice.take_rate(), 0.0)

    def test_the_last_lines_are_what_the_task_printed_last(self) -> None:
        self.print("first\nno camera  \n\n")
        self.print("openjd_progress: 5")
        self.log("Process pid 5 exited", LogContent.PROCESS_CONTROL)
        self.log("Output:", LogContent.BANNER | LogContent.COMMAND_OUTPUT)
        self.assertEqual(list(self.voice.last_lines), ["first", "no camera"])
        self.voice.begin(words.Started(1, 2))
        self.assertEqual(list(self.voice.last_lines), [])

    def test_so_many_of_the_last_lines_are_kept(self) -> None:
        for first in (0, 50):
            self.print("\n".join(f"line {n}" for n in range(first, first + 50)))
        self.print("one more")
        self.assertEqual(list(self.voice.last_lines), [*(f"line {n}" for n in range(81, 100)), "one more"])

    def test_what_is_printed_is_heard_by_who_judges_it_and_nothing_else_is(self) -> None:
        heard: list[tuple[str, bool]] = []
        self.voice.conduct = Conduct(lambda: 0.0)
        self.voice.conduct.printed = lambda text, unended=False: heard.append((text, unended))  # type: ignore[method-assign]
        self.log("Process pid 5 exited", LogContent.PROCESS_CONTROL)
        self.print("half ", unended=True)
        self.print("a line")
        self.assertEqual(heard, [("half ", True), ("a line", False)])

    def test_progress_is_said_when_it_changes_and_cut_to_a_length(self) -> None:
        for percent, status in ((5.0, ""), (5.0, ""), (5.0, "s" * 5000), (None, "")):
            self.voice.progress(percent, status)
        self.assertEqual(self.said(), [words.Progress(5.0, ""), words.Progress(5.0, "s" * MOST_STATUS)])

    def test_output_waits_for_an_agent_that_does_not_read_and_nothing_else_does(self) -> None:
        printed: list[int] = []

        def work() -> None:
            for n in range(400):
                self.print("z" * CHUNK)
                printed.append(n)

        thread = Thread(target=work, daemon=True)
        thread.start()
        until(lambda: len(printed) * CHUNK > MOST_UNSENT / 2, "nothing is printed")
        thread.join(0.3)
        self.assertTrue(thread.is_alive())
        self.assertLess(len(printed) * CHUNK, 4 * MOST_UNSENT)
        self.log("Canceling", LogContent.PROCESS_CONTROL)  # neither this
        self.voice.say(words.TakenBack(9, 9))  # nor this waits
        heard: list[Any] = []
        while not (printed and printed[-1] == 399 and not thread.is_alive()):
            heard += self.decoder.feed(self.here.recv(2**20))
        heard += self.said()
        self.assertIn(words.TakenBack(9, 9), heard)
        self.assertEqual(sum(word.text.count("z") for word in heard if isinstance(word, words.Said)), 400 * CHUNK)

    def test_an_agent_that_is_gone_is_not_waited_for(self) -> None:
        self.here.close()
        for _ in range(100):
            self.print("z" * CHUNK)
        self.voice.finish()

    def test_finish_returns_when_all_is_sent(self) -> None:
        self.print("last words")
        self.voice.finish()
        self.assertEqual(self.decoder.feed(self.here.recv(65536)), [words.Said("last words\n")])

    @given(st.text(st.characters()))
    def test_every_text_can_be_said(self, text: str) -> None:
        readable(text).encode()

    def test_what_is_no_text_is_written_out(self) -> None:
        self.print("caf\udce9 \0 é")
        self.assertEqual(self.text(), "caf\\udce9 \0 é\n")
