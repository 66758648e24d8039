"""A whole server, in a process of its own, with webhooks in its brender.toml."""

import os
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.config import load
from brender.config.mistakes import BadSettings
from brender.config.reading import read
from brender.config.telling import show
from tests import test_tap
from tests.webhooks.receiver import SECRET, Receiver, until

reactor: Any = global_reactor
HOOK = """
[[webhooks]]
url = "{url}"
secret = "{secret}"
{more}
"""


class AServerWithWebhooks(TestCase):
    def setUp(self) -> None:
        self.receiver = Receiver(self)
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()

    def start(self, more: str = "") -> tuple[test_tap.Server, Any]:
        path = self.folder / "brender.toml"
        local = test_tap.SETTINGS.format(shell=0, workers="tcp:0:interface=127.0.0.1")
        path.write_text(local + HOOK.format(url=self.receiver.url, secret=SECRET, more=more))
        server = test_tap.Server()
        command = [sys.executable, "-c", test_tap.PROGRAM, str(path), str(self.folder / "state")]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
        process = reactor.spawnProcess(server, command[0], command, environment)

        async def end() -> None:
            if not server.ended.called:
                process.signalProcess("KILL")
                await server.ended

        self.addCleanup(end)
        return server, process

    async def test_the_last_that_its_receivers_hear_is_that_it_stops(self) -> None:
        server, process = self.start()
        await server.ready()
        process.signalProcess("TERM")
        self.assertEqual(await server.ended, 0)
        await until(lambda: bool(self.receiver.got))
        last = self.receiver.got[-1].json
        self.assertEqual((last["event"], last["data"]["state"]), ("farm", "stopping"))

    async def test_a_filter_that_cannot_be_is_wrong_use(self) -> None:
        server, _ = self.start('kinds = ["job"]\nfilter = "state=fnished"')
        self.assertEqual(await server.ended, 2)
        self.assertRegex(server.problem, "brender.toml .* have a mistake: The filter of webhook 1 cannot be used: .*")


class InTheFile(SynchronousTestCase):
    def path(self, text: str) -> Path:
        path = Path(self.mktemp())
        path.write_text(text)
        return path

    def hook(self, url: str = "https://example.org/farm", secret: str = SECRET, more: str = "") -> Path:
        return self.path(HOOK.format(url=url, secret=secret, more=more))

    def wrong(self, path: Path) -> str:
        return str(self.assertRaises(BadSettings, read, path)).partition(" have a mistake ")[2]

    def test_a_receiver_hears_of_jobs_and_of_the_farm_unless_it_says_otherwise(self) -> None:
        (hook,) = read(self.hook()).webhooks
        self.assertEqual((hook.kinds, hook.filter), (("job", "farm"), ""))
        (hook,) = read(self.hook(more='kinds = ["client"]\nfilter = "pool=gpu"')).webhooks
        self.assertEqual((hook.kinds, hook.filter), (("client",), "pool=gpu"))

    def test_every_mistake_is_told_with_its_line(self) -> None:
        self.assertIn("in line 4: secret has to be text in quotes of", self.wrong(self.hook(secret="short")))
        self.assertIn("in line 5: an item of kinds has to be", self.wrong(self.hook(more='kinds = ["task"]')))
        self.assertIn("in line 5: there is no setting", self.wrong(self.hook(more='filtr = "x"')))
        for url in ("example.org", "ftp://example.org", "https://ada:secret@example.org/", "https://example.org/a b"):
            self.assertIn("in line 3: url has to be an address such as", self.wrong(self.hook(url=url)), url)

    def test_the_secret_is_not_shown(self) -> None:
        shown = show(load(str(self.hook()), "s"))
        self.assertNotIn(SECRET, shown)
        self.assertIn('[[webhooks]]\nurl = "https://example.org/farm"\nsecret = "****************"', shown)
        again = self.path("\n".join(shown.splitlines()[2:]))
        self.assertEqual(read(again).webhooks[0].kinds, ("job", "farm"))
