"""A real web server in front of a real farm, with its configuration from docs/deploy.

How does this work?  `Front` writes the configuration into a folder, with other ports and paths (`render` fails when it
does not find what it replaces), makes a certificate and a login, and starts the server on loopback; `answers` tells
when it is there.  It runs as nobody when the tests are root's.  What is asked of it goes by TLS, with the login.
"""

import base64
import json
import os
import pwd
import signal
import socket
import ssl
import tempfile
from abc import ABC, abstractmethod
from contextlib import suppress
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.deploy.certificates import self_signed
from tests.line.harness import CHECKOUT, PATIENCE, Program, free_ports

DEPLOY = CHECKOUT / "docs" / "deploy"
NAME = "farm.example.org"
LOGIN = "mara:secret"
HASHED = "mara:$apr1$farmfarm$zVK8KmT3NB0VYnJpG/PfQ1\n"  # what `openssl passwd -apr1` makes of it


def basic(login: str) -> str:
    return "Basic " + base64.b64encode(login.encode()).decode()


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Front(ABC):
    """One web server, from `start` until its program is ended."""

    file: str  # of docs/deploy
    program: Program

    def __init__(self, farm_port: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="brender-front-"))
        self.plain, self.secure = free_ports(2)
        certificate, key = self_signed(NAME, "localhost")
        self.write("certificate.pem", certificate.public_bytes(Encoding.PEM))
        self.write("key.pem", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.write("users", HASHED.encode())
        self.write("site.conf", self.render(farm_port).encode())
        self.write("main.conf", self.main().encode())
        self.write("log", b"")

    @abstractmethod
    def replaced(self, farm_port: int) -> dict[str, str]:
        """What is other than in the file: ports, paths."""

    @abstractmethod
    def main(self) -> str:
        """What Debian's own configuration says around it, as far as it matters here."""

    @abstractmethod
    def command(self) -> list[str]:
        """What starts it."""

    def render(self, farm_port: int) -> str:
        text = (DEPLOY / self.file).read_text()
        for said, here in self.replaced(farm_port).items():
            assert said in text, f"{self.file} does not say {said!r} any more"
            text = text.replace(said, here)
        return text

    def write(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)

    def start(self) -> None:
        who: dict[str, Any] = {}
        if os.geteuid() == 0:
            somebody = pwd.getpwnam("nobody")
            who = {"user": somebody.pw_uid, "group": somebody.pw_gid, "extra_groups": []}
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, somebody.pw_uid, somebody.pw_gid)
        self.program = Program(self.command(), self.folder / "log", cwd=self.folder, start_new_session=True, **who)

    def answers(self) -> bool:
        assert self.program.running, f"It has ended: {self.program.log}"
        with suppress(OSError):
            return self.ask("GET", "/farm/", login="").status == 401
        return False

    def end(self) -> None:
        """At once: in order, Apache would wait for streams whose readers are gone."""
        os.killpg(self.program.pid, signal.SIGKILL)
        self.program.process.wait()

    # --- asking

    def connect(self, source: str = "127.0.0.1", secure: bool = True) -> socket.socket:
        port = self.secure if secure else self.plain
        plain = socket.create_connection(("127.0.0.1", port), PATIENCE, (source, 0))
        if not secure:
            return plain
        trust = ssl.create_default_context(cafile=str(self.folder / "certificate.pem"))
        return trust.wrap_socket(plain, server_hostname=NAME)

    @property
    def host(self) -> str:
        return f"{NAME}:{self.secure}"

    def open(self, method: str, path: str, body: Any = None, **how: Any) -> HTTPResponse:
        """The head of an answer, as soon as it is there; its body is still to come."""
        headers = {"Host": self.host, **how.pop("headers", {})}
        if login := how.pop("login", LOGIN):
            headers["Authorization"] = basic(login)
        if method != "GET":
            headers.setdefault("Content-Type", "application/json")
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection = HTTPConnection(NAME)
        connection.sock = self.connect(**how)
        connection.request(method, path, data, headers)
        return connection.getresponse()

    def ask(self, method: str, path: str, body: Any = None, **how: Any) -> Reply:
        with self.open(method, path, body, **how) as answer:
            return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def get(self, path: str, **how: Any) -> Reply:
        return self.ask("GET", path, **how)
