"""A kept-open Blender renders what `blender -a` renders, and its files have Blender's names."""

import hashlib
import subprocess
from pathlib import Path

from PIL import Image
from twisted.trial.unittest import SkipTest

from brender.worker.blender.installed import numbers_of
from tests.worker.blender.harness import BLENDER, BlenderTestCase
from tests.worker.blender.processes import blender_of

WHOLE_ANIMATION = """
import bpy, os, sys
path, pattern, first, last = sys.argv[-4:]
bpy.ops.wm.open_mainfile(filepath=path)
scene = bpy.context.scene
scene.render.filepath = pattern
scene.frame_start, scene.frame_end = int(first), int(last)
bpy.ops.render.render(animation=True)
os._exit(0)
"""

STILL = """
import bpy, os, sys
path, pattern, frames = sys.argv[-3:]
bpy.ops.wm.open_mainfile(filepath=path)
scene = bpy.context.scene
for frame in frames.split(","):
    scene.frame_set(int(frame))
    scene.render.filepath = pattern + frame
    bpy.ops.render.render(write_still=True)
os._exit(0)
"""


def pixels(path: Path) -> str:
    with Image.open(path) as image:
        return f"{image.mode} {image.size} {hashlib.sha256(image.tobytes()).hexdigest()}"


def blender_a(scene: Path, pattern: Path, first: int, last: int) -> None:
    """What `blender -a` does, with the same Blender."""
    run(WHOLE_ANIMATION, scene, str(pattern), str(first), str(last))


def run(text: str, scene: Path, *words: str) -> None:
    program = scene.with_suffix(".py")
    program.write_text(text)
    subprocess.run(BLENDER.command(str(program), [str(scene), *words]), check=True, capture_output=True)


