"""One OpenJD session, in a process of its own.

How does this work?  `serve` reads words of the agent from a socket in a thread and does them one after
the other: make the session and enter its environments once, run task after task, leave.  What
openjd-sessions logs, output of the tasks included, goes back in chunks (`Voice`).  A task that fails
does not end the session: its environments (an open Blender, say) are good for the next task.  A task
that is stopped or has run too long ends with everything that it started, `setsid` children included.
"""

import logging
import os
import queue
import signal
import socket
import sys
from collections import OrderedDict
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

import openjd.sessions._subprocess as openjd_subprocess
from openjd.model import (
    JobTemplate,
    ParameterValue,
    ParameterValueType,
    RevisionExtensions,
    SpecificationRevision,
    create_job_with_symbol_tables,
    decode_job_template,
)
from openjd.sessions import LOG, ActionState, ActionStatus, Session, SessionState

from brender.farm.parameters import for_model
from brender.farm.sentences import EXTENSIONS
from brender.protocols.codec import Decoder
from brender.worker import processes, words
from brender.worker.reasons import reason_of
from brender.worker.voice import Voice

# openjd-sessions reads a task's output into a queue without a bound: a task that prints without end would
# fill the memory faster than its lines are handled.
openjd_subprocess.Queue = partial(queue.Queue, 1000)  # type: ignore[attr-defined,assignment]
MOST_LINE = 2**26


class KeptSession(Session):
    """A session that goes on after a task that failed or was stopped."""

    def go_on(self) -> None:
        if self.state is SessionState.READY_ENDING and not self._ending_only:
            self._state = SessionState.READY


class Served:
    """The session as the agent's words make it."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._session: KeptSession | None = None
        self._ended = Event()
        self._status: ActionStatus | None = None
        self._running: tuple[int, int] | None = None
        self._stopped: set[tuple[int, int]] = set()
        self._spare: frozenset[int] = frozenset()
        self._canceling = False
        self._entered: OrderedDict[str, Any] = OrderedDict()

    # --- the agent's words

    def open(self, word: words.Open) -> bool:
        """Make the session and enter its environments; False when that failed, which has been said."""
        template = decode_job_template(template=word.template, supported_extensions=EXTENSIONS)
        values = for_model(template, word.values)
        made = create_job_with_symbol_tables(job_template=template, job_parameter_values=values)
        self._step = next(step for step in made.job.steps if step.name == word.step)
        self._symbols = made.step_symbol_tables[word.step] if "EXPR" in (template.extensions or ()) else None
        self._types = parameter_types(self._step)
        self._session = KeptSession(
            session_id="session",
            job_parameter_values=values,
            job_name=word.name,
            callback=self._heard,
            os_env_vars=word.environment,
            session_root_directory=Path(word.root),
            revision_extensions=extensions(template),
        )
        environments = [*(made.job.jobEnvironments or ()), *(self._step.stepEnvironments or ())]
        for environment in environments:
            self._begin()
            name = self._session.enter_environment(
                environment=environment, step_name=word.step, resolved_symtab=self._symbols
            )
            self._entered[name] = environment
            status = self._wait()
            if status.state is not ActionState.SUCCESS:
                self._voice.say(words.Broken(f"{environment.name}: {reason_of(status, self._voice.last_line)}"))
                return False
        self._spare = frozenset(processes.descendants())
        self._voice.say(words.Opened())
        return True

    def run(self, word: words.Run) -> None:
        assert self._session is not None
        self._running = (word.order, word.task)
        if self._running in self._stopped:
            return self._say_ended(word, "canceled", "", 0.0)
        self._voice.begin(words.Started(word.order, word.task))
        began = monotonic()
        self._begin()
        self._session.run_task(
            step_script=self._step.script,
            task_parameter_values={
                name: ParameterValue(type=self._types[name], value=value) for name, value in word.parameters.items()
            },
            os_env_vars={"BRENDER_ATTEMPT": str(word.attempt)},
            step_name=self._step.name,
            resolved_symtab=self._symbols,
        )
        status = self._wait()
        stopped = self._running in self._stopped
        if stopped or status.state is not ActionState.SUCCESS:
            self._clear_up(stopped or status.state is ActionState.TIMEOUT)
        outcome = "canceled" if stopped else "completed" if status.state is ActionState.SUCCESS else "failed"
        message = reason_of(status, self._voice.last_line) if outcome == "failed" else ""
        return self._say_ended(word, outcome, message, monotonic() - began)

    def stop(self, word: words.Stop) -> None:
        """Called in the thread that reads: the task may be running now."""
        self._stopped.add((word.order, word.task))
        if self._running == (word.order, word.task):
            self._cancel()

    def close(self) -> None:
        session, self._session = self._session, None
        if session is None:
            return
        while self._entered and session.state in {SessionState.READY, SessionState.READY_ENDING}:
            name, _ = self._entered.popitem()
            self._begin()
            session.exit_environment(identifier=name, keep_session_running=False)
            self._wait()
        processes.end_descendants()
        session.cleanup()

    # --- inside

    def _begin(self) -> None:
        self._ended.clear()
        self._status = None
        self._canceling = False

    def _heard(self, _: str, status: ActionStatus) -> None:
        """openjd-sessions' callback, in its thread: a message of the task, or its end."""
        if status.state is ActionState.RUNNING:
            self._voice.progress(status.progress, status.status_message or "")
        else:
            self._status = status
            self._ended.set()

    def _wait(self) -> ActionStatus:
        while not self._ended.wait(0.2):
            self._voice.flush()
            if self._running in self._stopped:  # asked for before there was anything to stop
                self._cancel()
        assert self._status is not None
        return self._status

    def _clear_up(self, everything: bool) -> None:
        """After a task that did not complete: go on with the session, without what the task left behind."""
        assert self._session is not None
        if everything:
            processes.end_descendants(self._spare)
        self._session.go_on()

    def _cancel(self) -> None:
        with suppress(RuntimeError):  # it has just ended by itself
            if self._session and self._session.state is SessionState.RUNNING and not self._canceling:
                self._canceling = True
                self._session.cancel_action()

    def _say_ended(self, word: words.Run, outcome: str, message: str, seconds: float) -> None:
        ended = words.Ended(word.order, word.task, outcome, message, seconds, self._voice.take_outputs())
        self._running = None
        self._stopped.discard((word.order, word.task))
        self._voice.say(ended)


