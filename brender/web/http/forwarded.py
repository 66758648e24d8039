"""What a web server in front says of whoever asked: their address, and under which prefix it shows the farm.

How does this work?  nginx, Apache and their kin write `X-Forwarded-For` and `X-Forwarded-Prefix`.  Anybody can write
these, so `Proxies` believes them only where the connection comes from a web server that it knows: one of this
machine, or one that the setting `proxies` under [server] names.  Of the addresses in `X-Forwarded-For` each
stands for who asked the one that wrote it, so it is read from its end, for as long as it is written by servers
that are known.
"""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address as Number
from ipaddress import IPv6Address, ip_address, ip_network

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IAddress

OURS = ("127.0.0.0/8", "::1")
PREFIX = re.compile(r"(/[\w.~-]+)+", re.ASCII)


class Proxies:
    """The web servers in front whose word is believed."""

    def __init__(self, more: Sequence[str] = ()) -> None:
        self._networks = [ip_network(each) for each in (*OURS, *more)]

    def client(self, peer: IAddress, chain: str) -> IAddress:
        """Who asked: the peer, or whom the servers in front name."""
        asking = peer
        for text in reversed(chain.split(",")):
            number = number_of(text.strip())
            if not self.know(asking) or number is None:
                break
            asking = IPv4Address("TCP", str(number), 0)
        return asking

    def protocol(self, peer: IAddress, given: str) -> str:
        """How whoever asked came to the server in front: `https`, `http`, or nothing."""
        return given.rpartition(",")[2].strip().lower() if self.know(peer) else ""

    def prefix(self, peer: IAddress, given: str) -> str:
        """What stands before every address of ours where whoever asked is: `/farm`, or nothing."""
        prefix = given.strip().rstrip("/")
        return prefix if self.know(peer) and PREFIX.fullmatch(prefix) else ""

    def know(self, peer: IAddress) -> bool:
        """Whether it is this machine, or a server that is named."""
        host = getattr(peer, "host", None)
        if host is None:
            return True  # a socket in a folder of this machine
        number = number_of(host)
        return number is not None and any(number in network for network in self._networks)


def number_of(text: str) -> Number | IPv6Address | None:
    """The address as it is compared: without the clothes that IPv4 wears on a port for IPv6."""
    try:
        number = ip_address(text)
    except ValueError:
        return None
    return getattr(number, "ipv4_mapped", None) or number
