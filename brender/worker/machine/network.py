"""The network cards of this machine, by which it can be woken while it is off.

How does this work?  Cards that are devices (Linux says which) count; where none is known to be one, every interface
that has an address of its own.  Loopback, bridges and what containers are given wake nobody.
"""

import re
import socket
from pathlib import Path

import psutil

CARDS = Path("/sys/class/net")
MOST = 64
MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")


def macs() -> tuple[str, ...]:
    """Their addresses, as "00:1b:21:0a:0b:0c"."""
    found: dict[str, str] = {}
    for name, addresses in psutil.net_if_addrs().items():
        reachable = any(each.family == socket.AF_INET and not each.address.startswith("127.") for each in addresses)
        for each in addresses if reachable or is_card(name) else ():
            mac = each.address.lower().replace("-", ":")
            if each.family == psutil.AF_LINK and MAC.fullmatch(mac) and mac.strip("0:"):
                found[name] = mac
    cards = {name: mac for name, mac in found.items() if is_card(name)}
    return tuple(sorted(set((cards or found).values())))[:MOST]


def is_card(name: str) -> bool:
    return (CARDS / name / "device").exists()
