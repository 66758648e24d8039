"""Who may join the farm, and whose certificate counts.

How does this work?  An invitation is good for so many machines until some time; of the word that is said to use it only
the hash is known.  A machine is known by its key; each of its certificates has a number, and those up to some number
may be revoked.  A worker without TLS has number 0.  A machine whose certificate counts cannot be joined again, by
whoever: so nobody with an invitation can take the place of another machine.  `may_join` says no in a sentence.  A
machine that has not had its answer asks again, with the same word and for the same key, and is given the same
certificate: it is known by the serial number, which is made of these (`serial_for`, `given`).
"""

from collections.abc import Sequence
from hashlib import sha256

from msgspec.structs import replace

from brender.farm.client import RuntimeClient
from brender.farm.farm import Farm
from brender.farm.people.invitation import Badge, Credential, Invitation
from brender.farm.transitions import NotNow


class Unwelcome(NotNow):
    """It will not be otherwise later."""


SERIAL = 38  # hexadecimal digits; X.509 has room for 20 bytes
NEW_TOKEN = 'make a new one with "brender join-token"'


def invite(farm: Farm, note: str, uses: int, seconds: float, mark: str, now: float) -> Invitation:
    farm.last_invitation += 1
    made = Invitation(farm.last_invitation, note, uses, 0, now, now + seconds, mark)
    keep_invitation(farm, made)
    return made


def keep_invitation(farm: Farm, invitation: Invitation) -> None:
    farm.invitations[invitation.id] = farm.changes.invitations[invitation.id] = invitation


def invitation_of(farm: Farm, mark: str, now: float) -> Invitation:
    """Raises `Unwelcome`."""
    found = next((each for each in farm.invitations.values() if each.mark == mark), None)
    if found is None:
        raise Unwelcome(f"This join token is not known here, or was deleted; {NEW_TOKEN}.")
    if found.expires <= now:
        raise Unwelcome(f"This join token has expired; {NEW_TOKEN}.")
    return found


def given(farm: Farm, mark: str, key: str, asked: str, now: float) -> Credential | None:
    """What a machine was given that asks once more for the same key, with the same word; raises `Unwelcome`."""
    invitation_of(farm, mark, now)
    known = farm.credentials.get(key)
    if known is None or known.issued <= known.revoked or known.expires <= now:
        return None
    return known if known.serial == serial_for(mark, asked, Badge(key, known.issued)) else None


def serial_for(mark: str, asked: str, badge: Badge) -> str:
    """The number of the certificate that a machine joins with; nobody can foresee it without the key."""
    told = sha256("\n".join((mark, asked, str(badge.number), badge.key)).encode()).hexdigest()
    return f"{int(told[:SERIAL], 16):x}"


def may_join(farm: Farm, mark: str, key: str, now: float) -> Invitation:
    """The invitation that lets a machine in; raises `Unwelcome`."""
    found = invitation_of(farm, mark, now)
    if found.used >= found.uses:
        raise Unwelcome(f"This join token is used up: it was good for {found.uses}; {NEW_TOKEN}.")
    known = farm.credentials.get(key)
    if known and known.issued > known.revoked and known.expires > now:
        raise Unwelcome(
            "A machine with this identity has joined already. If this is another machine, its state folder was copied: "
            "delete the file worker-id in it. If its certificate is lost, revoke its client first, then join again."
        )
    return found


def use(farm: Farm, invitation: Invitation) -> None:
    """A machine has joined with it."""
    keep_invitation(farm, replace(invitation, used=invitation.used + 1))


def badge_for(farm: Farm, key: str) -> Badge:
    """What the next certificate of a machine is for, that joins."""
    known = farm.credentials.get(key, Credential(key))
    return Badge(key, max(known.issued, known.revoked) + 1)


def issued(farm: Farm, badge: Badge, serial: str, expires: float) -> None:
    known = farm.credentials.get(badge.key, Credential(badge.key))
    keep(farm, replace(known, issued=max(known.issued, badge.number), serial=serial, expires=expires))


def revoke(farm: Farm, clients: Sequence[RuntimeClient]) -> list[RuntimeClient]:
    """None of their certificates counts any more; those that this has changed."""
    changed = []
    for client in clients:
        known = farm.credentials.get(client.machine.key, Credential(client.machine.key))
        if known.revoked == 0 or known.issued > known.revoked:
            keep(farm, replace(known, revoked=max(known.issued, 1)))
            changed.append(client)
    return changed


def is_shut_out(farm: Farm, client: RuntimeClient) -> bool:
    """Whether no certificate of its machine counts."""
    known = farm.credentials.get(client.machine.key)
    return known is not None and known.revoked >= max(known.issued, 1)


def is_revoked(farm: Farm, badge: Badge) -> bool:
    known = farm.credentials.get(badge.key)
    return known is not None and badge.number <= known.revoked


def seen(farm: Farm, badge: Badge) -> None:
    """A machine has come with it; a database from a backup may not know that it was issued."""
    known = farm.credentials.get(badge.key, Credential(badge.key))
    if badge.number > known.issued:
        keep(farm, replace(known, issued=badge.number))


def keep(farm: Farm, credential: Credential) -> None:
    farm.credentials[credential.key] = farm.changes.credentials[credential.key] = credential
