"""The farm's web interface over plain HTTP from the standard library.

How does this work?  An `Api` knows one server, or several with commas between: a farm and its standby.  It asks the one
that answered last; when that does not answer, or answers 503, the next one is asked.  A change has an Idempotency-Key,
so that it is done once even where its answer is lost and it is sent again.  Whatever goes wrong becomes one `Failed`
with a sentence.  Proxies are left out, because a farm is in the same building.
"""

import json as plain_json
import os
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener
from uuid import uuid4

from brender.client.errors import Failed, Unreachable, refusal
from brender.client.trust import HINT, trusting

API = "/api/v1"
PATIENCE = 60.0  # seconds without a byte; an open stream sends one every 15
MOST_LINE = 4 << 20  # bytes of one event
NO_TEXT = "The address has half a surrogate pair (like \\ud800), which is no character."
BUSY = 503  # a standby, or a server that takes nothing new


@dataclass(frozen=True)
class Question:
    """One request, before it is known whom to ask."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def request(self, base: str, token: str = "") -> Request:
        with sayable():
            asked = urlencode(self.query, quote_via=quote)
        data = None if self.body is None else plain_json.dumps(self.body).encode()
        headers = {**self.headers, "Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return Request(f"{base}{self.path}{'?' + asked if asked else ''}", data, headers, method=self.method)


@contextmanager
def sayable() -> Iterator[None]:
    """What is put into an address has to be text; a command's words may be any bytes."""
    try:
        yield
    except UnicodeEncodeError:
        raise Failed(NO_TEXT, code="bad-request") from None


class Busy(Failed):
    """The server answers that somebody else should be asked."""


class Api:
    def __init__(self, server: str, patience: float = PATIENCE, token: str = "") -> None:
        self.token = token
        self._bases = [base.strip().rstrip("/") for base in server.split(",")]
        self._patience = patience
        self._opener: OpenerDirector = build_opener(ProxyHandler({}), HTTPSHandler(context=trusting(self._bases)))

    @property
    def base(self) -> str:
        """The server that answered last."""
        return self._bases[0]

    def more_patient(self, patience: float) -> "Api":
        """For what may take longer."""
        return Api(",".join(self._bases), patience, self.token)

    def get(self, path: str, **query: str) -> Any:
        return self.ask(Question("GET", path, query))

    def text(self, path: str, **query: str) -> str:
        return self.read(Question("GET", path, query)).decode("utf-8", "replace")

    def post(self, path: str, body: Any = None) -> Any:
        return self.ask(Question("POST", path, {}, body or {}))

    def ask(self, question: Question) -> Any:
        """The answer as plain data."""
        return self.json(self.read(question))

    def read(self, question: Question) -> bytes:
        """The answer as it came; a change whose answer was lost is sent once more, to the same server."""
        if question.method == "GET":
            return self._read(question)
        keyed = replace(question, headers={"Idempotency-Key": str(uuid4())})
        try:
            return self._read(keyed)
        except Unreachable as lost:
            if lost.asked and isinstance(lost.__cause__, (ConnectionError, HTTPException)):
                return self._read(keyed, alone=True)
            raise

    def events(self, *kinds: str, filter: str = "") -> Iterator[tuple[str, Any]]:  # noqa: A002 (as the address has it)
        """What happens from now on: kind and data.  The first is ("open", None); a silence is ("", None)."""
        with closing(self.stream(kinds, filter)) as stream:
            yield from stream

    def stream(self, kinds: Iterable[str] = (), filter: str = "") -> "Stream":  # noqa: A002
        query = {"kind": ",".join(kinds), "filter": filter}
        return Stream(self, Question("GET", f"{API}/events", {name: text for name, text in query.items() if text}))

    def json(self, text: str | bytes) -> Any:
        try:
            return plain_json.loads(text)
        except ValueError:
            raise Failed(f"{self.base} does not answer in JSON; is it a brender server?", code="strange") from None

    def _read(self, question: Question, alone: bool = False) -> bytes:
        with self.reaching(), self.open(question, alone) as answer:
            return answer.read()

    def open(self, question: Question, alone: bool = False) -> HTTPResponse:
        """The answer of the first server that has one; from now on it is the one that is asked."""
        told: list[Failed] = []
        bases = self._bases
        for base in bases[:1] if alone else bases:
            try:
                answer = self._open(question, base)
            except (Unreachable, Busy) as failed:
                told.append(failed)
                if isinstance(failed, Unreachable) and failed.asked and question.method != "GET":
                    break  # it may have been done: nobody else is asked to do it too
            else:
                self._bases = [base, *(other for other in bases if other != base)]
                return answer
        raise next((failed for failed in told if isinstance(failed, Busy)), told[0])

    def _open(self, question: Question, base: str) -> HTTPResponse:
        with self.reaching(base):
            try:
                answer: HTTPResponse = self._opener.open(question.request(base, self.token), timeout=self._patience)
            except HTTPError as refused:
                failed = refusal(refused)
                if refused.code == BUSY:
                    raise Busy(failed.message, code=failed.code, at=failed.at) from None
                raise failed from None
        return answer

    @contextmanager
    def reaching(self, base: str = "") -> Iterator[None]:
        """Whatever breaks the connection becomes `Unreachable`, and what broke it its cause."""
        try:
            yield
        except (OSError, HTTPException) as error:
            why = error.reason if isinstance(error, URLError) else error
            asked = not isinstance(error, URLError)  # it was sent
            raise unreachable(base or self.base, why, asked) from (why if isinstance(why, Exception) else error)


def unreachable(base: str, why: object, asked: bool) -> Unreachable:
    reason = getattr(why, "strerror", None) or str(why) or type(why).__name__
    if isinstance(why, ssl.SSLCertVerificationError):
        return Unreachable(f"The server at {base} cannot be trusted ({why.verify_message}). {HINT}", asked=asked)
    return Unreachable(
        f"No server answers at {base} ({reason}). Start one with brender server, or name one with --server.",
        asked=asked,
    )


def told(data: Any) -> Sequence[Any]:
    """What one event tells: of jobs and clients several."""
    return data if isinstance(data, list) else (data,)


class Stream:
    """The events of a farm, line by line, for as long as the server sends; `close` ends it from any thread."""

    def __init__(self, api: Api, question: Question) -> None:
        self._api = api
        self._question = question
        self._answer: HTTPResponse | None = None
        self._closed = False

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        with self._api.open(self._question) as self._answer:
            yield "open", None
            kind, data = "", ""
            while not self._closed and (line := self._line(self._answer)):
                name, _, value = line.decode("utf-8", "replace").rstrip("\r\n").partition(":")
                if name == "event":
                    kind = value.strip()
                elif name == "data":
                    data += value
                elif not name:  # the end of an event, or a comment that only shows that the server is there
                    for each in told(self._api.json(data)) if data else (None,):
                        yield kind, each
                    kind, data = "", ""

    def close(self) -> None:
        self._closed = True
        answer, self._answer = self._answer, None
        if answer is None or answer.closed:
            return
        with socket.socket(fileno=os.dup(answer.fileno())) as end:  # whoever reads it is told at once
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # the server was quicker

    def _line(self, answer: HTTPResponse) -> bytes:
        with self._api.reaching():
            return answer.readline(MOST_LINE)
