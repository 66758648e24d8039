"""Makes the scenes of the tests: run with a Python that has bpy, it writes one .blend for each function here.

How does this work?  `python scene_maker.py FOLDER` starts each scene from the same small one (a cube, a sun, a
camera, Cycles, 32 x 18, one sample) and lets the function of its name change it.  So all are made by one start of
Blender, in about a second.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

FOLDER = Path(sys.argv[-1])
EEVEE = "BLENDER_EEVEE_NEXT" if (4, 2) <= bpy.app.version < (5,) else "BLENDER_EEVEE"
MAKERS: dict[str, Callable[[Any], None]] = {}


def scene(make: Callable[[Any], None]) -> Callable[[Any], None]:
    MAKERS[make.__name__] = make
    return make


def small() -> Any:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    made = bpy.context.scene
    render = made.render
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y = 32, 18
    render.filepath = "//out/f_####"
    made.frame_start, made.frame_end = 1, 10
    made.cycles.samples, made.cycles.max_bounces = 1, 1
    made.cycles.use_denoising = made.cycles.use_adaptive_sampling = False
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.object
    cube.name = "Cube"
    for frame, turn in ((-10, -1.0), (20, 2.0)):
        cube.rotation_euler = (turn, turn, 0.3)
        cube.keyframe_insert("rotation_euler", frame=frame)
    bpy.ops.object.light_add(type="SUN", rotation=(0.6, 0.2, 0.3))
    made.camera = camera("Near", (0.0, -6.0, 0.0))
    return made


def camera(name: str, place: tuple[float, float, float]) -> Any:
    bpy.ops.object.camera_add(location=place, rotation=(1.5708, 0.0, 0.0))
    bpy.context.object.name = name
    return bpy.context.object


def image_material(path: str, source: str = "FILE") -> Any:
    material = bpy.data.materials.new("Pictured")
    material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = bpy.data.images.new("Picture", 4, 4)
    node.image.source = source
    node.image.filepath = path
    shader = next(each for each in material.node_tree.nodes if each.type == "BSDF_PRINCIPLED")
    material.node_tree.links.new(node.outputs[0], shader.inputs["Base Color"])
    bpy.data.objects["Cube"].data.materials.append(material)
    return node


def write_as(images: Any, name: str) -> None:
    if hasattr(images, "media_type"):  # Blender 5
        kinds = {"FFMPEG": "VIDEO", "OPEN_EXR_MULTILAYER": "MULTI_LAYER_IMAGE"}
        images.media_type = kinds.get(name, "IMAGE")
    images.file_format = name


def text(name: str, lines: str) -> None:
    made = bpy.data.texts.new(name)
    made.write(lines)
    made.use_module = True


@scene
def plain(made: Any) -> None:
    pass


@scene
def slow(made: Any) -> None:
    """A frame that takes longer than anybody waits."""
    made.render.resolution_x = made.render.resolution_y = 400
    made.cycles.samples = 1_000_000


@scene
def slow_placeholders(made: Any) -> None:
    slow(made)
    placeholders(made)


@scene
def markers(made: Any) -> None:
    """Camera Near from frame 1, Far from frame 5."""
    far = camera("Far", (0.0, -30.0, 0.0))
    for name, frame, bound in (("one", 1, made.camera), ("two", 5, far)):
        made.timeline_markers.new(name, frame=frame).camera = bound


@scene
def two_scenes(made: Any) -> None:
    """The active one is the second, and neither is called Scene."""
    made.name = "名前"
    other = another(made, "my scene", 64)
    other.render.filepath = "//out/second_####"
    bpy.context.window.scene = other


def another(made: Any, name: str, width: int) -> Any:
    """A scene with the same things, of another width."""
    other = bpy.data.scenes.new(name)
    for thing in made.objects:
        other.collection.objects.link(thing)
    other.camera = made.camera
    other.render.engine = "CYCLES"
    other.cycles.samples = 1
    other.cycles.use_denoising = False
    other.render.resolution_x, other.render.resolution_y = width, 18
    return other


@scene
def daylight(made: Any) -> None:
    """The active one of three; of two that are called Scene, Blender calls the second Scene.001."""
    made.name = "daylight"
    for width in (40, 48):
        another(made, "Scene", width)


@scene
def at_60(made: Any) -> None:
    """At 59.94 frames a second."""
    made.render.fps, made.render.fps_base = 60, 1.001


@scene
def at_30(made: Any) -> None:
    made.render.fps = 30


@scene
def no_camera(made: Any) -> None:
    made.camera = None


@scene
def gone_library(made: Any) -> None:
    library = str(Path(bpy.app.tempdir) / "lib.blend")
    bpy.data.libraries.write(library, {bpy.data.objects["Cube"].data})
    with bpy.data.libraries.load(library, link=True) as (there, here):
        here.meshes = there.meshes
    linked = bpy.data.objects.new("Linked", next(mesh for mesh in bpy.data.meshes if mesh.library))
    made.collection.objects.link(linked)
    bpy.data.libraries[0].filepath = "//../lib/char.blend"


@scene
def gone_image(made: Any) -> None:
    image_material("//textures/gone.png")


@scene
def gaps(made: Any) -> None:
    """A sequence of 84 pictures, seq_0001.png to seq_0084.png."""
    node = image_material("//textures/seq_0001.png", "SEQUENCE")
    node.image_user.frame_duration = 84


@scene
def gone_many(made: Any) -> None:
    """One of each kind of file that a scene can name, and nothing of it there."""
    gone_data(made)
    gone_sequences(made)
    strips = sequencer(made)
    strips.new_movie("Film", "//films/gone.mp4", 1, 1)
    strips.new_image("Still", "//stills/gone.png", 2, 1)
    strips.new_image("Muted", "//stills/muted.png", 3, 1).mute = True


def gone_data(made: Any) -> None:
    speaker = bpy.data.speakers.new("Speaker")
    speaker.sound = bpy.data.sounds.load("//sounds/gone.wav")
    letters = bpy.data.curves.new("Letters", "FONT")
    letters.font = bpy.data.fonts.load(some_font())
    letters.font.filepath = "//fonts/gone.ttf"
    smoke = bpy.data.volumes.new("Smoke")
    smoke.filepath = "//smoke/gone.vdb"
    kept = bpy.data.volumes.new("Kept in the file, and used by nobody")
    kept.filepath, kept.use_fake_user = "//smoke/kept.vdb", True
    for data in (speaker, letters, smoke):
        made.collection.objects.link(bpy.data.objects.new(data.name, data))
    for path in ("//caches/gone.abc", "//caches/gone.usdc"):
        bpy.ops.cachefile.open(filepath=path)
        bpy.data.objects["Cube"].modifiers.new("Cache", "MESH_SEQUENCE_CACHE").cache_file = bpy.data.cache_files[-1]


def gone_sequences(made: Any) -> None:
    """Four files each, number 2 to 5."""
    smoke = bpy.data.volumes.new("Smoke of every frame")
    smoke.filepath, smoke.is_sequence = "//smoke/s_0001.vdb", True
    smoke.frame_duration, smoke.frame_offset = 4, 1
    made.collection.objects.link(bpy.data.objects.new("Smoke of every frame", smoke))
    made.active_clip = clip("c_0002.png", 4)
    strip = sequencer(made).new_image("Pictures", "//pictures/p_0002.png", 4, 1)
    for number in range(3, 6):
        strip.elements.append(f"p_{number:04d}.png")


def clip(first: str, length: int) -> Any:
    """Blender looks at the pictures once: they are there, beside the scenes, until a scene is copied elsewhere."""
    bpy.ops.wm.save_as_mainfile(filepath=str(FOLDER / "gone_many.blend"))
    (FOLDER / "clips").mkdir()
    picture = bpy.data.images.new("Picture of a clip", 4, 4)
    picture.file_format = "PNG"
    for number in range(2, 2 + length):
        picture.filepath_raw = str(FOLDER / "clips" / f"c_{number:04d}.png")
        picture.save()
    bpy.data.images.remove(picture)
    loaded = bpy.data.movieclips.load(str(FOLDER / "clips" / first))
    loaded.filepath = f"//clips/{first}"
    return loaded


def sequencer(made: Any) -> Any:
    editor = made.sequence_editor_create()
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def some_font() -> str:
    fonts = Path(bpy.utils.system_resource("DATAFILES"), "fonts").iterdir()
    return str(min(fonts, key=lambda path: path.stat().st_size))


@scene
def baked(made: Any) -> None:
    """Cloth that was baked to the disk by a scene of this name elsewhere."""
    bpy.ops.wm.save_as_mainfile(filepath=str(Path(bpy.app.tempdir) / "baked.blend"))
    cache = bpy.data.objects["Cube"].modifiers.new("Cloth", "CLOTH").point_cache
    cache.frame_start, cache.frame_end, cache.use_disk_cache = 1, 2, True
    bpy.ops.ptcache.bake_all(bake=True)


@scene
def linked(made: Any) -> None:
    """A cube from lib/char.blend, one folder up; that is written as char.blend beside the scenes."""
    library = str(FOLDER / "char.blend")
    bpy.data.libraries.write(library, {bpy.data.objects["Cube"]})
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    with bpy.data.libraries.load(library, link=True) as (_, here):
        here.objects = ["Cube"]
    made.collection.objects.link(bpy.data.objects["Cube"])
    bpy.data.libraries[0].filepath = "//../lib/char.blend"


@scene
def unreadable_image(made: Any) -> None:
    """A picture whose path is that of a folder."""
    image_material("//")


@scene
def workbench(made: Any) -> None:
    made.render.engine = "BLENDER_WORKBENCH"


@scene
def late_workbench(made: Any) -> None:
    """A script in the file that chooses the engine when the frame is begun."""
    text(
        "engine.py",
        "import bpy\n"
        "@bpy.app.handlers.persistent\n"
        "def change(scene, *rest):\n"
        "    scene.render.engine = 'BLENDER_WORKBENCH'\n"
        "bpy.app.handlers.render_init.append(change)\n",
    )


@scene
def exits(made: Any) -> None:
    """A script in the file that ends Python when the file is opened."""
    text("exit.py", "import sys\nsys.exit('no licence')\n")


@scene
def exits_later(made: Any) -> None:
    """A script in the file that ends Python, as if nothing were wrong, in frame 2."""
    text(
        "exit.py",
        "import bpy, sys\n"
        "@bpy.app.handlers.persistent\n"
        "def leave(scene, *rest):\n"
        "    if scene.frame_current == 2:\n"
        "        sys.exit()\n"
        "bpy.app.handlers.render_pre.append(leave)\n",
    )


@scene
def stumbles(made: Any) -> None:
    """Three scripts in the file and a driver that stop with an error, one of them in frame 2 alone."""
    text("rig.py", "def pose():\n    raise ValueError('no bones\\nat all')\npose()\n")
    text("typed.py", "def pose(:\n")
    text(
        "later.py",
        "import bpy\n"
        "@bpy.app.handlers.persistent\n"
        "def move(scene, *rest):\n"
        "    if scene.frame_current == 2:\n"
        "        raise RuntimeError('no path')\n"
        "bpy.app.handlers.frame_change_pre.append(move)\n",
    )
    bpy.data.objects["Cube"].driver_add("location", 2).driver.expression = "bool(1 / 0)"


@scene
def breaks_keeper(made: Any) -> None:
    """A script in the file that breaks what brender itself does behind a frame."""
    text("break.py", "from brender.worker.blender import output\noutput.Attempt.publish = lambda attempt: 1 / 0\n")


@scene
def scripted(made: Any) -> None:
    """A text that runs when the file is opened, and leaves a file in the folder that the session works in."""
    text("rig.py", "open('script-ran', 'w').close()\n")


@scene
def driven(made: Any) -> None:
    """A driver that only Python can work out moves the cube out of sight."""
    curve = bpy.data.objects["Cube"].driver_add("location", 2)
    curve.driver.expression = "len(str(bpy.app.version)) * 10"


@scene
def for_forms(made: Any) -> None:
    """All that a form shows has another value than Blender's own; and a scene for each format, and one for EEVEE."""
    made.name, made.camera.name = "Szene ä 名前", "Kamera 名前"
    made.frame_start, made.frame_end, made.frame_step = 5, 250, 5
    made.render.filepath = "//render/名前_"
    made.render.resolution_percentage = 50
    made.render.fps, made.render.fps_base = 60, 1.001
    made.cycles.samples = 64
    write_as(made.render.image_settings, "OPEN_EXR")
    for name in picture_formats(made):
        write_as(bpy.data.scenes.new(f"as {name}").render.image_settings, name)
    other = another(made, "eevee", 64)
    other.render.engine = EEVEE
    other.eevee.taa_render_samples = 7


