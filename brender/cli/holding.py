"""`brender hold` and `brender release`: whoever sits at a machine keeps it for themselves.

How does this work?  Both leave or take away a file in the state folder of this machine's worker, which looks for it
every few seconds, whether it can reach its server or not.  It stays over a restart.
"""

from pathlib import Path

import click

from brender.config import load
from brender.config.mistakes import BadSettings
from brender.worker.machine.sources import HOLD

FOLDER = click.Path(file_okay=False)
STATE = click.option("--state", type=FOLDER, help="The folder of this machine's worker, as it was given to that.")


@click.command()
@STATE
def hold(state: str | None) -> None:
    """Keep this machine: its worker takes nothing new."""
    path = folder_of_worker(state) / HOLD
    try:
        path.touch()
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error}. Ask as the user of the worker.") from None
    click.echo("This machine is yours: its worker takes nothing before you say brender release.")


@click.command()
@STATE
def release(state: str | None) -> None:
    """Let this machine work again."""
    path = folder_of_worker(state) / HOLD
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be removed: {error}. Ask as the user of the worker.") from None
    click.echo("This machine works for the farm again.")


def folder_of_worker(state: str | None) -> Path:
    try:
        folder = load(state=state).state
    except BadSettings as error:
        raise click.UsageError(str(error)) from None
    if not (folder / "worker-id").exists():
        raise click.ClickException(f"No worker was ever started with the folder {folder}: name its own with --state.")
    return folder
