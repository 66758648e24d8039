"""How busy a machine is and was: its newest figures, and what they were in the last hour and the last day.

How does this work?  A worker says its figures with each heartbeat.  `Load.note` keeps the newest ones, and puts them
into rings: one place for every ten seconds of an hour, and one for every two minutes of a day (a term), which is the
mean of its twelve.  A place is found by the time alone; those in which nothing was said are absent.  A percentage is
one byte (in halves), an amount of bytes two (its logarithm, right to 0.1 %), and a figure that a machine never says has
no ring: a client takes 7 kB at most, and nothing before its worker has said something.  All of it is gone with the
server's process, and when the clock is set back.
"""

from array import array
from collections.abc import Sequence
from math import log2
from typing import Literal, NamedTuple


class Figures(NamedTuple):
    """What a worker says of its machine besides its processors; None is not known."""

    memory_used: int | None = None  # bytes
    gpu_load: float | None = None  # percent, the mean of its cards
    gpu_memory_used: int | None = None  # bytes, of the card on which most is
    disk_free: int | None = None  # bytes, where the worker's scratch folders are


UNKNOWN = Figures()
SHORT, PLACES = 10, 360  # seconds of a place, and how many make an hour
LONG, TERMS = 120, 720  # ... a day
EACH = LONG // SHORT
ABSENT = {"B": 0xFF, "H": 0xFFFF}
HALVES, OCTAVE = 2, 1000  # steps of a percent, and of a doubling


class Span(NamedTuple):
    """A stretch of time in equal steps; of each figure a value for each step, empty where it was never known."""

    since: float  # seconds of the epoch
    step: int  # seconds
    cpu: Sequence[float | None]  # percent
    memory: Sequence[float | None]  # percent of the machine's
    gpu: Sequence[float | None]  # percent
    disk: Sequence[float | None]  # bytes that are free


class Ring:
    """One figure of the last hour and the last day, as codes."""

    __slots__ = ("absent", "hour", "terms")

    def __init__(self, kind: Literal["B", "H"]) -> None:
        self.absent = ABSENT[kind]
        self.hour = array(kind, [self.absent]) * PLACES
        self.terms = array(kind, [self.absent]) * TERMS

    def put(self, place: int, code: int) -> None:
        """Two in the same ten seconds count as their mean."""
        before = self.hour[place]
        self.hour[place] = code if before == self.absent else (before + code + 1) // 2

    def fold(self, term: int) -> None:
        """Two minutes are the mean of what is known of them."""
        first = term * EACH % PLACES
        known = [code for code in self.hour[first : first + EACH] if code != self.absent]
        self.terms[term % TERMS] = round(sum(known) / len(known)) if known else self.absent

    def clear(self, places: range, terms: range) -> None:
        for place in places[-PLACES:]:
            self.hour[place % PLACES] = self.absent
        for term in terms[-TERMS:]:
            self.terms[term % TERMS] = self.absent


class Load:
    """What is known of one client."""

    __slots__ = ("_last", "_rings", "newest")

    def __init__(self) -> None:
        self.newest = UNKNOWN
        self._last = -1  # the ten seconds of the epoch in which something was said last
        self._rings: list[Ring | None] = []  # as `Span` has them

    def note(self, cpu: float, figures: Figures, memory: int, now: float) -> None:
        """What its worker says now; `memory` is the machine's, in bytes."""
        self.newest = figures
        self._go_on(int(now // SHORT))
        used = figures.memory_used
        share = None if used is None or not memory else 100.0 * used / memory
        self._put(0, code_of(cpu))
        self._put(1, code_of(share))
        self._put(2, code_of(figures.gpu_load))
        self._put(3, amount_code(figures.disk_free))

    def _put(self, which: int, code: int | None) -> None:
        if code is None:
            return
        ring = self._rings[which]
        if ring is None:
            self._rings[which] = ring = Ring("H" if which == 3 else "B")
        ring.put(self._last % PLACES, code)

    def _go_on(self, last: int) -> None:
        """Time has gone by: places and terms are free for something new."""
        if last < self._last or not self._rings:
            self._rings = [None, None, None, None]
        elif last > self._last:
            term, now = self._last // EACH, last // EACH
            for ring in filter(None, self._rings):
                if now > term:
                    ring.fold(term)
                ring.clear(range(self._last + 1, last + 1), range(term + 1, now + 1))
        self._last = last

    def hour(self, now: float) -> Span:
        end = int(now // SHORT) + 1
        places = range(end - PLACES, end)
        codes = [codes_of(ring.hour if ring else None, places, self._last) for ring in self._rings]
        return span(places.start * SHORT, SHORT, codes)

    def day(self, now: float) -> Span:
        end, last = int(now // LONG) + 1, self._last // EACH
        for ring in filter(None, self._rings):
            ring.fold(last)
        terms = range(end - TERMS, end)
        codes = [codes_of(ring.terms if ring else None, terms, last) for ring in self._rings]
        return span(terms.start * LONG, LONG, codes)


def codes_of(ring: "array[int] | None", places: range, last: int) -> list[int | None]:
    """What the ring has of these places; the oldest that it has is as long ago as it is long."""
    if ring is None:
        return []
    absent, size = ABSENT[ring.typecode], len(ring)
    codes = (ring[place % size] if last - size < place <= last else absent for place in places)
    return [None if code == absent else code for code in codes]


def span(since: float, step: int, codes: Sequence[Sequence[int | None]]) -> Span:
    cpu, memory, gpu, disk = codes or ((), (), (), ())
    free = [None if code is None else amount_of(code) for code in disk]
    return Span(float(since), step, percents(cpu), percents(memory), percents(gpu), free)


def percents(codes: Sequence[int | None]) -> list[float | None]:
    return [None if code is None else code / HALVES for code in codes]


def code_of(percent: float | None) -> int | None:
    return None if percent is None else round(HALVES * min(100.0, max(0.0, percent)))


def amount_code(size: int | None) -> int | None:
    return None if size is None else round(OCTAVE * log2(size + 1))


def amount_of(code: int) -> float:
    return float(round(2 ** (code / OCTAVE)) - 1)
