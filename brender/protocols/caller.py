"""Who is at the other end of a connection to the shell's port: nobody in particular, until they log in.

How does this work?  A `Caller` belongs to one connection.  Logging in begins a session that ends with the connection;
a token does the same without one.  What somebody may do is asked anew for each line, so whoever loses their rights
loses them in the middle of a conversation.  `may_look` is for what is about no verb: the farm in numbers.
"""

from typing import Any

from msgspec.structs import replace
from twisted.internet.interfaces import ITransport

from brender.farm.interfaces import FarmService
from brender.farm.people.users import NotAllowed, NotLoggedIn, Rights, Role, Unwelcome, Who
from brender.verbs.doing.who import LogIn, about
from brender.verbs.known import VERBS

FARM = ("farm", "read")  # what a token that is for some verbs needs, where there is no verb


def may_look(rights: Rights) -> None:
    """At the farm as a whole; raises `NotAllowed` for tokens that are for something else."""
    if not rights.covers(*FARM, Role.VIEWER):
        raise NotAllowed(f"That token of {rights.name} is for {', '.join(rights.verbs)} alone.")


class Caller:
    def __init__(self, service: FarmService, face: str) -> None:
        self._service = service
        self.who = Who(face=face)
        self._lasts = False  # whether what they are known by lasts longer than the connection

    def at(self, transport: ITransport) -> None:
        """From where they call."""
        self.who = replace(self.who, address=str(getattr(transport.getPeer(), "host", None) or ""))

    @property
    def rights(self) -> Rights:
        """Raises `NotLoggedIn`."""
        return self._service.rights(self.who)

    @property
    def is_known(self) -> bool:
        try:
            self._service.rights(self.who)
        except NotLoggedIn:
            return False
        return True

    @property
    def looks(self) -> bool:
        """Whether they are known, and may look at the farm as a whole."""
        try:
            may_look(self.rights)
        except Unwelcome:
            return False
        return True

    async def log_in(self, wanted: LogIn) -> dict[str, Any]:
        """Who they are then.  Raises `NotLoggedIn`, `TooOften`."""
        if wanted.token:
            known = self._service.known_by(wanted.token, self.who)
        else:
            known, _ = await self._service.log_in(wanted.name, wanted.password, self.who)
        self.log_out()
        self.who = known
        return self.about()

    def become(self, who: Who) -> None:
        """They are known by something that goes on after this conversation."""
        self.who, self._lasts = who, True

    def about(self) -> dict[str, Any]:
        return about(VERBS, self.rights)

    def log_out(self) -> None:
        if not self._lasts:
            self._service.log_out(self.who)
        self._lasts = False
        self.who = replace(self.who, session=None, token=None)

    def speaks(self) -> None:
        """They are there: their session goes on."""
        if self.who.session is not None:
            self._service.use(self.who)
