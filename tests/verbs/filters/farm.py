"""A small farm for filters to choose from, and the languages of its items."""

from typing import Any
from zoneinfo import ZoneInfo

from brender.farm.machines.load import UNKNOWN
from brender.farm.settings import ClientSettings
from brender.farm.views.things import ClientView, JobView, OrderView, StepView
from brender.verbs.filters import Condition, Language, matching, parse
from brender.verbs.items.attributes import attributes_of

BERLIN = ZoneInfo("Europe/Berlin")
NOW = 1_795_716_000.5  # 2026-11-26T19:00:00.5 in Berlin
HOUR, GB = 3600, 2**30

CLIENTS = Language(attributes_of(ClientView), thing="client", aliases={"pool": "pools", "tag": "tags"})
JOBS = Language(attributes_of(JobView), thing="job")
STEPS = Language(attributes_of(StepView), thing="step")
ORDERS = Language(attributes_of(OrderView), thing="order", named="client")


def client(number: int, name: str, settings: ClientSettings = ClientSettings(), **given: Any) -> ClientView:
    fields: dict[str, Any] = {
        "status": "enabled",
        "connection": "online",
        "activity": "idle",
        "since": NOW,
        "load": 0.0,
        **UNKNOWN._asdict(),
        "sleep_zone": "UTC",
        "sleep_week": (),
        "slots": 1,
        "used": 0,
        "memory": 16 * GB,
        "system": "linux",
        "gpus": (),
        "blenders": (),
        "slowness": 1.0,
        "running": [],
        "revoked": False,
    }
    return ClientView(id=number, name=name, settings=settings, **fields | given)


FARM = [
    client(1, "render-01", activity="busy", memory=64 * GB, load=99.5, gpus=("RTX 4090", "RTX 3080")),
    client(2, "render-02", status="disabled", activity="asleep", memory=32 * GB, since=NOW - 2 * HOUR),
    client(
        3,
        "attic",
        ClientSettings(pools=("gpu", "night"), tags=("loud",), wake=True, idle_seconds=900.0, most_tasks=2),
        connection="offline",
        since=NOW - 26 * HOUR,
    ),
    client(12, "Render-10.Studio", status="disabled", connection="offline", memory=8 * GB, slowness=1.5, load=50.0),
]


def read(text: str, language: Language = CLIENTS) -> Condition:
    return parse(text, language, now=NOW, zone=BERLIN)


def chosen(text: str) -> list[int]:
    return [each.id for each in filter(matching(read(text)), FARM)]
