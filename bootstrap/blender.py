"""A Blender for this machine: the one on PATH, or Blender's Python module, or Debian's package.

How does this work?  A Blender on PATH that answers is taken.  Otherwise the wheel `bpy` goes into an environment
whose Python it was made for: .venv, or .blender beside it when .venv has another Python and there is a
fitting one on PATH.  The system libraries that the wheel takes for granted are asked for first.  Where no wheel
fits, Debian's package does.  What was found is remembered, so that the next run need not start Blender.
"""

import shutil
import subprocess
from pathlib import Path

from bootstrap import debian
from bootstrap.environment import Environment
from bootstrap.packages import PIP, Packages
from bootstrap.progress import Step, tell

WHEEL = "bpy == 4.5.*"  # the long-term version; a 5.x that somebody put there is left alone
WHEEL_PYTHON = "3.11"  # exactly


class Blender:
    """Looks for a Blender, and gets one when there is none."""

    def __init__(self, checkout: Path, environment: Environment) -> None:
        self._checkout = checkout
        self._environment = environment

    def make_ready(self) -> None:
        if self._is_known(program := shutil.which("blender")):
            return
        if program and self._answers(program):
            return
        if (home := self._home_of_the_module()) is not None:
            self._get_module(home)
        elif debian.install("Blender", ["blender"], "rendering, as there is no Blender module for this Python"):
            self._answers(shutil.which("blender") or "blender")

    def _is_known(self, program: str | None) -> bool:
        known = self._environment.recall("blender")
        if program and known == f"{program} {Path(program).stat().st_mtime}":
            return True
        return known.startswith("module ") and Path(known[7:]).exists() and not debian.missing_for_blender()

    def _answers(self, program: str) -> bool:
        """Whether a program says which Blender it is."""
        try:
            asked = subprocess.run([program, "--background", "--version"], stdin=subprocess.DEVNULL,
                                   capture_output=True, text=True, errors="replace", timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            tell("Blender", f"{program} does not start ({error}); looking elsewhere")
            return False
        if asked.returncode != 0 or not asked.stdout.startswith("Blender "):
            tell("Blender", f"{program} does not say its version (exit code {asked.returncode}); looking elsewhere")
            return False
        tell("Blender", f"{asked.stdout.splitlines()[0].removeprefix('Blender ')}, {program}")
        self._environment.remember("blender", f"{program} {Path(program).stat().st_mtime}")
        return True

    def _home_of_the_module(self) -> Environment | None:
        if self._environment.version == WHEEL_PYTHON:
            return self._environment
        python = shutil.which(f"python{WHEEL_PYTHON}")
        if python is None:
            return None
        home = Environment(self._checkout / ".blender")
        if (trouble := home.trouble()) is not None:
            home.make(python, trouble)
        return home

    def _get_module(self, home: Environment) -> None:
        if missing := debian.missing_for_blender():
            debian.install("system libraries", missing, "Blender's Python module")
        step = Step("Blender")
        if not any(home.site_packages.glob("bpy-*.dist-info")):
            packages = Packages(self._checkout, home)
            if home is not self._environment:
                packages.install(step, PIP)
            if not packages.install(step, "--progress-bar", "raw", WHEEL):
                step.failed("Blender's Python module could not be installed; put a blender on PATH, or run it again.")
        self._try_module(step, home)

    def _try_module(self, step: Step, home: Environment) -> None:
        ask = "import bpy; print(bpy.app.version_string)"
        if not step.run([str(home.python), "-c", ask], "starting it once"):
            step.failed("Blender's Python module does not start; its last lines are above.")
        step.done(f"{step.lines[-1]}, Python module in {home.folder.name}")
        found = next(home.site_packages.glob("bpy-*.dist-info"))
        self._environment.remember("blender", f"module {found}")