class KeptOpen(BlenderTestCase):
    def test_one_blender_renders_every_frame_and_its_pixels_are_those_of_an_animation(self) -> None:
        farm = self.farm("plain", Frames="1-4")
        log = farm.enter().text
        for frame in farm.frames():
            log += self.rendered(farm, frame).text
        self.assertEqual(log.count("Starting Blender"), 1)
        blender_a(self.folder / "plain.blend", self.folder / "peer" / "f_####", 1, 4)
        for frame in farm.frames():
            name = f"f_{frame:04d}.png"
            self.assertEqual(pixels(self.folder / "out" / name), pixels(self.folder / "peer" / name))

    def test_nothing_but_the_frames_is_left_behind(self) -> None:
        farm = self.entered("plain")
        self.rendered(farm, 1)
        farm.close()
        self.assertEqual([path.name for path in (self.folder / "out").iterdir()], ["f_0001.png"])
        self.assertEqual(list((self.folder / "sessions").iterdir()), [])

    def test_leaving_the_environment_ends_blender(self) -> None:
        farm = self.farm("plain")
        blender = blender_of(farm.enter().text)
        self.assertTrue(Path(f"/proc/{blender}").exists())
        self.assertTrue(farm.leave().ok)
        self.assertFalse(Path(f"/proc/{blender}").exists())

    def test_the_log_says_how_long_a_frame_took_and_where_it_is(self) -> None:
        ended = self.rendered(self.entered("plain"), 7)
        self.assertRegex(ended.status, r"^Frame 7 in \d+\.\d\d s$")
        self.assertIn(f"brender_output: {self.folder}/out/f_0007.png", ended.lines)

    def test_cameras_at_markers_are_followed(self) -> None:
        """BLD-17: in whatever order frames come, those from 5 on are seen by the second camera."""
        farm = self.entered("markers")
        for frame in (7, 8, 4, 5, 6, 1, 2, 3):
            self.rendered(farm, frame)
        blender_a(self.folder / "markers.blend", self.folder / "peer" / "f_####", 1, 8)
        shown = self.shown("out", *range(1, 9))
        self.assertEqual(shown, self.shown("peer", *range(1, 9)))
        for name in ("Near", "Far"):
            farm = self.entered("markers", Camera=name, Output=str(self.folder / name / "f_####"))
            for frame in range(1, 9):
                self.rendered(farm, frame)
        self.assertEqual(shown, [*self.shown("Near", 1, 2, 3, 4), *self.shown("Far", 5, 6, 7, 8)])
        self.assertEqual(len({*self.shown("Near", *range(1, 9)), *self.shown("Far", *range(1, 9))}), 16)

    def shown(self, folder: str, *frames: int) -> list[str]:
        return [pixels(self.folder / folder / f"f_{frame:04d}.png") for frame in frames]

    def test_a_camera_that_is_asked_for_is_that_of_every_frame(self) -> None:
        farm = self.entered("markers", Camera="Far")
        self.rendered(farm, 4)
        blender_a(self.folder / "markers.blend", self.folder / "peer" / "f_####", 4, 4)
        self.assertNotEqual(pixels(self.folder / "out" / "f_0004.png"), pixels(self.folder / "peer" / "f_0004.png"))

    def test_a_negative_frame_is_that_frame_of_the_timeline(self) -> None:
        """And not 5, nor 6: that is the fifth from the end, which Blender's own `-f -5` renders."""
        farm = self.entered("plain", Frames="-5--2,5,6")
        frames = farm.frames()
        self.assertEqual(frames, [-5, -4, -3, -2, 5, 6])
        for frame in frames:
            self.rendered(farm, frame)
        names = [f"f_{frame:05d}.png" if frame < 0 else f"f_{frame:04d}.png" for frame in frames]
        self.assertEqual(self.written(), sorted(names))
        run(STILL, self.folder / "plain.blend", str(self.folder / "peer"), ",".join(map(str, frames)))
        shown = [pixels(self.folder / "out" / name) for name in names]
        self.assertEqual(shown, [pixels(self.folder / f"peer{frame}.png") for frame in frames])
        self.assertEqual(len(set(shown)), 6)

    def test_a_frame_that_blender_cannot_count_is_refused(self) -> None:
        ended = self.entered("plain").render(2_000_000)
        self.assertEqual(ended.reason, "Frame 2000000 is beyond what Blender can count (1048574).")

    def test_a_frame_tried_again_does_without_persistent_data(self) -> None:
        farm = self.entered("plain")
        self.assertNotIn("is tried again", self.rendered(farm, 1).text)
        again = self.rendered(farm, 1, BRENDER_ATTEMPT="2")
        self.assertIn("Frame 1 is tried again (attempt 2), without data kept from other frames.", again.lines)

    def test_only_the_guard_speaks_to_openjd(self) -> None:
        ended = self.entered("raises").render(1)
        self.assertIn(" openjd_fail: this is only a line of output", ended.lines)
        self.assertIn("camera", ended.reason)


class Settings(BlenderTestCase):
    def test_size_samples_and_format_can_be_given(self) -> None:
        farm = self.entered("plain", ResolutionPercent="200", Samples="3", Format="JPEG")
        self.rendered(farm, 1)
        with Image.open(self.folder / "out" / "f_0001.jpg") as image:
            self.assertEqual((image.format, image.size), ("JPEG", (64, 36)))

    def test_depth_and_passes_stay_as_the_scene_has_them(self) -> None:
        self.rendered(self.entered("deep_png"), 1)
        head = (self.folder / "out" / "f_0001.png").read_bytes()[:32]
        self.assertEqual(head[24], 16)
        self.rendered(self.entered("half_float"), 2)
        head = (self.folder / "out" / "f_0002.exr").read_bytes()[:4096]
        self.assertIn(b"Depth.Z", head)
        self.assertIn(b"Combined.R\0\x01\0\0\0", head)  # 1 is half float

    def test_the_active_scene_is_rendered_whatever_it_is_called(self) -> None:
        self.rendered(self.entered("two_scenes"), 1)
        with Image.open(self.folder / "out" / "second_0001.png") as image:
            self.assertEqual(image.size, (64, 18))

    def test_another_scene_can_be_named(self) -> None:
        self.rendered(self.entered("two_scenes", SceneName="名前"), 1)
        self.assertEqual(self.written(), ["f_0001.png"])

    def test_the_threads_that_the_farm_gives_are_in_force(self) -> None:
        """BLD-02: and not the one that the scene was saved with."""
        farm = self.farm("threads_one")
        ended = farm.enter(BRENDER_THREADS="4")
        self.assertIn("4 threads", ended.text)
        self.assertIn("rendering with FIXED 4", self.rendered(farm, 1).lines)

    def test_a_movie_becomes_png_frames(self) -> None:
        farm = self.farm("movie")
        ended = farm.enter()
        self.assertIn("brender_warning: The scene's output is a movie (FFMPEG)", ended.text)
        for frame in range(1, 11):
            self.assertEqual(self.rendered(farm, frame).warnings, ended.warnings)
        self.assertEqual(self.written(), [f"shot_{frame:04d}.png" for frame in range(1, 11)])

    def test_a_scene_saved_for_a_gpu_says_what_renders_it(self) -> None:
        ended = self.farm("gpu").enter()
        self.assertTrue(ended.ok)
        self.assertRegex(ended.text, r"CYCLES on (?!the processor)|this machine has none: the processor renders it")


