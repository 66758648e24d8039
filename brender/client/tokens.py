"""Where a token for a farm comes from: BRENDER_TOKEN, or what `brender login` has kept.

How does this work?  One file in the user's configuration folder, which only they can read, has a token for each server
that they have logged in to.  It is written beside itself and then takes its place, so nobody reads half of it.
"""

import json
import os
from pathlib import Path

from platformdirs import user_config_path

VARIABLE = "BRENDER_TOKEN"
FILE = "tokens.json"


def token_for(server: str) -> str:
    """The token for a server; nothing, where there is none."""
    return os.environ.get(VARIABLE) or kept().get(server, "")


def kept() -> dict[str, str]:
    """Every server's; none where the file cannot be read."""
    try:
        found = json.loads(path().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(server): str(token) for server, token in found.items()} if isinstance(found, dict) else {}


def keep(server: str, token: str) -> Path:
    """Keep one from now on, or with "" none; raises `OSError`."""
    found = {**kept(), server: token}
    file, new = path(), path().with_suffix(".new")
    file.parent.mkdir(parents=True, exist_ok=True)
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as opened:
        json.dump({name: each for name, each in found.items() if each}, opened, indent=2)
    new.replace(file)
    return file


def path() -> Path:
    return user_config_path("brender") / FILE
