"""`brender server` and `brender worker`: run a part of a farm in this process.

How does this work?  The same code as under `twistd`, without its daemon: `tap` does all the wiring.
"""

import sys

import click

from brender.config import load
from brender.config.mistakes import BadSettings
from brender.config.telling import show

FILE = click.Path(dir_okay=False)
FOLDER = click.Path(file_okay=False)


def tell(config: str | None, state: str | None) -> None:
    """What would be used, and where it comes from."""
    try:
        click.echo(show(load(config, state)))
    except BadSettings as error:
        raise click.UsageError(str(error)) from None


@click.command()
@click.option("--config", type=FILE, help="The settings, instead of the brender.toml that is found.")
@click.option("--state", type=FOLDER, help="The folder for the database and the logs.")
@click.option("--show-config", is_flag=True, help="Tell what would be used, and why; start nothing.")
def server(config: str | None, state: str | None, show_config: bool) -> None:
    """Run the server: shell, port for workers, web."""
    if show_config:
        return tell(config, state)
    from brender import tap  # noqa: PLC0415 (installs the reactor)

    sys.exit(tap.run(config, state))


@click.command()
@click.argument("address", metavar="[SERVER]", required=False)
@click.option("--server", "named", metavar="HOST:PORT", help="The same as SERVER; several with commas between.")
@click.option("--name", help="What this machine is called in the farm, instead of its host name.")
@click.option("--slots", type=click.IntRange(min=1), help="How many tasks at once, instead of one for each core.")
@click.option("--config", type=FILE, help="The settings, instead of the brender.toml that is found.")
@click.option("--state", type=FOLDER, help="The folder for this worker's identity and scratch files.")
@click.option("--join", metavar="TOKEN", help="Join the farm, once; @FILE has the token in it.")
@click.option("--keep-folders", type=click.IntRange(min=0), help="How many folders of failed tasks are kept.")
@click.option("--show-config", is_flag=True, help="Tell what would be used, and why; start nothing.")
def worker(
    *,
    address: str | None,
    named: str | None,
    name: str | None,
    slots: int | None,
    config: str | None,
    state: str | None,
    keep_folders: int | None,
    join: str | None,
    show_config: bool,
) -> None:
    """Run a worker for the server at HOST:PORT, or in the settings.

    Of several addresses, with commas between, it uses the one that answers.
    """
    if show_config:
        return tell(config, state)
    if address and named and address != named:
        raise click.UsageError("The server is named twice, differently.")
    from brender.worker import tap  # noqa: PLC0415 (installs the reactor)

    sys.exit(tap.run(address or named, name, slots, state, config, keep_folders, join))
