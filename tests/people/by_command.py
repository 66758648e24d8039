"""The command `brender`, in this process, asks the web of a farm at a real port.

How does this work?  `CommandPort` has the farm's web listen.  `ran` calls the program in a thread, as somebody who has
a token, and gives what it printed.  Most verbs have the words of the shell; `BY_HAND` has a line for each that has a
command of its own; `OF_NO_VERB` has those that ask a farm about something else, and what they need.
"""

import tempfile
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from click.testing import CliRunner
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from brender.cli import main
from brender.farm.people.users import Role
from tests.cli.case import Ran
from tests.people.at_ports import Listening
from tests.web.fakes import Web

Key = tuple[str, str]


class Line(NamedTuple):
    """What somebody types after `brender`, with FILE for that of a template, and then at its prompt."""

    words: Sequence[str]
    said: str = ""


BY_HAND: Mapping[Key, Line] = {
    ("job", "create"): Line(["create", "job", "FILE", "--name", "three", "--owner", "ada", "--priority", "60"]),
    ("invitation", "create"): Line(["join-token", "--uses", "20", "--expires", "1h", "--note", "the new room"]),
    ("user", "create"): Line(["user", "add", "cy", "--role", "wrangler", "--password-stdin"], "correct horse\n"),
    ("user", "update"): Line(["user", "password", "bo", "--password-stdin"], "correct horse\n"),
}


class Other(NamedTuple):
    words: Sequence[str]
    needs: Role
    by_script: bool = True  # also by an admin's token that is for looking at the farm alone


OF_NO_VERB = (
    Other(["farm"], Role.VIEWER),
    Other(["login"], Role.VIEWER),
    Other(["watch", "3"], Role.VIEWER, by_script=False),
    Other(["archive", "--list"], Role.VIEWER),
    Other(["archive", "--show", "3"], Role.VIEWER),
    Other(["archive", "--older-than", "30d"], Role.WRANGLER, by_script=False),
    Other(["archive", "--restore", "3"], Role.WRANGLER, by_script=False),
    Other(["archive", "--older-than", "30d", "--to", "/elsewhere"], Role.ADMIN, by_script=False),
    Other(["logout"], Role.VIEWER),
)
ASKS_NOTHING: Mapping[str, str] = {
    "demo": "it runs a farm of its own",
    "server": "it runs one",
    "worker": "it shows the server a certificate, and is nobody of the farm's people",
    "simulate": "its farm is in its own memory",
    "hold": "it leaves a file for the worker of this machine",
    "release": "it takes that away",
    "ca": "it has the keys of this machine's server, whose user it has to be",
    "backup": "it reads the database of this machine's server, whose user it has to be",
    "restore": "it writes that",
    "check": "it reads that",
    "db": "it moves that",
    "shell": "it is a face of the table",
    "help": "it tells of the commands",
    "man": "it tells of the commands",
    "completion": "it prints a script",
}


class CommandPort:
    def __init__(self, test: TestCase, web: Web) -> None:
        folder = tempfile.TemporaryDirectory(prefix="brender-test-")
        test.addCleanup(folder.cleanup)
        self._folder = folder.name
        self._url = f"http://127.0.0.1:{Listening(test, web.farm, web.site).number}"

    async def ran(self, token: str, words: Sequence[str], said: str = "") -> Ran:
        ran: Ran = await deferToThread(self._run, token, words, said)
        return ran

    def _run(self, token: str, words: Sequence[str], said: str) -> Ran:
        result = CliRunner().invoke(main, [*words], said, self._environment(token), prog_name="brender")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    def _environment(self, token: str) -> Mapping[str, str | None]:
        none = dict.fromkeys(("BRENDER_CONFIG", "BRENDER_STATE"))
        return {**none, "BRENDER_SERVER": self._url, "BRENDER_TOKEN": token or None, "XDG_CONFIG_HOME": self._folder}
