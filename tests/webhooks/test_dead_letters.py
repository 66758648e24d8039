"""The file of what nobody has taken: it grows by lines, and not for ever."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.trial.unittest import TestCase

from brender.webhooks.dead_letters import DeadLetters


async def now(call: Callable[..., Any], *given: Any) -> Any:
    return call(*given)


class Burying(TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def bodies(self, name: str) -> list[int]:
        return [json.loads(line)["body"] for line in (self.folder / name).read_text().splitlines()]

    async def test_each_is_a_line_of_its_own_that_nobody_else_may_read(self) -> None:
        dead = DeadLetters(self.folder, now)
        await dead.bury([{"body": 1}, {"body": 2}])
        await dead.bury([{"body": 3}])
        self.assertEqual(self.bodies("webhooks-dead.jsonl"), [1, 2, 3])
        self.assertEqual(stat.S_IMODE(dead.path.stat().st_mode), 0o600)

    async def test_a_file_that_is_too_long_takes_the_place_of_the_one_before(self) -> None:
        dead = DeadLetters(self.folder, now, most=40)
        for number in range(1, 11):
            await dead.bury([{"body": number}])  # eleven bytes
        self.assertEqual(self.bodies("webhooks-dead.jsonl.1"), [7, 8, 9])
        self.assertEqual(self.bodies("webhooks-dead.jsonl"), [10])
        self.assertEqual(len(list(self.folder.iterdir())), 2)

    async def test_a_disk_that_cannot_be_written_stops_nobody(self) -> None:
        await DeadLetters(self.folder / "gone", now).bury([{"body": 1}])
        self.assertEqual(list(self.folder.iterdir()), [])
