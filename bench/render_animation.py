"""`blender -a`, for a Blender that is a Python module: opens a scene and renders its animation.

Called with the scene, the output path and perhaps `--persistent`.
"""

import sys

import bpy

scene_path, output, *options = sys.argv[sys.argv.index("--") + 1 :]
bpy.ops.wm.open_mainfile(filepath=scene_path)
render = bpy.context.scene.render
render.filepath = output
render.use_persistent_data = "--persistent" in options
bpy.ops.render.render(animation=True)
