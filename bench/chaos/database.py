"""A PostgreSQL of its own, whose connections can be cut, and which can be killed and started again."""

import os

from bench.chaos.leftovers import MARK
from tests.db.cluster import cluster


class Postgresql:
    def __init__(self) -> None:
        self._cluster = cluster()
        self.url = self._cluster.made()

    def cut(self) -> None:
        """End all connections of the farm."""
        self._cluster.cut(self.url)

    def kill(self) -> None:
        self._cluster.program.kill()

    def start(self) -> None:
        """Again, and as nobody of the farm: it stays when the farm has gone."""
        mark = os.environ.pop(MARK)
        self._cluster.start()
        os.environ[MARK] = mark
