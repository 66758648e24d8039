"""Addresses of a farm's own: the section [routes] of brender.toml, checked before anything listens.

How does this work?  Each entry says where an address leads: `"/liste" = "/clients/list.json"`.  Ids stand in both:
`"/auftrag/{job}.json" = "/jobs/{job}.json"`.  The address answers to every method of the one that it leads to.  Where
there was something else at the address, that is there no more, but for what programs and pages count on (`FIXED`).
Entries mean the addresses as they are without any, so it is all the same in which order they stand.  One that leads
nowhere, one that is no address, and two that cannot be told apart are refused with a sentence.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from brender.farm.submission.problems import shown
from brender.verbs.said.words import nearest
from brender.web.tree import Route

ADDRESS = re.compile(r"(/([^/{}?#%\s]+|[^/{}?#%\s]*\{\w+(:name)?\}[^/{}?#%\s]*))+")
ID = re.compile(r"\{(\w+)(?::name)?\}")
FIXED = re.compile(r"/(api|static)/.*|/login")

Names = tuple[str, ...]  # all addresses of a row


class BadRoute(ValueError):
    """An address cannot be given; the message is a sentence for people."""


def remapped(table: Sequence[Route], more: Mapping[str, str]) -> list[Route]:
    """The table with other addresses for some of its rows; raises `BadRoute`."""
    ours = [(row.path, *row.also) for row in table]
    names = list(ours)
    for address, target in more.items():
        rows = leading(target, ours) or leading(target, names)
        check(address, target, ours, names)
        names = [(*without(address, each), address) if row in rows else without(address, each)
                 for row, each in enumerate(names)]  # fmt: skip
    return [replace(row, path=each[0], also=each[1:]) for row, each in zip(table, names, strict=True) if each]


def leading(address: str, names: Sequence[Names]) -> set[int]:
    """The rows that have an address."""
    return {row for row, each in enumerate(names) if address in each}


def without(address: str, names: Names) -> Names:
    """What is left of a row's addresses where something else has this one."""
    return tuple(each for each in names if shape(each) != shape(address))


def check(address: str, target: str, ours: Sequence[Names], names: Sequence[Names]) -> None:
    known = dict.fromkeys(each for row in (*ours, *names) for each in row)
    if target not in known:
        close = nearest(target, list(known))
        meant = f"did you mean {close}?" if close else "docs/api.md lists all that there are."
        raise wrong(address, f"there is no address {shown(target)} that it could lead to; {meant}")
    if not ADDRESS.fullmatch(address):
        raise wrong(address, 'an address begins with a / and has no space, and none of ? # %, as in "/liste".')
    if sorted(ID.findall(address)) != sorted(ID.findall(target)):
        raise wrong(address, f"it should have the same ids in it as {target}.")
    check_place(address, target, ours, names)


def check_place(address: str, target: str, ours: Sequence[Names], names: Sequence[Names]) -> None:
    """Whether something else may stand where the address leads now."""
    rest = [each for row in names for each in row]
    if taken := next((path for path in rest if shape(path) == shape(address)), ""):
        check_taken(address, taken, target, ours)
    if other := next((path for path in rest if path != taken and clash(address, path)), ""):
        raise wrong(address, f"what stands there for an id is another one than in {other}.")


def check_taken(address: str, taken: str, target: str, ours: Sequence[Names]) -> None:
    if FIXED.fullmatch(taken):
        raise wrong(address, f"programs and pages count on what {taken} is; choose another address.")
    if not leading(taken, ours):
        raise wrong(address, f"that address is taken already: it is {taken}.")
    if leading(taken, ours) == leading(target, ours):
        raise wrong(address, f"it leads to what {target} is already.")


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
