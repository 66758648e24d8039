"""Invitations: join tokens are made and deleted.

How does this work?  The token itself is in the answer that makes it and nowhere else; the farm keeps its hash.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from brender.farm.people.users import Role
from brender.farm.settings import Text, says
from brender.verbs.items.invitations import INVITATION
from brender.verbs.verb import Call, Given, Outcome, Verbs, Which

INVITATION_VERBS = Verbs(INVITATION)
HOUR = 3600.0

Uses = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
Lasting = Annotated[float, msgspec.Meta(ge=60, le=31_536_000)]


class NewInvitation(Given, frozen=True):
    uses: Annotated[Uses, says("how many machines may join with it")] = 1
    valid_seconds: Annotated[Lasting, says("for how long it is good")] = HOUR
    note: Annotated[Text, says("what it is for")] = ""


@INVITATION_VERBS("show", "Show one join token, without its secret.", which=Which.ONE, changes=False)
async def show(call: Call) -> Sequence[Outcome]:
    return [Outcome(invitation) for invitation in call.things]


@INVITATION_VERBS(
    "create", "Make a token with which machines join the farm; it is told this once.",
    which=Which.NONE, takes=NewInvitation, makes=True, role=Role.ADMIN,
    more="On each machine: brender worker --server HOST:PORT --join TOKEN",
)  # fmt: skip
async def create(call: Call) -> Sequence[Outcome]:
    wanted: NewInvitation = call.given
    made, token = await call.service.invite(wanted.note, wanted.uses, wanted.valid_seconds)
    return [Outcome(made, {"token": token})]


@INVITATION_VERBS("delete", "Delete join tokens: nobody joins with them any more.", role=Role.ADMIN)
async def delete(call: Call) -> Sequence[Outcome]:
    await call.service.delete_invitations(call.things)
    return [Outcome(invitation, {"changed": True}) for invitation in call.things]
