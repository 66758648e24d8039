"""What a farm costs a Blender artist: brender against `blender -a` on the same file, pixels compared.

How does this work?  Ours is one worker, one task a frame, from submission to the last frame; theirs is
the same Blender rendering the whole animation in one process, its start and the loading of the file
included on both sides.  Two scenes of 24 frames: short ones, and a camera move over 60 heavy meshes that
stand still.  The second is also compared with `blender -a` with persistent data on, as brender has it.
"""

import os
import subprocess
from pathlib import Path
from time import monotonic

from PIL import Image

import brender.worker.blender
from bench.figures import Figure, figure, side_by_side
from bench.jobs import run
from brender.worker.blender.find import find_blenders
from brender.worker.blender.installed import Blender
from brender.worker.machine.identity import cores
from tests.line.harness import Farm

SCENE_PROGRAM = Path(brender.worker.blender.__file__).with_name("demo_scene.py")
PROGRAM = Path(__file__).with_name("render_animation.py")
FRAMES = 24  # one second of film
SIZE = ("--width", "640", "--height", "360")


def ratios(folder: Path) -> list[Figure]:
    with Farm(folder) as farm:
        farm.worker("bench", cores())
        short = scene(folder, "short")
        heavy = scene(folder, "heavy", "--heavy")
        plain = side_by_side(lambda: ours(farm, short), lambda: theirs(short))
        static = side_by_side(lambda: ours(farm, heavy), lambda: theirs(heavy))
        same = side_by_side(lambda: ours(farm, heavy), lambda: theirs(heavy, "--persistent"))
    different = pixels_that_differ(folder)
    return [
        figure("blender_ratio", plain[0] / plain[1], "", "<= 1.2"),
        figure("static_ratio", static[0] / static[1], "", "<= 0.4"),
        figure("static_ratio_same_settings", same[0] / same[1], "", "<= 1.2"),
        figure("blender_frames_that_differ", different, "frames", "<= 0"),
    ]


def blender() -> Blender:
    """The one that the worker will use."""
    return find_blenders((), os.environ.get("PATH", ""))[0]


def scene(folder: Path, name: str, *options: str) -> Path:
    out = folder / f"{name}.blend"
    words = [str(out), "--frames", str(FRAMES), *SIZE, *options]
    subprocess.run(blender().command(str(SCENE_PROGRAM), words), check=True, capture_output=True)
    return out


def ours(farm: Farm, path: Path) -> float:
    output = path.parent / f"{path.stem}-brender"
    values = {"Scene": str(path), "Frames": f"1-{FRAMES}", "Output": f"{output}/frame_####", "Video": "none"}
    began = monotonic()
    run(farm, "blender", values)
    return monotonic() - began


def theirs(path: Path, *options: str) -> float:
    output = path.parent / f"{path.stem}-blender{''.join(options)}"
    began = monotonic()
    words = [str(path), f"{output}/frame_####", *options]
    subprocess.run(blender().command(str(PROGRAM), words), check=True, capture_output=True)
    return monotonic() - began


def pixels_that_differ(folder: Path) -> int:
    """How many frames of ours are not theirs, pixel by pixel; one that is not there is one of them."""
    return sum(
        not equal(folder / f"{name}-brender" / frame, folder / f"{name}-blender" / frame)
        for name in ("short", "heavy")
        for frame in (f"frame_{number:04}.png" for number in range(1, FRAMES + 1))
    )


def equal(ours: Path, theirs: Path) -> bool:
    if not ours.exists() or not theirs.exists():
        return False
    with Image.open(ours) as mine, Image.open(theirs) as other:
        return mine.mode == other.mode and mine.size == other.size and mine.tobytes() == other.tobytes()
