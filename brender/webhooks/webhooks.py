"""All receivers of brender.toml: who hears what, from the start of the server to its stop.

How does this work?  A `Hook` is made for each receiver, with the tests of its filter: a filter that cannot be is told
before the server starts (`BadHook`).  `start` listens to the service once; `stop` waits for all hooks at the same time.
Nothing of what waits outlives the server but the dead letters.
"""

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from twisted.internet.defer import Deferred

from brender.farm.interfaces import Event
from brender.verbs.filters import BadFilter
from brender.verbs.following.hearing import FILTERED, Matching, Test
from brender.webhooks.hooks import Hook, Receiver, Surroundings


class BadHook(ValueError):
    """A receiver cannot be as it is set; the message is a sentence for people."""


class Webhooks:
    def __init__(self, receivers: Sequence[Receiver], matching: Matching, around: Surroundings) -> None:
        self._around = around
        self._hooks = [
            Hook(f"Webhook {number} ({urlsplit(each.url).hostname})", each, tests_of(number, each, matching), around)
            for number, each in enumerate(receivers, 1)
        ]
        self._unsubscribe: Callable[[], None] = lambda: None

    @property
    def waiting(self) -> int:
        """How many events wait for their delivery."""
        return sum(map(len, self._hooks))

    @property
    def tries(self) -> Mapping[str, int]:
        """How many were taken, and how many not."""
        return self._around.tries

    @property
    def dead_letters(self) -> int:
        """How many events were given up."""
        return self._around.dead_letters

    def start(self, subscribe: Callable[[Callable[[Event], None]], Callable[[], None]]) -> None:
        if self._hooks:
            self._unsubscribe = subscribe(self._hear)

    async def stop(self) -> None:
        self._unsubscribe()
        for stopping in [Deferred.fromCoroutine(hook.stop()) for hook in self._hooks]:
            await stopping

    def _hear(self, event: Event) -> None:
        for hook in self._hooks:
            hook.hear(event)


def tests_of(number: int, receiver: Receiver, matching: Matching) -> dict[str, Test]:
    """The tests of a receiver's filter, by kind; raises `BadHook`."""
    if not receiver.filter.strip():
        return {}
    kinds = [kind for kind in FILTERED if kind in (receiver.kinds or FILTERED)]
    if not kinds:
        raise BadHook(f"The filter of webhook {number} chooses among jobs and clients, and it hears of neither.")
    try:
        return {kind: matching(kind, receiver.filter) for kind in kinds}
    except BadFilter as error:
        raise BadHook(f"The filter of webhook {number} cannot be used: {error}") from None
