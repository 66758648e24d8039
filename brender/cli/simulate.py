"""`brender simulate`: what the rules would make of a farm and of what people hand in to it, in virtual time.

How does this work?  The shape of the farm is read from TOML, `World` lets its days go by, and what it has shown is a
table for people or JSON for programs.  The bar stands on stderr, and only on a terminal.  Nothing of a real
farm is touched.  Ends with 0, with 2 when the shape cannot be used, and with 130 after Ctrl-C.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from brender.cli.asking import say, width
from brender.verbs.tables import Column, count, duration, table

if TYPE_CHECKING:
    from brender.simulate.report import Report
    from brender.simulate.world import World

COLUMNS = (Column(""), Column("", gives=True))


@click.command(epilog="docs/simulator.md explains the file and every line of the table.")
@click.argument("farm", type=click.Path(path_type=Path), metavar="FARM.toml")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same simulation.")
@click.option("--days", type=click.FloatRange(min=0, min_open=True, max=3650), help="Instead of those in the file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def simulate(farm: Path, seed: int, days: float | None, as_json: bool) -> None:
    """Simulate a farm: the real rules, with clients and users that are described in a file."""
    from brender.simulate.farm_shape import BadShape, read  # noqa: PLC0415 (the rules take a moment to import)
    from brender.simulate.report import report  # noqa: PLC0415
    from brender.simulate.world import World  # noqa: PLC0415

    try:
        world = World(read(farm), seed, days)
    except BadShape as bad:
        refuse(str(bad), as_json)
    try:
        follow(world)
    except KeyboardInterrupt:
        say("Stopped.", err=True)
        sys.exit(130)
    found = report(world)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        say(table(COLUMNS, list(lines(found)), width()).partition("\n")[2])


def refuse(sentence: str, as_json: bool) -> None:
    if as_json:
        error = {"ok": False, "error": {"code": "bad-shape", "message": sentence}}
        click.echo(msgspec.json.format(msgspec.json.encode(error), indent=2).decode())
    else:
        say(sentence, err=True)
    sys.exit(2)


def follow(world: "World") -> None:
    """Let the days go by, with a bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("virtual days", total=1.0)
        world.run(mover(bar, task))


def mover(bar: Progress, task: "int") -> Callable[[float], None]:
    def move(part: float) -> None:
        bar.update(task, completed=part)  # type: ignore[arg-type]

    return move


def lines(found: "Report") -> Iterator[tuple[str, str]]:
    """The rows of the table: what, and how much."""
    yield "farm", f"{found.farm or 'without a name'}: {count(found.clients, 'client')}, seed {found.seed}"
    yield "virtual time", f"{found.days:.2f} days, {count(found.deaths, 'death')} of workers"
    for name, kind in (("jobs", found.jobs), ("tasks", found.tasks)):
        parts = (f"{getattr(kind, state):,} {state}" for state in kind.__struct_fields__ if getattr(kind, state))
        yield name, ", ".join(parts) or "none"
    yield from of_the_farm(found)
    yield from of_the_jobs(found)
    wait = found.longest_wait
    yield "passed over", f"at most {duration(wait.seconds)} ({wait.what})" if wait.seconds else "never"
    yield "scheduler", f"{count(found.cost.orders, 'order')}, {found.cost.microseconds:.0f} µs of real time each"


def of_the_farm(found: "Report") -> Iterator[tuple[str, str]]:
    if found.use:
        ready = f"while work was ready ({duration(found.use.seconds)})"
        yield "slots used", f"{found.use.used:.2%} {ready}, {found.use.opening:.2%} to open sessions"
    for portion in found.shares:
        name = f"share of {'/'.join(filter(None, (portion.project, portion.owner)))}"
        yield name, f"{portion.had:.1%} of the slots; {portion.due:.1%} due ({portion.had / portion.due - 1:+.1%})"
    if span := found.makespan:
        yield "makespan", f"{span.seconds:,.0f} s, {span.ratio:.3f} times the lower bound of {span.bound:,.0f} s"


def of_the_jobs(found: "Report") -> Iterator[tuple[str, str]]:
    if times := found.times:
        parts = ((times.median, "median"), (times.nine_of_ten, "90 %"), (times.ninety_nine_of_100, "99 %"))
        yield "job times", ", ".join(f"{name} {seconds:,.0f} s" for seconds, name in parts)
    if second := found.second_starts.started and found.second_starts:
        told = f"{second.started:,}, of which {second.first_home:,} came home first"
        yield "second starts", f"{told}; {second.saved / 3600:,.1f} h saved, {second.spent / 3600:,.1f} h given for it"
    for name, time in (("time left", found.predicted), ("time left of all", found.predicted_farm)):
        if time:
            inside = f"{time.in_band:.0%} of the ends within the 10-90 % band"
            yield name, f"{time.error:.0%} off ({time.bias:+.0%}) in the middle; {inside}"
