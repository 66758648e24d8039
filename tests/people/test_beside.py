"""What there is beside the verbs, for each role: the farm in numbers, the archive, the greeting, Tab; on all faces.

How does this work?  The commands that ask a farm about no verb stand in a table (`by_command.OF_NO_VERB`).  A token
that is for some verbs has nothing else on any face, unless `farm.read` is one of them.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.conch.ssh.keys import Key
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import TestCase

from brender.farm.people.users import Role, mark_of_key
from brender.protocols.commands import answer
from brender.protocols.json_lines import JsonLines
from brender.protocols.shell import Shell
from brender.verbs.examples import TEMPLATE
from tests.faces.saying import plain
from tests.faces.test_table import seen
from tests.people.by_command import OF_NO_VERB, Other
from tests.people.crew import CREW, SCRIPT, STRANGER, Crew, asked, in_words, let_in
from tests.web.fakes import request
from tests.web.following.test_websocket import Talk

REFUSED = ("not-logged-in", "not-allowed")
NUMBERS = "clients, 2 online"  # of the farm
NARROW = "a script for jobs alone"
PLACES = ("websocket", "stream", "json")  # where events are told
STATUS = {401: "not-logged-in", 403: "not-allowed"}
CHANGED = "shot_010"  # a job of which nothing was told before
SECRET = "a horse that nobody knows"


class Beside(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = await Crew.made(self)
        await self.farm.add_script()


class Roles(Beside):
    async def test_every_command_about_no_verb_is_for_whom_it_is_for(self) -> None:
        for other in OF_NO_VERB:
            for name in (STRANGER, SCRIPT, *CREW):
                said = await asked(self, self.farm, name, other.words)
                refused = said.code in REFUSED
                self.assertEqual(refused, not self.may(other, name), f"{other.words} by {name}: {said.sentence}")

    @staticmethod
    def may(other: Other, name: str) -> bool:
        if name == SCRIPT:
            return other.by_script
        return name in CREW and CREW[name].covers(other.needs)

    async def test_every_shell_tells_of_the_farm_to_whom_it_is_for(self) -> None:
        for name in (SCRIPT, *CREW):
            for text in await self.shells(name, "farm"):
                self.assertIn(NUMBERS, text, name)
        text = await answer(self.farm.service, "farm", self.farm.now(), who=self.farm.who(STRANGER))
        self.assertEqual(in_words(text).code, "not-logged-in")
        greeting = self.farm.ssh.greeting(*self.farm.by_ssh(STRANGER))
        self.assertEqual((await let_in(greeting, in_words)).code, "not-logged-in")

    async def test_create_job_is_submit_with_all_that_is_said_of_who_asks_and_how(self) -> None:
        words = ["create", "job", self.template(), "--token", self.farm.tokens["bo"]]
        ran = await self.farm.command.ran(self.farm.tokens["vi"], [*words, "--quiet"])
        self.assertEqual((ran.code, ran.out), (0, "5\n"), ran.err)
        self.assertEqual(self.farm.service.farm.jobs[5].settings.owner, "bo")
        ran = await self.farm.command.ran("", [*words, "--server", "127.0.0.1:1"])
        self.assertIn("No server answers at http://127.0.0.1:1", ran.err)

    def template(self) -> str:
        file = Path(self.mktemp()).absolute()
        file.write_text(json.dumps(TEMPLATE), "utf-8")
        return str(file)

    async def shells(self, name: str, line: str) -> list[str]:
        by_ssh, ssh = self.farm.by_ssh(name), self.farm.ssh
        text = await answer(self.farm.service, line, self.farm.now(), who=self.farm.who(name))
        return [text, await ssh.typed(*by_ssh, line), (await ssh.line(*by_ssh, line)).text]


class Scopes(Beside):
    """A token and a key of root's, for one verb."""

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.key = Key(Ed25519PrivateKey.generate())
        self.secret = await self.token("job.read")
        await self.token("job.read", mark=mark_of_key(self.key.public().blob()))

    async def token(self, *verbs: str, mark: str = "") -> str:
        _, secret = await self.farm.service.add_token("root", "", Role.ADMIN, verbs, None, mark)
        return secret

    def ask(self, method: str, address: str, body: Any = None, secret: str = "") -> tuple[int, str]:
        reply = self.farm.web.ask(method, address, body, Authorization=f"Bearer {secret or self.secret}")
        return reply.status, reply.json.get("code", "")

    async def test_it_is_good_for_that_verb(self) -> None:
        self.assertEqual(self.ask("GET", "/api/v1/jobs")[0], 200)
        self.assertIn("shot_010", await self.farm.ssh.typed("root", self.key, "jobs"))
        self.assertEqual((await self.farm.command.ran(self.secret, ["jobs"])).code, 0)

    async def test_nobody_is_told_of_the_farm_by_it(self) -> None:
        self.assertEqual(self.ask("GET", "/api/v1/farm"), (403, "not-allowed"))
        self.assertEqual((await self.farm.command.ran(self.secret, ["farm"])).code, 1)
        for text in (
            await self.farm.ssh.typed("root", self.key, "farm"),
            (await self.farm.ssh.line("root", self.key, "farm")).text,
        ):
            self.assertEqual(text.strip(), "That token of root is for job.read alone.")

    async def test_it_is_greeted_without_what_it_may_not_see(self) -> None:
        self.assertEqual(await self.farm.ssh.greeting("root", self.key), "brender 2.0 · help lists the commands\r\n")
        self.assertIn(NUMBERS, await self.farm.ssh.greeting(*self.farm.by_ssh(SCRIPT)))

    async def test_tab_tells_it_nothing_of_the_farm(self) -> None:
        self.assertIn("render-0", self.completed(self.farm.tokens["vi"]))
        self.assertNotIn("render-0", self.completed(self.secret))
        self.assertEqual(self.ask("GET", "/api/v1/complete?item=client&text=name%3Drender-01"), (403, "not-allowed"))

    def completed(self, secret: str) -> str:
        shell, transport = Shell(self.farm.service, self.farm.now), StringTransport()
        shell.makeConnection(transport)  # type: ignore[no-untyped-call]
        shell.caller.become(self.farm.service.known_by(secret, shell.caller.who))
        shell.become_a_terminal(80)
        shell.dataReceived(b"clients name=render-\t\t")
        return bytes(transport.value()).decode()

    async def test_the_archive_is_changed_by_those_alone_that_are_for_it(self) -> None:
        """This server keeps none, so whoever may change it is told that it is not there."""
        for verbs, may in (
            (["farm.read"], [False, False]),
            (["farm.read", "archive.create"], [True, False]),
            (["farm.read", "archive.*"], [True, True]),
            ([], [True, True]),
        ):
            secret = await self.token(*verbs)
            put_away = self.ask("POST", "/api/v1/archive", {"before": 1.0}, secret)
            restored = self.ask("POST", "/api/v1/archive/3/restore", {}, secret)
            self.assertEqual([put_away, restored], [(404, "not-found") if one else (403, "not-allowed") for one in may])


