"""The command `brender`.

How does this work?  `main` is a click group that knows in which module of this folder each command stands, and
imports it when it is called.  Those that ask a farm speak HTTP with its server (`api`); `server`, `worker` and
`demo` run one.  All end with 0 when it is done, 1 when it failed, and 2 when it was asked for in a wrong way.
"""

from importlib import import_module

import click

from brender import __version__
from brender.protocols.words import did_you_mean

MODULES = {  # in the order of the help: what a person needs first comes first
    "demo": "demo",
    "server": "running",
    "worker": "running",
    "submit": "submit",
    "jobs": "looking",
    "log": "looking",
    "why": "looking",
    "cancel": "changing",
    "pause": "changing",
    "resume": "changing",
    "retry": "again",
    "requeue": "again",
    "add": "again",
    "revise": "again",
    "approve": "changing",
    "forgive": "changing",
    "set": "changing",
    "clients": "looking",
    "enable": "changing",
    "disable": "changing",
    "hold": "holding",
    "release": "holding",
    "backup": "keeping",
    "restore": "keeping",
    "check": "keeping",
    "archive": "keeping",
    "simulate": "simulate",
    "db": "db",
}


class Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in MODULES:
            ctx.fail(f'No command "{cmd_name}"{did_you_mean(cmd_name, MODULES)}')
        module = import_module(f"brender.cli.{MODULES[cmd_name]}")
        commands = (each for each in vars(module).values() if isinstance(each, click.Command))
        return next(each for each in commands if each.name == cmd_name)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="brender", message="%(prog)s %(version)s")
def main() -> None:
    """A render farm: start a server, start workers, hand in a scene, watch the frames arrive."""
