"""`brender farm` and `brender watch`: how the whole farm does, and one job until it ends.

How does this work?  The numbers of the farm come from the server, and are told in the shell's words.
"""

import sys
from typing import Any

import click

from brender.cli.asking import Desk, asks_the_farm
from brender.cli.watch import Watch
from brender.farm.views.things import TimeView
from brender.verbs.tables import count, duration
from brender.verbs.telling.jobs import spread


@click.command()
@click.argument("job", type=click.IntRange(min=0))
@asks_the_farm
def watch(desk: Desk, job: int) -> None:
    """Show how far a job is until it ends; Ctrl-C leaves it running."""
    sys.exit(Watch(desk.api, desk.as_json).until_it_ends(desk.api.get(f"/api/v1/jobs/{job}", orders="0")))


@click.command()
@asks_the_farm
def farm(desk: Desk) -> None:
    """Tell how the farm does, and the way into its database."""
    figures = desk.ask_farm()
    desk.show(figures, lambda: told(figures))


def told(figures: Any) -> str:
    """As the shell tells it."""
    database = figures["database"]
    written = f"{count(database['rows'], 'row')} in {count(database['commits'], 'commit')} since the start"
    waiting = f"{database['pending']:,} {'waits' if database['pending'] == 1 else 'wait'}"
    took = f"a commit takes {database['seconds_mean'] * 1000:.1f} ms"
    lines = [head(figures), *time_left(figures), f"database: {written}, {waiting}; {took}"]
    return "\n".join([*lines, *([f"It takes nothing new: {figures['stopping']}."] if figures["stopping"] else [])])


def head(figures: Any) -> str:
    """ "brender 2.0 · 12 clients, 10 online, 8 busy · 3 jobs running, 1 waiting"."""
    clients = figures["clients"]
    machines = f"{count(clients, 'client')}, {figures['online']} online, {figures['busy']} busy"
    running, waiting, paused = (figures["jobs"][state] for state in ("active", "queued", "paused"))
    jobs = [f"{count(running, 'job')} running" if running else "no job running"]
    jobs += [f"{waiting:,} waiting"] if waiting else []
    jobs += [f"{paused:,} paused"] if paused else []
    version = figures["version"].removesuffix(".0")
    return " · ".join([f"brender {version}", machines if clients else "no clients yet", ", ".join(jobs)])


def time_left(figures: Any) -> list[str]:
    if figures["seconds_left"] is None:
        return []
    view = TimeView(**{name: figures[name] for name in TimeView.__struct_fields__})
    guessed = f"; {count(view.unmeasured, 'task')} of it only guessed, from what others took" if view.unmeasured else ""
    return [f"time left: {duration(figures['seconds_left'])}{spread(view)}{guessed}"]
