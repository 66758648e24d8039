"""The table of addresses and docs/api.md tell the same."""

import re
from pathlib import Path

from twisted.trial.unittest import TestCase

from brender.web.archive import Archive
from brender.web.changes import Changes
from brender.web.clients import Clients
from brender.web.jobs import Jobs
from brender.web.pages import Pages
from brender.web.reasons import Reasons
from brender.web.routes import routes
from brender.web.stream import Streams
from brender.web.tree import Route
from brender.web.wrong import REASONS
from tests.fakes import SmallFarm

DOCS = Path(__file__).resolve().parents[2] / "docs" / "api.md"


class Table(TestCase):
    def table(self) -> list[Route]:
        farm = SmallFarm(self)
        service = farm.service
        clients = Clients(service, lambda views, _: list(views), "2.0")
        jobs, reasons = Jobs(service, lambda _: None), Reasons(service, farm.now)
        changes, archive = Changes(service), Archive(service, None)
        return routes(clients, jobs, changes, reasons, archive, Streams(service, farm.clock), Pages(service))

    def test_every_method_and_address_stands_in_the_table_once(self) -> None:
        every = [(route.method, path) for route in self.table() for path in (route.path, *route.also)]
        self.assertEqual(len(every), len(set(every)))

    def test_every_address_of_the_interface_is_described(self) -> None:
        text = DOCS.read_text(encoding="utf-8")
        described = set(re.findall(r"^### `([A-Z]+) (\S+)`$", text, re.MULTILINE))
        wanted = {(route.method, plain(route.path)) for route in self.table() if route.path.startswith("/api/")}
        self.assertEqual(described, wanted)

    def test_every_parameter_is_described(self) -> None:
        text = DOCS.read_text(encoding="utf-8")
        for route in self.table():
            if route.path.startswith("/api/"):
                section = text.partition(f"### `{route.method} {plain(route.path)}`")[2].partition("\n##")[0]
                for name in route.query:
                    self.assertIn(f"`{name}`", section, f"{route.method} {route.path}")
                for path in route.also:
                    self.assertIn(f"`{plain(path)}`", section, f"{route.method} {route.path}")

    def test_every_refusal_is_described(self) -> None:
        text = DOCS.read_text(encoding="utf-8")
        for status, code in REASONS.items():
            self.assertIn(f"| {status} | `{code}` |", text)


def plain(path: str) -> str:
    return re.sub(r"\{(\w+)\}", "ID", path)
