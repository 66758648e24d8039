"""The targets: for each parser a function of bytes that raises nothing unless the parser broke its word.

How does this work?  What a parser refuses it refuses by the exception that it documents, and that is caught here by
name; whatever else comes out is a finding.  Where it reads, a second property is held against it: what is written again
is read as the same, what is counted is what comes.  Faces are tried whole, on the farm of `stage`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from twisted.internet.testing import StringTransport

from brender.farm.interfaces import FarmService
from brender.farm.submission import ranges
from brender.farm.submission.planning import plan
from brender.farm.submission.problems import Refused
from brender.protocols import messages as say
from brender.protocols.codec import BadMessage, Decoder, encode
from brender.protocols.commands import Leave, answer
from brender.protocols.door import Door
from brender.protocols.json_lines import answered
from brender.protocols.worker import Conversation
from brender.verbs.filters import BadFilter, matching, parse, written
from brender.verbs.items.known import ITEMS
from brender.verbs.performing import language
from tests.fakes import NOON
from tests.fuzz.seeds import HELLO
from tests.fuzz.stage import Stage, done

MOST_OF_A_LINE = 4096  # bytes, so that limits are met too
stage = Stage()


@dataclass(frozen=True)
class Target:
    run: Callable[[bytes], None]
    longest: int  # bytes of an input


def wire(data: bytes) -> None:
    """The worker protocol, both ends: what is read can be written, and is then read as the same; and is heard."""
    for words in (say.FromWorker, say.FromServer):
        decoder: Decoder[Any] = Decoder(words, MOST_OF_A_LINE)
        cut = len(data) // 2
        try:
            messages = decoder.feed(data[:cut]) + decoder.feed(data[cut:])
        except BadMessage as bad:
            messages = bad.messages
            say.version_of(bad.line)
        again: Decoder[Any] = Decoder(words, 8 * MOST_OF_A_LINE)
        for message in messages:
            line = encode(message)
            assert [encode(each) for each in again.feed(line)] == [line], message
        hear(messages)


def hear(messages: Sequence[Any]) -> None:
    """What a worker says after its greeting: the farm takes it, or refuses it in its own words."""
    farm, said = stage.farm(), list[Any]()
    conversation = Conversation(farm.service, said.append, lambda: None, lambda wait: None, 10.0)
    for message in (HELLO, *messages):
        conversation.heard(message)
        farm.clock.advance(0.01)
    conversation.lost()


def shell(data: bytes) -> None:
    """A connection to the shell's port, from its first byte: telnet, keys, lines, and every verb that can be typed."""
    farm, faults = stage.farm(), list[Exception]()

    async def noted(service: FarmService, line: str, now: float, width: int, *who: Any) -> str:
        try:
            return await answer(service, line, now, width, *who)
        except Leave:
            raise
        except Exception as fault:
            faults.append(fault)
            raise

    door = Door(farm.service, farm.clock, farm.now, noted)
    door.makeConnection(StringTransport())  # type: ignore[no-untyped-call]
    cut = len(data) // 2
    for part in (data[:cut], data[cut:]):
        if part:
            door.dataReceived(part)
        farm.clock.advance(0.01)
    door.readConnectionLost()
    for _ in range(data.count(b"\n") + data.count(b"\r") + 1):
        farm.clock.advance(0.01)
    door.connectionLost()
    if faults:
        raise faults[0]


def json(data: bytes) -> None:
    """One line of a program, and the verb that it asks for."""
    farm = stage.farm()
    said = done(farm, answered(farm.service, data, farm.now()))
    assert said is None or b'"our-mistake"' not in said, said


def filters(data: bytes) -> None:
    """A filter of each item: it is refused with its place, or means the same when it is written again."""
    text, farm = data.decode("utf-8", "replace"), stage.farm().service.farm
    for name in ("client", "job"):
        item = ITEMS[name]
        try:
            condition = parse(text, language(item), now=NOON, zone=UTC)
        except BadFilter as bad:
            check(0 <= bad.at <= len(text), (bad.at, str(bad)))
            continue
        assert parse(written(condition), language(item), now=NOON, zone=UTC) == condition, written(condition)
        things = list((farm.clients if name == "client" else farm.jobs).values())
        list(filter(matching(condition, item.reader(farm)), things))


def frames(data: bytes) -> None:
    """A range: as many frames as openjd-model counts, or a refusal whose hint can be read."""
    text = data.decode("utf-8", "replace")
    try:
        found = ranges.parse(text)
    except ranges.BadRange as bad:
        check(str(bad).endswith("."), bad)
        return
    assert sum(map(ranges.count, ranges.pieces(found))) == len(found)


def template(data: bytes) -> None:
    """A template: a plan, or problems that each have a place."""
    try:
        made = plan(data, {}, limit=100_000)
    except Refused as refused:
        told = [problem.at and problem.message for problem in refused.problems]
        check(bool(told) and all(told), refused.problems)
        return
    for step in made.steps:
        step.parameters(0)
        step.parameters(step.tasks - 1)


def http(data: bytes) -> None:
    """A connection to the web, from its first byte: no answer is our mistake."""
    web = stage.web()
    connection = web.wire()
    connection.send(data)
    web.farm.clock.advance(0.01)
    connection.close()
    assert b"HTTP/1.1 500 " not in connection.got(), connection.got()


def check(holds: bool, what: object) -> None:
    if not holds:
        raise AssertionError(what)


TARGETS: Mapping[str, Target] = {
    "wire": Target(wire, 2 * MOST_OF_A_LINE),
    "shell": Target(shell, 512),
    "json": Target(json, 1024),
    "filter": Target(filters, 512),
    "frames": Target(frames, 256),
    "template": Target(template, 2048),
    "http": Target(http, 2048),
}
