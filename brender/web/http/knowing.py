"""Who asks: the token or the cookie of a request, and what that lets them do at an address.

How does this work?  A program sends `Authorization: Bearer TOKEN`, a browser the cookie that it got for a password.
The cookie is for this server alone, no script can read it, and no page of another site has it sent; over HTTPS it has
a name that browsers take over HTTPS alone.  What an address that follows from a verb needs is known by the verb itself;
any other says it in its row of the table.  Its secret is replaced every hour.
"""

# What is inherited from twisted.web has no types there.
# mypy: allow-untyped-calls

from collections.abc import Mapping

from twisted.internet.interfaces import IAddress

from brender.farm.interfaces import FarmService
from brender.farm.people.sessions import LONGEST
from brender.farm.people.users import NotAllowed, NotLoggedIn, Role, Who
from brender.web.http.channel import FarmRequest
from brender.web.http.forwarded import number_of

FACE = "http"
PLAIN, SECURE = "brender", "__Host-brender"  # cookies; browsers know what the second name begins with
BEARER = "bearer "
SCOPE = ("farm", "read")  # what a token that is for some verbs needs, where there is no verb


class Knowing:
    def __init__(self, service: FarmService) -> None:
        self._service = service

    def who(self, request: FarmRequest) -> Who:
        """Raises `NotLoggedIn` for a token that is not good; a cookie that is not is none."""
        address = request.getClientAddress()
        somebody = Who(address=host_of(address), face=FACE, here=request.is_direct or is_here(address))
        authorization = (request.getHeader("authorization") or "").strip()
        if authorization.lower().startswith(BEARER):
            return self._service.known_by(authorization[len(BEARER) :].strip(), somebody)
        if secret := cookie_of(request):
            try:
                return self._service.known_by(secret, somebody)
            except NotLoggedIn:
                return somebody
        return somebody

    def let_in(self, who: Who, needs: Role | None, *, by_verb: bool) -> None:
        """Raises `NotLoggedIn`, `NotAllowed`; `needs` is None where anybody may ask."""
        if needs is None:
            return
        rights = self._service.rights(who)
        if not rights.role.covers(needs):
            raise NotAllowed(f"That is for {needs}s; {rights.name} is {rights.role}.")
        if not by_verb and not rights.covers(*SCOPE, needs):
            raise NotAllowed(f"That token of {rights.name} is for {', '.join(rights.verbs)} alone.")

    def renewed(self, who: Who, request: FarmRequest) -> str:
        """Another cookie for an old one, or nothing."""
        secret = self._service.renewed(who) if cookie_of(request) else ""
        return cookie(secret, secure=request.is_secure) if secret else ""


def cookie_of(request: FarmRequest) -> str:
    said = request.getCookie((SECURE if request.is_secure else PLAIN).encode())
    return said.decode("latin-1") if said else ""


def cookie(secret: str, *, secure: bool) -> str:
    """What a browser is to keep; nothing: it is to forget it."""
    named = f"{SECURE if secure else PLAIN}={secret}; Path=/; HttpOnly; SameSite=Strict"
    return f"{named}; Max-Age={int(LONGEST) if secret else 0}{'; Secure' if secure else ''}"


def host_of(address: IAddress) -> str:
    return str(getattr(address, "host", None) or "")


def is_here(address: IAddress) -> bool:
    """Whether it is one of this machine."""
    number = number_of(host_of(address))
    return number is None or number.is_loopback


def headers_of(secret: str, *, secure: bool) -> Mapping[str, str]:
    return {"Set-Cookie": cookie(secret, secure=secure)}
