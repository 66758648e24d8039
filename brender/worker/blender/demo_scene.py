"""Makes the scene that `make demo`, the tests and the benchmarks render.

How does this work?  `python demo_scene.py OUT.blend --frames 24` builds everything with Blender's own
Python: coloured shapes turn round a mirror ball under one hard sun while the camera flies past.  A hard
sun, mirrors and colours that shine a little by themselves have no noise, so three samples are enough and
Cycles renders a frame of 640 x 360 in a fraction of a second on two cores.  `--heavy` builds another scene for
the benchmark: the camera moves over 60 finely divided meshes that themselves never change, so that most
of a frame's time goes into preparing them.  Run it with any Python that can import `bpy`, or as
`blender -b --python demo_scene.py -- OUT.blend`.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy

PALETTE = (
    (0.90, 0.22, 0.21),
    (0.98, 0.57, 0.16),
    (0.99, 0.82, 0.28),
    (0.35, 0.72, 0.38),
    (0.16, 0.55, 0.78),
    (0.46, 0.32, 0.72),
)
HEAVY_MESHES = 60


def paint(name: str, colour: Sequence[float], glow: float = 0.2) -> Any:
    """A matt colour that gives a fifth of itself as light, in place of what the room would reflect."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    nodes.clear()
    diffuse, shine = nodes.new("ShaderNodeBsdfDiffuse"), nodes.new("ShaderNodeEmission")
    both, output = nodes.new("ShaderNodeAddShader"), nodes.new("ShaderNodeOutputMaterial")
    diffuse.inputs["Color"].default_value = shine.inputs["Color"].default_value = (*colour, 1.0)
    shine.inputs["Strength"].default_value = glow
    links.new(diffuse.outputs[0], both.inputs[0])
    links.new(shine.outputs[0], both.inputs[1])
    links.new(both.outputs[0], output.inputs["Surface"])
    return made


def mirror(name: str) -> Any:
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    nodes.clear()
    glossy, output = nodes.new("ShaderNodeBsdfGlossy"), nodes.new("ShaderNodeOutputMaterial")
    glossy.inputs["Color"].default_value = (0.92, 0.93, 0.95, 1.0)
    glossy.inputs["Roughness"].default_value = 0.0
    links.new(glossy.outputs[0], output.inputs["Surface"])
    return made


def empty_scene(frames: int, width: int, height: int) -> Any:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, frames
    render = scene.render
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y, render.resolution_percentage = width, height, 100
    render.fps = 12
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGB"
    render.filepath = "//frame_####"
    scene.view_settings.view_transform = "Standard"
    return scene


def fast_cycles(scene: Any, samples: int) -> None:
    cycles = scene.cycles
    cycles.samples = samples
    cycles.use_adaptive_sampling = False
    cycles.use_denoising = False
    cycles.max_bounces, cycles.diffuse_bounces = 2, 0
    cycles.seed = 7
    scene.render.use_motion_blur = False


def sky(scene: Any, colour: Sequence[float], strength: float) -> None:
    world = bpy.data.worlds.new("Sky")
    world.use_nodes = True
    background = world.node_tree.nodes["Background"]
    background.inputs["Color"].default_value = (*colour, 1.0)
    background.inputs["Strength"].default_value = strength
    scene.world = world
    world.cycles_visibility.diffuse = False


def sun(direction: Sequence[float], strength: float) -> None:
    bpy.ops.object.light_add(type="SUN", rotation=direction)
    light = bpy.context.object.data
    light.energy, light.angle, light.color = strength, 0.0, (1.0, 0.94, 0.86)


def aim(thing: Any, at: Sequence[float]) -> None:
    target = bpy.data.objects.new("Aim", None)
    target.location = at
    bpy.context.collection.objects.link(target)
    track = thing.constraints.new("TRACK_TO")
    track.target, track.track_axis, track.up_axis = target, "TRACK_NEGATIVE_Z", "UP_Y"


def camera(scene: Any, way: Sequence[Sequence[float]], at: Sequence[float], lens: float) -> None:
    data = bpy.data.cameras.new("Camera")
    data.lens = lens
    thing = bpy.data.objects.new("Camera", data)
    scene.collection.objects.link(thing)
    scene.camera = thing
    aim(thing, at)
    last = max(scene.frame_end, scene.frame_start + 1)
    for step, place in enumerate(way):
        thing.location = place
        thing.keyframe_insert("location", frame=scene.frame_start + (last - scene.frame_start) * step / (len(way) - 1))


