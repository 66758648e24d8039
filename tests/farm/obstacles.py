"""Whether what `why` says of a thing that waits is so: sentences, held against the bare facts of a farm.

How does this work?  Each method of `Facts` with a pattern above it knows one thing that a sentence may say, and
looks whether it is so: at orders, settings, machines and the clock, never at the rules that decide (`verdict`, `room`,
`gate()`, `leaves` ...), which the sentence came from.  Only which kind of sentence there should be goes by what the
farm keeps of itself: its queue, `Job.gate`, for whom a client is kept free.  `prove` takes what follows "waits: " and
fails when nobody knows such a thing, or when it is not so.  `prove_all` does so for everything that waits on a farm.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from brender.farm.client import RuntimeClient
from brender.farm.farm import Farm
from brender.farm.job import Job, Step
from brender.farm.order import Order
from brender.farm.scheduling.why import obstacle_there, why_client, why_job, why_task
from brender.farm.settings import After
from brender.farm.transitions import FINISHED_JOB, JobState, TaskState
from tests.doubles import DRIVES

GIB = 2**30
MEMORY = "amount.worker.memory"
KNOWN: list[tuple[re.Pattern[str], str]] = []  # what a sentence may say, and the name of the method that looks
OF_CLIENTS: set[str] = set()  # of these, what is said of a client; without a name, of each that could run it
CALLED = {
    "GB of memory": MEMORY,
    "core": "amount.worker.vcpu",
    "cores": "amount.worker.vcpu",
    "GPU": "amount.worker.gpu",
    "GPUs": "amount.worker.gpu",
    f"of {DRIVES}": DRIVES,
}
PIECES = f"({'|'.join([*CALLED][1:])})"
AMOUNT = f"({'|'.join(CALLED)})"
FREE = rf"\S+ [TGM]B of memory|\d+ (?:{'|'.join(CALLED)})"
CLIENT, JOB, GROUP = r"(render-\d+)", r"job (\d+)", r"((?:online )?)client"


def tells(pattern: str, of_client: bool = False) -> Callable[[Any], Any]:
    def known(method: Any) -> Any:
        KNOWN.append((re.compile(pattern), method.__name__))
        OF_CLIENTS.update([method.__name__] if of_client else [])
        return method

    return known


class Facts(NamedTuple):
    """Of a task that waits; and of a client, while what is said is said of that one."""

    farm: Farm
    step: Step
    task: int
    now: float
    client: RuntimeClient | None = None

    def prove(self, said: str) -> None:
        said, _, woken = said.partition("; woke ")
        if woken:
            assert not self.named(woken.split()[0]).online, f"woke {woken}: it is there"
        found = [(match, name) for pattern, name in KNOWN if (match := pattern.fullmatch(said))]
        assert len(found) == 1, f"{len(found)} things are known that this may mean: {said}"
        match, name = found[0]
        if self.client is None and name in OF_CLIENTS:
            self.everywhere(said)
            return
        about = f" ({self.client.name})" if self.client else ""
        assert getattr(self, name)(*match.groups()), f"it is not so: {said}{about}"

    # --- what everybody can see

    @property
    def job(self) -> Job:
        return self.step.job

    @property
    def there(self) -> RuntimeClient:
        assert self.client is not None
        return self.client

    @property
    def mine(self) -> list[Order]:
        """The orders of the client."""
        return [order for order in self.farm.orders.values() if order.client == self.there.id]

    def named(self, name: str) -> RuntimeClient:
        return next(client for client in self.farm.clients.values() if client.machine.name == name)

    def on(self, client: RuntimeClient) -> "Facts":
        return self._replace(client=client)

    def fits(self, client: RuntimeClient) -> bool:
        """Whether it could run there, now or later."""
        return self.is_wanted(client) and not self.lacks(client)

    def comes_too_early(self) -> bool:
        """Whether something that it depends on is not done: steps, jobs, frames of jobs."""
        before = [self.job.steps[index] for index in self.step.plan.depends_on]
        if any(set(self.states(step)) != {TaskState.COMPLETED} for step in before):
            return True
        return any(self.is_unmet(after) for after in self.job.settings.after)

    def is_unmet(self, after: After) -> bool:
        other = self.farm.jobs[after.job]
        if after.frames is not None and self.step.plan.has_frames and (step := self.source(other)):
            wanted = {each + offset for each in self.step.plan.frames(self.task) for offset in self.offsets(other)}
            return any(self.is_open(step, task) for frame in wanted for task in step.plan.tasks_of(frame))
        met = {"started": other.started is not None, "ended": other.state in FINISHED_JOB}
        return not (after.frames or met.get(after.when, other.state is JobState.COMPLETED))

    def source(self, other: Job) -> Step | None:
        return next((step for step in other.steps if step.plan.has_frames), None)

    def is_wanted(self, client: RuntimeClient) -> bool:
        wanted, own = self.job.settings, client.settings

        def among(patterns: tuple[str, ...]) -> bool:
            return any(fnmatchcase(client.machine.name, pattern) for pattern in patterns)

        in_pool = not wanted.pool or wanted.pool in own.pools
        return in_pool and not among(wanted.never) and (not wanted.only or among(wanted.only)) and self.takes(client)

    def takes(self, client: RuntimeClient) -> bool:
        return not client.settings.takes or self.job.settings.pool in client.settings.takes

    def lacks(self, client: RuntimeClient) -> bool:
        """Whether the machine is too small, or not of the kind."""
        too_little = self.job.standing.too_little.get(self.step.index, 0)
        wanted = self.step.requires.any_of.items()
        return (
            0 < client.machine.memory <= too_little
            or any(amount > has(client, name) for name, amount in self.needed.items())
            or any(set(values).isdisjoint(values_of(client, name)) for name, values in wanted)
        )

    @property
    def needed(self) -> dict[str, float]:
        """What a machine has to have, in the units of people: cores, GB, pieces."""
        least = {name: bounds[0] or 0.0 for name, bounds in self.step.requires.amounts.items()}
        return {name: amount / 1024 if name == MEMORY else amount for name, amount in least.items()}

    def works(self, client: RuntimeClient) -> bool:
        if not client.online or client.status == "disabled":
            return False
        return not (client.leaving or client.unwell or client.occupied or self.sleeps(client))

    def sleeps(self, client: RuntimeClient) -> bool:
        return asleep(client, self.now)

    def able(self) -> list[RuntimeClient]:
        return [client for client in self.farm.clients.values() if self.fits(client)]

    def group(self, online: str) -> list[RuntimeClient]:
        """Of whom a sentence speaks that says "client" or "online client"."""
        return [client for client in self.farm.clients.values() if self.works(client) or not online]

    def others(self, avoid: bool = True) -> Iterator[RuntimeClient]:
        """Who else could run it and works; none that the job avoids."""
        for client in self.able():
            if client is not self.there and self.works(client) and not (avoid and client.id in self.avoided):
                yield client

    @property
    def avoided(self) -> set[int]:
        return {client for client, until in self.job.standing.avoided.items() if until > self.now}

    def failed_on(self, task: int) -> set[int]:
        tries = self.step.tries.get(task)
        return set(tries.clients) if tries else set()

    def cost(self, step: Step) -> int:
        return self.there.machine.slots if step.requires.vcpus is None else max(1, step.requires.vcpus)

    def full_for(self, step: Step, begun: bool = False) -> bool:
        """With what it has, or with what has begun there."""
        used = sum(order.cost for order in self.mine if order.running is not None or not begun)
        return used + self.cost(step) > self.there.machine.slots

    def states(self, step: Step) -> bytes:
        return bytes(step.tasks)

    # --- of the job

    @tells(r"its job is paused; resume (\d+) lets it go on")
    def is_paused(self, job: str) -> bool:
        return self.job.state is JobState.PAUSED and self.job.id == int(job)

    @tells(rf"its job comes after {JOB}, which (is not there any more|has failed|was canceled|has not \w+ yet)")
    def comes_after(self, number: str, how: str) -> bool:
        other = self.farm.jobs.get(int(number))
        ways = [after for after in self.job.settings.after if after.job == int(number)]
        if other is None:
            return bool(ways) and how == "is not there any more"
        met = {"started": other.started is not None, "ended": other.state in FINISHED_JOB}
        unmet = [after for after in ways if not met.get(after.when, other.state is JobState.COMPLETED)]
        told = {JobState.FAILED: "has failed", JobState.CANCELED: "was canceled"}.get(other.state)
        when = {"has not completed yet"} | {f"has not {after.when} yet" for after in unmet}
        return bool(unmet or any(after.frames for after in ways)) and (how == told if told else how in when)

    @tells(r"its job is not to begin before (\S+ \S+) UTC")
    def begins_later(self, told: str) -> bool:
        begin = self.job.settings.not_before
        return begin is not None and self.now < begin and f"{datetime.fromtimestamp(begin, UTC):%Y-%m-%d %H:%M}" == told

    @tells(r"its job may run only in its hours, (\S+) (\S+)")
    def has_hours(self, hours: str, zone: str) -> bool:
        return self.job.settings.hours == hours and not within(hours, self.now, zone)

    # --- of the task that is not ready

    @tells(r'step "(.+)" comes after step "(.+)", of which (\d+) of (\d+) tasks are done')
    def comes_after_step(self, mine: str, name: str, done: str, total: str) -> bool:
        before = next(step for step in self.job.steps if step.name == name)
        counted = self.states(before).count(TaskState.COMPLETED), len(before.tasks)
        needed = mine == self.step.name and before.index in self.step.plan.depends_on
        return needed and counted == (int(done), int(total)) and counted[0] < counted[1]

    @tells(rf"it waits for frame (-?\d+) of {JOB}, which is (\w+)")
    def waits_for_frame(self, frame: str, number: str, state: str) -> bool:
        other = self.farm.jobs[int(number)]
        mine = {each + offset for each in self.step.plan.frames(self.task) for offset in self.offsets(other)}
        source = next(link.source for link in self.farm.links[self.step] if link.source.job is other)
        open_there = [each for each in source.plan.tasks_of(int(frame)) if self.is_open(source, each)]
        return int(frame) in mine and bool(open_there) and other.state == state

    @tells(rf"its run on {CLIENT} is to end first((?:, and {CLIENT} is away)?)")
    def is_being_ended(self, name: str, away: str, _: str) -> bool:
        client = self.named(name)
        ends = any(self.is_ended(order, self.task) for order in self.of_step(client, self.step))
        return ends and bool(away) != client.online

    @tells(rf'what step "(.+)" runs on {CLIENT} is to end first((?:, and {CLIENT} is away)?)')
    def dependents_are_being_ended(self, step: str, name: str, away: str, _: str) -> bool:
        client = self.named(name)
        later = next(each for each in self.job.steps if each.name == step)
        ends = any(order.ending or order.stopping for order in self.of_step(client, later))
        return ends and self.comes_before(later) and bool(away) != client.online

    def of_step(self, client: RuntimeClient, step: Step) -> list[Order]:
        return [order for order in self.on(client).mine if (order.job, order.step) == (step.job.id, step.index)]

    def is_ended(self, order: Order, task: int) -> bool:
        return task in order.stopping or (order.ending and order.first <= task < order.first + order.count)

    def comes_before(self, later: Step) -> bool:
        before = [self.job.steps[index] for index in later.plan.depends_on]
        return self.step in before or any(self.comes_before(step) for step in before)

    def offsets(self, other: Job) -> Iterator[int]:
        for after in self.job.settings.after:
            if after.job == other.id and after.frames is not None:
                yield from range(after.frames[0], after.frames[1] + 1)

    def is_open(self, step: Step, task: int) -> bool:
        return self.states(step)[task] != TaskState.COMPLETED

    # --- of the step

    @tells(r"it rests for another ([\d,]+) s: .+")
    def is_at_rest(self, seconds: str) -> bool:
        return self.now < self.step.rests_until <= self.now + int(seconds) + 0.5

    @tells(r"its preview of (\d+) is out; approve (\d+) lets the rest follow")
    def wants_approval(self, size: str, number: str) -> bool:
        states = self.states(self.step)
        out = sum(states.count(state) for state in (TaskState.ACTIVE, TaskState.COMPLETED, TaskState.FAILED))
        same = self.job.settings.preview == int(size) and self.job.id == int(number)
        return same and not self.job.standing.approved and int(size) <= out

    # --- nobody can

    @tells(r"no client has ever connected; brender worker on a machine makes it one")
    def is_alone(self) -> bool:
        return not self.farm.clients

    @tells(r"it needs a client of pool (\w+), and none is in it")
    def pool_is_empty(self, pool: str) -> bool:
        wanted = self.job.settings.pool == pool
        return wanted and not any(pool in client.settings.pools for client in self.farm.clients.values())

    @tells(rf"it needs (\d+) {AMOUNT}; the largest {GROUP}( in pool \w+)? is {CLIENT} with .+")
    def largest_is_too_small(self, amount: str, what: str, online: str, pool: str | None, name: str) -> bool:
        wanted = pool.split()[-1] if pool else ""
        there = [client for client in self.group(online) if not pool or wanted in client.settings.pools]
        most = max(has(client, CALLED[what]) for client in there)
        needed = self.needed[CALLED[what]] == int(amount)
        return needed and not self.able() and has(self.named(name), CALLED[what]) == most < int(amount)

    @tells(rf"the only {GROUP}((?: in pool \w+)?) is {CLIENT}, and (.+)")
    def only_one_cannot(self, online: str, pool: str, name: str, reason: str) -> bool:
        self.on(self.named(name)).prove(reason)
        wanted = pool.rsplit(maxsplit=1)[-1] if pool else ""
        there = [client for client in self.group(online) if not pool or wanted in client.settings.pools]
        return [client.machine.name for client in there] == [name] and not self.fits(self.named(name))

    @tells(rf"none of the (\d+) {GROUP}s((?: in pool \w+)?) can run it; of {CLIENT}: (.+)")
    def none_can(self, count: str, online: str, pool: str, name: str, reason: str) -> bool:
        self.on(self.named(name)).prove(reason)
        wanted = pool.rsplit(maxsplit=1)[-1] if pool else ""
        there = [client for client in self.group(online) if not pool or wanted in client.settings.pools]
        return len(there) == int(count) and not any(map(self.fits, there)) and self.named(name) in there

    @tells(r"its job does not want (?:render-\d+|this client)")
    def is_never_wanted(self) -> bool:
        return any(fnmatchcase(self.there.machine.name, pattern) for pattern in self.job.settings.never)

    @tells(r"its job wants only (.+)")
    def is_not_named(self, names: str) -> bool:
        only = self.job.settings.only
        return names == ", ".join(only) and not any(fnmatchcase(self.there.machine.name, each) for each in only)

    @tells(r"it needs a client of pool (\w+); (?:render-\d+|this client) is in .+")
    def is_not_in_pool(self, pool: str) -> bool:
        return pool == self.job.settings.pool and pool not in self.there.settings.pools

    @tells(r"(?:render-\d+|this client) takes only jobs of pool (\w+)")
    def takes_others(self, pool: str) -> bool:
        return pool in self.there.settings.takes and not self.takes(self.there)

    @tells(r"it needs more than the \S+ \S+ of memory with which it was killed")
    def was_killed_for_memory(self) -> bool:
        return self.there.machine.memory <= self.job.standing.too_little.get(self.step.index, 0)

    @tells(rf"it needs (\d+) {AMOUNT}; (?:render-\d+|this client) has .+")
    def has_too_little(self, amount: str, what: str) -> bool:
        return self.needed[CALLED[what]] == int(amount) > has(self.there, CALLED[what])

    @tells(r"it needs (operating system|tag) (\w+); (?:render-\d+|this client) has (\w+)")
    def is_of_another_kind(self, what: str, value: str, told: str) -> bool:
        name = {"operating system": "attr.worker.os.family", "tag": "attr.tag"}[what]
        wanted = self.step.requires.any_of[name] == (value,)
        return wanted and value not in values_of(self.there, name) and told in (*values_of(self.there, name), "none")

    # --- nobody works

    @tells(rf"{CLIENT}, the only client that can run it, (.+)")
    def only_one_rests(self, name: str, reason: str) -> bool:
        return self.able() == [self.named(name)] and rests(self.named(name), reason, self.now)

    @tells(r"none of the (\d+) clients that can run it works now: ([^;]+)")
    def none_works(self, count: str, told: str) -> bool:
        able = self.able()
        numbers = {word: int(number) for number, word in (each.split(" ", 1) for each in told.split(", "))}
        ways: dict[str, Callable[[RuntimeClient], bool]] = {
            "offline": lambda client: not client.online,
            "switched off": lambda client: not client.online,
            "disabled": lambda client: client.status == "disabled",
            "leaving": lambda client: client.leaving,
            "unwell": lambda client: bool(client.unwell),
            "asleep": self.sleeps,
            "in use": lambda client: client.occupied,
            "held": lambda client: client.seat.held,
        }
        true = all(number <= sum(map(ways[word], able)) for word, number in numbers.items())
        return true and sum(numbers.values()) == len(able) == int(count) and not any(map(self.works, able))

    # --- nobody has room

    @tells(rf"{CLIENT}: (.+)")
    def one_may_not(self, name: str, reason: str) -> bool:
        self.on(self.named(name)).prove(reason)
        return [client for client in self.able() if self.works(client)] == [self.named(name)]

    @tells(r"none of the (\d+) clients that can run it may begin it now: (.+)")
    def none_may(self, count: str, told: str) -> bool:
        for each in re.split(r"; (?=on render-\d+, )", told):
            name, reason = each.removeprefix("on ").split(", ", 1)
            self.on(self.named(name)).prove(reason)
        working = [client for client in self.able() if self.works(client)]
        return len(working) == int(count)

    def everywhere(self, reason: str) -> None:
        """What is said without a name is so wherever it could run."""
        working = [client for client in self.able() if self.works(client)]
        assert working
        for client in working:
            self.on(client).prove(reason)

    @tells(r"the job failed there too often, and others can run it", of_client=True)
    def is_avoided(self) -> bool:
        return self.there.id in self.avoided and any(self.others())

    @tells(r"it has failed there, and others can run it", of_client=True)
    def has_failed_there(self) -> bool:
        failed = self.failed_on(self.task)
        return self.there.id in failed and any(other.id not in failed for other in self.others())

    @tells(r"what is ready of it has failed there, and others can run it", of_client=True)
    def all_has_failed_there(self) -> bool:
        ready = [task for task, state in enumerate(self.states(self.step)) if state == TaskState.READY]
        return all(self.there.id in self.failed_on(task) for task in ready) and any(self.others())

    @tells(r"its slots are taken", of_client=True)
    def is_full(self) -> bool:
        return self.full_for(self.step)

    @tells(rf"(it takes \d+ at a time|(?:{FREE}) (?:is|are) not free there); (.+)", of_client=True)
    def lacks_and_has(self, taken: str, work: str) -> bool:
        self.prove(taken)
        return self.has_work(work)

    @tells(r"it takes (\d+) at a time", of_client=True)
    def has_as_many_as_it_takes(self, most: str) -> bool:
        return self.there.settings.most_tasks == int(most) <= len(self.mine)

    @tells(r"(\S+) (TB|GB|MB) of memory is not free there", of_client=True)
    def memory_is_taken(self, amount: str, unit: str) -> bool:
        return self.is_taken(MEMORY, float(amount) / {"TB": 1 / 1024, "GB": 1, "MB": 1024}[unit])

    @tells(rf"(\d+) {PIECES} (is|are) not free there", of_client=True)
    def amount_is_taken(self, amount: str, what: str, verb: str) -> bool:
        return self.is_taken(CALLED[what], int(amount)) and verb == ("is" if amount == "1" else "are")

    def is_taken(self, name: str, amount: float) -> bool:
        unit, whole = 1024 if name == MEMORY else 1, has(self.there, name)
        taken = sum(dict(order.needs).get(name, 0.0) / unit for order in self.mine)
        return taken + min(amount, whole) > whole

    @tells(
        r"((?:other tasks of the same job|jobs of higher priority|jobs of \w+|older work|job \d+)"
        r" (?:runs?|is to begin|are to begin) there.*)",
        of_client=True,
    )
    def is_full_of(self, work: str) -> bool:
        return self.full_for(self.step, begun=" run" in work) and self.has_work(work)

    def has_work(self, work: str) -> bool:
        begun = " run" in work
        orders = [order for order in self.mine if (order.running is not None) is begun]
        if work.startswith("other tasks of the same job"):
            return any(order.job == self.job.id for order in orders)
        pattern = r"(?:(.+?), such as )?job (\d+)(?: runs there| is to begin there|; its turn comes by share and age)?"
        match = re.fullmatch(pattern, work)
        assert match, work
        other = self.farm.jobs[int(match[2])]
        there = any(order.job == other.id for order in orders)
        if work.startswith("jobs of higher priority"):
            return there and other.settings.priority > self.job.settings.priority
        if work.startswith("jobs of "):
            return there and other.settings.owner == work.split()[2] != self.job.settings.owner
        return there and (other.id < self.job.id if work.startswith("older") else other.id > self.job.id)

    @tells(rf"it is kept free for {JOB}, which needs more room there", of_client=True)
    def is_kept_free(self, number: str) -> bool:
        kept = self.farm.kept_free[self.there.id]
        ready = kept.job.id == int(number) and TaskState.READY in self.states(kept)
        return ready and self.lacks_room(kept) and kept.job.settings.priority >= self.job.settings.priority

    def lacks_room(self, step: Step) -> bool:
        most = self.there.settings.most_tasks
        needs = {name: amount / 1024 if name == MEMORY else amount for name, amount in step.shape.needs}
        full = self.full_for(step) or (most is not None and len(self.mine) >= most)
        return full or any(self.is_taken(name, amount) for name, amount in needs.items())

    def could_begin(self, order: Order) -> bool:
        """Whether nothing speaks against this client, which has nothing to do, for what another has."""
        failed = any(self.there.id in self.failed_on(task) for task in order.awaited())
        runs = self.job.state is not JobState.PAUSED and not self.job.gate and not self.step.resting
        free = self.works(self.there) and self.fits(self.there) and not self.farm.kept_free.get(self.there.id)
        return free and runs and not failed and self.there.id not in self.avoided

    # --- limits

    @tells(r"the only one of limit (\w+) is in use")
    def only_one_is_held(self, limit: str) -> bool:
        return self.farm.settings.limits[limit].count == 1 and self.is_short_of(limit)

    @tells(r"all (\d+) of limit (\w+) are in use")
    def all_are_held(self, count: str, limit: str) -> bool:
        return self.held(limit) == self.farm.settings.limits[limit].count == int(count) and self.is_short_of(limit)

    @tells(r"it needs (\d+) of limit (\w+), of which only (\d+) of (\d+) (?:is|are) free")
    def some_are_held(self, needed: str, limit: str, free: str, count: str) -> bool:
        left = int(count) - self.held(limit)
        wanted = self.job.settings.limits.get(limit) == int(needed)
        return wanted and 0 < left == int(free) < int(needed) and self.is_short_of(limit)

    @tells(r"there is no limit (\w+) any more")
    def limit_is_gone(self, limit: str) -> bool:
        return limit in self.job.settings.limits and limit not in self.farm.settings.limits

    def held(self, limit: str) -> int:
        orders = [order for order in self.farm.orders.values() if limit in dict(order.limits)]
        if self.farm.settings.limits[limit].each == "task":
            return sum(dict(order.limits)[limit] for order in orders)
        by_client = {order.client: 0 for order in orders}
        for order in orders:
            by_client[order.client] = max(by_client[order.client], dict(order.limits)[limit])
        return sum(by_client.values())

    def is_short_of(self, limit: str) -> bool:
        """One more of it is more than there is; on each client that could, or on this one."""
        each = self.farm.settings.limits[limit]
        clients = [self.client] if self.client else [client for client in self.able() if self.works(client)]
        needed = self.job.settings.limits.get(limit, 0)

        def more(client: RuntimeClient) -> int:
            has = [dict(order.limits)[limit] for order in self.on(client).mine if limit in dict(order.limits)]
            return needed if each.each == "task" else max(0, needed - max(has, default=0))

        return bool(clients) and all(self.held(limit) + more(client) > each.count for client in clients)


def has(client: RuntimeClient, name: str) -> float:
    """How much a machine has of it, in the units of people."""
    machine = client.machine
    if name == MEMORY:
        return (machine.memory - client.settings.keep_memory) / GIB
    return {"amount.worker.vcpu": machine.slots, "amount.worker.gpu": len(machine.gpus)}.get(
        name, machine.amounts.get(name, 0.0)
    )


def values_of(client: RuntimeClient, name: str) -> tuple[str, ...]:
    return {"attr.worker.os.family": (client.machine.system,), "attr.tag": client.settings.tags}[name]


def rests(client: RuntimeClient, reason: str, now: float) -> bool:
    """Whether what is said of a client that takes nothing is so."""
    seat, wanted = client.seat, client.settings.idle_seconds
    for pattern, so in (
        (r"is switched off to save power(, and is woken for work)?", client.power.off and not client.online),
        (r"has been offline since \d\d:\d\d UTC", not client.online),
        (rf"is disabled; enable {client.name} lets it work", client.status == "disabled"),
        (r"is leaving, and finishes what it runs", client.leaving),
        (r"is unwell: its disk is full", client.unwell == "its disk is full"),
        (r"is asleep until (\S+ )?\d\d:\d\d \S+", asleep(client, now)),
        (r"may be in use; its worker has not said yet", wanted is not None and not seat.told),
        (r"may be in use: its worker cannot tell .+", wanted is not None and seat.told and seat.seen is None),
        (r"is in use by somebody, and works when nobody is there", wanted is not None and seat.here),
        (r"is in use \(idle for \d+ of 30 seconds\)", wanted == 30 and now - (seat.seen or 0.0) < 30),
    ):
        if re.fullmatch(pattern, reason):
            return bool(so)
    return False


def asleep(client: RuntimeClient, now: float) -> bool:
    zone = client.settings.zone or client.machine.zone or "UTC"
    return bool(client.settings.sleeps) and within(client.settings.sleeps, now, zone)


def within(hours: str, now: float, zone: str) -> bool:
    """Whether the time of day is in "01:00-02:00", or over midnight in "22:00-06:00"."""
    begin, end = hours.split("-")
    time = f"{datetime.fromtimestamp(now, ZoneInfo(zone)):%H:%M}"
    return begin <= time < end if begin < end else not end <= time < begin


def prove_all(farm: Farm, now: float) -> None:
    """Whatever waits, its sentence names something that is so: every task, every job, and every client."""
    for job in farm.jobs.unfinished():
        prove_job(farm, job, now)
        for step in job.steps:
            for task, state in enumerate(bytes(step.tasks)):
                said = why_task(farm, step, task, "Frame 1", now)
                if state in (TaskState.WAITING, TaskState.READY):
                    facts = Facts(farm, step, task, now)
                    facts.prove(after("Frame 1 waits: ", said))
                    prove_everywhere(facts)
                elif state == TaskState.ACTIVE:
                    prove_given(Facts(farm, step, task, now), said)
    prove_nothing_waits_behind(farm, now)
    for client in farm.clients.values():
        prove_client(farm, client, now)


def prove_everywhere(facts: Facts) -> None:
    """A task that may begin has begun, but for what is so on each client that works and could run it."""
    farm, step = facts.farm, facts.step
    if step in farm.queue and facts.states(step)[facts.task] == TaskState.READY:
        for client in facts.able():
            if facts.works(client):
                facts.on(client).prove(obstacle_there(farm, step, client, facts.task))


def prove_given(facts: Facts, said: str) -> None:
    """A client has it: it runs there, or is to begin."""
    found = re.fullmatch(rf"Frame 1 (.+?) {CLIENT}(?: and {CLIENT})?(.*)\.", said)
    assert found, said
    task, clients = facts.task, [facts.named(name) for name in found.groups()[1:3] if name]
    mine = [order for client in clients for order in facts.of_step(client, facts.step) if order.holds(task)]
    assert len(mine) == len(clients), said
    runs = any(order.running == task or (order.together and order.running is not None) for order in mine)
    others = any(order.running is not None for client in clients for order in facts.on(client).mine)
    away = not any(client.online for client in clients)
    told = {
        ("was on", ", which is away"): away,
        ("runs on", ""): runs and not away,
        ("waits on", ", behind what runs there"): others and not runs and not away,
        ("has been given to", " and is to begin there"): not others and not away,
    }
    assert told[found[1], found[4]], said


def prove_nothing_waits_behind(farm: Farm, now: float) -> None:
    """What has not begun on a client that is full comes back, where another that could begin it has nothing."""
    if any(order.recalled for order in farm.orders.values()):
        return  # one after the other
    idle = [client for client in farm.clients.values() if not client.orders]
    for order in [order for order in farm.orders.values() if idle and order.open]:
        step = farm.jobs[order.job].steps[order.step]
        facts = Facts(farm, step, order.first, now, farm.clients[order.client])
        before = sum(other.cost for other in facts.mine if other.id < order.id)
        waits = facts.there.online and order.untouched and not order.second
        if waits and before + order.cost > facts.there.machine.slots:
            for client in idle:
                assert not facts.on(client).could_begin(order), f"{order} waits, and {client.name} is idle"


def prove_job(farm: Farm, job: Job, now: float) -> None:
    said = why_job(farm, job, now)
    waits, running = f"Job {job.id} waits: ", sum(bytes(step.tasks).count(TaskState.ACTIVE) for step in job.steps)
    if "wait" not in said:
        assert said == f"Job {job.id} has {running} of its tasks on clients, and no other is ready."
        assert running
        assert not any(TaskState.READY in bytes(step.tasks) for step in job.steps)
    elif job.state is JobState.PAUSED or job.gate:
        begin = f"Job {job.id} waits, but for {running} of its tasks that clients have: " if running else waits
        Facts(farm, job.steps[0], 0, now).prove(f"its job {after(begin, said).removeprefix('it ')}")
    else:
        begin = f"Job {job.id} has {running} of its tasks on clients; the others wait: " if running else waits
        first_that_waits(farm, job, now).prove(after(begin, said))


def first_that_waits(farm: Farm, job: Job, now: float) -> Facts:
    """One that is ready, if any is: the next to be begun."""
    for state in (TaskState.READY, TaskState.WAITING):
        for step in job.steps:
            if (task := bytes(step.tasks).find(state)) >= 0:
                return Facts(farm, step, next(step.tasks.ready(), task), now)
    raise AssertionError(f"nothing of job {job.id} waits")


def prove_client(farm: Farm, client: RuntimeClient, now: float) -> None:
    said = why_client(farm, client, now)
    told = after(f"{client.machine.name} ", said)
    facts = [Facts(farm, step, next(step.tasks.ready()), now, client) for step in farm.queue]
    if match := re.fullmatch(r"is idle: (?:the only step that is ready|(\d+) of (\d+) ready steps): (.+)", told):
        assert int(match[2] or 1) == len(facts)
        assert sum(is_so(each, match[3]) for each in facts) >= int(match[1] or 1), said
    elif told.startswith("is idle: "):
        assert not facts, said
    elif told.startswith("runs "):
        assert any(order.running is not None for order in client.orders.values())
    elif told == "has been given an order and begins it":
        assert client.orders
    else:
        assert rests(client, told, now), said


def is_so(facts: Facts, said: str) -> bool:
    """Whether it is so of this one as well, of which it was perhaps not said."""
    try:
        facts.prove(said)
    except (AssertionError, LookupError):
        return False
    return True


def after(begin: str, said: str) -> str:
    assert said.startswith(begin), f"{said} does not begin with {begin}"
    assert said.endswith("."), said
    return said.removeprefix(begin).removesuffix(".")
