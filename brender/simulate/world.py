"""A simulated farm: the real rules, a virtual clock, simulated workers and people.

How does this work?  `World` does what the server does: it tells the rules what happened, lets `match` give out work,
and says what has changed to the workers, a little later, as a network would.  Alarms of the farm ring when virtual time
has come so far.  No rule is here: what a worker is given, and when, is decided by `brender.farm` alone.
All chance comes from the seed.  `Measures` watches.
"""

from collections.abc import Callable
from functools import partial
from random import Random
from time import process_time

from brender.farm import changing
from brender.farm.changes import Changes
from brender.farm.client import Machine, RuntimeClient
from brender.farm.farm import Farm
from brender.farm.job import Job
from brender.farm.machines import presence
from brender.farm.scheduling.matching import match
from brender.simulate.bounds import Bounds
from brender.simulate.clock import Clock
from brender.simulate.farm_shape import FarmShape, Group, draw
from brender.simulate.measures import EVERY, Measures
from brender.simulate.people import Handed, Person, Scene
from brender.simulate.worker import Word, Work, Worker

BEGIN = 1_767_571_200.0  # Monday, the 5th of January 2026, 00:00 UTC
DAY = 86_400.0


class World:
    def __init__(self, shape: FarmShape, seed: int = 1, days: float | None = None) -> None:
        self.shape = shape
        self.seed = seed
        self.end = BEGIN + DAY * (shape.days if days is None else days)
        self.clock = Clock(BEGIN)
        self.farm = Farm(shape.farm)
        self.people = [Person(user, number, seed) for number, user in enumerate(shape.users)]
        self.workers: dict[int, Worker] = {}
        samples = [RuntimeClient(0, machine(group), settings=group.settings) for group in shape.clients]
        self.measures = Measures(self.farm, self.clock, shape, self.workers, Bounds(shape.clients, samples))
        self._scenes: dict[int, list[Scene]] = {}
        self._whose: dict[int, Person] = {}  # unfinished jobs
        self._on_their_way: dict[int, tuple[list[Word], float]] = {}  # client -> words to the farm, said when
        self._coming = 0  # jobs that somebody is going to hand in
        for group in shape.clients:
            self._add(group)
        for person in self.people:
            self._begin(person)
        self._settle()

    # --- time

    def run(self, progress: Callable[[float], None] = lambda part: None) -> None:
        """Until the end, or until all jobs are done and no more will come; `progress` is told the part that is over."""
        told = BEGIN
        self.clock.at(BEGIN + EVERY, self._look)
        while (self._whose or self._coming) and self._step():
            if self.clock.now - told > DAY / 24:
                told = self.clock.now
                progress((told - BEGIN) / (self.end - BEGIN))
        self.measures.finish(min(self.clock.now, self.end))
        progress(1.0)

    def _step(self) -> bool:
        """Let the next thing happen; False when it is too late for that."""
        coming, alarm = self.clock.next, self.farm.alarms.next
        if alarm is not None and (coming is None or alarm <= coming):
            if alarm > self.end:
                return False
            self.clock.now = max(self.clock.now, alarm)
            self._tell(self.farm.alarms.ring)
            return True
        if coming is None or coming > self.end:
            return False
        self.clock.step()
        return True

    def _look(self) -> None:
        self.measures.look()
        self.clock.at(self.clock.now + EVERY, self._look)

    # --- the farm

    def _tell(self, *words: Callable[[float], object]) -> None:
        """Something has happened: the rules are told, and say what follows."""
        began = process_time()
        self.measures.pass_by()
        now = self.clock.now
        for word in words:
            word(now)
        self.measures.about_to_match()
        match(self.farm, now)
        changes = self.farm.take_changes()
        self.measures.rules_took(process_time() - began)
        self.measures.changed(changes)
        if changes:
            self._say(changes)

    def _settle(self) -> None:
        self._tell()

    def _say(self, changes: Changes) -> None:
        """What a server says to workers after a commit: cancel, recall, give, in that order."""
        for order in changes.canceled:
            self._to(order.client, lambda worker, number=order.id: worker.cancel(number))  # type: ignore[misc]
        for order in changes.recalled:
            self._to(order.client, lambda worker, number=order.id: worker.recall(number))  # type: ignore[misc]
        for order in changes.issued:
            if order.open:
                scene = self._scenes[order.job][order.step]
                work = Work(order, self.farm.queue.whose(self.farm.jobs[order.job]), scene)
                self._to(order.client, lambda worker, work=work: worker.take(work))  # type: ignore[misc]
        for job in changes.ended:
            self._ended(job)

    def _to(self, client: int, word: Callable[[Worker], None]) -> None:
        """A word to a worker; one that died meanwhile does not hear it."""
        worker = self.workers[client]
        if worker.alive:
            life = worker.life
            arrives = self.clock.now + self.shape.latency
            self.clock.at(arrives, lambda: word(worker) if worker.alive and worker.life == life else None)

    def _from(self, worker: Worker, word: Word) -> None:
        """A word of a worker to the farm; what it says in one moment goes together."""
        number, now = worker.client.id, self.clock.now
        words, said = self._on_their_way.get(number, ([], -1.0))
        if said == now:
            words.append(word)
            return
        words = [word]
        self._on_their_way[number] = (words, now)
        self.clock.at(now + self.shape.latency, lambda: self._hear(number, words))

    def _hear(self, number: int, words: list[Word]) -> None:
        if self._on_their_way[number][0] is words:
            del self._on_their_way[number]
        self._tell(*[partial(word, self.farm) for word in words])

    # --- workers

    def _add(self, group: Group) -> None:
        """The machines of a group come online."""
        for place in range(1, group.number + 1):
            number = len(self.workers) + 1
            client = RuntimeClient(number, machine(group, place, number), settings=group.settings)
            chance = Random(f"{self.seed} client {number}")
            self.workers[number] = worker = Worker(client, group, chance, self.clock, self.measures, self._from)
            self.farm.admit(client)
            greet(self.farm, client, self.clock.now)
            self._plan_death(worker)

    def _plan_death(self, worker: Worker) -> None:
        if worker.group.dies_every:
            left = worker.chance_of_death.expovariate(1.0 / worker.group.dies_every)
            self.clock.at(self.clock.now + left, lambda: self._die(worker))

    def _die(self, worker: Worker) -> None:
        client = worker.client
        worker.die()
        life, lost = worker.life, self.clock.now + self.shape.lost_after
        self.measures.died()
        self._from(worker, lambda farm, now: farm.leave(client, now))
        self.clock.at(lost, lambda: self._lose(worker, life))
        self.clock.at(self.clock.now + draw(worker.group.away, worker.chance_of_death), lambda: self._come_back(worker))

    def _lose(self, worker: Worker, life: int) -> None:
        if not worker.alive and worker.life == life:
            self._tell(lambda now: self.farm.lose(worker.client, now))

    def _come_back(self, worker: Worker) -> None:
        """Its worker is started anew: it holds nothing."""
        worker.alive = True
        worker.life += 1
        self._tell(lambda now: greet(self.farm, worker.client, now))
        self._plan_death(worker)

    # --- people

    def _begin(self, person: Person) -> None:
        user = person.user
        for _ in range(user.jobs or user.keeps or 0):
            self._hand_in(person)
        if user.every:
            self._plan_next(person)

    def _plan_next(self, person: Person) -> None:
        moment = person.next_moment(self.clock.now, self.shape.farm.zone)
        if moment <= self.end:
            self._coming += 1
            self.clock.at(moment, lambda: self._comes(person))

    def _comes(self, person: Person) -> None:
        self._coming -= 1
        self._plan_next(person)
        self._hand_in(person)
        self._settle()

    def _hand_in(self, person: Person) -> None:
        handed, now = person.next_job(), self.clock.now
        job = Job(self.farm.last_job + 1, handed.name, now, settings=handed.settings)
        self._scenes[job.id], self._whose[job.id] = handed.scenes, person
        changing.submit(self.farm, job, handed.plan, now)
        self.measures.handed_in(job, handed)
        self._plan_cancel(job, handed)

    def _plan_cancel(self, job: Job, handed: Handed) -> None:
        if handed.canceled_after is not None:
            moment = self.clock.now + handed.canceled_after
            self.clock.at(moment, lambda: self._cancel(job))

    def _cancel(self, job: Job) -> None:
        if not job.finished:
            self._tell(lambda now: changing.cancel(self.farm, job, now))

    def _ended(self, job: Job) -> None:
        """The job is done; somebody who keeps so many going hands in the next one."""
        self.measures.ended(job)
        job.close()
        del self._scenes[job.id]
        person = self._whose.pop(job.id)
        if person.user.keeps and self.clock.now < self.end:
            self._hand_in(person)
            self.clock.at(self.clock.now, self._settle)


def greet(farm: Farm, client: RuntimeClient, now: float) -> None:
    """Its worker is there and holds nothing; nobody ever uses its machine."""
    farm.join(client, client.machine, {}, now)
    if client.settings.idle_seconds:
        presence.told(farm, client, False, now, now)


def machine(group: Group, place: int = 0, number: int = 0) -> Machine:
    """What the worker of one client of a group says of its machine."""
    memory, gpus = int(group.memory * 2**30), ("GPU",) * group.gpus
    return Machine(f"key {number}", f"{group.name}-{place:03}", group.slots, memory=memory, gpus=gpus)
