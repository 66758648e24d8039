"""Ports that are free on this machine, the usual ones first."""

import socket
from dataclasses import dataclass

from brender.client.errors import Failed


@dataclass(frozen=True)
class Ports:
    shell: int
    workers: int
    web: int

    @classmethod
    def free(cls) -> "Ports":
        return cls(*(free_port(wanted) for wanted in (6000, 6001, 8080)))

    def settings(self) -> str:
        """A brender.toml with these ports."""
        lines = (f'{name} = "tcp:{getattr(self, name)}:interface=127.0.0.1"' for name in ("shell", "workers", "web"))
        return "\n".join(["[server]", *lines, ""])


def free_port(wanted: int) -> int:
    """The wanted port, or another one that nobody uses."""
    for port in (wanted, 0):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(trial.getsockname()[1])
    raise Failed("No port is free on this machine.", code="no-port")
