"""The server as one twistd application, from this checkout: `twistd -ny twistd.tac`.

Settings come from brender.toml, as `brender server --show-config` tells.
"""

import sys
from pathlib import Path

from twisted.application.service import Application

sys.path.insert(0, str(Path(__file__).resolve().parent))  # twistd does not look beside its .tac

from brender.tap import Options, makeService

options = Options()
options.parseOptions([])
application = Application("brender")
makeService(options).setServiceParent(application)
