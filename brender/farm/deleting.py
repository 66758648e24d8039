"""What may be deleted: finished jobs that no other job needs, clients that are away.

How does this work?  `jobs` and `clients` take things out of the farm and give, for each that has to stay, the reason.
What a client had been given stays with the orders of its jobs, and so does its name.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from brender.farm.archiving import take_out
from brender.farm.client import RuntimeClient
from brender.farm.job import Job

if TYPE_CHECKING:
    from brender.farm.farm import Farm


def jobs(farm: "Farm", chosen: Sequence[Job]) -> dict[int, str]:
    """Delete these; why some stay.  One that comes after another of them goes before it."""
    followers = comes_after(farm)
    stay: dict[int, str] = {}
    for job in sorted(chosen, key=lambda job: -job.id):
        if job.id not in farm.jobs:
            continue
        if reason := job_stays(job, followers):
            stay[job.id] = reason
            continue
        take_out(farm, job)
        for after in job.settings.after:
            followers[after.job].discard(job.id)
    return stay


def comes_after(farm: "Farm") -> dict[int, set[int]]:
    """Of each job those that come after it, finished or not: their settings name it."""
    found: dict[int, set[int]] = {}
    for job in farm.jobs.values():
        for after in job.settings.after:
            found.setdefault(after.job, set()).add(job.id)
    return found


def job_stays(job: Job, followers: Mapping[int, Iterable[int]]) -> str:
    if not job.finished:
        return f"Job {job.id} is {job.state}: cancel it first. A job that has ended can be deleted."
    if job.orders:
        return f"Job {job.id} has ended, and clients still end what they ran of it: try again in a moment."
    if others := sorted(followers.get(job.id, ())):
        return f"Job {others[0]} comes after job {job.id}: delete that first, or change what it comes after."
    return ""


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