Followed = tuple[str, Callable[[], str]]  # the code of its refusal, or else nothing; and all that was heard until now


class Following(Beside):
    """The events, at each place where they are told: by a WebSocket, by the stream of a browser, by lines of JSON."""

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        _, self.farm.tokens[NARROW] = await self.farm.service.add_token("root", "", Role.ADMIN, ("job.read",), None)

    def places(self, name: str) -> dict[str, Followed]:
        return {"websocket": self.by_websocket(name), "stream": self.by_stream(name), "json": self.by_json(name)}

    def by_websocket(self, name: str) -> Followed:
        talk = Talk(self.farm.web, **self.bearer(name))
        refused = talk.reply.status != 101
        self.assertIn(talk.reply.status, (101, *STATUS))
        return STATUS[talk.reply.status] if refused else "", lambda: json.dumps(talk.said())

    def by_stream(self, name: str) -> Followed:
        wire = self.farm.web.wire()
        wire.send(request("GET", "/api/v1/events", **self.bearer(name)))
        status = int(wire.got().split()[1])
        self.assertIn(status, (200, *STATUS))
        return STATUS.get(status, ""), lambda: wire.got().decode()

    def by_json(self, name: str) -> Followed:
        program, transport = JsonLines(self.farm.service, self.farm.now), StringTransport()
        program.makeConnection(transport)  # type: ignore[no-untyped-call]
        log_in = {"item": "session", "action": "create", "values": {"token": self.farm.tokens[name]}}
        for line in ([log_in] if self.farm.tokens[name] else []) + [{"action": "subscribe"}]:
            transport.clear()
            program.dataReceived(json.dumps(line).encode() + b"\n")
        said = json.loads(transport.value())
        return "" if said["ok"] else said["error"]["code"], lambda: bytes(transport.value()).decode()

    def bearer(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.farm.tokens[name]}"} if self.farm.tokens[name] else {}

    async def something_happens(self) -> None:
        """To a job; and people are made, are somebody else, and go, with secrets of theirs."""
        root = self.farm.who("root")
        await self.farm.do("job", "update", id=1, values={"priority": 77}, who=root)
        await self.farm.do("user", "create", values={"name": "cyd", "role": "artist", "password": SECRET}, who=root)
        await self.farm.do("user", "update", id="cyd", values={"role": "wrangler"}, who=root)
        made = await self.farm.do("token", "create", values={"user": "cyd", "name": "of cyd"}, who=root)
        self.secret = str(plain(made.plain())["secret"])
        await self.farm.do("user", "delete", id="cyd", who=root)
        self.farm.clock.advance(5)

    async def test_they_are_for_everybody_who_may_look_at_the_farm_and_for_nobody_else(self) -> None:
        codes = dict.fromkeys((SCRIPT, *CREW), "") | {STRANGER: "not-logged-in", NARROW: "not-allowed"}
        places = {name: self.places(name) for name in codes}
        for name, code in codes.items():
            self.assertEqual({place: found for place, (found, _) in places[name].items()}, dict.fromkeys(PLACES, code))
        await self.something_happens()
        for name, code in codes.items():
            for place, (_, heard) in places[name].items():
                self.assertEqual(CHANGED in heard(), not code, f"{name} by {place}")

    async def test_a_viewer_hears_nothing_of_people_nor_of_their_secrets(self) -> None:
        places = self.places("vi")
        await self.something_happens()
        for place, (_, heard) in places.items():
            self.assertIn(CHANGED, heard())
            for told in ("cyd", SECRET, self.secret):
                self.assertNotIn(told, heard(), place)

    async def test_a_websocket_is_asked_what_to_tell_and_changes_nothing(self) -> None:
        before = seen(self.farm)
        for name in CREW:
            talk = Talk(self.farm.web, **self.bearer(name))
            kind, said = talk.say(item="job", action="cancel", id=1)
            self.assertEqual((kind, said["code"]), ("error", "bad-request"))
        self.assertEqual(seen(self.farm), before)
