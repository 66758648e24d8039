"""Small texts that would become large: refused, in a sentence, before they have.

How does this work?  Each of `BOMBS` is handed in as a template, each of `LINES` read as a program's line; what that
takes of memory at most is measured by tracemalloc, which counts and does not guess.
"""

import json
import tracemalloc
from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.submission.planning import plan
from brender.farm.submission.problems import Refused
from brender.verbs.said.strict import parsed
from brender.verbs.said.unfit import Unfit
from tests.fakes import FRAMES

MOST = 100 * 2**20  # bytes that refusing anything may take
LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
BOMBS: dict[str, str] = {
    "a billion laughs": LAUGHS,
    "laughs that are keys": LAUGHS + "? *i\n: x\n",
    "merged laughs": "a: &a {x: 1}\n"
    + "".join(f"m{n}: &m{n} {{<<: [*a, *a, *a, *a], y{n}: 1}}\n" for n in range(2000)),
    "an alias of itself": "a: &a [*a]\n",
    "lists in lists": "[" * 100_000,
    "lists in lists that end": "[" * 5000 + "]" * 5000,
    "mappings in mappings": "{a: " * 5000 + "1" + "}" * 5000,
    "block after block": "".join(" " * depth + "a:\n" for depth in range(3000)),
    "a huge number": "a: " + "9" * 1_000_000 + "\n",
    "a huge hexadecimal number": "a: 0x" + "f" * 1_000_000 + "\n",
    "a number of base sixty": "a: " + ":".join(["59"] * 100_000) + "\n",
    "a huge power": "a: 1e999999999\n",
    "a million anchors": "".join(f"- &a{number} x\n" for number in range(300_000)),
    "a million documents": "---\n" * 300_000,
    "a long key": "? " + "k" * 1_000_000 + "\n: 1\n",
    "a python object": "a: !!python/object/apply:os.system [echo]\n",
    "binary": "a: !!binary " + "A" * 1_000_000 + "\n",
    "JSON in JSON": '{"a":' * 100_000,
    "JSON in JSON that ends": '{"a":' * 5000 + "1" + "}" * 5000,
    "a JSON number": '{"a": ' + "9" * 1_000_000 + "}",
    "many frames": FRAMES.replace("1-24", "1-9223372036854775806"),
    "many frames of many kinds": FRAMES.replace("1-24", ",".join(f"{n}-{n + 999_999}" for n in range(0, 10**9, 10**6))),
    "an empty one": "",
}
LINES = {
    "JSON in JSON": '{"a":' * 500_000,
    "lists": "[" * 500_000,
    "lists that end": "[" * 100_000 + "]" * 100_000,
    "a number": "[" + "9" * 1_000_000 + "]",
    "a fraction": "[0." + "9" * 1_000_000 + "e" + "9" * 1000 + "]",
    "names that are the same": "{" + ",".join(['"a":1'] * 100_000) + "}",
}


class Bombs(SynchronousTestCase):
    def test_templates_are_refused_before_they_grow(self) -> None:
        for name, text in BOMBS.items():
            with self.subTest(name):
                self.assertLess(peak(lambda text=text: self.refused(text)), MOST, name)  # type: ignore[misc]

    def refused(self, text: str) -> None:
        with self.assertRaises(Refused) as caught:
            plan(text, {})
        for problem in caught.exception.problems:
            self.assertLess(len(str(problem)), 2000)

    def test_lines_are_refused_before_they_grow(self) -> None:
        for name, text in LINES.items():
            with self.subTest(name):
                self.assertLess(peak(lambda text=text: self.unfit(text)), MOST, name)  # type: ignore[misc]

    def unfit(self, text: str) -> None:
        with self.assertRaises(Unfit) as caught:
            parsed(text.encode())
        self.assertLess(len(str(caught.exception)), 1000)

    def test_what_is_only_large_is_read(self) -> None:
        self.assertEqual(parsed(json.dumps({"a": ["x" * 100] * 10_000}).encode())["a"][0], "x" * 100)


def peak(work: Callable[[], object]) -> int:
    """The bytes that it took at most."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
