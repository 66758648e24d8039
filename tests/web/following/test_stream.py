"""Events as they happen: in order, from any point on, to fast and to slow readers."""

import json
from typing import Any

from twisted.trial.unittest import TestCase

from brender.web.following.readers import MOST_WAITING
from brender.web.following.stream import MOST_READERS
from tests.web.fakes import Web, Wire, request


def chunks(data: bytes) -> bytes:
    """The body of a chunked answer as far as it has come."""
    body = data.partition(b"\r\n\r\n")[2]
    found = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        found += rest[: int(size, 16)]
        body = rest[int(size, 16) + 2 :]
    return found


def events(wire: Wire) -> list[tuple[int, str, Any]]:
    found = []
    for block in chunks(wire.got()).decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" in fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


class Streaming(TestCase):
    def setUp(self) -> None:
        self.web = Web(self)

    def follow(self, query: str = "", **headers: str) -> Wire:
        wire = self.web.wire()
        wire.send(request("GET", f"/api/v1/events{query}", **headers))
        return wire

    def publish(self, number: int = 1, kind: str = "job") -> None:
        for _ in range(number):
            self.web.farm.service._events.publish(kind, {"text": "two\nlines"})

    def last(self) -> int:
        return self.web.farm.service.last_event

    async def test_what_happens_arrives_as_it_is_announced(self) -> None:
        wire = self.follow()
        self.assertIn(b"content-type: text/event-stream; charset=utf-8", wire.got().lower())
        self.assertEqual(events(wire), [])
        job = await self.web.farm.job(name="<b>shot</b>")
        self.web.farm.clock.advance(0.2)
        ((number, kind, (data,)),) = events(wire)
        self.assertEqual((number, kind, data["id"], data["name"]), (self.last(), "job", job.id, "<b>shot</b>"))

    def test_kinds_choose(self) -> None:
        wire = self.follow("?kind=client,farm")
        for kind in ("job", "client", "picture", "farm"):
            self.publish(kind=kind)
        self.assertEqual([kind for _, kind, _ in events(wire)], ["client", "farm"])
        self.assertEqual(self.follow("?kind=clent").reply().status, 400)

    async def test_a_filter_chooses_among_the_things_of_a_kind(self) -> None:
        wire = self.follow("?kind=client&filter=slots>=4+and+not+render-02")
        jobs = self.follow("?filter=name=s*&kind=job")
        for name, slots in (("render-01", 8), ("render-02", 8), ("desk-01", 2)):
            await self.web.farm.client(name, slots=slots)
        for name in ("shot", "walk"):
            await self.web.farm.job(name=name)
        self.web.farm.clock.advance(0.2)
        self.assertEqual([each["name"] for _, _, data in events(wire) for each in data], ["render-01"])
        self.assertEqual([each["name"] for _, _, data in events(jobs) for each in data], ["shot"])

    async def test_what_was_missed_is_chosen_by_the_filter_too(self) -> None:
        begin = self.last()
        for name in ("render-01", "desk-01"):
            await self.web.farm.client(name)
        self.web.farm.clock.advance(0.2)
        wire = self.follow(f"?kind=client&filter=desk*&since={begin}")
        self.assertEqual([each["name"] for _, _, data in events(wire) for each in data], ["desk-01"])

    def test_a_filter_that_cannot_be_is_refused_with_its_place(self) -> None:
        reply = self.follow("?kind=client&filter=online+and+colour=red").reply()
        self.assertEqual((reply.status, reply.json["at"], reply.json["position"]), (400, "filter", 11))
        reply = self.follow("?kind=farm&filter=online").reply()
        self.assertEqual((reply.status, reply.json["at"]), (400, "filter"))
        self.assertEqual(len(self.web.site.streams), 0)

    def test_who_comes_back_gets_what_was_missed(self) -> None:
        begin = self.last()
        self.publish(3)
        self.assertEqual(
            [number for number, _, _ in events(self.follow(f"?since={begin + 1}"))], [begin + 2, begin + 3]
        )

    def test_the_header_of_a_browser_is_newer_than_the_address(self) -> None:
        begin = self.last()
        self.publish(3)
        wire = self.follow(f"?since={begin}", Last_Event_ID=str(begin + 2))
        self.assertEqual([number for number, _, _ in events(wire)], [begin + 3])
        self.assertEqual(len(events(self.follow(f"?since={begin}", Last_Event_ID="junk"))), 3)

    def test_a_number_that_is_not_known_is_answered_with_reset(self) -> None:
        self.publish(3)
        for since in (1, self.last() + 5, 2**53):
            self.assertEqual(
                events(self.follow(f"?since={since}&kind=client")),
                [(self.last(), "reset", {"last_event": self.last()})],
            )

    def test_a_reader_who_is_a_little_slow_gets_everything(self) -> None:
        wire = self.follow()
        wire.pause()
        self.publish(MOST_WAITING)
        self.assertEqual(events(wire), [])
        wire.resume()
        self.assertEqual(len(events(wire)), MOST_WAITING)

    def test_a_reader_who_is_too_slow_is_reset_and_goes_on(self) -> None:
        wire = self.follow()
        wire.pause()
        self.publish(MOST_WAITING * 10)
        wire.resume()
        self.assertEqual([kind for _, kind, _ in events(wire)], ["reset"])
        self.publish()
        self.assertEqual([kind for _, kind, _ in events(wire)], ["reset", "job"])

    def test_a_slow_reader_holds_up_nobody_else(self) -> None:
        slow, fast = self.follow(), self.follow()
        slow.pause()
        self.publish(5)
        self.assertEqual((len(events(slow)), len(events(fast))), (0, 5))

    def test_a_comment_every_fifteen_seconds_keeps_the_connection(self) -> None:
        wire = self.follow()
        self.web.farm.clock.pump([1] * 46)
        self.assertEqual(chunks(wire.got()).count(b": still here\n\n"), 3)
        self.assertFalse(wire.transport.half_closed)

    def test_nothing_is_kept_of_a_reader_who_has_gone(self) -> None:
        for wire in (self.follow(), self.follow()):
            wire.close()
        self.assertEqual((len(self.web.site.streams), len(self.web.farm.service._events._listeners)), (0, 0))
        self.assertEqual(self.web.farm.clock.getDelayedCalls(), [])
        self.publish()
        self.assertEqual(len(events(self.follow(f"?since={self.last() - 1}"))), 1)

    def test_closing_the_port_ends_the_streams(self) -> None:
        wire = self.follow()
        self.web.site.stopFactory()
        self.assertTrue(wire.got().endswith(b"0\r\n\r\n"))
        self.assertEqual(len(self.web.site.streams), 0)

    def test_there_is_a_most_of_readers(self) -> None:
        for _ in range(MOST_READERS):
            self.follow()
        reply = self.follow().reply()
        self.assertEqual((reply.status, reply.headers["retry-after"]), (503, "10"))
