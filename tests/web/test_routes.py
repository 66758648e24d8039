"""The table of addresses and docs/api.md tell the same.

How does this work?  docs/api.md has a table of all addresses, made by `brender.web.addresses` from the verbs.  After a
change of the verbs, `python -m tests.web.test_routes` writes it anew.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from twisted.trial.unittest import TestCase

from brender.verbs.known import VERBS
from brender.verbs.verb import Which
from brender.web.addresses import BEGIN, END, described, plain
from brender.web.http.wrong import REASONS
from brender.web.tree import Route
from tests.web.fakes import Web

DOCS = Path(__file__).resolve().parents[2] / "docs" / "api.md"


class Table(TestCase):
    def table(self) -> Sequence[Route]:
        return Web(self).site.table

    def test_every_method_and_address_stands_in_the_table_once(self) -> None:
        every = [(route.method, path) for route in self.table() for path in (route.path, *route.also)]
        self.assertEqual(len(every), len(set(every)))

    def test_every_verb_has_an_address(self) -> None:
        rows = self.table()
        for verb in VERBS.values():
            found = {route.path for route in rows if getattr(route.handler, "args", ()) == (verb,)}
            self.assertTrue(found, verb.key)
            if verb.which in (Which.MANY, Which.ANY) and verb.name != "read":
                self.assertEqual(len(found), 2, verb.key)  # of one, and of many

    def test_every_address_of_the_interface_is_described(self) -> None:
        text = DOCS.read_text(encoding="utf-8")
        written = text.partition(BEGIN)[2].partition(END)[0].strip()
        self.assertEqual(written, described(self.table()), "python -m tests.web.test_routes writes the table anew")

    def test_what_is_told_of_an_address_is_told_of_one_that_there_is(self) -> None:
        text = DOCS.read_text(encoding="utf-8")
        told = set(re.findall(r"`((?:GET|POST|PATCH|DELETE) /\S+)`", text))
        known = {f"{route.method} {plain(path)}" for route in self.table() for path in (route.path, *route.also)}
        self.assertLessEqual(told, known)
        self.assertTrue(told)

    def test_every_refusal_is_described(self) -> None:
        text = DOCS.read_text(encoding="utf-8")
        for status, code in REASONS.items():
            self.assertIn(f"| {status} | `{code}` |", text)


def rewrite() -> None:
    """Write the table in docs/api.md anew."""
    case = Table()
    text = DOCS.read_text(encoding="utf-8")
    before, after = text.partition(BEGIN)[0], text.partition(END)[2]
    DOCS.write_text(f"{before}{BEGIN}\n\n{described(case.table())}\n\n{END}{after}", encoding="utf-8")
    case.doCleanups()


if __name__ == "__main__":
    rewrite()
