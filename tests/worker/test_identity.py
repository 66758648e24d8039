"""The worker's id, its claim to its folder, and what it says of its machine."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.client import Blender
from brender.worker.identity import Claim, InUse, cores, gpus, machine, stable_id

CHECKOUT = Path(__file__).resolve().parents[2]


class IdentityTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir(parents=True)

    def test_an_id_is_made_once_and_kept(self) -> None:
        first = stable_id(self.folder)
        self.assertEqual(len(first), 32)
        self.assertEqual(stable_id(self.folder), first)

    def test_two_folders_are_two_ids(self) -> None:
        other = self.folder / "other"
        other.mkdir()
        self.assertNotEqual(stable_id(other), stable_id(self.folder))

    def test_an_empty_file_is_no_id(self) -> None:
        (self.folder / "worker-id").write_text("\n")
        self.assertEqual(len(stable_id(self.folder)), 32)

    def test_a_folder_is_claimed_by_one_process_and_free_when_it_ends(self) -> None:
        program = (
            "import sys; from pathlib import Path; from brender.worker.identity import Claim; "
            "claim = Claim(Path(sys.argv[1])); print('mine', flush=True); sys.stdin.read()"
        )
        command = [sys.executable, "-c", program, str(self.folder)]
        other = subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert other.stdin
        assert other.stdout
        self.assertEqual(other.stdout.readline(), b"mine\n")
        with self.assertRaises(InUse) as refused:
            Claim(self.folder)
        self.assertIn(f"Another worker (process {other.pid})", str(refused.exception))
        other.kill()
        other.communicate()
        self.assertTrue(Claim(self.folder))

    def test_the_machine_is_as_it_is(self) -> None:
        blenders = (Blender("4.5.0", "program", "/usr/bin/blender"),)
        made = machine(self.folder, "", 0, blenders)
        self.assertEqual((made.name, made.key), (os.uname().nodename, stable_id(self.folder)))
        self.assertEqual((made.slots, made.memory), (cores(), psutil.virtual_memory().total))
        self.assertEqual((made.system, made.blenders), ("linux", blenders))
        self.assertIn(made.arch, {"x86_64", "arm64"})

    def test_what_the_worker_was_told_comes_first(self) -> None:
        made = machine(self.folder, "render-07", 3, ())
        self.assertEqual((made.name, made.slots), ("render-07", 3))

    def test_the_drivers_list_of_cards_is_read(self) -> None:
        program = self.folder / "nvidia-smi"
        program.write_text(
            "#!/bin/sh\necho 'GPU 0: NVIDIA RTX A5000 (UUID: GPU-1-2)'\necho 'GPU 1: NVIDIA T4 (UUID: GPU-3)'\n"
        )
        program.chmod(0o755)
        self.patch(os, "environ", {**os.environ, "PATH": f"{self.folder}:{os.environ['PATH']}"})
        self.assertEqual(gpus(), ("NVIDIA RTX A5000", "NVIDIA T4"))

    def test_a_driver_that_fails_means_no_cards(self) -> None:
        program = self.folder / "nvidia-smi"
        program.write_text("#!/bin/sh\necho 'driver mismatch'\nexit 9\n")
        program.chmod(0o755)
        self.patch(os, "environ", {**os.environ, "PATH": str(self.folder)})
        self.assertEqual(gpus(), ())
