"""Lines of JSON: every split, every limit, and everything that is no message."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.client import Machine
from brender.farm.estimating.estimates import LONGEST_RUN
from brender.farm.submission import ranges
from brender.farm.submission.plain import MOST_TEXT
from brender.protocols import messages as say
from brender.protocols.codec import MOST_FROM_SERVER, MOST_FROM_WORKER, BadMessage, Decoder, encode
from brender.web.http.channel import MOST_BODY

SAID: list[say.FromWorker] = [
    say.Hello(1, "run", Machine("key", "Rechner Ä", 8), {7: [1, 2]}),
    say.Log(7, 0, "Zeile 1\nZeile 2 \u2028 🐱 \x00"),
    say.Result(7, 1, "failed", 'It "broke".\n', 0.25),
    say.Picture(1, 0, b"\xff\xd8\x00\n"),
    say.Beat(3.5),
    say.Leaving(),
]
SENT = b"".join(map(encode, SAID))

# What a worker may send, and what it is told.
NO_MESSAGES: tuple[tuple[bytes, str], ...] = (
    (b"hello", "A line has to be one JSON object in UTF-8: JSON is malformed: .*"),
    (b'{"type":"beat","load":1.0', "A line has to be one JSON object in UTF-8: Input data was truncated"),
    (b'{"type":"beat","load":1.0}{}', "A line has to be one JSON object in UTF-8: JSON is malformed: trailing .*"),
    (b'{"type":"log","order":1,"task":0,"text":"\xff\xfe"}', "A line has to be one JSON object in UTF-8: .*"),
    (b'{"type":"log","order":1,"task":0,"text":"\\ud800"}', "A line has to be one JSON object in UTF-8: .*"),
    (b'{"type":"beat","load":NaN}', "A line has to be one JSON object in UTF-8: JSON is malformed: .*"),
    (b'{"type":"beat","load":1e999}', ".*out of range.*"),
    (b'{"type":"beat","load":1,"x":' + b"[" * 100_000, "A line has to be one JSON object, not nested so deep"),
    (b"[" * 100_000, "This is not a message of the protocol: Expected `object`, got `array`"),
    (b"7", "This is not a message of the protocol: Expected `object`, got `int`"),
    (b"null", "This is not a message of the protocol: Expected `object`, got `null`"),
    (b"[]", "This is not a message of the protocol: Expected `object`, got `array`"),
    (b"{}", "This is not a message of the protocol: .*`type`"),
    (b'{"type":"dance"}', "This is not a message of the protocol: Invalid value 'dance' - at `\\$.type`"),
    (b'{"type":"welcome","client":1}', "This is not a message of the protocol: Invalid value 'welcome' .*"),
    (b'{"type":"beat"}', "This is not a message of the protocol: .*missing required field `load`"),
    (b'{"type":"beat","load":"much"}', "This is not a message of the protocol: Expected `float`, got `str` .*"),
    (b'{"type":"result","order":1,"task":0,"outcome":"perhaps"}', "This is not a message of the protocol: .*perhaps.*"),
    (b'{"type":"picture","job":1,"task":0,"jpeg":"%%%"}', "This is not a message of the protocol: .*base64.*"),
    (
        b'{"type":"hello","version":1,"run":"","machine":{"key":"k","name":"n","slots":0},"held":{}}',
        "This is not a message of the protocol: Expected `int` >= 1 - at `\\$.machine.slots`",
    ),
    (
        b'{"type":"hello","version":1,"run":"","machine":{"key":"k","name":"n","slots":1},"held":{"x":[]}}',
        "This is not a message of the protocol: .*",
    ),
)


def decoder(most: int = MOST_FROM_WORKER) -> Decoder[say.FromWorker]:
    return Decoder(say.FromWorker, most)


class Whole(SynchronousTestCase):
    def test_tls_at_a_plain_port_is_told_at_once_and_not_waited_for(self) -> None:
        with self.assertRaisesRegex(BadMessage, "This is TLS, and this port speaks plainly."):
            Decoder(say.FromWorker, MOST_FROM_WORKER).feed(b"\x16\x03\x01")

    @given(st.lists(st.integers(0, len(SENT)), max_size=8))
    def test_any_split_reads_the_same(self, cuts: list[int]) -> None:
        found, reader = [], decoder()
        places = [0, *sorted(cuts), len(SENT)]
        for begin, end in pairwise(places):
            found += reader.feed(SENT[begin:end])
        self.assertEqual(found, SAID)

    def test_byte_by_byte_reads_the_same(self) -> None:
        reader = decoder()
        self.assertEqual([each for byte in SENT for each in reader.feed(bytes([byte]))], SAID)

    def test_half_a_line_waits(self) -> None:
        reader = decoder()
        self.assertEqual(reader.feed(SENT[:20]), [])
        self.assertEqual(reader.feed(SENT[20:]), SAID)

    def test_empty_lines_and_the_line_ends_of_windows_mean_nothing(self) -> None:
        sent = b"\n\r\n \n" + SENT.replace(b"\n", b"\r\n") + b"\n\n"
        self.assertEqual(decoder().feed(sent), SAID)

    def test_fields_that_are_not_known_are_ignored_and_those_with_a_default_may_be_left_out(self) -> None:
        line = b'{"type":"result","order":1,"task":0,"outcome":"completed","mood":"good"}\n'
        self.assertEqual(decoder().feed(line), [say.Result(1, 0, "completed")])

    @given(st.text(st.characters(exclude_categories=["Cs"])))
    def test_a_message_is_one_line_whatever_its_text(self, text: str) -> None:
        line = encode(say.Log(1, 0, text))
        self.assertEqual((line.count(b"\n"), line[-1:]), (1, b"\n"))
        self.assertEqual(decoder().feed(line), [say.Log(1, 0, text)])


def refusal(sent: bytes, reader: Decoder[Any] | None = None) -> BadMessage:
    try:
        (reader or decoder()).feed(sent)
    except BadMessage as bad:
        return bad
    raise AssertionError(f"This was taken for a message: {sent[:80]!r}")


class NoMessage(SynchronousTestCase):
    def test_each_is_refused_with_a_sentence(self) -> None:
        for line, said in NO_MESSAGES:
            self.assertRegex(str(refusal(line + b"\n")), rf"^{said}\.$", line[:80])

    def test_what_stood_before_it_in_the_same_bytes_is_given(self) -> None:
        self.assertEqual(refusal(SENT + b"junk\n" + SENT).messages, SAID)

    def test_a_refusal_repeats_no_more_of_the_line_than_people_read(self) -> None:
        self.assertLess(len(str(refusal(b'{"type":"' + b"dance" * 100_000 + b'"}\n'))), 400)

    def test_the_line_can_be_looked_at_again(self) -> None:
        self.assertEqual(refusal(b'{"type":"dance","version":2}\n').line, b'{"type":"dance","version":2}')


class TooLong(SynchronousTestCase):
    MOST = 1000
    SAYS = r"^A line may have 1,000 bytes; this one has more\.$"

    def line(self, length: int) -> bytes:
        empty = encode(say.Log(1, 0, ""))
        return encode(say.Log(1, 0, "x" * (length - len(empty) + 1)))[:-1]

    def test_a_line_may_be_as_long_as_the_limit(self) -> None:
        (found,) = decoder(self.MOST).feed(self.line(1000) + b"\n")
        self.assertIsInstance(found, say.Log)

    def test_the_line_ends_of_windows_do_not_count_wherever_they_are_split(self) -> None:
        line = self.line(1000)
        for pieces in ([line + b"\r\n"], [line + b"\r", b"\n"], [line, b"\r\n"], [line, b"\r", b"\n"]):
            reader = decoder(self.MOST)
            self.assertEqual([type(found) for piece in pieces for found in reader.feed(piece)], [say.Log])

    def test_one_byte_more_is_too_long(self) -> None:
        for sent in (self.line(1001), self.line(1001) + b"\n", self.line(1001) + b"\r\n", b"x" * 1001):
            self.assertRegex(str(refusal(sent, decoder(self.MOST))), self.SAYS)

    def test_a_long_line_that_comes_in_pieces_is_refused_as_soon_as_it_is_too_long(self) -> None:
        reader = decoder(self.MOST)
        for _ in range(10):
            reader.feed(b"x" * 100)
        self.assertRegex(str(refusal(b"x", reader)), self.SAYS)

    def test_ten_megabytes_without_an_end_are_not_kept(self) -> None:
        reader = decoder()
        piece, fed = b"x" * 65_536, 0
        with self.assertRaisesRegex(BadMessage, r"^A line may have 1,048,576 bytes; this one has more\.$"):
            while fed < 10 * 2**20:
                reader.feed(piece)
                fed += len(piece)
        self.assertEqual(fed, 2**20)
        self.assertLessEqual(len(reader._rest), 2**20 + len(piece))

    def test_the_largest_template_with_its_values_fits_a_line_of_the_server(self) -> None:
        worst = {"data": "\x01" * MOST_TEXT}
        self.assertLess(len(encode(say.Job(1, "n", worst, {}))) + MOST_BODY, MOST_FROM_SERVER)

    def test_so_does_an_order_of_the_most_tasks_with_the_longest_parameters(self) -> None:
        parameters = {f"P{number:063}": "\x01" * 1024 for number in range(16)}
        order = say.Order(1, 1, "n", 1, 1, [say.Task(index, parameters) for index in range(LONGEST_RUN)])
        chunks = LONGEST_RUN * ranges.MOST_TEXT
        self.assertLess(len(encode(order)) + chunks, MOST_FROM_SERVER)
