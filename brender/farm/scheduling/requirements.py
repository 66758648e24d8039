"""What a step needs of a machine, what a machine has, and whether the one fits the other.

How does this work?  `required` reads a step's `hostRequirements` (OpenJD specification 3.3); a machine
says its `Abilities` when it greets.  `refusal` compares them and is None, or the first thing that is
missing in words for people.  Names and values compare without regard to case, as OpenJD does.  Memory
is in MiB and scratch space in GiB, as the specification has them.  An amount that a machine does not
speak of is 0; an attribute that it does not speak of has no value.
"""

from collections.abc import Iterable
from math import ceil
from typing import Any

import msgspec

VCPU = "amount.worker.vcpu"

WORDS = {  # name -> one and many of it; or the size of its unit in bytes, and what it is
    VCPU: ("core", "cores"),
    "amount.worker.gpu": ("GPU", "GPUs"),
}
SIZES = {
    "amount.worker.memory": (2**20, "of memory"),
    "amount.worker.gpu.memory": (2**20, "of GPU memory"),
    "amount.worker.disk.scratch": (2**30, "of scratch space"),
}
ATTRIBUTES = {
    "attr.worker.os.family": "operating system",
    "attr.worker.cpu.arch": "processor",
    "attr.tag": "tag",
}

Bounds = tuple[float | None, float | None]  # at least, at most
HOW = ("at least", "at most")


class Requirements(msgspec.Struct, frozen=True):
    vcpus: int | None = None  # None: the whole machine
    amounts: dict[str, Bounds] = {}
    any_of: dict[str, tuple[str, ...]] = {}
    all_of: dict[str, tuple[str, ...]] = {}


class Abilities(msgspec.Struct, frozen=True):
    amounts: dict[str, float] = {}
    attributes: dict[str, tuple[str, ...]] = {}


def required(host: Any) -> Requirements:
    """The requirements of a step of a created job (`step.hostRequirements`, or None)."""
    amounts = {amount.name.lower(): _bounds(amount) for amount in (host and host.amounts) or ()}
    attributes = (host and host.attributes) or ()
    return Requirements(
        vcpus=_vcpus(amounts.get(VCPU)),
        amounts=dict(sorted(amounts.items())),
        any_of={each.name.lower(): tuple(each.anyOf) for each in attributes if each.anyOf},
        all_of={each.name.lower(): tuple(each.allOf) for each in attributes if each.allOf},
    )


def _bounds(amount: Any) -> Bounds:
    least, most = (None if bound is None else float(bound) for bound in (amount.min, amount.max))
    return least, most


def _vcpus(bounds: Bounds | None) -> int | None:
    """A step that states how many cores it needs shares the machine; half a core takes one."""
    return None if bounds is None else max(1, ceil(bounds[0] or 0))


def refusal(requires: Requirements, has: Abilities) -> str | None:
    """None when it may run there; else the first thing that is missing, as part of a sentence."""
    held = {name.lower(): amount for name, amount in has.amounts.items()}
    for name, (least, most) in requires.amounts.items():
        amount = held.get(name, 0.0)
        if least is not None and amount < least:
            return f"it needs {shown_amount(name, least)}; this client has {_plain(name, amount)}"
        if most is not None and amount > most:
            return f"it needs at most {shown_amount(name, most)}; this client has {_plain(name, amount)}"
    values = {name.lower(): tuple(map(str.lower, texts)) for name, texts in has.attributes.items()}
    shown = {name.lower(): texts for name, texts in has.attributes.items()}
    for name, wanted in requires.any_of.items():
        if not any(value.lower() in values.get(name, ()) for value in wanted):
            return f"it needs {_attribute(name, wanted, 'or')}; this client has {_list(shown.get(name, ()))}"
    for name, wanted in requires.all_of.items():
        if missing := [value for value in wanted if value.lower() not in values.get(name, ())]:
            return f"it needs {_attribute(name, missing, 'and')}; this client has {_list(shown.get(name, ()))}"
    return None


def least(requires: Requirements) -> list[tuple[str, float]]:
    """The amounts of which it needs at least so much."""
    return [(name, bounds[0]) for name, bounds in requires.amounts.items() if bounds[0] is not None]


def in_words(requires: Requirements) -> list[str]:
    """What a client has to have, for people."""
    ranges = ((name, bound, how) for name, of in requires.amounts.items() for bound, how in zip(of, HOW, strict=True))
    amounts = [f"{how} {shown_amount(name, bound)}" for name, bound, how in ranges if bound is not None]
    any_of = [_attribute(name, wanted, "or") for name, wanted in requires.any_of.items()]
    return amounts + any_of + [_attribute(name, wanted, "and") for name, wanted in requires.all_of.items()]


def shown_amount(name: str, amount: float) -> str:
    """An amount for people: "64 GB of memory"."""
    if name in SIZES:
        unit, what = SIZES[name]
        return f"{_size(amount * unit)} {what}"
    if name in WORDS:
        return f"{_number(amount)} {WORDS[name][amount != 1]}"
    return f"{_number(amount)} of {name}"


def verb_for(name: str, amount: float) -> str:
    """After an amount for people: 2 GPUs are, 64 GB is."""
    return "is" if name in SIZES or amount == 1 else "are"


def _plain(name: str, amount: float) -> str:
    if not amount:
        return "none"
    return _size(amount * SIZES[name][0]) if name in SIZES else _number(amount)


def _size(size: float) -> str:
    for name, unit in (("TB", 2**40), ("GB", 2**30), ("MB", 2**20)):
        if size >= unit:
            return f"{_number(size / unit)} {name}"
    return f"{_number(size / 2**10)} kB"


def _number(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def _attribute(name: str, wanted: Iterable[str], between: str) -> str:
    return f"{ATTRIBUTES.get(name, name)} {_list(wanted, between)}"


def _list(texts: Iterable[str], between: str = "and") -> str:
    *rest, last = list(texts) or ["none"]
    return f"{', '.join(rest)} {between} {last}" if rest else last
