"""docs/machines.md and the program tell the same: examples of the shell and of brender.toml, sentences, numbers."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

from twisted.trial.unittest import SynchronousTestCase

from brender.cli import MODULES
from brender.config.reading import read
from brender.config.settings import WorkerSettings
from brender.farm.machines import power, presence
from brender.farm.scheduling.why import why_client, why_job
from brender.farm.settings import ClientSettings
from brender.protocols.commands import OWN
from brender.verbs.known import VERBS
from brender.verbs.said.words import split
from brender.verbs.typed import understood
from brender.worker.machine.power import LATE
from brender.worker.machine.presence import LOOK_EVERY
from brender.worker.machine.sources import STARTING
from tests.doubles import Rules, Stage

PAGE = Path(__file__).resolve().parents[2] / "docs" / "machines.md"


class ThePage(SynchronousTestCase):
    def setUp(self) -> None:
        self.text = PAGE.read_text(encoding="utf-8")

    def test_every_example_of_the_shell_can_be_read(self) -> None:
        examples = [split(line) for line in re.findall(r"(?m)^> (.+)$", self.text)]
        self.assertGreater(len(examples), 4)
        for words in examples:
            understood(words, VERBS, ZoneInfo("UTC"), OWN)

    def test_every_example_of_the_settings_file_can_be_read_and_is_not_as_it_is_unless_said(self) -> None:
        blocks = re.findall(r"(?ms)^```toml\n(.+?)^```", self.text)
        self.assertEqual(len(blocks), 3)
        for block in blocks:
            path = Path(self.mktemp())
            path.write_text(block, encoding="utf-8")
            settings = read(path)
            self.assertTrue(settings.worker != WorkerSettings() or settings.server.wake_port == 9)

    def test_every_command_is_one(self) -> None:
        self.assertEqual(re.findall(r"(?m)^\$ brender (\w+)", self.text), ["hold", "release"])
        self.assertLessEqual({"hold", "release"}, set(MODULES))

    def test_what_why_says_is_what_it_says(self) -> None:
        rules = Rules()
        client = rules.client(settings={"idle_seconds": 600}, macs=("00:1b:21:0a:0b:0c",))
        presence.told(rules.farm, client, False, 179.0, rules.now)
        self.assert_told(why_client(rules.farm, client, rules.now))
        client.settings = ClientSettings(wake=True)
        power.goes_off(rules.farm, client)
        rules.farm.leave(client, rules.now)
        rules.farm.last_job = 11
        job = rules.job(Stage())
        power.look(rules.farm, rules.now)
        self.assert_told(why_job(rules.farm, job, client.power.woken + 12))

    def assert_told(self, sentence: str) -> None:
        self.assertIn(sentence.replace("render-01", "desk-3"), self.text.splitlines())

    def test_its_numbers_are_those_of_the_program(self) -> None:
        numbers = ((power.WAKE_AGAIN, 300), (power.ON_ITS_WAY, 180), (power.SOON, 60), (LATE, 120), (LOOK_EVERY, 2))
        for ours, told in (*numbers, (STARTING, 180)):
            self.assertEqual(ours, told)
        for said in (
            "once in five minutes",
            "within three is not",
            "within a minute",
            "two minutes later",
            "every two seconds",
            "three minutes after the machine's start",
        ):
            self.assertIn(said, self.text)
