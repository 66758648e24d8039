"""`brender db move`: takes a whole farm from one database to another.

How does this work?  `brender.db.moving` does it, while no server runs; here are the words around it, and a bar on
stderr where that is a terminal.  Ends with 0 when all is there, with 1 when nothing was changed and why, and with 2
when the words were wrong.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from brender.cli.asking import say
from brender.verbs.tables import Column, table

if TYPE_CHECKING:
    from brender.db.moving import Moved

COLUMNS = (Column("table"), Column("rows", right=True), Column("sum"))


@click.group()
def db() -> None:
    """What can be done to the database while no server runs."""


@db.command("move", epilog="docs/database.md tells the steps, and how to go back.")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
def move_command(source: str, target: str) -> None:
    """Take a whole farm from one database to another, and check every row.

    Both are postgresql://USER@HOST/NAME, or a file of SQLite, or the state folder that has it.  TO must be empty.
    FROM stays as it is.
    """
    from brender.db.engine import CannotOpen, engine_of  # noqa: PLC0415 (the database takes a moment to import)
    from brender.db.moving import NotMoved, move  # noqa: PLC0415

    one, other = place(source), place(target)
    if one == other:
        raise click.UsageError("That is the same database twice.")
    try:
        with bars() as tell:
            done = move(one, other, tell)
    except (NotMoved, CannotOpen) as error:
        say(str(error), err=True)
        sys.exit(1)
    say(told(done, engine_of(other).name))


def place(words: str) -> Path | str:
    from brender.db.engine import is_url  # noqa: PLC0415

    if is_url(words):
        return words
    if "://" in words:
        raise click.UsageError(f'"{words}" is no database; write postgresql://USER@HOST/NAME, or a file.')
    path = Path(words).absolute()
    return path / "brender.sqlite" if path.is_dir() else path


@contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    columns = (TextColumn("{task.description:12}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        known: dict[str, TaskID] = {}

        def tell(name: str, done: int, rows: int) -> None:
            if name not in known:
                known[name] = progress.add_task(name, total=rows)
            progress.update(known[name], completed=done)

        yield tell


def told(done: "list[Moved]", name: str) -> str:
    rows = [(each.table, f"{each.rows:,}", each.sum) for each in done]
    return f"{table(COLUMNS, rows)}\nThe farm is in {name} now; counts and sums are the same on both sides."
