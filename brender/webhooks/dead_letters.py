"""What no receiver has taken: one line of JSON each, in a file that does not grow for ever.

How does this work?  `bury` appends lines to webhooks-dead.jsonl in the state folder, in the thread for files, so that a
slow disk holds up nobody.  A file that has become too long is put aside as webhooks-dead.jsonl.1, in place of the one
before: at most twice `MOST` is kept.  Each line has the body as it was to be sent, so a person can send it again.
"""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from twisted.logger import Logger

NAME = "webhooks-dead.jsonl"
MOST = 8 * 2**20  # bytes of one file


class DeadLetters:
    log = Logger()

    def __init__(self, folder: Path, later: Callable[..., Awaitable[Any]], most: int = MOST) -> None:
        self.path = folder / NAME
        self._later = later  # runs something in the thread for files
        self._most = most

    async def bury(self, letters: Sequence[Mapping[str, Any]]) -> None:
        lines = b"".join(msgspec.json.encode(letter) + b"\n" for letter in letters)
        try:
            await self._later(self._append, lines)
        except Exception as error:  # a full disk is no reason to stop the farm
            self.log.error("{count} undelivered events are lost: {error}", count=len(letters), error=error)

    def _append(self, lines: bytes) -> None:
        if self.path.exists() and self.path.stat().st_size + len(lines) > self._most:
            self.path.replace(self.path.with_name(f"{NAME}.1"))
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with open(file, "ab") as appending:
            appending.write(lines)
