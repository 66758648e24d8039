"""What a farm answers, as a program has it: views, and what became of each thing.

How does this work?  An `Outcome` is one thing after a change: its view, and what the verb says besides.  `Outcomes` are
those of all that a filter chose.  `Pages` is a list that is fetched page by page while it is looped over; `AsyncPages`
the same for `async for`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, overload

from brender.client.http import Question

Thing = TypeVar("Thing")
View = TypeVar("View")


@dataclass(frozen=True)
class Outcome(Generic[View]):
    """One thing, and what became of it."""

    view: View
    more: Mapping[str, Any] = field(default_factory=dict)  # what the verb says beside the view

    @property
    def changed(self) -> bool:
        """Whether it was not so before."""
        return bool(self.more.get("changed", True))

    @property
    def error(self) -> str:
        """Why it was not done; of many, the others were."""
        return str(self.more.get("error", ""))


@dataclass(frozen=True)
class Outcomes(Sequence[Outcome[View]]):
    """What became of all that were chosen."""

    each: Sequence[Outcome[View]]
    matched: int
    changed: int  # of them, those that were not so before

    @overload
    def __getitem__(self, place: int) -> Outcome[View]: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Outcome[View]]: ...
    def __getitem__(self, place: int | slice) -> Outcome[View] | Sequence[Outcome[View]]:
        return self.each[place]

    def __len__(self) -> int:
        return len(self.each)


class Happening(tuple[str, Any]):
    """An event: its kind, and what it shows."""

    __slots__ = ()

    @property
    def kind(self) -> str:
        return str(self[0])

    @property
    def data(self) -> Any:
        return self[1]


# --- lists


@dataclass
class Paging:
    """Which page comes next."""

    question: Question
    got: int = 0
    matched: int = 0
    cursors: bool = False  # the list has them: the last page is the one without
    done: bool = False

    def took(self, answer: Mapping[str, Any]) -> Sequence[Any]:
        """The things of a page; `question` is then about the next one."""
        data: Sequence[Any] = answer["data"]
        self.got += len(data)
        self.matched = answer["matched"]
        query = {name: text for name, text in self.question.query.items() if name not in ("after", "offset")}
        if answer["next"] is not None:
            self.cursors = True
            self._ask({**query, "after": answer["next"]})
        else:  # a list without cursors goes on by counting
            begin = int(self.question.query.get("offset", "0")) + len(data)
            self.done = self.cursors or "after" in self.question.query or not data or begin >= self.matched
            self._ask({**query, "offset": str(begin)})
        return data

    def _ask(self, query: Mapping[str, str]) -> None:
        self.question = Question(self.question.method, self.question.path, query)


@dataclass(frozen=True)
class Pages(Generic[Thing]):
    """All things of a list; each time it is looped over, the farm is asked again."""

    ask: Callable[[Question], Any]
    question: Question
    read: Callable[[Any], Thing]

    def __iter__(self) -> Iterator[Thing]:
        paging = Paging(self.question)
        while not paging.done:
            yield from map(self.read, paging.took(self.ask(paging.question)))

    def page(self) -> list[Thing]:
        """Its first page alone."""
        return list(map(self.read, self.ask(self.question)["data"]))

    def matched(self) -> int:
        """How many there are, without fetching them."""
        query = {**self.question.query, "limit": "1"}
        return int(self.ask(Question("GET", self.question.path, query))["matched"])


@dataclass(frozen=True)
class AsyncPages(Generic[Thing]):
    """The same for `async for`."""

    ask: Callable[[Question], Awaitable[Any]]
    question: Question
    read: Callable[[Any], Thing]

    async def __aiter__(self) -> AsyncIterator[Thing]:
        paging = Paging(self.question)
        while not paging.done:
            for each in paging.took(await self.ask(paging.question)):
                yield self.read(each)

    async def page(self) -> list[Thing]:
        """Its first page alone."""
        return list(map(self.read, (await self.ask(self.question))["data"]))

    async def matched(self) -> int:
        """How many there are, without fetching them."""
        query = {**self.question.query, "limit": "1"}
        return int((await self.ask(Question("GET", self.question.path, query)))["matched"])
