"""Starting a worker's program anew, in the place of the one that ends.

How does this work?  `Renewal` remembers how this process was started: its interpreter, its words, its folder.  When
everything of the worker has ended, `begin` lets the system put the same program, as it is installed now, into this
very process (`exec`): whoever watches over it sees no end, and its number stays.  Files and sockets are closed by
that.  Under twistd it happens when Python ends, as twistd tidies up until then.  Where it cannot be, the process ends
with 1, which tells whoever watches over it to start it.
"""

import atexit
import os
import sys
from contextlib import suppress

STDERR = 2


class Renewal:
    def __init__(self) -> None:
        self._folder = os.getcwd()
        self._command = [sys.executable, *sys.orig_argv[1:]]
        self.wanted = False

    def at_exit(self) -> None:
        """Do it when Python ends, if it is wanted then."""
        atexit.register(self.begin)

    def begin(self) -> None:
        """Become the program anew, if that is wanted; returns only where it is not."""
        if not self.wanted:
            return
        try:
            os.chdir(self._folder)
            os.execv(self._command[0], self._command)
        except OSError as error:
            with suppress(OSError):
                os.write(STDERR, f"brender worker: it cannot be started anew: {error}\n".encode())
            os._exit(1)
