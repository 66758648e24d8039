"""What can be done with clients: looked at, enabled, disabled, set, asked why, sent away.

How does this work?  What changes many does it at once: one call of the service, one commit.  An outcome says whether
its client was `changed`, or already was so.  Which orders a client had is a list of its own, with filters of the same
grammar (`timeline`).
"""

from collections.abc import Collection, Sequence
from typing import Annotated

import msgspec
from msgspec import UNSET

from brender.farm.client import RuntimeClient, Status
from brender.farm.scheduling.why import why_client
from brender.farm.scheduling.windows import zone_of
from brender.farm.settings import ClientSettings, says
from brender.farm.views.client_past import LoadView, Stretch, TurnView, load_view
from brender.verbs.filters import Language, matching, parse
from brender.verbs.items.attributes import attributes_of
from brender.verbs.items.known import CLIENT
from brender.verbs.said.given import partial, said
from brender.verbs.said.unfit import Unfit
from brender.verbs.verb import Call, Given, Outcome, Verbs, Which, gone

CLIENT_VERBS = Verbs(CLIENT)

ClientChange = msgspec.defstruct(
    "ClientChange", [("status", Status | msgspec.UnsetType, UNSET)], bases=(partial(ClientSettings),), frozen=True
)


def outcomes(call: Call, changed: Collection[RuntimeClient]) -> Sequence[Outcome]:
    ids = {client.id for client in changed}
    return [Outcome(client, {"changed": client.id in ids}) for client in call.things]


@CLIENT_VERBS("show", "Show one client.", which=Which.ONE, changes=False)
async def show(call: Call) -> Sequence[Outcome]:
    return [Outcome(client) for client in call.things]


@CLIENT_VERBS("enable", "Let clients take new orders.")
async def enable(call: Call) -> Sequence[Outcome]:
    return outcomes(call, await call.service.set_status(call.things, Status.ENABLED))


@CLIENT_VERBS("disable", "Give clients no new orders; they finish what they run.")
async def disable(call: Call) -> Sequence[Outcome]:
    return outcomes(call, await call.service.set_status(call.things, Status.DISABLED))


@CLIENT_VERBS("update", "Change the status or the settings of clients.", takes=ClientChange)
async def update(call: Call) -> Sequence[Outcome]:
    wanted = said(call.given)
    if not wanted:
        raise Unfit('Nothing is to be changed; say what is to be so, as in {"pools": ["gpu"]}.')
    status = wanted.pop("status", None)
    changed = await call.service.set_clients(call.things, wanted) if wanted else []
    turned = await call.service.set_status(call.things, Status(status)) if status else []
    return outcomes(call, [*changed, *turned])


@CLIENT_VERBS("why", "Say what clients wait for, or what they do.", changes=False, shows=False)
async def why(call: Call) -> Sequence[Outcome]:
    farm = call.service.farm
    return [Outcome(client, {"why": why_client(farm, client, call.now)}) for client in call.things]


# --- what it did


class Wanted(Given, frozen=True):
    span: Annotated[Stretch, says("the last hour in steps of 10 s, or the last day in steps of 2 minutes")] = "hour"


@CLIENT_VERBS(
    "load", "Show how busy a client was in the last hour, or day.",
    which=Which.ONE, takes=Wanted, changes=False, shows=False, gives=LoadView, bare="span",
    more="It is kept in the memory of the server, and begins anew when that is started.",
)  # fmt: skip
async def load(call: Call) -> Sequence[Outcome]:
    return [Outcome(client, {"load": load_view(client, call.given.span, call.now)}) for client in call.things]


class Turns(Given, frozen=True):
    only: Annotated[str, says("those that a filter chooses: failed>0, job=12, issued>-2h")] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000), says("how many at most")] = 1000


TURNS = Language(attributes_of(TurnView), thing="order", named="job_name", numbered="job")


@CLIENT_VERBS(
    "timeline", "List the orders that a client had lately, the newest first.",
    which=Which.ONE, takes=Turns, changes=False, shows=False, gives=list[TurnView], bare="only",
    more="The newest 300, and the newest 50 that failed. What was deleted or archived with its job is not among them.",
)  # fmt: skip
async def timeline(call: Call) -> Sequence[Outcome]:
    (client,), wanted = call.things, call.given
    zone = zone_of(call.service.farm.settings.zone)
    chosen = matching(parse(wanted.only, TURNS, now=call.now, zone=zone))
    turns = list(filter(chosen, await call.service.turns_of(client.id)))
    return [Outcome(client, {"timeline": turns[: wanted.limit]})]


# --- sent away


class Leaving(Given, frozen=True):
    now: Annotated[bool, says("what runs is ended and handed back; no try is counted")] = False


@CLIENT_VERBS(
    "restart", "Have the workers of clients finish what they run, and start anew.", takes=Leaving,
    more="They come back as the same clients, with the brender that is installed there then.",
)  # fmt: skip
async def restart(call: Call) -> Sequence[Outcome]:
    return gone(call, await call.service.send_away(call.things, again=True, now=call.given.now))


@CLIENT_VERBS(
    "drain", "Have the workers of clients finish what they run, and end.", takes=Leaving,
    more="Nothing starts them again unless something on their machines does; disable lets them rest and stay.",
)  # fmt: skip
async def drain(call: Call) -> Sequence[Outcome]:
    return gone(call, await call.service.send_away(call.things, again=False, now=call.given.now))


@CLIENT_VERBS(
    "revoke", "Shut clients out: no certificate of theirs counts, their connections are cut.",
    more="What they held is given to others at once. Such a machine comes back with a new join token alone.",
)  # fmt: skip
async def revoke(call: Call) -> Sequence[Outcome]:
    return outcomes(call, await call.service.revoke_clients(call.things))


@CLIENT_VERBS(
    "delete", "Forget clients that are away, for good.",
    more="Orders that they had keep their names. A worker that calls again is a new client.",
)  # fmt: skip
async def delete(call: Call) -> Sequence[Outcome]:
    return gone(call, await call.service.delete_clients(call.things))
