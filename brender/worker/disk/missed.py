"""Parts of logs that were said while the server was away.

How does this work?  They are kept, up to `MOST` characters, and said before anything else when it is
back; what was too much is counted, and the log says so in its place.
"""

from brender.protocols import messages as say

MOST = 4_000_000  # characters


class Missed:
    def __init__(self) -> None:
        self._logs: list[say.Log] = []
        self._kept = 0
        self._lost: dict[tuple[int, int], int] = {}  # task -> characters

    def keep(self, log: say.Log) -> None:
        task = (log.order, log.task)
        if task in self._lost or self._kept + len(log.text) > MOST:
            self._lost[task] = self._lost.get(task, 0) + len(log.text)
        else:
            self._kept += len(log.text)
            self._logs.append(log)

    def take(self) -> list[say.Log]:
        """All that was kept, with a note for each task of which something was not."""
        notes = [
            say.Log(order, task, f"[The server was away, and {lost} characters of this log were not kept.]\n")
            for (order, task), lost in self._lost.items()
        ]
        taken = [*self._logs, *notes]
        self.__init__()  # type: ignore[misc]
        return taken
