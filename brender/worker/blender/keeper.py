"""Inside Blender: opens the scene once, then renders one frame for each message.

How does this work?  Messages are JSON lines on an inherited socket, whose other end the guard holds: `load` is
answered with `folder` (hidden folders it made) and `loaded` or `refused`; `render` with `started`, `progress`
and `done` or `error`.  A frame is rendered as an animation of one frame, because that is what `blender -a` does
(cameras at markers, time stretching, names of files); negative frames, which an animation cannot have, are
rendered as stills.  The operator's word is not taken for it: a frame is done when its files are there and whole.
When the guard goes, the process ends at once, even in mid-frame.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import socket
import sys
import threading
import time
import traceback
from typing import Any

import bpy

sys.path.append(os.path.abspath(__file__ + "/../../../.."))

from brender.worker.blender import device, missing, output, paths, stage, stumbles
from brender.worker.blender.ending import at_once, say_all_printed, with_error
from brender.worker.blender.settings import Settings

REFUSALS = (stage.Refused, paths.WrongPath, device.NoDevice)
OVERRULED = "Scripts in the .blend were not run because the farm forbids them in jobs of this owner."
TELL_EVERY = 0.5  # seconds between two messages about progress
SHOWN_TO_FAIL = 5


class Keeper:
    def __init__(self, guard: socket.socket) -> None:
        self._guard = guard
        self._speaking = threading.Lock()  # two threads speak
        self._statistics = ""  # what Blender said last of the running frame
        self._scene: Any = None
        self._output: output.Output | None = None
        self._settings: Settings | None = None

    def run(self) -> None:
        for line in self._guard.makefile("r", encoding="utf-8"):
            message = json.loads(line)
            if message["do"] == "load":
                self._answer(lambda m: self._load(Settings(**m["settings"])), message, "refused")
            else:
                self._answer(self._render, message, "error")

    def _say(self, kind: str, **more: Any) -> None:
        data = json.dumps({"is": kind, **more}).encode() + b"\n"
        with self._speaking, contextlib.suppress(OSError):
            self._guard.sendall(data)

    def _answer(self, do: Any, message: dict[str, Any], failed: str) -> None:
        try:
            do(message)
        except REFUSALS as refusal:
            say_all_printed()
            self._say(failed, sentence=str(refusal))
        except Exception as error:
            traceback.print_exc()
            say_all_printed()
            self._say(failed, sentence=f"Blender's Python stopped with {type(error).__name__}: {error}")

    def _load(self, settings: Settings) -> None:
        scene = stage.open_scene(settings)
        bpy.app.handlers.render_stats.append(self._remember)  # opening a file forgets those of before
        chosen, warnings = stage.set_up(scene, settings)
        gone = missing.missing_files()
        if gone and settings.fail_on_missing:
            more = f" and {len(gone) - SHOWN_TO_FAIL} more" if len(gone) > SHOWN_TO_FAIL else ""
            raise stage.Refused(f"{'; '.join(gone[:SHOWN_TO_FAIL])}{more}.")
        made = output.Output(scene, settings, lambda path: self._say("folder", path=path))
        self._scene, self._output, self._settings = scene, made, settings
        lines = [*stage.summary(scene, chosen, made.pattern), *stage.scripts_note(settings.scripts)]
        if made.keeps_existing:
            lines.append("The scene says not to overwrite: frames that are there and whole are skipped.")
        overruled = [OVERRULED] if settings.overruled else []
        lines += overruled
        say_all_printed()
        stopped = overruled if bpy.app.autoexec_fail else []  # pictures may be wrong, and nobody asked for that
        every = [*gone, *warnings, *stopped, *stumbles.take(), *stage.version_warning()]
        self._say("loaded", lines=lines, warnings=every, missing=len(gone))

    def _render(self, message: dict[str, Any]) -> None:
        if self._output is None or self._settings is None:
            raise stage.Refused("No scene is open.")
        frame, attempt, began = message["frame"], message["attempt"], time.monotonic()
        self._say("started", frame=frame)
        self._statistics = ""
        stumbles.take()
        skip = self._settings.skip_existing or self._output.keeps_existing
        if skip and self._output.is_there(frame):
            self._done(frame, [], began, skipped=True)
            return
        # What a frame failed with may be in the data that persists: tried again, it does without.
        self._scene.render.use_persistent_data = self._settings.persistent and attempt == 1
        if attempt > 1:
            print(f"Frame {frame} is tried again (attempt {attempt}), without data kept from other frames.")
        being = self._output.begin(frame, attempt)
        try:
            render_frame(self._scene, frame, being)
            files = being.publish()
        finally:
            being.drop()
        self._done(frame, files, began)

    def _done(self, frame: int, files: list[str], began: float, skipped: bool = False) -> None:
        say_all_printed()
        seconds = time.monotonic() - began
        rate = self._scene.render.fps / self._scene.render.fps_base
        about = {"seconds": seconds, "memory": memory_now(), "rate": rate, "warnings": stumbles.take()}
        self._say("done", frame=frame, files=files, skipped=skipped, **about)

    def _remember(self, *args: Any) -> None:
        """Blender calls this up to a hundred times in a small frame: so it does next to nothing."""
        self._statistics = next((arg for arg in args if isinstance(arg, str)), "")

    def tell_progress(self) -> None:
        text, self._statistics = self._statistics, ""
        if text:
            self._say("progress", text=text)


def render_frame(scene: Any, frame: int, being: output.Attempt) -> None:
    try:
        if frame < 0:
            scene.frame_set(frame)
            scene.render.filepath = being.main
            bpy.ops.render.render(write_still=True, scene=scene.name)
            return
        scene.frame_start = 0  # a start behind the end would push the end on
        scene.frame_end = frame
        scene.frame_start = frame
        scene.frame_step = 1
        if (scene.frame_start, scene.frame_end) != (frame, frame):
            raise stage.Refused(f"Frame {frame} is beyond what Blender can count ({scene.frame_end}).")
        bpy.ops.render.render(animation=True, scene=scene.name)
    except RuntimeError as error:
        raise stage.Refused(being.spoken(stage.plain("Blender could not render", str(error)))) from None


def memory_now() -> int:
    """Bytes of memory that this process holds."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def watch(guard: socket.socket, keeper: Keeper) -> None:
    """A second thread's life: tells of progress, and takes the process down when the guard has gone."""
    gone = select.poll()
    gone.register(guard, select.POLLHUP)
    while not gone.poll(TELL_EVERY * 1000):
        keeper.tell_progress()
    os._exit(1)


def main() -> None:
    at_once()
    stumbles.listen()
    guard = socket.socket(fileno=int(sys.argv[sys.argv.index("--") + 1]))
    keeper = Keeper(guard)
    threading.Thread(target=watch, args=(guard, keeper), daemon=True).start()
    try:
        keeper.run()
    except BaseException:
        with_error()
    os._exit(0)  # the bpy module can hang for ever in its own exit handlers


if __name__ == "__main__":
    main()