def picture_formats(made: Any) -> list[str]:
    items = made.render.image_settings.bl_rna.properties["file_format"].enum_items
    return [item.identifier for item in items if item.identifier not in {"FFMPEG", "AVI_JPEG", "AVI_RAW"}]


@scene
def packed(made: Any) -> None:
    """As `for_forms`, and written as compressed: large enough for several frames of zstd."""
    for_forms(made)
    text("long.txt", "".join(f"# {str(number) * 2000}\n" for number in range(1000, 1400)))


@scene
def movie(made: Any) -> None:
    write_as(made.render.image_settings, "FFMPEG")
    made.render.filepath = "//out/shot.mp4"


@scene
def half_float(made: Any) -> None:
    images = made.render.image_settings
    write_as(images, "OPEN_EXR_MULTILAYER")
    images.color_depth = "16"
    made.view_layers[0].use_pass_z = True


@scene
def deep_png(made: Any) -> None:
    made.render.image_settings.color_depth = "16"


@scene
def linear(made: Any) -> None:
    write_as(made.render.image_settings, "OPEN_EXR")


@scene
def stereo(made: Any) -> None:
    made.render.use_multiview = True
    made.render.image_settings.views_format = "INDIVIDUAL"


@scene
def nodes(made: Any) -> None:
    """Two File Output nodes: pictures in a folder below, and one multilayer file."""
    if hasattr(made, "compositing_node_group"):
        nodes_of_blender_5(made)
        return
    made.use_nodes = True
    tree = made.node_tree
    layers = next(node for node in tree.nodes if node.type == "R_LAYERS")
    pictures = tree.nodes.new("CompositorNodeOutputFile")
    pictures.base_path = "//passes"
    pictures.file_slots.clear()
    pictures.file_slots.new("deep/beauty_")
    tree.links.new(layers.outputs["Image"], pictures.inputs[0])
    layered = tree.nodes.new("CompositorNodeOutputFile")
    layered.format.file_format = "OPEN_EXR_MULTILAYER"
    layered.base_path = "//layered/all_"
    tree.links.new(layers.outputs["Image"], layered.inputs[0])


