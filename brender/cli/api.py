"""The farm's JSON interface, as the command uses it: plain HTTP from the standard library.

How does this work?  `Api` asks and changes; `events` reads the stream of what happens, line by line, for as
long as the server sends.  Whatever goes wrong becomes one `Failed` with a sentence: what the server
said, or why it could not be reached.  Proxies are left out, because a farm is in the same building.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener
from uuid import uuid4

PATIENCE = 60.0  # seconds without a byte; an open stream sends one every 15
MOST_LINE = 4 << 20  # bytes of one event


class Failed(Exception):
    """It was not done; the message is a sentence for people."""

    def __init__(self, message: str, *, code: str, at: str = "", problems: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.at = at
        self.problems = problems

    def lines(self) -> list[str]:
        """The sentence, and every problem that was found."""
        told = [f"{problem['at']}: {problem['message']}" for problem in self.problems]
        alone = len(told) == 1 and self.problems[0]["message"] == str(self)
        return told if alone else [str(self), *(f"  {each}" for each in told)]

    def as_json(self) -> dict[str, Any]:
        error = {"code": self.code, "message": str(self), "at": self.at}
        return {"ok": False, "error": error, "problems": list(self.problems)}


class Unreachable(Failed):
    """No server answers."""


@dataclass(frozen=True)
class Question:
    """One request, before it is known whom to ask."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def request(self, base: str) -> Request:
        asked = urlencode(self.query, quote_via=quote)
        data = None if self.body is None else json.dumps(self.body).encode()
        headers = {**self.headers, "Content-Type": "application/json"}
        return Request(f"{base}{self.path}{'?' + asked if asked else ''}", data, headers, method=self.method)


class Api:
    def __init__(self, base: str, patience: float = PATIENCE) -> None:
        self.base = base.rstrip("/")
        self._patience = patience
        self._opener: OpenerDirector = build_opener(ProxyHandler({}))

    def get(self, path: str, **query: str) -> Any:
        return self._json(self._read(Question("GET", path, query)))

    def text(self, path: str, **query: str) -> str:
        return self._read(Question("GET", path, query)).decode("utf-8", "replace")

    def post(self, path: str, body: Any = None) -> Any:
        """Done once, even where the answer is lost on its way and the question asked again."""
        question = Question("POST", path, {}, body or {}, {"Idempotency-Key": str(uuid4())})
        try:
            return self._json(self._read(question))
        except Unreachable as lost:
            if isinstance(lost.__cause__, (ConnectionError, HTTPException)):
                return self._json(self._read(question))
            raise

    def patch(self, path: str, body: Any, **query: str) -> Any:
        return self._json(self._read(Question("PATCH", path, query, body)))

    def events(self, *kinds: str) -> Iterator[tuple[str, Any]]:
        """What happens from now on: kind and data.  The first is ("open", None); a silence is ("", None)."""
        with self._open(Question("GET", "/api/v1/events", {"kind": ",".join(kinds)})) as stream:
            yield "open", None
            kind, data = "", ""
            while line := self._line(stream):
                name, _, value = line.decode("utf-8", "replace").rstrip("\r\n").partition(":")
                if name == "event":
                    kind = value.strip()
                elif name == "data":
                    data += value
                elif not name:  # the end of an event, or a comment that only shows that the server is there
                    yield kind, self._json(data) if data else None
                    kind, data = "", ""

    def _json(self, text: str | bytes) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            raise Failed(f"{self.base} does not answer in JSON; is it a brender server?", code="strange") from None

    def _line(self, stream: HTTPResponse) -> bytes:
        with self._reaching():
            return stream.readline(MOST_LINE)

    def _read(self, question: Question) -> bytes:
        with self._reaching(), self._open(question) as answer:
            return answer.read()

    def _open(self, question: Question) -> HTTPResponse:
        with self._reaching():
            try:
                answer: HTTPResponse = self._opener.open(question.request(self.base), timeout=self._patience)
            except HTTPError as refused:
                raise refusal(refused) from None
        return answer

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Whatever breaks the connection becomes `Unreachable`, and what broke it its cause."""
        try:
            yield
        except (OSError, HTTPException) as error:
            why = error.reason if isinstance(error, URLError) else error
            raise self._unreachable(why) from (why if isinstance(why, Exception) else error)

    def _unreachable(self, why: object) -> Unreachable:
        reason = getattr(why, "strerror", None) or str(why) or type(why).__name__
        return Unreachable(
            f"No server answers at {self.base} ({reason}). Start one with brender server, or name one with --server.",
            code="unreachable",
        )


def refusal(refused: HTTPError) -> Failed:
    """What the server says of a request that it did not do."""
    try:
        said = json.loads(refused.read())
        error = said["error"]
        problems = [{"at": str(each["at"]), "message": str(each["message"])} for each in said.get("problems") or ()]
        return Failed(str(error["message"]), code=str(error["code"]), at=str(error.get("at", "")), problems=problems)
    except (ValueError, KeyError, TypeError, OSError, HTTPException):
        return Failed(f"{refused.url} answers {refused.code} {refused.reason}; is it a brender server?", code="strange")
