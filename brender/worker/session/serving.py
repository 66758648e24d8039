"""The process of a session: what it is, and how it hears the agent.

How does this work?  `serve` is what the nursery's child does.  `prepare` makes it a process of its own that takes
everything with it when it ends.  The first word tells whose job it is for: before any other, the process becomes the
account that its tasks run as (`accounts`), if that is another one.  Then a thread reads words from the socket
(`listen`); those that must not wait are done there, the others one after the other in `work`.  When the agent or the
nursery dies, so does the session, at once and with everything that it started.
"""

import logging
import os
import queue
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

from openjd.sessions import LOG

from brender.protocols.codec import Decoder, encode
from brender.worker import processes
from brender.worker.disk.kept import Evidence
from brender.worker.disk.lodging import move_in
from brender.worker.pictures import picture
from brender.worker.session import accounts, output, words
from brender.worker.session.accounts import Account
from brender.worker.session.openjd import Served
from brender.worker.session.voice import Voice

MOST_LINE = 2**26
SHOW_WITHIN = 60  # seconds for a picture, whatever its file is

Todo = queue.SimpleQueue[words.Open | words.Run | words.Close]


def serve(connection: socket.socket, folder: Path, nursery: int, keep: bool, run_as: str) -> None:
    """Do what the agent says until it says `Close` or is gone; then nothing of the session is left."""
    prepare(nursery)
    heard = heard_on(connection)
    first = next(heard, None)
    try:
        if isinstance(first, words.Show):
            show(connection, first, accounts.account_for(run_as, first.owner), nursery)
        if not isinstance(first, words.Open):
            return
        own, evidence = move_in(folder, accounts.account_for(run_as, first.owner), keep)
    except (accounts.NoAccount, OSError) as error:
        said = str(error) if isinstance(error, accounts.NoAccount) else f"The session could not be opened: {error}"
        connection.sendall(encode(words.Broken(said)))
        return
    end_with(nursery)
    be_session(connection, own, evidence, first, heard)


def be_session(
    connection: socket.socket, folder: Path, evidence: Evidence, first: words.Open, heard: Iterator[words.ToSession]
) -> None:
    voice = Voice(connection)
    LOG.addHandler(voice)
    LOG.propagate = False
    logging.raiseExceptions = logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # as Python's "Optimization": nobody asks where a line came from
    output.install()
    served = Served(voice, folder, evidence)
    todo: Todo = queue.SimpleQueue()
    todo.put(first)
    Thread(target=listen, args=(heard, served, todo), daemon=True).start()
    try:
        work(served, voice, todo)
    except Exception as error:  # ours: better told than a silent end
        voice.say(words.Broken(f"The session had to end: {error!r}"))
    finally:
        processes.end_descendants()
        voice.finish()


def show(connection: socket.socket, word: words.Show, account: Account | None, nursery: int) -> None:
    """The system decides what may be looked at, as it did for the task; and what breaks a decoder breaks nothing."""
    if account:
        accounts.become(account)
    end_with(nursery)
    signal.alarm(SHOW_WITHIN)
    connection.sendall(encode(words.Shown(picture(word.paths))))


def prepare(nursery: int) -> None:
    """A process of its own, that ends with the nursery and takes everything with it."""
    processes.adopt_orphans()
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, lambda *_: end_now())
    end_with(nursery)
    with open(os.devnull, "r+b", buffering=0) as nothing:
        os.dup2(nothing.fileno(), sys.stdin.fileno())


def end_with(nursery: int) -> None:
    """Said again of a process that becomes somebody else: the kernel forgets it then."""
    processes.end_with_parent(signal.SIGTERM)
    if os.getppid() != nursery:
        end_now()


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


def heard_on(connection: socket.socket) -> Iterator[words.ToSession]:
    """What the agent says, until it is gone."""
    decoder: Decoder[words.ToSession] = Decoder(words.ToSession, MOST_LINE)
    while data := connection.recv(65536):
        yield from decoder.feed(data)


def listen(words_heard: Iterator[words.ToSession], served: Served, todo: Todo) -> None:
    """The thread that reads; when the agent is gone, so is everything else at once."""
    try:
        for word in words_heard:
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
        case words.Close():
            served.closing.set()
            todo.put(word)
