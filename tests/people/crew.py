"""The example farm with somebody of each role, each with a token; and how each face is asked by one of them.

How does this work?  Vi looks on, ada and bo are artists with jobs of their own, wu is the wrangler, root the admin; and
there is a stranger.  Nobody is trusted for being on this machine.  `Said` is what a face answers: whether it was done,
the code of the refusal, and its sentence.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property
from typing import NamedTuple

from twisted.internet.testing import StringTransport
from twisted.trial.unittest import TestCase

from brender.farm.people.users import Role, Who
from brender.protocols.commands import answer
from brender.protocols.json_lines import JsonLines
from brender.verbs.performing import Request
from tests.faces.saying import address, json_of, line_of, method, plain, verb_of
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
    """In words alone: what was refused is told by the audit, or said by the sentence."""
    text = await answer(farm.service, line_of(request, template), farm.now(), who=farm.who(name, "shell"))
    for code, words in REFUSALS.items():
        if any(each in text for each in words):
            return Said(False, code, text)
    return Said(True, "", text)


REFUSALS = {
    "not-logged-in": ("Log in first",),
    "not-allowed": (" is for a", "changes their own.", "Only a"),
    "not-found": ("There is no token",),
}
FACES: Mapping[str, Face] = {"http": http, "batch": batch, "json": json_line, "shell": shell}
