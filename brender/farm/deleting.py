"""What may be deleted: jobs that no other job needs, clients that are away.

How does this work?  `jobs` and `clients` take things out of the farm and give, for each that has to stay, the reason.
A job that goes on is canceled first.  While clients still end what they run of one it stays, as their slots are in use;
`Standing.deleted` keeps the wish in its row, so that a start of the server does not lose it, and `Farm.deleted` finds
these jobs.  Once their last order is let go, by a worker or because its client was lost, `free` has them, and nothing
brings one back in between.  What a client had been given stays with the orders of its jobs, and so does its name.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from brender.farm import changing
from brender.farm.archiving import take_out
from brender.farm.client import RuntimeClient
from brender.farm.job import WHEN_ENDED, Job
from brender.farm.transitions import NotNow

if TYPE_CHECKING:
    from brender.farm.farm import Farm


def jobs(farm: "Farm", chosen: Sequence[Job], now: float) -> dict[int, str]:
    """Delete these; why some stay.  One that comes after another of them goes before it."""
    followers = comes_after(farm)
    stay: dict[int, str] = {}
    for job in sorted(chosen, key=lambda job: -job.id):
        if job.id not in farm.jobs:
            continue
        if reason := job_stays(job, followers):
            stay[job.id] = reason
            continue
        delete(farm, job, now)
        for after in job.settings.after:
            followers[after.job].discard(job.id)
    return stay


def delete(farm: "Farm", job: Job, now: float) -> None:
    if not job.finished:
        changing.cancel(farm, job, now)
    if not job.orders:
        take_out(farm, job)
    elif not job.standing.deleted:
        job.standing.deleted = True
        farm.deleted[job.id] = farm.changes.jobs[job.id] = job


def comes_after(farm: "Farm") -> dict[int, set[int]]:
    """Of each job those that come after it, finished or not: their settings name it."""
    found: dict[int, set[int]] = defaultdict(set)
    for job in farm.jobs.values():
        for after in () if job.standing.deleted else job.settings.after:
            found[after.job].add(job.id)
    return found


def job_stays(job: Job, followers: Mapping[int, Iterable[int]]) -> str:
    if others := sorted(followers.get(job.id, ())):
        return f"Job {others[0]} comes after job {job.id}: delete that first, or change what it comes after."
    return ""


def free(farm: "Farm") -> list[Job]:
    """The deleted jobs of which no client holds anything any more."""
    return [job for job in farm.deleted.values() if not job.orders]


def kept(job: Job) -> Job:
    """The same job; raises `NotNow` where it is deleted."""
    if job.standing.deleted:
        raise NotNow(f"Job {job.id} is deleted: it goes {WHEN_ENDED}.")
    return job


def clients(farm: "Farm", chosen: Sequence[RuntimeClient]) -> dict[int, str]:
    """Delete these; why some stay."""
    stay: dict[int, str] = {}
    for client in chosen:
        if client.id not in farm.clients:
            continue
        if reason := client_stays(client):
            stay[client.id] = reason
        else:
            farm.dismiss(client)
    return stay


def client_stays(client: RuntimeClient) -> str:
    if client.online:
        return f"{client.name} is online: stop its worker first, or it would be back at once."
    if client.orders:
        return f"{client.name} went with work that it may bring back: try again when that is given to others."
    return ""
