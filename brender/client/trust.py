"""Whom a program trusts that asks a farm by HTTPS: whom the system trusts, and the farm's own CA.

How does this work?  The CA's certificate is the file that `BRENDER_CA` names, or else `security/farm.crt` in the state
folder, where a server on this machine has put it (`brender ca show` tells the place).  It is no secret: copy it to
every machine on which people use the farm.
"""

import os
import ssl
from collections.abc import Sequence
from pathlib import Path

from platformdirs import user_state_path

from brender.client.errors import Failed

NAMED = "BRENDER_CA"
HINT = (
    "Its certificate is not from anybody whom this machine knows. If it is the farm's own, copy security/farm.crt "
    f"from the server's state folder to this machine and name it with {NAMED}."
)


def trusting(bases: Sequence[str]) -> ssl.SSLContext | None:
    """None where nobody is asked by HTTPS; raises `Failed`."""
    if not any(base.startswith("https:") for base in bases):
        return None
    context = ssl.create_default_context()
    named = os.environ.get(NAMED)
    path = Path(named) if named else own()
    try:
        if named or path.exists():
            context.load_verify_locations(path)
    except (OSError, ssl.SSLError) as error:
        raise Failed(f"The certificate of the farm's CA, {path}, cannot be used: {error}.", code="untrusted") from None
    return context


def own() -> Path:
    state = os.environ.get("BRENDER_STATE")
    return (Path(state) if state else user_state_path("brender")) / "security" / "farm.crt"
