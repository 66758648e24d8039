"""What is in a .blend: frames, size, engine, camera, output; asked of a real Blender.

How does this work?  `describe` runs `facts.py` in a Blender of its own, with the scene's scripts forbidden, and
waits for the answer (about a second and the time to open the scene): call it in a thread.  `ask_blender` is the
same for whoever has another question.  Both end their Blender when the calling process is killed.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from brender.worker.blender import fate
from brender.worker.blender.child import dying_with_parent
from brender.worker.blender.installed import Blender
from brender.worker.blender.settings import Settings

PROGRAM = str(Path(__file__).with_name("facts.py"))
PATIENCE = 600.0  # seconds: a big scene on a slow share


class SceneError(Exception):
    """The scene cannot be described; the message is a sentence for people."""


class SceneFacts(NamedTuple):
    path: str
    scene: str
    scenes: list[str]
    frame_start: int
    frame_end: int
    frame_step: int
    fps: float
    width: int
    height: int
    engine: str
    camera: str
    cameras: list[str]
    view_layers: list[str]
    saved_output: str  # as the artist typed it
    output: str  # where that is on this machine; "" where that cannot be said
    format: str
    is_movie: bool
    missing: list[str]
    saved_by: str
    blender: str

    @property
    def frames(self) -> str:
        """As a range expression."""
        if self.frame_start == self.frame_end:
            return str(self.frame_start)
        step = f":{self.frame_step}" if self.frame_step > 1 else ""
        return f"{self.frame_start}-{self.frame_end}{step}"

    def __str__(self) -> str:
        engine = self.engine or "an engine that is not installed here"
        where = self.output or f"{self.saved_output or 'nowhere'} (give Output)"
        camera = f"camera {self.camera}" if self.camera else "no camera"
        return f"frames {self.frames}, {self.width} x {self.height}, {engine}, {camera}, to {where}"

    def as_json(self) -> str:
        return json.dumps({**self._asdict(), "frames": self.frames})


def describe(blender: Blender, scene: Path) -> SceneFacts:
    """Blocking. Raises SceneError."""
    asked = Settings(scene=str(scene.absolute()), scripts=False)
    answer = ask_blender(blender, asked, {})
    return SceneFacts(path=asked.scene, **answer)


def ask_blender(blender: Blender, settings: Settings, question: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="brender-facts-") as folder:
        asked = Path(folder) / "question"
        asked.write_text(json.dumps({"settings": settings._asdict(), **question}))
        lines, status = run(blender.command(PROGRAM, [str(asked)], settings.scripts), folder)
        answered = Path(f"{asked}.answer")
        if not answered.exists():
            raise SceneError(fate.sentence(status, lines, out_of_memory=False))
        answer: dict[str, Any] = json.loads(answered.read_text())
    if "refused" in answer:
        raise SceneError(answer["refused"])
    return answer


def run(command: list[str], folder: str) -> tuple[list[str], int]:
    """What it printed, and its wait status."""
    try:
        ended = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "TMPDIR": folder},  # what Blender leaves behind goes with the folder
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
            preexec_fn=dying_with_parent(),
        )
    except OSError as error:
        raise SceneError(f"Blender cannot be started from {command[0]}: {error.strerror}.") from None
    except subprocess.TimeoutExpired:
        raise SceneError(f"Blender did not open the scene within {PATIENCE:.0f} s.") from None
    code = ended.returncode
    return ended.stdout.decode("utf-8", "replace").splitlines(), -code if code < 0 else code << 8
