"""The map of the program: what each part may ask of its neighbours, one sentence each.

How does this work?  The service is handed a store (`keeping`), what stands around it (`around`) and, for every worker,
a link (`workers`); the faces (shell, web, worker protocol) are handed the service (`service`).  None of them imports
the other: they meet here.  The doubles of the tests (`tests/fakes.py`) keep to the same interfaces.
"""

from brender.farm.interfaces.around import Pictures, Planner, Pulse, Templates
from brender.farm.interfaces.keeping import Archivable, Archives, Shelf, Store, WritePath
from brender.farm.interfaces.service import Event, FarmService, Following, LogLine, LogPage, NotFound
from brender.farm.interfaces.workers import Link, Sign, WorkerService

__all__ = [
    "Archivable",
    "Archives",
    "Event",
    "FarmService",
    "Following",
    "Link",
    "LogLine",
    "LogPage",
    "NotFound",
    "Pictures",
    "Planner",
    "Pulse",
    "Shelf",
    "Sign",
    "Store",
    "Templates",
    "WorkerService",
    "WritePath",
]
