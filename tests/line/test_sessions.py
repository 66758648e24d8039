"""Browsers that are logged in while their server is started anew, killed, or another one takes its place: real ones.

How does this work?  A `Browser` keeps the cookie that it is given and sends it; whatever it was told before the server
was killed is so afterwards.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.people.users import Role
from tests.db.cluster import cluster
from tests.db.databases import rows
from tests.line.harness import PATIENCE, Farm
from tests.line.people import add_people, answers, password_of, start

SESSION = "/api/v1/session"


class Reply(NamedTuple):
    status: int
    json: dict[str, Any]


class Browser:
    def __init__(self, farm: Farm) -> None:
        self.farm = farm
        self.cookie = ""

    def ask(self, method: str = "GET", path: str = SESSION, body: Mapping[str, Any] | None = None) -> Reply:
        connection = HTTPConnection("127.0.0.1", self.farm.web_port, timeout=PATIENCE)
        headers = {"Content-Type": "application/json", "Cookie": self.cookie}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        if given := answer.headers["Set-Cookie"]:
            self.cookie = given.partition(";")[0]
        reply = Reply(answer.status, json.loads(answer.read()))
        connection.close()
        return reply

    def log_in(self, name: str) -> "Browser":
        reply = self.ask("POST", body={"name": name, "password": password_of(name)})
        assert reply.status == 200, reply
        return self

    def log_out(self) -> None:
        """It keeps its cookie, as somebody may who has seen it."""
        cookie = self.cookie
        reply = self.ask("DELETE", body={})
        assert (reply.status, self.cookie) == (200, "brender="), reply
        self.cookie = cookie

    @property
    def name(self) -> str:
        """Who it is for the farm; nothing: nobody."""
        reply = self.ask()
        return str(reply.json["name"]) if reply.status == 200 else ""


class LoggedIn(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="brender-sessions-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.where = self.database()
        add_people(self.where, root=Role.ADMIN, bo=Role.WRANGLER)
        self.farm = self.server("first")
        start(self.farm)
        self.root, self.bo, self.other = (Browser(self.farm).log_in(name) for name in ("root", "bo", "bo"))

    def database(self) -> Any:
        return self.folder / "first" / "server" / "brender.sqlite"

    def server(self, name: str) -> Farm:
        made = Farm(self.folder / name)
        self.addCleanup(made.end)
        return made

    def again(self) -> list[str]:
        """Killed and started: who is known by each cookie."""
        self.farm.kill_server()
        start(self.farm)
        return [browser.name for browser in (self.root, self.bo, self.other)]

    def test_they_still_are_after_a_start_and_a_sigkill(self) -> None:
        self.farm.stop_server()
        start(self.farm)
        self.assertEqual([browser.name for browser in (self.root, self.bo, self.other)], ["root", "bo", "bo"])
        self.assertEqual(self.again(), ["root", "bo", "bo"])

    def test_whoever_has_logged_out_is_out_and_nobody_else(self) -> None:
        self.bo.log_out()
        self.assertEqual(self.again(), ["root", "", "bo"])

    def test_another_password_ends_all_but_the_one_where_it_was_given(self) -> None:
        self.assertEqual(self.bo.ask("PATCH", body={"old": "bo has one", "new": "bo has another"}).status, 200)
        self.assertEqual(self.again(), ["root", "bo", ""])

    def test_a_smaller_role_and_a_deleted_user_end_theirs(self) -> None:
        change = "/api/v1/users/bo"
        self.assertEqual(self.root.ask("PATCH", change, {"role": "admin"}).status, 200)
        self.assertEqual(self.again(), ["root", "bo", "bo"])
        self.assertEqual(self.root.ask("PATCH", change, {"role": "viewer"}).status, 200)
        self.assertEqual(self.again(), ["root", "", ""])
        self.bo.log_in("bo")
        self.assertEqual(self.root.ask("DELETE", change, {}).status, 200)
        self.assertEqual(self.again(), ["root", "", ""])

    def test_no_cookie_is_in_the_database(self) -> None:
        said = repr(rows(self.where, "select * from sessions"))
        for browser in (self.root, self.bo, self.other):
            self.assertNotIn(browser.cookie.partition("=")[2], said)


class LoggedInOnPostgresql(LoggedIn):
    """The same, and a server that takes the place of the one that was killed."""

    def database(self) -> Any:
        return cluster().database(self)

    def server(self, name: str) -> Farm:
        made = Farm(self.folder / name, database=self.where)
        self.addCleanup(made.end)
        return made

    def test_a_standby_that_takes_over_knows_them(self) -> None:
        second = self.server("second")
        waiting = second.start_server(wait=False)
        second.until(lambda: "standby: " in waiting.log, "it does not wait")
        self.other.log_out()
        self.farm.kill_server()
        second.until(lambda: answers(second), "the standby does not take over")
        for browser, name in ((self.root, "root"), (self.bo, "bo"), (self.other, "")):
            browser.farm = second
            self.assertEqual(browser.name, name)
