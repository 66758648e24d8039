"""Frames, and the chunks that they are cut into, by arithmetic alone.

How does this work?  `Frames` keeps whole numbers as Python ranges, so that ten million of them cost no
more than ten.  `CloseChunks` (CONTIGUOUS) and `LooseChunks` (NONCONTIGUOUS) know how many chunks there
are and write any one of them, exactly as openjd-model would, without making the others: the longer
chunks are spread evenly, so the place where a chunk begins is a formula.  `GrowingChunks` are not cut
beforehand: whoever gives them out says how many frames the next one has.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from brender.farm.submission.ranges import count


@dataclass(frozen=True)
class Frames:
    """Whole numbers, as ranges one after the other."""

    parts: tuple[range, ...]

    @cached_property
    def ends(self) -> tuple[int, ...]:
        return tuple(accumulate(count(part) for part in self.parts))

    @property
    def count(self) -> int:
        return self.ends[-1] if self.ends else 0

    def value(self, index: int) -> int:
        place = bisect_right(self.ends, index)
        return self.parts[place][index - (self.ends[place - 1] if place else 0)]

    def text(self, index: int) -> str:
        return str(self.value(index))

    def has(self, text: str) -> bool:
        return any(True for _ in self.where(int(text)))

    def where(self, value: int) -> Iterator[int]:
        """The indexes at which a value stands."""
        for part, end in zip(self.parts, self.ends, strict=True):
            if value in part:
                yield end - count(part) + part.index(value)

    def between(self, first: int, end: int) -> Iterator[range]:
        """The values from index `first` up to `end`, as ranges."""
        place = bisect_right(self.ends, first)
        while first < end:
            begin = self.ends[place - 1] if place else 0
            yield self.parts[place][first - begin : end - begin]
            first = self.ends[place]
            place += 1


def cut(total: int, size: int) -> tuple[int, int]:
    """Into how many chunks, and how many of those are one longer than the rest."""
    chunks = -(-total // size) if size > 0 else 1
    return chunks, total % chunks


def chunk_of(place: int, total: int, size: int) -> int:
    """Which chunk has the value at this place."""
    chunks, _ = cut(total, size)
    return bisect_right(range(chunks), place, key=lambda index: begin(index, total, size)) - 1


def begin(index: int, total: int, size: int) -> int:
    """Where chunk `index` begins: the longer ones are spread evenly among the others."""
    chunks, longer = cut(total, size)
    return total // chunks * index + -(-index * longer // chunks)


@dataclass(frozen=True)
class LooseChunks:
    """`NONCONTIGUOUS`: so many values each, whatever lies between them."""

    frames: Frames
    size: int

    @property
    def count(self) -> int:
        return cut(self.frames.count, self.size)[0]

    def text(self, index: int) -> str:
        total = self.frames.count
        first, end = (begin(here, total, self.size) for here in (index, index + 1))
        parts = {part if part.step > 0 else part[::-1] for part in self.frames.between(first, end)}
        return ",".join(_steps(sorted(parts, key=lambda part: part[0])))

    def has(self, text: str) -> bool:
        return any(self.text(index) == text for index in range(self.count))

    def where(self, value: int) -> Iterator[int]:
        """The chunks that have a value."""
        return (chunk_of(place, self.frames.count, self.size) for place in self.frames.where(value))


def _steps(parts: Iterable[range]) -> Iterator[str]:
    """Ascending values as the fewest pieces of one step each, taken from the left."""
    run: list[int] = []  # first, last and, from the second value on, step
    for part in parts:
        at, end = 0, count(part)
        while at < end:
            if len(run) < 2:
                run.append(part[at])
            elif len(run) == 2:
                run = [run[0], part[at], part[at] - run[1]]
            elif part[at] - run[1] != run[2]:
                yield _piece(run)
                run = [part[at]]
            elif part.step == run[2]:
                run[1], at = part[-1], end - 1
            else:
                run[1] = part[at]
            if len(run) == 2:
                run.append(run[1] - run[0])
            at += 1
    yield _piece(run)


def _piece(run: Sequence[int]) -> str:
    if len(run) == 1:
        return str(run[0])
    first, last, step = run
    if last - first == step:
        return f"{first},{last}"
    return f"{first}-{last}" if step == 1 else f"{first}-{last}:{step}"


@dataclass(frozen=True)
class Run:
    """Frames that follow one another, cut into chunks; with `alone` each frame is its own."""

    frames: range
    alone: bool

    def count(self, size: int) -> int:
        return count(self.frames) if self.alone else cut(count(self.frames), size)[0]

    def chunk_of(self, value: int, size: int) -> int:
        place = self.frames.index(value)
        return place if self.alone else chunk_of(place, count(self.frames), size)

    def text(self, index: int, size: int) -> str:
        if self.alone:
            return f"{self.frames[index]}-{self.frames[index]}"
        total = count(self.frames)
        first, end = (begin(here, total, size) for here in (index, index + 1))
        return f"{self.frames[first]}-{self.frames[end - 1]}"


@dataclass(frozen=True)
class CloseChunks:
    """`CONTIGUOUS`: each chunk is a run without a gap, written as first and last."""

    frames: Frames
    size: int

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        return tuple(_runs(self.frames.parts))

    @cached_property
    def ends(self) -> tuple[int, ...]:
        return tuple(accumulate(run.count(self.size) for run in self.runs))

    @property
    def count(self) -> int:
        return self.ends[-1] if self.ends else 0

    def text(self, index: int) -> str:
        place = bisect_right(self.ends, index)
        return self.runs[place].text(index - (self.ends[place - 1] if place else 0), self.size)

    def has(self, text: str) -> bool:
        return any(self.text(index) == text for index in range(self.count))

    def where(self, value: int) -> Iterator[int]:
        """The chunks that have a value."""
        for run, end in zip(self.runs, self.ends, strict=True):
            if value in run.frames:
                yield end - run.count(self.size) + run.chunk_of(value, self.size)


@dataclass(frozen=True)
class GrowingChunks:
    """Frames one by one, of which as many are put together as take about `target` seconds."""

    frames: Frames
    size: int  # until it is known how long they take
    target: float
    gapless: bool  # `CONTIGUOUS`

    @property
    def count(self) -> int:
        return self.frames.count

    def text(self, index: int) -> str:
        return self.together(index, 1)

    def most(self, index: int) -> int:
        """How many frames a chunk may have that begins with this one."""
        if not self.gapless:
            return self.count - index
        place = bisect_right(self.ends, index)
        return 1 if self.runs[place].alone else self.ends[place] - index

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        return tuple(_runs(self.frames.parts))

    @cached_property
    def ends(self) -> tuple[int, ...]:
        return tuple(accumulate(count(run.frames) for run in self.runs))

    def together(self, first: int, many: int) -> str:
        if self.gapless:
            return f"{self.frames.value(first)}-{self.frames.value(first + many - 1)}"
        parts = {part if part.step > 0 else part[::-1] for part in self.frames.between(first, first + many)}
        return ",".join(_steps(sorted(parts, key=lambda part: part[0])))

    def has(self, text: str) -> bool:
        half = len(text) // 2  # "-5--5" is told of frame -5
        return self.frames.has(text[:half] if self.gapless else text)

    def where(self, value: int) -> Iterator[int]:
        """The indexes at which a value stands."""
        return self.frames.where(value)


def _runs(parts: Iterable[range]) -> Iterator[Run]:
    """Join what follows on across the parts; only a part's ends can touch its neighbours."""
    open_run: range | None = None
    for part in parts:
        for piece in _gapless(part):
            if open_run is not None and piece[0] == open_run[-1] + 1 and piece.step == 1:
                open_run = range(open_run[0], piece[-1] + 1)
                continue
            if open_run is not None:
                yield Run(open_run, alone=False)
                open_run = None
            if piece.step == 1:
                open_run = piece
            else:
                yield Run(piece, alone=True)
    if open_run is not None:
        yield Run(open_run, alone=False)


def _gapless(part: range) -> Iterator[range]:
    """A part with gaps as its first value, what is in between, and its last value."""
    if part.step == 1 or count(part) == 1:
        yield range(part[0], part[-1] + 1)
        return
    yield range(part[0], part[0] + 1)
    if count(part) > 2:
        yield part[1:-1]
    yield range(part[-1], part[-1] + 1)
