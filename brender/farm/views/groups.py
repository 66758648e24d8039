"""What every face shows of pools, tags, limits and the farm's settings.

How does this work?  Pools and tags are counted in one go over all clients and all unfinished jobs; a limit is shown
with who holds it and who waits for it; a setting with its value now, what brender.toml says, and which of them counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_type_hints

import msgspec

from brender.farm import overrides
from brender.farm.client import RuntimeClient
from brender.farm.farm import Farm
from brender.farm.groups import Kind, asked_by, clients_of
from brender.farm.scheduling.shape import Counted
from brender.farm.settings import FarmSettings
from brender.farm.views.things import EPOCH, shows

FILE, RUNTIME = "brender.toml", "runtime"
SOURCES = (FILE, RUNTIME)


class TagView(msgspec.Struct, frozen=True):
    name: Annotated[str, shows("as clients have it, and templates ask for it")]
    clients: Annotated[int, shows("how many have it")]
    online: Annotated[int, shows("of them, how many are online")]
    idle: Annotated[int, shows("of them, how many are online and do nothing")]
    slots: Annotated[int, shows("of those that are online")]
    used: Annotated[int, shows("slots of them that are in use")]
    jobs: Annotated[int, shows("unfinished jobs that ask for it")]


class PoolView(msgspec.Struct, frozen=True):
    name: Annotated[str, shows("as clients and jobs have it")]
    clients: Annotated[int, shows("how many are in it")]
    online: Annotated[int, shows("of them, how many are online")]
    idle: Annotated[int, shows("of them, how many are online and do nothing")]
    slots: Annotated[int, shows("of those that are online")]
    used: Annotated[int, shows("slots of them that are in use")]
    jobs: Annotated[int, shows("unfinished jobs that ask for it")]
    takers: Annotated[int, shows("clients that take only jobs of this pool, or of some others")]


class LimitView(msgspec.Struct, frozen=True):
    name: Annotated[str, shows("as jobs have it")]
    count: Annotated[int, shows("how many there are")]
    each: Annotated[str, shows("what holds one: every task, or every client that runs some", values=("task", "client"))]
    used: Annotated[int, shows("how many are held now")]
    holders: Annotated[list[str], shows("the clients that hold some")]
    jobs: Annotated[list[int], shows("unfinished jobs that take some")]
    waiting: Annotated[list[int], shows("of them, those with tasks that are ready while too few are left")]
    source: Annotated[str, shows("where it is from", values=SOURCES)]


class SettingView(msgspec.Struct, frozen=True):
    name: Annotated[str, shows("as brender.toml has it")]
    value: Annotated[Any, shows("as it is now")]
    file: Annotated[Any, shows("as brender.toml has it, or as it is without being there")]
    source: Annotated[str, shows("which of the two counts", values=SOURCES)]
    since: Annotated[float | None, shows("when it was set while the farm runs", EPOCH)]
    unit: Annotated[str, shows("of its value")]
    meaning: Annotated[str, shows("what it is about")]


# --- pools and tags


@dataclass
class Count:
    clients: int = 0
    online: int = 0
    idle: int = 0
    slots: int = 0
    used: int = 0
    jobs: int = 0
    takers: int = 0

    def add(self, client: RuntimeClient) -> None:
        self.clients += 1
        if client.online:
            self.online += 1
            self.idle += client.activity == "idle"
            self.slots += client.slots
            self.used += min(client.used, client.slots)


def pools(farm: Farm) -> list[PoolView]:
    found = counts(farm, "pools")
    for client in farm.clients.values():
        for name in client.settings.takes:
            found.setdefault(name, Count()).takers += 1
    return [PoolView(name, **vars(count)) for name, count in sorted(found.items())]


def tags(farm: Farm) -> list[TagView]:
    """A tag that only differs in its capitals from one that clients have is that one."""
    found = counts(farm, "tags")
    return [
        TagView(name, **{field: value for field, value in vars(count).items() if field != "takers"})
        for name, count in sorted(found.items())
    ]


def counts(farm: Farm, kind: Kind) -> dict[str, Count]:
    found: dict[str, Count] = {}
    for client in farm.clients.values():
        for name in clients_of(client, kind):
            found.setdefault(name, Count()).add(client)
    written = {name.lower(): name for name in found} if kind == "tags" else {}
    for job in farm.jobs.unfinished():
        for name in {written.get(name.lower(), name) for name in asked_by(job, kind)}:
            found.setdefault(name, Count()).jobs += 1
    return found


# --- limits


def limits(farm: Farm) -> list[LimitView]:
    takers: dict[str, list[int]] = {}
    for job in farm.jobs.unfinished():
        for name in job.settings.limits:
            takers.setdefault(name, []).append(job.id)
    return [limit_view(name, takers.get(name, []), farm) for name in sorted(farm.settings.limits)]


def limit_view(name: str, takers: list[int], farm: Farm) -> LimitView:
    limit, counted = farm.settings.limits[name], farm.counted[name]
    clients = (farm.clients.get(client) for client in counted.by)
    return LimitView(
        name=name,
        count=limit.count,
        each=limit.each,
        used=counted.held,
        holders=sorted(client.name for client in clients if client),
        jobs=takers,
        waiting=waiting(farm, counted),
        source=source(farm, overrides.entry_of("limits", name)),
    )


def waiting(farm: Farm, counted: Counted) -> list[int]:
    """Jobs with ready tasks that a client which holds none of the limit could not begin."""
    steps = farm.limited.get(counted.name, ())
    return sorted({step.job.id for step in steps if counted.refusal(0, dict(step.shape.limits)[counted.name])})


def source(farm: Farm, name: str) -> str:
    return RUNTIME if any(overrides.covers(name, each) for each in farm.overrides) else FILE


# --- settings


def setting_view(name: str, farm: Farm) -> SettingView:
    changed = [each.when for entry, each in farm.overrides.items() if overrides.covers(name, entry)]
    return SettingView(
        name=name,
        value=plain(getattr(farm.settings, name)),
        file=plain(getattr(farm.written, name)),
        source=source(farm, name),
        since=max(changed, default=None),
        unit=next((note.extra["unit"] for note in NOTES[name] if note.extra), ""),
        meaning=next(note.description for note in reversed(NOTES[name]) if note.description),
    )


def plain(value: Any) -> Any:
    return msgspec.to_builtins(value)


def notes() -> Mapping[str, tuple[msgspec.Meta, ...]]:
    """What stands beside the types of the settings."""
    hints = get_type_hints(FarmSettings, include_extras=True)
    return {name: get_args(hint)[1:] for name, hint in hints.items()}


NOTES = notes()
