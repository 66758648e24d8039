"""What the system is asked about connections: whom one counts for, when a peer is given up, how many there may be.

How does this work?  Three functions, each about one thing that Twisted has no words for: `host_of` makes a key of an
address, `take_within` sets TCP_USER_TIMEOUT on the socket under a transport, and `room_for_connections` raises the
soft limit of descriptors as far as it goes and says how many of them connections may have.
"""

import resource
import socket
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

MOST_DESCRIPTORS = 65_536  # that are asked of the system, where it allows more
RESERVE = 256  # descriptors for everything that is no connection: logs, the database, pages


def host_of(address: Any) -> str:
    """Whom an address counts for: of IPv6 its network, as one machine has all of that; "" for a socket in a folder."""
    host = str(getattr(address, "host", ""))
    try:
        number = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    number = getattr(number, "ipv4_mapped", None) or number
    if number.version == 4 or number.is_loopback:
        return str(number)
    return f"{ip_address(int(number) >> 64 << 64)}/64"


def take_within(transport: Any, seconds: float) -> None:
    """The system drops a peer that for so long takes nothing of what waits for it."""
    while not isinstance(handle := transport.getHandle() if hasattr(transport, "getHandle") else None, socket.socket):
        transport = getattr(transport, "transport", None)  # that of TLS
        if transport is None:
            return
    with suppress(OSError):  # a socket in a folder
        handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))


def room_for_connections() -> int:
    """As many as there are descriptors, of which the system is asked for more, but for a reserve."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    room = MOST_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
    return max(room - RESERVE, room // 2)
