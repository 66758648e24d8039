"""The example farm with somebody of each role, each with a token; and how each face is asked by one of them.

How does this work?  Vi looks on, ada and bo are artists with jobs of their own, wu is the wrangler, root the admin; and
there is a stranger.  A script of root's may do nothing but look at the farm in numbers.  Nobody is trusted for being on
this machine.  `Said` is what a face answers: whether it was done, the code of the refusal, and its sentence.  SSH and
the command are asked at real ports, everything else in memory.
"""

import json
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.conch.ssh import keys
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import TestCase

from brender.farm.people.users import Role, Who, mark_of_key
from brender.protocols.commands import DONE, Answer, answered
from brender.protocols.json_lines import JsonLines
from brender.verbs.performing import Request
from tests.faces.saying import address, json_of, line_of, method, plain, verb_of
from tests.people.by_command import BY_HAND, CommandPort, Key
from tests.people.over_ssh import NotLetIn, SshPort
from tests.verbs.example_farm import ExampleFarm
from tests.web.fakes import Web

STRANGER = "a stranger"
CREW: Mapping[str, Role] = {
    "vi": Role.VIEWER,
    "ada": Role.ARTIST,
    "bo": Role.ARTIST,
    "wu": Role.WRANGLER,
    "root": Role.ADMIN,
}
SCRIPT = "a script of root's"  # with a token and a key that are for no verb
SCOPE = ("farm.read",)
KEY = keys.Key(Ed25519PrivateKey.generate())
Told = TypeVar("Told")


class Crew(ExampleFarm):
    test: TestCase
    tokens: dict[str, str]

    @classmethod
    async def made(cls, test: TestCase) -> "Crew":
        farm = await super().made(test)
        assert isinstance(farm, Crew)
        farm.test = test
        await farm.service.add_user("root", Role.ADMIN, "root has one")
        for name in ("vi", "wu"):
            await farm.service.add_user(name, CREW[name], f"{name} has one")
        await farm.service.change_user("ada", Role.ARTIST)
        farm.tokens = {STRANGER: ""}
        for name, role in CREW.items():
            _, farm.tokens[name] = await farm.service.add_token(name, "", role, (), None)
        farm.service.farm.people.trusting = False
        return farm

    @cached_property
    def web(self) -> Web:
        return Web(self.test, farm=self)

    @cached_property
    def ssh(self) -> SshPort:
        return SshPort(self.test, self)

    @cached_property
    def command(self) -> CommandPort:
        return CommandPort(self.test, self.web)

    async def add_script(self) -> None:
        _, self.tokens[SCRIPT] = await self.service.add_token("root", "", Role.ADMIN, SCOPE, None)
        await self.service.add_token("root", "", Role.ADMIN, SCOPE, None, mark_of_key(KEY.public().blob()))

    def by_ssh(self, name: str) -> tuple[str, str | keys.Key]:
        """The name by which they log in, and what proves that it is theirs."""
        if name == SCRIPT:
            return "root", KEY
        return (name, f"{name} has one") if name in CREW else ("mallory", "mallory has none")

    def who(self, name: str, face: str = "") -> Who:
        return self.service.known_by(self.tokens[name], Who(face=face)) if name != STRANGER else Who(face=face)


class Said(NamedTuple):
    done: bool
    code: str
    sentence: str


Face = Callable[[TestCase, Crew, str, Request, str], Awaitable[Said]]


async def http(test: TestCase, farm: Crew, name: str, request: Request, template: str) -> Said:
    verb, web = verb_of(request), farm.web
    token = {"Authorization": f"Bearer {farm.tokens[name]}"} if farm.tokens[name] else {}
    body = plain(request.values) if verb.by_body else None
    reply = web.ask(method(verb), address(verb, request), body, **token)
    if reply.status < 300:
        return Said(True, "", "")
    status = {"not-logged-in": 401, "not-allowed": 403, "not-found": 404}
    test.assertEqual(reply.status, status.get(reply.json["code"], reply.status))
    return Said(False, reply.json["code"], reply.message)


async def batch(test: TestCase, farm: Crew, name: str, request: Request, template: str) -> Said:
    web, body = farm.web, {"requests": [json_of(request)]}
    token = {"Authorization": f"Bearer {farm.tokens[name]}"} if farm.tokens[name] else {}
    reply = web.ask("POST", "/api/v1/batch", body, **token)
    part = reply.json["answers"][0] if reply.status == 200 else {"status": reply.status, "body": reply.json}
    if part["status"] < 300:
        return Said(True, "", "")
    return Said(False, part["body"]["code"], part["body"]["detail"])


