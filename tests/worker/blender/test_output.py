"""A file with a frame's name is always a whole frame; what is there and whole can be kept."""

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.worker.blender.harness import BLENDER, PROGRAMS, BlenderTestCase

ROOT = PROGRAMS.rpartition("/brender/")[0]
PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE = 1
NO_WRITING = """
import json, os, sys
from pathlib import Path
from tests.worker.blender.harness import Farm
folder, values = Path(sys.argv[1]), {"Scene": sys.argv[2]}
farm = Farm(folder, values)
farm.enter()
os.chmod(folder / "out", 0o555)
said = [farm.render(1).reason]
os.chmod(folder / "out", 0o755)
farm.close()
os.chmod(folder / "out", 0o555)
farm = Farm(folder, values)
said.append(farm.enter().reason)
farm.close()
print(json.dumps(said))
"""
INSIDE = """
import bpy, json, os, sys
sys.path.append(sys.argv[-3])
from brender.worker.blender import output, stage
from brender.worker.blender.settings import Settings
bpy.ops.wm.open_mainfile(filepath=sys.argv[-2])
scene = bpy.context.scene
def said(each):
    try:
        return ask(each)
    except stage.Refused as refusal:
        return str(refusal)
answers = [said(each) for each in json.loads(sys.argv[-1])]
with open(sys.argv[-2] + ".answers", "w") as file:
    json.dump(answers, file)
os._exit(0)
"""
BEGIN = """
def ask(pattern):
    made = output.Output(scene, Settings(scene="", output=pattern), lambda path: None)
    return made.begin(1, 1).main
"""
PUBLISH = """
def ask(moves):
    return output.Attempt([tuple(moves)], {sys.argv[-2]: sys.argv[-2]}).publish()
"""


