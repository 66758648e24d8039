"""What `twistd` lists: the farm's server and its worker.

There must be no `__init__.py` in this folder: it is installed as a part of `twisted.plugins`.
"""

from twisted.application.service import ServiceMaker

server = ServiceMaker(
    "brender", "brender.tap", "A render farm's server: shell, workers and web.", "brender"
)
worker = ServiceMaker(
    "brender-worker", "brender.worker.tap", "A render farm's worker: renders what its server orders.", "brender-worker"
)
