"""Runs a piece of a test with mounts of its own, which nobody else sees and which go with it.

How does this work?  `told` starts a Python under `unshare -m`; its program has what `BEFORE` imports and defines, the
test's folder, a folder of scenes, and says what it found by `tell`.  Only root may mount; where that is not allowed
the test is skipped.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest

from tests.worker.blender.harness import PROGRAMS

ROOT = PROGRAMS.rpartition("/brender/")[0]
BEFORE = """
import glob, json, os, subprocess, sys
from pathlib import Path
from tests.worker.blender.harness import Farm
folder, scenes = Path(sys.argv[1]), Path(sys.argv[2])
def mount(*words):
    subprocess.run(["mount", *map(str, words)], check=True)
def farm(scene, **values):
    return Farm(folder, {"Scene": str(scenes / (scene + ".blend")), **values})
def tell(found):
    print("\\ntold:" + json.dumps(found), flush=True)
"""


def told(program: str, folder: Path, scenes: Path) -> Any:
    if subprocess.run(["unshare", "-m", "true"], check=False, capture_output=True).returncode:
        raise SkipTest("Only root can mount.")
    command = ["unshare", "-m", sys.executable, "-c", BEFORE + program, str(folder), str(scenes)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    for line in reversed(ended.stdout.splitlines()):
        if line.startswith("told:"):
            return json.loads(line.removeprefix("told:"))
    raise AssertionError(ended.stdout + ended.stderr)
