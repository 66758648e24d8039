"""What people are told of a client's past, and of one that is sent away.

How does this work?  A figure is a row of bars, each as high as the mean of the steps that it stands for, beside its
newest and its highest value.  Orders are a table, with a line for each reason.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from brender.farm.views.client_past import LoadView, TurnView
from brender.verbs.tables import Column, age, amount, cut, duration, percent, table, visible
from brender.verbs.telling.clients import EMPTY
from brender.verbs.telling.lists import none_found
from brender.verbs.telling.sentences import Predicate, as_name, counted, refused
from brender.verbs.telling.told import Told

BARS = "▁▂▃▄▅▆▇█"
MOST_BARS = 48
MOST_REASONS = 5
LOAD = (Column("figure"), Column("", gives=True), Column("now", right=True), Column("most", right=True))
TURNS = (
    Column("order", right=True),
    Column("job", gives=True),
    Column("step", gives=True),
    Column("tasks", gives=True),
    Column("state"),
    Column("given"),
    Column("took", right=True),
)


def load(told: Told) -> str:
    found = msgspec.convert(told.only.more["load"], LoadView, from_attributes=True)
    figures = (
        ("processors", found.cpu, percent),
        ("memory", found.memory, percent),
        ("graphics", found.gpu, percent),
        ("free disk", found.disk, bytes_told),
    )
    rows = [row(name, values, told_as) for name, values, told_as in figures if any(v is not None for v in values)]
    steps = max(len(found.cpu), len(found.disk))
    if not rows:
        return f"{told.only.more['name']} has said nothing of its load yet."
    begin = datetime.fromtimestamp(found.since, told.zone)
    head = f"{told.only.more['name']}, {duration(found.step * steps)} from {begin:%Y-%m-%d %H:%M} on:"
    return f"{head}\n{table(LOAD, rows, told.width)}"


def row(name: str, values: Sequence[float | None], told_as: Callable[[float], str]) -> tuple[str, ...]:
    known = [value for value in values if value is not None]
    highest = 100.0 if told_as is percent else max(known)
    newest = values[-1] if values[-1] is not None else next((v for v in values[-2:] if v is not None), None)
    return name, bars(values, highest), "" if newest is None else told_as(newest), told_as(max(known))


def bytes_told(size: float) -> str:
    return amount(int(size))


def bars(values: Sequence[float | None], highest: float) -> str:
    """A bar for so many steps; a dot where nothing is known."""
    each = max(1, -(-len(values) // MOST_BARS))
    parts = [values[at : at + each] for at in range(0, len(values), each)]
    return "".join(bar([value for value in part if value is not None], highest) for part in parts)


def bar(known: Sequence[float], highest: float) -> str:
    if not known:
        return "·"
    share = sum(known) / len(known) / highest if highest else 0.0
    return BARS[min(len(BARS) - 1, int(share * len(BARS)))]


def timeline(told: Told) -> str:
    turns = msgspec.convert(told.only.more["timeline"], list[TurnView], from_attributes=True)
    if not turns:
        return f"{told.only.more['name']} had no {'such order' if told.given.only else 'order'} lately."
    reasons = dict.fromkeys(visible(turn.reason) for turn in turns if turn.reason)
    lines = [f"Failed: {reason}" for reason in list(reasons)[:MOST_REASONS]]
    return "\n".join([table(TURNS, [turn_row(turn, told.now) for turn in turns], told.width), *lines])


def turn_row(turn: TurnView, now: float) -> tuple[str, ...]:
    state = f"{turn.state} ({turn.failed})" if turn.failed > 1 else turn.state
    took = "" if turn.ended is None else duration(turn.ended - turn.issued)
    job = f"{turn.job} {cut(turn.job_name, 20)}"
    return str(turn.order), job, turn.step, turn.name, state, f"{age(now - turn.issued)} ago", took


STAYS = ("stays", "stay")
RESTARTED = Predicate("finishes what it runs and starts anew", "finish what they run and start anew", *STAYS)
DRAINED = Predicate("finishes what it runs and leaves", "finish what they run and leave", *STAYS)
NOW = {"restart": ("starts anew now", "start anew now"), "drain": ("leaves now", "leave now")}


def sent(verb: str, patient: Predicate) -> Callable[[Told], str]:
    """What a verb says that ends workers, when they may finish and when not."""

    def tell(told: Told) -> str:
        if not told.rows:
            return none_found(told, EMPTY)
        at_once = told.given is not None and told.given.now  # the command says nothing of what was not said
        predicate = Predicate(*NOW[verb], *STAYS) if at_once else patient
        return "\n".join([counted("client", told.rows, as_name, predicate), *refused(told.rows)])

    return tell


PAST_OF_CLIENTS = {
    "load": load,
    "timeline": timeline,
    "restart": sent("restart", RESTARTED),
    "drain": sent("drain", DRAINED),
}
