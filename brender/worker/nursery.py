"""The nursery: a small process from which sessions are forked.

How does this work?  Importing `openjd.sessions` takes a quarter of a second, forking a process that has
imported it a few milliseconds.  The agent starts this program once; it listens on a unix socket, and
for every connection forks a process that serves it (see `session`) and ends with it.  The nursery has
no threads, so forking it is safe.  It is the subreaper of all sessions: what a session that was killed
leaves behind is killed here.  It ends when its standard input does, which is when the agent is gone.
"""

import gc
import os
import select
import signal
import socket
import sys
from pathlib import Path

import psutil

from brender.worker import processes, session


def main(path: str) -> None:
    processes.adopt_orphans()
    processes.end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the agent's to handle
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(64)
        gc.freeze()
        print("ready", flush=True)
        sessions: set[int] = set()
        while serve(listener, sessions):
            pass
    Path(path).unlink(missing_ok=True)
    processes.end_descendants()


def serve(listener: socket.socket, sessions: set[int]) -> bool:
    """Wait a moment for a connection and fork a session for it; False when the agent is gone."""
    ready, _, _ = select.select([listener, sys.stdin], [], [], 1.0)
    if sys.stdin in ready and not os.read(sys.stdin.fileno(), 1):
        return False
    if listener in ready:
        connection, _ = listener.accept()
        sessions.add(fork(listener, connection))
        connection.close()
    tidy(sessions)
    return True


def fork(listener: socket.socket, connection: socket.socket) -> int:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            listener.close()
            session.serve(connection)
            status = 0
        finally:
            os._exit(status)
    return pid


def tidy(sessions: set[int]) -> None:
    """Take leave of sessions that have ended, and end what they left behind."""
    while ended := next_ended():
        sessions.discard(ended)
    left = {child.pid for child in psutil.Process().children()} - sessions
    if left:
        processes.end(left.union(*(processes.descendants(pid) for pid in left)))


def next_ended() -> int:
    try:
        return os.waitpid(-1, os.WNOHANG)[0]
    except ChildProcessError:
        return 0


if __name__ == "__main__":
    main(sys.argv[1])
