"""python -m bootstrap [--test]: makes this checkout ready; does nothing when it is."""

import argparse
import fcntl
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bootstrap import debian
from bootstrap.blender import Blender
from bootstrap.dashboard import Dashboard
from bootstrap.environment import Environment, base_python
from bootstrap.npm import FromNpm
from bootstrap.packages import Packages
from bootstrap.progress import SetupFailed, took

CHECKOUT = Path(__file__).resolve().parent.parent


def main() -> int:
    asked = argparse.ArgumentParser(prog="bootstrap", description=__doc__)
    asked.add_argument("--test", action="store_true", help="also what the tests need")
    options = asked.parse_args()
    try:
        with one_at_a_time():
            make_ready(options.test)
    except SetupFailed as failure:
        print(f"The set-up stopped: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe set-up was stopped; the next one begins where it has to.", file=sys.stderr)
        return 130
    return 0


def make_ready(for_tests: bool) -> None:
    began = time.monotonic()
    environment = Environment(CHECKOUT / ".venv")
    first = environment.trouble()
    if first is not None:
        print(f"brender · set-up of {CHECKOUT}, done once", flush=True)
        environment.make(base_python(), first)
    packages = Packages(CHECKOUT, environment)
    packages.make_ready(for_tests)
    Dashboard(CHECKOUT, environment).make_ready()
    packages.make_ready(for_tests)  # links to the pages, where they are new
    Blender(CHECKOUT, environment).make_ready()
    if for_tests:
        programs_for_tests()
        FromNpm(CHECKOUT, environment).make_ready()
    if first is not None:
        print(f"Ready after {took(began)}.", flush=True)


def programs_for_tests() -> None:
    missing = debian.missing_for_tests()
    there = missing and debian.install("programs for tests", missing, "tests, which are skipped without them")
    if there and "nginx" in missing:
        debian.leave_off("nginx")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two set-ups of one checkout would write into one folder: the second waits for the first."""
    with (CHECKOUT / "setup.cfg").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up of this checkout is running; waiting for it.", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    raise SystemExit(main())
