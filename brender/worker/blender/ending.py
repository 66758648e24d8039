"""Inside Blender: whoever ends this process, it ends at once.

How does this work?  The module `bpy` can hang for ever in its own exit handlers, which a script of a scene that calls
`sys.exit` reaches as well as an error of ours.  The system runs those that were set last first: `at_once` sets one that
leaves with the same exit code, and `with_error` is how our own programs end when Python stops them.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import sys
import traceback
from typing import NoReturn


def at_once() -> None:
    """From now on; `bpy` has to be there already."""
    atexit.register(say_all_printed)
    libc = ctypes.CDLL(None)
    libc.on_exit(libc._exit, None)


def say_all_printed() -> None:
    """Blender's C code prints into a buffer of its own."""
    sys.stdout.flush()
    sys.stderr.flush()
    ctypes.CDLL(None).fflush(None)


def with_error() -> NoReturn:
    """The error that is being handled is the last that it says."""
    say_all_printed()
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(1)
