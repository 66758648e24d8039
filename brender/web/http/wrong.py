"""What can be wrong with a request, and how it is said: ONE place turns every exception into an answer.

How does this work?  Whoever finds something wrong raises `Wrong` with the status and a sentence.  The farm
raises its own exceptions (`NotFound`, `NotNow`, `Refused`); `wrong_of` knows the status of each.  Anything
else is a mistake of ours: it is logged under a number, and the answer names that number.  All of them
have the same body, problem details as RFC 9457 has them: `title` is the status in words, `detail` the sentence; `code`,
`at`, `position` (the character of a filter) and `problems` are our own.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import count

from twisted.logger import Logger
from twisted.python.failure import Failure

from brender.farm.interfaces import NotFound
from brender.farm.people.users import NotAllowed, TooOften, Unwelcome
from brender.farm.submission.problems import Problem, Refused
from brender.farm.transitions import NotNow
from brender.verbs.filters import BadFilter
from brender.verbs.said.unfit import Unfit

REASONS = {
    400: "bad-request",
    401: "not-logged-in",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    408: "too-slow",
    409: "not-now",
    412: "changed-since",
    413: "body-too-large",
    414: "address-too-long",
    415: "not-json",
    416: "not-so-long",
    421: "wrong-host",
    422: "refused",
    429: "too-often",
    431: "headers-too-large",
    500: "our-mistake",
    503: "stopping",
}

log = Logger()
numbers = count(1)


class Wrong(Exception):
    """A request that gets no other answer than why; the message is a sentence for people."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        at: str = "",
        code: str = "",
        problems: Sequence[Problem] = (),
        position: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.at = at
        self.code = code or REASONS[status]
        self.problems = tuple(problems)
        self.position = position
        self.headers = dict(headers or {})

    def body(self) -> dict[str, object]:
        said: dict[str, object] = {
            "type": "about:blank",  # a problem of HTTP, as its status has it; `code` is finer
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.message,
            "code": self.code,
        }
        if self.at:
            said["at"] = self.at
        if self.position is not None:
            said["position"] = self.position
        said["problems"] = [{"at": problem.at, "message": problem.message} for problem in self.problems]
        return said


def phrase(status: int) -> bytes:
    """What stands behind the status in the first line of an answer."""
    return HTTPStatus(status).phrase.encode()


def wrong_of(error: BaseException, refusing: str) -> Wrong:
    """The answer to what was raised; `refusing` says why the farm takes nothing new, or is empty."""
    match error:
        case Wrong():
            return error
        case BadFilter() | Unfit() | Unwelcome():
            return unwelcome(error) if isinstance(error, Unwelcome) else unfit(error)
        case NotFound():
            return Wrong(404, str(error))
        case NotNow():
            return Wrong(503, str(error), headers={"Retry-After": "10"}) if refusing else Wrong(409, str(error))
        case Refused():
            return refused(error)
    return ours(error)


def unwelcome(error: Unwelcome) -> Wrong:
    if isinstance(error, NotAllowed):
        return Wrong(403, str(error), code=error.code)
    if isinstance(error, TooOften):
        return Wrong(429, str(error), headers={"Retry-After": str(error.seconds)})
    return Wrong(401, str(error), headers={"WWW-Authenticate": 'Bearer realm="brender"'})


def unfit(error: BadFilter | Unfit) -> Wrong:
    """It cannot be understood, and where it begins to be so."""
    if isinstance(error, BadFilter):
        return Wrong(400, str(error), at=error.key or "filter", position=error.at)
    return Wrong(400, str(error), at=error.at, code=error.code)


def refused(error: Refused) -> Wrong:
    """All that is wrong at once, so that it can be mended at once."""
    problems = tuple(error.problems)
    if len(problems) == 1:
        return Wrong(422, problems[0].message, at=problems[0].at, problems=problems)
    return Wrong(422, f"There are {len(problems)} problems; each is listed with its place.", problems=problems)


def ours(error: BaseException) -> Wrong:
    number = next(numbers)
    log.failure("Mistake {number} in answering a request", Failure(error), number=number)
    return Wrong(500, f"The server made a mistake; its log has the details under “Mistake {number}”.")
