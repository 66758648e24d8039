"""What can be done with clients: looked at, enabled, disabled, set, asked why.

How does this work?  What changes many does it at once: one call of the service, one commit.  An outcome says whether
its client was `changed`, or already was so.
"""

from collections.abc import Collection, Sequence

import msgspec
from msgspec import UNSET

from brender.farm.client import RuntimeClient, Status
from brender.farm.settings import ClientSettings
from brender.farm.why import why_client
from brender.verbs.given import partial, said
from brender.verbs.items import CLIENT
from brender.verbs.unfit import Unfit
from brender.verbs.verb import Call, Outcome, Verbs, Which, gone

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


@CLIENT_VERBS(
    "delete", "Forget clients that are away, for good.",
    more="Orders that they had keep their names. A worker that calls again is a new client.",
)  # fmt: skip
async def delete(call: Call) -> Sequence[Outcome]:
    return gone(call, await call.service.delete_clients(call.things))