async def json_line(test: TestCase, farm: Crew, name: str, request: Request, template: str) -> Said:
    program, transport = JsonLines(farm.service, farm.now), StringTransport()
    program.makeConnection(transport)  # type: ignore[no-untyped-call]
    log_in = {"item": "session", "action": "create", "values": {"token": farm.tokens[name]}}
    for line in ([log_in] if farm.tokens[name] else []) + [json_of(request)]:
        transport.clear()
        program.dataReceived(json.dumps(line).encode() + b"\n")
    said = json.loads(transport.value())
    return Said(True, "", "") if said["ok"] else Said(False, said["error"]["code"], said["error"]["message"])


async def shell(test: TestCase, farm: Crew, name: str, request: Request, template: str) -> Said:
    line, who = line_of(request, template), farm.who(name, "shell")
    return with_a_code(await answered(farm.service, line, farm.now(), who=who))


async def ssh(test: TestCase, farm: Crew, name: str, request: Request, template: str) -> Said:
    return await let_in(farm.ssh.typed(*farm.by_ssh(name), line_of(request, template)), in_words)


async def ssh_line(test: TestCase, farm: Crew, name: str, request: Request, template: str) -> Said:
    return await let_in(farm.ssh.line(*farm.by_ssh(name), line_of(request, template)), with_a_code)


async def let_in(answering: Awaitable[Told], meaning: Callable[[Told], Said]) -> Said:
    try:
        return meaning(await answering)
    except NotLetIn as no:
        return Said(False, "not-logged-in", str(no))


def with_a_code(answer: Answer) -> Said:
    """Whether it was done is told by the code alone."""
    return in_words(answer.text)._replace(done=answer.code == DONE)


def in_words(text: str) -> Said:
    """A refusal is known by its sentence; that all else was done is for others to show, by what is told then."""
    text = text.replace("\r\n", "\n").removesuffix("\n")
    for code, words in REFUSALS.items():
        if any(each in text for each in words):
            return Said(False, code, text)
    return Said(True, "", text)


REFUSALS = {
    "not-logged-in": ("Log in first",),
    "not-allowed": (" is for a", "changes their own.", "Only a", "That token of "),
    "not-found": ("There is no token",),
}


async def command(test: TestCase, farm: Crew, name: str, request: Request, template: str) -> Said:
    return await asked(test, farm, name, shlex.split(line_of(request, template)))


async def by_hand(test: TestCase, farm: Crew, name: str, request: Request, template: str) -> Said:
    line = BY_HAND[verb_of(request).key]
    return await asked(test, farm, name, [template if word == "FILE" else word for word in line.words], line.said)


async def prompt(test: TestCase, farm: Crew, name: str, request: Request, template: str) -> Said:
    ran = await farm.command.ran(farm.tokens[name], ["shell"], f"{line_of(request, template)}\n")
    said = in_words(ran.err or ran.out)
    test.assertEqual(ran.code, 0 if said.done else 1, said.sentence)
    return said


async def asked(test: TestCase, farm: Crew, name: str, words: Sequence[str], said: str = "") -> Said:
    """By the command, as a program hears it."""
    ran = await farm.command.ran(farm.tokens[name], [*words, "--json"], said)
    if ran.code == 0:
        return Said(True, "", ran.out)
    test.assertEqual(ran.code, 1, ran.err)
    return Said(False, ran.json["error"]["code"], ran.json["error"]["message"])


FACES: Mapping[str, Face] = {
    "http": http,
    "batch": batch,
    "json": json_line,
    "shell": shell,
    "ssh": ssh,
    "ssh line": ssh_line,
    "command": command,
    "by hand": by_hand,
    "prompt": prompt,
}
ON_THE_WEB = ("batch", "command", "by hand", "prompt")
AUDITED = {"ssh line": "ssh", **dict.fromkeys(ON_THE_WEB, "http")}  # as which face, if not as itself
IN_WORDS = ("shell", "ssh", "ssh line")  # where files are those of the server's machine
LACKING: Mapping[str, Mapping[Key, str]] = {}  # verbs that a face does not have, and why not; so far all have all


def faces_of(key: Key) -> Mapping[str, Face]:
    there = {name: face for name, face in FACES.items() if key not in LACKING.get(name, {})}
    return there if key in BY_HAND else {name: face for name, face in there.items() if name != "by hand"}
