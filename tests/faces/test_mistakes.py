"""Every mistake on every face: the right code, one sentence that names what is wrong, and nothing changed.

How does this work?  `MISTAKES` has each of them as programs say it, a request or a text of JSON, and as somebody types
it; of most there are two, in a change and in a list.  Each face is given all of them, one after the other, on one farm,
of which everything that can be seen has to stay as it was.  `CANNOT` names what a face has no way to say.  A stale
If-Match, and an Idempotency-Key that comes again with another body, are headers: HTTP alone has them (tests/web).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from twisted.trial.unittest import TestCase

from brender.client import Failed
from brender.verbs.performing import Request
from tests.cli.case import Ran
from tests.faces.calling import FACES, Asked, lined, typed
from tests.faces.test_table import seen
from tests.verbs.example_farm import ExampleFarm
from tests.web.fakes import Reply, Web

A_CHANGE = partial(Request, "job", "update", filter="id=1,2")
A_LIST = partial(Request, "job", "read")
HALF = "\ud800"
NO_TEXT = b"\xff".decode("utf-8", "surrogateescape")  # as a byte that is no UTF-8 comes to a command
DEEP: list[Any] = []
for _ in range(100):
    DEEP = [DEEP]
LONG = "x" * 20_000
BRACKETS = f"{'(' * 100}state=paused{')' * 100}"


@dataclass(frozen=True)
class Mistake:
    says: str  # what every face says of it: a pattern
    request: Request
    line: str  # as somebody types it
    values: str = ""  # as a text of JSON, where that is no value of ours
    address: str = ""  # of HTTP, where the request has another
    status: int = 400
    code: str = "bad-request"
    exit: int = 2
    unsent: bool = False  # Python itself refuses it: a TypeError

    @property
    def asked(self) -> Asked:
        return Asked(self.request, self.line, self.values, self.address)


MISTAKES: Mapping[str, Mistake] = {
    "unknown field, changing": Mistake(
        '"priorty".*; did you mean priority[?]$',
        A_CHANGE(values={"priorty": 3}),
        "set job id=1,2 priorty=3",
        unsent=True,
    ),
    "unknown field, reading": Mistake(
        '"(--)?limt".*; did you mean (--)?limit[?]$', A_LIST(values={"limt": 3}), "jobs --limt=3", unsent=True
    ),
    "wrong type, changing": Mistake(
        "^priority: .*whole number[.]$", A_CHANGE(values={"priority": "high"}), "set job id=1,2 priority=high"
    ),
    "wrong type, reading": Mistake("^limit: .*whole number[.]$", A_LIST(values={"limit": "many"}), "jobs limit=many"),
    "out of range, changing": Mistake(
        "A priority is a whole number from 0 to 100[.]$",
        A_CHANGE(values={"priority": 101}),
        "set job id=1,2 priority=101",
        status=422,
        code="refused",
        exit=1,
    ),
    "out of range, reading": Mistake(
        "^limit: write a whole number that is at least 1[.]$", A_LIST(values={"limit": 0}), "jobs limit=0", exit=1
    ),
    "not settable": Mistake(
        '^"state" of a job cannot be set[.]$',
        A_CHANGE(values={"state": "active"}),
        "set job id=1,2 state=active",
        unsent=True,
    ),
    "missing bracket, changing": Mistake(
        "^A bracket is opened here and never closed[.]$",
        Request("job", "update", filter="(state=paused", values={"priority": 3}),
        'set job "(state=paused" priority=3',
    ),
    "missing bracket, reading": Mistake(
        "^A bracket is opened here and never closed[.]$", A_LIST(filter="(state=paused"), 'jobs "(state=paused"'
    ),
    "deep brackets, changing": Mistake(
        "^Brackets and not go 50 deep at most[.]$",
        Request("job", "update", filter=BRACKETS, values={"priority": 3}),
        f'set job "{BRACKETS}" priority=3',
    ),
    "deep brackets, reading": Mistake(
        "^Brackets and not go 50 deep at most[.]$", A_LIST(filter=BRACKETS), f'jobs "{BRACKETS}"'
    ),
    "deep JSON": Mistake("is nested too deep; 64 levels are the most[.]$", A_CHANGE(values={"after": DEEP}), ""),
    "twice the same, changing": Mistake(
        "priority.* twice", A_CHANGE(), "set job id=1,2 priority=3 priority=4", '{"priority": 3, "priority": 4}'
    ),
    "twice the same, reading": Mistake(
        "limit.* twice|limit.* more than once",
        A_LIST(),
        "jobs limit=3 limit=4",
        '{"limit": 3, "limit": 4}',
        "/api/v1/jobs?limit=3&limit=4",
    ),
    "no number, changing": Mistake(
        '^NaN is no number|^priority: "nan" is not a whole number[.]$',
        A_CHANGE(values={"priority": float("nan")}),
        "set job id=1,2 priority=nan",
    ),
    "no number, reading": Mistake(
        "^NaN is no number|^limit: .*whole number[.]$", A_LIST(values={"limit": float("nan")}), "jobs limit=nan"
    ),
    "too large a number": Mistake(
        '^1e400 is larger than any|^Infinity is no number|^priority: "1e400" is not a whole number[.]$',
        A_CHANGE(values={"priority": float("inf")}),
        "set job id=1,2 priority=1e400",
        '{"priority": 1e400}',
    ),
    "half a surrogate pair, changing": Mistake(
        "has half a surrogate pair", A_CHANGE(values={"owner": HALF}), f"set job id=1,2 owner={NO_TEXT}", exit=1
    ),
    "half a surrogate pair, reading": Mistake(
        "has half a surrogate pair|is not UTF-8",
        A_LIST(filter=f"name={HALF}"),
        f"jobs name={NO_TEXT}",
        address="/api/v1/jobs?filter=name%3D%ED%A0%80",
        exit=1,
    ),
}

TYPED = "what is typed is a text for each field, and no JSON"
CALLED = "Python refuses a name that is given twice before it runs anything"
UTF8 = "a byte that is no UTF-8 is read as the sign for that, which is a character"
WORDS = "the system starts no command with so long a word"
ONE_SIZE = "a filter stands in the same body, or line, as what is to be changed"
TOO_MUCH = ("too much, changing", "too much, reading")  # `TooMuch` has them
CANNOT: Mapping[tuple[str, str], str] = {
    ("deep JSON", "shell"): TYPED,
    ("deep JSON", "command"): TYPED,
    ("twice the same, changing", "python"): CALLED,
    ("twice the same, changing", "asyncio"): CALLED,
    ("twice the same, reading", "python"): CALLED,
    ("twice the same, reading", "asyncio"): CALLED,
    ("half a surrogate pair, changing", "shell"): UTF8,
    ("half a surrogate pair, reading", "shell"): UTF8,
    ("too much, changing", "command"): WORDS,
    ("too much, reading", "batch"): ONE_SIZE,
    ("too much, reading", "json_line"): ONE_SIZE,
    ("too much, reading", "shell"): ONE_SIZE,
}


class Told(NamedTuple):
    """What a face makes of it: a status, an exit code, an exception; and a sentence."""

    code: Any
    sentence: str


# --- the faces


async def told_by(face: str, test: TestCase, farm: ExampleFarm, mistake: Mistake) -> Told:
    try:
        return TOLD[face](await FACES[face](test, farm, mistake.asked))
    except Failed as failed:
        return Told(failed.code, failed.message)
    except TypeError as wrong:
        return Told(TypeError, str(wrong))


def of_http(reply: Reply) -> Told:
    return Told((reply.status, reply.json["code"]), reply.message)


def of_batch(reply: Reply) -> Told:
    """What is no JSON is told of the whole of it."""
    if reply.status != 200:
        return of_http(reply)
    (part,) = reply.json["answers"]
    return Told((part["status"], part["body"]["code"]), part["body"]["detail"])


def of_json_line(answer: Any) -> Told:
    return Told(answer["error"]["code"], answer["error"]["message"])


def of_shell(text: str) -> Told:
    return Told(None, sentence_of(text))


def of_command(ran: Ran) -> Told:
    assert not ran.out, ran.out
    return Told(ran.code, sentence_of(ran.err.rpartition("Error: ")[2].rstrip("\n")))


def sentence_of(text: str) -> str:
    """Without how many problems there are, and without the place in a filter, which is drawn below."""
    first, *more = text.removeprefix("Nothing was changed, 1 problem:\n  ").split("\n")
    assert all(line.startswith("  ") for line in more), text
    return first


def of_python(found: Any) -> Told:
    return Told(None, f"gave {found!r}")


TOLD: Mapping[str, Callable[[Any], Told]] = {
    "http": of_http,
    "batch": of_batch,
    "json_line": of_json_line,
    "shell": of_shell,
    "command": of_command,
    "python": of_python,
    "asyncio": of_python,
}


def wanted(face: str, mistake: Mistake) -> Any:
    """The code of a face for it."""
    match face:
        case "http" | "batch":
            return mistake.status, mistake.code
        case "shell":
            return None
        case "command":
            return mistake.exit
        case "python" | "asyncio":
            return TypeError if mistake.unsent else mistake.code
    return mistake.code


# --- the tests


class Case(TestCase):
    timeout = 120

    def check(self, told: Told, code: Any, says: str, name: str) -> None:
        self.assertEqual(told.code, code, (name, told))
        self.assertRegex(told.sentence, says, name)
        self.assertRegex(told.sentence, r"\A[^\n]+[.?]\Z", name)
        self.assertNotRegex(told.sentence, r"[.?!] [A-Z]", name)


class Mistakes(Case):
    """Filled below: a test for each face."""

    def test_what_a_face_cannot_say_is_a_mistake_of_the_table(self) -> None:
        for name, face in CANNOT:
            self.assertIn(name, [*MISTAKES, *TOO_MUCH])
            self.assertIn(face, FACES)


class TooMuch(Case):
    """More than a face takes at once: in a body, in an address, in a line."""

    async def asked(self, name: str, ask: Callable[[ExampleFarm], Awaitable[Told]], code: Any, says: str) -> None:
        farm = await ExampleFarm.made(self)
        before = seen(farm)
        self.check(await ask(farm), code, says, name)
        self.assertEqual(seen(farm), before, name)

    def by(self, face: str, mistake: Mistake) -> Callable[[ExampleFarm], Awaitable[Told]]:
        return lambda farm: told_by(face, self, farm, mistake)

    async def test_by_http_and_in_a_batch(self) -> None:
        for first in ("PATCH /api/v1/jobs?filter=all", "POST /api/v1/batch"):
            head = f"{first} HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/json\r\n"

            async def ask(farm: ExampleFarm, head: str = head) -> Told:
                wire = Web(self, farm=farm).wire()
                wire.send(f"{head}Content-Length: {10**9}\r\n\r\n".encode())  # the head is answered
                return of_http(wire.reply())

            await self.asked(first, ask, (413, "body-too-large"), "^The body has more than [0-9]+ bytes")

    async def test_in_an_address(self) -> None:
        async def ask(farm: ExampleFarm) -> Told:
            return of_http(Web(self, farm=farm).get(f"/api/v1/jobs?filter={LONG}"))

        await self.asked("http", ask, (414, "address-too-long"), "^The address has more than [0-9]+ bytes")
        for face, code in (("command", 1), ("python", "address-too-long"), ("asyncio", "address-too-long")):
            mistake = Mistake("", A_LIST(filter=LONG), f"jobs {LONG}")
            await self.asked(face, self.by(face, mistake), code, "^The address has more than [0-9]+ bytes")

    async def test_in_a_line(self) -> None:
        async def ask(farm: ExampleFarm) -> Told:
            return Told(None, typed(farm, f"set job id=1,2 name={LONG}\r\n".encode()))

        await self.asked("shell", ask, None, "^A line may have [0-9,]+ bytes; that one had more and was dropped[.]$")

    async def test_in_a_line_of_json(self) -> None:
        async def ask(farm: ExampleFarm) -> Told:
            return of_json_line(lined(farm, *[b" " * (4 << 20)] * 20))

        await self.asked("json_line", ask, "line-too-long", "^A line may have [0-9,]+ bytes; that one had more")

    async def test_by_python(self) -> None:
        mistake = Mistake("", A_CHANGE(values={"owner": "x" * (20 << 20)}), "")
        for face in ("python", "asyncio"):
            await self.asked(face, self.by(face, mistake), "body-too-large", "^The body has more than [0-9]+ bytes")


def add(face: str) -> None:
    async def test(self: Mistakes) -> None:
        farm = await ExampleFarm.made(self)
        before = seen(farm)
        for name, mistake in MISTAKES.items():
            if (name, face) not in CANNOT:
                told = await told_by(face, self, farm, mistake)
                self.check(told, wanted(face, mistake), mistake.says, f"{name} by {face}")
                self.assertEqual(seen(farm), before, f"{name} by {face}")

    setattr(Mistakes, f"test_every_one_by_{face}", test)


for each in FACES:
    add(each)