def shape(kind: int, place: Sequence[float]) -> Any:
    if kind == 0:
        bpy.ops.mesh.primitive_uv_sphere_add(segments=48, ring_count=24, radius=0.62, location=place)
    elif kind == 1:
        bpy.ops.mesh.primitive_torus_add(major_radius=0.5, minor_radius=0.22, location=place, major_segments=64)
    else:
        bpy.ops.mesh.primitive_cylinder_add(vertices=6, radius=0.6, depth=1.1, location=place)
    made = bpy.context.object
    for face in made.data.polygons:
        face.use_smooth = kind != 2
    return made


def ring(scene: Any) -> None:
    """The shapes hang on one empty that makes a sixth of a turn, so the last frame meets the first."""
    hub = bpy.data.objects.new("Hub", None)
    scene.collection.objects.link(hub)
    for number in range(12):
        angle = 2 * math.pi * number / 12
        made = shape(number % 3, (3.2 * math.cos(angle), 3.2 * math.sin(angle), 0.65))
        made.rotation_euler = (0.5 * (number % 2), 0.0, angle)
        made.data.materials.append(paint(f"Paint {number}", PALETTE[number % 6]))
        made.parent = hub
    for frame, turn in ((scene.frame_start, 0.0), (max(scene.frame_end, scene.frame_start + 1), math.pi / 3)):
        hub.rotation_euler = (0.0, 0.0, turn)
        hub.keyframe_insert("rotation_euler", frame=frame)


def build_pretty(frames: int, width: int, height: int) -> Any:
    scene = empty_scene(frames, width, height)
    fast_cycles(scene, samples=3)
    sky(scene, (0.35, 0.55, 0.90), 0.9)
    sun((0.75, 0.25, 0.6), 3.0)
    bpy.ops.mesh.primitive_plane_add(size=80)
    bpy.context.object.data.materials.append(paint("Floor", (0.55, 0.56, 0.60), 0.15))
    bpy.ops.mesh.primitive_uv_sphere_add(segments=96, ring_count=48, radius=1.5, location=(0.0, 0.0, 1.5))
    ball = bpy.context.object
    ball.data.materials.append(mirror("Chrome"))
    for face in ball.data.polygons:
        face.use_smooth = True
    ring(scene)
    camera(scene, ((6.6, -6.8, 2.6), (7.4, -5.4, 3.6), (7.9, -4.0, 3.0)), (0.0, 0.0, 0.9), 38.0)
    return scene


def heavy_mesh(number: int) -> None:
    place = (3.0 * (number % 10) - 13.5, 3.0 * (number // 10) - 7.5, 0.0)
    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=7, radius=1.1, location=place)
    made = bpy.context.object
    made.rotation_euler = (0.1 * number, 0.2 * number, 0.0)
    made.data.materials.append(paint(f"Clay {number}", PALETTE[number % 6]))


def build_heavy(frames: int, width: int, height: int) -> Any:
    scene = empty_scene(frames, width, height)
    fast_cycles(scene, samples=2)
    sky(scene, (0.6, 0.7, 0.9), 1.0)
    sun((0.6, 0.2, 0.4), 3.0)
    for number in range(HEAVY_MESHES):
        heavy_mesh(number)
    camera(scene, ((-12.0, -16.0, 8.0), (12.0, -16.0, 8.0)), (0.0, 0.0, 0.0), 32.0)
    return scene


def make(out: Path, frames: int, width: int, height: int, heavy: bool = False) -> Path:
    scene = (build_heavy if heavy else build_pretty)(frames, width, height)
    scene.render.use_persistent_data = False  # as most artists save it
    out.parent.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(out.resolve()), compress=heavy)
    return out


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="demo_scene.py", description="Make a small Cycles scene to render.")
    parser.add_argument("out", type=Path, help="the .blend to write")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--height", type=int, default=360)
    parser.add_argument("--heavy", action="store_true", help="60 heavy meshes that never change: the benchmark's scene")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> None:
    asked = arguments(argv[argv.index("--") + 1 :] if "--" in argv else argv[1:])
    print(make(asked.out, asked.frames, asked.width, asked.height, asked.heavy))


if __name__ == "__main__":
    main(sys.argv)
    sys.stdout.flush()
    os._exit(0)  # the bpy module can hang for ever in its own exit handlers
