"""`python -m bench [NAME...]`: measure, print a table, write bench/results.json.  It ends with 1 if a target is missed.

What was measured before of other things stays in the file.
"""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table
from twisted.trial.unittest import SkipTest

from bench import (
    at_once,
    blender,
    browser,
    cold,
    dashboard,
    deciding,
    durable,
    filters,
    noop,
    paging,
    readers,
    saving,
    simulated,
    standby,
    strangers,
    submitting,
)
from bench.figures import Figure

MEASURES: dict[str, Callable[[Path], list[Figure]]] = {
    "submit": submitting.first_order,
    "gap": noop.gap,
    "rate": noop.rate,
    "blender": blender.ratios,
    "deciding": deciding.figures,
    "filters": filters.figures,
    "simulated": simulated.simulated,
    "saving": saving.saving,
    "cold": cold.cold_start,
    "standby": standby.taking_over,
    "at-once": at_once.at_once,
    "paging": paging.paging,
    "browser": browser.paging,
    "grid": dashboard.grid,
    "tables": dashboard.tables,
    "budget": dashboard.budget,
    "readers": readers.readers,
    "strangers": strangers.strangers,
    "durable": durable.sqlite,
    "durable-postgresql": durable.postgresql,
}
RESULTS = Path(__file__).with_name("results.json")


def main(names: list[str]) -> int:
    console = Console()
    if unknown := [name for name in names if name not in MEASURES]:
        console.print(f"There is no measure {unknown[0]}; there are {', '.join(MEASURES)}.")
        return 2
    figures: list[Figure] = []
    for name in names or MEASURES:
        with console.status(f"measuring {name} ..."), tempfile.TemporaryDirectory() as folder:
            try:
                figures += MEASURES[name](Path(folder))
            except SkipTest as lacking:
                console.print(f"{name} was not measured: {lacking}")
        keep(figures)
    console.print(table(figures))
    return any(each.met is False for each in figures)


def keep(figures: list[Figure]) -> None:
    """In the place of what was measured of the same before; the rest stays as it is."""
    before = msgspec.json.decode(RESULTS.read_bytes(), type=list[Figure]) if RESULTS.exists() else []
    found = {each.name: each for each in (*before, *figures)}
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode([*found.values()]), indent=2) + b"\n")


def table(figures: list[Figure]) -> Table:
    made = Table("figure", "value", "target", "met", title="brender, measured")
    for each in figures:
        met = {True: "yes", False: "no", None: ""}[each.met]
        made.add_row(each.name, f"{each.value:g} {each.unit}".strip(), each.target, met)
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
