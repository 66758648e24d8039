"""`brender demo`: a whole farm on this machine, from nothing to a video.

How does this work?  It looks for a Blender, lets it make a small scene, starts a server and two workers as
processes of their own on free ports, hands the scene in, and shows the bar.  The processes are ended at the
end, whatever happens (`children`).  Everything is kept in `demo-output/`, logs and database included.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

import click

import brender.worker.blender
from brender import __version__
from brender.cli.asking import fail, say
from brender.cli.children import LAST_LINES, Children
from brender.cli.ports import Ports
from brender.cli.scenes import best_blender
from brender.cli.watch import Watch, ending
from brender.client.errors import Failed, Unreachable
from brender.client.http import Api
from brender.verbs.tables import duration
from brender.worker.blender.find import KEPT
from brender.worker.blender.installed import Blender

WORKERS = 2
SIZE = (640, 360)
STARTING = 60.0  # seconds that server and workers may take
SCENE_SECONDS = 300
SCENE_PROGRAM = Path(brender.worker.blender.__file__).with_name("demo_scene.py")


@click.command()
@click.option("--frames", type=click.IntRange(1, 1000), default=24, show_default=True, help="How many.")
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), default=Path("demo-output"),
              show_default=True, help="The folder for everything.")  # fmt: skip
@click.option("--exit", "leave", is_flag=True, help="Leave when the frames are done, instead of staying up.")
def demo(frames: int, output: Path, leave: bool) -> None:
    """See a whole farm on this machine render a small scene."""
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGHUP, interrupted)
    try:
        with Children() as children:
            code = Demo(children, output.absolute(), frames, leave).run()
            if code == 0 and not leave:
                stay(children)
    except Failed as failed:
        fail(failed, as_json=False)
    except KeyboardInterrupt:
        say("\nEverything is stopped.")
        code = 130
    sys.exit(code)


def interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def stay(children: Children) -> None:
    """Until Ctrl-C, or until one of the processes ends by itself."""
    try:
        while True:
            children.check()
            time.sleep(0.5)
    except KeyboardInterrupt:
        say("\nStopping.")


class Demo:
    def __init__(self, children: Children, folder: Path, frames: int, leave: bool) -> None:
        self._children = children
        self._folder = folder
        self._state = folder / "state"
        self._frames = frames
        self._leave = leave
        self._ports = Ports.free()
        self._api = Api(f"http://127.0.0.1:{self._ports.web}")
        self._began = time.monotonic()

    def run(self) -> int:
        say(f"brender {__version__.removesuffix('.0')} · everything on this machine, nothing to configure")
        self._prepare()
        blender = self._blender()
        self._start()
        self._scene(blender)
        self._until(lambda: self._api.get("/api/v1/farm")["online"] == WORKERS)
        job = self._submit()
        watch = Watch(self._api, False, "frame", self._children.check, quiet=True)
        return self._results() if watch.until_it_ends(job) == 0 else self._failure(watch.job)

    def _blender(self) -> Blender:
        blender = best_blender(self._state)
        if blender is None:
            sentence = "No Blender here: neither blender on PATH nor the Python module bpy. make demo installs it."
            raise Failed(sentence, code="no-blender")
        kind = "program" if blender.kind == "program" else "Python module of"
        tell("Blender", f"{blender.version}, {kind} {shortened(Path(blender.path))}")
        return blender

    def _prepare(self) -> None:
        """An empty state, and nothing of a demo before this one."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for old in [*self._folder.glob("frame_[0-9]*.png"), *self._folder.glob("video.mp4")]:
                old.unlink()
            shutil.rmtree(self._state, ignore_errors=True)
            self._state.mkdir()
            (self._state / "brender.toml").write_text(self._ports.settings(), "utf-8")
        except OSError as error:
            raise Failed(
                f"{error.filename or self._folder} cannot be written: {error.strerror}.", code="no-folder"
            ) from None

    def _scene(self, blender: Blender) -> None:
        size = ("--width", str(SIZE[0]), "--height", str(SIZE[1]))
        scene = self._folder / "scene.blend"
        words = blender.command(str(SCENE_PROGRAM), [str(scene), "--frames", str(self._frames), *size])
        log = self._state / "scene.log"
        with log.open("wb") as output:
            try:
                subprocess.run(
                    words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, timeout=SCENE_SECONDS, check=True
                )
            except (OSError, subprocess.SubprocessError) as error:
                lines = log.read_text("utf-8", "replace").splitlines()[-15:]
                raise Failed(
                    "\n".join([f"Blender did not make the scene: {error}.", *lines]), code="no-scene"
                ) from None
        tell("scene", f"{shortened(scene)}, {self._frames} frames, {SIZE[0]} x {SIZE[1]}, Cycles")

    def _start(self) -> None:
        program = [sys.executable, "-m", "brender"]
        settings = ["--config", str(self._state / "brender.toml")]
        self._child("server", [*program, "server", *settings, "--state", str(self._state / "server")])
        self._until(lambda: True)
        ports = self._ports
        tell(
            "server",
            f"shell localhost:{ports.shell} · workers localhost:{ports.workers} · web http://localhost:{ports.web}",
        )
        for number in range(1, WORKERS + 1):
            words = ["worker", f"127.0.0.1:{ports.workers}", "--name", f"demo-{number}", "--slots", "1", *settings]
            state = self._state / f"worker-{number}"
            self._know_blenders(state / "worker")
            self._child(f"worker {number}", [*program, *words, "--state", str(state)], core_for(number))
        tell("workers", f"{WORKERS}, one core each")

    def _child(self, name: str, words: list[str], core: int | None = None) -> None:
        self._children.start(name, words, self._state / f"{name.replace(' ', '-')}.log", core)

    def _know_blenders(self, folder: Path) -> None:
        """Spare a worker the search: what was found is found."""
        folder.mkdir(parents=True)
        shutil.copy(self._state / KEPT, folder)

    def _until(self, ready: Any) -> None:
        """Ask the server until it answers and what is asked for is so."""
        deadline = time.monotonic() + STARTING
        while time.monotonic() < deadline:
            self._children.check()
            try:
                self._api.get("/api/v1/farm")
                if ready():
                    return
            except Unreachable:
                pass
            time.sleep(0.05)
        raise Failed(f"Not everything came up within {STARTING:.0f} s; the logs are in {self._state}.", code="slow")

    def _submit(self) -> Any:
        values = {"Scene": str(self._folder / "scene.blend"), "Frames": f"1-{self._frames}"}
        return self._api.post("/api/v1/jobs", {"template": "blender", "values": values, "name": "scene"})

    def _results(self) -> int:
        frames = sorted(self._folder.glob("frame_[0-9]*.png"))
        video = self._folder / "video.mp4"
        if len(frames) != self._frames or not video.is_file():
            raise Failed(f"{len(frames)} of {self._frames} frames are in {self._folder}, and {video.name} is "
                         f"{'there' if video.is_file() else 'missing'}.", code="missing")  # fmt: skip
        tell("frames", f"{shortened(frames[0])} … {frames[-1].name}")
        tell("video", shortened(video))
        took = duration(time.monotonic() - self._began)
        where = f"http://localhost:{self._ports.web} or telnet localhost {self._ports.shell}"
        say(f"Done in {took}." if self._leave else f"Done in {took}. Look at {where}; Ctrl-C stops everything.")
        return 0

    def _failure(self, job: Any) -> int:
        """What has become of the job, and the end of its log."""
        lines = [ending(job, "frame"), *last_lines(self._api, job["id"]), f"More is in {self._state}."]
        say("\n".join(lines), err=True)
        return 1


def last_lines(api: Api, job: int) -> list[str]:
    """Of its log; a job whose sessions could not be opened has none."""
    try:
        log = api.text(f"/api/v1/jobs/{job}/log")
    except Failed:
        return []
    return ["The last lines of its log:", *log.splitlines()[-LAST_LINES:]]


def core_for(number: int) -> int | None:
    """A core of its own for each worker, as far as there are some."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))
    return cores[(number - 1) % len(cores)]


def tell(what: str, text: str) -> None:
    say(f"  {what:8}  {text}")


def shortened(path: Path) -> str:
    """As it is from here, where that is shorter."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
