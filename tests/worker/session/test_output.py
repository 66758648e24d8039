"""A task's output in pieces, and the waiting for its end."""

import os
import subprocess
from codecs import encode
from collections.abc import Collection
from itertools import pairwise
from logging import makeLogRecord
from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st
from openjd.sessions._action_filter import ActionMonitoringFilter
from twisted.trial.unittest import SynchronousTestCase

from brender.worker.session import output
from brender.worker.session.output import LONGEST, Lines, Watch
from tests.line.harness import until


class Heard:
    def __init__(self, secrets: Collection[str] = ()) -> None:
        self.pieces: list[tuple[str, bool]] = []
        self.lines = Lines(lambda text, unended: self.pieces.append((text, unended)), lambda: secrets)

    @property
    def log(self) -> str:
        return "".join(text + ("" if unended else "\n") for text, unended in self.pieces)


def heard(*data: bytes, secrets: Collection[str] = ()) -> Heard:
    made = Heard(secrets)
    for each in data:
        made.lines.feed(each)
    made.lines.end()
    return made


class LinesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.patch(Lines, "careful", False)

    def test_ordinary_lines_come_together(self) -> None:
        self.assertEqual(heard(b"a\nb\nc\n").pieces, [("a\nb\nc", False)])

    def test_lines_that_mean_something_come_alone(self) -> None:
        pieces = heard(
            b"a\nb\nopenjd_progress: 5\nc\n  OPENJD_ENV: X=1\nbrender_warning: w\nd openjd_fail: no\n"
        ).pieces
        self.assertEqual(
            [text for text, _ in pieces],
            ["a\nb", "openjd_progress: 5", "c", "  OPENJD_ENV: X=1", "brender_warning: w", "d openjd_fail: no"],
        )

    def test_once_a_secret_was_named_every_line_comes_alone(self) -> None:
        self.assertEqual(len(heard(b"a\nb\nopenjd_redacted_env: T=x\nc\nd\n").pieces), 4)
        self.assertEqual(len(heard(b"e\nf\n").pieces), 2)

    def test_a_last_line_without_an_end_is_a_line(self) -> None:
        self.assertEqual(heard(b"a\nb").log, "a\nb\n")

    def test_nothing_is_nothing(self) -> None:
        self.assertEqual(heard().pieces, [])
        self.assertEqual(heard(b"").pieces, [])

    def test_empty_lines_are_kept(self) -> None:
        self.assertEqual(heard(b"\n\na\n\n").log, "\n\na\n\n")

    def test_a_long_line_comes_in_parts_and_is_one_line(self) -> None:
        for length in (LONGEST - 1, LONGEST, LONGEST + 1, 5 * LONGEST):
            made = heard(b"x" * length, b"\nnext\n")
            self.assertEqual(made.log, "x" * length + "\nnext\n")
            self.assertLessEqual(max(len(text) for text, _ in made.pieces), LONGEST + 5)

    def test_a_long_line_without_an_end_is_a_line(self) -> None:
        self.assertEqual(heard(b"x" * LONGEST).log, "x" * LONGEST + "\n")

    def test_bytes_that_are_no_text_are_written_out(self) -> None:
        self.assertEqual(heard(b"bad \xff\xfe\n", b"half \xc3").log, "bad \\xff\\xfe\nhalf \\xc3\n")

    @given(st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"])), st.data())
    def test_every_split_gives_the_same_log(self, text: str, data: st.DataObject) -> None:
        whole = encode(text)
        cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)))) | {0, len(whole)})
        made = heard(*(whole[a:b] for a, b in pairwise(cuts)))
        wanted = text if text.endswith("\n") or not text else text + "\n"
        self.assertEqual(made.log, wanted)

    @given(st.lists(st.sampled_from(["\r", "\n", "\r\n", "a"])), st.data())
    def test_every_end_of_a_line_is_one(self, parts: list[str], data: st.DataObject) -> None:
        whole = "".join(parts).encode()
        cut = data.draw(st.integers(0, len(whole)))
        self.assertEqual(heard(whole[:cut], whole[cut:]).log, heard(whole).log)
        self.assertNotIn("\r", heard(whole).log)


