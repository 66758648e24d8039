"""The folder .venv: is it whole, and if not, made anew.  And the memory of what was done in it.

How does this work?  A virtual environment that was left half made, was copied or moved, or whose Python
has gone or changed cannot be trusted and cannot be mended: `Environment.trouble` names what is wrong with
it and `Environment.make` makes a new one.  While something is written into it a mark lies there; one
that is still there at the next start says that the last set-up was ended in the middle.
`recall` and `remember` keep a key for each thing that was done, in one small JSON file.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrap.progress import Step

THIS_PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


class Environment:
    """A virtual environment that the set-up makes, fills and remembers things in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        self._memory = folder / "brender-setup.json"
        self._mark = folder / "brender-setup-unfinished"

    @property
    def version(self) -> str:
        """The Python of the environment, such as 3.11, as its own notes have it."""
        notes = self.folder / "pyvenv.cfg"
        lines = notes.read_text().splitlines() if notes.exists() else []
        words = [line.partition("=")[2].strip() for line in lines if line.startswith("version")]
        return ".".join(words[0].split(".")[:2]) if words else ""

    @property
    def site_packages(self) -> Path:
        return self.folder / "lib" / f"python{self.version}" / "site-packages"

    def trouble(self) -> str | None:
        """Why this environment has to be made (anew), or None when it is whole."""
        if not self.folder.exists():
            return "there is none yet"
        if self._mark.exists():
            return "the last set-up was ended in the middle"
        if not self.python.exists():
            return "its Python is gone"
        if not (self.site_packages / "pip").is_dir() or not (self.folder / "bin" / "pip").exists():
            return "it was left half made"
        return self._misfit()

    def _misfit(self) -> str | None:
        """Why an environment that is whole does not serve here."""
        if self._running_here() and self.version != THIS_PYTHON:
            return "its Python has changed"
        if os.environ.get("PYTHON") and self.version != THIS_PYTHON:
            return f"PYTHON asks for {THIS_PYTHON}, it has {self.version}"
        return None if self._was_made_here() else "it was made in another folder"

    def make(self, base: str, because: str) -> None:
        """Makes the environment with the Python `base`, in the place of whatever is there."""
        step = Step("environment")
        if self.folder.exists() and not (self.folder / "pyvenv.cfg").exists() and any(self.folder.iterdir()):
            step.failed(f"{self.folder} is in the way and is no virtual environment; move it elsewhere.")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        with self.changing():
            step.must([base, "-m", "venv", str(self.folder)], f"making {self.folder.name} ({because})",
                      f"{base} could not make a virtual environment; on Debian and Ubuntu: "
                      "sudo apt-get install python3-venv")
        step.done(f"{self.folder.name}, Python {self.version} ({because})")

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Marks the environment as unfinished while something is written into it."""
        self._mark.touch()
        try:
            yield
        except Exception:
            self._mark.unlink(missing_ok=True)  # the program ended by itself and left things in order
            raise
        self._mark.unlink(missing_ok=True)

    def recall(self, thing: str) -> str:
        try:
            return str(json.loads(self._memory.read_text()).get(thing, ""))
        except (OSError, ValueError):
            return ""

    def remember(self, thing: str, key: str) -> None:
        try:
            known = json.loads(self._memory.read_text())
        except (OSError, ValueError):
            known = {}
        whole = self._memory.with_suffix(".new")
        whole.write_text(json.dumps({**known, thing: key}, indent=1))
        os.replace(whole, self._memory)

    def _running_here(self) -> bool:
        return Path(sys.prefix) == self.folder

    def _was_made_here(self) -> bool:
        """The programs in an environment name its Python by its whole path."""
        return str(self.python.parent) in (self.folder / "bin" / "pip").read_text(errors="replace")


def base_python() -> str:
    """The Python that environments are made with: not the one of an environment that may go."""
    return str(getattr(sys, "_base_executable", sys.executable))
