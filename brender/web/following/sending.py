"""A few bytes for many connections at once: handed to the system as they come, where nothing else waits on them.

How does this work?  Twisted keeps what is written until the reactor has seen in its next turn that the socket has room,
and asks the system twice for that.  Events are small, a hundred readers get the same at the same moment, and their
sockets have room: `send` tries at once, and leaves what does not fit, and every trouble, to Twisted.  What readers cost
is measured by `python -m bench readers`.  Other transports (TLS, those of tests) write as ever.
"""

from contextlib import suppress
from typing import Any

from twisted.internet.tcp import Connection


def send(transport: Any, data: bytes) -> None:
    if isinstance(transport, Connection) and is_idle(transport):
        with suppress(OSError):  # there is no room, or nobody: Twisted finds out
            data = data[transport.socket.send(data) :]
    if data:
        transport.write(data)


def is_idle(transport: Any) -> bool:
    """Whether what is sent now comes behind all that was written before.  Twisted has no other word for that."""
    ends = transport.disconnecting or transport._writeDisconnecting or transport._aborting
    return transport.connected and not (ends or transport.TLS or transport.dataBuffer or transport._tempDataBuffer)
