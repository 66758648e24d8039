"""The tasks of a step, counted and looked up without ever being listed.

How does this work?  A step's parameter space is a tree: a leaf is one task parameter, `Product` is
`A * B` (the right-most moves fastest), `Together` is `(A, B)`.  Every node knows its `count` and gives
the the values `at` one index, so that a task of ten million is found as fast as one of ten.  The order is
openjd-model's.  Chunks have `defaultTaskCount` values, whatever `targetRuntimeSeconds` says: tasks have
numbers here, so chunks cannot change under way.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, Protocol

from openjd.model import IntRangeExpr, StepParameterSpace

from brender.farm.submission.chunks import CloseChunks, Frames, LooseChunks
from brender.farm.submission.ranges import pieces

TOKEN = re.compile(r"\w+|[(),*]")


class Node(Protocol):
    @property
    def count(self) -> int:
        """How many tasks it makes."""

    def at(self, index: int) -> dict[str, str]:
        """The values of the task parameters below it, for one of them."""


class Values(Protocol):
    @property
    def count(self) -> int:
        """How many values the parameter has."""

    def text(self, index: int) -> str:
        """One of them, as a task is told it."""


@dataclass(frozen=True)
class Parameter:
    name: str
    values: Values

    @property
    def count(self) -> int:
        return self.values.count

    def at(self, index: int) -> dict[str, str]:
        return {self.name: self.values.text(index)}


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


@dataclass(frozen=True)
class Together:
    children: tuple[Node, ...]

    @property
    def count(self) -> int:
        return self.children[0].count

    def at(self, index: int) -> dict[str, str]:
        return {name: value for child in self.children for name, value in child.at(index).items()}


@dataclass(frozen=True)
class Listed:
    texts: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.texts)

    def text(self, index: int) -> str:
        return self.texts[index]


def read(space: StepParameterSpace | None) -> Node:
    """The tree of a step's parameter space, as `create_job` gives it."""
    if space is None:
        return Product(())
    definitions: Mapping[str, Any] = space.taskParameterDefinitions
    parameters = {name: Parameter(name, _values(definition)) for name, definition in definitions.items()}
    if space.combination is None:
        return Product(tuple(parameters.values()))
    return _product(TOKEN.findall(space.combination)[::-1], parameters)


def _product(tokens: list[str], parameters: Mapping[str, Node]) -> Node:
    children = [_factor(tokens, parameters)]
    while tokens and tokens[-1] == "*":
        tokens.pop()
        children.append(_factor(tokens, parameters))
    return children[0] if len(children) == 1 else Product(tuple(children))


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
        if isinstance(definition.range, IntRangeExpr):
            return Frames(pieces(definition.range))
        return Listed(tuple(str(value) for value in definition.range))
    frames = Frames(_parts(definition.range))
    size = int(definition.chunks.defaultTaskCount)
    together = definition.chunks.rangeConstraint.value == "CONTIGUOUS"
    return CloseChunks(frames, size) if together else LooseChunks(frames, size)


def _parts(values: IntRangeExpr | Sequence[int | str]) -> tuple[range, ...]:
    if isinstance(values, IntRangeExpr):
        return pieces(values)
    return tuple(range(int(value), int(value) + 1) for value in values)
