"""Runs the built-in template as a worker does: OpenJD's own session, its own clients, a real Blender.

How does this work?  `Farm.open` decodes the template, makes the job and enters the step's environment in a real
`openjd.sessions.Session`; `render` runs one task and returns what it printed and how it ended; `close` leaves the
environment and removes the session's folder.  Nothing here stands in for anything.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any, NamedTuple

from openjd.model import (
    ParameterValue,
    ParameterValueType,
    StepParameterSpaceIterator,
    create_job,
    decode_job_template,
    preprocess_job_parameters,
)
from openjd.sessions import LOG, ActionState, ActionStatus, PathMappingRule, Session, SessionState
from twisted.trial.unittest import SkipTest, TestCase
from yaml import safe_load

import brender.templates
import brender.worker.blender
from brender.worker.blender.find import find_blenders
from brender.worker.blender.installed import Blender

PROGRAMS = str(Path(brender.worker.blender.__file__).parent)


def under_test() -> Blender | None:
    """The Blender that BRENDER_TEST_BLENDER names, else this interpreter's bpy, else the one on PATH."""
    named = os.environ.get("BRENDER_TEST_BLENDER", "")
    found = find_blenders([named] if named else [], os.environ.get("PATH", ""))
    if named:
        return next((each for each in found if each.path.startswith(named)), None)
    return next(iter(sorted(found, key=lambda each: each.kind)), None)


FOUND = under_test()
BLENDER = FOUND or Blender("none", "program", "blender")


class Ended(NamedTuple):
    state: ActionState
    lines: list[str]
    reason: str
    status: str

    @property
    def ok(self) -> bool:
        return self.state is ActionState.SUCCESS

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def warnings(self) -> list[str]:
        return [line for line in self.lines if line.startswith("brender_warning: ")]


class Heard(logging.Handler):
    def __init__(self, session_id: str) -> None:
        super().__init__()
        self.session_id = session_id
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "session_id", None) == self.session_id:
            self.lines.append(record.getMessage())


class Farm:
    """One job, one session, one environment: what a worker holds for a step."""

    count = 0

    def __init__(
        self,
        folder: Path,
        values: dict[str, str],
        blenders: list[Blender] | None = None,
        variables: dict[str, str] | None = None,
        rules: list[PathMappingRule] | None = None,
    ) -> None:
        Farm.count += 1
        self.id = f"session-{Farm.count}"
        template = decode_job_template(
            template=safe_load(brender.templates.path_of("blender").read_text()), supported_extensions=[]
        )
        parameters = preprocess_job_parameters(
            job_template=template,
            job_parameter_values=values,
            job_template_dir=folder,
            current_working_dir=folder,
        )
        self.job = create_job(job_template=template, job_parameter_values=parameters)
        self.heard = Heard(self.id)
        LOG.addHandler(self.heard)
        LOG.setLevel(logging.INFO)
        found = [BLENDER] if blenders is None else blenders
        known = {
            "BRENDER_PYTHON": sys.executable,
            "BRENDER_BLENDER_PROGRAMS": PROGRAMS,
            "BRENDER_BLENDER": json.dumps([blender._asdict() for blender in found]),
        }
        root = folder / "sessions"
        root.mkdir(exist_ok=True)
        self._turn = threading.Event()
        self._status: ActionStatus | None = None
        self.session = Session(
            session_id=self.id,
            job_parameter_values={
                name: ParameterValue(type=ParameterValueType(value.type), value=value.value)
                for name, value in parameters.items()
            },
            session_root_directory=root,
            callback=self._changed,
            path_mapping_rules=rules,
            os_env_vars=known if variables is None else variables,
        )
        self._entered: list[str] = []

    def _changed(self, session_id: str, status: ActionStatus) -> None:
        self._status = status
        if status.state is not ActionState.RUNNING:
            self._turn.set()

    def _step(self, name: str) -> Any:
        return next(step for step in self.job.steps if step.name == name)

    def _wait(self, begin: int) -> Ended:
        if not self._turn.wait(240):
            raise AssertionError("The action did not end: " + "\n".join(self.heard.lines[begin:]))
        status = self._status
        assert status is not None
        return Ended(status.state, self.heard.lines[begin:], status.fail_message or "", status.status_message or "")

    def _begin(self) -> int:
        self._turn.clear()
        return len(self.heard.lines)

    def enter(self, **variables: str) -> Ended:
        begin = self._begin()
        environment = self._step("Render").stepEnvironments[0]
        self._entered.append(self.session.enter_environment(environment=environment, os_env_vars=variables))
        return self._wait(begin)

    def start(self, frame: int, **variables: str) -> int:
        """Begin a frame and do not wait for it."""
        self.revive()
        begin = self._begin()
        self.session.run_task(
            step_script=self._step("Render").script,
            task_parameter_values={"Frame": ParameterValue(type=ParameterValueType.INT, value=str(frame))},
            os_env_vars=variables,
        )
        return begin

    def finish(self, begin: int) -> Ended:
        return self._wait(begin)

    def render(self, frame: int, **variables: str) -> Ended:
        return self.finish(self.start(frame, **variables))

    def revive(self) -> None:
        """OpenJD closes a session to tasks after one failed; a worker that goes on in it does this."""
        if self.session.state is SessionState.READY_ENDING:
            self.session._state = SessionState.READY

    def video(self) -> Ended:
        self.revive()
        begin = self._begin()
        self.session.run_task(step_script=self._step("Video").script, task_parameter_values={})
        return self._wait(begin)

    def frames(self) -> list[int]:
        space = self._step("Render").parameterSpace
        return [int(task["Frame"].value) for task in StepParameterSpaceIterator(space=space)]

    def leave(self) -> Ended:
        begin = self._begin()
        self.session.exit_environment(identifier=self._entered.pop())
        return self._wait(begin)

    def close(self) -> None:
        if self._entered:
            if self.session.state is SessionState.RUNNING:
                self.session.cancel_action()
                self._turn.wait(60)
            self.leave()
        self.session.cleanup()
        LOG.removeHandler(self.heard)


