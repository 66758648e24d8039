"""Lists of things that have no words of their own: a table of their attributes, and what is said around any list.

How does this work?  The attributes that were asked for become columns, or else the first few that a line has room for.
Units are said in the cells: bytes as "32 GB", moments as times, durations as "5 min".
"""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any

from rich.cells import cell_len

from brender.verbs.items.attributes import Attribute, Unit
from brender.verbs.items.item import Item
from brender.verbs.lists.pages import Query
from brender.verbs.performing import Row, fields
from brender.verbs.tables import GAP, Column, amount, count, cut, duration, percent, table, visible
from brender.verbs.telling.told import Told

MOST_COLUMNS = 10
WIDEST = 30  # cells that a column is reckoned to need at most

NUMBERS = ("id", "job", "order", "task", "first")  # by which things are found: no commas in them

Cell = Callable[[Any], str]


# --- around any list


def none_found(told: Told, empty: str = "") -> str:
    """The sentence for a list with nothing in it."""
    if told.nothing:
        return told.nothing
    if told.filter:
        return f"No {told.item.name} matches {told.filter}."
    return empty or f"There are no {told.item.plural}."


def page_told(told: Told) -> list[str]:
    """Which part of a long list this is."""
    matched, query, shown = told.also.get("matched", 0), told.given, len(told.rows)
    if matched <= shown:
        return []
    begin = query.offset if isinstance(query, Query) else 0
    which = "The newest" if told.item.newest_first and not query.sort else "The first"
    part = f"{begin + 1:,} to {begin + shown:,}" if begin else f"{which} {shown:,}"
    return [f"{part} of {count(matched, told.item.name)}."]


# --- the generic table


def listed(told: Told) -> str:
    if not told.rows:
        return none_found(told)
    known = list(fields(told.item, told.given.fields)) if asked_for(told) else fitting(told)
    rows = [[cell(row, attribute, told.zone) for attribute in known] for row in told.rows]
    return "\n".join([table([column(each) for each in known], rows, told.width), *page_told(told)])


def asked_for(told: Told) -> bool:
    return isinstance(told.given, Query) and bool(told.given.fields)


def fitting(told: Told) -> list[Attribute]:
    """As many attributes, in their order, as a line has room for."""
    chosen: list[Attribute] = []
    room = told.width - 1
    for attribute in in_a_table(told.item):
        cells = [cell(row, attribute, told.zone) for row in told.rows[:100]]
        if not any(cells):
            continue
        room -= min(WIDEST, max(map(cell_len, [attribute.name, *cells]))) + len(GAP)
        if room < 0 or len(chosen) == MOST_COLUMNS:
            break
        chosen.append(attribute)
    return chosen


def in_a_table(item: Item) -> list[Attribute]:
    return [attribute for attribute in item.attributes.values() if attribute.asked or attribute.hint is Any]


def column(attribute: Attribute) -> Column:
    number = attribute.of in (int, float) and not attribute.many and attribute.unit is not Unit.EPOCH
    return Column(attribute.name, right=number, gives=not number)


def cell(row: Row, attribute: Attribute, zone: tzinfo) -> str:
    value = row.more.get(attribute.name) if row.view is None else attribute.read(row.view)
    return str(value) if attribute.name in NUMBERS and value is not None else told_value(value, attribute, zone)


def told_value(value: Any, attribute: Attribute, zone: tzinfo = UTC) -> str:
    """A value for people, with its unit."""
    if value is None or value == "":
        return ""
    if isinstance(value, dict):
        return ", ".join(map(str, value))
    if isinstance(value, list | tuple):
        return ", ".join(each if isinstance(each, str) else plain(each) for each in value)
    tell: Cell = partial(moment, zone=zone) if attribute.unit is Unit.EPOCH else UNITS.get(attribute.unit, plain)
    return tell(value)


def plain(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.2f}".rstrip("0").rstrip(".")
        case _:
            return str(value)


def moment(value: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(value, zone).strftime("%Y-%m-%d %H:%M")


UNITS: dict[Unit, Cell] = {
    Unit.SECONDS: duration,
    Unit.BYTES: amount,
    Unit.PERCENT: percent,
}


# --- one thing


def shown(told: Told) -> str:
    """Each attribute on a line of its own."""
    row = told.only
    lines = [(name, cell(row, attribute, told.zone)) for name, attribute in told.item.attributes.items()]
    size = max(len(name) for name, _ in lines)
    return "\n".join(cut(f" {name:{size}}  {visible(value)}", told.width) for name, value in lines if value)
