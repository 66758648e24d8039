"""Every input that fuzzing has found to break something, by the target that it broke.

How does this work?  `FOUND` grows and never shrinks.  Each input is tried on its target, as `make fuzz` does it.  The
seeds are tried too, so that a machine without atheris at least runs the targets once.
"""

from collections.abc import Mapping, Sequence

from twisted.trial.unittest import SynchronousTestCase

from tests.fuzz.seeds import SEEDS, WORDS
from tests.fuzz.targets import TARGETS

FOUND: Mapping[str, Sequence[bytes]] = {
    "shell": [
        b"submit ~wh\x84\ry\r] 2\n\x00\x00\x00-2\rt=\nrreq\xff\xffushot_010=\n\xd0\x03j\xf3",  # the home of nobody
        b"submit ~nobody-at-all/shot.yaml\r\n",
    ],
    "template": [b"a<:\n?\n?\n:\n"],  # a field without a name, twice
    "json": [b'{"action": {}}', b'{"action": [1]}', b'{"action": null}'],  # of what cannot be a key
}


class Found(SynchronousTestCase):
    def test_nothing_of_it_breaks_anything_any_more(self) -> None:
        for name, inputs in FOUND.items():
            for data in inputs:
                TARGETS[name].run(data)

    def test_seeds_break_nothing(self) -> None:
        for name, inputs in SEEDS.items():
            for data in inputs:
                TARGETS[name].run(data)

    def test_every_target_has_seeds_and_words(self) -> None:
        self.assertEqual(set(SEEDS), set(TARGETS))
        self.assertEqual(set(WORDS), set(TARGETS))
