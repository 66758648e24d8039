"""The command `brender`.

How does this work?  `main` is a click group; each module of this folder declares a few of its commands.
Those that ask a farm speak HTTP with its server (`api`); `server`, `worker` and `demo` run one.  All end
with 0 when it is done, 1 when it failed, and 2 when it was asked for in a wrong way.
"""

import click

from brender import __version__
from brender.cli.changing import cancel, disable, enable, pause, resume
from brender.cli.demo import demo
from brender.cli.looking import clients, jobs, log
from brender.cli.running import server, worker
from brender.cli.submit import submit


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="brender", message="%(prog)s %(version)s")
def main() -> None:
    """A render farm: start a server, start workers, hand in a scene, watch the frames arrive."""


for command in (demo, server, worker, submit, jobs, log, cancel, pause, resume, clients, enable, disable):
    main.add_command(command)
