"""The items `pool`, `tag`, `limit` and `setting`: things of the farm that have a name and no number.

How does this work?  Pools, tags and limits are counted for the whole farm at once, so their things are views already;
a setting is its name.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from brender.farm.farm import Farm
from brender.farm.interfaces import FarmService, NotFound
from brender.farm.settings import FarmSettings
from brender.farm.submission.problems import shown
from brender.farm.views.groups import LimitView, PoolView, SettingView, TagView, limits, pools, setting_view, tags
from brender.verbs.items.attributes import attributes_of
from brender.verbs.items.item import Item, Things, itself
from brender.verbs.said.unfit import meant

Counted = Callable[[Farm], Sequence[Any]]


def all_of(counted: Counted) -> Things:
    async def things(service: FarmService, _: Any) -> Sequence[Any]:
        return counted(service.farm)

    return things


def named(counted: Counted, what: str) -> Callable[[Any, Any], Any]:
    """Finds the one of that name."""

    def find(farm: Farm, name: Any) -> Any:
        found = {view.name: view for view in counted(farm)}
        if name not in found:
            raise no_such(what, name, found)
        return found[name]

    return find


def no_such(what: str, name: Any, known: Iterable[str]) -> NotFound:
    return NotFound(f'There is no {what} "{shown(str(name))}"; {meant(str(name), known)}')


POOL = Item(
    "pool",
    "pools",
    "clients that jobs can ask for by one name; it is there while a client is in it or a job asks for it",
    PoolView,
    all_of(pools),
    itself,
    named(pools, "pool"),
    attributes_of(PoolView, stored=("name",), settable=("name",)),
    key="name",
    ordered_by=("name",),
)

TAG = Item(
    "tag",
    "tags",
    "a word that clients have and templates ask for; it is there while a client has it or a job asks for it",
    TagView,
    all_of(tags),
    itself,
    named(tags, "tag"),
    attributes_of(TagView, stored=("name",), settable=("name",)),
    key="name",
    ordered_by=("name",),
)

LIMIT = Item(
    "limit",
    "limits",
    "a licence of which the whole farm has so many",
    LimitView,
    all_of(limits),
    itself,
    named(limits, "limit"),
    attributes_of(LimitView, stored=("name", "count", "each"), settable=("count", "each")),
    key="name",
    ordered_by=("name",),
    aliases={"client": "holders", "job": "jobs"},
)


@dataclass(frozen=True)
class Setting:
    name: str


async def settings(service: FarmService, _: Any) -> Sequence[Any]:
    return [Setting(name) for name in sorted(FarmSettings.__struct_fields__)]


def setting_of(_: Farm, name: Any) -> Setting:
    if name not in FarmSettings.__struct_fields__:
        raise no_such("setting", name, FarmSettings.__struct_fields__)
    return Setting(name)


SETTING = Item(
    "setting",
    "settings",
    "what the farm goes by: as brender.toml has it, or as it was set while the farm runs",
    SettingView,
    settings,
    lambda setting, farm: setting_view(setting.name, farm),
    setting_of,
    attributes_of(SettingView, stored=("name", "value", "since"), settable=("value",)),
    key="name",
    direct={"name": lambda setting: setting.name},
    searched=("name", "meaning"),
    ordered_by=("name",),
    without={"create": "The settings of a farm are there; update gives one another value."},
)
