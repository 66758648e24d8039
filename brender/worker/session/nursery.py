"""The nursery: a small process from which sessions are forked.

How does this work?  Importing `openjd.sessions` takes a quarter of a second, forking a process that has
imported it a few milliseconds.  The agent starts this program when it first needs it; it listens on a unix
socket, and for every connection forks a process that serves it (see `serving`) and ends with it.
The nursery has no threads, so forking it is safe.  It is the subreaper of all sessions: what a session
that was killed leaves behind, processes and files, is removed here.  It ends when its standard input
does, which is when the agent is gone, and leaves nothing but what is `kept`.
"""

import gc
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import msgspec
import psutil
from PIL import Image
from twisted.logger import globalLogBeginner, textFileLogObserver

from brender.protocols.codec import encode
from brender.worker import processes
from brender.worker.disk import folders, kept
from brender.worker.session import serving, words
from brender.worker.session.surroundings import Limits


class Nursery:
    def __init__(self, listener: socket.socket, scratch: Path, keep: bool, run_as: str) -> None:
        self._listener = listener
        self._scratch = scratch
        self._keep = keep  # folders of sessions in which something has failed
        self._run_as = run_as  # the account that tasks run as, or "owner"; nothing: as this one
        self._sessions: dict[int, Path] = {}  # process -> its folder
        self._helpers: set[int] = set()
        self._wake, wakes = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(wakes, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
        self._count = 0

    def serve(self) -> bool:
        """Wait for a connection or for the end of a process; False when the agent is gone."""
        ready, _, _ = select.select([self._listener, sys.stdin, self._wake], [], [], 5.0)
        if sys.stdin in ready and not os.read(sys.stdin.fileno(), 1):
            return False
        if self._wake in ready:
            with suppress(BlockingIOError):
                os.read(self._wake, 4096)
        if self._listener in ready:
            connection, _ = self._listener.accept()
            with connection:
                self._begin(connection)
        self.tidy()
        return True

    def tidy(self) -> None:
        """Take leave of sessions that have ended, and end what they left behind."""
        for pid, how in processes.bury().items():
            self._helpers.discard(pid)
            folder = self._sessions.pop(pid, None)
            if folder and folder.exists():
                self._helpers.add(self._fork(partial(kept.put_away, folder, os.WIFSIGNALED(how))))
        left = {child.pid for child in psutil.Process().children()} - self._sessions.keys() - self._helpers
        if left:
            processes.end(left.union(*(processes.descendants(pid) for pid in left)), within=0.5)

    def _begin(self, connection: socket.socket) -> None:
        self._count += 1
        nursery = os.getpid()
        folder = self._scratch / f"{nursery}-{self._count}"
        try:
            pid = self._fork(lambda: serving.serve(connection, folder, nursery, self._keep, self._run_as))
        except OSError as error:
            with suppress(OSError):
                connection.sendall(encode(words.Broken(f"This machine cannot start a process more: {error}.")))
        else:
            self._sessions[pid] = folder

    def _fork(self, work: Callable[[], object]) -> int:
        """A process that does this work and ends."""
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                self._listener.close()
                work()
                status = 0
            finally:
                os._exit(status)
        return pid


def main(path: str, scratch: str, keep: str = "", limits: str = "{}", run_as: str = "") -> None:
    msgspec.json.decode(limits, type=Limits).set()
    globalLogBeginner.beginLoggingTo([textFileLogObserver(sys.stderr)], redirectStandardIO=False)  # the agent's too
    processes.adopt_orphans()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the agent's to handle
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        nursery = Nursery(listener, Path(scratch), bool(keep), run_as)
        Image.init()  # which sessions have then, and need not look for
        gc.freeze()
        print("ready", flush=True)
        while nursery.serve():
            pass
    processes.end_descendants()
    folders.remove_or_say(Path(path).parent)
    kept.put_all_away(Path(scratch))


if __name__ == "__main__":
    main(*sys.argv[1:])