class Names(BlenderTestCase):
    def names(self, output: str, *frames: int, scene: str = "plain") -> list[str]:
        farm = self.entered(scene, Output=str(self.folder / "named" / output) if output[:1] != "/" else output)
        for frame in frames:
            self.rendered(farm, frame)
        return self.written("named")

    def test_only_the_run_of_signs_changes(self) -> None:
        """PATH-11: not the same digits elsewhere in the name."""
        found = self.names("1001_010_comp.####.exr", 1001, 1002, 1003, scene="half_float")
        self.assertEqual(found, [f"1001_010_comp.{frame}.exr" for frame in (1001, 1002, 1003)])

    def test_digits_that_are_those_of_the_frame_stay_as_they_are(self) -> None:
        """PATH-11"""
        found = self.names("shot0001_v001_####.png", 1, 2, 3, 1003)
        self.assertEqual(found, [f"shot0001_v001_{frame:04}.png" for frame in (1, 2, 3, 1003)])

    def test_numbers_grow_beyond_their_signs(self) -> None:
        self.assertEqual(self.names("a_###.png", 998, 1001), ["a_1001.png", "a_998.png"])

    def test_one_sign_is_enough(self) -> None:
        self.assertEqual(self.names("a_#.png", 9, 10), ["a_10.png", "a_9.png"])

    def test_without_signs_blender_adds_four_digits(self) -> None:
        self.assertEqual(self.names("a", 1), ["a0001.png"])

    def test_behind_an_ending_too(self) -> None:
        self.assertEqual(self.names("rgb.png", 1), ["rgb.png0001.png"])

    def test_behind_an_ending_alone_when_the_scene_wants_no_other(self) -> None:
        self.assertEqual(self.names("rgb.png", 1, scene="no_extension"), ["rgb.png0001"])

    def test_of_two_runs_the_last_counts(self) -> None:
        self.assertEqual(self.names("a_##_b_###", 7), ["a_##_b_007.png"])

    def test_signs_in_a_folder_stay(self) -> None:
        self.assertEqual(self.names("d_##/x", 7), ["d_##/x0007.png"])

    def test_a_folder_gives_bare_numbers(self) -> None:
        (self.folder / "named").mkdir()
        self.assertEqual(self.names("", 1), ["0001.png"])
        self.rendered(self.entered("plain", Output=f"{self.folder}/new/"), 1)
        self.assertEqual(self.written("new"), ["0001.png"])

    def test_so_do_signs_alone(self) -> None:
        self.assertEqual(self.names("####", 1), ["0001.png"])

    def since_templates(self) -> None:
        if numbers_of(BLENDER.version) < (4, 5):
            raise SkipTest("Blender reads braces in paths since 4.5.")

    def test_names_of_variables_are_resolved_in_folders_and_names(self) -> None:
        self.since_templates()
        self.assertEqual(self.names("{blend_name}/x_{{y}}_##", 1), ["plain/x_{y}_01.png"])

    def test_a_variable_that_blender_does_not_know_is_refused(self) -> None:
        self.since_templates()
        self.assertIn("'{frame}'", self.refused("plain", Output=str(self.folder / "x_{frame}")))

    def test_without_endings_the_head_of_the_file_is_checked(self) -> None:
        self.rendered(self.entered("no_extension"), 1)
        self.assertEqual(self.written(), ["f_0001"])

    def test_every_view_has_its_file(self) -> None:
        self.rendered(self.entered("stereo"), 1)
        self.assertEqual(self.written(), ["f_0001_L.png", "f_0001_R.png"])

    def test_file_output_nodes_write_to_their_own_places(self) -> None:
        ended = self.rendered(self.entered("nodes"), 2)
        self.assertEqual(self.written(), ["f_0002.png"])
        self.assertEqual(self.written("passes"), ["deep/beauty_0002.png"])
        self.assertEqual(self.written("layered"), ["all_0002.exr"])
        self.assertEqual(ended.text.count("brender_output: "), 3)


