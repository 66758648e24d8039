"""What pip installs into .venv: build tools, brender's dependencies, and brender itself as links.

How does this work?  brender is installed as an editable package in setuptools' strict mode, the only
editable one that `twistd` finds plugins of: links to the files of this checkout, so that what is edited runs
at once.  A file that is added or taken away needs new links, which takes two seconds; a changed
setup.cfg needs pip to look at the dependencies.  Both are noticed by a key and done by themselves.
"""

import hashlib
import tomllib
from pathlib import Path

from bootstrap.environment import Environment
from bootstrap.progress import Step

PIP = "pip >= 24.1"  # tells its progress to a program
LEFT_OUT = {"__pycache__", "node_modules"}
NO_NETWORK = "pip could not install it; its last lines are above. When the network is back, run it again."


class Packages:
    """The Python packages of one checkout, in one environment."""

    def __init__(self, checkout: Path, environment: Environment) -> None:
        self._checkout = checkout
        self._environment = environment

    def make_ready(self, for_tests: bool) -> None:
        thing, key = ("packages for tests" if for_tests else "packages"), self._dependencies_key()
        if key not in (self._environment.recall(thing), self._environment.recall("packages for tests")):
            self._install_tools()
            self._install("Python packages", ".[test]" if for_tests else ".")
            self._environment.remember(thing, key)
        elif self._environment.recall("files") != self._files_key() or not self._is_linked():
            self._install("brender's files", ".", "--no-deps")
        else:
            return
        self._environment.remember("files", self._files_key())

    def install(self, step: Step, *requirements: str) -> bool:
        """Has pip install into the environment, and tells whether it did."""
        command = [str(self._environment.python), "-m", "pip", "install", "--disable-pip-version-check",
                   "--no-input", *requirements]
        with self._environment.changing():
            return step.run(command, "asking pip")

    def _install_tools(self) -> None:
        with (self._checkout / "pyproject.toml").open("rb") as file:
            tools = [PIP, *tomllib.load(file)["build-system"]["requires"]]
        step = Step("build tools")
        if not self.install(step, *tools):
            step.failed(NO_NETWORK)
        step.done(", ".join(tools))

    def _install(self, what: str, project: str, *options: str) -> None:
        step = Step(what)
        if not self.install(step, "--no-build-isolation", "--progress-bar", "raw", *options, "--editable", project):
            step.failed(NO_NETWORK)
        step.done(f"{self._count()} packages in {self._environment.folder.name}" if not options else "linked")

    def _count(self) -> int:
        return len(list(self._environment.site_packages.glob("*.dist-info")))

    def _dependencies_key(self) -> str:
        texts = [(self._checkout / name).read_bytes() for name in ("setup.cfg", "pyproject.toml")]
        return hashlib.sha256(b"\0".join([*texts, self._environment.version.encode()])).hexdigest()

    def _files_key(self) -> str:
        """Changes when a file of the package comes or goes, not when one is edited."""
        files = (path for path in (self._checkout / "brender").rglob("*") if not LEFT_OUT & {*path.parts})
        names = sorted(str(path.relative_to(self._checkout)) for path in files)
        return hashlib.sha256("\n".join(names).encode()).hexdigest()

    def _is_linked(self) -> bool:
        """The links lie in build/, which somebody may have cleared away."""
        return any((self._checkout / "build").glob("__editable__.brender-*"))
