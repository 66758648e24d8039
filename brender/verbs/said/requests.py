"""A request as programs write it, in JSON, and the answer to it: the same for each line and for each part of a batch.

How does this work?  `Wanted` is the form of a request; `filter` and `filters` are the same.  `refusal_of` gives what
was raised as a code, a sentence and a place; what is a fault of ours is nothing of that, and gets None.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec

from brender.farm.interfaces import NotFound
from brender.farm.people.users import LOCAL, Unwelcome, Who
from brender.farm.settings import says
from brender.farm.submission.problems import Refused
from brender.farm.transitions import NotNow
from brender.verbs.filters import BadFilter
from brender.verbs.performing import Request
from brender.verbs.said.unfit import Unfit
from brender.verbs.verb import Given

Filter = str | dict[str, Any]


class Wanted(Given, frozen=True):
    item: Annotated[str, says("client, job, ...")]
    action: Annotated[str, says("read, update, enable, ...")]
    id: Annotated[int | str, says("of the one thing that is meant")] | None = None
    filters: Annotated[Filter, says("which things are meant: a text, or an object")] | None = None
    filter: Annotated[Filter, says("the same")] | None = None
    job: Annotated[int, says("whose steps, tasks or orders")] | None = None
    values: Annotated[dict[str, Any], says("what is said besides")] = msgspec.field(default_factory=dict)

    def request(self, who: Who = LOCAL) -> Request:
        if self.filter is not None and self.filters is not None:
            raise Unfit("filter and filters are the same; which of them is meant?", "filter")
        chosen = self.filters if self.filter is None else self.filter
        return Request(self.item, self.action, self.id, chosen, self.values, self.job, who=who)


class Refusal(msgspec.Struct, frozen=True):
    """Why something was not done."""

    code: str
    message: str  # one sentence
    at: str = ""  # the field, or the attribute of a filter
    position: int | None = None  # the character of a filter
    problems: Sequence[Mapping[str, str]] = ()

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.at:
            error["at"] = self.at
        if self.position is not None:
            error["position"] = self.position
        return {"ok": False, "error": error, "problems": list(self.problems)}


def refusal_of(error: BaseException, refusing: str) -> Refusal | None:
    """`refusing` says why the farm takes nothing new, or is empty."""
    match error:
        case BadFilter():
            return Refusal("bad-request", str(error), error.key or "filter", error.at)
        case Unfit() | Unwelcome():
            return Refusal(error.code, str(error), getattr(error, "at", ""))
        case NotFound():
            return Refusal("not-found", str(error))
        case NotNow():
            return Refusal("stopping" if refusing else "not-now", str(error))
        case Refused():
            return refused(error)
    return None


def refused(error: Refused) -> Refusal:
    """All that is wrong at once, so that it can be mended at once."""
    problems = [{"at": problem.at, "message": problem.message} for problem in error.problems]
    if len(problems) == 1:
        return Refusal("refused", problems[0]["message"], problems[0]["at"], problems=problems)
    return Refusal("refused", f"There are {len(problems)} problems; each has its place.", problems=problems)
