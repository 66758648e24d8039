"""Who a worker is: two of one identity, two of one name, one of another version; folders and ports it cannot have."""

import os
import shutil
import subprocess
import sys
from typing import Any, ClassVar
from unittest import SkipTest

from tests.line.cable import Cable
from tests.line.harness import FarmTestCase, Program, WorkerProgram, go_on, stop, template

OTHER_VERSION = "from brender.protocols import messages; messages.VERSION = 99; from brender.cli import main; main()"


class IdentityTests(FarmTestCase):
    workers: ClassVar = {"alpha": 1}
    settings: ClassVar = {"heartbeat": 20.0}  # nobody is gone because of a silence

    def test_a_second_worker_with_a_copied_identity_is_refused_and_the_first_is_undisturbed(self) -> None:
        second = self.copy_of(self.worker, "copy")
        self.until(lambda: "delete the file worker-id in it" in second.log, "it is not refused")
        self.farm.run(template(tasks="1-4"))
        self.assertTrue(self.farm.online("alpha"))
        self.assertFalse(self.farm.client("copy"))
        (second.state / "worker-id").unlink()  # as it was told; with an id of its own it is another client
        second.end()
        again = self.farm.worker("copy", state=second.state)
        self.addCleanup(again.end)
        self.assertNotEqual(self.farm.client("copy")["id"], self.farm.client("alpha")["id"])

    def copy_of(self, worker: WorkerProgram, name: str) -> WorkerProgram:
        """A worker with the same identity in a folder of its own."""
        copied = self.folder / name
        copied.mkdir()
        shutil.copy(worker.state / "worker-id", copied)
        copy = self.farm.worker(name, wait=False, state=copied)
        self.addCleanup(copy.end)
        return copy

    def test_one_that_does_not_answer_loses_its_place_and_does_not_get_it_back(self) -> None:
        first = self.farm.worker("hangs", state=self.folder / "hangs")
        self.addCleanup(first.end)
        stop(first)
        self.addCleanup(go_on, first)
        second = self.copy_of(first, "takes")
        self.until(lambda: self.farm.online("takes"), "it is not taken in the place of the other")
        self.assertNotIn("refuses", second.log)
        go_on(first)
        self.until(lambda: "delete the file worker-id in it" in first.log, "it is not refused")
        self.assertIn("has not answered", first.log)
        self.assertTrue(self.farm.online("takes"))

    def test_a_worker_of_which_the_server_still_has_a_connection_is_taken_when_it_is_started_again(self) -> None:
        cable = Cable(self.farm.worker_port)
        self.addCleanup(cable.end)
        first = self.farm.worker("cut", port=cable.port)
        client = self.farm.client("cut")["id"]
        cable.lose_down()  # the server's end stays open when the worker is gone
        first.kill()
        again = self.farm.worker("cut")
        self.addCleanup(again.end)
        self.assertEqual(self.farm.client("cut")["id"], client)
        self.assertNotIn("refuses", again.log)
        self.farm.run(template(tasks="1-4"))

    def test_a_worker_that_is_killed_while_it_is_taken_in_is_not_refused_when_it_is_started_again(self) -> None:
        cable = Cable(self.farm.worker_port)
        self.addCleanup(cable.end)
        assert self.farm.server is not None
        stop(self.farm.server)  # it will hear both greetings at once
        self.addCleanup(go_on, self.farm.server)
        first = self.farm.worker("new", wait=False, port=cable.port)
        self.until(lambda: cable.lines and cable.lines[0].said, "it does not greet")
        first.kill()
        again = self.farm.worker("new", wait=False, port=cable.port)
        self.addCleanup(again.end)
        self.until(lambda: len(cable.lines) == 2 and cable.lines[1].said, "it does not greet")
        go_on(self.farm.server)
        self.until(lambda: self.farm.online("new"), "it is not there")
        self.assertNotIn("refuses", again.log)
        self.farm.run(template(tasks="1-4"))

    def test_a_second_worker_in_the_same_state_folder_says_so_and_ends(self) -> None:
        second = self.farm.worker("same", wait=False, state=self.worker.state)
        self.assertEqual(second.ended(), 2)
        self.assertIn(f"Another worker (process {self.worker.pid}) uses the state folder", second.log)
        self.farm.run(template())

    def test_two_workers_with_one_name_are_two_clients(self) -> None:
        second = self.farm.worker("alpha", state=self.folder / "other", wait=False)
        self.addCleanup(second.end)
        self.until(lambda: self.named("alpha") == ["online", "online"], "they are not two")
        self.farm.run(template(tasks="1-8"))

    def named(self, name: str) -> list[str]:
        """What is with the clients of this name."""
        return [each["connection"] for each in self.farm.api("clients")["data"] if each["name"] == name]

    def test_a_worker_keeps_its_id_over_a_restart(self) -> None:
        before = self.farm.client("alpha")["id"]
        self.worker.end()
        self.farm.worker("alpha")
        self.assertEqual(self.farm.client("alpha")["id"], before)

    def test_a_worker_of_another_version_is_told_what_to_do_and_ends(self) -> None:
        other = self.farm.worker("other", wait=False, program=["-c", OTHER_VERSION])
        self.assertEqual(other.ended(), 1)
        self.assertIn("install the same brender on both", other.log)
        self.farm.run(template())

    def test_a_second_server_on_the_same_ports_says_so_and_the_first_goes_on(self) -> None:
        command = [sys.executable, "-m", "brender", "server", "--config", str(self.farm.config)]
        second = Program([*command, "--state", str(self.folder / "server")], self.folder / "second.log")
        self.addCleanup(second.end)
        self.assertEqual(second.ended(), 1)
        self.assertIn("in use", second.log)
        self.assertIn("set another one in brender.toml", second.log)
        self.farm.run(template())

    def test_a_state_folder_that_cannot_be_written_is_named(self) -> None:
        (self.folder / "file").touch()
        worker = Program(
            [sys.executable, "-m", "brender", "worker", "127.0.0.1:1", "--state", str(self.folder / "file" / "state")],
            self.folder / "worker.log",
        )
        self.assertEqual(worker.ended(), 2)
        self.assertIn("cannot be written", worker.log)
        self.assertIn("--state", worker.log)

    def test_an_address_without_a_port_is_refused_with_an_example(self) -> None:
        worker = Program([sys.executable, "-m", "brender", "worker", "farm"], self.folder / "worker.log")
        self.assertEqual(worker.ended(), 2)
        self.assertIn("farm:6001", worker.log)


