"""One server for one database: two that wrote it would undo each other's work.

How does this work?  `hold` locks a file beside the database for as long as it is open.  The lock belongs
to the process: however that ends, the next server is not kept out.
"""

import fcntl
import os
from pathlib import Path


class Taken(Exception):
    """Another process has the database; the message is a sentence for people."""


def hold(database: Path) -> int:
    """The lock's file descriptor: to close it is to let go.  Raises `Taken`, `OSError`."""
    file = os.open(database.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(file, 0)
        os.write(file, b"%d\n" % os.getpid())
    except BlockingIOError:
        owner = os.read(file, 20).decode("ascii", "replace").strip() or "unknown"
        os.close(file)
        raise Taken(
            f"Another server (process {owner}) uses the database {database}. "
            "Stop it, or choose another folder with --state."
        ) from None
    except OSError:
        os.close(file)
        raise
    return file
