"""The process in which templates are planned: it hears a question, answers it, and waits for the next.

How does this work?  Questions come on its standard input and answers go to its standard output, each a pickle with its
length before it.  Before each the alarm of the system is set: the process ends by it when an answer takes too long,
whatever it is doing, and whether or not its server is still there.  Memory is limited once, at the start.  It ends with
its input, which is when the server is gone.
"""

import os
import pickle
import resource
import signal
import struct
import sys
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from brender.farm.submission.here import planned
from brender.farm.submission.problems import Refused
from brender.planner.saved import outlined

LENGTH = struct.Struct(">I")
READY, DONE, REFUSED, NO_MEMORY = "ready", "done", "refused", "no memory"
WORK: Mapping[str, Callable[..., Any]] = {"plan": planned, "outline": outlined}
NICENESS = 5  # the server goes first


def main(memory: str) -> None:
    """`memory` in bytes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the server ends it when it has ended itself
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how those that look at scenes have ended
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what somebody prints is no answer
    tell(answers, (READY, None))
    while question := hear(sys.stdin.buffer):
        name, seconds, given = pickle.loads(question)  # from the server itself
        signal.setitimer(signal.ITIMER_REAL, seconds)
        answer = answered(name, given)
        signal.setitimer(signal.ITIMER_REAL, 0)
        tell(answers, answer)


def answered(name: str, given: tuple[Any, ...]) -> tuple[str, Any]:
    try:
        return DONE, WORK[name](*given)
    except Refused as refused:
        return REFUSED, refused.problems
    except MemoryError:
        return NO_MEMORY, None


def hear(questions: BinaryIO) -> bytes:
    """The next question; empty when there is none any more."""
    length = questions.read(LENGTH.size)
    return questions.read(LENGTH.unpack(length)[0]) if len(length) == LENGTH.size else b""


def tell(answers: BinaryIO, answer: Any) -> None:
    data = pickle.dumps(answer, pickle.HIGHEST_PROTOCOL)
    answers.write(LENGTH.pack(len(data)) + data)
    answers.flush()
