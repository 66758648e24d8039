"""Whoever loses their rights hears no more events, on a connection that is open."""

import json
from typing import Any

from twisted.internet.testing import StringTransport
from twisted.trial.unittest import TestCase

from brender.farm.people.sessions import IDLE
from brender.farm.people.users import Who
from brender.protocols.json_lines import JsonLines
from tests.people.crew import Crew
from tests.web.fakes import Web, Wire, request


class OpenStreams(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = await Crew.made(self)
        self.web = Web(self, farm=self.farm)

    def follow(self, **headers: str) -> Wire:
        wire = self.web.wire()
        wire.send(request("GET", "/api/v1/events", **headers))
        self.assertIn(b"200 OK", wire.got())
        return wire

    def bearer(self, secret: str) -> Wire:
        return self.follow(Authorization=f"Bearer {secret}")

    async def something_happens(self) -> None:
        """Jobs are announced some time after they have changed."""
        await self.farm.service.resume(2)
        await self.farm.service.pause(2)
        self.farm.clock.advance(5)

    async def ends(self, wire: Wire) -> None:
        """Its last piece was sent, and nothing comes after it."""
        heard = wire.got()
        self.assertTrue(heard.endswith(b"0\r\n\r\n"), heard[-200:])
        await self.something_happens()
        self.assertEqual(wire.got(), heard)

    async def goes_on(self, wire: Wire) -> None:
        heard = wire.got()
        await self.something_happens()
        self.assertGreater(len(wire.got()), len(heard))
        self.assertIn(b"event: job", wire.got()[len(heard) :])

    async def test_a_token_that_is_deleted(self) -> None:
        wire, other = self.bearer(self.farm.tokens["vi"]), self.bearer(self.farm.tokens["bo"])
        await self.goes_on(wire)
        token = self.farm.service.farm.people.token_of(self.farm.tokens["vi"], self.farm.now())
        assert token is not None
        await self.farm.service.delete_tokens([token])
        await self.ends(wire)
        await self.goes_on(other)

    async def test_a_token_that_ends_by_itself_at_the_very_next_event(self) -> None:
        kept = await self.farm.service.add_token(
            "vi", "", self.farm.service.farm.people.users["vi"].role, (), self.farm.now() + 60
        )
        wire = self.bearer(kept[1])
        await self.goes_on(wire)
        self.farm.clock.advance(60)
        await self.ends(wire)

    async def test_a_session_that_is_logged_out_or_nobody_uses(self) -> None:
        known, secret = await self.farm.service.log_in("vi", "vi has one", Who())
        first = self.follow(Cookie=f"brender={secret}")
        await self.goes_on(first)
        self.farm.service.log_out(known)
        await self.ends(first)
        _, secret = await self.farm.service.log_in("vi", "vi has one", Who())
        second = self.follow(Cookie=f"brender={secret}")
        self.farm.clock.advance(IDLE)
        await self.ends(second)

    async def test_somebody_who_is_deleted(self) -> None:
        wire = self.bearer(self.farm.tokens["vi"])
        await self.farm.service.delete_users([self.farm.service.farm.people.users["vi"]])
        await self.ends(wire)

    async def test_a_farm_that_gets_its_first_user_is_open_no_more(self) -> None:
        web = Web(self)
        wire = web.wire()
        wire.send(request("GET", "/api/v1/events"))
        self.assertFalse(wire.got().endswith(b"0\r\n\r\n"))
        web.ask("POST", "/api/v1/users", {"name": "ada", "role": "admin"})
        self.assertTrue(wire.got().endswith(b"0\r\n\r\n"))

    async def test_a_program_with_lines_of_json(self) -> None:
        program, transport = JsonLines(self.farm.service, self.farm.now), StringTransport()
        program.makeConnection(transport)  # type: ignore[no-untyped-call]

        def say(**said: Any) -> list[Any]:
            transport.clear()
            program.dataReceived(json.dumps(said).encode() + b"\n")
            return [json.loads(line) for line in transport.value().splitlines()]

        self.assertEqual(say(action="subscribe")[0]["error"]["code"], "not-logged-in")
        log_in = {"name": "vi", "password": "vi has one"}
        self.assertEqual(say(item="session", action="create", values=log_in)[0]["role"], "viewer")
        self.assertTrue(say(action="subscribe", kinds=["job"])[0]["ok"])
        transport.clear()
        await self.something_happens()
        self.assertIn(b'"event":"job"', transport.value())
        await self.farm.service.delete_users([self.farm.service.farm.people.users["vi"]])
        transport.clear()
        await self.something_happens()
        (last,) = [json.loads(line) for line in transport.value().splitlines()]
        self.assertEqual(last["error"]["code"], "not-logged-in")
        self.assertEqual(say(item="job", action="read")[0]["error"]["code"], "not-logged-in")

    async def test_a_websocket_is_closed(self) -> None:
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec_WebSocket_Version": "13"}
        wire, token = self.web.wire(), {"Authorization": f"Bearer {self.farm.tokens['vi']}"}
        wire.send(request("GET", "/api/v1/events", **upgrade, Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==", **token))
        self.assertIn(b"101 Switching Protocols", wire.got())
        await self.something_happens()
        self.assertIn(b'"event":"job"', wire.got())
        await self.farm.service.delete_users([self.farm.service.farm.people.users["vi"]])
        heard = wire.got()
        self.assertEqual(heard[-4:], bytes([0x88, 2]) + (1001).to_bytes(2))
        await self.something_happens()
        self.assertEqual(wire.got(), heard)