def nodes_of_blender_5(made: Any) -> None:
    tree = made.compositing_node_group = bpy.data.node_groups.new("Nodes", "CompositorNodeTree")
    layers = tree.nodes.new("CompositorNodeRLayers")
    for folder, name, kind in (("//passes/deep", "", "PNG"), ("//layered", "all_", "OPEN_EXR_MULTILAYER")):
        node = tree.nodes.new("CompositorNodeOutputFile")
        write_as(node.format, kind)
        node.directory, node.file_name = folder, name
        node.file_output_items.new("RGBA", "beauty_")
        tree.links.new(layers.outputs["Image"], node.inputs[0])


@scene
def placeholders(made: Any) -> None:
    made.render.use_overwrite = False
    made.render.use_placeholder = True


@scene
def gpu(made: Any) -> None:
    made.cycles.device = "GPU"


@scene
def crashes(made: Any) -> None:
    """A script in the file that ends Blender by a segmentation fault in frames 3 and 4."""
    text(
        "crash.py",
        "import bpy, os, signal\n"
        "@bpy.app.handlers.persistent\n"
        "def fall(scene, *rest):\n"
        "    if scene.frame_current in (3, 4):\n"
        "        print('about to fall', flush=True)\n"
        "        os.kill(os.getpid(), signal.SIGSEGV)\n"
        "bpy.app.handlers.render_pre.append(fall)\n",
    )


