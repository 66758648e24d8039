"""What can be done with pools and tags: clients are put into them and taken out, and they get other names.

How does this work?  The verbs of both are the same functions.  As a pool is there while a client is in it or an
unfinished job asks for it, to create one is to put clients into it; which ones a filter of clients says.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from brender.farm.client import RuntimeClient
from brender.farm.groups import Kind
from brender.farm.settings import says
from brender.farm.submission.problems import Problem, Refused
from brender.farm.transitions import NotNow
from brender.farm.views.groups import PoolView, TagView, pools, tags
from brender.verbs.filters import BadFilter
from brender.verbs.items.groups import POOL, TAG
from brender.verbs.items.item import Item
from brender.verbs.items.known import CLIENT
from brender.verbs.performing import chosen
from brender.verbs.said.unfit import Unfit
from brender.verbs.verb import Call, Given, Outcome, Verbs, Which

POOL_VERBS, TAG_VERBS = Verbs(POOL), Verbs(TAG)
KINDS: dict[str, Kind] = {POOL.name: "pools", TAG.name: "tags"}

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


Clients = Annotated[str, msgspec.Meta(min_length=1, extra_json_schema={"format": "client-filter"})]


class NewGroup(Given, frozen=True):
    name: Annotated[Name, says("how it is called")]
    clients: Annotated[Clients, says("which clients are put into it: a filter of clients")]


class GroupChange(Given, frozen=True):
    name: Annotated[Name, says("another name, for its clients and for unfinished jobs that ask for it")] = ""
    add: Annotated[Clients, says("clients to put into it: a filter of clients")] = ""
    remove: Annotated[Clients, says("clients to take out of it: a filter of clients")] = ""


async def show(call: Call) -> Sequence[Outcome]:
    return [Outcome(group) for group in call.things]


async def create(call: Call) -> Sequence[Outcome]:
    wanted, kind = call.given, KINDS[call.item.name]
    if any(group.name == wanted.name for group in await call.item.things(call.service, None)):
        raise NotNow(f"There is a {call.item.name} {wanted.name} already; update it with the clients to add.")
    clients = clients_of(call, wanted.clients, "clients")
    if not clients:
        sentence = f"No client is chosen, and a {call.item.name} is only there while a client is in it."
        raise Refused([Problem("clients", sentence)])
    changed = await call.service.put_into(kind, wanted.name, clients)
    return [outcome(call, wanted.name, {"clients_changed": len(changed)})]


async def update(call: Call) -> Sequence[Outcome]:
    wanted, kind, (group,) = call.given, KINDS[call.item.name], call.things
    if not (wanted.name or wanted.add or wanted.remove):
        raise Unfit('Nothing is to be changed; say what is to be so, as in {"add": "render-0*"}.')
    add, remove = (clients_of(call, getattr(wanted, field), field) for field in ("add", "remove"))
    changed = await call.service.rename(kind, group.name, wanted.name) if wanted.name else False
    name = wanted.name or group.name
    put = await call.service.put_into(kind, name, add) if add else []
    taken = await call.service.take_from(kind, name, remove) if remove else []
    clients = {client.id for client in (*put, *taken)}
    return [outcome(call, name, {"changed": changed or bool(clients), "clients_changed": len(clients)})]


async def delete(call: Call) -> Sequence[Outcome]:
    """Of many, each says its own refusal."""
    found = []
    for group in call.things:
        try:
            changed = await call.service.dissolve(KINDS[call.item.name], group.name)
            found.append(Outcome(group, {"changed": True, "clients_changed": len(changed)}))
        except NotNow as refused:
            if call.one:
                raise
            found.append(Outcome(group, {"changed": False, "error": str(refused)}))
    return found


def clients_of(call: Call, wanted: str, field: str) -> Sequence[RuntimeClient]:
    """The clients that a filter chooses; none without one."""
    farm = call.service.farm
    try:
        return chosen(CLIENT, farm, list(farm.clients.values()), wanted, call.now) if wanted.strip() else []
    except BadFilter as bad:
        raise Unfit(f"{field}: {bad}", field) from None


def outcome(call: Call, name: str, more: dict[str, int | bool]) -> Outcome:
    """With the group as it is now; of one that is not there any more all counts are 0."""
    groups: Sequence[PoolView | TagView] = pools(call.service.farm) if call.item is POOL else tags(call.service.farm)
    found = next((group for group in groups if group.name == name), None)
    return Outcome(found or call.item.view(name, *[0] * (len(call.item.view.__struct_fields__) - 1)), more)


def declare(verbs: Verbs) -> None:
    item: Item = verbs.item
    what = item.name
    verbs("show", f"Show one {what}.", which=Which.ONE, changes=False)(show)
    verbs("create", f"Make a {what}: put clients into it.", which=Which.NONE, takes=NewGroup, makes=True)(create)
    verbs("update", f"Give a {what} another name, put clients in, take some out.", which=Which.ONE, takes=GroupChange)(
        update
    )
    verbs("delete", f"Take all clients out of {item.plural}; refused while a job asks for one.")(delete)


declare(POOL_VERBS)
declare(TAG_VERBS)
