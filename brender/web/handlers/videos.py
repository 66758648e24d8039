"""The video of a job, in the parts that players ask for.

How does this work?  `outputs` finds and opens the file; all that touches it is done by `outside`, in threads, as the
file server may be slow or gone.  `Sending` writes it to the reader piece by piece, never more than the connection has
room for.  A video that the server cannot see is answered with 404 and where it would lie.
"""

# What is inherited from twisted.web has no types there.
# mypy: allow-untyped-calls

import os
from collections.abc import Callable
from io import FileIO
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.logger import Logger
from twisted.web.http import Request, datetimeToString
from zope.interface import implementer

from brender.farm.interfaces import FarmService, NotFound
from brender.farm.job import Job
from brender.verbs.items.known import JOB
from brender.web.handlers.outputs import Place, Video, first_of, places_of
from brender.web.http.answers import Answer, Streaming
from brender.web.http.asking import Ask
from brender.web.http.ranges import Part, part_of

PIECE = 2**18  # bytes that are read at a time

Outside = Callable[..., Deferred[Any]]

log = Logger()


class Videos:
    def __init__(self, service: FarmService, outside: Outside) -> None:
        self._service = service
        self._outside = outside

    async def of_job(self, ask: Ask) -> Answer | Streaming:
        job: Job = JOB.find(self._service.farm, ask.ids["job"])
        places = places_of(*await self._service.submission_of(job.id))
        video: Video | None = await self._outside(first_of, places, job.submitted)
        if video is None:
            raise NotFound(where(job, places))
        try:
            return self._answer(ask, video)
        except Exception:
            video.file.close()
            raise

    def _answer(self, ask: Ask, video: Video) -> Answer | Streaming:
        changed = datetimeToString(video.changed).decode()
        about = {"ETag": video.tag, "Last-Modified": changed, "Accept-Ranges": "bytes", "Cache-Control": "no-cache"}
        if video.tag in ask.header("if-none-match"):
            video.file.close()
            return Answer(kind=video.kind, headers=about, tag=video.tag)  # which `send` makes a 304
        wanted = part_of(ask, video.size, video.tag, changed)
        part = wanted or Part(0, video.size)
        about["Content-Length"] = str(part.length)
        if wanted:
            about["Content-Range"] = wanted.of(video.size)
        if ask.method == "HEAD":
            video.file.close()
        start = Sending(video.file, part, self._outside).start
        return Streaming(start, video.kind, about, status=206 if wanted else 200)


def where(job: Job, places: list[Place]) -> str:
    if not places:
        return f"Job {job.id} does not say where it writes, or not with a whole path: its video cannot be found."
    return (
        f"This server sees no video of job {job.id}. It would be {places[0].path}, made since the job was handed in; "
        "on a worker's own disk only that worker can read it."
    )


@implementer(IPushProducer)
class Sending:
    """A part of a file on its way to one reader."""

    def __init__(self, file: FileIO, part: Part, outside: Outside) -> None:
        self._file = file
        self._part = part
        self._outside = outside
        self._gone = False
        self._room: Deferred[None] | None = None  # what is waited for while the connection is full

    def start(self, request: Request) -> None:
        request.notifyFinish().addErrback(lambda _: self.stopProducing())
        request.registerProducer(self, True)
        sending = Deferred.fromCoroutine(self._send(request))
        sending.addErrback(lambda failure: log.failure("A video could not be sent", failure))

    async def _send(self, request: Request) -> None:
        with self._file:  # it is closed when nobody reads in it any more
            at, end = self._part.first, self._part.first + self._part.length
            while at < end and not self._gone:
                data = await self._read(min(PIECE, end - at), at)
                if not data:
                    break
                at += len(data)
                if not self._gone:
                    request.write(data)
                if self._room:
                    await self._room
        if self._gone:
            return
        request.unregisterProducer()
        if at < end:
            request.loseConnection()  # there is less than was promised: it is not whole
        else:
            request.finish()

    async def _read(self, count: int, at: int) -> bytes:
        """Nothing when the file cannot be read any more."""
        try:
            return bytes(await self._outside(os.pread, self._file.fileno(), count, at))
        except OSError as error:
            log.warn("A video cannot be read on: {error}", error=error)
            return b""

    def pauseProducing(self) -> None:
        self._room = self._room or Deferred()

    def resumeProducing(self) -> None:
        room, self._room = self._room, None
        if room:
            room.callback(None)

    def stopProducing(self) -> None:
        self._gone = True
        self.resumeProducing()
