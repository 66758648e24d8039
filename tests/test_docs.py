"""The pages: tests that they name are there."""

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

TESTS = Path(__file__).resolve().parent
PAGES = TESTS.parent / "docs"
NAMED = re.compile(r"`(?:tests/((?:\w+/)*))?(test_\w+)(?:\.py)?(?:\.([A-Z]\w*))?(?:\.(test_\w+))?`")


def there(folder: str, module: str, kind: str, name: str) -> bool:
    """Whether a module of tests is there, in a folder if one is named, with this class and this test in it."""
    for path in TESTS.glob(f"{folder or '**/'}{module}.py"):
        text = path.read_text("utf-8")
        if (not kind or f"class {kind}(" in text) and (not name or f"def {name}(" in text):
            return True
    return False


class Named(SynchronousTestCase):
    def test_each_test_that_a_page_names_is_there(self) -> None:
        named = [(page.name, found) for page in PAGES.rglob("*.md") for found in NAMED.findall(page.read_text("utf-8"))]
        self.assertGreater(len(named), 50)
        self.assertEqual([each for each in named if not there(*each[1])], [])
