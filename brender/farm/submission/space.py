"""The tasks of a step, counted and looked up without ever being listed.

How does this work?  A step's parameter space is a tree: a leaf is one task parameter, `Product` is
`A * B` (the right-most moves fastest), `Together` is `(A, B)`.  Every node knows its `count` and gives
the values `at` one index, so that a task of ten million is found as fast as one of ten.  The order is
openjd-model's.  Chunks with a `targetRuntimeSeconds` are not cut here: each frame is a task, `chunks` says how
many may be put together as they are given out, and `together` is what such a chunk is told.  The parameter
that is chunked so moves fastest, wherever it is written.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeGuard

from brender.farm.submission.chunks import CloseChunks, Frames, GrowingChunks, LooseChunks
from brender.farm.submission.ranges import pieces

if TYPE_CHECKING:
    from openjd.model import IntRangeExpr, StepParameterSpace

TOKEN = re.compile(r"\w+|[(),*]")


class Chunked(NamedTuple):
    """How tasks are put together."""

    given: int  # tasks in a chunk, until it is known how long they take
    target: float  # seconds that a chunk should take
    most: int  # tasks in a chunk that begins at the index that was asked for


class Node(Protocol):
    @property
    def count(self) -> int:
        """How many tasks it makes."""

    def at(self, index: int) -> dict[str, str]:
        """The values of the task parameters below it, for one of them."""

    def chunked(self, index: int) -> Chunked | None:
        """How tasks from this one on may be put together."""

    def together(self, first: int, count: int) -> dict[str, str]:
        """The same for a chunk of so many, as `chunked` allows."""

    def has(self, values: Mapping[str, str]) -> bool:
        """Whether one of the tasks has these values."""

    def where(self, name: str, value: int) -> Iterator[int]:
        """The tasks of which the parameter of this name has a value, alone or in a chunk."""


class Values(Protocol):
    @property
    def count(self) -> int:
        """How many values the parameter has."""

    def text(self, index: int) -> str:
        """One of them, as a task is told it."""

    def has(self, text: str) -> bool:
        """Whether one of them is this."""

    def where(self, value: int) -> Iterator[int]:
        """The indexes of those that have this whole number."""


@dataclass(frozen=True)
class Parameter:
    name: str
    values: Values

    @property
    def count(self) -> int:
        return self.values.count

    def at(self, index: int) -> dict[str, str]:
        return {self.name: self.values.text(index)}

    def chunked(self, index: int) -> Chunked | None:
        values = self.values
        if not isinstance(values, GrowingChunks):
            return None
        return Chunked(values.size, values.target, values.most(index))

    def together(self, first: int, count: int) -> dict[str, str]:
        values = self.values
        return {self.name: values.together(first, count) if isinstance(values, GrowingChunks) else values.text(first)}

    def has(self, values: Mapping[str, str]) -> bool:
        return self.values.has(values[self.name])

    def where(self, name: str, value: int) -> Iterator[int]:
        return self.values.where(value) if name == self.name else iter(())


@dataclass(frozen=True)
class Product:
    children: tuple[Node, ...]

    @cached_property
    def count(self) -> int:
        return prod(child.count for child in self.children)

    def at(self, index: int) -> dict[str, str]:
        found: list[dict[str, str]] = []
        for child in reversed(self.children):
            index, here = divmod(index, child.count)
            found.append(child.at(here))
        return {name: value for part in reversed(found) for name, value in part.items()}

    def chunked(self, index: int) -> Chunked | None:
        return self.children[-1].chunked(index % self.children[-1].count) if self.children else None

    def together(self, first: int, count: int) -> dict[str, str]:
        if not self.children:
            return {}
        *_, fastest = self.children
        return self.at(first) | fastest.together(first % fastest.count, count)

    def has(self, values: Mapping[str, str]) -> bool:
        return all(child.has(values) for child in self.children)

    def where(self, name: str, value: int) -> Iterator[int]:
        slower, quicker = 1, self.count
        for child in self.children:
            quicker //= child.count or 1
            for index in child.where(name, value):
                for turn in range(slower):
                    first = (turn * child.count + index) * quicker
                    yield from range(first, first + quicker)
            slower *= child.count


@dataclass(frozen=True)
class Together:
    children: tuple[Node, ...]

    @property
    def count(self) -> int:
        return self.children[0].count

    def at(self, index: int) -> dict[str, str]:
        return {name: value for child in self.children for name, value in child.at(index).items()}

    def chunked(self, index: int) -> Chunked | None:
        return None  # a chunk may not stand in an association

    def together(self, first: int, count: int) -> dict[str, str]:
        return self.at(first)

    def has(self, values: Mapping[str, str]) -> bool:
        return any(self.at(index).items() <= values.items() for index in range(self.count))

    def where(self, name: str, value: int) -> Iterator[int]:
        return (index for child in self.children for index in child.where(name, value))


@dataclass(frozen=True)
class Joined:
    """Tasks that were there, and tasks that were added to them later."""

    parts: tuple[Node, ...]

    @cached_property
    def count(self) -> int:
        return sum(part.count for part in self.parts)

    def _part(self, index: int) -> tuple[Node, int]:
        for part in self.parts:
            if index < part.count:
                return part, index
            index -= part.count
        raise IndexError(index)

    def at(self, index: int) -> dict[str, str]:
        part, here = self._part(index)
        return part.at(here)

    def chunked(self, index: int) -> Chunked | None:
        part, here = self._part(index)
        return part.chunked(here)

    def together(self, first: int, count: int) -> dict[str, str]:
        part, here = self._part(first)
        return part.together(here, count)

    def has(self, values: Mapping[str, str]) -> bool:
        return any(part.has(values) for part in self.parts)

    def where(self, name: str, value: int) -> Iterator[int]:
        before = 0
        for part in self.parts:
            yield from (before + index for index in part.where(name, value))
            before += part.count


@dataclass(frozen=True)
class Listed:
    texts: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.texts)

    def text(self, index: int) -> str:
        return self.texts[index]

    def has(self, text: str) -> bool:
        return text in self.texts

    def where(self, value: int) -> Iterator[int]:
        return (index for index, text in enumerate(self.texts) if text == str(value))


def read(space: "StepParameterSpace | None") -> Node:
    """The tree of a step's parameter space, as `create_job` gives it."""
    if space is None:
        return Product(())
    definitions: Mapping[str, Any] = space.taskParameterDefinitions
    parameters = {name: Parameter(name, _values(definition)) for name, definition in definitions.items()}
    if space.combination is None:
        return _all(parameters.values())
    return _product(TOKEN.findall(space.combination)[::-1], parameters)