@scene
def raises(made: Any) -> None:
    """A script in the file that removes what Blender is about to write, so that it writes nothing."""
    text(
        "raise.py",
        "import bpy\n"
        "@bpy.app.handlers.persistent\n"
        "def away(scene, *rest):\n"
        "    print('openjd_fail: this is only a line of output')\n"
        "    scene.camera = None\n"
        "bpy.app.handlers.render_init.append(away)\n",
    )


@scene
def spoils(made: Any) -> None:
    """A script in the file that takes the picture of frame 1 away, and half of those of the others."""
    text(
        "spoil.py",
        "import bpy, os\n"
        "@bpy.app.handlers.persistent\n"
        "def spoil(scene, *rest):\n"
        "    path = scene.render.frame_path(frame=scene.frame_current)\n"
        "    if scene.frame_current == 1:\n"
        "        os.remove(path)\n"
        "    else:\n"
        "        os.truncate(path, os.path.getsize(path) // 2)\n"
        "bpy.app.handlers.render_write.append(spoil)\n",
    )


@scene
def windows_output(made: Any) -> None:
    made.render.filepath = "X:\\show\\out\\f_####"


@scene
def windows_folder(made: Any) -> None:
    made.render.filepath = "C:\\tmp\\"


@scene
def empty_output(made: Any) -> None:
    made.render.filepath = ""


