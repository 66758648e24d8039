"""What went wrong with jobs: failures by their reason, and a part of the log that shows it.

How does this work?  `failures` asks the service, which groups what the orders say (`farm.reasons`).  `excerpt` reads a
part of an order's log: whoever follows a log asks again from where the last part ended, and whoever looks for the
first error asks where that stands.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from brender.farm.failures.reasons import FailureView
from brender.farm.interfaces import NotFound
from brender.farm.job import Job
from brender.farm.settings import says
from brender.farm.views.things import shows
from brender.verbs.items.known import JOB
from brender.verbs.verb import Call, Given, Outcome, Verbs, Which

FAILURE_VERBS = Verbs(JOB)
MOST_FAILING = 100  # jobs of which it is told why they fail
USUAL, LONGEST = 2**16, 2**20  # bytes of an excerpt


@FAILURE_VERBS(
    "failures", "Say why tasks failed, those with the same reason together.",
    changes=False, shows=False, gives=list[FailureView],
    more=f"Of several jobs, the newest {MOST_FAILING} of which tasks are failing now.",
)  # fmt: skip
async def failures(call: Call) -> Sequence[Outcome]:
    jobs = call.things if call.one else [job for job in call.things if failing(job)][:MOST_FAILING]
    return [Outcome(job, {"failures": await call.service.failures_of(job.id)}) for job in jobs]


def failing(job: Job) -> bool:
    """Tasks of it have failed for good, or are being tried again."""
    return bool(job.reason) or any(step.tries for step in job.steps)


class Part(Given, frozen=True):
    order: Annotated[int, msgspec.Meta(ge=0), says("of which order")]
    begin: Annotated[int, says("from this place on; below 0, so many bytes before the end")] = 0
    length: Annotated[int, msgspec.Meta(ge=1, le=LONGEST), says("so many bytes at most")] = USUAL
    error: Annotated[bool, says("and where the first error stands")] = False


class Excerpt(msgspec.Struct, frozen=True):
    """A part of an order's log.  Places count the bytes that were ever written to it."""

    text: Annotated[str, shows("whole lines, as far as they are there")]
    begin: Annotated[int, shows("where it begins; later than was asked for, where the middle of the log is left out")]
    end: Annotated[int, shows("where the next part begins")]
    size: Annotated[int, shows("where the log ends now")]
    goes_on: Annotated[bool, shows("whether more may be written to it")]
    error: Annotated[int | None, shows("where the line of its first error begins, if that was asked for and is there")]


@FAILURE_VERBS(
    "excerpt", "Give a part of the log of an order.", which=Which.ONE,
    takes=Part, changes=False, shows=False, gives=Excerpt, bare="order",
    more="To follow a log, ask again with begin as the end of the last part.",
)  # fmt: skip
async def excerpt(call: Call) -> Sequence[Outcome]:
    (job,), wanted = call.things, call.given
    goes_on = wanted.order in job.orders  # before it is read: it may end meanwhile
    page = await call.service.log_page(job.id, wanted.order, wanted.begin, wanted.length, wanted.error)
    if page is None and not goes_on:
        raise NotFound(f"Order {wanted.order} of job {job.id} has no log.")
    text, begin, end, size, error = page or ("", 0, 0, 0, None)
    return [Outcome(job, {"excerpt": Excerpt(text, begin, end, size, goes_on, error)})]
