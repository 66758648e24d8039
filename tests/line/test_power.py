"""A machine that nobody uses and nobody needs goes off, and is woken for work: with real programs on loopback."""

import shlex
import socket
import subprocess
import sys
from typing import Any, ClassVar

from brender.service.waking import magic_packet
from tests.line.harness import CHECKOUT, FarmTestCase, WorkerProgram, free_ports, template

MOST = 4096  # bytes of a datagram


class Machines(FarmTestCase):
    workers: ClassVar = {}
    settings: ClassVar = {"wake_address": "127.0.0.1", "wake_port": free_ports(1)[0]}
    count = 0

    def setUp(self) -> None:
        super().setUp()
        Machines.count += 1
        self.name = f"desk-{self.count}"
        self.cards = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)  # in the place of every network card
        self.addCleanup(self.cards.close)
        self.cards.bind(("127.0.0.1", self.settings["wake_port"]))
        self.cards.settimeout(0.05)
        self.idle(3600)

    def idle(self, seconds: float) -> None:
        """For how long nobody has used the machine, as its command says from now on."""
        (self.folder / "new").write_text(f"{seconds}\n")
        (self.folder / "new").rename(self.folder / "idle")

    def desk(self, power_off: str = "") -> WorkerProgram:
        own = {"idle_command": f"cat {shlex.quote(str(self.folder / 'idle'))}", "power_off": power_off}
        worker = self.farm.worker(self.name, settings=own)
        self.addCleanup(worker.end)
        return worker

    def set(self, **settings: Any) -> None:
        self.farm.api(f"clients/{self.farm.client(self.name)['id']}", settings, "PATCH")

    def activity(self) -> Any:
        return self.farm.client(self.name)["activity"]

    def until_activity(self, wanted: str) -> None:
        self.until(lambda: self.activity() == wanted, f"it is not {wanted}")

    def why(self) -> str:
        return str(self.farm.api(f"clients/{self.farm.client(self.name)['id']}/why")["why"])

    def packet(self) -> bytes:
        """The next one that comes within a moment; empty when none does."""
        try:
            return self.cards.recv(MOST)
        except TimeoutError:
            return b""

    def test_it_goes_off_when_nobody_needs_it_and_is_woken_for_work(self) -> None:
        self.desk(power_off=f"touch {self.folder}/off; kill -9 $PPID")
        self.set(wake=True, off_seconds=1)
        self.until((self.folder / "off").exists, "it is not switched off")
        self.until(lambda: not self.farm.online(self.name), "it is not gone")
        self.assertEqual((self.activity(), self.packet()), ("off", b""))
        self.assertIn("is switched off to save power, and is woken for work", self.why())

        job = self.farm.submit(template(f"echo done >> {self.folder}/done"))
        packet = self.until(self.packet, "it is not woken")
        mac = ":".join(f"{byte:02x}" for byte in packet[6:12])
        self.assertEqual(packet, magic_packet(mac))
        said = str(self.farm.api(f"jobs/{job}/why")["why"])
        self.assertRegex(said, rf"; woke {self.name} \d+ s ago\.$")
        (self.folder / "off").unlink()
        self.set(off_seconds=None)
        self.desk()
        self.farm.wait(job)
        self.assertEqual(self.written("done"), ["done"])

    def test_one_that_somebody_uses_takes_nothing_and_stays_on(self) -> None:
        self.idle(0)
        worker = self.desk(power_off=f"touch {self.folder}/off")
        self.set(idle_seconds=60, off_seconds=0.1)
        self.until_activity("occupied")
        job = self.farm.submit(template(f"echo done >> {self.folder}/done"))
        self.assertIn("is in use by somebody", self.why())
        self.assertEqual(self.farm.job(job)["state"], "queued")
        self.idle(3600)
        self.farm.wait(job)
        self.assertEqual((worker.running, self.written("done")), (True, ["done"]))

    def test_when_somebody_comes_what_runs_is_handed_back_where_that_is_wanted(self) -> None:
        worker = self.desk()
        self.set(idle_seconds=60, when_used="hand-back")
        script = f"echo $$ >> {self.folder}/pid; while [ ! -e {self.folder}/go ]; do sleep .05; done"
        job = self.farm.submit(template(script))
        pid = self.pid_in("pid")
        self.idle(0)
        self.assert_gone(pid)
        self.until(lambda: self.farm.job(job)["active"] == 0, "it is not handed back")
        self.assertEqual((worker.running, self.activity()), (True, "occupied"))
        (self.folder / "go").touch()
        self.idle(3600)
        done = self.farm.wait(job)
        self.assertEqual({order["attempt"] for order in done["orders"]}, {1})

    def test_one_that_is_held_takes_nothing_before_it_is_released(self) -> None:
        worker = self.desk()
        for command, wanted in (("hold", "occupied"), ("release", "idle")):
            words = [sys.executable, "-m", "brender", command, "--state", str(worker.state)]
            subprocess.run(words, check=True, cwd=CHECKOUT, capture_output=True)
            self.until_activity(wanted)
        self.farm.run(template())

    def test_one_that_has_no_command_for_it_says_so_and_works_on(self) -> None:
        self.desk()
        self.set(off_seconds=0.1)
        self.until(lambda: "no power_off is named in [worker] of its brender.toml" in self.why(), "it does not say so")
        self.farm.run(template())
