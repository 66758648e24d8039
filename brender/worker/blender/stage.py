"""The scene, opened and set up as the job asks.

How does this work?  `open_scene` loads the .blend with its scripts allowed or forbidden; `set_up` picks scene,
camera, view layer, engine, format, samples, size and device.  What the job does not say stays as the artist
saved it.  Whatever does not exist is refused with a sentence that names what does: Blender itself would go on
with something else.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable
from typing import Any

import bpy

from brender.worker.blender import device, paths
from brender.worker.blender.settings import Settings

SHORT_ENGINES = {
    "EEVEE": ("BLENDER_EEVEE_NEXT", "BLENDER_EEVEE"),
    "BLENDER_EEVEE": ("BLENDER_EEVEE", "BLENDER_EEVEE_NEXT"),
    "BLENDER_EEVEE_NEXT": ("BLENDER_EEVEE_NEXT", "BLENDER_EEVEE"),
    "WORKBENCH": ("BLENDER_WORKBENCH",),
}
MOVIES = frozenset({"FFMPEG", "AVI_JPEG", "AVI_RAW"})


class Refused(Exception):
    """The scene cannot be rendered as asked; the message is a sentence for people."""


def open_scene(settings: Settings) -> Any:
    path = paths.scene_file(settings.scene, paths.read_rules(settings.rules))
    bpy.context.preferences.filepaths.use_scripts_auto_execute = settings.scripts
    try:
        bpy.ops.wm.open_mainfile(filepath=path, load_ui=False, use_scripts=settings.scripts)
    except RuntimeError as error:
        raise Refused(plain(f"The scene {path} is not a file that Blender can open", str(error))) from None
    return choose_scene(settings.scene_name)


def plain(what: str, error: str) -> str:
    """Blender's own error as one sentence."""
    lines = [line.strip().removeprefix("Error: ").rstrip(".") for line in error.splitlines() if line.strip()]
    return f"{what}: {'; '.join(lines)}."


def names(things: Iterable[Any]) -> str:
    return ", ".join(sorted(thing.name for thing in things)) or "none"


def choose_scene(name: str) -> Any:
    if not name:
        return bpy.context.scene
    if name not in bpy.data.scenes:
        raise Refused(f'No scene "{name}" in {bpy.data.filepath}; it has {names(bpy.data.scenes)}.')
    scene = bpy.data.scenes[name]
    if bpy.context.window is not None:
        bpy.context.window.scene = scene
    return scene


def set_up(scene: Any, settings: Settings) -> tuple[str, list[str]]:
    """Apply the job's settings; returns the device, for the log, and warnings."""
    set_engine(scene, settings.engine)
    set_camera(scene, settings.camera)
    set_view_layer(scene, settings.view_layer)
    notes = set_format(scene, settings.format)
    set_samples(scene, settings.samples)
    if settings.percent:
        scene.render.resolution_percentage = settings.percent
    device.set_threads(scene)
    device.check_display(scene.render.engine)
    chosen, warnings = device.choose(scene, settings.device)
    return chosen, notes + warnings


def set_engine(scene: Any, asked: str) -> None:
    if not asked:
        if not scene.render.engine:
            raise Refused(f"The engine that this scene was saved with is not installed here{installed_engines(scene)}.")
        return
    for name in SHORT_ENGINES.get(asked.upper(), (asked,)):
        try:
            scene.render.engine = name
        except TypeError:
            continue
        return
    raise Refused(f'No engine "{asked}" in this Blender{installed_engines(scene)}.')


def installed_engines(scene: Any) -> str:
    """As the refusal of a wrong name lists them; this is the only list that has the add-ons' engines."""
    try:
        scene.render.engine = "?"
    except TypeError as error:
        listed = str(error)[str(error).rfind("(") :]
        try:
            return "; it has " + ", ".join(ast.literal_eval(listed))
        except (SyntaxError, ValueError):
            return ""
    return ""


