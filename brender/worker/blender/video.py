"""The Video step: joins the frames into one file that everything can play.

How does this work?  A Blender opens the scene to say how its frames are called, how fast they play, and to turn
OpenEXR and the like into PNG with the scene's look.  Where frames are missing or not whole the step refuses and
names them.  Then the program of `imageio-ffmpeg` encodes H.264 into a hidden folder beside the frames, and the
finished file is put in its place.  Run as `python -I video.py VIDEO FPS FRAMES Scene=FILE Name=VALUE...`.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from typing import Any

sys.path.append(os.path.abspath(__file__ + "/../../../.."))

import imageio_ffmpeg
from openjd.model import IntRangeExpr

from brender.worker.blender import hidden, installed, settings
from brender.worker.blender.child import dying_with_parent
from brender.worker.blender.describe import SceneError, ask_blender

# Pictures with a see-through ground are laid on black; H.264 for everybody wants even sides and this pixel format.
FILTER = (
    "format=rgba,premultiply=inplace=1,pad=ceil(iw/2)*2:ceil(ih/2)*2,"
    "scale=in_range=full:out_range=tv:out_color_matrix=bt709,format=yuv420p,"
    "setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709"
)
SPEAKER = re.compile(r"^(\[[^\]]*\] )+")  # the part of ffmpeg that says it
SHOWN = 12


class NoVideo(Exception):
    """The video cannot be made; the message is a sentence for people."""


def say(line: str) -> None:
    print(line, flush=True)


def spans(numbers: Iterable[int]) -> str:
    """1-3, 7, 9-12; the first few of many."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in found]
    return ", ".join(shown[:SHOWN]) + (" and more" if len(shown) > SHOWN else "")


def look(asked: settings.Settings, numbers: list[int], folder: str) -> dict[str, Any]:
    """How the frames are called, and which of them are missing."""
    found = installed.from_environment(os.environ)
    blender = installed.choose(found, asked.blender_version, os.environ.get("PATH", ""))
    answer = ask_blender(blender, asked, {"frames": numbers, "convert_to": folder})
    if answer["missing"]:
        gone, where = answer["missing"], os.path.dirname(answer["files"][0])
        what = "frame is" if len(gone) == 1 else "frames are"
        raise NoVideo(
            f"{len(gone)} of {len(numbers)} {what} missing or not whole in {where}: {spans(gone)}. Render first."
        )
    return answer


def target(video: str, first_frame: str) -> str:
    path = video or os.path.join(os.path.dirname(first_frame), "video.mp4")
    return path if os.path.splitext(path)[1] else path + ".mp4"


def link(files: Sequence[str], folder: str) -> str:
    """Numbers without gaps, whatever the frames are called; returns ffmpeg's pattern."""
    ending = os.path.splitext(files[0])[1]
    for number, file in enumerate(files):
        os.symlink(file, os.path.join(folder, f"frame{number:07d}{ending}"))
    return os.path.join(folder, f"frame%07d{ending}")


def encode(pattern: str, fps: float, frames: int, part: str, path: str) -> None:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-y", "-progress", "pipe:1"]
    command += ["-framerate", f"{fps:.6g}", "-i", pattern, "-vf", FILTER, "-c:v", "libx264", "-preset", "medium"]
    command += ["-crf", "18", "-movflags", "+faststart", part]
    encoder = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        preexec_fn=dying_with_parent(),  # noqa: PLW1509 (this process has one thread)
    )
    assert encoder.stdout is not None
    for line in encoder.stdout:
        name, _, value = line.partition("=")
        if name == "frame" and value.strip().isdigit():
            say(f"openjd_progress: {100 * min(int(value), frames) / frames:.1f}")
    assert encoder.stderr is not None
    wrong = encoder.stderr.read().strip().splitlines()
    if encoder.wait() != 0:
        why = SPEAKER.sub("", wrong[0]).rstrip(".") if wrong else "the encoder gave no reason"
        raise NoVideo(f"The video {path} could not be encoded: {why}.")


def put(part: str, path: str) -> None:
    try:
        hidden.put(part, path)
    except OSError as error:
        raise NoVideo(f"The video cannot be put at {path}: {error.strerror}.") from None


def make(video: str, fps: float, numbers: list[int], asked: settings.Settings) -> str:
    """Returns where the video is."""
    with tempfile.TemporaryDirectory(dir=".", prefix="video-") as inside:
        folder = os.path.abspath(inside)
        found = look(asked, numbers, folder)
        path = target(video, found["files"][0])
        try:
            own = hidden.make(os.path.dirname(path))
        except OSError as error:
            raise NoVideo(f"The folder {os.path.dirname(path)} cannot be written: {error.strerror}.") from None
        try:
            part = os.path.join(own, os.path.basename(path))
            encode(link(found["shown"], folder), fps or found["fps"], len(numbers), part, path)
            put(part, path)
        finally:
            shutil.rmtree(own, ignore_errors=True)
    return path


def run(video: str, fps: str, frames: str, words: Sequence[str]) -> None:
    if os.path.basename(video) == "none":
        say("openjd_status: No video was asked for.")
        return
    numbers = list(IntRangeExpr.from_str(frames))
    if len(numbers) == 1:
        say("openjd_status: One frame makes no video.")
        return
    path = make(video, float(fps), numbers, settings.read(words))
    say(f"openjd_status: {len(numbers)} frames joined to {path}")


def main(words: Sequence[str]) -> int:
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))  # so that the hidden folder goes
    try:
        run(words[0], words[1], words[2], words[3:])
    except (NoVideo, SceneError, installed.NoBlender, settings.WrongSettings) as refusal:
        say(f"openjd_fail: {refusal}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
