"""What brender imports is installed with it.  The locks have all that setup.cfg asks for, each file by its hash, and do
not say where it comes from.
"""

import ast
import re
import sys
from configparser import ConfigParser
from importlib.metadata import packages_distributions

from packaging.requirements import Requirement
from packaging.version import Version
from twisted.trial.unittest import SynchronousTestCase

from bootstrap.supply import CHECKOUT, LOCKS, told

PIN = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[a-z,]+\])?==([^ ;]+)(?: ; ([^\\]+?))? \\$", re.MULTILINE)
OF_BLENDER = {"bpy"}  # every Blender has it


def wanted(*options: str) -> list[Requirement]:
    config = ConfigParser()
    config.read(CHECKOUT / "setup.cfg")
    texts = [config["options"]["install_requires"], *(config["options.extras_require"][each] for each in options)]
    found = [Requirement(line) for text in texts for line in text.splitlines() if line.strip()]
    return [each for each in found if each.marker is None]  # what is for some machines only has several versions


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported() -> set[str]:
    """The first names of all modules that the files of the package import, wherever in them."""
    found: set[str] = set()
    for path in (CHECKOUT / "brender").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))) if "node_modules" not in path.parts else ():
            if isinstance(node, ast.Import):
                found.update(each.name.partition(".")[0] for each in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found


class Needs(SynchronousTestCase):
    def test_what_brender_imports_is_installed_with_it(self) -> None:
        """Not only with its tests, or as what another package needs."""
        owners, needed = packages_distributions(), {plain(each.name) for each in wanted()}
        others = imported() - {*sys.stdlib_module_names, "brender", *OF_BLENDER}
        self.assertIn("twisted", others)
        missing = {name for name in others if needed.isdisjoint(map(plain, owners.get(name, ())))}
        self.assertEqual(missing, set(), "Add it to install_requires in setup.cfg, and make lock.")


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