class Existing(BlenderTestCase):
    def test_whole_frames_are_skipped_when_that_is_asked_for(self) -> None:
        farm = self.entered("plain", SkipExisting="true")
        self.rendered(farm, 1)
        before = os.stat(self.folder / "out" / "f_0001.png").st_ino
        ended = self.rendered(farm, 1)
        self.assertEqual(ended.status, "Frame 1 was there already and whole: skipped")
        self.assertEqual(os.stat(self.folder / "out" / "f_0001.png").st_ino, before)

    def test_empty_and_broken_ones_are_rendered_again(self) -> None:
        farm = self.entered("plain", SkipExisting="true")
        self.rendered(farm, 1)
        path = self.folder / "out" / "f_0001.png"
        whole = path.read_bytes()
        for broken in (b"", whole[: len(whole) // 2], whole[:-1]):
            path.write_bytes(broken)
            self.assertIn("brender_output: ", self.rendered(farm, 1).text)
            self.assertTrue(path.read_bytes().endswith(b"IEND\xaeB`\x82"))

    def test_they_are_rendered_again_when_it_is_not(self) -> None:
        farm = self.entered("plain")
        for _ in range(2):
            self.assertIn("brender_output: ", self.rendered(farm, 1).text)

    def test_a_scene_that_says_not_to_overwrite_is_obeyed_but_placeholders_are_no_frames(self) -> None:
        (self.folder / "out").mkdir()
        (self.folder / "out" / "f_0003.png").touch()
        farm = self.entered("placeholders")
        self.assertIn("brender_output: ", self.rendered(farm, 3).text)
        self.assertIn("skipped", self.rendered(farm, 3).status)

    def test_every_view_has_to_be_there(self) -> None:
        farm = self.entered("stereo", SkipExisting="true")
        self.rendered(farm, 1)
        (self.folder / "out" / "f_0001_R.png").unlink()
        self.assertIn("brender_output: ", self.rendered(farm, 1).text)
        self.assertIn("skipped", self.rendered(farm, 1).status)


class NewContent(BlenderTestCase):
    def test_the_same_path_with_another_scene_in_it_is_another_scene(self) -> None:
        first = self.farm("plain")
        first.enter()
        self.rendered(first, 1)
        before = (self.folder / "out" / "f_0001.png").read_bytes()
        scene = self.folder / "plain.blend"
        scene.write_bytes(self.scene("see_through").read_bytes())
        self.rendered(self.entered("plain"), 1)
        after = (self.folder / "out" / "f_0001.png").read_bytes()
        self.assertEqual([before[16:24].hex(), after[16:24].hex()], ["0000002000000012", "0000002100000011"])


class Refusals(BlenderTestCase):
    def inside(self, ask: str, *asked: Any) -> list[Any]:
        """What a Blender with the scene open answers to each, a refusal as its sentence."""
        scene, program = self.scene("plain"), self.folder / "ask.py"
        program.write_text(ask + INSIDE)
        command = BLENDER.command(str(program), [ROOT, str(scene), json.dumps(asked)])
        subprocess.run(command, check=True, capture_output=True)
        return list(json.loads(Path(f"{scene}.answers").read_text()))

    def long(self, length: int) -> Path:
        """A folder in this test's whose path has so many bytes."""
        made = str(self.folder)
        while len(made) < length - 200:
            made += "/" + "d" * 150
        return Path(made + "/" + "d" * (length - len(made) - 1))

    def test_a_folder_that_is_too_long_for_blender_is_refused_with_its_length(self) -> None:
        folder = self.long(991)
        reason = self.refused("plain", Output=str(folder / "f_####"))
        self.assertRegex(
            reason, r"^The output is too long for Blender, which keeps 1023 of its 10\d\d bytes .*/\.brender-"
        )
        self.assertEqual(list(folder.iterdir()), [])

    def test_the_longest_that_is_not_refused_is_rendered(self) -> None:
        """Near its limit Blender shortens the run of signs and leaves endings away before it cuts."""
        lengths = range(940, 1000)
        said = self.inside(BEGIN, *(str(self.long(length) / "f_####") for length in lengths))
        fitting = [each for each in said if not each.startswith("The output is too long for Blender, which keeps ")]
        self.assertTrue(10 < len(fitting) < 50, len(fitting))
        for path in fitting:
            self.assertRegex(path, r"/\.brender-[^/]+/1-1-0/f_0001\.png$")
        longest = self.long(lengths[len(fitting) - 5])  # the number of another process may have more digits
        self.rendered(self.entered("plain", Output=str(longest / "f_####")), 1)
        self.assertEqual([path.name for path in longest.glob("f_*")], ["f_0001.png"])

    def test_places_of_file_output_nodes_are_refused_too(self) -> None:
        deep = self.long(985)
        deep.mkdir(parents=True)
        scene = deep / "n.blend"
        scene.write_bytes(self.scene("nodes").read_bytes())
        reason = self.refused("nodes", Scene=str(scene), Output=str(self.folder / "f_####"))
        self.assertRegex(reason, "^The output is too long for Blender")

    def test_a_name_that_no_file_can_have_is_refused_before_the_first_frame(self) -> None:
        name = "n" * 248
        self.rendered(self.entered("plain", Output=str(self.folder / "named" / (name[:247] + "####"))), 1)
        self.assertEqual(len(self.written("named")[0]), 255)
        reason = self.refused("plain", Output=str(self.folder / "named" / (name + "####")))
        self.assertTrue(reason.startswith("No file there can have a name of 256 bytes: nnn"), reason)

    def test_no_files_are_no_frame(self) -> None:
        """Blender may have written elsewhere, where such a file is."""
        nothing = self.folder / "nothing"
        nothing.mkdir()
        said = self.inside(PUBLISH, [str(nothing), str(self.folder)])
        self.assertEqual(said, [f"Blender ended the frame without writing {self.folder}/plain.blend."])

    def test_what_blender_does_not_write_or_not_whole_is_named_by_its_path(self) -> None:
        farm = self.entered("spoils")
        reasons = [farm.render(frame).reason for frame in (1, 2)]
        out = self.folder / "out"
        self.assertEqual(reasons[0], f"Blender ended the frame without writing {out}/f_0001.png.")
        self.assertEqual(reasons[1], f"Blender wrote {out}/f_0002.png only in part: is the disk full?")
        self.assertEqual([path for path in self.written() if not path.startswith(".")], [])

    def test_a_folder_that_cannot_be_written_is_named(self) -> None:
        """Before the first frame, and where it changes later; root does without the right to write everywhere."""
        prctl = ctypes.CDLL(None).prctl
        ended = subprocess.run(
            [sys.executable, "-c", NO_WRITING, str(self.folder), str(self.scene("plain"))],
            env={**os.environ, "PYTHONPATH": ROOT},
            stdout=subprocess.PIPE,
            check=True,
            preexec_fn=lambda: prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0),
        )
        out = self.folder / "out"
        said = json.loads(ended.stdout.splitlines()[-1])
        self.assertEqual(said[0], f"The frame cannot be put at {out}/f_0001.png: Permission denied.")
        self.assertEqual(said[1], f"The output folder {out} cannot be written: Permission denied.")
        self.assertEqual(self.written(), [])
