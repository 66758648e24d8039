"""The item `invitation`: what lets machines join the farm."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from brender.farm.farm import Farm
from brender.farm.interfaces import FarmService, NotFound
from brender.farm.people.invitation import Invitation, InvitationView, invitation_view
from brender.farm.people.users import Role
from brender.farm.submission.problems import shown
from brender.verbs.items.attributes import attributes_of
from brender.verbs.items.item import Item


async def invitations(service: FarmService, _: Any) -> Sequence[Any]:
    return [invitation for _, invitation in sorted(service.farm.invitations.items())]


def invitation_of(farm: Farm, number: Any) -> Invitation:
    if number not in farm.invitations:
        raise NotFound(f"There is no invitation {shown(number)}.")
    return farm.invitations[number]


INVITATION = Item(
    "invitation",
    "invitations",
    "a join token, with which so many machines may become workers of the farm until some time",
    InvitationView,
    invitations,
    invitation_view,
    invitation_of,
    attributes_of(InvitationView, stored=InvitationView.__struct_fields__),
    direct={
        **{name: attrgetter(name) for name in ("id", "note", "uses", "made", "expires")},
        "left": lambda invitation: invitation.uses - invitation.used,
    },
    named="note",
    searched=("note",),
    without={"update": "A join token stays as it was made; delete it and create another one."},
    seen_by=Role.WRANGLER,
)
