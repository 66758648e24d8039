"""The worker's id, its claim to its folder, and what it says of its machine."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.client import Blender
from brender.worker.machine import identity
from brender.worker.machine.identity import Claim, InUse, cores, machine, problem_of, stable_id, zone

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
            "import sys; from pathlib import Path; from brender.worker.machine.identity import Claim; "
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

    def test_what_only_people_know_is_said_in_openjds_names(self) -> None:
        made = machine(self.folder, "", 0, (), {"amount.Tape": 2}, {"attr.Room": ("basement",)})
        self.assertEqual((made.amounts, made.attributes), ({"amount.tape": 2.0}, {"attr.room": ("basement",)}))

    def test_what_people_say_is_looked_at_first(self) -> None:
        self.assertEqual(problem_of({"amount.tape": 2, "amount.worker.disk.scratch": 5}, {"attr.room": ("a",)}), "")
        for amounts, attributes, said in (
            ({"tape": 2.0}, {}, '[worker] amounts: "tape" has to begin with "amount."; write "amount.tape".'),
            ({}, {"room": ("a",)}, '[worker] attributes: "room" has to begin with "attr."; write "attr.room".'),
            ({"amount.worker.vcpu": 2.0}, {}, '"amount.worker.vcpu" is found out by the worker itself; leave it out.'),
            ({"amount.tape": -1.0}, {}, '"amount.tape" has to be a number, 0 or more.'),
            ({"amount.tape": float("nan")}, {}, '"amount.tape" has to be a number, 0 or more.'),
        ):
            self.assertIn(said, problem_of(amounts, attributes))

    def test_a_worker_with_a_wrong_name_in_its_settings_does_not_start(self) -> None:
        settings = self.folder / "brender.toml"
        settings.write_text("[worker]\namounts = {tape = 1}\n")
        command = [sys.executable, "-m", "brender", "worker", "--config", str(settings), "--state", str(self.folder)]
        ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
        self.assertEqual((ended.returncode, 'write "amount.tape"' in ended.stderr), (2, True), ended.stderr)

    def test_what_the_worker_was_told_comes_first(self) -> None:
        made = machine(self.folder, "render-07", 3, ())
        self.assertEqual((made.name, made.slots), ("render-07", 3))

    def test_the_zone_is_what_the_environment_says(self) -> None:
        for told, name in {
            "Europe/Amsterdam": "Europe/Amsterdam",
            ":America/New_York": "America/New_York",
            "/usr/share/zoneinfo/Asia/Tokyo": "Asia/Tokyo",
            "": "UTC",
            "Nowhere/Atall": "",
            "../../etc/passwd": "",
        }.items():
            self.patch(os, "environ", {**os.environ, "TZ": told})
            self.assertEqual(zone(), name, told)

    def test_or_else_where_the_systems_link_leads(self) -> None:
        self.patch(os, "environ", {key: value for key, value in os.environ.items() if key != "TZ"})
        for target, name in {"zoneinfo/Europe/Paris": "Europe/Paris", "somewhere": ""}.items():
            link = self.folder / f"link to {name.replace('/', '-')}"
            link.symlink_to(self.folder / target)
            self.patch(identity, "LOCALTIME", str(link))
            self.assertEqual(zone(), name)

    def test_the_machine_says_its_zone(self) -> None:
        self.patch(os, "environ", {**os.environ, "TZ": "Asia/Tokyo"})
        self.assertEqual(machine(self.folder, "", 0, ()).zone, "Asia/Tokyo")
