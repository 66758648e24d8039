"""Files that hold secrets: nobody else may read them, and there are no halves of them.

How does this work?  They are in the folder `security` of the state folder, which is for its owner alone.  A file is
written under another name, forced to the disk and then renamed: after a crash it is the old one or the new one.
"""

import os
from pathlib import Path
from uuid import uuid4

FOLDER = "security"
OURS = 0o600  # to be read and written by the owner
ANYBODYS = 0o644  # to be read by others too


def folder_in(state: Path) -> Path:
    """Where the secrets of a server or a worker are; made when it is not there."""
    folder = state / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def write(path: Path, content: bytes, mode: int = OURS) -> None:
    """Raises `OSError`, and leaves what was there then."""
    beside = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(file, "wb") as writing:
            os.fchmod(file, mode)  # whatever the umask takes away or leaves
            writing.write(content)
            writing.flush()
            os.fsync(file)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    settle(path.parent)


def settle(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def read(path: Path) -> bytes | None:
    """None when it is not there.  What others could read is closed to them from now on."""
    try:
        if path.stat().st_mode & 0o077:
            path.chmod(OURS)
        return path.read_bytes()
    except FileNotFoundError:
        return None