class Places(BlenderTestCase):
    def test_the_scene_says_where_when_nobody_else_does(self) -> None:
        self.assertIn(f"Frames are written as {self.folder}/out/f_#### (PNG).", self.farm("plain").enter().lines)

    def test_two_slashes_alone_are_the_folder_of_the_scene(self) -> None:
        self.rendered(self.entered("beside"), 1)
        self.assertTrue((self.folder / "0001.png").exists())

    def test_the_given_output_wins_and_may_be_beside_the_scene(self) -> None:
        """BLD-01: nothing is written where the scene says."""
        self.rendered(self.entered("plain", Output="//other/g_##"), 1)
        self.rendered(self.entered("plain", Output=f"{self.folder}/other/a_####"), 1)
        self.assertEqual((self.written("other"), self.written()), (["a_0001.png", "g_01.png"], []))

    def test_a_scene_without_output_wants_one(self) -> None:
        self.assertIn("is empty: give Output", self.refused("empty_output"))

    def test_a_windows_path_is_refused_and_not_taken_for_a_name(self) -> None:
        self.assertIn("X:/show/out/f_####, a Windows path", self.refused("windows_output"))
        self.assertIn("C:/tmp/, a Windows path", self.refused("windows_folder"))

    def test_a_backslash_is_refused_wherever_it_stands(self) -> None:
        """Blender takes it for a slash: frames would be in another folder than the one that was named."""
        said = ", and Blender takes a backslash for a slash: give another path."
        for output in ("//render\\f_####", f"{self.folder}/C:\\tmp\\"):
            path = output.replace("//render", f"{self.folder}/render")
            self.assertEqual(self.refused("plain", Output=output), f"The output is {path}{said}")
        folder = self.folder / "a\\b"
        folder.mkdir()
        for name in ("plain", "nodes"):
            (folder / f"{name}.blend").write_bytes(self.scene(name).read_bytes())
        reason = self.refused("plain", Scene=str(folder / "plain.blend"))
        self.assertEqual(reason, f"The output saved in scene Scene is {folder}/out/f_####{said}")
        reason = self.refused("nodes", Scene=str(folder / "nodes.blend"), Output=str(self.folder / "f_####"))
        self.assertRegex(reason, r"^The path of a File Output node is .*/a\\b/.*, and Blender takes a backslash")
        self.assertFalse((self.folder / "a").exists())

    def test_names_full_of_signs_that_a_shell_would_read(self) -> None:
        folder = self.folder / "J D; $HOME `id` & 'a' \"b\" %TEMP% {c}"
        folder.mkdir()
        scene = folder / "-Go Pro\n1.blend"
        scene.write_bytes(self.scene("plain").read_bytes())
        farm = self.entered("plain", Scene=str(scene))
        self.rendered(farm, 1)
        self.assertTrue((folder / "out" / "f_0001.png").exists())
