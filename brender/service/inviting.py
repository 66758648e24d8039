"""How machines join, and how they are shut out: another half of the service.

How does this work?  `invite` makes a token, of which only the hash is kept; `admit` has a machine's certificate signed
when its token is good, and `renew` when its connection has shown a certificate that still counts.  Both give it only
after the commit, so that no token is used once more after a crash; a machine that has not had the answer may ask again.
`revoke_clients` shuts machines out at once: their
connections are cut, and what they held is given to others.  Who signs is handed in; `authority` is whom tokens name.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable, Sequence

from brender.farm.client import RuntimeClient
from brender.farm.interfaces import Sign
from brender.farm.people import joining
from brender.farm.people.invitation import Badge, Invitation
from brender.farm.transitions import NotNow
from brender.service.upkeep import Upkeep

SECRET = 16  # bytes
REVOKED = "The certificate of this machine was revoked; it can come back with a new join token."


def new_secret() -> str:
    return base64.b32encode(secrets.token_bytes(SECRET)).decode().lower().rstrip("=")


def mark_of(secret: str) -> str:
    """What is kept of it: too long to be guessed, it needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Inviting(Upkeep):
    authority = ""  # the fingerprint of the CA that signs for machines; empty where workers need no certificate
    new_secret: Callable[[], str] = staticmethod(new_secret)

    # --- what people ask

    async def invite(self, note: str, uses: int, seconds: float) -> tuple[Invitation, str]:
        if not self.authority:
            raise NotNow(
                "Workers of this machine need no token, and others cannot connect: the port for workers is on "
                'loopback. For other machines, set workers = "tcp:6001" in [server] of brender.toml.'
            )
        secret = self.new_secret()
        made = await self._change(
            lambda: joining.invite(self.farm, note, uses, seconds, mark_of(secret), self._now())
        )
        return made, f"brender-{secret}-{self.authority}"

    async def delete_invitations(self, invitations: Sequence[Invitation]) -> None:
        await self._may_change()
        self._settling.flush()  # no row of them may come after that
        there = [each.id for each in invitations if self.farm.invitations.pop(each.id, None)]
        if there:
            await self._store.remove_invitations(there)

    async def revoke_clients(self, clients: Sequence[RuntimeClient]) -> list[RuntimeClient]:
        """It does not wait for the database, which may be in trouble; only the answer does."""
        if self.stopping:
            raise NotNow(f"{self.stopping}; nothing new is taken.")
        changed = joining.revoke(self.farm, clients)
        for client in clients:
            if self._connections.cut(client.id, REVOKED):
                self.farm.leave(client, self._now())
            if client.orders:
                self._lose(client)
        self._match()
        await self._settling.settle()
        return changed

    # --- what workers ask

    async def admit(self, secret: str, key: str, asked: str, sign: Sign) -> str:
        """`asked` stands for the key that the certificate is to be for."""
        await self._may_change()
        mark, now = mark_of(secret), self._now()
        if given := joining.given(self.farm, mark, key, asked, now):
            signed, _, _ = sign(Badge(key, given.issued), given.serial, given.expires)
            await self._settling.all_written()
            return signed
        invitation = joining.may_join(self.farm, mark, key, now)
        badge = joining.badge_for(self.farm, key)
        signed = self._sign(badge, sign, joining.serial_for(mark, asked, badge))
        joining.use(self.farm, invitation)
        await self._settling.settle()
        self.log.info("The machine {key} has joined with token {number}", key=key, number=invitation.id)
        return signed

    async def renew(self, badge: Badge, sign: Sign) -> str:
        await self._may_change()
        signed = self._sign(badge, sign)
        await self._settling.settle()
        return signed

    def _sign(self, badge: Badge, sign: Sign, serial: str = "") -> str:
        if joining.is_revoked(self.farm, badge):
            raise NotNow(REVOKED)
        pem, serial, expires = sign(badge, serial)
        joining.issued(self.farm, badge, serial, expires)
        return pem
