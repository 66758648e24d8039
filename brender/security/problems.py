"""What goes wrong with certificates and TLS, as sentences for people.

How does this work?  `NotSecure` is raised where a certificate or a token cannot be used.  `told` makes a sentence of
what OpenSSL says of a connection that came to nothing, as far as it can be told what was wrong and how to mend it.
"""

from OpenSSL import SSL
from service_identity import VerificationError


class NotSecure(Exception):
    """A certificate, a key or a token cannot be used; the message is a sentence for people."""


JOIN = 'run "brender join-token" on the server, and here "brender worker --server HOST:PORT --join TOKEN"'

# What OpenSSL says of a call, as a worker hears it, and what that means.  The first that is in it counts.
MEANINGS = (
    ("alert certificate expired", f"this worker's certificate has expired: {JOIN}"),
    ("alert unknown ca", f"this worker's certificate was made by another farm: {JOIN}"),
    ("alert certificate revoked", f"this worker's certificate was revoked: {JOIN}"),
    ("alert bad certificate", f"it does not accept this worker's certificate: {JOIN}"),
    ("alert unsupported certificate", f"it does not accept this worker's certificate: {JOIN}"),
    ("alert certificate required", f"it wants a certificate, and this worker has none: {JOIN}"),
    ("alert protocol version", "it speaks another version of TLS; TLS 1.2 is the least"),
    ("unsupported protocol", "it speaks another version of TLS; TLS 1.2 is the least"),
    ("wrong version number", "it speaks plainly, without TLS: set worker_tls = true in [server] of its brender.toml"),
    ("packet length too long", "it does not speak TLS: is that the port for workers?"),
    ("unexpected message", "it does not speak TLS: is that the port for workers?"),
    (
        "certificate verify failed",
        "its certificate is not from the farm that this worker has joined, or has expired, or a clock is wrong; "
        f"if the farm is another one now, {JOIN}",
    ),
)


def told(error: BaseException, host: str) -> str:
    """What a failed TLS connection to a host was about; empty when it was about something else."""
    if isinstance(error, VerificationError):
        return f'its certificate is not for the name "{host}": add it to hosts in [server] of its brender.toml'
    if not isinstance(error, SSL.Error):
        return ""
    parts = error.args[0] if error.args and isinstance(error.args[0], list) else []
    said = " ".join(str(part) for each in parts for part in each)
    return next((meaning for sign, meaning in MEANINGS if sign in said), said and f"TLS with it fails: {said.strip()}")
