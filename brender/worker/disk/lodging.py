"""Where a session lives: its folder, and what stands beside it there.

How does this work?  Where tasks run as the worker's own user, the session's folder is all there is.  Where they run as
another account, the folder stays the worker's, and in it there is one that is the account's own (`OWN`): so whoever has
to tidy up, and may do more than the account, finds nothing there that a task could have put in the place of something
else.  A session becomes the account as it moves in (`move_in`), after the last thing that only the worker may do.
"""

import os
from pathlib import Path

from brender.worker.disk.kept import Evidence
from brender.worker.disk.leftovers import SESSIONS
from brender.worker.session.accounts import Account, become

OWN = "own"
THROUGH = 0o711  # who knows a name in there finds it; nobody else can list it


def quarter_in(scratch: Path) -> Path:
    """Where sessions of other accounts will be, below the worker's scratch folder."""
    sessions = scratch / SESSIONS
    sessions.mkdir(parents=True, exist_ok=True)
    for place in (scratch, sessions):
        place.chmod(THROUGH)
    return sessions


def move_in(folder: Path, account: Account | None, keep: bool) -> tuple[Path, Evidence]:
    """The folder in which a session works, and its notes.  Raises `NoAccount`, `OSError`."""
    if account is None:
        return folder, Evidence(folder, folder, keep)
    own = folder / OWN
    own.mkdir(parents=True)
    for place in (folder.parent, folder):
        place.chmod(THROUGH)
    own.chmod(0o700)
    os.chown(own, account.uid, account.gid)
    evidence = Evidence(folder, own, keep)
    evidence.open()
    become(account)
    return own, evidence
