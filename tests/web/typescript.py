"""python -m tests.web.typescript: checks the pages' TypeScript against the interface as this checkout has it.

How does this work?  The OpenAPI document is written, `openapi-typescript` makes types of it (`src/api.d.ts`), and `tsc`
checks every source with them.  Where npm could not install these there is nothing to check with, and that is said.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.line.harness import CHECKOUT
from tests.web.fakes import Web

DASHBOARD = CHECKOUT / "brender" / "web" / "dashboard"
PROGRAMS = DASHBOARD / "node_modules" / ".bin"


def main() -> int:
    if not PROGRAMS.is_dir():
        print("npm has not installed TypeScript: the pages are not checked.")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        document = Path(folder) / "openapi.json"
        document.write_bytes(interface())
        types = DASHBOARD / "src" / "api.d.ts"
        making: list[str | Path] = [PROGRAMS / "openapi-typescript", document, "--output", types]
        made = subprocess.run(making, cwd=DASHBOARD, check=False, capture_output=True, text=True)
    if made.returncode:
        print(made.stdout, made.stderr)
        return made.returncode
    return subprocess.run([PROGRAMS / "tsc", "--noEmit"], cwd=DASHBOARD, check=False).returncode


def interface() -> bytes:
    case = SynchronousTestCase()
    try:
        return Web(case).get("/api/v1/openapi.json").body  # type: ignore[arg-type]  # needs no more of a test than its end
    finally:
        case.doCleanups()


if __name__ == "__main__":
    sys.exit(main())
