"""The shell over SSH: the same prompt, and nobody on the way can read or change what is typed.

How does this work?  Conch speaks the protocol.  Whoever connects proves who they are by the password or by a public
key of theirs; a key is an API token without a secret, so its role, its end and its deletion are those of tokens.  Then
a `Channel` has a `Shell`, as at the telnet port; with a terminal, keys are edited here.  `ssh HOST jobs` answers
one line, and ends with the exit status that the command would.  Nothing else that SSH can do is there: no files, no
forwarding.
"""

# What is inherited from Conch has no types there.
# mypy: disable-error-code="no-untyped-call,misc,no-untyped-def"

from collections.abc import Callable
from typing import Any

from twisted.conch.avatar import ConchUser
from twisted.conch.error import ValidPublicKey
from twisted.conch.interfaces import IConchUser
from twisted.conch.ssh.common import getNS
from twisted.conch.ssh.connection import SSHConnection
from twisted.conch.ssh.factory import SSHFactory
from twisted.conch.ssh.keys import BadKeyError, Key
from twisted.conch.ssh.session import SSHSession, parseRequest_pty_req, parseRequest_window_change
from twisted.conch.ssh.transport import DISCONNECT_BY_APPLICATION, SSHServerTransport
from twisted.conch.ssh.userauth import SSHUserAuthServer
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import ISSHPrivateKey, IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.portal import IRealm, Portal
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IConsumer, IDelayedCall, IPushProducer, IReactorTime, ITransport
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from brender.farm.interfaces import FarmService
from brender.farm.people.users import Unwelcome, Who, mark_of_key
from brender.farm.transitions import NotNow
from brender.ports.strangers import Visit
from brender.protocols.commands import FAILED, WRONG_USE, Answer, Leave, LogInAs, answered
from brender.protocols.conversation import Later
from brender.protocols.shell import Shell

FACE = "ssh"
MOST_UNREAD = 1 << 20  # bytes of a client that types faster than it is answered
LOGIN_WITHIN = 60.0  # seconds
MOST_TRIES = 3  # of one connection


@implementer(ICredentialsChecker)
class Checker:
    """Who somebody is, by their password or their key."""

    credentialInterfaces = (IUsernamePassword, ISSHPrivateKey)

    def __init__(self, service: FarmService, who: Who) -> None:
        self._service = service
        self._who = who

    def requestAvatarId(self, credentials: Any) -> Any:
        return Deferred.fromCoroutine(self._known(credentials))

    async def _known(self, credentials: Any) -> Who:
        name = credentials.username.decode("utf-8", "replace")
        if ISSHPrivateKey.providedBy(credentials):
            return self._by_key(name, credentials)
        try:
            known, _ = await self._service.log_in(name, credentials.password.decode("utf-8", "replace"), self._who)
        except (Unwelcome, NotNow) as no:
            raise UnauthorizedLogin(str(no)) from None
        return known

    def _by_key(self, name: str, credentials: Any) -> Who:
        """A key is shown first, and then has to sign."""
        try:
            key = Key.fromString(credentials.blob)
            known = self._service.known_by_key(mark_of_key(credentials.blob), name, self._who)
        except (BadKeyError, Unwelcome) as no:
            raise UnauthorizedLogin(str(no)) from None
        if not credentials.signature:
            raise ValidPublicKey
        if not key.verify(credentials.signature, credentials.sigData):
            raise UnauthorizedLogin("That is not signed with the key.")
        self._service.note_done(known, "session", "create")
        return known


@implementer(IRealm)
class Realm:
    def __init__(self, service: FarmService, now: Callable[[], float], later: Later) -> None:
        self._service = service
        self._now = now
        self._later = later

    def requestAvatar(self, avatarId: Any, mind: Any, *interfaces: Any) -> Any:
        visitor = Visitor(self._service, self._now, self._later, avatarId)
        return IConchUser, visitor, lambda: self._service.log_out(avatarId)


class Visitor(ConchUser):
    """Somebody who was let in."""

    def __init__(self, service: FarmService, now: Callable[[], float], later: Later, who: Who) -> None:
        super().__init__()
        self.service, self.now, self.later, self.who = service, now, later, who
        self.channelLookup = {b"session": Channel}

    def gotGlobalRequest(self, requestType: bytes, data: bytes) -> int:
        return 0


