"""Which faults happen when: a list that a seed decides.

How does this work?  `plan` spreads so many faults over so many seconds.  Each has a kind, somebody to whom it happens
and a duration: mostly short, now and then longer than the farm waits for a lost worker.  Every kind comes before any
comes again.  Nobody meets a second fault before the first one is over.  The same seed gives the same list.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random
from typing import NamedTuple

SERVER, PEOPLE, DATABASE = "server", "people", "database"
BREATH = 1.0  # seconds between two faults of the same victim
START = 3.0  # seconds that a program takes to be back
FLOOR, USUAL, LONG = 0.1, 1.2, 8.0  # seconds
SELDOM = 0.15  # of all faults are long

AT_SERVER = ("kill server", "kill server", "stop server", "full disk")
AT_WORKER = (
    "kill worker",
    "kill worker",
    "stop worker",
    "kill nursery",
    "stop nursery",
    "kill session",
    "stop session",
    "cut connection",
    "dead connection",
    "slow connection",
    "reset connection",
)
AT_PEOPLE = ("dead connection", "reset connection")
AT_DATABASE = ("cut database", "kill database")
FULL_DISK = "full disk"


class Fault(NamedTuple):
    at: float  # seconds since the beginning
    kind: str
    whom: str
    seconds: float  # until it is mended


def plan(
    seed: int, faults: int, seconds: float, workers: Sequence[str], *, disk: bool, database: bool = False
) -> list[Fault]:
    """`faults` of them within about so many seconds; whether a `disk` can be filled, and a `database` be killed."""
    draw = Random(seed)
    possible = [each for each in kinds_of(workers) if disk or each[0] != FULL_DISK]
    kinds = drawn(draw, possible + [(kind, (DATABASE,)) for kind in AT_DATABASE if database])
    well = dict.fromkeys((SERVER, *workers, PEOPLE, DATABASE), 0.0)  # who is well again when
    planned: list[Fault] = []
    at = 0.0
    for kind, victims in islice(kinds, faults):
        at += draw.uniform(0.2, 1.8) * seconds / faults
        whom = draw.choice([each for each in victims if well[each] <= at] or [min(victims, key=well.__getitem__)])
        at = max(at, well[whom])
        planned.append(Fault(round(at, 3), kind, whom, duration(draw)))
        well[whom] = at + planned[-1].seconds + (START if kind.startswith("kill") else BREATH)
    return planned


def kinds_of(workers: Sequence[str]) -> list[tuple[str, Sequence[str]]]:
    """Every kind of fault, and who can meet it."""
    whom = ((AT_SERVER, (SERVER,)), (AT_WORKER, workers), (AT_PEOPLE, (PEOPLE,)))
    return [(kind, victims) for kinds, victims in whom for kind in kinds]


def drawn(draw: Random, kinds: list[tuple[str, Sequence[str]]]) -> Iterator[tuple[str, Sequence[str]]]:
    """Endlessly, each once before any comes again."""
    while True:
        yield from draw.sample(kinds, len(kinds))


def duration(draw: Random) -> float:
    most = LONG if draw.random() < SELDOM else USUAL
    return round(draw.uniform(FLOOR, most), 3)
