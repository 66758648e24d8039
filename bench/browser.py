"""Tables of 100,000 jobs in a real browser: how long a person waits for a page.

How does this work?  A real server has a database with 100,000 jobs; Chromium shows examples/datatables.html with
DataTables from npm.  Pages are turned, sorted and searched as a person does it, and the page itself notes the time from
DataTables' request to what it has drawn.  Beside it stands what the server's process computed for a page, which tells
more on a machine that others use.
"""

from contextlib import closing
from pathlib import Path
from statistics import median

import psutil
from twisted.trial.unittest import SkipTest

from bench.figures import Figure, figure
from tests.browser.harness import Visit
from tests.browser.many_jobs import fill
from tests.browser.table import Table, without_datatables
from tests.line.harness import Farm

TURNS = 10  # pages of each kind
SEARCHES = ("shot_99", "mara", "Schnee")  # found in 1 %, in a quarter, in two thirds of the jobs


def paging(folder: Path) -> list[Figure]:
    if why := without_datatables():
        raise SkipTest(why)
    fill(folder / "server" / "brender.sqlite")
    with Farm(folder) as farm, closing(Visit(farm.web_port)) as visit:
        assert farm.server is not None
        return measured(Table(visit), psutil.Process(farm.server.pid))


def measured(table: Table, server: psutil.Process) -> list[Figure]:
    before, pages = computed(server), len(table.took)
    use(table)
    took = table.took[pages:]
    return [
        figure("datatables_page_ms", median(took), "ms", "<= 100"),
        figure("datatables_page_ms_max", max(took), "ms", "<= 100"),
        figure("datatables_page_computed_ms", 1000 * (computed(server) - before) / len(took), "ms"),
    ]


def use(table: Table) -> None:
    """As a person does who looks for something."""
    turn(table)
    for heading in ("Name", "Priority", "Submitted"):
        table.sort(heading)
        turn(table)
        table.sort(heading)
        turn(table)
    for text in SEARCHES:
        table.search(text)
        turn(table)
        table.search_nothing()
    table.show(100)
    turn(table)


def turn(table: Table) -> None:
    for _ in range(TURNS):
        table.turn("next")
    table.turn("last")
    table.turn("first")


def computed(server: psutil.Process) -> float:
    """Seconds of the processor, user and system."""
    times = server.cpu_times()
    return times.user + times.system
