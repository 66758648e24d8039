"""A farm for programs in Python: `Farm`, and `AsyncFarm` for asyncio; docs/python.md tells how they are used.

How does this work?  Every verb of the farm is a method with the parameters that its definition has (`deriving`), asked
over HTTP (`http`); `items.pyi` has the types of all of them, made from the same definitions (`types`).  What was not
done is raised as `Failed`.  The verbs take a moment to import, and are imported when somebody names a `Farm`: commands
that need nothing but `http` start sooner.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from brender.client.errors import Failed, NotFound, Unreachable
from brender.client.results import AsyncPages, Happening, Outcome, Outcomes, Pages

if TYPE_CHECKING:
    from brender.client.farm import AsyncFarm, Farm

__all__ = [
    "AsyncFarm",
    "AsyncPages",
    "Failed",
    "Farm",
    "Happening",
    "NotFound",
    "Outcome",
    "Outcomes",
    "Pages",
    "Unreachable",
]


def __getattr__(name: str) -> Any:
    if name in ("Farm", "AsyncFarm"):
        return getattr(import_module("brender.client.farm"), name)
    raise AttributeError(f"module {__name__} has no attribute {name}")
