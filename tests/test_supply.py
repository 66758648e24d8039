"""The locks: they have all that setup.cfg asks for, each file by its hash, and do not say where it comes from."""

import re
from configparser import ConfigParser

from packaging.requirements import Requirement
from packaging.version import Version
from twisted.trial.unittest import SynchronousTestCase

from bootstrap.supply import CHECKOUT, LOCKS, told

PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[a-z,]+\])?==([^ ;]+)(?: ; ([^\\]+?))? \\$", re.MULTILINE)


def wanted(*options: str) -> list[Requirement]:
    config = ConfigParser()
    config.read(CHECKOUT / "setup.cfg")
    texts = [config["options"]["install_requires"], *(config["options.extras_require"][each] for each in options)]
    found = [Requirement(line) for text in texts for line in text.splitlines() if line.strip()]
    return [each for each in found if each.marker is None]  # what is for some machines only has several versions


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


class Locks(SynchronousTestCase):
    def text(self, name: str) -> str:
        return (CHECKOUT / name).read_text()

    def pins(self, name: str) -> dict[str, Version]:
        return {plain(found[1]): Version(found[2]) for found in PIN.finditer(self.text(name))}

    def test_they_have_all_that_is_asked_for(self) -> None:
        for name, requirements in (("requirements.lock", wanted()), ("requirements-test.lock", wanted("test"))):
            pins = self.pins(name)
            for each in requirements:
                self.assertIn(plain(each.name), pins, f"{name} lacks {each.name}: make lock")
                self.assertIn(pins[plain(each.name)], each.specifier, f"{name} has another {each.name}: make lock")

    def test_every_package_has_its_hashes_and_nothing_else_is_there(self) -> None:
        for name in LOCKS:
            lines = [line for line in self.text(name).splitlines() if not line.startswith("#")]
            for line, following in zip(lines, [*lines[1:], ""], strict=True):
                if line.startswith(" "):
                    self.assertRegex(line, r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")
                else:
                    self.assertRegex(f"{line}\n", PIN)
                    self.assertTrue(following.startswith("    --hash=sha256:"), line)

    def test_no_index_is_named(self) -> None:
        for name in LOCKS:
            self.assertNotRegex(self.text(name), r"://|--index|--find-links|--trusted")

    def test_what_the_tests_need_is_more_than_brender_and_of_the_same_versions(self) -> None:
        runs, tests = self.pins("requirements.lock"), self.pins("requirements-test.lock")
        self.assertEqual({**tests, **runs}, tests)
        self.assertGreater(len(tests), len(runs))


class Audit(SynchronousTestCase):
    def test_what_is_known_fails_and_what_cannot_be_asked_does_not(self) -> None:
        self.assertEqual(told("a.lock", ["urllib3 1.0: PYSEC-1"], 3), ("a.lock", True))
        self.assertEqual(told("a.lock", [], 3), ("a.lock", False))
        self.assertEqual(told("a.lock", [], 0), ("a.lock", False))
