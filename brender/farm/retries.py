"""What happens to a task that failed: tried again twice, elsewhere first.

How does this work?  `Tries` remembers on which clients a task has failed.  `may_try` says whether it
gets another chance at all; `elsewhere` whether this client should leave it to another one: it
should when it has failed the task already and somebody who has not could run it.  On a farm of one
machine the same machine tries again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

MOST_TRIES = 3  # the first and two more


@dataclass(slots=True)
class Tries:
    clients: list[int] = field(default_factory=list)  # where it failed, in order

    @property
    def attempt(self) -> int:
        """The number of the next try."""
        return len(self.clients) + 1

    @property
    def may_try(self) -> bool:
        return len(self.clients) < MOST_TRIES


def elsewhere(tries: Tries, client: int, able: Iterable[int]) -> bool:
    """Whether this client should leave the task to one of the able ones that have not failed it."""
    return client in tries.clients and any(other not in tries.clients for other in able)
