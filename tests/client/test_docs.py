"""The programs of docs/python.md run, and mypy has nothing against them."""

import contextlib
import io
import os
import re
import sys
from pathlib import Path

from twisted.internet.utils import getProcessOutputAndValue
from twisted.trial.unittest import TestCase

from tests.client.case import ClientCase, reactor

DOCS = Path(__file__).resolve().parents[2] / "docs" / "python.md"


def programs() -> list[str]:
    return re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)


class Programs(ClientCase):
    def run_it(self, program: str) -> str:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(program.replace("http://127.0.0.1:8080", self.url), str(DOCS), "exec"), {"__name__": "docs"})
        return said.getvalue()

    async def test_the_first_looks_and_changes(self) -> None:
        made = await self.serve()
        said = await self.asked(lambda: self.run_it(programs()[0]))
        self.assertIn("2 2 ['render-01', 'render-02']", said)
        self.assertEqual(made.service.farm.jobs[5].priority, 80)
        self.assertEqual(made.service.farm.jobs[2].state, "canceled")

    async def test_the_second_waits(self) -> None:
        await self.serve()
        begin = programs()[0].partition("for ")[0]
        waiting = programs()[1][programs()[1].index("ended =") :]
        self.assertEqual(await self.asked(lambda: self.run_it(begin + waiting)), "completed\n")

    async def test_the_third_does_it_with_asyncio(self) -> None:
        made = await self.serve()
        self.assertEqual(await self.asked(lambda: self.run_it(programs()[2])), "completed\n")
        self.assertEqual(made.service.farm.jobs[1].state, "paused")


class Types(TestCase):
    timeout = 300

    async def mypy(self, program: str) -> tuple[int, str]:
        file = Path(self.mktemp()).with_suffix(".py").absolute()
        file.write_text(program, encoding="utf-8")
        checkout, command = DOCS.parents[1], ["-m", "mypy", "--strict", str(file)]
        out, err, code = await getProcessOutputAndValue(
            sys.executable, command, env=dict(os.environ), path=str(checkout), reactor=reactor
        )
        self.assertEqual(err, b"")
        return code, out.decode()

    async def test_mypy_has_nothing_against_them(self) -> None:
        first, second, third = programs()
        code, said = await self.mypy(f"{first}\n{second}\n{third.replace('farm = ', 'farm: AsyncFarm = ')}")
        self.assertEqual(code, 0, said)

    async def test_mypy_knows_what_is_wrong(self) -> None:
        cancel, show = "Farm().jobs.cancel(4, frames='1')", "x: str = Farm().jobs.show(4)"
        wrong = ("from brender.client import Farm", "", cancel, show)
        code, said = await self.mypy("\n".join(wrong))
        lines = {int(found) for found in re.findall(r":(\d+): error:", said)}
        self.assertEqual((code, lines), (1, {3, 4}), said)
