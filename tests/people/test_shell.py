"""Logging in at the shell: a password that nobody sees, and what is there for a stranger."""

# mypy: disable-error-code="no-untyped-call"

import json
from typing import Any

from twisted.internet.testing import StringTransport
from twisted.trial.unittest import TestCase

from brender.protocols.json_lines import JsonLines
from brender.protocols.options import DO, ECHO, IAC, NAWS, SGA, WILL, WONT
from brender.protocols.shell import Shell
from tests.people.crew import Crew

TERMINAL = bytes([IAC, WILL, NAWS, IAC, DO, ECHO, IAC, DO, SGA])


class AtTheShell(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = await Crew.made(self)
        self.transport = StringTransport()
        self.shell = Shell(self.farm.service, self.farm.now)
        self.shell.makeConnection(self.transport)
        self.shell.greet(asks=True)

    def said(self) -> str:
        text: str = self.transport.value().decode("latin-1")
        self.transport.clear()
        return text

    def type(self, text: str) -> str:
        self.transport.clear()
        self.shell.dataReceived(text.encode())
        return self.said()

    def become_a_terminal(self) -> None:
        self.shell.dataReceived(TERMINAL)
        self.assertTrue(self.shell.is_terminal)
        self.said()

    async def test_a_stranger_is_told_nothing_of_the_farm(self) -> None:
        self.assertIn("log in first: login NAME", self.said())
        for line in ("jobs", "clients", "farm", "save", "submit /etc/passwd", "log 1", "shot_010"):
            text = self.type(f"{line}\n")
            for word in ("shot", "render-0", "ada", "root:", "client,"):
                self.assertNotIn(word, text, line)
        self.assertIn("Log in first", self.type("jobs\n"))
        self.assertIn("help", self.type("help\n"))

    async def test_a_stranger_who_presses_tab_is_told_nothing_of_the_farm(self) -> None:
        self.become_a_terminal()
        self.assertNotIn("ada", self.type("jobs owner=\t\t"))

    async def test_with_a_password_one_is_somebody(self) -> None:
        self.assertTrue(self.type("login bo\n").endswith("Password: "))
        self.assertIn("You are bo, artist.", self.type("bo has one\n"))
        self.assertIn("shot_020", self.type("jobs\n"))
        self.assertIn("changes their own", self.type("cancel 1\n"))
        self.assertIn("You are bo, artist.", self.type("login\n"))

    async def test_with_a_wrong_one_one_is_nobody(self) -> None:
        self.type("login bo\n")
        self.assertIn("do not go together", self.type("wrong\n"))
        self.assertIn("Log in first", self.type("jobs\n"))

    async def test_both_lines_may_come_at_once(self) -> None:
        self.assertIn("You are bo, artist.", self.type("login bo\r\nbo has one\r\n"))

    async def test_a_terminal_shows_nothing_of_the_password_and_remembers_nothing(self) -> None:
        self.become_a_terminal()
        self.assertTrue(self.type("login bo\r\0").endswith("Password: "))
        self.assertEqual(self.type("bo hass\x7f one"), "")
        self.assertIn("You are bo, artist.", self.type("\r\0"))
        for _ in range(3):
            self.assertNotIn("has one", self.type("\x1b[A"))

    async def test_editing_keys_do_not_show_it_either(self) -> None:
        self.become_a_terminal()
        self.type("login bo\r\0")
        shown = "".join(self.type(key) for key in ("bo hasX", "\x1b[D", "\x01", "\x05", "\t", "\x0c", "\x1b[A", "\x19"))
        self.assertEqual(shown, "")
        self.assertIn("do not go together", self.type("\r\0"))

    async def test_ctrl_c_asks_no_more(self) -> None:
        self.become_a_terminal()
        self.type("login bo\r\0half")
        self.assertIn("Nobody has logged in.", self.type("\x03"))
        self.assertIn("Log in first", self.type("jobs\r\0"))

    async def test_a_telnet_program_that_shows_lines_itself_is_told_not_to_for_one_line(self) -> None:
        self.shell.dataReceived(bytes([IAC, WILL, NAWS]))
        self.assertIn(bytes([IAC, WILL, ECHO]).decode("latin-1"), self.type("login bo\n"))
        self.assertIn(bytes([IAC, WONT, ECHO]).decode("latin-1"), self.type("bo has one\n"))

    async def test_the_session_ends_with_the_connection(self) -> None:
        self.type("login bo\nbo has one\n")
        self.assertEqual(len(self.farm.service.farm.people.sessions), 1)
        self.shell.connectionLost()
        self.assertEqual(len(self.farm.service.farm.people.sessions), 0)

    async def test_whoever_is_deleted_is_out_in_the_middle(self) -> None:
        self.type("login bo\nbo has one\n")
        await self.farm.service.delete_users([self.farm.service.farm.people.users["bo"]])
        self.assertIn("Your session has ended", self.type("jobs\n"))

    async def test_a_line_of_json_in_a_shell_is_of_the_same_person(self) -> None:
        self.type("login vi\nvi has one\n")
        said = json.loads(self.type('{"item": "job", "action": "cancel", "id": 1}\n').partition("\r\n")[0])
        self.assertEqual(said["error"]["code"], "not-allowed")


class Programs(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = await Crew.made(self)
        self.program, self.transport = JsonLines(self.farm.service, self.farm.now), StringTransport()
        self.program.makeConnection(self.transport)

    def session(self, action: str, **values: Any) -> Any:
        self.transport.clear()
        said = {"item": "session", "action": action, **({"values": values} if values else {})}
        self.program.dataReceived(json.dumps(said).encode() + b"\n")
        return json.loads(self.transport.value())

    async def test_logging_in_and_out(self) -> None:
        self.assertEqual(self.session("read")["error"]["code"], "not-logged-in")
        self.assertEqual(self.session("create", name="wu", password="no")["error"]["code"], "not-logged-in")
        self.assertEqual(self.session("create", name="wu", password="wu has one")["name"], "wu")
        self.assertEqual(self.session("read")["role"], "wrangler")
        self.assertEqual(self.session("create", token=self.farm.tokens["vi"])["role"], "viewer")
        self.assertEqual(self.session("delete"), {"ok": True})
        self.assertEqual(self.session("read")["error"]["code"], "not-logged-in")
        self.assertEqual(self.session("update")["error"]["code"], "unknown-action")

    async def test_guessing_is_as_slow_as_on_the_web(self) -> None:
        codes = [self.session("create", name="wu", password="no")["error"]["code"] for _ in range(7)]
        self.assertEqual((codes[0], codes[-1]), ("not-logged-in", "too-often"))
