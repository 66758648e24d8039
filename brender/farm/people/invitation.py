"""What lets machines into the farm: invitations, and what is remembered of each machine's certificates.

How does this work?  These are what their rows are; `joining` has the rules.  `InvitationView` is what every face shows:
the hash is nobody's business.
"""

from typing import Annotated, NamedTuple

import msgspec

from brender.farm.settings import Text, says

EPOCH = {"unit": "seconds of the epoch"}


class Badge(NamedTuple):
    """Whom a worker's certificate is for: the key of its machine, and which of its certificates it is."""

    key: str
    number: int


class Invitation(msgspec.Struct, frozen=True):
    """Lets so many machines join until some time."""

    id: int
    note: str
    uses: int  # machines that may join with it
    used: int  # that have
    made: float
    expires: float
    mark: str  # the hash of the word that is said to use it


class InvitationView(msgspec.Struct, frozen=True):
    id: Annotated[int, says("its number, for good")]
    note: Annotated[Text, says("what it is for")]
    uses: Annotated[int, says("how many machines it lets in")]
    left: Annotated[int, says("how many it still lets in")]
    made: Annotated[float, msgspec.Meta(description="when it was made", extra=EPOCH)]
    expires: Annotated[float, msgspec.Meta(description="when it ends", extra=EPOCH)]


def invitation_view(invitation: Invitation, _: object) -> InvitationView:
    each = invitation
    return InvitationView(each.id, each.note, each.uses, each.uses - each.used, each.made, each.expires)


class Credential(msgspec.Struct, frozen=True):
    """What is remembered of a machine's certificates; it outlives the client, which may be deleted."""

    key: str
    issued: int = 0  # the number of the last one
    revoked: int = 0  # the last one that does not count any more, and all before it
    serial: str = ""  # of the last one
    expires: float = 0.0  # when it does
