"""Folders that have to be gone, whatever a task has made of them.

How does this work?  `remove` deletes a folder with all that is in it and never follows a link out of it.
What may not be deleted because a task took the rights away gets them back first.  What is left all
the same (another user's files, a mounted disk) is reported (`remove_or_say`), and is no reason to fail.
"""

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from twisted.logger import Logger

log = Logger()


def remove(folder: Path) -> bool:
    """Delete it; False when something is left.  Of a link that has taken its place nothing but the link goes."""
    if folder.is_symlink():
        with suppress(OSError):
            folder.unlink()
    elif os.path.lexists(folder):
        shutil.rmtree(folder, ignore_errors=True)
        if folder.is_dir():
            allow(folder)
            shutil.rmtree(folder, ignore_errors=True)
    return not os.path.lexists(folder)


def remove_or_say(folder: Path) -> bool:
    """The same; the worker's log tells of what is left."""
    gone = remove(folder)
    if not gone:
        say_left(folder)
    return gone


def say_left(folder: Path) -> None:
    log.warn("{folder} could not be removed: something in it is not this worker's to delete.", folder=folder)


def allow(folder: Path) -> None:
    """Give their owner all rights to the folder and those below it.

    Another account's are left alone: it could put a link in their place meanwhile, and whoever may remove those needs
    no rights.
    """
    open_up(folder)
    for place, below, _ in os.walk(folder):
        for name in below:
            open_up(Path(place, name))


def open_up(folder: Path) -> None:
    with suppress(OSError):
        found = folder.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid():
            folder.chmod(stat.S_IRWXU)
