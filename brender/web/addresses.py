"""The table of addresses for people, as it stands in docs/api.md.

How does this work?  `described` makes a row of each thing that can be done: its addresses (of one thing, of many, with
`.json` and `.csv`), the parameters that it takes, and the fields of its body.  A test compares the result with the
document.
"""

import re
from collections.abc import Iterable, Sequence

from brender.web.face import API
from brender.web.tree import Route

BEGIN, END = "<!-- addresses -->", "<!-- end of addresses -->"
HEAD = "| | address | what | parameters, and fields of the body |\n| --- | --- | --- | --- |"
MOST = 8  # fields that are named one by one


def described(table: Iterable[Route]) -> str:
    """Every address of the interface."""
    found: dict[tuple[str, str, str], list[Route]] = {}
    for route in table:
        if route.path.startswith(API):
            found.setdefault((base(route.path), route.method, route.does), []).append(route)
    bases = list(dict.fromkeys(key[0] for key in found))
    ordered = sorted(found, key=lambda key: bases.index(key[0]))
    return "\n".join([HEAD, *(row(found[key]) for key in ordered)])


def base(path: str) -> str:
    """The item that an address belongs to."""
    return re.split(r"[/.]", path.removeprefix(f"{API}/").removeprefix("jobs/{job}/"))[0]


def row(routes: Sequence[Route]) -> str:
    paths = ", ".join(f"`{plain(path)}`" for route in routes for path in (route.path, *route.also))
    said = listed(list(dict.fromkeys(name for route in routes for name in route.query)))
    body = listed(routes[0].body) if len(routes[0].body) <= MOST else "any of its settings"
    return f"| {routes[0].method} | {paths} | {routes[0].does} | {'; '.join(filter(None, (said, body)))} |"


def listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def plain(path: str) -> str:
    """As people read it: an id is ID, or NAME."""
    return re.sub(r"\{\w+(:name)?\}", lambda found: "NAME" if found[1] else "ID", path)
