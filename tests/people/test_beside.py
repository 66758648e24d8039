"""What there is beside the verbs, for each role: the farm in numbers, the archive, the greeting, Tab; on all faces.

How does this work?  The commands that ask a farm about no verb stand in a table (`by_command.OF_NO_VERB`).  A token
that is for some verbs has nothing else on any face, unless `farm.read` is one of them.
"""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.conch.ssh.keys import Key
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import TestCase

from brender.farm.people.users import Role, mark_of_key
from brender.protocols.commands import answer
from brender.protocols.shell import Shell
from brender.verbs.examples import TEMPLATE
from tests.people.by_command import OF_NO_VERB, Other
from tests.people.crew import CREW, SCRIPT, STRANGER, Crew, asked, in_words, let_in

REFUSED = ("not-logged-in", "not-allowed")
NUMBERS = "clients, 2 online"  # of the farm


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
        self.assertEqual((await let_in(self.farm.ssh.greeting(*self.farm.by_ssh(STRANGER)))).code, "not-logged-in")

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
        return [text, await ssh.typed(*by_ssh, line), await ssh.line(*by_ssh, line)]


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
            await self.farm.ssh.line("root", self.key, "farm"),
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
