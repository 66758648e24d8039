"""What a stranger, another site and a bomb get at the real port of a farm with users; the farm goes on."""

import gzip
import json
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.people.users import Role
from tests.farm.test_bombs import BOMBS
from tests.line.harness import PATIENCE, Farm, template
from tests.line.people import add_people, password_of, start
from tests.web.test_traversal import SECRET, UP

JSON = "application/json"
GREW = 400 * 2**20  # bytes that the server may be larger by: planning is done in processes of their own
ADDRESSES = (
    "{}", "app/{}", "jobs/{}", "api/v1/jobs/{}", "api/v1/jobs/1/log/{}", "api/v1/jobs/1/tasks/{}/picture",
    "api/v1/jobs/1/picture/{}", "api/v1/templates/{}", "api/v1/archive/{}", "api/v1/jobs/1/log?step={}",
    "api/v1/jobs/1/video?file={}",
)  # fmt: skip


class Refusals(SynchronousTestCase):
    def setUp(self) -> None:
        self.farm = Farm()
        self.addCleanup(self.farm.end)
        add_people(self.farm.folder / "server" / "brender.sqlite", ada=Role.ADMIN)
        start(self.farm)
        self.cookie = ""
        self.cookie = self.logged_in("ada")
        self.job = self.submit()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, bytes]:
        """Status and body; what is asked with is `cookie`."""
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        given = {"Content-Type": JSON, "Cookie": self.cookie, **named}
        connection = HTTPConnection("127.0.0.1", self.farm.web_port, timeout=PATIENCE)
        try:
            connection.request(method, f"/{path}", data, given)
            answer = connection.getresponse()
            self.said = dict(answer.getheaders())
            return answer.status, answer.read()
        finally:
            connection.close()

    def logged_in(self, name: str) -> str:
        status, _ = self.ask("POST", "api/v1/session", {"name": name, "password": password_of(name)})
        self.assertEqual(status, 200)
        return self.said["Set-Cookie"].partition(";")[0]

    def submit(self) -> int:
        status, body = self.ask("POST", "api/v1/jobs", {"template": template()})
        self.assertEqual(status, 201, body)
        return int(json.loads(body)["id"])

    def state(self, job: int) -> str:
        return str(json.loads(self.ask("GET", f"api/v1/jobs/{job}")[1])["state"])

    def test_a_cookie_that_was_made_up_is_none(self) -> None:
        real = self.cookie
        for forged in ("brender=AAAA", "brender=", f"{real[:-1]}{'A' if real[-1] != 'A' else 'B'}", f"x{real}", ""):
            self.cookie = forged
            self.assertEqual(self.ask("GET", "api/v1/jobs")[0], 401, forged)
            self.assertEqual(self.ask("POST", f"api/v1/jobs/{self.job}/cancel", {})[0], 401, forged)
        self.cookie = real
        self.assertEqual(self.state(self.job), "queued")

    def test_another_site_changes_nothing_with_the_cookie_of_who_is_logged_in(self) -> None:
        cancel = f"api/v1/jobs/{self.job}/cancel"
        for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
            self.assertEqual(self.ask("POST", cancel, b'{"a": "="}', Content_Type=kind)[0], 415, kind)
        for origin in ("https://evil.example", "http://localhost:9999", "null"):
            self.assertEqual(self.ask("POST", cancel, {}, Origin=origin)[0], 403, origin)
        self.assertEqual(self.state(self.job), "queued")
        self.assertEqual(self.ask("POST", cancel, {}, Origin=f"http://127.0.0.1:{self.farm.web_port}")[0], 200)

    def test_no_address_leads_out_of_a_folder(self) -> None:
        state = self.farm.folder / "server"
        for folder in (state, state / "logs", state / "logs" / "1", state / "pictures"):
            folder.mkdir(exist_ok=True)
            (folder / "secret").write_bytes(SECRET)
        ways = [way for up in UP for way in (up * 8 + "etc/passwd", f"{up}secret")]
        for way in (*ways, quote(str(state / "secret"), safe="")):
            for address in ADDRESSES:
                status, body = self.ask("GET", address.format(way))
                self.assertNotIn(SECRET, body, address)
                self.assertLess(status, 500, (address, way))

    def test_bombs_are_refused_and_the_farm_goes_on(self) -> None:
        assert self.farm.server is not None
        before = self.farm.server.memory
        squeezed = gzip.compress(b" " * 200_000_000)
        self.assertEqual(self.ask("POST", "api/v1/jobs", squeezed, Content_Encoding="gzip")[0], 415)
        for name, text in BOMBS.items():
            try:
                status, _ = self.ask("POST", "api/v1/jobs", {"template": f"{text}\n"})
            except (HTTPException, OSError):  # it was cut off while it still sent
                status = 413
            self.assertIn(status, (400, 404, 409, 413, 422), name)
        self.assertLess(self.farm.server.memory - before, GREW)
        self.farm.worker(wait=False)
        self.farm.until(lambda: self.state(self.job) == "completed", "the farm does not go on")
        self.assertEqual(len(json.loads(self.ask("GET", "api/v1/jobs")[1])["data"]), 1)
