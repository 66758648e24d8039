"""What every web server in front of a farm has to show: the tests of nginx and of Apache are subclasses of `FrontCase`.

How does this work?  The farm is a real one, with the settings that the page of docs/deploy tells people to write.  A
web server of its own stands in front of it for each test (`front`), and is asked as a browser or a program asks.
"""

import json
import re
import shutil
import socket
import subprocess
import tomllib
from typing import IO, Any, ClassVar
from urllib.parse import quote, urljoin, urlsplit

from twisted.trial.unittest import SkipTest

from tests.deploy.front import DEPLOY, LOGIN, NAME, Front, Reply, basic
from tests.deploy.upgrading import HANDSHAKE, Upgrading, read_until
from tests.line.harness import PATIENCE, Farm, FarmTestCase, template, until

MOST_BODY = 16 * 2**20
FORWARDED = {"For": "127.0.0.1", "Prefix": "/farm", "Proto": "https"}


def told_settings() -> dict[str, Any]:
    """The server's settings that the page of docs/deploy tells people to write, but for their ports."""
    (block, *_) = re.findall(r"```toml\n(.*?)```", (DEPLOY / "README.md").read_text(), re.DOTALL)
    server: dict[str, Any] = tomllib.loads(block)["server"]
    return {name: value for name, value in server.items() if name != "workers"}