class FullDiskTests(FarmTestCase):
    """A worker whose scratch folder is on a file system of four megabytes."""

    workers: ClassVar = {}

    def setUp(self) -> None:
        super().setUp()
        self.small = self.folder / "small"
        self.small.mkdir()
        mount = shutil.which("mount")
        if mount is None or os.geteuid() != 0:
            raise SkipTest("only root may mount a small file system")
        command = [mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(self.small)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            raise SkipTest("this machine does not allow a small file system")
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.small)], check=True)
        worker = self.farm.worker("small", state=self.small)
        self.addCleanup(worker.end)

    def with_file(self, size: int) -> dict[str, Any]:
        """A job whose task has an embedded file of so many bytes."""
        made = template()
        made["steps"][0]["script"] = {
            "embeddedFiles": [{"name": "Big", "type": "TEXT", "filename": "big.txt", "data": "x" * size}],
            "actions": {"onRun": {"command": "true"}},
        }
        return made

    def assert_no_space(self, made: dict[str, Any]) -> None:
        self.assertIn("No space left", self.farm.wait(self.farm.submit(made), "failed")["reason"])

    def test_a_task_that_does_not_fit_fails_with_the_reason_and_the_worker_goes_on(self) -> None:
        self.assert_no_space(self.with_file(6_000_000))
        self.farm.run(template())

    def test_when_a_task_has_filled_the_disk_it_takes_nothing_says_why_and_goes_on_when_there_is_room(self) -> None:
        fills = template(f"head -c 20M /dev/zero > {self.small}/full; exit 3")
        job = self.farm.wait(self.farm.submit(fills, settings={"tries": 1}), "failed")
        self.assertIn("No space left", job["reason"])
        client = self.farm.client("small")
        self.assertEqual((client["connection"], client["activity"]), ("online", "unwell"))
        self.assertIn("is unwell: its disk is full", str(self.farm.api(f"clients/{client['id']}/why")))
        waits = self.farm.submit(self.with_file(1_000_000))
        self.until(lambda: "unwell" in str(self.farm.api(f"jobs/{waits}/why")), "it does not say why it waits")
        self.assertEqual(self.farm.job(waits)["orders"], [])
        (self.small / "full").unlink()
        self.farm.wait(waits)
