"""The limits of a request, byte for byte: each refusal has its number and its sentence, and the server lives on."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import TestCase

from tests.web.fakes import Web, Wire, request

HEAD = b"POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


class Limits(TestCase):
    def setUp(self) -> None:
        self.web = Web(self, most_body=1000, patience=30.0)

    def sent(self, *parts: bytes) -> Wire:
        wire = self.web.wire()
        for part in parts:
            wire.send(part)
        return wire

    def refused(self, status: int, sentence: str, *parts: bytes) -> Wire:
        wire = self.sent(*parts)
        self.assertEqual(wire.reply().status, status)
        self.assertIn(sentence, wire.reply().message)
        self.assertEqual(wire.reply().headers["connection"], "close")
        self.assertTrue(wire.transport.half_closed)
        self.assertEqual(self.web.get("/api/v1/farm").status, 200)
        return wire

    def test_an_address_that_is_too_long_is_414(self) -> None:
        self.refused(
            414, "16384 bytes", b"GET /api/v1/jobs?x=" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
        )
        self.refused(414, "16384 bytes", *[b"x" * 1000] * 20)

    def test_headers_that_are_too_large_or_too_many_are_431(self) -> None:
        self.refused(431, "A header has more", b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n")
        self.refused(431, "65536 bytes", b"GET / HTTP/1.1\r\n" + (b"X: " + b"x" * 9000 + b"\r\n") * 8 + b"\r\n")
        self.refused(431, "100 headers", b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 100 + b"\r\n")

    def test_a_hundred_headers_are_enough_for_anybody(self) -> None:
        wire = self.sent(b"GET /api/v1/farm HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 99 + b"\r\n")
        self.assertEqual(wire.reply().status, 200)

    def test_a_body_that_is_announced_too_large_is_413_before_any_of_it_is_read(self) -> None:
        self.refused(413, "1000 bytes", HEAD + b"Content-Length: 104857600\r\n\r\n")
        self.refused(413, "1000 bytes", HEAD + b"Content-Length: 1001\r\n\r\n" + b"x" * 1001)
        self.refused(413, "1000 bytes", HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n")

    def test_a_body_of_unknown_length_is_counted_as_it_comes(self) -> None:
        chunk = b"190\r\n" + b"x" * 400 + b"\r\n"
        wire = self.refused(
            413, "1000 bytes", HEAD + b"Transfer-Encoding: chunked\r\n\r\n", chunk, chunk, chunk, chunk * 50
        )
        self.assertLess(wire.channel.requests[0].content.tell(), 1001)

    def test_a_body_of_just_the_limit_is_read(self) -> None:
        self.assertEqual(self.web.ask("POST", "/api/v1/jobs", b" " * 1000).status, 400)  # read, and no JSON

    def test_nothing_is_promised_to_who_asks_before_sending_too_much(self) -> None:
        wire = self.refused(413, "1000 bytes", HEAD + b"Content-Length: 5000\r\nExpect: 100-continue\r\n\r\n")
        self.assertNotIn(b"100 Continue", wire.got())

    def test_a_slow_body_is_408_however_steadily_it_drips(self) -> None:
        wire = self.sent(HEAD + b"Content-Length: 900\r\n\r\n")
        for _ in range(29):
            self.web.farm.clock.advance(1)
            wire.send(b"x")
        self.assertEqual(wire.got(), b"")
        self.web.farm.clock.advance(1)
        self.assertEqual(wire.reply().status, 408)
        self.assertIn("30 seconds", wire.reply().message)

    def test_a_slow_head_is_408_too(self) -> None:
        wire = self.sent(b"GET /api/v1/farm HT")
        self.web.farm.clock.advance(30)
        self.assertEqual(wire.reply().status, 408)

    def test_the_clock_runs_anew_for_each_request_of_a_connection(self) -> None:
        wire = self.sent(request("GET", "/api/v1/farm"))
        self.web.farm.clock.advance(29)
        wire.send(request("GET", "/api/v1/farm"))
        self.web.farm.clock.advance(29)
        self.assertEqual([wire.reply(0).status, wire.reply(1).status], [200, 200])
        self.assertFalse(wire.transport.half_closed)

    def test_a_connection_that_says_nothing_is_closed(self) -> None:
        wire = self.sent()
        self.web.farm.clock.advance(61)
        self.assertTrue(wire.transport.disconnecting)
        self.assertEqual(wire.got(), b"")

    def test_what_follows_a_refusal_is_dropped_and_then_the_connection_is(self) -> None:
        wire = self.refused(414, "bytes", b"x" * 20_000)
        before = wire.got()
        wire.send(request("GET", "/api/v1/farm"))
        self.assertEqual(wire.got(), before)
        self.web.farm.clock.advance(5)
        self.assertTrue(wire.transport.aborted)

    def test_no_call_is_left_behind_by_a_connection_that_goes(self) -> None:
        for part in (
            b"",
            b"GET /",
            b"x" * 20_000,
            request("GET", "/api/v1/farm"),
            HEAD + b"Content-Length: 9\r\n\r\nx",
        ):
            self.sent(part).close()
        self.assertEqual(self.web.farm.clock.getDelayedCalls(), [])


class NotHTTP(TestCase):
    def test_what_is_no_http_is_400_with_a_sentence(self) -> None:
        web = Web(self)
        for junk in (
            b"\x16\x03\x01\x02\x00\x01\xfc\x03\x03\r\n",
            b"GET\r\n\r\n",
            b"GET / HTTP/1.1\r\nno colon here\r\n\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
            b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"GET / HTTP/1.1\r\nX: a\x00b\r\n\r\n",
        ):
            wire = web.wire()
            wire.send(junk)
            self.assertEqual(wire.reply().status, 400, junk)
            self.assertIn("not HTTP", wire.reply().message)

    @given(st.lists(st.binary(max_size=50), max_size=5))
    def test_no_bytes_at_all_bring_a_500(self, parts: list[bytes]) -> None:
        wire = self.fuzzed.wire()
        for part in parts:
            wire.send(part)
        self.assertNotIn(b" 500 ", wire.got()[:20])
        wire.close()

    def setUp(self) -> None:
        self.fuzzed = Web(self)

    @given(st.integers(0, 400))
    def test_a_request_may_be_cut_anywhere(self, cut: int) -> None:
        whole = request("PATCH", "/api/v1/clients?filter=all", {"status": "disabled"})
        wire = self.fuzzed.wire()
        wire.send(whole[:cut])
        wire.send(whole[cut:])
        self.assertEqual(wire.reply().json, {"matched": 0, "changed": 0, "data": []})
        wire.close()
