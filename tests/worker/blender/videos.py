"""Looking into videos in tests: what a decoder finds there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import imageio_ffmpeg


def look(path: Path) -> tuple[int, str]:
    """How many frames a decoder finds in it, and its line about the picture."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(path), "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    return int(re.findall(r"frame=\s*(\d+)", said)[-1]), next(
        line for line in said.splitlines() if "Video: h264" in line
    )


def grey(path: Path) -> int:
    """The middle pixel of the first frame, 0 to 255."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(path), "-frames:v", "1"]
    command += ["-f", "rawvideo", "-pix_fmt", "gray", "-"]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    return data[len(data) // 2]
