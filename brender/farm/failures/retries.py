"""What happens to a task that failed: tried again, elsewhere first; and who had better leave a job alone.

How does this work?  `Tries` remembers on which clients a task has failed.  `may_try` says whether it
gets another chance at all; `elsewhere` whether this client should leave it to another one: it
should when it has failed the task already and somebody who has not could run it.  On a farm of one
machine the same machine tries again.  `Strikes` counts the failures in a row of a job on each client; a client
with too many is avoided for a while, as long as there are others.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tries:
    clients: list[int] = field(default_factory=list)  # where it failed, in order

    @property
    def attempt(self) -> int:
        """The number of the next try."""
        return len(self.clients) + 1

    def may_try(self, most: int) -> bool:
        return len(self.clients) < most


def elsewhere(tried: Collection[int], client: int, able: Iterable[int]) -> bool:
    """Whether this client should leave something to one of the able ones that have not failed it."""
    return client in tried and any(other not in tried for other in able)


@dataclass(slots=True)
class Strikes:
    """Who fails a job again and again."""

    in_a_row: dict[int, int] = field(default_factory=dict)  # client -> failures since its last success
    avoided: dict[int, float] = field(default_factory=dict)  # client -> until when, seconds of the epoch

    def failed(self, client: int, most: int, until: float) -> bool:
        """One more failure; True when the client is avoided from now on."""
        self.in_a_row[client] = self.in_a_row.get(client, 0) + 1
        if self.in_a_row[client] < most:
            return False
        self.in_a_row.pop(client)
        self.avoided[client] = until
        return True

    def succeeded(self, client: int) -> None:
        self.in_a_row.pop(client, None)

    def forgive(self, client: int) -> bool:
        """False when it was not avoided."""
        self.in_a_row.pop(client, None)
        return self.avoided.pop(client, None) is not None
