"""One OpenJD session, as the agent's words make it.

How does this work?  `Served` makes the session and enters its environments once, runs task after task, and leaves.
What openjd-sessions logs, output of the tasks included, goes to the agent in chunks (`Voice`).  A task that
fails does not end the session: its environments (an open Blender, say) are good for the next task.  A
task that is stopped, or whose `Conduct` finds fault with it (a rule, a time limit), ends with everything that it
started, `setsid` children included.
"""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from logging import makeLogRecord
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from openjd.model import (
    JobTemplate,
    ParameterValue,
    ParameterValueType,
    RevisionExtensions,
    SpecificationRevision,
    create_job_with_symbol_tables,
    decode_job_template,
)
from openjd.sessions import ActionState, ActionStatus, Session, SessionState
from openjd.sessions._action_filter import ActionMessageKind, ActionMonitoringFilter

from brender.farm.submission.parameters import for_model
from brender.farm.submission.sentences import EXTENSIONS
from brender.protocols.messages import Cause, Limits
from brender.worker import processes
from brender.worker.disk.kept import Evidence
from brender.worker.session import words
from brender.worker.session.conduct import Conduct, Fault
from brender.worker.session.files import misnamed
from brender.worker.session.mapping import refusal, rules_of
from brender.worker.session.memory import Peak
from brender.worker.session.output import Output
from brender.worker.session.reasons import failure_of
from brender.worker.session.rules import Rules
from brender.worker.session.tasks import Tasks
from brender.worker.session.voice import Voice

FLUSH_EVERY = 0.2  # seconds that a line of the log may be late
STOP = words.Stop(0, 0)  # what is being entered, when the session is closed before it is open
HAS_RULES, RULES_FILE = "Session.HasPathMappingRules", "Session.PathMappingRulesFile"
MISNAMED = re.compile(r"openjd_redacted_env\W*(?:\w+\s*=)?(.+)\)$", re.IGNORECASE | re.DOTALL)  # in openjd's own words


class KeptSession(Session):
    """A session that goes on after a task that failed, was stopped, or could not even be started.

    openjd-sessions masks secrets in the log alone; here they are masked in what an action says of itself as well.
    """

    rules_file = ""  # with the path mapping rules: one for all actions, where openjd-sessions writes one for each

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        assert isinstance(self._log_filter, ActionMonitoringFilter)
        self._masks = self._log_filter  # which is deleted at the session's end

    @property
    def action_status(self) -> ActionStatus | None:
        status = super().action_status
        return status and replace(
            status,
            status_message=self._masked(status.status_message),
            fail_message=self._masked(status.fail_message),
        )

    def secrets(self) -> set[str]:
        """Those that were named until now."""
        return self._masks._redacted_values | self._masks._redacted_lines

    def _masked(self, text: str | None) -> str | None:
        if not text:
            return text
        record = makeLogRecord({"msg": text})
        self._masks.apply_message_redaction(record)
        return str(record.msg)

    def _action_log_filter_callback(self, kind: ActionMessageKind, value: Any, cancel: bool = False) -> None:
        """A secret that was named in the wrong way is one all the same, also where openjd-sessions complains of it."""
        if kind is ActionMessageKind.FAIL and cancel and (found := MISNAMED.search(value)):
            self._masks._redacted_values.add(found[1].strip())
        super()._action_log_filter_callback(kind, value, cancel)

    def _materialize_path_mapping(self, version: Any, os_env: Any, symtab: Any) -> None:
        if not os.path.exists(self.rules_file):
            super()._materialize_path_mapping(version, os_env, symtab)
            self._rules, self.rules_file = symtab, symtab[RULES_FILE]
            return
        for name in (HAS_RULES, RULES_FILE):
            symtab[name], symtab.expr_types[name] = self._rules[name], self._rules.expr_types[name]

    def go_on(self) -> None:
        if not self._ending_only:
            self._state = SessionState.READY


