"""Small simulated farms for tests: their shape as plain data, and a world that remembers every order.

How does this work?  `farm` fills in what a test does not care about: no latency, sessions that open at once.  `run`
lets the days of a shape go by and gives the world and its report.
"""

from typing import Any

import msgspec

from brender.farm.changes import Changes
from brender.farm.order import Order
from brender.simulate.farm_shape import FarmShape, made
from brender.simulate.report import Report, report
from brender.simulate.world import World

Data = dict[str, Any]


def step(tasks: Any = 1, seconds: Any = 10.0, **fields: Any) -> Data:
    return {"tasks": tasks, "seconds": seconds, "opening": 0.0, **fields}


def user(*steps: Data, owner: str = "ada", settings: Data | None = None, **fields: Any) -> Data:
    ways = fields.keys() & {"jobs", "every", "keeps"}
    kind = {"steps": list(steps), "settings": settings or {}}
    return {"owner": owner, "kinds": [kind], **({} if ways else {"jobs": 1}), **fields}


def clients(number: int = 1, **fields: Any) -> Data:
    return {"number": number, **fields}


def farm(groups: list[Data], users: list[Data], **fields: Any) -> FarmShape:
    return made({"latency": 0.0, "clients": groups, "users": users, **fields})


class Recorded(World):
    """A world that remembers every order."""

    def __init__(self, shape: FarmShape, seed: int = 1, days: float | None = None) -> None:
        self.orders: dict[int, Order] = {}
        super().__init__(shape, seed, days)

    def _say(self, changes: Changes) -> None:
        self.orders |= changes.orders
        super()._say(changes)


def run(shape: FarmShape, seed: int = 1, days: float | None = None) -> tuple[Recorded, Report]:
    world = Recorded(shape, seed, days)
    world.run()
    return world, report(world)


def timeless(found: Report) -> Report:
    """The report without what is measured in real time."""
    return msgspec.structs.replace(found, cost=msgspec.structs.replace(found.cost, microseconds=0.0))