def parameter_types(step: Any) -> dict[str, ParameterValueType]:
    if step.parameterSpace is None:
        return {}
    definitions = step.parameterSpace.taskParameterDefinitions
    return {name: ParameterValueType(definition.type) for name, definition in definitions.items()}


def extensions(template: JobTemplate) -> RevisionExtensions:
    return RevisionExtensions(
        spec_rev=SpecificationRevision.v2023_09, supported_extensions=list(template.extensions or ())
    )


def serve(connection: socket.socket) -> None:
    """Do what the agent says until it says `Close` or is gone; then nothing of the session is left."""
    processes.adopt_orphans()
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    devnull = os.open(os.devnull, os.O_RDWR)
    os.dup2(devnull, sys.stdin.fileno())
    voice = Voice(connection)
    LOG.addHandler(voice)
    LOG.propagate = False
    logging.raiseExceptions = False
    served = Served(voice)
    todo: queue.SimpleQueue[words.ToSession] = queue.SimpleQueue()
    Thread(target=listen, args=(connection, served, todo), daemon=True).start()
    try:
        work(served, voice, todo)
    finally:
        voice.flush()
        processes.end_descendants()
        connection.close()


def work(served: Served, voice: Voice, todo: "queue.SimpleQueue[words.ToSession]") -> None:
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


def listen(connection: socket.socket, served: Served, todo: "queue.SimpleQueue[words.ToSession]") -> None:
    """The thread that reads; when the agent is gone, so is everything else at once."""
    decoder: Decoder[words.ToSession] = Decoder(words.ToSession, MOST_LINE)
    while data := connection.recv(65536):
        for word in decoder.feed(data):
            if isinstance(word, words.Stop):
                served.stop(word)
            else:
                todo.put(word)
    processes.end_descendants()
    os._exit(1)