class Served:
    """The session as the agent's words make it."""

    def __init__(self, voice: Voice, folder: Path, evidence: Evidence) -> None:
        self.tasks = Tasks()
        self.closing = Event()  # asked for: what is being entered need not be any more
        self._voice = voice
        self._folder = folder
        self._evidence = evidence
        self._session: KeptSession | None = None
        self._ended = Event()
        self._status: ActionStatus | None = None
        self._spare: frozenset[int] = frozenset()  # what a task that is stopped leaves alone
        self._kept: set[str] = set()  # files of the environments
        self._ending: words.Stop | Fault | None = None  # what the action that runs was asked to end for
        self._entered: list[str] = []
        self._rules = Rules()
        self._limits = Limits()
        self._conduct = Conduct(monotonic)
        self._peak = Peak(monotonic)

    # --- the agent's words

    def open(self, word: words.Open) -> bool:
        """Make the session and enter its environments; False when that failed, which has been said."""
        if reason := misnamed(word.template):
            self._voice.say(words.Broken(reason))
            return False
        template = decode_job_template(template=word.template, supported_extensions=EXTENSIONS)
        values = for_model(template, word.values)
        made = create_job_with_symbol_tables(job_template=template, job_parameter_values=values)
        self._step = next(step for step in made.job.steps if step.name == word.step)
        self._symbols = made.step_symbol_tables[word.step] if "EXPR" in (template.extensions or ()) else None
        self._types = parameter_types(self._step)
        self._rules, self._limits = Rules(word.rules), word.limits
        mapping = rules_of(word.mapping)
        if reason := refusal(values, mapping):
            self._voice.say(words.Broken(reason))
            return False
        self._watch(Conduct(monotonic, self._rules, seconds=word.limits.session_seconds, what="Entering the session"))
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._evidence.begin(word.job, word.name, word.step)
        self._session = KeptSession(
            session_id="session",
            job_parameter_values=values,
            job_name=word.name,
            callback=self._heard,
            path_mapping_rules=mapping,
            os_env_vars=word.environment,
            session_root_directory=self._folder,
            retain_working_dir=True,  # it goes with its folder
            revision_extensions=extensions(template),
        )
        Output.secrets = self._session.secrets
        environments = [*(made.job.jobEnvironments or ()), *(self._step.stepEnvironments or ())]
        if not all(self._enter(environment) for environment in environments):
            return False
        self._spare = frozenset(processes.descendants()) if environments else frozenset()
        self._kept = self._files()
        self._voice.say(words.Opened())
        return True

    def run(self, word: words.Run) -> None:
        if not self.tasks.begin((word.order, word.task)):
            return  # it was taken back, or stopped before it began
        self._voice.begin(words.Started(word.order, word.task))
        self._watch(conduct_of(word, self._rules))
        self._peak.begin()
        began = monotonic()
        status = self._run(word)
        outcome, message, cause = self._fate(status)
        if outcome != "completed":
            self._clear_up(everything=self._ending is not None or status.state is ActionState.TIMEOUT)
        seconds, outputs, peak = monotonic() - began, self._voice.take_outputs(), self._peak.bytes
        rate = self._voice.take_rate()
        self.tasks.end()
        if outcome == "failed":
            self._keep(f"order {word.order}, task {word.task}: {message}", self._files() - self._kept)
        self._tidy()
        self._voice.say(words.Ended(word.order, word.task, outcome, message, seconds, outputs, cause, peak, rate))

    def _fate(self, status: ActionStatus) -> tuple[words.Outcome, str, Cause]:
        """What became of a task, why, and what kind of a reason that is."""
        if self.tasks.stopping():
            return "canceled", "", ""
        failure = self._failure(status)
        return ("failed", *failure) if failure else ("completed", "", "")

    def _failure(self, status: ActionStatus) -> tuple[str, Cause] | None:
        """Why an action has failed, if it has."""
        if fault := self._conduct.found:  # whatever the exit code is
            return fault.message, fault.cause
        if status.state is ActionState.SUCCESS:
            return None
        return failure_of(status, self._voice.last_lines, self._peak)

    def stop(self, word: words.Stop) -> None:
        """Called in the thread that reads: the task may be running now."""
        if self.tasks.take_out((word.order, word.task)):
            self._voice.say(words.Ended(word.order, word.task, "canceled", "", 0.0, []))
        elif self.tasks.stop(word):
            self._end(self._session, word)

    def take_back(self, word: words.TakeBack) -> None:
        """Called in the thread that reads."""
        if self.tasks.take_out((word.order, word.task)):
            self._voice.say(words.TakenBack(word.order, word.task))

    def close(self) -> None:
        session, self._session = self._session, None
        if session is None:
            return
        self._watch(Conduct(monotonic, seconds=self._limits.session_seconds, what="Leaving the session"))
        while self._entered and session.state in {SessionState.READY, SessionState.READY_ENDING}:
            self._begin()
            session.exit_environment(identifier=self._entered.pop(), resolved_symtab=self._symbols)
            self._wait(session)
        processes.end_descendants()
        session.cleanup()
        self._evidence.leave()

    # --- inside

    def _enter(self, environment: Any) -> bool:
        assert self._session is not None
        self._spare = frozenset(processes.descendants()) if self._entered else frozenset()
        self._begin()
        name = self._session.enter_environment(
            environment=environment, step_name=self._step.name, resolved_symtab=self._symbols
        )
        self._entered.append(name)
        status = self._wait(self._session, entering=True)
        failure = self._failure(status)
        if failure:
            reason, cause = failure
            self._keep(f"{environment.name}: {reason}")  # whose files stay: others may need theirs to be left
            self._voice.say(words.Broken(f"{environment.name}: {reason}", cause))
        return failure is None

    def _run(self, word: words.Run) -> ActionStatus:
        assert self._session is not None
        self._begin()
        try:
            self._session.run_task(
                step_script=self._step.script,
                task_parameter_values={
                    name: ParameterValue(type=self._types[name], value=value) for name, value in word.parameters.items()
                },
                os_env_vars={"BRENDER_ATTEMPT": str(word.attempt)},
                step_name=self._step.name,
                resolved_symtab=self._symbols,
            )
        except Exception as error:  # its script could not be written: the disk is full, the folder is gone
            return ActionStatus(state=ActionState.FAILED, fail_message=f"It could not be started: {error}.")
        return self._wait(self._session)

    def _watch(self, conduct: Conduct) -> None:
        self._conduct = self._voice.conduct = conduct

    def _begin(self) -> None:
        self._ended.clear()
        self._status = self._ending = None
        Output.clear = partial(processes.end_descendants, self._spare)

    def _heard(self, _: str, status: ActionStatus) -> None:
        """openjd-sessions' callback, in its thread: a message of the task, or its end."""
        if status.state is ActionState.RUNNING:
            if status.progress is not None:
                self._conduct.progressed(status.progress)
            self._voice.progress(status.progress, status.status_message or "")
        else:
            self._status = status
            self._ended.set()

    def _wait(self, session: Session, entering: bool = False) -> ActionStatus:
        """The end of the action that runs; it is brought about when there is a reason to."""
        while not self._ended.wait(FLUSH_EVERY):
            self._voice.flush()
            self._peak.look()
            if self._voice.overfull:
                self._conduct.excuse()
            if why := self._why_end(entering):
                self._end(session, why)
        assert self._status is not None
        return self._status

    def _why_end(self, entering: bool) -> words.Stop | Fault | None:
        if entering and self.closing.is_set():
            return STOP
        return self.tasks.stopping() or self._conduct.fault()  # it may have been stopped before it had a process

    def _clear_up(self, everything: bool) -> None:
        """After a task that did not complete: go on with the session, without what the task left behind."""
        assert self._session is not None
        if everything:
            processes.end_descendants(self._spare)
        self._session.go_on()

    def _end(self, session: Session | None, why: words.Stop | Fault) -> None:
        """Have what runs end; asked again for the same reason this changes nothing."""
        with suppress(RuntimeError):  # it has just ended by itself
            if session and session.state is SessionState.RUNNING and self._ending != why:
                self._ending = why
                session.cancel_action(time_limit=None if why.within is None else timedelta(seconds=why.within))

    def _files(self) -> set[str]:
        assert self._session is not None
        return {entry.path for entry in os.scandir(self._session.files_directory)}

    def _keep(self, what: str, files: Iterable[str] = ()) -> None:
        """Something has failed: somebody may want to see why, and these files of its own."""
        if remark := self._evidence.note(what, files):
            self._voice.remark(remark)

    def _tidy(self) -> None:
        """After a task: no file and no zombie of it stays, so that a session may run a million of them."""
        processes.bury()
        with suppress(OSError):
            for path in self._files() - self._kept:
                os.unlink(path)


def conduct_of(word: words.Run, rules: Rules) -> Conduct:
    """What is expected of a task; a chunk may take as long as its tasks together."""
    allowed = word.limits.task_seconds
    return Conduct(
        monotonic,
        rules,
        seconds=allowed and allowed * word.count,
        quiet=word.limits.quiet_seconds,
        whose="its job" if word.count == 1 else f"its job for {word.count} tasks",
    )


def parameter_types(step: Any) -> dict[str, ParameterValueType]:
    if step.parameterSpace is None:
        return {}
    definitions = step.parameterSpace.taskParameterDefinitions
    return {name: ParameterValueType(definition.type) for name, definition in definitions.items()}


def extensions(template: JobTemplate) -> RevisionExtensions:
    return RevisionExtensions(
        spec_rev=SpecificationRevision.v2023_09, supported_extensions=list(template.extensions or ())
    )
