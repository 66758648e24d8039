"""`brender ca`: the farm's own CA, which its servers and workers trust.

How does this work?  It is made by the server when it first listens for other machines, and stays in its state folder.
All servers of a farm need the same: `export` writes it to a file that is carried to the other machine, `import` takes
it from there.  `new` is for a CA that is lost, or that somebody else may have: every worker has to join again.  A
server that runs goes on with the one that it has until it is started anew.
"""

import time
from pathlib import Path

import click

from brender.cli.keeping import looks_at_the_database, settings
from brender.security import secret_files
from brender.security.authority import FILE, PUBLIC, REPLACES, Authority, keep
from brender.security.problems import NotSecure

ANEW = "Start the server anew, so that it uses it."


@click.group()
def ca() -> None:
    """Show the farm's own CA, and carry it from one server to another."""


def read(path: Path, missing: str) -> Authority:
    try:
        content = secret_files.read(path)
        if content is None:
            raise click.ClickException(missing)
        return Authority.read(content, str(path))
    except (NotSecure, OSError) as error:
        raise click.ClickException(str(error)) from None


def own(state: Path) -> Authority:
    path = state / secret_files.FOLDER / FILE
    return read(path, f"There is no CA in {path}: a server makes it when it first listens for other machines.")


@ca.command()
@looks_at_the_database
def show(config: str | None, state: str | None) -> None:
    """Tell its fingerprint, until when it is good, and where its certificate is."""
    folder = settings(config, state).state
    found = own(folder)
    click.echo(f"fingerprint  {found.fingerprint}")
    click.echo(f"good until   {found.certificate.not_valid_after_utc:%Y-%m-%d}")
    click.echo(f"certificate  {folder / secret_files.FOLDER / PUBLIC}")


@ca.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@looks_at_the_database
def export(file: Path, config: str | None, state: str | None) -> None:
    """Write its key and certificate to a file for another server of the farm.

    Whoever has that file can let machines into the farm: delete it when it was imported.
    """
    found = own(settings(config, state).state)
    if file.exists():
        raise click.ClickException(f"{file} is there already.")
    try:
        secret_files.write(file.absolute(), found.pem)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error}.") from None


@ca.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Also where this server has another one.")
@looks_at_the_database
def import_(file: Path, replace: bool, config: str | None, state: str | None) -> None:
    """Take it from a file that was written on another server of the farm."""
    folder = settings(config, state).state
    found = read(file, f"There is no file {file}.")
    try:
        path = secret_files.folder_in(folder) / FILE
        if path.exists() and not replace and own(folder).fingerprint != found.fingerprint:
            raise click.ClickException(f"This server has another CA, {path}; --replace puts the new one in its place.")
        keep(found, path.parent)
    except OSError as error:
        raise click.ClickException(f"It cannot be kept: {error}.") from None
    click.echo(f"This server has the CA {found.fingerprint}. {ANEW}")


@ca.command()
@click.confirmation_option(prompt="Every worker has to join the farm again. Make a new CA?")
@looks_at_the_database
def new(config: str | None, state: str | None) -> None:
    """Make another one in its place: every worker has to join again."""
    try:
        folder = secret_files.folder_in(settings(config, state).state)
        made = Authority.made(time.time())
        secret_files.write(folder / REPLACES, b"")
        keep(made, folder)
    except OSError as error:
        raise click.ClickException(f"It cannot be made: {error}.") from None
    click.echo(f"This server has the CA {made.fingerprint}. {ANEW}")
