"""By which names a server may be called: those that its certificate has.

How does this work?  Those that the settings name, the machine's own, and every address that it has now.  Nobody is
asked, so that a start does not wait for a name server.
"""

import socket
from collections.abc import Sequence
from ipaddress import ip_address

import psutil

ALWAYS = ("localhost", "127.0.0.1", "::1")


def names_of_server(hosts: Sequence[str]) -> tuple[str, ...]:
    own = socket.gethostname()
    found = [*hosts, own, own.partition(".")[0], *ALWAYS, *addresses()]
    return tuple(sorted(set(filter(is_name, map(bare, found)))))


def bare(host: str) -> str:
    """Without brackets and port, as hosts may be written for browsers."""
    host = host.strip().rstrip(".").lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host


def is_name(text: str) -> bool:
    """Whether a certificate can have it; `*`, for every name, it cannot."""
    try:
        return bool(text) and "*" not in text and len(text.encode("idna")) < 254
    except UnicodeError:
        return False


def is_loopback(host: str) -> bool:
    """Whether only this machine is called by it, or listens there."""
    try:
        return ip_address(host.strip("[]").partition("%")[0]).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


def addresses() -> set[str]:
    found = set()
    for each in (each for card in psutil.net_if_addrs().values() for each in card):
        if each.family in {socket.AF_INET, socket.AF_INET6}:
            found.add(str(ip_address(each.address.partition("%")[0])))
    return found
