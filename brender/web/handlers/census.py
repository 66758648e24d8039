"""How many clients, jobs and tasks of a farm are in which state, counted without holding anybody up.

How does this work?  Whoever wants to know has everything looked at once, `SLICE` objects in a turn of the reactor, so
that a farm of ten thousand clients is counted between its orders.  What changes while the count is under way is counted
as it was when its turn came, as in any census.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from brender.farm.client import RuntimeClient, Status
from brender.farm.farm import Farm
from brender.farm.job import Job
from brender.farm.transitions import JobState, TaskState

SLICE = 1000  # objects that are looked at in one turn: a few milliseconds


@dataclass
class Census:
    clients: Counter[tuple[bool, bool, str]] = field(default_factory=Counter)  # online, enabled, activity
    slots: int = 0  # of the clients that are online; of disabled ones, those in use
    used: int = 0
    jobs: Counter[JobState] = field(default_factory=Counter)
    tasks: list[int] = field(default_factory=lambda: [0] * len(TaskState))  # of jobs that have not ended

    def look(self, each: RuntimeClient | Job) -> None:
        if isinstance(each, Job):
            self._job(each)
        else:
            self._client(each)

    def _client(self, client: RuntimeClient) -> None:
        enabled = client.status is Status.ENABLED
        self.clients[client.online, enabled, client.activity] += 1
        if client.online:
            used = min(client.used, client.slots)
            self.slots += client.slots if enabled else used
            self.used += used

    def _job(self, job: Job) -> None:
        self.jobs[job.state] += 1
        for step in job.steps if not job.finished else ():
            for state, count in enumerate(step.counts):
                self.tasks[state] += count


async def census_of(farm: Farm, turn: Callable[[], Awaitable[None]]) -> Census:
    """Look at everything; `turn` is done when others have had theirs."""
    census = Census()
    everybody: list[RuntimeClient | Job] = [*farm.clients.values(), *farm.jobs.values()]
    for number, each in enumerate(everybody, 1):
        census.look(each)
        if number % SLICE == 0:
            await turn()
    return census
