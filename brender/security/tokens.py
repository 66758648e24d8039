"""What a machine joins with: one word that says how to know the farm, and that one was asked in.

How does this work?  `brender-SECRET-FINGERPRINT`: the secret was made for one invitation (its owner knows only
the hash), the fingerprint is that of the farm's CA.  So a machine that has this one word can be sure of the server
before it says anything, and the server of the machine after it.
"""

import re
from typing import NamedTuple

from brender.security.problems import NotSecure

SHAPE = re.compile(r"brender-([a-z2-7]{20,64})-([0-9a-f]{64})")


class Token(NamedTuple):
    secret: str
    fingerprint: str  # SHA-256 of the CA's certificate, hexadecimal


def read(text: str) -> Token:
    """Raises `NotSecure`."""
    found = SHAPE.fullmatch(text.strip().lower())
    if found is None:
        raise NotSecure(
            'This is not a join token. One begins with "brender-" and is made on the server with "brender join-token".'
        )
    return Token(found[1], found[2])