SCENES: list[Path] = []


def scenes() -> Path:
    """The folder of the tests' scenes, made once in a run."""
    if not SCENES:
        folder = Path(tempfile.mkdtemp(prefix="brender-scenes-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        maker = Path(__file__).with_name("scene_maker.py")
        command = BLENDER.command(str(maker), [str(folder)])
        known = {**os.environ, "TMPDIR": str(folder)}  # Blender leaves a folder of its own behind
        ended = subprocess.run(command, capture_output=True, text=True, check=False, env=known)
        if ended.returncode:
            raise AssertionError(ended.stdout + ended.stderr)
        SCENES.append(folder)
    return SCENES[0]


class BlenderTestCase(TestCase):
    """A folder for each test, and farms that are closed behind it."""

    def setUp(self) -> None:
        if FOUND is None:
            raise SkipTest("No Blender here: neither this Python's module bpy nor blender on PATH.")
        self.folder = Path(tempfile.mkdtemp(prefix="brender-blender-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def scene(self, name: str) -> Path:
        """A copy of a test scene in this test's folder."""
        return Path(shutil.copy(scenes() / f"{name}.blend", self.folder / f"{name}.blend"))

    def farm(self, scene: str, **values: str) -> Farm:
        path = self.folder / f"{scene}.blend"
        known = {"Scene": str(path if path.exists() else self.scene(scene))}
        made = Farm(self.folder, {**known, **values})
        self.addCleanup(made.close)
        return made

    def entered(self, scene: str, **values: str) -> Farm:
        farm = self.farm(scene, **values)
        ended = farm.enter()
        self.assertTrue(ended.ok, ended.text)
        return farm

    def refused(self, scene: str, **values: str) -> str:
        """The sentence with which the environment is not entered."""
        ended = self.farm(scene, **values).enter()
        self.assertFalse(ended.ok, ended.text)
        return ended.reason

    def rendered(self, farm: Farm, frame: int, **variables: str) -> Ended:
        ended = farm.render(frame, **variables)
        self.assertTrue(ended.ok, ended.text)
        return ended

    def written(self, folder: str = "out") -> list[str]:
        """All files below a folder, the hidden ones too."""
        root = self.folder / folder
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
