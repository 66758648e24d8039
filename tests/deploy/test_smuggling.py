"""Requests that are smuggled past the login of a real web server in front, or rather are not.

How does this work?  nginx, and Apache, stand before a real farm and ask for a login.  Each of the ambiguous requests
of tests/web/smuggled.py is sent to them with a login, and hides one without.  Would the two read the bytes in two
ways, the farm's log would tell of the hidden one.  At the end that is asked openly, so that the log is known to tell.
"""

import shutil
from typing import ClassVar

from twisted.trial.unittest import SkipTest

from tests.deploy import test_apache, test_nginx
from tests.deploy.case import told_settings
from tests.deploy.front import LOGIN, NAME, Front, basic
from tests.line.harness import FarmTestCase, until
from tests.web.smuggled import AMBIGUOUS, GET, HIDDEN, PLAIN

LOGGED = '"POST /api/v1/farm HTTP'


class Smuggling(FarmTestCase):
    workers: ClassVar = {}
    settings: ClassVar = told_settings()

    def nothing_gets_through(self, front: Front) -> None:
        self.addCleanup(shutil.rmtree, front.folder)
        front.start()
        self.addCleanup(front.end)
        until(front.answers, f"{front.file}: no answer")
        assert self.farm.server is not None
        server, before = self.farm.server, len(self.farm.server.log)
        for name, sent in {**AMBIGUOUS, **PLAIN}.items():
            self.send(front, name, in_front(sent) + HIDDEN)
        self.assertEqual(front.get("/farm/api/v1/farm").status, 200)
        self.assertNotIn(LOGGED, server.log[before:])
        self.assertEqual(front.ask("POST", "/farm/api/v1/farm", {}).status, 405)
        self.farm.until(lambda: LOGGED in server.log[before:], "the log does not tell")

    def send(self, front: Front, name: str, data: bytes) -> None:
        """The first request is answered, however; what comes after it is anything but taken."""
        with front.connect() as wire:
            wire.sendall(data)
            answer = wire.recv(65_536)
        self.assertRegex(answer[:13], rb"HTTP/1\.. [2-5]..|^$", name)

    def test_nothing_gets_past_nginx(self) -> None:
        if test_nginx.PROGRAM is None:
            raise SkipTest("nginx is not installed here; on Debian and Ubuntu: sudo apt-get install nginx.")
        self.nothing_gets_through(test_nginx.Nginx(self.farm.web_port))

    def test_nothing_gets_past_apache(self) -> None:
        if test_apache.PROGRAM is None or not test_apache.MODULES.is_dir():
            raise SkipTest("Apache is not installed here; on Debian and Ubuntu: sudo apt-get install apache2-bin.")
        self.nothing_gets_through(test_apache.Apache(self.farm.web_port))


def in_front(sent: bytes) -> bytes:
    """The request as it is asked of the web server in front, with a login."""
    login = b"Host: %s\r\nAuthorization: %s\r\n" % (NAME.encode(), basic(LOGIN).encode())
    assert b" /api/v1/" in GET
    return sent.replace(b" /api/v1/", b" /farm/api/v1/").replace(b"Host: localhost\r\n", login, 1)
