"""How often somebody may try passwords: ever slower, and never locked out for good.

How does this work?  Tries are counted for the name and for the address when they begin, so that a hundred at the same
time are a hundred.  The first few are free; then each one has to wait twice as long as the one before, up to `MOST`
seconds.  A password that fits forgets the tries of its name; the wrong ones of the address stay, as it may be
somebody's who knows one.  What nobody has tried for `FORGOTTEN` seconds is forgotten, and so is the oldest where there
are too many.
"""

from collections import OrderedDict
from dataclasses import dataclass

from brender.farm.people.users import TooOften

FREE = 5  # tries without a wait
FIRST, MOST = 1.0, 60.0  # seconds
FORGOTTEN = 900.0  # seconds
KEPT = 10_000  # names and addresses


@dataclass
class Tries:
    count: int = 0
    last: float = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next one."""
        if self.count < FREE:
            return 0.0
        return self.last + min(FIRST * 2.0 ** min(self.count - FREE, 20), MOST) - now


class Throttle:
    def __init__(self) -> None:
        self._tries: OrderedDict[tuple[str, str], Tries] = OrderedDict()

    def begin(self, name: str, address: str, now: float) -> None:
        """Somebody tries; raises `TooOften`, and then it is not counted."""
        found = [self._of(key, now) for key in (("name", name), ("address", address))]
        if (seconds := max(each.wait(now) for each in found)) > 0:
            raise TooOften(seconds)
        for each in found:
            each.count, each.last = each.count + 1, now

    def fits(self, name: str, address: str) -> None:
        """That was the password: it was no try."""
        self._tries.pop(("name", name), None)
        if found := self._tries.get(("address", address)):
            found.count -= 1

    def _of(self, key: tuple[str, str], now: float) -> Tries:
        tries = self._tries.setdefault(key, Tries())
        self._tries.move_to_end(key)
        if now - tries.last > FORGOTTEN:
            tries.count = 0
        while len(self._tries) > KEPT:
            self._tries.popitem(last=False)
        return tries
