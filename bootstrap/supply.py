"""python -m bootstrap.supply lock|audit: which versions of other people's packages, by hash; and what is known of them.

How does this work?  `lock` has uv find one set of versions for every Python from 3.11 on and writes the locks: what
brender needs, and what its tests need besides, each with the hashes of all its files, so that a machine of any kind can
check what it gets.  They name no index.  `audit` asks pip-audit and npm whether there are advisories about what the
locks name.  Where their sources cannot be reached it says so, and is no failure.  The programs have an environment of
their own in build/supply, which is made the first time that they are wanted.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bootstrap.environment import Environment, base_python
from bootstrap.packages import Packages
from bootstrap.progress import SetupFailed, Step, tell

CHECKOUT = Path(__file__).resolve().parent.parent
OLDEST = "3.11"
LOCKS: dict[str, Sequence[str]] = {
    "requirements.lock": (),
    "requirements-test.lock": ("--extra", "test", "--constraints", "requirements.lock"),
}
HEAD = "# Made by `make lock` from setup.cfg. To install by it: pip install --require-hashes -r {name}\n"
UNREACHABLE = "its source of advisories cannot be reached from here; skipped."
PATIENCE = 600.0  # seconds


class Supply:
    def __init__(self, checkout: Path, environment: Environment) -> None:
        self._checkout = checkout
        self._environment = environment
        self._packages = Packages(checkout, environment)

    def lock(self) -> None:
        uv = self._program("uv")
        for name, extra in LOCKS.items():
            step = Step(name)
            file = self._checkout / name
            command = [uv, "pip", "compile", "--universal", "--python-version", OLDEST, "--generate-hashes",
                       "--no-emit-index-url", "--no-header", "--no-annotate", "--upgrade", "--quiet", *extra,
                       "--output-file", str(file), "setup.cfg"]
            step.must(command, "finding versions", "uv found no set of versions; its last lines are above.")
            file.write_text(HEAD.format(name=name) + file.read_text())
            step.done(f"{file.read_text().count('==')} packages")

    def audit(self) -> bool:
        """Whether nothing is known against any of it."""
        return not [name for name, known in [*self._python(), *self._javascript()] if known]

    def _python(self) -> list[tuple[str, bool]]:
        program = self._program("pip-audit")
        return [self._of_python(program, name) for name in LOCKS]

    def _of_python(self, program: str, name: str) -> tuple[str, bool]:
        command = [program, "-r", name, "--disable-pip", "--require-hashes", "--progress-spinner", "off", "-f", "json"]
        report = self._report(command).get("dependencies", [])
        asked = [each for each in report if "skip_reason" not in each]
        wrong = [f"{each['name']} {each['version']}: {vuln['id']}" for each in asked for vuln in each["vulns"]]
        return told(name, wrong, len(asked))

    def _javascript(self) -> list[tuple[str, bool]]:
        locks = sorted(path for path in self._checkout.rglob("package-lock.json") if "node_modules" not in path.parts)
        npm = shutil.which("npm") or str(self._checkout / ".venv" / "bin" / "npm")
        if not Path(npm).exists():
            tell("npm audit", "there is no npm here; skipped.")
            return []
        return [self._of_javascript(npm, path) for path in locks]

    def _of_javascript(self, npm: str, path: Path) -> tuple[str, bool]:
        report = self._report([npm, "audit", "--json", "--package-lock-only", "--prefix", str(path.parent)])
        wrong = [f"{name}: {each['severity']}" for name, each in report.get("vulnerabilities", {}).items()]
        asked = report.get("metadata", {}).get("dependencies", {}).get("total", 0)
        return told(str(path.relative_to(self._checkout)), wrong, asked)

    def _report(self, command: Sequence[str]) -> dict[str, Any]:
        """What a program tells in JSON; empty when it tells nothing of the kind."""
        try:
            how: dict[str, Any] = {"cwd": self._checkout, "capture_output": True, "timeout": PATIENCE}
            report = json.loads(subprocess.run(command, check=False, **how).stdout)
        except (OSError, subprocess.TimeoutExpired, ValueError):
            return {}
        return report if isinstance(report, dict) else {}

    def _program(self, name: str) -> str:
        if (trouble := self._environment.trouble()) is not None:
            self._environment.make(base_python(), trouble)
        program = self._environment.folder / "bin" / name
        if not program.exists():
            step = Step(name)
            if not self._packages.install(step, name):
                step.failed(f"pip could not install {name}.")
            step.done("installed")
        return str(program)


def told(name: str, wrong: Sequence[str], asked: int) -> tuple[str, bool]:
    """One lock, and whether anything is wrong with it."""
    if not asked:
        tell(name, UNREACHABLE)
    for each in wrong:
        tell(name, each)
    if asked and not wrong:
        tell(name, f"nothing is known against its {asked} packages")
    return name, bool(wrong)


def main(words: Sequence[str]) -> int:
    supply = Supply(CHECKOUT, Environment(CHECKOUT / "build" / "supply"))
    try:
        if list(words) == ["lock"]:
            supply.lock()
            return 0
        if list(words) == ["audit"]:
            return not supply.audit()
    except SetupFailed as failure:
        print(f"It stopped: {failure}", file=sys.stderr)
        return 1
    print("python -m bootstrap.supply lock|audit", file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