class Secrets(SynchronousTestCase):
    """Lines in parts: openjd-sessions looks for secrets in each part alone."""

    TOKEN: ClassVar = {"abc123"}

    def setUp(self) -> None:
        self.patch(Lines, "careful", True)

    def test_one_that_lies_across_a_cut_is_masked_wherever_it_lies(self) -> None:
        for before in range(LONGEST - 7, LONGEST + 2):
            line = b"x" * before + b"abc123" + b"y" * LONGEST
            made = heard(line, b"\nabc\n", secrets=self.TOKEN)
            self.assertEqual(made.log, "x" * before + "********" + "y" * LONGEST + "\nabc\n")
            for text, _ in made.pieces[:-1]:
                self.assertNotIn(text[-1:], tuple("abc12"), before)

    def test_one_that_is_longer_than_a_part_is_masked_once(self) -> None:
        secret = "s" + "ecret" * LONGEST
        end = f"] {secret[:50]}" + "!" * LONGEST
        made = heard(f"T=[{secret}".encode(), end.encode(), secrets={secret})
        self.assertEqual(made.log, f"T=[********{end}\n")

    def test_a_line_of_nothing_else_does_not_pile_up(self) -> None:
        made = Heard({"aa"})
        for _ in range(20):
            made.lines.feed(b"a" * LONGEST)
            self.assertLess(len(made.lines._rest), LONGEST + 10)
        made.lines.end()
        self.assertEqual(made.log, "********\n")

    def test_a_long_line_that_names_one_is_kept_together(self) -> None:
        for name in ("openjd_redacted_env: T=", " OPENJD_REDACTED_ENV: T="):
            line = name + "x" * 5 * LONGEST
            self.assertEqual(heard(line[:LONGEST].encode(), line[LONGEST:].encode()).pieces, [(line, False)])

    def test_one_without_end_does_not_pile_up(self) -> None:
        made = Heard()
        for _ in range(30):
            made.lines.feed(b"openjd_redacted_env: T=" + b"x" * output.PIECE)
            self.assertLessEqual(len(made.lines._rest), output.MOST_SECRET)
        self.assertEqual(made.pieces, [])

    @given(st.text("ab\n"), st.sets(st.text("ab", min_size=1, max_size=9), max_size=3), st.data())
    def test_however_it_is_cut_the_log_is_the_same_as_of_whole_lines(
        self, text: str, secrets: set[str], data: st.DataObject
    ) -> None:
        self.patch(output, "LONGEST", data.draw(st.integers(1, 12)))
        cuts = sorted(data.draw(st.sets(st.integers(0, len(text)))) | {0, len(text)})
        made = heard(*(text[a:b].encode() for a, b in pairwise(cuts)), secrets=secrets)
        log = "".join(redacted(piece, secrets) + ("" if unended else "\n") for piece, unended in made.pieces)
        self.assertEqual(log, "".join(redacted(line, secrets) + "\n" for line in text.splitlines()))


def redacted(text: str, secrets: set[str]) -> str:
    """As openjd-sessions does it."""
    masks = ActionMonitoringFilter(session_id="session", callback=lambda *_: None)
    masks._redacted_values |= secrets
    record = makeLogRecord({"msg": text})
    masks.apply_message_redaction(record)
    return str(record.msg)


class WatchTests(SynchronousTestCase):
    def watch(self, script: str) -> tuple[subprocess.Popen[bytes], Watch]:
        process = subprocess.Popen(["bash", "-c", script], stdout=subprocess.PIPE)
        assert process.stdout
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        return process, Watch(process.stdout.fileno(), process.pid, process.poll)

    def drain(self, process: subprocess.Popen[bytes], watch: Watch) -> bytes:
        assert process.stdout
        got = b""
        while not watch.tired:
            watch.wait()
            if watch.readable:
                data = os.read(process.stdout.fileno(), 100)
                if not data:
                    break
                got += data
        return got

    def test_it_ends_with_the_pipe(self) -> None:
        process, watch = self.watch("echo a; echo b")
        with watch:
            self.assertEqual(self.drain(process, watch), b"a\nb\n")

    def test_who_keeps_the_pipe_open_is_not_waited_for_long(self) -> None:
        self.patch(output, "GRACE", 0.2)
        process, watch = self.watch("sleep 20 & echo $!; exit 0")
        with watch:
            left = self.drain(process, watch)
        self.assertTrue(watch.over)
        os.kill(int(left), 9)

    def test_it_does_the_same_where_there_is_no_pidfd(self) -> None:
        self.patch(output, "GRACE", 0.2)
        process, watch = self.watch("sleep 20 & echo $!; exit 0")
        watch.__exit__()
        watch._poll.unregister(watch._process or 0)
        watch._process = None
        left = self.drain(process, watch)
        self.assertTrue(watch.over)
        os.kill(int(left), 9)
        until(lambda: process.poll() is not None, "it does not end")
