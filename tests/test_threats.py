"""The page of threats: every row names tests, which are there; the settings that it shows are those that there are."""

import re
import tomllib

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from brender.config.settings import StrangerSettings
from tests.effort import strangers
from tests.line.harness import CHECKOUT

PAGE = (CHECKOUT / "docs" / "threats.md").read_text()
ROW = re.compile(r"^\| (?!what|---)(.+) \|$", re.MULTILINE)


class Threats(SynchronousTestCase):
    def test_every_row_names_tests_that_are_there(self) -> None:
        rows = ROW.findall(PAGE)
        self.assertGreater(len(rows), 15)
        for row in rows:
            names = re.findall(r"`([\w.]+\.test_\w+)`", row.rpartition(" | ")[2])
            self.assertTrue(names, row)
            self.assertEqual(strangers(names), [])

    def test_the_settings_are_told_with_what_is_used_when_nothing_is_said(self) -> None:
        (block,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
        self.assertEqual(tomllib.loads(block)["strangers"], msgspec.to_builtins(StrangerSettings()))
