"""Saved views: which of a list somebody looks at again and again, how it is sorted and which attributes it has.

How does this work?  What is saved is looked at when it is saved: the item has to be one that there is, and the filter,
the attributes and what to sort by have to go with it.  An owner has one view of a name.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from brender.farm.people.saved_view import MOST_FILTER, SavedView
from brender.farm.settings import says
from brender.farm.submission.problems import shown
from brender.verbs.filters import BadFilter
from brender.verbs.items.known import ITEMS, VIEW
from brender.verbs.lists.pages import names_in, sortable
from brender.verbs.performing import condition_of, fields
from brender.verbs.said.given import said
from brender.verbs.said.unfit import Unfit, meant
from brender.verbs.verb import Call, Given, Outcome, Verbs, Which

VIEW_VERBS = Verbs(VIEW)

Short = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Filter = Annotated[str, msgspec.Meta(max_length=MOST_FILTER), says("which of them; nothing: all")]
Names = Annotated[str, msgspec.Meta(max_length=2_000)]
Fields = Annotated[Names, says("their attributes, with commas between; nothing: those that are usual")]
Sort = Annotated[Names, says("attributes that it is sorted by; - before one turns it round")]
Owner = Annotated[str, msgspec.Meta(max_length=128), says("whose it is; nothing: everybody's")]


class NewView(Given, frozen=True):
    name: Annotated[Short, says("how it is called")]
    item: Annotated[str, msgspec.Meta(extra_json_schema={"enum": [*ITEMS]}), says("of which things it is a list")]
    owner: Owner = ""
    filter: Filter = ""
    fields: Fields = ""
    sort: Sort = ""


class ViewChange(Given, frozen=True):
    name: Annotated[Short, says("another name")] | UnsetType = UNSET
    owner: Owner | UnsetType = UNSET
    filter: Filter | UnsetType = UNSET
    fields: Fields | UnsetType = UNSET
    sort: Sort | UnsetType = UNSET


@VIEW_VERBS("show", "Show one saved view.", which=Which.ONE, changes=False)
async def show(call: Call) -> Sequence[Outcome]:
    return [Outcome(view) for view in call.things]


@VIEW_VERBS("create", "Save a view of a list.", which=Which.NONE, takes=NewView, makes=True)
async def create(call: Call) -> Sequence[Outcome]:
    view = SavedView(id=0, saved=call.now, **said(call.given))
    check(view, call)
    return [Outcome(await call.service.save_view(view))]


@VIEW_VERBS("update", "Change what a saved view shows, its name or its owner.", which=Which.ONE, takes=ViewChange)
async def update(call: Call) -> Sequence[Outcome]:
    wanted, (view,) = said(call.given), call.things
    if not wanted:
        raise Unfit('Nothing is to be changed; say what is to be so, as in {"sort": "-priority"}.')
    after = replace(view, **wanted)
    check(after, call)
    if after == view:
        return [Outcome(view, {"changed": False})]
    return [Outcome(await call.service.save_view(after), {"changed": True})]


@VIEW_VERBS("delete", "Delete saved views.")
async def delete(call: Call) -> Sequence[Outcome]:
    await call.service.delete_views(call.things)
    return [Outcome(view, {"changed": True}) for view in call.things]


def check(view: SavedView, call: Call) -> None:
    """Raises `Unfit` where something of it cannot be."""
    if view.item not in ITEMS:
        raise Unfit(f'No item "{shown(view.item)}"; {meant(view.item, ITEMS)}', "item", "unknown-item")
    item = ITEMS[view.item]
    try:
        condition_of(item, call.service.farm, view.filter, call.now)
    except BadFilter as bad:
        raise Unfit(f"filter: {bad}", "filter") from None
    if view.fields:
        fields(item, view.fields)
    for word in names_in(view.sort, "sort"):
        sortable(item, word)
