"""What a handler gives back, and the headers that every answer has.

How does this work?  A handler returns an `Answer` (a whole body) or a `Streaming` (something that writes as long as
the reader stays).  `send` writes an `Answer` to a request: status, headers, 304 when the reader has this very body
already, and the body as gzip where that is asked for and worth it.  `COMMON` keeps browsers from guessing types, from
showing our pages inside others' and from telling others where our readers came from.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from twisted.web.http import Request

from brender.web.http.squeezing import is_worth_it, squeezed, wants_gzip, well_squeezed
from brender.web.http.wrong import Wrong, phrase

JSON = "application/json; charset=utf-8"
PROBLEM = "application/problem+json"
TEXT = "text/plain; charset=utf-8"

ROOT = b"{root}"  # in a page: the way from its address to the first page, whatever stands before both

SQUEEZED = "-gzip"  # at the end of a tag: of the same body as gzip

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
    page: bool = False  # it has ROOT in it
    lasting: bool = False  # it is one of few bodies that stay: made gzip once, and as small as can be


@dataclass(frozen=True)
class Streaming:
    start: Callable[[Request], None]
    kind: str
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(encoded(value), status=status, headers=headers or {})


def wrong_answer(wrong: Wrong) -> Answer:
    return Answer(encoded(wrong.body()), PROBLEM, wrong.status, wrong.headers)


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
        if "Cache-Control" not in answer.headers:
            request.setHeader("Cache-Control", answer.headers.get("Cache-Control", "no-cache"))
        if has_it(request, answer.tag):
            request.setResponseCode(304)
            request.finish()
            return
    body = answer.body.replace(ROOT, way_up(request.path)) if answer.page else answer.body
    if is_worth_it(answer.kind, body):
        body = squeezed_for(request, body, answer.tag, well_squeezed if answer.lasting else squeezed)
    if answer.status != 204:
        request.setHeader("Content-Length", str(len(body)))
    request.write(body)
    request.finish()


def squeezed_for(request: Request, body: bytes, tag: str, squeeze: Callable[[bytes], bytes]) -> bytes:
    """The body as this reader wants it."""
    request.setHeader("Vary", "Accept-Encoding")
    if not wants_gzip((request.getHeader(b"accept-encoding") or b"").decode("latin-1")):
        return body
    request.setHeader("Content-Encoding", "gzip")
    if tag:
        request.setHeader("ETag", f'{tag[:-1]}{SQUEEZED}"')
    return squeeze(body)


def way_up(path: bytes) -> bytes:
    """`./` from `/` and from `/jobs`, `../` from `/jobs/3`."""
    return b"../" * (path.count(b"/") - 1) or b"./"


def has_it(request: Request, tag: str) -> bool:
    return named_in((request.getHeader(b"if-none-match") or b"").decode("latin-1"), tag)


def named_in(wanted: str, tag: str) -> bool:
    """Whether If-None-Match has the tag, of the body as it is or as gzip."""
    tags = {part.strip().removeprefix("W/").replace(f'{SQUEEZED}"', '"') for part in wanted.split(",")}
    return tag in tags or "*" in tags
