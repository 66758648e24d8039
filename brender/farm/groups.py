"""Pools and tags: names that clients share, and that jobs ask for.

How does this work?  Neither has an object of its own: a pool is there while a client is in it (or takes only jobs of
it) or an unfinished job asks for it, and so is a tag.  To put clients into one, take them out, and give it another
name is to change the settings of those clients and jobs, all in one go.  What a template asks for nobody can change,
so a tag that an unfinished job needs keeps its name.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from brender.farm.changing import set_client
from brender.farm.client import RuntimeClient
from brender.farm.job import Job
from brender.farm.submission.problems import Problem, Refused, listed, shown
from brender.farm.transitions import NotNow

if TYPE_CHECKING:
    from brender.farm.farm import Farm

Kind = Literal["pools", "tags"]
TAG = "attr.tag"
LONGEST = 128  # characters of a name
MOST_NAMED = 5  # jobs in a sentence


def clients_of(client: RuntimeClient, kind: Kind) -> tuple[str, ...]:
    """The groups that a client is in."""
    return client.settings.pools if kind == "pools" else client.settings.tags


def asked_by(job: Job, kind: Kind) -> set[str]:
    """The groups that an unfinished job asks for."""
    if kind == "pools":
        return {job.settings.pool} if job.settings.pool else set()
    needs = (each for step in job.steps for each in (step.requires.any_of, step.requires.all_of))
    return {tag for each in needs for tag in each.get(TAG, ())}


def asking(farm: "Farm", kind: Kind, name: str) -> list[Job]:
    """The unfinished jobs that ask for it; tags are compared without regard to case."""
    same = str.lower if kind == "tags" else str
    jobs = farm.jobs.unfinished()
    return [job for job in jobs if same(name) in map(same, asked_by(job, kind))]


def known(farm: "Farm", kind: Kind) -> set[str]:
    """The names of all that there are."""
    found = {name for client in farm.clients.values() for name in clients_of(client, kind)}
    if kind == "pools":
        found.update(name for client in farm.clients.values() for name in client.settings.takes)
    return found.union(*(asked_by(job, kind) for job in farm.jobs.unfinished()))


# --- changed


def put(farm: "Farm", kind: Kind, name: str, clients: Iterable[RuntimeClient], now: float) -> list[RuntimeClient]:
    """Put clients into it; those that were not.  Raises `Refused` when that is no name."""
    check(kind, name)
    new = [client for client in clients if name not in clients_of(client, kind)]
    for client in new:
        give(farm, client, kind, (*clients_of(client, kind), name), now)
    return new


def take(farm: "Farm", kind: Kind, name: str, clients: Iterable[RuntimeClient], now: float) -> list[RuntimeClient]:
    """Take clients out of it; those that were in it."""
    old = [client for client in clients if name in clients_of(client, kind)]
    for client in old:
        give(farm, client, kind, [each for each in clients_of(client, kind) if each != name], now)
    return old


def give(farm: "Farm", client: RuntimeClient, kind: Kind, names: Sequence[str], now: float) -> None:
    set_client(farm, client, replace(client.settings, **{kind: tuple(names)}), now)


def dissolve(farm: "Farm", kind: Kind, name: str, now: float) -> list[RuntimeClient]:
    """Take all clients out of it, those that are changed.  Raises `NotNow` while somebody asks for it."""
    if jobs := asking(farm, kind, name):
        raise NotNow(f"{told(jobs, kind, name)}: end or change that first.")
    if alone := [client for client in farm.clients.values() if kind == "pools" and client.settings.takes == (name,)]:
        raise NotNow(f"{alone[0].name} takes only jobs of pool {shown(name)}: set what else it takes first.")
    changed = take(farm, kind, name, farm.clients.values(), now)
    takers = [client for client in farm.clients.values() if kind == "pools" and name in client.settings.takes]
    for client in takers:
        left = tuple(each for each in client.settings.takes if each != name)
        set_client(farm, client, replace(client.settings, takes=left), now)
    return [*changed, *(client for client in takers if client not in changed)]


def rename(farm: "Farm", kind: Kind, name: str, new: str, now: float) -> bool:
    """Give it another name, wherever it is written; False when it has that.  Raises `Refused`, `NotNow`."""
    check(kind, new)
    if new == name:
        return False
    if new in known(farm, kind):
        raise NotNow(f"There is a {kind[:-1]} {shown(new)} already: put the clients into that one instead.")
    jobs = asking(farm, kind, name)
    if jobs and kind == "tags":
        raise NotNow(f"{told(jobs, kind, name)}, as the template says: end that first.")
    if kind == "pools":
        rename_pool(farm, name, new, jobs)
    else:
        for client in farm.clients.values():
            set_client(farm, client, replace(client.settings, tags=swapped(client.settings.tags, name, new)), now)
    return True


def rename_pool(farm: "Farm", name: str, new: str, jobs: Iterable[Job]) -> None:
    """Who may run what stays as it was: nothing is called back, and nobody is asked for more."""
    for client in farm.clients.values():
        before = client.settings
        if name in before.pools or name in before.takes:
            pools, takes = swapped(before.pools, name, new), swapped(before.takes, name, new)
            client.settings = replace(before, pools=pools, takes=takes)
            client.verdicts.clear()
            farm.changes.clients[client.id] = client
    farm.floor.reconsider()
    for job in jobs:
        job.settings = replace(job.settings, pool=new)
        for step in job.steps:
            farm.reshape(step)
        farm.changes.jobs[job.id] = job


def swapped(names: Iterable[str], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if name == old else name for name in names)


def check(kind: Kind, name: str) -> None:
    """Raises `Refused` when that can be no name."""
    if not name.strip() or len(name) > LONGEST or not name.isprintable() or "," in name:
        sentence = f"The name of a {kind[:-1]} has 1 to {LONGEST} characters, and no comma among them."
        raise Refused([Problem("name", sentence)])


def told(jobs: Collection[Job], kind: Kind, name: str) -> str:
    """ "Job 3 asks for pool gpu", "Jobs 3, 4 and 5 ask for pool gpu"."""
    numbers = [str(job.id) for job in jobs]
    more = [f"{len(numbers) - MOST_NAMED:,} others"] if len(numbers) > MOST_NAMED else []
    who = f"Job {numbers[0]} asks" if len(numbers) == 1 else f"Jobs {listed([*numbers[:MOST_NAMED], *more])} ask"
    return f"{who} for {kind[:-1]} {shown(name)}"
