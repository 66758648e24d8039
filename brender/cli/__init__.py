"""The command `brender`.

How does this work?  `main` is a click group.  `MODULES` names the commands that are written by hand, and in which
module of this folder each stands; every other first word that the verbs know is a command made from them (`verbs`).
Modules are imported when they are called.  Those that ask a farm speak HTTP with its server (`brender.client`);
`server`, `worker` and `demo` run one.  All end with 0 when it is done, 1 when it failed, and 2 when it was asked for in
a wrong way.
"""

import os
from collections.abc import Mapping, Sequence
from importlib import import_module

import click

from brender import __version__
from brender.verbs.said.words import did_you_mean

MODULES = {
    "demo": "demo",
    "server": "running",
    "worker": "running",
    "submit": "submit",
    "plan": "submit",
    "farm": "looking",
    "watch": "looking",
    "hold": "holding",
    "release": "holding",
    "join-token": "joining",
    "ca": "authority",
    "shell": "shell",
    "backup": "keeping",
    "restore": "keeping",
    "check": "keeping",
    "archive": "keeping",
    "simulate": "simulate",
    "db": "db",
    "user": "people",
    "login": "people",
    "logout": "people",
    "help": "helping",
    "man": "helping",
    "completion": "completing",
}
RUNNING = ("demo", "server", "worker", "join-token", "ca", "shell", "hold", "release", "simulate")
KEEPING = ("user", "login", "logout", "backup", "restore", "check", "archive", "db")
HELPING = ("help", "man", "completion")


class Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for names in sections().values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in MODULES:
            module = import_module(f"brender.cli.{MODULES[cmd_name]}")
            commands = (each for each in vars(module).values() if isinstance(each, click.Command))
            return next(each for each in commands if each.name == cmd_name)
        from brender.cli import verbs  # noqa: PLC0415 (the verbs take a moment to import)

        if cmd_name.lower() in verbs.known():
            return verbs.command(cmd_name.lower())
        return ctx.fail(f'No command "{cmd_name}"{did_you_mean(cmd_name, [*MODULES, *verbs.known()])}')

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in sections().items():
            found = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(title):
                formatter.write_dl([(name, command.get_short_help_str(80)) for name, command in found if command])


def sections() -> Mapping[str, Sequence[str]]:
    """The commands as help has them; what people need first comes first."""
    from brender.cli import verbs  # noqa: PLC0415

    return {
        "Looking": [*verbs.looking(), "farm", "watch"],
        "Changing": ["submit", *verbs.changing()],
        "Running": RUNNING,
        "Keeping": KEEPING,
        "More": HELPING,
    }


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="brender", message="%(prog)s %(version)s")
def main() -> None:
    """A render farm: start a server, start workers, hand in a scene, watch the frames arrive.

    brender ITEM shows one (brender job 4), brender help ITEM tells of it, brender COMMAND --help of a command.
    """


if "_BRENDER_COMPLETE" in os.environ:  # a shell asks what may follow
    import_module("brender.cli.completing")
