"""What a handler gives back, and the headers that every answer has.

How does this work?  A handler returns an `Answer` (a whole body) or a `Streaming` (something that writes as
long as the reader stays).  `send` writes an `Answer` to a request: status, headers, and 304 when the
reader has this very body already.  `COMMON` keeps browsers from guessing types, from showing our pages
inside others' and from telling others where our readers came from.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from twisted.web.http import Request

from brender.web.wrong import Wrong, phrase

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"

COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Answer:
    body: bytes = b""
    kind: str = JSON
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    tag: str = ""  # of this very body; with one, a reader that has it is told so


@dataclass(frozen=True)
class Streaming:
    start: Callable[[Request], None]
    kind: str
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(encoded(value), status=status, headers=headers or {})


def wrong_answer(wrong: Wrong) -> Answer:
    return json_answer(wrong.body(), wrong.status, wrong.headers)


def encoded(value: Any) -> bytes:
    return msgspec.json.encode(value) + b"\n"


def tag_of(body: bytes) -> str:
    return f'"{hashlib.blake2b(body, digest_size=9).hexdigest()}"'


def prepare(request: Request, status: int, kind: str, headers: Mapping[str, str]) -> None:
    request.setResponseCode(status, phrase(status))
    for name, value in {**COMMON, **headers}.items():
        request.setHeader(name, value)
    if kind:
        request.setHeader("Content-Type", kind)


def send(request: Request, answer: Answer) -> None:
    prepare(request, answer.status, answer.kind if answer.body else "", answer.headers)
    if answer.tag:
        request.setHeader("ETag", answer.tag)
        request.setHeader("Cache-Control", "no-cache")
        if has_it(request, answer.tag):
            request.setResponseCode(304)
            request.finish()
            return
    if answer.status != 204:
        request.setHeader("Content-Length", str(len(answer.body)))
    request.write(answer.body)
    request.finish()


def has_it(request: Request, tag: str) -> bool:
    wanted = request.getHeader(b"if-none-match") or b""
    tags = {part.strip().removeprefix(b"W/") for part in wanted.split(b",")}
    return tag.encode() in tags or b"*" in tags
