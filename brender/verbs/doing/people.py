"""Users and API tokens: taken in, given a role or a password, sent away.

How does this work?  The secret of a token is in the answer that makes it and nowhere else.  A token may do what its
owner may, or less: a smaller role, and only some verbs.  The farm always keeps an admin.
"""

import re
from base64 import b64decode
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from brender.farm.people.users import NotAllowed, Role, RoleName, User, mark_of_key
from brender.farm.settings import says
from brender.farm.submission.problems import Problem, Refused, shown
from brender.verbs.items.people import AUDIT, TOKEN, USER, user_of
from brender.verbs.said.unfit import Unfit
from brender.verbs.verb import Call, Given, Outcome, Verbs, Which

USER_VERBS, TOKEN_VERBS, AUDIT_VERBS = Verbs(USER), Verbs(TOKEN), Verbs(AUDIT)

DAY = 86_400.0
KINDS = ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
KEPT_DAYS = 30  # that a token is good for which a program keeps after its person has logged in
WRITTEN = re.compile(r"[a-z]+\.([a-z]+|\*)")

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Password = Annotated[str, msgspec.Meta(max_length=1024)]
PublicKey = Annotated[str, msgspec.Meta(max_length=16_384)]
Scope = Annotated[tuple[str, ...], msgspec.Meta(max_length=200)]


class NewUser(Given, frozen=True):
    name: Annotated[Name, says("by which they log in")]
    role: Annotated[RoleName, says("what they may do; the first user has to be an admin")] = "viewer"
    password: Annotated[Password, says("at least 8 characters; without one they need a token")] = ""


class UserChange(Given, frozen=True):
    role: Annotated[RoleName, says("what they may do")] | UnsetType = UNSET
    password: Annotated[Password, says("another one; nothing takes theirs away")] | UnsetType = UNSET


class NewToken(Given, frozen=True):
    name: Annotated[str, msgspec.Meta(max_length=128), says("what it is for")] = ""
    user: Annotated[str, msgspec.Meta(max_length=64), says("whose it is to be; nothing: one's own")] = ""
    role: Annotated[RoleName, says("what it may do, if that is to be less than its owner may")] | UnsetType = UNSET
    verbs: Annotated[Scope, says("good for these alone, as in job.create or client.*; none: for all of its role")] = ()
    key: Annotated[PublicKey, says("a public key for SSH, as in id_ed25519.pub, instead of a secret")] = ""
    days: Annotated[float, msgspec.Meta(ge=0, le=36_500), says("that it is good for; 0: for ever")] = 90.0


# --- users


@USER_VERBS("show", "Show one user.", which=Which.ONE, changes=False)
async def show_user(call: Call) -> Sequence[Outcome]:
    return [Outcome(user) for user in call.things]


@USER_VERBS("create", "Take somebody in.", which=Which.NONE, takes=NewUser, makes=True, role=Role.ADMIN)
async def create_user(call: Call) -> Sequence[Outcome]:
    wanted: NewUser = call.given
    return [Outcome(await call.service.add_user(wanted.name, Role(wanted.role), wanted.password))]


@USER_VERBS(
    "update", "Give somebody another role or password.", which=Which.ONE, takes=UserChange, role=Role.ADMIN,
    more="With another password they are logged out wherever they are.",
)  # fmt: skip
async def update_user(call: Call) -> Sequence[Outcome]:
    wanted, (user,) = call.given, call.things
    if wanted.role is UNSET and wanted.password is UNSET:
        raise Unfit('Nothing is to be changed; say what is to be so, as in {"role": "wrangler"}.')
    role = None if wanted.role is UNSET else Role(wanted.role)
    password = None if wanted.password is UNSET else wanted.password
    after = await call.service.change_user(user.name, role, password)
    return [Outcome(after, {"changed": after != user})]


@USER_VERBS("delete", "Delete users, with their tokens; their jobs stay.", role=Role.ADMIN)
async def delete_users(call: Call) -> Sequence[Outcome]:
    views = [call.item.show(user, call.service.farm) for user in call.things]
    await call.service.delete_users(call.things)
    return [Outcome(user, {"changed": True}, view) for user, view in zip(call.things, views, strict=True)]


# --- tokens


@TOKEN_VERBS("show", "Show one API token, without its secret.", which=Which.ONE, changes=False)
async def show_token(call: Call) -> Sequence[Outcome]:
    return [Outcome(token) for token in call.things]


@TOKEN_VERBS(
    "create", "Make an API token; its secret is told this once.", which=Which.NONE, takes=NewToken, makes=True,
)  # fmt: skip
async def create_token(call: Call) -> Sequence[Outcome]:
    wanted: NewToken = call.given
    owner = owner_of(call)
    role, verbs = role_of(call, owner), scope_of(call)
    expires = call.now + wanted.days * DAY if wanted.days else None
    given = (owner.name, wanted.name, role, verbs, expires, mark_of(wanted.key))
    token, secret = await call.service.add_token(*given)
    return [Outcome(token, {"secret": secret} if secret else {})]


def mark_of(key: str) -> str:
    """Of a public key in a line, as SSH keeps them; raises `Refused`."""
    if not key:
        return ""
    kind, _, rest = key.strip().partition(" ")
    try:
        blob = b64decode(rest.partition(" ")[0], validate=True)
    except ValueError:
        blob = b""
    if kind not in KINDS or blob[4 : 4 + len(kind)] != kind.encode():
        sentence = f"That is no public key of SSH; it is a line that begins with {' or '.join(KINDS)}."
        raise Refused([Problem("key", sentence)])
    return mark_of_key(blob)


def owner_of(call: Call) -> User:
    """Whose it is to be; an admin may make one for somebody else."""
    name = call.given.user or call.rights.name
    if not name:
        raise Unfit("Say whose token it is to be: you are nobody in particular here.", "user")
    if name != call.rights.name and not call.rights.role.covers(TOKEN.others):
        raise NotAllowed(f"Only an {TOKEN.others} makes tokens for somebody else.")
    return user_of(call.service.farm, name)


def role_of(call: Call, owner: User) -> Role:
    """Raises `Refused` where that is more than the owner may, or whoever asks."""
    most = min(owner.role, call.rights.role, key=lambda role: role.rank)
    role = most if call.given.role is UNSET else Role(call.given.role)
    if not most.covers(role):
        raise Refused([Problem("role", f"A token of {owner.name} can be {most} here, and not {role}.")])
    return role


def scope_of(call: Call) -> Sequence[str]:
    """Raises `Refused` for what is no verb, and for what whoever asks has no part in."""
    wanted, own = call.given.verbs, call.rights.verbs
    for each in wanted:
        if not WRITTEN.fullmatch(each):
            raise Refused([Problem("verbs", f'"{shown(each)}" is no verb; they are written as in job.create.')])
        if own and not {each, f"{each.partition('.')[0]}.*"} & {*own}:
            raise Refused([Problem("verbs", f"Your own token is not for {each}.")])
    return wanted or own


@TOKEN_VERBS("delete", "Delete API tokens; they are good for nothing from then on.")
async def delete_tokens(call: Call) -> Sequence[Outcome]:
    await call.service.delete_tokens(call.things)
    return [Outcome(token, {"changed": True}) for token in call.things]


# --- the audit


@AUDIT_VERBS("show", "Show one entry of the audit.", which=Which.ONE, changes=False)
async def show_entry(call: Call) -> Sequence[Outcome]:
    return [Outcome(entry) for entry in call.things]
