"""Why saving was so much slower than loading, and what it costs now: 10,000 changed clients.

How does this work?  The same clients are loaded as a start loads them, and written as the server writes them: rows as
tuples, in one commit, through `upserts`.  Beside that stands the obvious way, `save()` of an object each: with a
commit for each (what a server does that saves where something changes), and all in one commit (what one does that saves
when it stops).  Python's garbage collector works on both sides of the ratio; what loading takes without it, as in a
start, stands beside it.  The table of docs/database.md is made of these figures.
"""

import gc
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from peewee import Database

from bench.figures import Figure, figure
from brender.db import models
from brender.db.engine import engine_of
from brender.db.models import ClientRow
from brender.db.opening import take_farm
from brender.db.rows import client_row, read_client
from brender.db.store import tuples
from brender.db.writer import Writer
from brender.farm.client import RuntimeClient
from tests.db.cluster import cluster, find
from tests.doubles import machine

CLIENTS = 10_000
TIMES = 7
FEW = 500  # clients that are saved with a commit each; the figure is of 10,000


def saving(folder: Path) -> list[Figure]:
    """On SQLite, and on PostgreSQL where that is installed."""
    figures = of(folder / "brender.sqlite", "")
    return figures + of(cluster().made(), "_postgresql") if find() else figures


def of(where: Path | str, name: str) -> list[Figure]:
    engine = engine_of(where)
    take_farm(engine)
    engine.database.connect(reuse_if_open=True)
    models.database.initialize(engine.database)
    clients = [RuntimeClient(number, machine(number, 8, program="brender 2.0")) for number in range(1, CLIENTS + 1)]
    save(engine.database, clients)
    pairs = [(took(lambda: save(engine.database, changed(clients))), took(load)) for _ in range(TIMES)]
    saved, loaded = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    uncollected = without_collector(load)
    with engine.database.atomic():
        together = took(lambda: save_each(clients))
    each = took(lambda: save_each(clients[:FEW])) * CLIENTS / FEW
    engine.let_go()
    return [
        figure(f"save_load_ratio{name}", saved / loaded, "", "<= 1.0"),
        figure(f"load_10000_clients_ms{name}", 1000 * loaded, "ms"),
        figure(f"load_10000_clients_without_collector_ms{name}", 1000 * uncollected, "ms"),
        figure(f"save_10000_clients_ms{name}", 1000 * saved, "ms"),
        figure(f"save_each_in_one_commit_ms{name}", 1000 * together, "ms"),
        figure(f"save_each_ms{name}", 1000 * each, "ms"),
    ]


def took(call: Callable[[], Any]) -> float:
    began = perf_counter()
    call()
    return perf_counter() - began


def without_collector(call: Callable[[], Any]) -> float:
    gc.disable()
    try:
        return median(took(call) for _ in range(TIMES))
    finally:
        gc.enable()


def changed(clients: list[RuntimeClient]) -> list[RuntimeClient]:
    for client in clients:
        client.since += 1.0
    return clients


def save(database: Database, clients: list[RuntimeClient]) -> None:
    """As the server does, but for its second thread."""
    writer = Writer(database, lambda call, *given: call(*given), print)
    writer.write([(ClientRow, client_row(client)) for client in clients])
    writer._commit(writer._take())


def load() -> list[RuntimeClient]:
    return [read_client(row) for row in tuples(ClientRow.select())]


def save_each(clients: list[RuntimeClient]) -> None:
    names = [field.name for field in ClientRow._meta.sorted_fields]
    for client in clients:
        ClientRow(**dict(zip(names, client_row(client), strict=True))).save()
