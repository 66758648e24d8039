"""Every face of a farm, in this process: a request goes in as the face has it said, and its answer comes out.

How does this work?  `FACES` has a function for each: what it gives is what that face answers, and what is made of it is
up to the test.  The command and the Python client call a real port: `serve` has the farm's web listen on loopback.  The
farm is in the thread of the reactor, so these are called in another one.
"""

import asyncio
import json
import os
import shlex
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec
from click.testing import CliRunner
from twisted.internet import reactor as global_reactor
from twisted.internet.task import deferLater
from twisted.internet.tcp import Server
from twisted.internet.testing import StringTransport
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from brender import __version__
from brender.cli import main
from brender.client import AsyncFarm
from brender.client import Farm as Client
from brender.protocols.json_lines import JsonLines
from brender.protocols.shell import PROMPT, Shell
from brender.verbs.performing import Request
from brender.web.site import make_site
from tests.cli.case import Ran
from tests.client.test_verbs import fetched, fetched_later, said
from tests.client.test_verbs import method as method_of
from tests.faces.saying import address, json_of, method, verb_of
from tests.fakes import SmallFarm
from tests.web.fakes import Reply, Web

reactor: Any = global_reactor
Found = TypeVar("Found")


@dataclass(frozen=True)
class Asked:
    """A request, and how it is said where that does not follow from it."""

    request: Request
    line: str  # as somebody types it
    values: str = ""  # as a text of JSON, where that is no value of ours
    address: str = ""  # of HTTP, where the request has another

    @property
    def said(self) -> str:
        """Its values as a text of JSON."""
        return self.values or json.dumps(self.request.values, default=msgspec.to_builtins)

    @property
    def whole(self) -> str:
        """All of it as a text of JSON."""
        without = json.dumps(json_of(replace(self.request, values={})))
        return f'{without[:-1]}, "values": {self.said}}}'


# --- over a connection in memory


async def http(test: TestCase, farm: SmallFarm, asked: Asked) -> Reply:
    verb = verb_of(asked.request)
    body = asked.said.encode() if verb.by_body else None
    return Web(test, farm=farm).ask(method(verb), asked.address or address(verb, asked.request), body)


async def batch(test: TestCase, farm: SmallFarm, asked: Asked) -> Reply:
    return Web(test, farm=farm).ask("POST", "/api/v1/batch", f'{{"requests": [{asked.whole}]}}'.encode())


async def json_line(test: TestCase, farm: SmallFarm, asked: Asked) -> Any:
    return lined(farm, asked.whole.encode() + b"\n")


def lined(farm: SmallFarm, *pieces: bytes) -> Any:
    """What a program is answered as soon as it is answered."""
    program, transport = JsonLines(farm.service, farm.now), StringTransport()
    program.makeConnection(transport)  # type: ignore[no-untyped-call]
    for piece in pieces:
        if not transport.value():
            program.dataReceived(piece)
    return json.loads(transport.value())


async def shell(test: TestCase, farm: SmallFarm, asked: Asked) -> str:
    return typed(farm, f"{asked.line}\r\n".encode())


def typed(farm: SmallFarm, data: bytes) -> str:
    """What the shell says to what somebody types."""
    person, transport = Shell(farm.service, farm.now), StringTransport()
    person.makeConnection(transport)  # type: ignore[no-untyped-call]
    transport.clear()
    person.dataReceived(data)
    text: str = transport.value().decode()
    return text.removesuffix(PROMPT).replace("\r\n", "\n").removesuffix("\n")


# --- at a real port


def serve(test: TestCase, farm: SmallFarm) -> str:
    """The address at which it answers until the test is over."""
    site = make_site(farm.service, __version__, clock=farm.clock, now=farm.now)
    port = reactor.listenTCP(0, site, interface="127.0.0.1")
    test.addCleanup(port.stopListening)
    test.addCleanup(nobody_is_connected)
    return f"http://127.0.0.1:{port.getHost().port}"


async def nobody_is_connected() -> None:
    """Whoever was refused before all of it came is let go a moment later; the test's own timeout ends what never is."""
    while any(isinstance(each, Server) for each in [*reactor.getReaders(), *reactor.getWriters()]):
        await deferLater(reactor, 0.01)


async def in_a_thread(work: Callable[[], Found]) -> Found:
    found: Found = await deferToThread(work)
    return found


async def brender(test: TestCase, url: str, *words: str) -> Ran:
    """What the command prints."""
    folder = tempfile.TemporaryDirectory(prefix="brender-test-")
    test.addCleanup(folder.cleanup)
    names = [name for name in os.environ if name.startswith("BRENDER_")]
    environment = {**dict.fromkeys(names), "BRENDER_SERVER": url, "XDG_CONFIG_HOME": folder.name}

    def run() -> Ran:
        result = CliRunner().invoke(main, words, env=environment, prog_name="brender")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    return await in_a_thread(run)


async def command(test: TestCase, farm: SmallFarm, asked: Asked) -> Ran:
    return await brender(test, serve(test, farm), *shlex.split(asked.line))


async def python(test: TestCase, farm: SmallFarm, asked: Asked) -> Any:
    given, named = said(asked.request)
    call = method_of(Client(serve(test, farm)), asked.request)
    return await in_a_thread(lambda: fetched(call(*given, **named)))


async def asyncio_python(test: TestCase, farm: SmallFarm, asked: Asked) -> Any:
    given, named = said(asked.request)
    call = method_of(AsyncFarm(serve(test, farm)), asked.request)
    return await in_a_thread(lambda: asyncio.run(fetched_later(call, given, named)))


FACES: Mapping[str, Callable[[TestCase, SmallFarm, Asked], Awaitable[Any]]] = {
    "http": http,
    "batch": batch,
    "json_line": json_line,
    "shell": shell,
    "command": command,
    "python": python,
    "asyncio": asyncio_python,
}
