"""BLD-05: a frame that cannot be written fails with its own path, whatever Blender says of it.

On a machine of its own: a small file system that gets read-only, or full, before the first frame or later.
"""

from typing import Any

from tests.worker.blender.apart import told
from tests.worker.blender.harness import BlenderTestCase, scenes

PLACE = """
place = folder / "place"
out = place / "out"
place.mkdir()
mount("-t", "tmpfs", "-o", "size=64k", "none", place)
def left():
    return sorted(path.name for path in place.rglob("*") if path.is_file())
"""
READ_ONLY = """
out.mkdir()
mount("-o", "remount,ro", place)
begin = farm("plain", Output=str(out / "f_####"))
said = [begin.enter().reason]
begin.close()
mount("-o", "remount,rw", place)
later = farm("plain", Output=str(out / "f_####"))
said += [later.enter().reason, later.render(1).reason]
mount("-o", "remount,ro", place)
said.append(later.render(2).reason)
mount("-o", "remount,rw", place)
said.append(later.render(3).reason)
later.close()
tell([said, left()])
"""
FULL = """
kinds = ["PNG", "JPEG"]  # Blender takes the first for written, and complains of the second
said = []
for kind in kinds:
    one = farm("plain", Output=str(out / "f_####"), Format=kind)
    said.append([kind, one.enter().reason])
    try:
        (place / "in the way").write_bytes(bytes(1 << 20))
    except OSError:
        said[-1].append(one.render(1).reason)
    one.close()
    (place / "in the way").unlink()
tell([said, left()])
"""
VIDEO = """
one = farm("plain", Output=str(folder / "frames" / "f_####"), Video=str(out / "v.mp4"), Frames="1-2")
out.mkdir()
one.enter()
for frame in one.frames():
    one.render(frame)
said = []
for spoil in ("full", "taken", "read-only"):
    if spoil == "full":
        try:
            (place / "in the way").write_bytes(bytes(1 << 20))
        except OSError:
            pass
    elif spoil == "taken":
        (place / "in the way").unlink()
        (out / "v.mp4").mkdir()
    else:
        mount("-o", "remount,ro", place)
    said.append(one.video().reason)
one.close()
tell([said, left()])
"""


class Writing(BlenderTestCase):
    def told(self, program: str) -> Any:
        return told(PLACE + program, self.folder, scenes())

    def test_a_read_only_file_system_is_named_before_the_first_frame_and_later_and_can_be_mended(self) -> None:
        said, left = self.told(READ_ONLY)
        out = f"{self.folder}/place/out"
        self.assertEqual(said[0], f"The output folder {out} cannot be written: Read-only file system.")
        self.assertEqual(said[3], f"The frame cannot be put at {out}/f_0002.png: Read-only file system.")
        self.assertEqual([said[1], said[2], said[4]], ["", "", ""])
        self.assertEqual(left, ["f_0001.png", "f_0003.png"])

    def test_a_full_one_leaves_no_file_and_the_sentence_has_the_path_in_each_format(self) -> None:
        said, left = self.told(FULL)
        for (kind, entered, reason), ending in zip(said, ("png", "jpg"), strict=True):
            self.assertEqual(entered, "", kind)
            self.assertRegex(reason, "only in part: is the disk full|could not render|cannot be put", kind)
            self.assertIn(f"{self.folder}/place/out/f_0001.{ending}", reason)
            self.assertNotIn(".brender-", reason)
        self.assertEqual(left, [])

    def test_so_does_a_video(self) -> None:
        said, left = self.told(VIDEO)
        video = f"{self.folder}/place/out/v.mp4"
        self.assertRegex(said[0], f"^The video {video} could not be encoded: .*No space left on device\\.$")
        self.assertEqual(said[1], f"The video cannot be put at {video}: Is a directory.")
        self.assertEqual(said[2], f"The folder {self.folder}/place/out cannot be written: Read-only file system.")
        self.assertEqual(left, [])

    def test_a_device_is_no_folder(self) -> None:
        reason = self.refused("plain", Output="/dev/full/f_####")
        self.assertEqual(reason, "The output folder /dev/full cannot be made: a file has its name.")

    def test_a_name_that_stands_for_a_device_becomes_the_frame(self) -> None:
        (self.folder / "out").mkdir()
        (self.folder / "out" / "f_0001.png").symlink_to("/dev/full")
        self.rendered(self.entered("plain"), 1)
        self.assertFalse((self.folder / "out" / "f_0001.png").is_symlink())

    def test_a_folder_that_is_not_there_is_made_also_when_it_goes_later(self) -> None:
        farm = self.entered("plain")
        (self.folder / "out").rename(self.folder / "away")
        self.rendered(farm, 1)
        self.assertIn("f_0001.png", self.written())
