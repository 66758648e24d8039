"""A small disk of its own, that can be filled and freed again.

How does this work?  A tmpfs is mounted in a mount namespace that only this program and what it starts have, so
nothing of it is left on the machine, whatever happens.  `alone` starts the program again in such a namespace, with
util-linux's `unshare`; who may not have one goes on without, and does without full disks.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

ALONE = "CHAOS_ALONE"  # set for the program that runs in a namespace of its own
SIZE = 64 * 2**20
BLOCK = 2**20


def alone(words: Sequence[str]) -> None:
    """Go on in a mount namespace of our own, if this machine allows it."""
    if ALONE in os.environ or not shutil.which("unshare"):
        return
    how = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*how, "true"], capture_output=True, check=False).returncode == 0:
        os.environ[ALONE] = "1"
        os.execvp(how[0], [*how, sys.executable, *words])


class SmallDisk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"
        self.there = False

    def mount(self) -> bool:
        """Make it; False, with nothing changed, when that is not allowed here."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if ALONE in os.environ:
            command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(self.folder)]
            self.there = subprocess.run(command, capture_output=True, check=False).returncode == 0
        return self.there

    def unmount(self) -> None:
        if self.there:
            subprocess.run(["umount", str(self.folder)], check=False)

    def fill(self) -> None:
        with suppress(OSError), self._filler.open("wb", buffering=0) as file:
            for block in (BLOCK, 4096, 1):
                self._write(file.fileno(), bytes(block))

    @staticmethod
    def _write(file: int, block: bytes) -> None:
        with suppress(OSError):
            while os.write(file, block):
                pass

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)
