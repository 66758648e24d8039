"""Inside Blender: looks at a scene, and says what is in it and what its frames are called.

How does this work?  It is started with one word, a file that holds the question as JSON, and writes the answer
beside it (`.answer`).  `describe.py` asks for the facts; `video.py` asks for the files of its frames, and to have
formats that players cannot show as they are (OpenEXR, HDR, DPX) turned into PNG with the scene's own look.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import bpy

sys.path.append(os.path.abspath(__file__ + "/../../../.."))

from brender.worker.blender import device, ending, missing, output, paths, stage, whole
from brender.worker.blender.settings import Settings

SHOWABLE = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".tga"})


def facts(scene: Any, settings: Settings) -> dict[str, Any]:
    render = scene.render
    share = render.resolution_percentage / 100
    return {
        "scene": scene.name,
        "scenes": [each.name for each in bpy.data.scenes],
        "frame_start": scene.frame_start,
        "frame_end": scene.frame_end,
        "frame_step": scene.frame_step,
        "fps": render.fps / render.fps_base,
        "width": int(render.resolution_x * share),
        "height": int(render.resolution_y * share),
        "engine": render.engine,
        "camera": scene.camera.name if scene.camera else "",
        "cameras": [thing.name for thing in scene.objects if thing.type == "CAMERA"],
        "view_layers": [layer.name for layer in scene.view_layers],
        "saved_output": render.filepath,
        "output": resolved(scene, settings),
        "format": render.image_settings.file_format,
        "is_movie": bool(render.is_movie_format),
        "missing": missing.missing_files(),
        "saved_by": ".".join(map(str, bpy.data.version[:2])),
        "blender": bpy.app.version_string,
    }


def resolved(scene: Any, settings: Settings) -> str:
    """Where its frames would go on this machine; "" where that cannot be said."""
    try:
        return output.choose_pattern(scene, settings)
    except (stage.Refused, paths.WrongPath):
        return ""


def frames(scene: Any, settings: Settings, numbers: list[int], convert_to: str) -> dict[str, Any]:
    stage.set_format(scene, settings.format)
    output.point(scene.render, "filepath", output.choose_pattern(scene, settings))
    files = [output.names(scene, number)[0] for number in numbers]
    gone = [number for number, file in zip(numbers, files, strict=True) if not whole.is_whole(file)]
    shown = files if gone else [showable(scene, file, convert_to) for file in files]
    return {"files": files, "shown": shown, "missing": gone, "fps": scene.render.fps / scene.render.fps_base}


def showable(scene: Any, file: str, convert_to: str) -> str:
    """The file itself, or a PNG of it as the scene's colour management shows it."""
    if os.path.splitext(file)[1].lower() in SHOWABLE:
        return file
    made = os.path.join(convert_to, os.path.basename(file) + ".png")
    image = bpy.data.images.load(file)
    stage.pick_format(scene.render.image_settings, "PNG")
    scene.render.image_settings.color_depth = "8"
    image.save_render(made, scene=scene)
    bpy.data.images.remove(image)
    return made


def answer(question: dict[str, Any]) -> dict[str, Any]:
    settings = Settings(**question["settings"])
    try:
        scene = stage.open_scene(settings)
        if "frames" in question:
            return frames(scene, settings, question["frames"], question["convert_to"])
        return facts(scene, settings)
    except (stage.Refused, paths.WrongPath, device.NoDevice) as refusal:
        return {"refused": str(refusal)}


def write_answer(asked: str) -> None:
    with open(asked) as file:
        question = json.load(file)
    answered = json.dumps(answer(question))
    with open(asked + ".answer", "w") as file:
        file.write(answered)


def main() -> None:
    ending.at_once()
    try:
        write_answer(sys.argv[sys.argv.index("--") + 1])
    except BaseException:
        ending.with_error()
    sys.stdout.flush()
    os._exit(0)  # the bpy module can hang for ever in its own exit handlers


if __name__ == "__main__":
    main()
