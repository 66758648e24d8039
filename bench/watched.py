"""The server, with a heartbeat inside that notes how late it is: `python -m bench.watched FILE server ...`.

How does this work?  Every `EVERY` seconds the reactor is to call; how much later it does so is how long it was busy,
or how long others had its processor: so the processor's time that its thread has used is noted too.
That goes into FILE with the time, so that it takes no memory here.  The rest of the words are `brender`'s.
`WatchedFarm` starts that in the place of a plain server.  With BENCH_PROFILE=FILE its reactor is profiled as well.
"""

import atexit
import cProfile
import os
import sys
from pathlib import Path
from struct import Struct
from time import monotonic, thread_time
from typing import Any, NamedTuple

from twisted.internet import reactor as global_reactor

from brender.cli import main
from tests.line.harness import Farm, Program

reactor: Any = global_reactor
EVERY = 0.002  # seconds


BEAT = Struct("ddd")


class Late(NamedTuple):
    at: float  # seconds of `time.monotonic`
    seconds: float
    busy: float  # of these, in which its thread had the processor


class Heartbeat:
    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._used = 0.0
        atexit.register(self._file.close)

    def beat(self, due: float) -> None:
        now, used = monotonic(), thread_time()
        self._file.write(BEAT.pack(now, now - due, used - self._used))
        self._used = used
        reactor.callLater(EVERY, self.beat, now + EVERY)


class WatchedFarm(Farm):
    """Its server notes how late its reactor is."""

    def __enter__(self) -> "WatchedFarm":
        self.start_server()
        return self

    def start_server(self, wait: bool = True) -> Program:
        command = [sys.executable, "-m", "bench.watched", str(self.folder / "late")]
        command += ["server", "--config", str(self.config), "--state", str(self.folder / "server")]
        self.server = Program(command, self.folder / "server.log")
        if wait:
            self.until(self._answers, "the server does not answer")
        return self.server

    def late(self) -> list[Late]:
        """Once the server has stopped."""
        return [Late(*each) for each in BEAT.iter_unpack((self.folder / "late").read_bytes())]


def watched(path: Path) -> None:
    heartbeat = Heartbeat(path)
    reactor.callWhenRunning(lambda: heartbeat.beat(monotonic()))
    if wanted := os.environ.get("BENCH_PROFILE"):
        profile = cProfile.Profile()
        reactor.callWhenRunning(profile.enable)
        atexit.register(profile.dump_stats, wanted)


if __name__ == "__main__":
    watched(Path(sys.argv[1]))
    sys.argv[1:] = sys.argv[2:]
    sys.exit(main())
