"""The scenes that are rendered for the pictures: `scenes.py OUT.blend --look towers`, with Blender's own Python.

How does this work?  It borrows the tools of the demo's scene (paint, sun, sky, camera).  `towers` are a field of
pillars at dusk, `planets` balls round a bright one in the dark, `ring` is the demo's own scene.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
import sys
from pathlib import Path
from typing import Any

import bpy

TOOLS = Path(__file__).resolve().parents[2] / "brender" / "worker" / "blender" / "demo_scene.py"


def tools() -> Any:
    found = importlib.util.spec_from_file_location("demo_scene", TOOLS)
    assert found
    assert found.loader
    made = importlib.util.module_from_spec(found)
    found.loader.exec_module(made)
    return made


def begun(demo: Any, asked: argparse.Namespace, colour: tuple[float, float, float], light: float) -> Any:
    scene = demo.empty_scene(asked.frames, asked.width, asked.height)
    demo.fast_cycles(scene, samples=4)
    demo.sky(scene, colour, light)
    return scene


def towers(demo: Any, asked: argparse.Namespace) -> None:
    scene = begun(demo, asked, (0.95, 0.46, 0.25), 0.8)
    demo.sun((1.25, 0.1, 0.9), 3.5)
    bpy.ops.mesh.primitive_plane_add(size=200)
    bpy.context.object.data.materials.append(demo.paint("Ground", (0.20, 0.17, 0.24), 0.1))
    paints = [demo.paint(f"Paint {number}", colour, 0.12) for number, colour in enumerate(demo.PALETTE)]
    for number in range(13 * 13):
        x, y = number % 13 - 6, number // 13 - 6
        height = 0.6 + 2.4 * abs(math.sin(1.3 * x) * math.cos(0.9 * y + 0.4 * x))
        bpy.ops.mesh.primitive_cylinder_add(vertices=6, radius=0.42, depth=height, location=(x, y, height / 2))
        bpy.context.object.data.materials.append(paints[(x * x + 2 * abs(y)) % 6])
    demo.camera(scene, ((-8.5, -9.0, 4.2), (-5.0, -10.5, 5.4), (-1.0, -11.0, 4.4)), (0.0, 0.0, 0.8), 34.0)


def planets(demo: Any, asked: argparse.Namespace) -> None:
    scene = begun(demo, asked, (0.02, 0.03, 0.07), 1.0)
    demo.sun((0.9, -0.4, 0.3), 4.0)
    bpy.ops.mesh.primitive_uv_sphere_add(segments=96, ring_count=48, radius=1.7)
    bpy.context.object.data.materials.append(demo.paint("Star", (1.0, 0.62, 0.20), 1.1))
    for number in range(9):
        angle, far = 2.4 * number, 2.6 + 0.42 * number
        place = (far * math.cos(angle), far * math.sin(angle), 0.5 * math.sin(1.7 * number))
        radius, colour = 0.24 + 0.07 * (number % 4), demo.PALETTE[number % 6]
        bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=32, radius=radius, location=place)
        made = bpy.context.object
        paint = demo.mirror("Chrome") if number == 4 else demo.paint(f"Paint {number}", colour, 0.05)
        made.data.materials.append(paint)
        for face in made.data.polygons:
            face.use_smooth = True
    demo.camera(scene, ((7.5, -6.5, 2.2), (8.4, -4.4, 3.2), (8.8, -2.4, 2.6)), (0.0, 0.0, 0.0), 40.0)


def ring(demo: Any, asked: argparse.Namespace) -> None:
    demo.build_pretty(asked.frames, asked.width, asked.height)


LOOKS = {"ring": ring, "towers": towers, "planets": planets}


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="scenes.py")
    parser.add_argument("out", type=Path)
    parser.add_argument("--look", choices=LOOKS, required=True)
    for name, usual in (("frames", 24), ("width", 800), ("height", 450)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    asked = parser.parse_args(argv[argv.index("--") + 1 :] if "--" in argv else argv[1:])
    LOOKS[asked.look](tools(), asked)
    bpy.ops.wm.save_as_mainfile(filepath=str(asked.out.resolve()))


if __name__ == "__main__":
    main(sys.argv)
    sys.stdout.flush()
    os._exit(0)  # the bpy module can hang for ever in its own exit handlers
