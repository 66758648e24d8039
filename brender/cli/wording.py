"""The words of the shell for what a server answered: its JSON becomes rows, and `verbs.telling` has the sentences."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from brender.cli.asking import width
from brender.config.reading import machine_zone
from brender.farm.scheduling.windows import zone_of
from brender.verbs.known import VERBS
from brender.verbs.telling import Told, rows_of_json, tell


def worded(item: str, action: str, answer: Any, given: Mapping[str, Any] | None = None, filter: str = "") -> str:  # noqa: A002
    """What a person is told; `given` is what was sent besides which things are meant."""
    verb = VERBS[item, action]
    also = {name: value for name, value in answer.items() if name != "data"} if "data" in answer else {}
    said = msgspec.convert(given or {}, verb.takes) if given or not verb.changes else None
    zone = zone_of(machine_zone())
    return tell(Told(verb, rows_of_json(verb, answer), said, time.time(), zone, also, filter, width=width()))