@implementer(ITransport, IConsumer)
class Channel(SSHSession):
    """One conversation: the transport of its shell."""

    avatar: Visitor
    conn: Any
    log = Logger()

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._shell: Shell | None = None
        self._status = 0  # with which it ends
        self._width: int | None = None  # of the terminal, where there is one
        self._producer: IPushProducer | None = None
        self._unread = b""
        self._paused = False

    # --- what the client asks for

    def request_pty_req(self, data: bytes) -> int:
        self._width = parseRequest_pty_req(data)[1][1]
        return 1

    def request_window_change(self, data: bytes) -> int:
        self._width = parseRequest_window_change(data)[1]
        if self._shell:
            self._shell.resize(self._width)
        return 1

    def request_shell(self, data: bytes) -> int:
        if self._shell is not None:
            return 0
        visitor = self.avatar
        self._shell = Shell(visitor.service, visitor.now, later=visitor.later)
        self._shell.makeConnection(self)
        self._shell.caller.become(visitor.who)
        if self._width is not None:
            self._shell.become_a_terminal(self._width)
        self.avatar.later(self._greet)  # once the client knows that it has one
        return 1

    def request_exec(self, data: bytes) -> int:
        """One line is answered.  (Conch would write it to the log, and there may be a password in it.)"""
        line = getNS(data)[0].decode("utf-8", "replace")
        self.avatar.later(lambda: self._begin(line))
        return 1

    def request_subsystem(self, data: bytes) -> int:
        return 0

    def request_env(self, data: bytes) -> int:
        return 0

    def _greet(self) -> None:
        if self._shell:
            self._shell.greet(asks=False)

    def _begin(self, line: str) -> None:
        Deferred.fromCoroutine(self._answer(line)).addErrback(self._broken).addCallback(self._end)

    async def _answer(self, line: str) -> Answer:
        visitor = self.avatar
        try:
            return await answered(visitor.service, line, visitor.now(), who=visitor.who)
        except Leave:
            return Answer("")
        except LogInAs:
            return Answer("One logs in with the connection: ssh NAME@HOST.", WRONG_USE)

    def _broken(self, failure: Failure) -> Answer:
        self.log.failure("A line by SSH could not be answered", failure)
        went = f"That went wrong inside brender ({type(failure.value).__name__}); the log of the server tells how."
        return Answer(went, FAILED)

    def _end(self, answer: Answer) -> None:
        if self.disconnecting:
            return
        self._status = answer.code
        self.write(f"{answer.text}\n".encode() if answer.text else b"")
        self.loseConnection()

    # --- what comes, and goes

    def dataReceived(self, data: bytes) -> None:
        if self._paused:
            self._unread += data
            if len(self._unread) > MOST_UNREAD:
                self.loseConnection()
        elif self._shell:
            self._shell.dataReceived(data)

    def eofReceived(self) -> None:
        if self._shell:
            self._shell.readConnectionLost()

    def loseConnection(self) -> None:
        """With an exit status."""
        if not self.disconnecting:
            self.conn.sendRequest(self, b"exit-status", self._status.to_bytes(4))
        super().loseConnection()

    def closed(self) -> None:
        if self._shell:
            self._shell.connectionLost(Failure(connectionDone.value))

    # --- a transport, and a consumer

    @property
    def disconnecting(self) -> bool:
        return bool(self.localClosed or self.closing)

    def getPeer(self) -> IAddress:
        peer: IAddress = self.conn.transport.transport.getPeer()
        return peer

    def getHost(self) -> IAddress:
        host: IAddress = self.conn.transport.transport.getHost()
        return host

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        self._producer = producer

    def unregisterProducer(self) -> None:
        self._producer = None

    def stopWriting(self) -> None:
        if self._producer:
            self._producer.pauseProducing()

    def startWriting(self) -> None:
        if self._producer:
            self._producer.resumeProducing()

    def pauseProducing(self) -> None:
        self._paused = True

    def resumeProducing(self) -> None:
        self._paused = False
        unread, self._unread = self._unread, b""
        if unread and self._shell:
            self._shell.dataReceived(unread)


class Authentication(SSHUserAuthServer):
    """It knows from where somebody calls."""

    transport: Any
    attemptsBeforeDisconnect = MOST_TRIES
    passwordDelay = 0  # the farm has delays of its own

    def serviceStarted(self) -> None:
        self.loginTimeout = self.transport.factory.login_within  # later than that of the transport, which ends first
        super().serviceStarted()
        address = str(getattr(self.transport.transport.getPeer(), "host", None) or "")
        self.portal = self.transport.factory.portal_for(Who(address=address, face=FACE))


class Connection(SSHConnection):
    transport: Any

    def serviceStarted(self) -> None:
        self.transport.known()
        super().serviceStarted()


class Transport(SSHServerTransport):
    factory: "SshFactory"
    visit = Visit()
    ourVersionString = b"SSH-2.0-brender"
    supportedCompressions = [b"none"]  # noqa: RUF012 (as Conch has it); what strangers send must not grow here

    def connectionMade(self) -> None:
        factory = self.factory
        self._patience: IDelayedCall | None = factory.clock.callLater(factory.login_within, self._too_late)
        super().connectionMade()

    def connectionLost(self, reason: Failure | None = connectionDone) -> None:
        self._lose_patience()
        super().connectionLost(reason)

    def known(self) -> None:
        self._lose_patience()
        self.visit.known()

    def _lose_patience(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _too_late(self) -> None:
        self._patience = None
        sentence = f"Nobody had logged in here after {self.factory.login_within:g} seconds."
        self.sendDisconnect(DISCONNECT_BY_APPLICATION, sentence.encode())


class SshFactory(SSHFactory):
    noisy = False
    protocol = Transport
    services = {b"ssh-userauth": Authentication, b"ssh-connection": Connection}  # noqa: RUF012 (as Conch has it)

    def __init__(
        self,
        service: FarmService,
        now: Callable[[], float],
        key: Key,
        later: Later,
        clock: IReactorTime = Authentication.clock,
        login_within: float = LOGIN_WITHIN,
    ) -> None:
        self.service = service
        self.now = now
        self.later = later
        self.clock = clock
        self.login_within = login_within
        self.portal = self.portal_for(Who(face=FACE))
        self.publicKeys = {key.sshType(): key.public()}
        self.privateKeys = {key.sshType(): key}

    def portal_for(self, who: Who) -> Portal:
        """Through which somebody comes in who calls from there."""
        return Portal(Realm(self.service, self.now, self.later), [Checker(self.service, who)])

    def getPrimes(self) -> None:
        """Only key exchanges without groups that would have to be looked up."""
