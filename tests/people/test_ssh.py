"""The shell over SSH: real connections, by Conch's own client, and by OpenSSH where it is there."""

# mypy: disable-error-code="no-untyped-call,misc"

import shutil
import tempfile
from pathlib import Path
from typing import Any
from unittest import skipUnless

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.conch.client.knownhosts import KnownHostsFile
from twisted.conch.endpoints import SSHCommandClientEndpoint
from twisted.conch.ssh.keys import Key
from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import Factory, ProcessProtocol, Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.python.filepath import FilePath
from twisted.trial.unittest import TestCase

from brender.protocols import ssh
from brender.protocols.commands import Answer
from brender.protocols.ssh import SshFactory
from brender.security.host_key import host_key
from tests.people.crew import Crew
from tests.people.over_ssh import Client, NotLetIn, SshPort, logged_in

reactor: Any = global_reactor
SSH = shutil.which("ssh")


class Heard(Protocol):
    """What a command said, once its channel is closed."""

    def __init__(self) -> None:
        self.data = b""
        self.ended: Deferred[bytes] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.data += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self.ended.called:
            self.ended.callback(self.data)


class AnyHost(KnownHostsFile):
    def verifyHostKey(self, ui: Any, hostname: bytes, ip: bytes, key: Key) -> Deferred[bool]:
        return succeed(True)


class Typist(ProcessProtocol):
    """OpenSSH's program, and what it shows."""

    def __init__(self) -> None:
        self.shown = b""
        self.ended: Deferred[None] = Deferred()

    def outReceived(self, data: bytes) -> None:
        self.shown += data

    def errReceived(self, data: bytes) -> None:
        self.shown += data

    def processEnded(self, reason: Failure) -> None:
        self.ended.callback(None)


class SshCase(TestCase):
    timeout = 60

    async def setUp(self) -> None:  # type: ignore[override]
        folder = tempfile.TemporaryDirectory(prefix="brender-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.farm = await Crew.made(self)
        self.host_key = Key.fromString(host_key(self.folder))

        def later(call: Any) -> None:
            reactor.callLater(0, call)

        self.factory = SshFactory(self.farm.service, self.farm.now, self.host_key, later)
        self.port = reactor.listenTCP(0, self.factory, interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)
        self.number = self.port.getHost().port

    async def said(self, line: str, name: str = "wu", password: str = "", key: Key | None = None) -> str:
        """What is answered to one line."""
        known: Any = AnyHost(FilePath(str(self.folder / "known")))
        endpoint = SSHCommandClientEndpoint.newConnection(
            reactor,
            line.encode(),
            name.encode(),
            b"127.0.0.1",
            self.number,
            keys=[key] if key else [],
            password=(password or f"{name} has one").encode() if key is None else None,
            agentEndpoint=None,
            knownHosts=known,
            ui=None,
        )
        heard: Any = await endpoint.connect(Factory.forProtocol(Heard))
        text: bytes = await heard.ended
        await self.gone()
        return text.decode()

    async def gone(self) -> None:
        """The server knows that nobody is there any more."""
        while self.farm.service.farm.people.sessions:
            await deferLater(reactor, 0.01)

    async def key_of(self, name: str, **values: Any) -> Key:
        key = Key(Ed25519PrivateKey.generate())
        line = key.public().toString("OPENSSH").decode()
        await self.farm.do("token", "create", values={"key": line, **values}, who=self.farm.who(name))
        return key


class Ssh(SshCase):
    async def test_whoever_knows_the_password_has_the_shell_as_who_they_are(self) -> None:
        self.assertIn("shot_010", await self.said("jobs"))
        self.assertEqual(await self.said("login", "bo"), "You are bo, artist.\n")
        self.assertIn("changes their own", await self.said("cancel 1", "bo"))
        self.assertIn("is for a wrangler; vi is a viewer", await self.said("disable all", "vi"))

    async def test_the_audit_says_so(self) -> None:
        await self.said("pause 1")
        entry = (await self.farm.service.audit())[0]
        self.assertEqual((entry.user, entry.face, entry.address, entry.action), ("wu", "ssh", "127.0.0.1", "pause"))

    async def test_whoever_does_not_know_it_is_not_let_in(self) -> None:
        for name, password in (("wu", "wrong"), ("nobody", "wrong"), ("wu", "vi has one")):
            with self.assertRaisesRegex(Exception, "authenticat"):
                await self.said("jobs", name, password)
        self.assertEqual(len(self.farm.service.farm.people.sessions), 0)

    async def test_a_public_key_is_as_good_as_a_password_for_its_owner_alone(self) -> None:
        key = await self.key_of("bo")
        self.assertEqual(await self.said("login", "bo", key=key), "You are bo, artist.\n")
        for name in ("root", "vi", "nobody"):
            with self.assertRaisesRegex(Exception, "authenticat"):
                await self.said("login", name, key=key)
        with self.assertRaisesRegex(Exception, "authenticat"):
            await self.said("login", "bo", key=Key(Ed25519PrivateKey.generate()))

    async def test_a_key_has_a_role_an_end_and_may_be_deleted(self) -> None:
        key = await self.key_of("wu", role="viewer", days=1)
        self.assertEqual(await self.said("login", "wu", key=key), "You are wu, viewer.\n")
        self.farm.clock.advance(86_400)
        with self.assertRaisesRegex(Exception, "authenticat"):
            await self.said("login", "wu", key=key)
        other = await self.key_of("wu")
        tokens = self.farm.service.farm.people.tokens
        await self.farm.service.delete_tokens([tokens[max(tokens)]])
        with self.assertRaisesRegex(Exception, "authenticat"):
            await self.said("login", "wu", key=other)

    async def test_a_line_ends_with_the_exit_status_of_the_command(self) -> None:
        lines = {"jobs": 0, "pause 1": 0, "farm": 0, "jobs id=99": 0, "quit": 0, "": 0}
        lines |= {"job 99": 1, "pause 99": 1, "cancel id=99": 1, "users": 1, "create limit arnold count=4": 1}
        lines |= {"frobnicate": 2, "jobs staus=paused": 2, "set job 1 priority=much": 2, "login vi": 2, 'jobs "': 2}
        port = SshPort(self, self.farm)
        for line, status in lines.items():
            answer = await port.line("wu", "wu has one", line)
            self.assertEqual(answer.code, status, f"{line}: {answer.text}")
            self.assertTrue(answer.text or not line or line == "quit", line)
        self.assertEqual((await port.line("vi", "vi has one", "pause 1")).code, 1)

    async def test_a_mistake_inside_is_told_and_no_success(self) -> None:
        async def broken(*_: Any, **__: Any) -> Answer:
            raise RuntimeError

        self.patch(ssh, "answered", broken)
        answer = await SshPort(self, self.farm).line("wu", "wu has one", "jobs")
        wanted = "That went wrong inside brender (RuntimeError); the log of the server tells how.\n"
        self.assertEqual(answer, (wanted, 1))
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    async def test_a_public_key_is_no_secret_of_the_web(self) -> None:
        key = await self.key_of("wu")
        for text in (key.public().toString("OPENSSH"), key.public().blob()):
            self.assertIsNone(self.farm.service.farm.people.token_of(text.decode("latin-1"), self.farm.now()))

    async def test_what_is_no_key_is_refused_and_one_key_is_one_persons(self) -> None:
        line = Key(Ed25519PrivateKey.generate()).public().toString("OPENSSH").decode()
        for wrong in ("ssh-ed25519", "ssh-ed25519 !!!", "ssh-rsa AAAA", line.replace("ssh-ed25519", "ssh-rsa", 1)):
            with self.assertRaisesRegex(Exception, "no public key of SSH"):
                await self.farm.do("token", "create", values={"key": wrong}, who=self.farm.who("bo"))
        await self.farm.do("token", "create", values={"key": line}, who=self.farm.who("bo"))
        with self.assertRaisesRegex(Exception, "somebody's already"):
            await self.farm.do("token", "create", values={"key": line}, who=self.farm.who("wu"))

    async def test_nothing_is_sent_smaller_than_it_becomes_here(self) -> None:
        """So that no stranger makes a little into a lot."""

        class Small(Client):
            supportedCompressions = [b"zlib"]  # noqa: RUF012 (as Conch has it)

        with self.assertRaises(NotLetIn):
            await logged_in(self.number, Small("bo", "bo has one"))

    async def test_the_host_key_stays_the_same_and_is_for_its_owner_alone(self) -> None:
        self.assertEqual(host_key(self.folder), host_key(self.folder))
        (file,) = (self.folder / "security").glob("ssh_host_key")
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)