def _product(tokens: list[str], parameters: Mapping[str, Node]) -> Node:
    children = [_factor(tokens, parameters)]
    while tokens and tokens[-1] == "*":
        tokens.pop()
        children.append(_factor(tokens, parameters))
    return children[0] if len(children) == 1 else _all(children)


def _all(children: Iterable[Node]) -> Product:
    """Every combination; what is chunked as it is given out moves fastest."""
    return Product(tuple(sorted(children, key=lambda child: child.chunked(0) is not None)))


def _factor(tokens: list[str], parameters: Mapping[str, Node]) -> Node:
    token = tokens.pop()
    if token != "(":
        return parameters[token]
    children = [_product(tokens, parameters)]
    while tokens.pop() == ",":
        children.append(_product(tokens, parameters))
    return Together(tuple(children))


def _values(definition: Any) -> Values:
    if definition.chunks is None:
        if is_range(definition.range):
            return Frames(pieces(definition.range))
        return Listed(tuple(str(value) for value in definition.range))
    frames = Frames(_parts(definition.range))
    size = int(definition.chunks.defaultTaskCount)
    together = definition.chunks.rangeConstraint.value == "CONTIGUOUS"
    target = float(definition.chunks.targetRuntimeSeconds or 0)
    if target:
        return GrowingChunks(frames, size, target, together)
    return CloseChunks(frames, size) if together else LooseChunks(frames, size)


def frame_parameter(space: "StepParameterSpace | None") -> str:
    """The task parameter that counts frames: "Frame", or else the only one that is a whole number; "" if none is."""
    definitions: Mapping[str, Any] = space.taskParameterDefinitions if space else {}
    whole = [name for name, definition in definitions.items() if definition.type.value in ("INT", "CHUNK[INT]")]
    return "Frame" if "Frame" in whole else whole[0] if len(whole) == 1 else ""


def is_range(values: object) -> "TypeGuard[IntRangeExpr]":
    from openjd.model import IntRangeExpr  # noqa: PLC0415 (takes a while to import; many only look at a farm)

    return isinstance(values, IntRangeExpr)


def _parts(values: "IntRangeExpr | Sequence[int | str]") -> tuple[range, ...]:
    if is_range(values):
        return pieces(values)
    return tuple(range(int(value), int(value) + 1) for value in values)
