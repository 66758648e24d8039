"""The environment's onExit: asks the guard to end Blender and itself.

How does this work?  It is a client with the request `quit`.  Where no guard answers there is nothing to end.
"""

from __future__ import annotations

import os
import sys

sys.path.append(os.path.abspath(__file__ + "/../../../.."))

from brender.worker.blender import ask


def main() -> int:
    connection = ask.connect()
    return 0 if connection is None else ask.ask(connection, ["quit"])


if __name__ == "__main__":
    sys.exit(main())
