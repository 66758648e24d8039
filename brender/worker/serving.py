"""The process of a session: what it is, and how it hears the agent.

How does this work?  `serve` is what the nursery's child does.  `prepare` makes it a process of its own that takes
everything with it when it ends.  A thread reads words from the socket (`listen`); those that must not wait are
done there, the others one after the other in `work`.  When the agent or the nursery dies, so does the
session, at once and with everything that it started.
"""

import logging
import os
import queue
import signal
import socket
import sys
from pathlib import Path
from threading import Thread

from openjd.sessions import LOG

from brender.protocols.codec import Decoder
from brender.worker import output, processes, words
from brender.worker.kept import Evidence
from brender.worker.session import Served
from brender.worker.voice import Voice

MOST_LINE = 2**26

Todo = queue.SimpleQueue[words.Open | words.Run | words.Close]


def serve(connection: socket.socket, folder: Path, nursery: int, keep: bool) -> None:
    """Do what the agent says until it says `Close` or is gone; then nothing of the session is left."""
    prepare(nursery)
    voice = Voice(connection)
    LOG.addHandler(voice)
    LOG.propagate = False
    logging.raiseExceptions = False
    output.install()
    served = Served(voice, folder, Evidence(folder, keep))
    todo: Todo = queue.SimpleQueue()
    Thread(target=listen, args=(connection, served, todo), daemon=True).start()
    try:
        work(served, voice, todo)
    except Exception as error:  # ours: better told than a silent end
        voice.say(words.Broken(f"The session had to end: {error!r}"))
    finally:
        processes.end_descendants()
        voice.finish()


def prepare(nursery: int) -> None:
    """A process of its own, that ends with the nursery and takes everything with it."""
    processes.adopt_orphans()
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, lambda *_: end_now())
    processes.end_with_parent(signal.SIGTERM)
    if os.getppid() != nursery:
        end_now()
    with open(os.devnull, "r+b", buffering=0) as nothing:
        os.dup2(nothing.fileno(), sys.stdin.fileno())


def end_now() -> None:
    processes.end_descendants()
    os._exit(1)


def work(served: Served, voice: Voice, todo: Todo) -> None:
    while True:
        match todo.get():
            case words.Open() as word:
                if not opened(served, voice, word):
                    break
            case words.Run() as word:
                served.run(word)
            case words.Close():
                break
    served.close()


def opened(served: Served, voice: Voice, word: words.Open) -> bool:
    try:
        return served.open(word)
    except Exception as error:  # a folder that cannot be made, a template of another world
        voice.say(words.Broken(f"The session could not be opened: {error}"))
        return False


def listen(connection: socket.socket, served: Served, todo: Todo) -> None:
    """The thread that reads; when the agent is gone, so is everything else at once."""
    decoder: Decoder[words.ToSession] = Decoder(words.ToSession, MOST_LINE)
    try:
        while data := connection.recv(65536):
            for word in decoder.feed(data):
                heard(word, served, todo)
    finally:
        end_now()


def heard(word: words.ToSession, served: Served, todo: Todo) -> None:
    match word:
        case words.Stop():
            served.stop(word)
        case words.TakeBack():
            served.take_back(word)
        case words.Run():
            served.tasks.add((word.order, word.task))
            todo.put(word)
        case words.Open():
            todo.put(word)
        case words.Close():
            served.closing.set()
            todo.put(word)
