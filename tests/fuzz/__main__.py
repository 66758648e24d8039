"""python -m tests.fuzz [TARGET...]: has atheris look for inputs that break a parser.

How does this work?  atheris rewrites what the targets import, once; then each target runs in a fork of its own, as
libFuzzer ends its process with the run.  What it has learnt lies in build/fuzz/TARGET and is gone on with the next
time.  An input that breaks something, takes more than `SLOWEST` seconds or makes the process larger than `LARGEST`
megabytes ends the run and is kept beside it: it belongs into test_found.py, and the parser is to be mended.  With
nothing named, all targets run one after the other.  Without atheris nothing runs, and that is no success.
"""

import argparse
import importlib.util
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fuzz.targets import Target

CHECKOUT = Path(__file__).resolve().parent.parent.parent
KEPT = CHECKOUT / "build" / "fuzz"
MILLION = 1_000_000
SLOWEST = 20  # seconds for one input, on a machine that does other things too
LARGEST = 2048  # megabytes
NO_ATHERIS = "atheris is not installed (there is none for this machine); nothing was tried."


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    asked.add_argument("targets", nargs="*", metavar="TARGET")
    asked.add_argument("--runs", type=int, help=f"inputs for each (default: {MILLION:,})")
    asked.add_argument("--seconds", type=int, default=0, help="end each after so long")
    asked.add_argument("--seed", type=int, default=0, help="0: another one each time")
    asked.add_argument("--fresh", action="store_true", help="do not go on with what earlier runs have learnt")
    options = asked.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print(NO_ATHERIS, file=sys.stderr)
        return 1
    return run_each(options)


def run_each(options: argparse.Namespace) -> int:
    import atheris  # noqa: PLC0415

    all_of_it = not options.targets or "template" in options.targets  # to watch more takes seconds of each start
    with atheris.instrument_imports(include=["brender", *(["openjd"] if all_of_it else [])]):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415

    broken = [name for name in options.targets or TARGETS if run(name, TARGETS[name], options)]
    print(f"fuzz: {'broken: ' + ', '.join(broken) if broken else 'nothing was broken'}")
    return bool(broken)


def run(name: str, target: "Target", options: argparse.Namespace) -> bool:
    """Whether something broke."""
    import atheris  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="brender-fuzz-") as folder:
        words = [
            *folders(name, Path(folder), options.fresh),
            f"-runs={options.runs or MILLION}",
            f"-max_total_time={options.seconds}",
            f"-seed={options.seed}",
            f"-max_len={target.longest}",
            f"-timeout={SLOWEST}",
            f"-rss_limit_mb={LARGEST}",
            "-print_final_stats=1",
            "-verbosity=1",
        ]
        print(f"fuzz: {name}", flush=True)
        child = os.fork()
        if child == 0:
            atheris.Setup([name, *words], target.run)
            atheris.Fuzz()  # does not come back
        return os.waitpid(child, 0)[1] != 0


def folders(name: str, temporary: Path, fresh: bool) -> list[str]:
    """Where to learn, what to begin with, and the words to try."""
    from tests.fuzz.seeds import SEEDS, WORDS  # noqa: PLC0415

    learnt = temporary / "learnt" if fresh else KEPT / name
    begin = temporary / "seeds"
    for folder in (learnt, begin):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[name]):
        (begin / str(number)).write_bytes(seed)
    quoted = ["".join(f"\\x{byte:02x}" for byte in of_bytes(word)) for word in WORDS[name]]
    (temporary / "words").write_text("".join(f'"{word}"\n' for word in quoted))
    KEPT.mkdir(parents=True, exist_ok=True)
    return [str(learnt), str(begin), f"-dict={temporary / 'words'}", f"-artifact_prefix={KEPT}/{name}-"]


def of_bytes(word: str) -> bytes:
    """Those below 256 stand for themselves: telnet's are no text."""
    try:
        return word.encode("latin-1")
    except UnicodeEncodeError:
        return word.encode()


if __name__ == "__main__":
    raise SystemExit(main())
