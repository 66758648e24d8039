"""`brender help` and `brender man`: what there is to know, on the terminal and as a page of the manual.

How does this work?  Both are made from the definitions: of the verbs, as the shell's help is, and of the commands that
are written by hand, as click has them.  `troff` writes pages.
"""

from pathlib import Path

import click

from brender.cli import MODULES, main, sections
from brender.cli.asking import say, wrong_use
from brender.cli.troff import about_command, about_everything, about_verbs
from brender.verbs.helping import explained
from brender.verbs.known import VERBS


@click.command("help")
@click.argument("words", nargs=-1, metavar="[WHAT]")
def help_command(words: tuple[str, ...]) -> None:
    """Tell more about a command, an item (help job), or filters."""
    context = click.get_current_context()
    if not words:
        click.echo(main.get_help(context.parent or context))
    elif words[0] in MODULES:
        command = main.get_command(context, words[0])
        assert command is not None
        click.echo(command.get_help(click.Context(command, info_name=words[0], parent=context.parent)))
    else:
        with wrong_use():
            say(explained(words, VERBS, MODULES))


@click.command()
@click.argument("command", required=False)
@click.option("--all", "folder", type=click.Path(file_okay=False, path_type=Path), help="Write all pages there.")
def man(command: str | None, folder: Path | None) -> None:
    """Print a page of the manual, for man -l.

    As in: brender man cancel | man -l -
    """
    if folder is None:
        click.echo(page(command), nl=False)
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name in (None, *(name for names in sections().values() for name in names)):
        file = folder / ("brender.1" if name is None else f"brender-{name}.1")
        file.write_text(page(name), encoding="utf-8")


def page(name: str | None) -> str:
    """Of a command, or the first one."""
    if name is None:
        return about_everything()
    command = main.get_command(click.get_current_context(), name)
    assert command is not None  # or it has failed
    return about_command(command) if name in MODULES else about_verbs(command)
