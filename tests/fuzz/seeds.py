"""What fuzzing begins with: things that are right, or nearly, one of each kind; and the words of each language.

How does this work?  `SEEDS` has whole inputs for each target, made of the examples of the verbs where there are any;
`WORDS` what is worth putting somewhere in the middle: libFuzzer's dictionary.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from brender.farm.client import Machine
from brender.protocols import messages as say
from brender.protocols.codec import encode
from brender.verbs.examples import ALL, TEMPLATE
from brender.verbs.performing import Request
from tests.fakes import FRAMES

HELLO = say.Hello(say.VERSION, "run 1", Machine(key="a key", name="attic", slots=4), {3: [1, 2]})
FROM_WORKER = (
    HELLO,
    say.Started(1, 2),
    say.Result(1, 2, "failed", "no memory", 3.5, "memory", 2**30),
    say.Progress(1, 2, 50.0, "sample 3"),
    say.Log(1, 2, "a line\n"),
    say.Returned(1, [2, 3]),
    say.Dropped(1),
    say.Beat(0.5),
    say.Leaving(),
    say.Unwell("the disk is full"),
)
FROM_SERVER = (
    say.Welcome(1, "attic", 10.0, [4], []),
    say.Job(1, "shot", TEMPLATE, {"Frames": "1-3"}, say.Limits(None, None, None)),
    say.Order(1, 1, "Render", 1, 1, [say.Task(0, {"Frame": "1"})], {}),
    say.Ack([(1, 2)]),
    say.Ping(),
    say.Refused("No.", True),
)
LINES = (
    "help", "farm", "jobs", "job 1", "clients online", "enable render-0*", "set job 1 priority=80 hours=20:00-06:00",
    "submit count Frames=1-10 --priority=70", "tasks 1 state=failed", "why 2", "orders 1",
    "cancel state=paused or id=1",
    "delete pool gpu", "requeue job 3 frames=1-2", "jobs sort=-priority fields=id,name", "add limit arnold 4", "quit",
    "set client render-01 pools=lighting,gpu sleeps=22:00-06:00", "clients memory>=32GB and not tag=big", "view 'a b'",
)  # fmt: skip
FILTERS = (
    "all", "online", "status=enabled and (memory>=32GB or tag=big) not render-0*", "1,2,5..9", "name~shot_*", "id=1..3",
    "created>2h", "ended<2026-03-01", 'name!="a b" or owner=none', "not (not (paused))", "progress>=50%", "load<0.5",
    "pool=gpu,lighting", "priority<=80 state!=active", "((1))", "name~'*.[a-z]?'", "created>=today", "slots=4",
)  # fmt: skip
RANGES = (
    "1-100", "1-100:5,200", "10-1:-3", "-5--1", "1, 2 ,3", "1..100", "1-100x5", "1:100:2", "1,1", "5 10 15",
    "1-10,5-20",
    "9223372036854775807", "0001-0010", "1\u20115", "\u0661-\u0663", "1-", "[1-3]", "1-3;7", "-0", "1-1000000:999",
)  # fmt: skip
TEMPLATES = (
    FRAMES,
    msgspec.json.encode(TEMPLATE).decode(),
    FRAMES.replace("1-24", "1-24:2,99"),
    FRAMES + "  hostRequirements: {amounts: [{name: amount.worker.vcpu, min: 4}]}\n",
    FRAMES + "  stepEnvironments: [{name: E, variables: {A: b}}]\n- {name: Two, dependencies: [{dependsOn: Render}],"
    " script: {actions: {onRun: {command: echo}}}}\n",
    "a: &a [1, 2]\nb: [*a, *a]\n",
    "- 012\n- no\n- 2026-13-01\n- .inf\n- !!python/object:os.system x\n",
)
QUERIES = (
    "/api/v1/jobs?limit=10&sort=-id&filter=active",
    "/api/v1/clients?fields=id,name&search=attic&after=3",
    "/api/v1/jobs?draw=1&start=0&length=10&search[value]=shot&search[regex]=false&order[0][column]=0&order[0][dir]=desc"
    "&columns[0][data]=id&columns[0][search][value]=1",
    "/api/v1/events?kind=job&since=3",
    "/api/v1/jobs/1/tasks?filter=state=failed&offset=1",
    "/api/v1/jobs/1/log?tail=10",
    "/static/farm.js", "/jobs/1", "/metrics", "/api/v1/pools/a%2Fb", "/api/v1/openapi.json", "/%2e%2e/%00",
)  # fmt: skip


def typed() -> Sequence[bytes]:
    """What comes by telnet: the text, what a telnet program says beside it, and keys."""
    options = b"\xff\xfb\x1f\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0\xff\xfd\x01\xff\xfd\x03"
    keys = b"jo\t\x1b[A\x1b[D\x7f\x01\x05\x0b\x19\x17\x15\x0c\x1bb\x1bf\x1b[3~\r\x00\x03\x04"
    lines = [f"{line}\r\n".encode() for line in LINES]
    return [*lines, b"".join(lines[:5]), options + keys, options + b"jobs\r\x00", b"\xff\xf4\xff\xfd\x06help\r\n"]


def of_request(request: Request) -> dict[str, Any]:
    said: dict[str, Any] = {"item": request.item, "action": request.action, "id": request.id, "job": request.job}
    said |= {"filter": request.filter, "values": dict(request.values) or None}
    return {name: value for name, value in said.items() if value is not None}


def requests() -> Sequence[bytes]:
    events = [{"action": "subscribe", "kinds": ["job"], "filter": "active", "since": 1}, {"action": "unsubscribe"}]
    return [msgspec.json.encode(said) for said in [*map(of_request, ALL), *events, {"request": 7, "item": "farm"}]]


SEEDS: Mapping[str, Sequence[bytes]] = {
    "wire": [*map(encode, FROM_WORKER), b"".join(map(encode, FROM_WORKER)), *map(encode, FROM_SERVER)],
    "shell": typed(),
    "json": requests(),
    "filter": [text.encode() for text in FILTERS],
    "frames": [text.encode() for text in RANGES],
    "template": [text.encode() for text in TEMPLATES],
    "http": [
        b"%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (method, query.encode())
        for query in QUERIES
        for method in (b"GET", b"POST")
    ],
}
WORDS: Mapping[str, Sequence[str]] = {
    "wire": [
        '"type":',
        '"order":',
        '"task":',
        "null",
        "1e999",
        "-1",
        "[[",
        "{}",
        "\n",
        "9223372036854775808",
        "\\ud800",
    ],
    "shell": [
        "filter",
        "sort=",
        "=",
        "~",
        "..",
        "'",
        '"',
        "\xff\xfa",
        "\xff\xf0",
        "\x1b[",
        "\r\n",
        "set ",
        "job ",
        "client ",
    ],
    "json": [
        '"item":',
        '"action":',
        '"values":',
        '"filter":',
        '"filters":',
        '"id":',
        '"job":',
        "null",
        "1e400",
        "NaN",
        "\\u0000",
    ],
    "filter": [
        "and",
        "or",
        "not",
        "none",
        "all",
        "!=",
        ">=",
        "<=",
        "!~",
        "..",
        "GB",
        "%",
        "today",
        "id",
        "name",
        "state",
        "created",
    ],
    "frames": [
        "-",
        ":",
        ",",
        "..",
        "x",
        " to ",
        "9223372036854775807",
        "0",
        "\u2212",
        "\u0661",
    ],
    "template": [
        "&a",
        "*a",
        "<<:",
        "!!",
        "{{",
        "}}",
        "Param.",
        "Task.Param.",
        "range:",
        "type: INT",
        "CHUNK[INT]",
        "\t",
        "---",
        "? ",
    ],
    "http": [
        "\r\n",
        "Content-Length: ",
        "Transfer-Encoding: chunked",
        "If-Match: ",
        "Origin: ",
        "%2e",
        "%00",
        "[value]",
        "draw=",
        "&",
        "Upgrade: websocket",
    ],
}
