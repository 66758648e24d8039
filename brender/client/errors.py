"""What a farm did not do, and why: one exception for all of it, and two kinds that programs ask about.

How does this work?  `code` is a word for programs, the message a sentence for people, `at` the place in the request
that it is about, `position` a character of a filter, `problems` all that is wrong with what was handed in.  `refusal`
makes one of what a server answered: problem details, as docs/api.md has them.
"""

import json
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError


class Failed(Exception):
    """It was not done; the message is a sentence for people."""

    def __init__(
        self,
        message: str,
        *,
        code: str,
        at: str = "",
        problems: Sequence[Mapping[str, str]] = (),
        position: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.at = at
        self.problems = problems
        self.position = position

    def lines(self) -> list[str]:
        """The sentence, and every problem that was found."""
        told = [f"{problem['at']}: {problem['message']}" for problem in self.problems]
        alone = len(told) == 1 and self.problems[0]["message"] == self.message
        return told if alone else [self.message, *(f"  {each}" for each in told)]

    def as_json(self) -> dict[str, Any]:
        error = {"code": self.code, "message": self.message, "at": self.at}
        return {"ok": False, "error": error, "problems": list(self.problems)}


class NotFound(Failed):
    """There is no such thing."""


class Unreachable(Failed):
    """No server answers."""

    def __init__(self, message: str, *, asked: bool = False) -> None:
        super().__init__(message, code="unreachable")
        self.asked = asked  # the request was sent, and may have been done


def refusal(refused: HTTPError) -> Failed:
    """What the server says of a request that it did not do."""
    try:
        said = json.loads(refused.read())
        problems = [{"at": str(each["at"]), "message": str(each["message"])} for each in said.get("problems") or ()]
        kind = NotFound if refused.code == 404 else Failed
        at, position = str(said.get("at", "")), said.get("position")
        return kind(str(said["detail"]), code=str(said["code"]), at=at, problems=problems, position=position)
    except (ValueError, KeyError, TypeError, AttributeError, OSError, HTTPException):
        return Failed(f"{refused.url} answers {refused.code} {refused.reason}; is it a brender server?", code="strange")
