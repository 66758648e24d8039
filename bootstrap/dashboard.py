"""The pages: from their sources in brender/web/dashboard into the folder that the server hands out.

How does this work?  npm installs what they are made of and runs esbuild (`build.mjs`).  That is done again when a
source has changed, which a hash of all of them tells.  Where it cannot be, the server runs without pages, and its web
says so.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from bootstrap.environment import Environment
from bootstrap.npm import FromNpm
from bootstrap.progress import Step

WHAT = "pages"
WITHOUT = "they could not be built; the server runs without them, and its web says so."
MADE_BY_LINT = "api.d.ts"


class Dashboard:
    def __init__(self, checkout: Path, environment: Environment) -> None:
        self._folder = checkout / "brender" / "web" / "dashboard"
        self._built = checkout / "brender" / "web" / "static"
        self._environment = environment
        self._npm = FromNpm(checkout, environment, "brender/web/dashboard", "JavaScript for pages", WITHOUT)

    def make_ready(self) -> None:
        key = self._key()
        if self._environment.recall(WHAT) == key and (self._built / "index.html").exists():
            return
        if not self._npm.make_ready():
            return
        step = Step(WHAT)
        if self._npm.run(step, "building", "run", "build"):
            step.done(self._told())
            self._environment.remember(WHAT, key)
        else:
            self._npm.failed(step)

    def _told(self) -> str:
        sizes = [path.stat().st_size for path in self._built.iterdir()]
        return f"{len(sizes)} files, {sum(sizes) // 1024} KB"

    def _key(self) -> str:
        """Changes when a source does, or its name."""
        hashed = hashlib.sha256()
        for path in sorted(self._sources()):
            hashed.update(f"{path.relative_to(self._folder)}\0".encode() + path.read_bytes() + b"\0")
        return hashed.hexdigest()

    def _sources(self) -> Iterator[Path]:
        found = (path for path in self._folder.rglob("*") if "node_modules" not in path.parts)
        return (path for path in found if path.is_file() and path.name != MADE_BY_LINT)
