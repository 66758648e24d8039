"""The real line by TLS: servers and workers as programs that have joined, on this machine's loopback."""

import contextlib
import json
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Callable
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from twisted.trial.unittest import SynchronousTestCase

from brender.security.requests import key_pem
from brender.worker.calling.wallet import read_pass
from tests.db.cluster import cluster
from tests.line.harness import CHECKOUT, Farm, Program, WorkerProgram, environment
from tests.line.test_standby import TEMPLATE

NEW = ("TLSv1.2", "TLSv1.3")


def brender(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
    how: dict[str, Any] = {"cwd": CHECKOUT, "env": {**environment(), **more}, "timeout": 60}
    return subprocess.run([sys.executable, "-m", "brender", *words], check=False, capture_output=True, text=True, **how)


class Joined(SynchronousTestCase):
    """A farm whose workers speak TLS."""

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="brender-tls-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.noted = self.folder / "noted"

    def made(self, name: str = "farm", **settings: Any) -> Farm:
        farm = Farm(self.folder / name, worker_tls=True, **settings)
        self.addCleanup(farm.end)
        return farm

    def started(self, name: str = "farm", **settings: Any) -> Farm:
        farm = self.made(name, **settings)
        farm.start_server()
        return farm

    def token(self, farm: Farm, uses: int = 1) -> str:
        return str(farm.api("invitations", {"uses": uses})["token"])

    def worker(self, farm: Farm, name: str = "alpha", token: str = "", **how: Any) -> WorkerProgram:
        token = token or self.token(farm)
        return farm.worker(name, 2, options=["--join", token], **how)

    def given_up(self, farm: Farm, worker: WorkerProgram) -> str:
        """The last words of a worker that goes because of what it was told."""
        self.assertEqual(worker.ended(), 1, worker.log)
        return worker.log.strip().rpartition("\n")[2]

    def frames(self) -> list[int]:
        return sorted(int(line) for line in self.noted.read_text().split())

    def submit(self, farm: Farm) -> int:
        return farm.submit(TEMPLATE, {"File": str(self.noted)})

    def begun(self, farm: Farm) -> int:
        job = self.submit(farm)
        farm.until(lambda: self.noted.exists() and len(self.frames()) > 3, "no frame is done")
        return job

    def check(self, farm: Farm, job: int) -> None:
        farm.wait(job, within=90)
        self.assertEqual(self.frames(), list(range(1, 201)))

    def active(self, farm: Farm) -> None:
        farm.until(lambda: "is ready" in program_of(farm).log, "the standby does not take over")


def program_of(farm: Farm) -> Program:
    assert farm.server is not None
    return farm.server


class TheLine(Joined):
    def test_a_job_runs_from_its_template_to_its_results_though_server_and_workers_are_started_anew(self) -> None:
        farm = self.started()
        token = self.token(farm, uses=2)
        first, _ = self.worker(farm, "alpha", token), self.worker(farm, "beta", token)
        job = self.begun(farm)
        farm.kill_server()
        farm.start_server()
        first.kill()
        self.worker(farm, "alpha", token)  # which it has used up, and does not need any more
        farm.wait(job, within=90)
        self.assertEqual({*self.frames()}, {*range(1, 201)})  # what a killed worker ran may have run twice
        self.assertEqual(farm.api("invitations/1")["left"], 0)
        self.assertEqual([client["id"] for client in farm.api("clients.json")["data"]], [1, 2])
        self.assertNotIn("Traceback", program_of(farm).log)

    def test_a_revoked_worker_goes_at_once_and_its_work_is_done_by_another(self) -> None:
        farm = self.started()
        token = self.token(farm, uses=2)
        first, _ = self.worker(farm, "alpha", token), self.worker(farm, "beta", token)
        job = self.begun(farm)
        farm.api("clients/1/revoke", {})
        self.assertIn("was revoked; it can come back with a new join token", self.given_up(farm, first))
        again = farm.worker("alpha", 2, wait=False)
        self.assertIn("was revoked; it can come back with a new join token", self.given_up(farm, again))
        farm.wait(job, within=90)
        self.assertEqual({*self.frames()}, {*range(1, 201)})
        farm.kill_server()
        farm.start_server()
        again = farm.worker("alpha", 2, wait=False)
        self.assertIn("was revoked", self.given_up(farm, again), "a start of the server forgets nothing")

    def test_who_has_not_joined_or_says_a_wrong_token_is_told_what_to_do(self) -> None:
        farm = self.started()
        plain = farm.worker("plain", wait=False)
        self.assertRegex(self.given_up(farm, plain), 'has not joined the farm: run "brender join-token" on the server')
        token = self.token(farm)
        self.worker(farm, "alpha", token)
        late = farm.worker("late", options=["--join", token], wait=False)
        self.assertIn("This join token is used up: it was good for 1", self.given_up(farm, late))
        other = token.rpartition("-")[0] + "-" + "0" * 64
        astray = farm.worker("astray", options=["--join", other], wait=False)
        self.assertIn("is not the one that made this token", self.given_up(farm, astray))

    def test_a_worker_that_has_joined_does_not_speak_plainly_any_more(self) -> None:
        farm = self.started()
        worker = self.worker(farm)
        worker.end()
        farm.stop_server()
        farm.config.write_text(farm.config.read_text().replace("worker_tls = true", "worker_tls = false"))
        farm.start_server()
        again = farm.worker("alpha", 2, wait=False)
        farm.until(lambda: "it speaks plainly, without TLS" in again.log, "it is not told")
        self.assertFalse(farm.online("alpha"))

    def test_what_a_server_and_a_worker_keep_is_for_nobody_else_to_read(self) -> None:
        farm = self.started()
        worker = self.worker(farm)
        secrets = [*(farm.folder / "server" / "security").iterdir(), *(worker.state / "security").iterdir()]
        modes = {path.name: path.stat().st_mode & 0o777 for path in secrets}
        self.assertEqual(modes.pop("farm.crt"), 0o644)
        self.assertEqual(modes, dict.fromkeys(("authority.pem", "server.pem", "worker.pem"), 0o600))

    def test_the_command_prints_a_token_alone(self) -> None:
        farm = self.started()
        url = f"http://127.0.0.1:{farm.web_port}"
        done = brender("join-token", "--server", url, "--uses", "3", "--expires", "2d", "--note", "the new room")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.worker(farm, token=done.stdout.strip())
        made = farm.api("invitations/1")
        self.assertEqual((made["note"], made["uses"], made["left"]), ("the new room", 3, 2))
        self.assertAlmostEqual(made["expires"] - made["made"], 2 * 86_400, delta=1)


class OnLoopback(SynchronousTestCase):
    def test_nothing_has_to_be_set_up_and_there_is_nothing_to_join(self) -> None:
        with Farm() as farm:
            farm.worker("alpha", 2)
            with self.assertRaises(AssertionError) as caught:
                farm.api("invitations", {})
            self.assertIn("need no token", str(caught.exception))
            self.assertFalse((farm.folder / "server" / "security").exists())


class TwoServers(Joined):
    """A standby has the same CA, or takes nothing over."""

    def setUp(self) -> None:
        super().setUp()
        self.url = cluster().database(self)
        self.first = self.started("first", database=self.url, lost_after=30.0)
        self.second = self.made("second", database=self.url, lost_after=30.0)

    def ca(self, farm: Farm, *words: str) -> str:
        done = brender("ca", *words, "--config", str(farm.config), "--state", str(farm.folder / "server"))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def stand_by(self) -> None:
        program = self.second.start_server(wait=False)
        self.second.until(lambda: "standby: " in program.log, "it does not wait")

    def test_workers_go_on_with_the_second_when_the_ca_was_carried_there(self) -> None:
        file = str(self.folder / "ca.pem")
        self.ca(self.first, "export", file)
        self.ca(self.second, "import", file)
        self.assertEqual(self.ca(self.first, "show").split()[1], self.ca(self.second, "show").split()[1])
        self.stand_by()
        port = f"{self.first.worker_port},127.0.0.1:{self.second.worker_port}"
        self.worker(self.first, port=port)
        job = self.begun(self.first)
        self.first.kill_server()
        self.active(self.second)
        self.check(self.second, job)

    def test_one_with_a_ca_of_its_own_stops_and_says_what_to_do_unless_it_is_to_be_the_new_one(self) -> None:
        self.stand_by()
        program = program_of(self.second)
        self.second.until(lambda: "this server has no CA yet" in program.log, "nobody is warned")
        self.first.stop_server()
        self.assertEqual(program.ended(), 1)
        wanted = r"brender: The farm's workers trust the CA \w+….* brender ca import FILE --replace"
        self.assertRegex(program.log, wanted)
        self.ca(self.second, "new", "--yes")
        self.second.start_server()
        self.worker(self.second)
        self.second.stop_server()
        self.second.start_server()


class TheWeb(Joined):
    def ask(self, farm: Farm, path: str, context: ssl.SSLContext) -> tuple[int, Any]:
        connection = HTTPSConnection("localhost", farm.web_port, context=context, timeout=30)
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def trusting(self, farm: Farm) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(farm.folder / "server" / "security" / "farm.crt"))

    def until_it_answers(self, farm: Farm, question: Callable[[], Any]) -> Any:
        farm.start_server(wait=False)
        farm.until(lambda: is_open(farm.web_port), "it is not ready")
        return question()

    def test_https_with_the_farms_certificate_and_a_word_to_who_forgets_the_s(self) -> None:
        farm = self.made(web_tls="always")
        status, found = self.until_it_answers(
            farm, lambda: self.ask(farm, "/api/v1/farm", self.trusting(farm))
        )
        self.assertEqual(status, 200, found)
        with self.assertRaises(AssertionError) as caught:
            farm.api("farm")
        self.assertIn("This port speaks HTTPS", str(caught.exception))
        url, ca = f"https://localhost:{farm.web_port}", farm.folder / "server" / "security" / "farm.crt"
        self.assertEqual(brender("clients", "--server", url, BRENDER_CA=str(ca)).returncode, 0)
        stranger = brender("clients", "--server", url, BRENDER_STATE=str(self.folder))
        self.assertEqual(stranger.returncode, 1)
        self.assertIn("copy security/farm.crt from the server's state folder", stranger.stderr)

    def handshake(self, farm: Farm, context: ssl.SSLContext, name: str = "localhost") -> str | None:
        """Its version of TLS."""
        with (
            socket.create_connection(("127.0.0.1", farm.web_port), 30) as plain,
            context.wrap_socket(plain, server_hostname=name) as wire,
        ):
            return wire.version()

    def test_old_tls_and_a_name_that_is_not_in_the_certificate_end_the_handshake(self) -> None:
        farm = self.made(web_tls="always")
        self.assertIn(self.until_it_answers(farm, lambda: self.handshake(farm, self.trusting(farm))), NEW)
        old = self.trusting(farm)
        old.set_ciphers("DEFAULT:@SECLEVEL=0")
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaisesRegex(ssl.SSLError, "alert protocol version"):
            self.handshake(farm, old)
        with self.assertRaisesRegex(ssl.SSLCertVerificationError, "Hostname mismatch"):
            self.handshake(farm, self.trusting(farm), "farm.example")

    def test_the_certificate_of_a_worker_opens_nothing_for_people(self) -> None:
        farm = self.started()
        worker = self.worker(farm)
        farm.api("users", {"name": "ada", "role": "admin", "password": "correct horse battery"})
        farm.stop_server()
        farm.config.write_text(farm.config.read_text() + 'web_tls = "always"\n')
        own = read_pass((worker.state / "security" / "worker.pem").read_bytes(), "")
        shown = self.folder / "shown.pem"
        shown.write_bytes(own.certificate.public_bytes(Encoding.PEM) + key_pem(own.key))

        def question() -> tuple[int, Any]:
            context = self.trusting(farm)
            context.load_cert_chain(shown)
            return self.ask(farm, "/api/v1/clients", context)

        status, said = self.until_it_answers(farm, question)
        self.assertEqual((status, said["code"]), (401, "not-logged-in"))

    def test_ones_own_certificate_is_used_for_the_web_alone(self) -> None:
        farm = self.made()
        farm.start_server()
        security = farm.folder / "server" / "security"
        own = self.folder / "web.pem"
        own.write_bytes((security / "server.pem").read_bytes())
        farm.stop_server()
        (security / "server.pem").unlink()
        lines = f'web_tls = "always"\nweb_certificate = "{own}"\nweb_key = "{own}"\n'
        farm.config.write_text(farm.config.read_text() + lines)
        shown = self.until_it_answers(farm, lambda: ssl.get_server_certificate(("127.0.0.1", farm.web_port)))
        self.assertEqual(x509.load_pem_x509_certificate(shown.encode()), certificate_in(own))
        workers = ssl.get_server_certificate(("127.0.0.1", farm.worker_port))
        self.assertEqual(x509.load_pem_x509_certificate(workers.encode()), certificate_in(security / "server.pem"))
        self.assertNotEqual(workers, shown)


def is_open(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 10).close()
        return True
    return False


def certificate_in(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates(path.read_bytes())[0]