def set_camera(scene: Any, asked: str) -> None:
    cameras = [thing for thing in scene.objects if thing.type == "CAMERA"]
    if asked:
        if asked not in [thing.name for thing in cameras]:
            raise Refused(f'No camera "{asked}" in scene {scene.name}; it has {names(cameras)}.')
        for marker in scene.timeline_markers:  # the one that was asked for, in every frame
            marker.camera = None
        scene.camera = scene.objects[asked]
    elif not has_camera(scene):
        raise Refused(f"The scene {scene.name} has no camera set; its objects have these cameras: {names(cameras)}.")


def has_camera(scene: Any) -> bool:
    """Or does without: a strip of the sequencer or a compositor without render layers needs none."""
    if scene.camera is not None or any(marker.camera for marker in scene.timeline_markers):
        return True
    editor = scene.sequence_editor
    strips = bool(editor and (getattr(editor, "strips", None) or getattr(editor, "sequences", None)))
    tree = compositor(scene)
    drawn = bool(tree and not any(node.type == "R_LAYERS" for node in tree.nodes))
    return (scene.render.use_sequencer and strips) or (scene.render.use_compositing and drawn)


def compositor(scene: Any) -> Any:
    """The scene's compositing nodes, None when it has none or does not use them."""
    if hasattr(scene, "compositing_node_group"):  # Blender 5
        return scene.compositing_node_group
    return scene.node_tree if scene.use_nodes else None


def set_view_layer(scene: Any, asked: str) -> None:
    if not asked:
        return
    if asked not in scene.view_layers:
        raise Refused(f'No view layer "{asked}" in scene {scene.name}; it has {names(scene.view_layers)}.')
    for layer in scene.view_layers:
        layer.use = layer.name == asked


def set_format(scene: Any, asked: str) -> list[str]:
    images = scene.render.image_settings
    if asked:
        pick_format(images, asked.upper())
    if scene.render.is_movie_format:
        was = images.file_format
        pick_format(images, "PNG")
        return [f"The scene's output is a movie ({was}): its frames are rendered as PNG, the Video step joins them."]
    return []


def pick_format(images: Any, name: str) -> None:
    known = [item.identifier for item in images.bl_rna.properties["file_format"].enum_items]
    if name not in known:
        raise Refused(f'No format "{name}" in this Blender; it has {", ".join(known)}.')
    if hasattr(images, "media_type"):  # Blender 5: the formats of one kind at a time
        images.media_type = "MULTI_LAYER_IMAGE" if "MULTILAYER" in name else "VIDEO" if name in MOVIES else "IMAGE"
    images.file_format = name


def set_samples(scene: Any, asked: int) -> None:
    if not asked:
        return
    if scene.render.engine == "CYCLES":
        scene.cycles.samples = asked
    elif scene.render.engine.startswith("BLENDER_EEVEE"):
        scene.eevee.taa_render_samples = asked


def scripts_note(allowed: bool) -> list[str]:
    """What the log says about the scripts inside this .blend."""
    texts = [text.name for text in bpy.data.texts if text.use_module]
    held = f" ({', '.join(texts)})" if texts else ""
    if allowed:
        return [f"Scripts in the .blend are allowed to run{held}."]
    stopped = f": {bpy.app.autoexec_fail_message}" if bpy.app.autoexec_fail else ""
    return [f"Scripts in the .blend were not run{held}{stopped}."]


def version_warning() -> list[str]:
    saved, ours = tuple(bpy.data.version)[:2], bpy.app.version[:2]
    if saved <= ours:
        return []
    return [f"The scene was saved by Blender {saved[0]}.{saved[1]}; {ours[0]}.{ours[1]} may not show all of it."]


def size_of(scene: Any) -> str:
    share = scene.render.resolution_percentage / 100
    return f"{int(scene.render.resolution_x * share)} x {int(scene.render.resolution_y * share)}"


def summary(scene: Any, chosen: str, pattern: str) -> list[str]:
    camera = scene.camera.name if scene.camera else "none"
    return [
        f"Opened {bpy.data.filepath} in Blender {bpy.app.version_string}, process {os.getpid()}.",
        f"Scene {scene.name}, camera {camera}, {size_of(scene)}, {scene.render.engine} on {chosen},"
        f" {scene.render.threads} threads.",
        f"Frames are written as {pattern} ({scene.render.image_settings.file_format}).",
    ]