@skipUnless(SSH, "There is no ssh on this machine: apt-get install openssh-client.")
class OpenSsh(SshCase):
    async def begin(self, *words: str, terminal: bool = False) -> Any:
        key = await self.key_of("bo")
        file = self.folder / "id"
        file.touch(mode=0o600)
        file.write_bytes(key.toString("OPENSSH"))
        how = ["BatchMode=yes", "StrictHostKeyChecking=no", f"UserKnownHostsFile={self.folder / 'known'}"]
        how += ["IdentitiesOnly=yes", "LogLevel=ERROR"]
        options = [part for each in how for part in ("-o", each)]
        command = [str(SSH), "-F", "none", *options, "-i", str(file), "-p", str(self.number), *words, "bo@127.0.0.1"]
        typist = Typist()
        process = reactor.spawnProcess(typist, command[0], command, {"TERM": "xterm"}, usePTY=terminal)

        async def end() -> None:
            if not typist.ended.called:
                process.signalProcess("KILL")
                await typist.ended

        self.addCleanup(end)
        return typist

    async def until(self, typist: Typist, text: bytes) -> None:
        while text not in typist.shown and not typist.ended.called:
            await deferLater(reactor, 0.02)
        self.assertIn(text, typist.shown)

    async def test_a_script_is_answered_line_by_line(self) -> None:
        typist = await self.begin("-T")
        typist.transport.write(b"login\njobs\nquit\n")
        await typist.ended
        self.assertIn(b"You are bo, artist.", typist.shown)
        self.assertIn(b"shot_010", typist.shown)

    async def test_a_person_at_a_terminal_sees_what_they_type_and_has_tab(self) -> None:
        typist = await self.begin("-tt", terminal=True)
        await self.until(typist, b"help lists the commands")
        typist.transport.write(b"logi\t\r")
        await self.until(typist, b"You are bo, artist.")
        self.assertIn(b"> logi", typist.shown)
        typist.transport.write(b"quit\r")
        await typist.ended
