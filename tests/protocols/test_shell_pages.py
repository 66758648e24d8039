"""docs/shell.md and docs/json-lines.md and the program tell the same: every example is understood and answered so."""

# mypy: disable-error-code="no-untyped-call"

import json
import re
import shutil
from pathlib import Path
from typing import Any
from unittest import skipUnless
from zoneinfo import ZoneInfo

from twisted.internet import reactor as global_reactor
from twisted.internet.testing import StringTransport
from twisted.internet.utils import getProcessOutput
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.farm.client import Status
from brender.protocols.commands import OWN
from brender.protocols.conversation import Conversation
from brender.protocols.door import MOMENT, ShellFactory
from brender.protocols.json_lines import MOST_BYTES, JsonLines
from brender.protocols.shell import Shell
from brender.verbs.items.known import ITEMS
from brender.verbs.known import VERBS
from brender.verbs.said.requests import Wanted
from brender.verbs.said.strict import DEEPEST
from brender.verbs.said.words import split
from brender.verbs.typed import understood
from tests.fakes import SmallFarm

reactor: Any = global_reactor
PHP = shutil.which("php")
DOCS = Path(__file__).resolve().parents[2] / "docs"
UTC = ZoneInfo("UTC")


class TheShellsPage(SynchronousTestCase):
    def setUp(self) -> None:
        self.text = (DOCS / "shell.md").read_text(encoding="utf-8")

    def test_every_example_can_be_read(self) -> None:
        rows = re.findall(r"(?m)^\| [^|]+ \| (.+) \|$", self.text.partition("## Keys")[0])
        said = [line for row in rows for line in re.findall(r"`([^`]+)`", row) if "FILTER" not in line]
        lines = [*re.findall(r"(?m)^> (.+)$", self.text), *said]
        self.assertGreater(len(lines), 20)
        for line in lines:
            words = split(line)
            if words[0] not in OWN:
                self.assertTrue(understood(words, VERBS, UTC).request.action, line)

    def test_its_numbers_are_those_of_the_program(self) -> None:
        self.assertIn(f"plain lines of up to {Shell.MAX_LENGTH:,} bytes", self.text)


class TheProgramsPage(TestCase):
    def setUp(self) -> None:
        self.text = (DOCS / "json-lines.md").read_text(encoding="utf-8")
        self.farm = SmallFarm(self)

    async def test_every_example_is_answered_as_the_page_says(self) -> None:
        for name in ("render-01", "render-02"):
            await self.farm.client(name)
        lines: Conversation = JsonLines(self.farm.service, self.farm.now)
        transport = StringTransport()
        lines.makeConnection(transport)
        examples = re.findall(r"(?m)^> (\{.+)\n< (\{.+)$", self.text)
        self.assertGreater(len(examples), 7)
        for said, told in examples:
            transport.clear()
            lines.dataReceived(said.encode() + b"\n")
            answer, wanted = json.loads(transport.value().splitlines()[0]), json.loads(told)
            self.assertEqual(answer["ok"], wanted["ok"], said)
            self.assertLessEqual(set(wanted), set(answer), said)
            for one, other in zip(answer.get("data", []), wanted.get("data", []), strict=False):
                self.assertLessEqual(set(other), set(one), said)
            self.assertEqual(answer.get("error"), wanted.get("error"), said)

    @skipUnless(PHP, "There is no php on this machine: apt-get install php-cli.")
    async def test_what_it_has_in_php_works_with_the_real_php(self) -> None:
        clients = [await self.farm.client(name) for name in ("render-01", "render-02")]
        await self.farm.service.set_status(clients[:1], Status.DISABLED)
        factory = ShellFactory(self.farm.service, reactor, self.farm.now)
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        (program,) = re.findall(r"(?ms)^```php\n(.+?)^```", self.text)
        program = program.replace('"localhost", 6000', f'"127.0.0.1", {port.getHost().port}')
        said = await getProcessOutput(str(PHP), ["-r", program], errortoo=True)
        self.assertEqual(said, b"1 clients are disabled now\n")
        self.assertEqual({client.status for client in clients}, {Status.DISABLED})

    def test_every_field_item_and_number_is_there(self) -> None:
        for name in Wanted.__struct_fields__:
            self.assertIn(f"`{name}`", self.text)
        row = next(line for line in self.text.splitlines() if line.startswith("| `item` |"))
        self.assertEqual(set(re.findall(r"`(\w+)`", row)) - {"item"}, set(ITEMS))
        self.assertIn(f"waits {MOMENT} seconds", self.text)
        self.assertIn(f"at most {MOST_BYTES >> 20} MB", self.text)
        self.assertIn(f"no more than {DEEPEST} levels", self.text)
