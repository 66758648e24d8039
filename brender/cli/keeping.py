"""`brender backup`, `restore`, `check`, `archive`: keep what a farm has.

How does this work?  Backups and checks open the database itself, beside a running server or without one, so they are
run on a machine that has it (the settings say where it is).  An archive changes the farm, so the server does it: the
command asks for one file after the other until nothing old is left.  What may take a while shows how far it is.
"""

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from brender.cli.asking import Desk, asks_the_farm, fail, say, width
from brender.cli.running import FILE, FOLDER
from brender.client.errors import Failed
from brender.client.http import Api
from brender.config import Config, load
from brender.config.mistakes import BadSettings
from brender.verbs.tables import Column, count, table

Tell = Callable[[int, int], None]
LATER = 600.0  # seconds that the server may take for one file of an archive
DURATION = re.compile(r"(\d{1,6})\s*(h|d|w|y)")
SECONDS = {"h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}
COLUMNS = (
    Column("job", right=True),
    Column("name", gives=True),
    Column("state"),
    Column("ended"),
    Column("file"),
)


def looks_at_the_database(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a command that opens the farm's database itself."""
    command = click.option("--state", type=FOLDER, help="The farm's state folder.")(command)
    return click.option("--config", type=FILE, help="The settings, instead of the brender.toml that is found.")(command)


def settings(config: str | None, state: str | None) -> Config:
    try:
        return load(config, state)
    except BadSettings as error:
        raise click.UsageError(str(error)) from None


@contextmanager
def progress(what: str) -> Iterator[Tell]:
    """A bar on a terminal; nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


# --- backups


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--logs", is_flag=True, help="Copy the logs too, to FILE.logs.tar.")
@looks_at_the_database
def backup(file: Path, logs: bool, config: str | None, state: str | None) -> None:
    """Copy the farm's database to FILE; the farm may run.

    The copy is what the farm was at one moment; it is checked before it gets its name.
    """
    from brender.db.backup import back_up, back_up_logs  # noqa: PLC0415 (the database takes a moment to import)

    farm, beside = settings(config, state), beside_of(file)
    with told():
        with progress("Copying the database") as tell:
            back_up(farm.database, file, tell)
        say(f"The farm is copied to {file} ({size(file)}).")
        if logs:
            with progress("Copying the logs") as tell:
                back_up_logs(farm.state / "logs", beside, tell)
            say(f"Its logs are copied to {beside} ({size(beside)}).")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--logs", is_flag=True, help="Put the logs of FILE.logs.tar back too.")
@looks_at_the_database
def restore(file: Path, logs: bool, config: str | None, state: str | None) -> None:
    """Put the farm of a backup in the place of what is there; no server may run.

    What was there is kept beside it. Numbers that were given out since the backup are not given out again.
    """
    from brender.db.backup import restore as put_back  # noqa: PLC0415 (the database takes a moment to import)
    from brender.db.backup import restore_logs  # noqa: PLC0415

    farm = settings(config, state)
    with told():
        with progress("Restoring the database") as tell:
            kept = put_back(farm.database, file, farm.state, datetime.now().astimezone(), tell)
        say(f"The farm is as it was in {file}." + (f" What was there is in {kept}." if kept.exists() else ""))
        if logs:
            restore_logs(beside_of(file), farm.state / "logs")
            say(f"Its logs are back in {farm.state / 'logs'}.")


@click.command("check")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@looks_at_the_database
def check_farm(as_json: bool, config: str | None, state: str | None) -> None:
    """Look whether the farm's database is whole: the file, what belongs together, the sums.

    Says each problem in a sentence, and ends with 1 when there is one. It may run beside a server.
    """
    from brender.db.check import check  # noqa: PLC0415 (the database takes a moment to import)

    farm = settings(config, state)
    with told(as_json), progress("Checking") as tell:
        problems = list(check(farm.database, farm.state / "archive", tell))
    shown = "\n".join(problems or ["The database is whole."])
    Desk(Api(""), as_json).show({"ok": not problems, "problems": problems}, lambda: shown)
    sys.exit(1 if problems else 0)


@contextmanager
def told(as_json: bool = False) -> Iterator[None]:
    """What cannot be done ends the command with a sentence."""
    from brender.db.backup import CannotBackUp  # noqa: PLC0415 (the database takes a moment to import)
    from brender.db.engine import CannotOpen  # noqa: PLC0415

    try:
        yield
    except (CannotBackUp, CannotOpen) as error:
        fail(Failed(str(error), code="not-done"), as_json)


def beside_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.logs.tar")


def size(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:,.1f} MB"


# --- archives


@click.command()
@click.option("--older-than", metavar="AGE", help="Archive finished jobs that ended so long ago: 12h, 30d, 8w, 1y.")
@click.option("--to", "folder", metavar="FOLDER", default="", help="On the server's machine, instead of its own.")
@click.option("--list", "listed", is_flag=True, help="List what is archived, newest first.")
@click.option("--show", "shown", type=click.IntRange(min=1), metavar="JOB", help="All that the archive has of a job.")
@click.option("--restore", "back", type=click.IntRange(min=1), metavar="JOB", help="Put a job back into the farm.")
@asks_the_farm
def archive(
    desk: Desk, older_than: str | None, folder: str, listed: bool, shown: int | None, back: int | None
) -> None:
    """Move finished jobs out of the farm's database into compressed files, and back.

    As in: brender archive --older-than 30d
    """
    if sum((older_than is not None, listed, shown is not None, back is not None)) != 1:
        raise click.UsageError("Say one of --older-than AGE, --list, --show JOB and --restore JOB.")
    if older_than is not None:
        put_away(desk, older_than, folder)
    elif listed:
        answer = desk.api.get("/api/v1/archive", limit="1000")
        desk.show(answer["data"], lambda: list_of(answer))
    elif shown is not None:
        lines = desk.api.get(f"/api/v1/archive/{shown}")
        desk.show(lines, lambda: about(lines))
    else:
        job = desk.api.more_patient(LATER).post(f"/api/v1/archive/{back}/restore")
        desk.show(job, lambda: f"Job {job['id']} {job['name']} is back in the farm.")


def put_away(desk: Desk, age: str, folder: str) -> None:
    api = desk.api.more_patient(LATER)
    body = {"before": time.time() - seconds(age), "folder": folder}
    done: list[int] = []
    files: list[str] = []
    answer: dict[str, Any] = {"archived": [0], "left": 1}
    with progress("Archiving") as tell:
        while answer["archived"] and answer["left"]:
            answer = api.post("/api/v1/archive", body)
            done, files = [*done, *answer["archived"]], [*files, *answer["files"]]
            tell(len(done), len(done) + answer["left"])
    desk.show({"archived": done, "files": files}, lambda: archived(done, files, age))


def archived(jobs: list[int], files: list[str], age: str) -> str:
    if not jobs:
        return f"No finished job is older than {age}, or others wait for it."
    return f"{count(len(jobs), 'job')} archived in {' and '.join(files)}."


def seconds(age: str) -> float:
    found = DURATION.fullmatch(age.strip())
    if found is None:
        raise click.UsageError(f'"{age}" is no age: write a number and h, d, w or y, as in 30d.')
    return float(int(found[1]) * SECONDS[found[2]])


def list_of(answer: Any) -> str:
    rows = [[str(job["id"]), job["name"], job["state"], day(job["ended"]), job["file"]] for job in answer["data"]]
    if not rows:
        return "Nothing is archived yet."
    more = [f"These are the newest {len(rows)} of {answer['jobs']:,}."] if answer["jobs"] > len(rows) else []
    return "\n".join([table(COLUMNS, rows, width()), *more])


def about(lines: Any) -> str:
    job, orders = lines["job"], lines["orders"]
    steps = ", ".join(step["name"] for step in lines["steps"])
    return "\n".join([
        f"Job {job['id']} {job['name']}, {job['state']} {day(job['ended'])}, of {job['owner'] or 'nobody'}: {steps}.",
        f"{count(len(orders), 'order')}; all of it is in {lines['archive']} (--json shows it).",
    ])  # fmt: skip


def day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment).astimezone():%Y-%m-%d %H:%M}"
