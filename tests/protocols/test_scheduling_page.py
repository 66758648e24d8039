"""docs/scheduling.md and the program tell the same: settings, examples of the shell, examples of brender.toml."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

from twisted.trial.unittest import SynchronousTestCase

from brender.config.reading import read
from brender.farm.settings import ClientSettings, FarmSettings, JobSettings, Settings
from brender.protocols.commands import OWN
from brender.verbs.doing.submitting import Submission
from brender.verbs.known import VERBS
from brender.verbs.said.values import read as read_words
from brender.verbs.said.words import Word, split
from brender.verbs.typed import Vocabulary, understood

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scheduling.md"
PARIS = ZoneInfo("Europe/Paris")


class ThePage(SynchronousTestCase):
    def setUp(self) -> None:
        self.text = PAGE.read_text(encoding="utf-8")

    def section(self, title: str) -> str:
        return self.text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]

    def examples(self) -> list[list[Word]]:
        return [split(line) for line in re.findall(r"(?m)^> (.+)$", self.text)]

    def test_every_setting_has_its_row_and_every_row_its_setting(self) -> None:
        kinds: dict[str, type[Settings]] = {"a job": JobSettings, "a client": ClientSettings, "the farm": FarmSettings}
        for thing, kind in kinds.items():
            rows = re.findall(r"(?m)^\| `(\w+)` \|", self.section(f"Settings of {thing}"))
            self.assertEqual(rows, list(kind.__struct_fields__))

    def test_every_example_of_the_shell_can_be_read(self) -> None:
        self.assertGreater(len(self.examples()), 10)
        for words in self.examples():
            if words[0] == "submit":
                self.assertTrue(Submission.read(words[1:]).settings(PARIS))
            elif words[0] not in OWN:
                understood(words, VERBS, PARIS)

    def test_every_verb_that_changes_something_has_its_row(self) -> None:
        told = set(
            re.findall(r"`([a-z]+)", "".join(re.findall(r"(?m)^\| (.+?) \|", self.section("Changing one's mind"))))
        )
        self.assertEqual(told, {"set", "pause", "resume", "cancel", "retry", "requeue", "add", "revise",
                                           "approve", "forgive", "enable", "disable"})  # fmt: skip
        self.assertLessEqual(told, set(Vocabulary(VERBS).first))

    def test_every_example_of_the_settings_file_can_be_read(self) -> None:
        blocks = re.findall(r"(?ms)^```toml\n(.+?)^```", self.text)
        self.assertGreater(len(blocks), 2)
        for block in blocks:
            path = Path(self.mktemp())
            path.write_text(block, encoding="utf-8")
            self.assertNotEqual(read(path).farm, FarmSettings(zone=read(path).farm.zone))

    def test_values_are_written_as_the_page_says(self) -> None:
        rows = re.findall(r"(?m)^\| ([a-z ]+) \| (.+) \|$", self.section("How values are written"))
        keys = {"a list": "only", "counts": "limits", "jobs to come after": "after", "a time": "not_before",
                "seconds": "task_seconds", "a share": "fail_share", "yes or no": "preemptible"}  # fmt: skip
        seen = [(keys[what], text) for what, how in rows if what in keys for text in re.findall(r"`([^`]+)`", how)]
        self.assertEqual({key for key, _ in seen}, set(keys.values()))
        for key, text in seen:
            self.assertEqual(list(read_words(JobSettings, {key: text}, PARIS)), [key])
