"""How long tasks took: two bytes a task.

How does this work?  Seconds become a whole number on a scale of logarithms (`code_of`), from a tenth of a millisecond
to forty years, each step 0.05 % above the one before: so what is read back is at most 0.03 % off.  0 says that the
task has not come to an end yet.  `Durations` keeps the codes of a step's or an order's tasks, and has no memory before
the first of them has ended.  As bytes they are little-endian on every machine.
"""

import sys
from array import array
from collections.abc import Sized
from math import log2

LEAST = 1e-4  # seconds; what is shorter counts as this
STEPS = 1500  # codes from a time to twice that time
NONE = 0
MOST = 2**16 - 1
FIRST = 1.5 - STEPS * log2(LEAST)  # the code of a second, and a half: what follows is rounded
FOREIGN = sys.byteorder != "little"


def code_of(seconds: float) -> int:
    if seconds <= LEAST:
        return 1
    code = int(STEPS * log2(seconds) + FIRST)
    return code if code < MOST else MOST


def seconds_of(code: int) -> float | None:
    """The shortest number that has this code; None when there is no time yet."""
    if code == NONE:
        return None
    exact = LEAST * 2 ** ((code - 1) / STEPS)
    short = (float(f"{exact:.{digits}g}") for digits in range(1, 6))
    return next((seconds for seconds in short if code_of(seconds) == code), exact)


class Durations:
    __slots__ = ("_codes",)

    def __init__(self, packed: bytes | None = None) -> None:
        self._codes = unpacked(packed) if packed else array("H")

    def __getitem__(self, place: int) -> int:
        return self._codes[place] if place < len(self._codes) else NONE

    def __bool__(self) -> bool:
        """Whether any of them has ended."""
        return bool(self._codes)

    def note(self, place: int, code: int, tasks: Sized) -> None:
        """One of these tasks has ended."""
        try:
            self._codes[place] = code
        except IndexError:  # there are more of them than there were
            self._codes.frombytes(bytes(2 * (len(tasks) - len(self._codes))))
            self._codes[place] = code

    def put(self, first: int, packed: bytes, tasks: Sized) -> None:
        """What an order says of some of these tasks; where it says nothing, what was there stays."""
        codes = unpacked(packed)
        if NONE not in codes and first + len(codes) <= len(self._codes):
            self._codes[first : first + len(codes)] = codes
            return
        for place, code in enumerate(codes[: len(tasks) - first], first):
            if code:
                self.note(place, code, tasks)

    def between(self, least: int, most: int) -> set[int]:
        """The places of those with a code from here to there."""
        return {place for place, code in enumerate(self._codes) if least <= code <= most}

    def packed(self, size: int | None = None) -> bytes:
        """Of so many tasks; without a number, of as many as are needed, which may be none."""
        own = swapped(self._codes).tobytes()
        return own if size is None else own + bytes(2 * size - len(own))

    def part(self, first: int, last: int) -> bytes:
        """Of these tasks alone, as bytes."""
        own = swapped(self._codes[first:last]).tobytes()
        return own + bytes(2 * (last - first) - len(own))


def unpacked(packed: bytes) -> "array[int]":
    codes = array("H")
    codes.frombytes(packed)
    return swapped(codes)


def swapped(codes: "array[int]") -> "array[int]":
    """From the order of bytes that is kept to the machine's own, and back."""
    if FOREIGN:
        codes = codes[:]
        codes.byteswap()
    return codes
