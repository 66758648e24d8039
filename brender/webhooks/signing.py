"""How a receiver knows that a delivery is from this farm, and from now.

How does this work?  The signature is the HMAC-SHA256, with the secret that farm and receiver share, of the time of the
try in whole seconds, a full stop, and the body as it is sent.  The receiver computes the same and refuses what differs;
and, so that nobody sends a delivery of last year again, what is older than a few minutes.
"""

import hmac
from hashlib import sha256

HEADER = "Brender-Signature"


def signature(secret: str, moment: int, body: bytes) -> str:
    """The value of the header: "t=1700000000,v1=5257a8..."."""
    signed = hmac.new(secret.encode(), b"%d." % moment + body, sha256)
    return f"t={moment},v1={signed.hexdigest()}"
