"""Filters: how fast they choose among 10,000 clients, and how long the worst texts take for each of their characters.

How does this work?  Simple filters are read once and asked of 10,000 views, and the best of several times counts.
Texts that are made to be slow (nested, long lists, stars after stars, hundreds of comparisons) are read, made into a
function and asked of 1,000 views, written, and completed; the slowest of them counts.  It is the processor's time:
nothing here waits.
"""

from collections.abc import Callable, Iterable
from datetime import UTC
from functools import partial
from pathlib import Path
from time import process_time

from bench.figures import TIMES, Figure, figure
from brender.farm.machines.load import UNKNOWN
from brender.farm.settings import ClientSettings
from brender.farm.views.things import ClientView
from brender.verbs.filters import BadFilter, Language, matching, parse, suggest, written
from brender.verbs.filters.conditions import LONGEST
from brender.verbs.items.attributes import attributes_of

CLIENTS = Language(attributes_of(ClientView), thing="client", aliases={"pool": "pools"})
NOW = 1_795_716_000.0
SIMPLE = ("online", "render-00*", "memory>=32GB", "pool=gpu", "id=100-200")
WORST = ("*a", "(", "not ", "[a-z]*", "name~x*y ", "a or ", "a*,", "1-2,", "=", '"a b"', "\u0130*")


def figures(_: Path) -> list[Figure]:
    views = [view(number) for number in range(10_000)]
    slowest = max(best(partial(choose, text, views)) for text in SIMPLE)
    worst = max(best(partial(everything, text, views[:1_000])) / len(text) for text in worst_texts())
    return [
        figure("filters: the slowest simple one among 10,000 clients", slowest * 1e3, "ms", "<= 10"),
        figure("filters: the slowest text, 1,000 clients included, for each character", worst * 1e3, "ms", "<= 1"),
    ]


def view(number: int) -> ClientView:
    return ClientView(
        id=number,
        name=f"render-{number:05}",
        status="enabled" if number % 3 else "disabled",
        connection="online",
        activity="idle",
        since=NOW,
        load=0.0,
        **UNKNOWN._asdict(),
        revoked=False,
        sleep_zone="UTC",
        sleep_week=(),
        slots=1,
        used=0,
        memory=number % 100 * 2**30,
        system="linux",
        gpus=(),
        blenders=(),
        slowness=1.0,
        settings=ClientSettings(pools=("gpu", "night")),
        running=[],
    )


def best(work: Callable[[], None]) -> float:
    return min(seconds(work) for _ in range(TIMES))


def seconds(work: Callable[[], None]) -> float:
    began = process_time()
    work()
    return process_time() - began


def choose(text: str, views: Iterable[ClientView]) -> None:
    list(filter(matching(parse(text, CLIENTS, now=NOW, zone=UTC)), views))


def worst_texts() -> Iterable[str]:
    for unit in WORST:
        for length in (200, LONGEST // 6, LONGEST - 10):
            yield (unit * length)[: length - 1] + "a"


def everything(text: str, views: Iterable[ClientView]) -> None:
    try:
        condition = parse(text, CLIENTS, now=NOW, zone=UTC)
    except BadFilter:
        pass
    else:
        list(filter(matching(condition), views))
        written(condition)
    suggest(text, CLIENTS, lambda name: ())
