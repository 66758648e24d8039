"""The items of people: users, their API tokens, and the audit of what everybody has changed.

How does this work?  Users are known by their names, tokens by numbers.  Whoever is no admin sees their own tokens
alone.  The audit is read from the database, the newest first.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from brender.farm.farm import Farm
from brender.farm.interfaces import FarmService, NotFound
from brender.farm.people.audit import Entry
from brender.farm.people.users import Role, Token, TokenView, User, UserView, token_view, user_view
from brender.farm.submission.problems import shown
from brender.verbs.items.attributes import attributes_of
from brender.verbs.items.item import Item, itself


async def users(service: FarmService, _: Any) -> Sequence[Any]:
    return [user for _, user in sorted(service.farm.people.users.items())]


async def tokens(service: FarmService, _: Any) -> Sequence[Any]:
    return [token for _, token in sorted(service.farm.people.tokens.items())]


async def entries(service: FarmService, _: Any) -> Sequence[Any]:
    return await service.audit()


def user_of(farm: Farm, name: Any) -> User:
    if name not in farm.people.users:
        raise NotFound(f"There is no user {shown(name)}.")
    return farm.people.users[name]


def token_of(farm: Farm, number: Any) -> Token:
    if number not in farm.people.tokens:
        raise NotFound(f"There is no token {shown(number)}.")
    return farm.people.tokens[number]


def entry_of(entries: Sequence[Entry], number: Any) -> Entry:
    found = next((entry for entry in entries if entry.id == number), None)
    if found is None:
        raise NotFound(f"The audit has no entry {shown(number)}, or not any more.")
    return found


USER = Item(
    "user",
    "users",
    "somebody who may log in",
    UserView,
    users,
    user_view,
    user_of,
    attributes_of(UserView, stored=("name", "role", "password", "created", "updated"), settable=("role",)),
    key="name",
    ordered_by=("name",),
    numbered="tokens",
    searched=("name", "role"),
    seen_by=Role.ADMIN,
)

TOKEN = Item(
    "token",
    "tokens",
    "a secret by which a program is somebody",
    TokenView,
    tokens,
    token_view,
    token_of,
    attributes_of(TokenView, stored=TokenView.__struct_fields__),
    searched=("name", "user"),
    owner=attrgetter("user"),
    others=Role.ADMIN,
    private=True,
    without={"update": "A token stays as it was made; make another one, and delete this."},
)

AUDIT = Item(
    "audit",
    "audits",
    "what somebody has changed, or may not change",
    Entry,
    entries,
    itself,
    entry_of,
    attributes_of(Entry, stored=Entry.__struct_fields__),
    named="user",
    searched=("user", "item", "action", "things", "values", "outcome"),
    newest_first=True,
    among=True,
    seen_by=Role.ADMIN,
    without=dict.fromkeys(("create", "update", "delete"), "What the audit has cannot be changed."),
)