class FrontCase(FarmTestCase):
    """What every web server in front of a farm has to show."""

    kind: ClassVar[type[Front]]
    workers: ClassVar = {}
    settings: ClassVar = told_settings()

    def setUp(self) -> None:
        super().setUp()
        self.front = self.front_of(self.farm.web_port)

    def front_of(self, port: int) -> Front:
        front = self.kind(port)
        self.addCleanup(shutil.rmtree, front.folder)
        front.start()
        self.addCleanup(front.end)
        until(front.answers, f"{front.file}: no answer")
        return front

    def submit(self, **how: Any) -> Reply:
        return self.front.ask("POST", "/farm/api/v1/jobs", {"template": template()}, **how)

    def test_pages_and_all_that_they_are_made_of_are_found_under_the_prefix(self) -> None:
        job = self.submit().json["id"]
        found: set[str] = set()
        for page in ("/farm/", f"/farm/jobs/{job}", f"/farm/jobs/{job}/"):
            reply = self.front.get(page)
            self.assertEqual((reply.status, reply.headers["content-type"]), (200, "text/html; charset=utf-8"))
            found |= self.made_of(page, reply.body.decode())
        self.assertGreater(len(found), 8)
        self.assertTrue(all(path.startswith("/farm/") for path in found), found)

    def made_of(self, page: str, text: str) -> set[str]:
        """The addresses of what a page or a script names, and of what that names; each is there."""
        found = {urljoin(page, path) for path in re.findall(r'(?:src|href|from)[= ]"([./][^"#]+\.\w+)"', text)}
        for path in list(found):
            reply = self.front.get(path)
            self.assertEqual(reply.status, 200, path)
            if path.endswith(".js"):
                found |= self.made_of(path, reply.body.decode())
        return found

    def test_what_is_not_there_is_told_by_a_page_that_leads_back(self) -> None:
        reply = self.front.get("/farm/not/there", headers={"Accept": "text/html"})
        self.assertEqual(reply.status, 404)
        self.assertIn("There is nothing at /not/there", reply.body.decode())
        self.made_of("/farm/not/there", reply.body.decode())

    def test_a_job_is_handed_in_and_its_address_is_where_one_can_ask_for_it(self) -> None:
        reply = self.submit(headers={"Origin": f"https://{self.front.host}"})
        self.assertEqual(reply.status, 201, reply.body)
        self.assertEqual(reply.headers["location"], f"/farm/api/v1/jobs/{reply.json['id']}")
        self.assertEqual(self.front.get(reply.headers["location"]).json["id"], reply.json["id"])

    def test_a_page_of_another_site_changes_nothing(self) -> None:
        reply = self.submit(headers={"Origin": f"https://evil.example:{self.front.secure}"})
        self.assertEqual((reply.status, reply.json["at"]), (403, "Origin"))

    def test_an_address_arrives_as_it_was_written(self) -> None:
        for name in ("plain", "ä b", "50%25", "a+b", "a/b", "a//b", "..", "a;b=c", "?#&"):
            reply = self.front.get(f"/farm/api/v1/pools/{quote(name, safe='')}")
            self.assertIn(f'There is no pool "{name}"', reply.json["detail"])

    def test_a_filter_arrives_as_it_was_written(self) -> None:
        reply = self.front.get("/farm/api/v1/clients?filter=n%2525%20caf%C3%A9*")
        self.assertEqual(reply.status, 200, reply.body)

    def test_an_event_is_there_while_the_stream_goes_on(self) -> None:
        for how in ({}, {"Accept-Encoding": "gzip"}):
            with self.front.open("GET", "/farm/api/v1/events?kind=job", headers=how) as stream:
                self.assertEqual(stream.headers["Content-Type"], "text/event-stream; charset=utf-8")
                self.assertIsNone(stream.headers["Content-Encoding"])
                self.follows(stream)

    def follows(self, stream: IO[bytes]) -> None:
        """What happens is told by a stream that has begun and does not end."""
        self.assertIn(b"retry", stream.readline())
        told, job = list[int](), self.submit().json["id"]
        while job not in told:
            line = stream.readline()
            self.assertTrue(line, "the stream has ended")
            told = [each["id"] for each in json.loads(line[6:])] if line.startswith(b"data: ") else told

    def test_redirects_stay_inside(self) -> None:
        reply = self.front.get("/farm")
        self.assertIn(reply.status, (301, 303, 308))
        there = urljoin(f"https://{self.front.host}/farm", reply.headers["location"])
        self.assertEqual(there, f"https://{self.front.host}/farm/")
        made = self.submit()
        self.assertEqual(urlsplit(made.headers["location"]).path, f"/farm/api/v1/jobs/{made.json['id']}")

    def test_without_tls_one_is_sent_to_where_it_is(self) -> None:
        host = f"{NAME}:{self.front.plain}"
        for method in ("GET", "POST"):
            reply = self.front.ask(method, "/farm/jobs/3?order=4", secure=False, headers={"Host": host}, login="")
            self.assertEqual(reply.status, 308)
            self.assertEqual(reply.headers["location"], f"https://{self.front.host}/farm/jobs/3?order=4")

    def test_without_a_login_nothing_is_shown(self) -> None:
        for login in ("", "mara:guess", "otto:secret"):
            for path in ("/farm/", "/farm/api/v1/farm", "/farm/api/v1/events", "/farm/static/icon.svg"):
                self.assertEqual(self.front.get(path, login=login).status, 401, path)

    def test_a_body_that_is_too_large_is_refused_with_the_farms_own_sentence(self) -> None:
        for size in (MOST_BODY + 1, 3 * MOST_BODY):
            reply = self.front.ask("POST", "/farm/api/v1/jobs", b" " * size)
            self.assertEqual(reply.status, 413)
            self.assertEqual(reply.json["detail"], f"The body has more than {MOST_BODY} bytes.")

    def test_a_gigabyte_is_refused_before_it_has_come(self) -> None:
        head = {"Host": self.front.host, "Authorization": basic(LOGIN), "Content-Type": "application/json"}
        with self.asked("POST", "/farm/api/v1/jobs", {**head, "Content-Length": str(2**30)}) as wire:
            wire.sendall(b" " * 100_000)
            self.assertTrue(read_until(wire, b"\r\n\r\n").startswith(b"HTTP/1.1 413 "))

    def test_a_body_as_large_as_it_may_be_is_read(self) -> None:
        reply = self.front.ask("POST", "/farm/api/v1/jobs", b" " * MOST_BODY)
        self.assertEqual((reply.status, reply.json["code"]), (400, "bad-request"))

    def test_the_log_of_the_farm_tells_who_changed_something(self) -> None:
        assert self.farm.server is not None
        log = self.farm.server
        self.submit(source="127.0.0.7")
        self.until(lambda: re.search(r'"127\.0\.0\.7" .*"POST /api/v1/jobs ', log.log), "the log does not tell")

    def test_what_the_reader_has_is_not_sent_again(self) -> None:
        squeezed = {"Accept-Encoding": "gzip"}
        for path in ("/farm/static/icon.svg", "/farm/"):
            first = self.front.get(path, headers=squeezed)
            again = self.front.get(path, headers={**squeezed, "If-None-Match": first.headers["etag"]})
            self.assertEqual((first.status, again.status, again.body), (200, 304, b""), path)

    def test_a_farm_that_was_started_again_is_there_at_once(self) -> None:
        farm = Farm(**self.settings)
        self.addCleanup(farm.end)
        front = self.front_of(farm.web_port)
        self.assertIn(front.get("/farm/api/v1/farm").status, (502, 503))
        farm.start_server()
        self.assertEqual(front.get("/farm/api/v1/farm").status, 200)

    def test_with_http_2_it_is_the_same(self) -> None:
        job, version = self.curl("/jobs", "-d", json.dumps({"template": template()})).stdout.rsplit(b"\n", 1)
        self.assertEqual((json.loads(job)["tasks"], version), (1, b"2"))
        stream = self.curling("/events?kind=job", "-N")
        assert stream.stdout is not None
        self.follows(stream.stdout)

    def curl(self, path: str, *how: str) -> "subprocess.CompletedProcess[bytes]":
        asked = self.curling(path, *how)
        out, _ = asked.communicate(timeout=PATIENCE)
        return subprocess.CompletedProcess(asked.args, asked.returncode, out)

    def curling(self, path: str, *how: str) -> "subprocess.Popen[bytes]":
        """curl that asks the farm's interface by HTTP/2; it prints the version last, on a line of its own."""
        curl = shutil.which("curl")
        if not curl or "HTTP2" not in subprocess.run([curl, "-V"], capture_output=True, text=True, check=True).stdout:
            raise SkipTest("There is no curl with HTTP/2 here.")
        where = ["--resolve", f"{self.front.host}:127.0.0.1", "--cacert", str(self.front.folder / "certificate.pem")]
        command = [curl, "-sS", "--http2", "-w", "%{http_version}", "-u", LOGIN, "-H", "Content-Type: application/json"]
        address = f"https://{self.front.host}/farm/api/v1{path}"
        asking = subprocess.Popen([*command, *where, *how, address], stdout=subprocess.PIPE)
        self.addCleanup(asking.communicate)
        self.addCleanup(asking.kill)
        return asking

    def test_a_websocket_is_handed_on_with_all_that_belongs_to_it(self) -> None:
        backend = Upgrading()
        self.addCleanup(backend.end)
        front = self.front_of(backend.port)
        with self.upgraded(front, "/farm/api/v1/events") as wire:
            for word in (b"one", b"two"):
                wire.sendall(word)
                self.assertEqual(read_until(wire, word), word)
        asked = backend.asked.lower()
        self.assertTrue(asked.startswith("get /api/v1/events http/1.1\r\n"), asked)
        wanted = {"Host": front.host, **HANDSHAKE, "Origin": f"https://{front.host}"}
        wanted |= {f"X-Forwarded-{what}": said for what, said in FORWARDED.items()}
        for name, value in wanted.items():
            self.assertIn(f"\r\n{name}: {value}\r\n".lower(), asked)

    def upgraded(self, front: Front, path: str) -> socket.socket:
        """A connection that is a WebSocket's from now on."""
        head = {"Host": front.host, **HANDSHAKE, "Origin": f"https://{front.host}", "Authorization": basic(LOGIN)}
        wire = self.asked("GET", path, head, front)
        answer = read_until(wire, b"\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 101 "), answer)
        return wire

    def asked(self, method: str, path: str, head: dict[str, str], front: Front | None = None) -> socket.socket:
        """A connection on which the head of a request has been sent."""
        wire = (front or self.front).connect()
        self.addCleanup(wire.close)
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
        wire.sendall("\r\n".join(lines).encode())
        return wire

    def test_events_come_by_websocket_too(self) -> None:
        with self.upgraded(self.front, "/farm/api/v1/events?kind=job") as wire:
            job = self.submit().json["id"]
            told = read_until(wire, b'"id":%d,' % job)
            self.assertTrue(told.endswith(b'"id":%d,' % job), told)
