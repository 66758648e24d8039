"""Events over a WebSocket: what is said, what a client may change, who may come, and what is bounded.

How does this work?  `Talk` is a client on a wire in memory, whose frames are read by wsproto, so that time and a full
connection are the test's own.  `RealClients` has the library `websockets` at the other end of a real socket, in a
thread.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any, cast

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import deferLater
from twisted.internet.tcp import Port, Server
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage

from brender.web import make_site
from brender.web.following.readers import MOST_WAITING
from brender.web.following.stream import BEAT, MOST_READERS
from brender.web.following.websocket import LINGER, MOST_MESSAGE, MOST_UNANSWERED
from tests.fakes import SmallFarm
from tests.web import test_site
from tests.web.fakes import Reply, Web, Wire, request

reactor: Any = global_reactor
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPTED = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # for that key, as RFC 6455 has it
HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}
PATIENCE = 60.0  # seconds


class Talk:
    """A client on a wire in memory."""

    def __init__(self, web: Web, query: str = "", **headers: str) -> None:
        self.wire: Wire = web.wire()
        self.wire.send(request("GET", f"/api/v1/events{query}", **{**HANDSHAKE, **headers}))
        self._read = len(self.wire.got().partition(b"\r\n\r\n")[0]) + 4
        self._peer = Connection(ConnectionType.CLIENT)
        self.messages: list[Any] = []
        self.pings = 0
        self.closed: int | None = None

    @property
    def reply(self) -> Reply:
        return self.wire.reply()

    def said(self) -> list[tuple[int, str, Any]]:
        """All messages so far."""
        self.look()
        return [(each["id"], each["event"], each["data"]) for each in self.messages]

    def kinds(self) -> list[str]:
        return [kind for _, kind, _ in self.said()]

    def look(self) -> None:
        data = self.wire.got()
        self._peer.receive_data(data[self._read :])
        self._read = len(data)
        for event in self._peer.events():
            if isinstance(event, TextMessage):
                self.messages.append(json.loads(event.data))
            self.pings += isinstance(event, Ping)
            if isinstance(event, CloseConnection):
                self.closed = int(event.code)

    def send(self, *events: Event) -> None:
        self.wire.send(b"".join(self._peer.send(event) for event in events))

    def say(self, **wanted: Any) -> tuple[str, Any]:
        """Change what is heard; the answer."""
        self.send(TextMessage(json.dumps(wanted)))
        _, kind, data = self.said()[-1]
        return kind, data


class Talking(TestCase):
    def setUp(self) -> None:
        self.web = Web(self)

    def talk(self, query: str = "", **headers: str) -> Talk:
        return Talk(self.web, query, **headers)

    def publish(self, number: int = 1, kind: str = "farm") -> None:
        for _ in range(number):
            self.web.farm.service._events.publish(kind, {"state": "two\nlines"})

    def last(self) -> int:
        return self.web.farm.service.last_event

    def readers(self) -> tuple[int, int]:
        return len(self.web.site.streams), len(self.web.farm.service._events._listeners)


class Events(Talking):
    def test_the_handshake_is_that_of_the_rfc(self) -> None:
        reply = self.talk().reply
        self.assertEqual((reply.status, reply.headers["upgrade"].lower()), (101, "websocket"))
        self.assertEqual(reply.headers["sec-websocket-accept"], ACCEPTED)

    async def test_what_happens_arrives_as_it_does_at_server_sent_events(self) -> None:
        talk = self.talk()
        self.assertEqual(talk.said(), [])
        job = await self.web.farm.job(name="<b>shot</b>")
        self.web.farm.clock.advance(0.2)
        ((number, kind, (data,)),) = talk.said()
        self.assertEqual((number, kind, data["id"], data["name"]), (self.last(), "job", job.id, "<b>shot</b>"))

    def test_who_comes_back_gets_what_was_missed_or_a_reset(self) -> None:
        begin = self.last()
        self.publish(3)
        self.assertEqual([number for number, _, _ in self.talk(f"?since={begin + 1}").said()], [begin + 2, begin + 3])
        self.assertEqual(self.talk("?since=1").said(), [(self.last(), "reset", {"last_event": self.last()})])

    async def test_kinds_and_a_filter_choose_from_the_beginning(self) -> None:
        talk = self.talk("?kind=client,farm&filter=name=render-0*")
        for name in ("render-01", "desk-01", "render-02"):
            await self.web.farm.client(name)
        await self.web.farm.job()
        self.web.farm.clock.advance(0.2)
        self.publish()
        (_, _, clients), (_, kind, _) = talk.said()
        self.assertEqual(([each["name"] for each in clients], kind), (["render-01", "render-02"], "farm"))


class Changing(Talking):
    async def test_a_client_changes_what_it_hears(self) -> None:
        talk = self.talk("?kind=farm")
        self.assertEqual(talk.say(kinds=["client"]), ("hears", {"kinds": ["client"], "filter": "", "job": None}))
        self.publish()
        await self.web.farm.client("render-01")
        self.web.farm.clock.advance(0.2)
        self.assertEqual(talk.kinds(), ["hears", "client"])
        self.assertEqual(talk.say(filter="desk*")[1], {"kinds": ["client"], "filter": "desk*", "job": None})
        self.assertEqual(talk.say(kinds=[], filter="")[1], {"kinds": [], "filter": "", "job": None})
        self.publish()
        self.assertEqual(talk.kinds()[-1], "farm")

    def test_what_cannot_be_is_told_and_nothing_is_changed(self) -> None:
        talk = self.talk("?kind=farm")
        wrong: list[tuple[dict[str, Any], str, str]] = [
            ({"kinds": ["clent"]}, 'no events of the kind clent; did you mean client', "kinds"),
            ({"kinds": "client"}, "kinds", "kinds"),
            ({"kinds": ["client"], "filter": "name=(("}, "", "filter"),
            ({"filter": "online"}, "A filter chooses among events of job and client", "filter"),
            ({"kind": ["client"]}, 'no field "kind" here; did you mean kinds', "kind"),
        ]
        for said, sentence, at in wrong:
            kind, data = talk.say(**said)
            self.assertEqual((kind, data["at"]), ("error", at), said)
            self.assertIn(sentence, data["detail"])
        for text in ("", "[]", "{", "\ud800", '{"kinds": NaN}', "[" * 5000, '{"filter": "a", "filter": "b"}'):
            talk.send(TextMessage(text.encode("utf-8", "replace").decode()))
            self.assertEqual(talk.kinds()[-1], "error", text[:20])
        self.publish()
        self.assertEqual(talk.kinds()[-1], "farm")

    async def test_a_page_goes_from_the_tasks_of_one_job_to_those_of_another(self) -> None:
        client = await self.web.farm.client("render-01")
        for _ in range(2):
            await self.web.farm.job(values={"Frames": "1-2"})
        talk = self.talk("?kind=farm")
        self.assertEqual(talk.say(kinds=["task"])[1]["at"], "job")
        self.assertEqual(talk.say(kinds=["task"], job=7)[1]["detail"], "There is no job 7.")
        self.assertEqual(talk.say(kinds=["task"], job=1)[1], {"kinds": ["task"], "filter": "", "job": 1})
        self.web.farm.clock.advance(1)
        self.web.farm.finish_all(client)
        self.web.farm.clock.advance(1)
        told = [data for _, kind, data in talk.said() if kind == "task"]
        self.assertEqual({data["job"] for data in told}, {1})
        self.assertEqual(talk.say(job=2)[1]["job"], 2)
        await self.web.farm.service.again(2, lambda job: {0: [0]})
        self.web.farm.clock.advance(1)
        told = [data for _, kind, data in talk.said() if kind == "task"][len(told) :]
        self.assertEqual({data["job"] for data in told}, {2})
        readers = [followed.readers for _, followed in sorted(self.web.farm.service._tasks._followed.items())]
        self.assertEqual(readers, [0, 1])

    async def test_one_that_matches_no_longer_is_told_once_more(self) -> None:
        client = await self.web.farm.client("render-01")
        other = await self.web.farm.client("render-02")
        self.web.farm.gone(other)
        self.web.farm.clock.advance(0.2)
        talk = self.talk("?kind=client&filter=online")
        for _ in range(2):
            self.web.farm.service.beat(client.id, 50.0)
            self.web.farm.service.beat(other.id, 50.0)
            self.web.farm.clock.advance(0.2)
        self.web.farm.gone(client)
        self.web.farm.clock.advance(0.2)
        self.web.farm.service.beat(client.id, 60.0)
        self.web.farm.clock.advance(0.2)
        found = [(each["id"], each["connection"]) for _, _, data in talk.said() for each in data]
        self.assertEqual(found, [(1, "online"), (1, "online"), (1, "offline")])


class WhoMayCome(Talking):
    def refused(self, **headers: str) -> tuple[int, str]:
        reply = self.talk(**headers).reply
        return reply.status, reply.json["at"]

    def test_a_page_of_another_site_may_not(self) -> None:
        self.assertEqual(self.refused(Origin="http://evil.example"), (403, "Origin"))
        self.assertEqual(self.refused(Origin="null"), (403, "Origin"))
        self.assertEqual(self.talk(Origin="http://localhost:8080").reply.status, 101)
        self.assertEqual(self.refused(Host="evil.example"), (421, "Host"))

    def test_what_is_no_handshake_is_told_so(self) -> None:
        self.assertEqual(self.refused(Connection="keep-alive"), (400, "Connection"))
        for key in ("", "short", "=" * 24, KEY[:-1], KEY + "="):
            self.assertEqual(self.refused(**{"Sec-WebSocket-Key": key}), (400, "Sec-WebSocket-Key"), key)
        reply = self.talk(**{"Sec-WebSocket-Version": "8"}).reply
        self.assertEqual((reply.status, reply.headers["sec-websocket-version"]), (400, "13"))

    def test_a_filter_that_cannot_be_is_refused_with_its_place(self) -> None:
        reply = self.talk("?kind=client&filter=online+and+(busy").reply
        self.assertEqual((reply.status, reply.json["at"], reply.json["position"]), (400, "filter", 11))

    def test_only_the_address_of_the_events_can_be_upgraded(self) -> None:
        reply = self.web.get("/api/v1/farm", **HANDSHAKE)
        self.assertEqual(reply.status, 200)

    def test_strange_headers_beside_it_do_no_harm(self) -> None:
        talk = self.talk(**{"X-Strange": "\x01\x7f", "Sec-WebSocket-Extensions": "permessage-deflate; x=((", "TE": "x"})
        self.publish()
        self.assertEqual((talk.reply.status, talk.kinds()), (101, ["farm"]))

    def test_both_ways_share_the_most_of_readers(self) -> None:
        self.talk()
        for _ in range(MOST_READERS - 1):
            self.web.wire().send(request("GET", "/api/v1/events"))
        self.assertEqual(self.talk().reply.status, 503)
        self.assertEqual(self.web.site.streams.sockets, 1)


class Bounds(Talking):
    def test_a_reader_who_is_a_little_slow_gets_everything(self) -> None:
        talk = self.talk()
        talk.wire.pause()
        self.publish(MOST_WAITING)
        self.assertEqual(talk.said(), [])
        talk.wire.resume()
        self.assertEqual(len(talk.said()), MOST_WAITING)

    def test_a_reader_who_is_too_slow_is_reset_and_goes_on(self) -> None:
        talk, fast = self.talk(), self.talk()
        talk.wire.pause()
        self.publish(MOST_WAITING * 3)
        talk.wire.resume()
        self.publish()
        self.assertEqual((talk.kinds(), len(fast.said())), (["reset", "farm"], MOST_WAITING * 3 + 1))

    def test_a_ping_at_every_beat_finds_peers_that_are_gone(self) -> None:
        talk, there = self.talk(), self.talk()
        for _ in range(MOST_UNANSWERED + 1):
            self.web.farm.clock.advance(BEAT)
            there.send(Pong())
        talk.look()
        self.assertEqual((talk.pings, talk.wire.transport.aborted), (MOST_UNANSWERED, True))
        self.assertFalse(there.wire.transport.aborted)

    def test_a_ping_of_the_client_is_answered(self) -> None:
        talk = self.talk()
        before = len(talk.wire.got())
        talk.send(Ping(b"hello"))
        self.assertEqual(talk.wire.got()[before:], b"\x8a\x05hello")

    def test_bytes_are_no_message_here(self) -> None:
        talk = self.talk()
        talk.send(BytesMessage(b"{}"))
        talk.look()
        self.assertEqual((talk.closed, self.readers()), (1003, (0, 0)))

    def test_a_message_that_is_too_long_ends_the_connection_whole_or_in_parts(self) -> None:
        whole, parts, pieces = self.talk(), self.talk(), self.talk()
        whole.send(TextMessage("x" * (MOST_MESSAGE + 1)))
        for _ in range(20):
            parts.send(TextMessage("x" * 1000, message_finished=False))
        for _ in range(20):
            pieces.send(BytesMessage(b"x" * 1000, message_finished=False))
        for talk in (whole, parts, pieces):
            talk.look()
            self.assertEqual((talk.closed, talk.wire.transport.half_closed), (1009, True))
        self.assertEqual(self.readers(), (0, 0))

    def test_a_long_message_that_is_not_too_long_is_read(self) -> None:
        talk = self.talk()
        text = json.dumps({"filter": "", "kinds": ["farm"] * 1000})
        self.assertLess(len(text), MOST_MESSAGE)
        for start in range(0, len(text), 100):
            talk.send(TextMessage(text[start : start + 100], message_finished=start + 100 >= len(text)))
        self.assertEqual(talk.kinds(), ["hears"])

    def test_frames_that_are_none_end_the_connection_and_nothing_else(self) -> None:
        strange, plain, kind = b"\xff\xff\xff\xff", b"\x81\x05hello", b"\x83\x80aaaa"
        for junk in (strange, plain, kind, b"\x89\xfe\x10\x00aaaa", b"\x81\x82aaaa\xff\xff"):
            talk = self.talk()
            talk.wire.send(junk)
            talk.wire.send(junk)
            self.publish()
            talk.look()
            self.assertIsNotNone(talk.closed, junk)
            self.web.farm.clock.advance(LINGER)
            talk.wire.close()
        self.assertEqual(self.readers(), (0, 0))
        self.assertEqual(self.flushLoggedErrors(), [])


class Ends(Talking):
    def test_a_client_that_closes_is_answered_and_forgotten(self) -> None:
        talk = self.talk()
        talk.send(CloseConnection(1000))
        talk.look()
        self.assertEqual((talk.closed, talk.wire.transport.disconnecting), (1000, True))
        talk.wire.close()
        self.assertEqual((self.readers(), self.web.farm.clock.getDelayedCalls()), ((0, 0), []))

    def test_events_that_come_while_one_closes_hurt_nobody(self) -> None:
        talk, other = self.talk(), self.talk()
        talk.send(CloseConnection(1000))
        self.publish(2)
        self.assertEqual((talk.said(), len(other.said())), ([], 2))
        self.assertEqual(self.readers(), (1, 1))
        self.web.farm.clock.advance(LINGER)
        self.assertTrue(talk.wire.transport.aborted)  # it has not closed its half

    def test_one_that_speaks_on_after_its_own_end_is_not_listened_to(self) -> None:
        talk = self.talk()
        talk.send(CloseConnection(1000))
        for _ in range(2):
            talk.wire.send(b"\x81\x80aaaa")
        self.assertEqual((talk.said(), talk.closed, self.readers()), ([], 1000, (0, 0)))
        talk.wire.close()

    def test_one_that_is_simply_gone_is_forgotten(self) -> None:
        talk = self.talk()
        talk.wire.close()
        self.assertEqual((self.readers(), self.web.farm.clock.getDelayedCalls()), ((0, 0), []))

    def test_closing_the_port_ends_them_with_going_away(self) -> None:
        talk = self.talk()
        self.web.site.stopFactory()
        talk.look()
        self.assertEqual((talk.closed, self.readers()), (1001, (0, 0)))
        talk.wire.close()
        self.assertEqual(self.web.farm.clock.getDelayedCalls(), [])

    def test_one_that_does_not_take_its_end_is_cut_off(self) -> None:
        talk = self.talk()
        self.web.site.stopFactory()
        self.web.farm.clock.advance(LINGER)
        self.assertTrue(talk.wire.transport.aborted)


class RealClients(TestCase):
    def setUp(self) -> None:
        self.farm = SmallFarm(self)
        self.site = make_site(self.farm.service, "2.0", clock=reactor)
        self.port = cast("Port", reactor.listenTCP(0, cast("Any", self.site), interface="127.0.0.1"))
        self.addCleanup(self.port.stopListening)
        self.addCleanup(self.gone)

    async def gone(self) -> None:
        """The server has noticed that its clients have."""
        while any(isinstance(each, Server) for each in [*reactor.getReaders(), *reactor.getWriters()]):
            await deferLater(reactor, 0.005)

    def address(self, query: str = "") -> str:
        return f"ws://127.0.0.1:{self.port.getHost().port}/api/v1/events{query}"

    async def client(self, query: str = "", origin: str | None = None) -> ClientConnection:
        """Connected; whatever it does takes place in a thread."""
        opened = ExitStack()
        connecting = partial(
            connect,
            self.address(query),
            origin=None if origin is None else Origin(origin),
            proxy=None,
            open_timeout=PATIENCE,
            close_timeout=PATIENCE,
        )
        found: ClientConnection = await deferToThread(lambda: opened.enter_context(connecting()))
        self.addCleanup(deferToThread, opened.close)
        return found

    @staticmethod
    async def read(client: ClientConnection) -> Any:
        return json.loads(await deferToThread(client.recv, PATIENCE))

    async def closed(self, call: Callable[[], Any]) -> int:
        """The code with which the server ends it while the client does something."""
        try:
            await deferToThread(call)
        except ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else 1006
        raise AssertionError("It is still open.")

    async def test_a_real_client_hears_what_happens_and_changes_what_it_hears(self) -> None:
        client = await self.client("?kind=job")
        job = await self.farm.job()
        self.farm.clock.advance(0.2)
        said = await self.read(client)
        self.assertEqual((said["event"], said["data"][0]["id"]), ("job", job.id))
        await deferToThread(client.send, '{"kinds": ["client"], "filter": "render*"}')
        self.assertEqual((await self.read(client))["event"], "hears")
        await self.farm.client("desk-01")
        await self.farm.client("render-01")
        self.farm.clock.advance(0.2)
        self.assertEqual((await self.read(client))["data"][0]["name"], "render-01")

    async def test_the_end_of_the_server_is_told(self) -> None:
        client = await self.client()
        stopping = Deferred.fromCoroutine(self.stop())
        self.assertEqual(await self.closed(lambda: client.recv(PATIENCE)), 1001)
        await stopping

    async def stop(self) -> None:
        await self.port.stopListening()

    async def test_a_page_of_another_site_gets_no_connection(self) -> None:
        try:
            await self.client(origin="https://evil.example")
        except InvalidStatus as refused:
            self.assertEqual(refused.response.status_code, 403)
        else:
            self.fail("It was let in.")

    async def test_a_message_that_never_ends_is_ended(self) -> None:
        client = await self.client()

        def for_ever() -> Iterator[str]:
            while True:
                yield "x" * 1000

        def send() -> None:
            client.send(for_ever())
            client.recv(PATIENCE)

        self.assertEqual(await self.closed(send), 1009)

    async def test_a_megabyte_at_once_is_answered_before_the_connection_ends(self) -> None:
        client = await self.client()

        def send() -> None:
            client.send("x" * 2**20)
            client.recv(PATIENCE)

        self.assertEqual(await self.closed(send), 1009)

    async def test_a_client_that_closes_is_closed(self) -> None:
        client = await self.client()
        await deferToThread(client.close)
        self.assertEqual(client.protocol.close_code, 1000)

    async def test_a_reader_who_reads_nothing_is_reset_and_memory_stays_bounded(self) -> None:
        reader = await self.connect()
        reader.transport.write(request("GET", "/api/v1/events", **HANDSHAKE))
        await reader.until(b"\r\n\r\n")
        IPushProducer(reader.transport).pauseProducing()
        (socket,) = self.site.streams._open
        for _ in range(4000):  # until the system's buffers are full, which are as large as it likes
            await self.flood()
            if socket._behind:
                break
        self.assertTrue(socket._behind)
        self.assertEqual(len(socket._waiting), 0)
        IPushProducer(reader.transport).resumeProducing()
        await reader.until(b'"event":"reset"')
        reader.transport.abortConnection()
        await reader.whole

    async def connect(self) -> test_site.Reader:
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.port.getHost().port)
        reader: test_site.Reader = await connectProtocol(endpoint, test_site.Reader())
        return reader

    async def flood(self) -> None:
        """Many large events, then a turn of the reactor."""
        for _ in range(10):
            self.farm.service._events.publish("farm", {"text": "x" * 8_000})
        turn: Deferred[None] = Deferred()
        reactor.callLater(0, turn.callback, None)
        await turn
