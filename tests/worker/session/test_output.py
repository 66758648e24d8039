"""A task's output in pieces, and the waiting for its end."""

import os
import subprocess
from codecs import encode
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.worker.session import output
from brender.worker.session.output import LONGEST, Lines, Watch
from tests.line.harness import until


class Heard:
    def __init__(self) -> None:
        self.pieces: list[tuple[str, bool]] = []
        self.lines = Lines(lambda text, unended: self.pieces.append((text, unended)))

    @property
    def log(self) -> str:
        return "".join(text + ("" if unended else "\n") for text, unended in self.pieces)


def heard(*data: bytes) -> Heard:
    made = Heard()
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
