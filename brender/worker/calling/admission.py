"""Whether this worker may call its server: with what it has joined, or plainly where that is this machine.

How does this work?  A worker that has joined a farm goes on with that; a token that it has joined with before is not
used again, so that it may stay in the file that starts the worker.  One that has not joined joins with the token that
it was given.  Without one it speaks only with a server on loopback.
"""

from collections.abc import Callable
from pathlib import Path
from time import time
from typing import Any

from twisted.logger import Logger

from brender.security import tokens
from brender.security.names import is_loopback
from brender.security.problems import JOIN, NotSecure
from brender.worker.calling.addresses import split
from brender.worker.calling.joining import Newcomer
from brender.worker.calling.wallet import Wallet, hash_of


def said(token: str) -> str:
    """The token, or what the file that is named by `@FILE` has.  Raises `NotSecure`."""
    try:
        text = Path(token[1:]).read_text() if token.startswith("@") else token
    except (OSError, UnicodeDecodeError) as error:
        raise NotSecure(f"The join token in {token[1:]} cannot be read: {error}.") from error
    return text.strip().lower()


class Admission:
    log = Logger()

    def __init__(self, state: Path, server: str, token: str | None, reactor: Any) -> None:
        """Raises `NotSecure`."""
        self.wallet = Wallet(state, time)
        self._server = server
        self._reactor = reactor
        self._said = said(token or "")
        self._token = tokens.read(self._said) if token else None
        strangers = [host for host, _ in split(server) if not is_loopback(host)]
        if strangers and not self._token and not self.wallet.own:
            raise NotSecure(f"This worker has not joined the farm at {strangers[0]}: {JOIN}.")

    async def join(self, machine: str, wanted: Callable[[], bool]) -> None:
        """Be one of the farm's, as the machine with this key.  Raises `NotSecure`, `joining.Refused`."""
        if self._token and not self.wallet.has_used(self._said):
            newcomer = Newcomer(self._server, self._token, machine, self._reactor, self.wallet.to_join())
            if own := await newcomer.join(wanted, hash_of(self._said)):
                self.wallet.keep(own)
                self.log.info("This machine has joined the farm")
        if (own := self.wallet.own) and own.machine != machine:
            raise NotSecure(f"What this worker has joined with is for another identity (the file worker-id): {JOIN}.")
