"""`python -m bench.chaos`: faults by a seed, a table; exit code 1 when something was lost, run again or left over."""

import argparse
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from random import SystemRandom
from typing import Any

from rich.console import Console
from rich.table import Table
from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SkipTest

from bench.chaos import disk
from bench.chaos.database import Postgresql
from bench.chaos.plan import SERVER, plan
from bench.chaos.world import Outcome, World

reactor: Any = global_reactor
NAMES = ("alpha", "beta", "gamma", "delta")
SHOWN = 20  # sentences about what was wrong


def options(words: list[str]) -> argparse.Namespace:
    read = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    read.add_argument("--seed", type=int, default=SystemRandom().randrange(1_000_000), help="which faults happen when")
    read.add_argument("--faults", type=int, default=200)
    read.add_argument("--minutes", type=float, default=10.0)
    read.add_argument("--workers", type=int, default=3, choices=range(1, len(NAMES) + 1))
    read.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of its own, and not on SQLite")
    read.add_argument("--aloud", action="store_true", help="tell what happens while it does")
    return read.parse_args(words)


def main(words: list[str]) -> int:
    chosen = options(words)
    if not chosen.postgresql or os.geteuid() == 0:  # PostgreSQL is nobody's who only seems to be root
        disk.alone(["-m", "bench.chaos", *words])
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="brender-chaos-"))
    small = disk.SmallDisk(folder / SERVER)
    if not small.mount():
        console.print("Full disks are left out: this user may not mount one.")
    try:
        database = Postgresql() if chosen.postgresql else None
    except SkipTest as reason:
        console.print(f"Left out: {reason}")
        return 0
    try:
        return run(console, chosen, folder, small, database)
    finally:
        small.unmount()
        shutil.rmtree(folder, ignore_errors=True)


def run(
    console: Console, chosen: argparse.Namespace, folder: Path, small: disk.SmallDisk, database: Postgresql | None
) -> int:
    outcomes: list[Outcome | Failure] = []

    def play() -> None:
        names = NAMES[: chosen.workers]
        times = (chosen.seed, chosen.faults, 60 * chosen.minutes)
        faults = plan(*times, names, disk=small.there, database=database is not None)
        world = World(reactor, folder, small, names, chosen.seed, database=database, aloud=chosen.aloud)
        playing = Deferred.fromCoroutine(world.play(faults))
        playing.addBoth(outcomes.append).addBoth(lambda _: reactor.stop())

    reactor.callWhenRunning(play)
    reactor.run()
    if not outcomes:
        return 130  # Ctrl-C
    (outcome,) = outcomes
    if isinstance(outcome, Failure):
        outcome.raiseException()
    assert isinstance(outcome, Outcome)
    told(console, outcome, chosen, folder)
    return 1 if outcome.wrong else 0


def told(console: Console, outcome: Outcome, chosen: argparse.Namespace, folder: Path) -> None:
    console.print(*tables(outcome, chosen.seed), sep="\n")
    if not outcome.wrong:
        return
    for sentence in outcome.wrong[:SHOWN]:
        console.print(sentence, markup=False)
    kept = folder.with_name(f"brender-chaos-seed-{chosen.seed}")
    with suppress(shutil.Error):  # a socket cannot be copied
        shutil.copytree(folder, kept, symlinks=True, dirs_exist_ok=True)
    console.print(f"{len(outcome.wrong)} things are wrong. What happened when: {kept}/story.log", soft_wrap=True)
    also = " --postgresql" if chosen.postgresql else ""
    console.print(f"Again: --seed {chosen.seed} --faults {chosen.faults} --minutes {chosen.minutes:g}{also}")


def tables(outcome: Outcome, seed: int) -> tuple[Table, Table]:
    faults = Table("fault", "times", title=f"{outcome.happened.total()} faults in {outcome.seconds:.0f} s, seed {seed}")
    for kind, times in sorted(outcome.happened.items()):
        faults.add_row(kind, str(times))
    for kind, times in sorted(outcome.nobody_there.items()):
        faults.add_row(f"{kind}: there was none", str(times))
    counts = Table("counted from outside", "", title="what became of it")
    for name, number in outcome.counts.items():
        counts.add_row(name, f"{number:,}")
    for what, words in VIOLATIONS.items():
        counts.add_row(words, str(sum(each.startswith(what) for each in outcome.wrong)))
    return faults, counts


VIOLATIONS = {
    "Lost": "lost",
    "Again": "acknowledged, and run again",
    "Twice": "counted twice",
    "Unfinished": "jobs that did not end",
    "Left over": "processes and files left over",
    "Ended": "programs that ended by themselves",
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
