"""A task's client: sends one request to the guard and copies the answer to its own output.

How does this work?  It runs as `python -I -S ask.py render 5` in the session's folder, once for each task, so
it imports only what is built into Python (6 ms instead of 15).  The request is one line of words with a zero
byte between them; the answer is text, then a zero byte and the exit code.  On SIGTERM it closes its half of the
connection, which tells the guard to end Blender, and waits for that.  When it is killed outright the guard sees
the connection close, and does the same.  With no guard behind the socket `start.py` makes a new one.
"""

import _signal  # type: ignore[import-not-found]  # `signal` alone would cost 5 ms
import _socket
import posix
import sys

SOCKET = "blender.sock"  # in the session's folder: an absolute path could be too long for a socket
ATTEMPT = b"BRENDER_ATTEMPT"  # the worker says which try this is; 1 is the first


def connect() -> "_socket.socket | None":
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.connect(SOCKET)
    except OSError:
        return None
    return connection


def ask(connection: "_socket.socket", words: list[str]) -> int:
    """Send the words, copy the answer to our output, return the exit code."""
    _signal.signal(_signal.SIGTERM, lambda signum, frame: connection.shutdown(_socket.SHUT_WR))
    connection.sendall("\0".join(words).encode("utf-8", "surrogateescape") + b"\n")
    while data := connection.recv(65536):
        text, end, code = data.partition(b"\0")
        say(text)
        if end:
            return int(code or connection.recv(16))
    say(b"openjd_fail: The process that watches over Blender has gone; the next task starts it again.\n")
    return 1


def say(text: bytes) -> None:
    while text:
        text = text[posix.write(1, text) :]


def main(words: list[str]) -> int:
    if words[:1] == ["render"]:
        words = [*words, posix.environ.get(ATTEMPT, b"1").decode()]
    connection = connect()
    if connection is not None:
        return ask(connection, words)
    start = __file__.rpartition("/")[0] + "/start.py"
    return posix.execv(sys.executable, [sys.executable, "-I", "-S", start, "again", *words])


if __name__ == "__main__":
    posix._exit(main(sys.argv[1:]))