@scene
def beside(made: Any) -> None:
    made.render.filepath = "//"


@scene
def no_extension(made: Any) -> None:
    made.render.use_file_extension = False


@scene
def threads_one(made: Any) -> None:
    """One thread, and a script in the file that says how many there are when a frame is rendered."""
    made.render.threads_mode = "FIXED"
    made.render.threads = 1
    text(
        "threads.py",
        "import bpy\n"
        "@bpy.app.handlers.persistent\n"
        "def count(scene, *rest):\n"
        "    print('rendering with', scene.render.threads_mode, scene.render.threads, flush=True)\n"
        "bpy.app.handlers.render_pre.append(count)\n",
    )


@scene
def chatters(made: Any) -> None:
    """A script in the file that prints a million lines, a very long one, and some that look like Blender's own."""
    text(
        "chatter.py",
        "import bpy\n"
        "@bpy.app.handlers.persistent\n"
        "def chatter(scene, *rest):\n"
        "    print('Fra:119 Mem:\\nFra:x Mem:1.2.3K\\n\\n \\nFra:1 Mem:12,5M (Peak 13,0M)')\n"
        "    print('\\n'.join(map(str, range(1_000_000))))\n"
        "    print('x' + 'é' * 100_000 + 'x' * 3_000_000)\n"
        "    print('Fra:\\nFra:1 Sample x/y | Remaining:?', flush=True)\n"
        "bpy.app.handlers.render_pre.append(chatter)\n",
    )


@scene
def see_through(made: Any) -> None:
    made.render.film_transparent = True
    made.render.image_settings.color_mode = "RGBA"
    made.render.resolution_x, made.render.resolution_y = 33, 17


def main() -> None:
    for name, change in MAKERS.items():
        change(small())
        path = str(FOLDER / f"{name}.blend")
        bpy.ops.wm.save_as_mainfile(filepath=path, relative_remap=False, compress=name == "packed")
    (FOLDER / "not_blender.blend").write_text("This is a letter.\n")
    sys.stdout.flush()
    os._exit(0)  # the bpy module can hang for ever in its own exit handlers


if __name__ == "__main__":
    main()
