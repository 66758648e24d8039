"""The grid of a step: the state of each of its tasks and how long it took, in three bytes a task.

How does this work?  `HEAD` says how many tasks follow, and after which event their changes are told; then come the
states, then the durations (`farm.durations`).  All of it is copied at one moment, and written and compressed in
pieces, one in each turn of the reactor.  The tag is that of tasks alone: who has them is told so, and in the header
`Last-Event-ID` after which event to go on from there.  Of an ended job the database has them, of an archived one its
file.  Who has loaded a grid will follow its job: so that begins here (`follow_tasks`), and nothing is missed.
"""

import zlib
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct

from twisted.internet.interfaces import IReactorTime

from brender.farm.interfaces import Archives, FarmService, NotFound
from brender.farm.job import Step
from brender.farm.submission.problems import shown
from brender.web.http.answers import SQUEEZED, Answer, Streaming, named_in
from brender.web.http.asking import Ask
from brender.web.http.pieces import Written, streaming
from brender.web.http.squeezing import wants_gzip

KIND = "application/octet-stream"
HEAD = Struct("<4sHHQI4x")  # what it is, version, length of this head, last event, tasks
NAME, VERSION = b"grid", 1
RUNS = zlib.Z_RLE  # what repeats is the same byte, many times: in half the time, and smaller
SLICE = 4096  # bytes; a piece has twenty


@dataclass(frozen=True)
class Grid:
    """The tasks of a step at one moment."""

    states: bytes  # a byte a task
    took: bytes  # two bytes a task
    last_event: int  # what changes after it is told

    @property
    def head(self) -> bytes:
        return HEAD.pack(NAME, VERSION, HEAD.size, self.last_event, len(self.states))

    @property
    def body(self) -> bytes:
        """Durations begin at an even place."""
        return self.states + bytes(len(self.states) % 2) + self.took

    @property
    def tag(self) -> str:
        """Two sums, which are made ten times as fast as a digest; one task that is another changes one of them."""
        return f'"{len(self.states):x}-{zlib.crc32(self.states):08x}-{zlib.crc32(self.took):08x}"'


@dataclass
class Grids:
    service: FarmService
    archives: Archives | None
    clock: IReactorTime

    async def of_step(self, ask: Ask) -> Answer | Streaming:
        number, last = ask.ids["job"], self.service.last_event
        self.service.follow_tasks(number).end()
        step = one_of(await self.service.steps_of(number), number, ask.ids["step"])
        return self._answer(ask, Grid(bytes(step.tasks), step.took.packed(len(step.tasks)), last))

    async def archived(self, ask: Ask) -> Answer | Streaming:
        number, name = ask.ids["job"], ask.ids["step"]
        if self.archives is None:
            raise NotFound("This server keeps no archive.")
        lines = await self.archives.lines(number)
        found = next((step for line in lines for step in line.get("steps", ()) if step["name"] == name), None)
        if found is None:
            raise NotFound(f'There is no step "{shown(name)}" in job {number}.')
        states = zlib.decompress(b64decode(found["tasks"]))
        took = b64decode(found.get("took") or "") or bytes(2 * len(states))
        return self._answer(ask, Grid(states, took, 0))

    def _answer(self, ask: Ask, grid: Grid) -> Answer | Streaming:
        body, tag = grid.body, grid.tag
        headers = {"Last-Event-ID": str(grid.last_event), "Cache-Control": "no-cache"}
        if named_in(ask.header("if-none-match"), tag):
            return Answer(kind=KIND, headers={**headers, "Vary": "Accept-Encoding"}, tag=tag)
        slices = [body[begin : begin + SLICE] for begin in range(0, len(body), SLICE)]
        squeezed = wants_gzip(ask.header("accept-encoding"))
        headers["ETag"] = f'{tag[:-1]}{SQUEEZED}"' if squeezed else tag
        return streaming(ask, Written(slices, grid.head, b"".join, strategy=RUNS), KIND, self.clock, headers)


def one_of(steps: Sequence[Step], job: int, name: str) -> Step:
    for step in steps:
        if step.name == name:
            return step
    known = ", ".join(step.name for step in steps)
    raise NotFound(f'There is no step "{shown(name)}" in job {job}; it has {known}.')
