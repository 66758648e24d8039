"""Addresses of a farm's own: the section [routes] of brender.toml, checked before anything listens.

How does this work?  Each entry gives an address that there is a second one: `"/liste" = "/clients/list.json"`.  Ids
stand in both: `"/auftrag/{job}.json" = "/jobs/{job}.json"`.  The new address answers to every method of the old one.
One that is taken already, one that leads nowhere, and one that is no address are refused with a sentence.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from brender.farm.submission.problems import shown
from brender.verbs.said.words import nearest
from brender.web.tree import Route

ADDRESS = re.compile(r"(/([^/{}?#%\s]+|[^/{}?#%\s]*\{\w+(:name)?\}[^/{}?#%\s]*))+")
ID = re.compile(r"\{(\w+)(?::name)?\}")


class BadRoute(ValueError):
    """An address cannot be given; the message is a sentence for people."""


def remapped(table: Sequence[Route], more: Mapping[str, str]) -> list[Route]:
    """The table with other addresses for some of its rows; raises `BadRoute`."""
    for address, target in more.items():
        check(address, target, table)
        table = [replace(row, also=(*row.also, address)) if target in paths(row) else row for row in table]
    return list(table)


def check(address: str, target: str, table: Iterable[Route]) -> None:
    known = [path for row in table for path in paths(row)]
    if target not in known:
        close = nearest(target, known)
        meant = f"did you mean {close}?" if close else "docs/api.md lists all that there are."
        raise wrong(address, f"there is no address {shown(target)} that it could lead to; {meant}")
    if not ADDRESS.fullmatch(address):
        raise wrong(address, 'an address begins with a / and has no space, and none of ? # %, as in "/liste".')
    if sorted(ID.findall(address)) != sorted(ID.findall(target)):
        raise wrong(address, f"it should have the same ids in it as {target}.")
    if taken := next((path for path in known if shape(path) == shape(address)), ""):
        raise wrong(address, f"that address is taken already: it is {taken}.")
    if other := next((path for path in known if clash(address, path)), ""):
        raise wrong(address, f"what stands there for an id is another one than in {other}.")


def paths(row: Route) -> tuple[str, ...]:
    return (row.path, *row.also)


def shape(path: str) -> str:
    """Two addresses of the same shape cannot be told apart."""
    return ID.sub("{}", path)


def clash(one: str, other: str) -> bool:
    """Whether they share a branch up to an id, and call that differently."""
    for ours, theirs in zip(one.split("/"), other.split("/"), strict=False):
        if shape(ours) != shape(theirs):
            return False
        if ours != theirs:
            return True
    return False


def wrong(address: str, sentence: str) -> BadRoute:
    return BadRoute(f"[routes] {shown(address)}: {sentence}")
