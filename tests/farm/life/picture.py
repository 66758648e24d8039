"""All of a farm that has to survive a start of the server, as plain values that can be compared."""

from typing import Any

from brender.farm.farm import Farm
from brender.farm.transitions import TaskState

# What is ready follows from what is done, and (until a worker has said that it is gone) from what is being ended.
WAIT = bytes.maketrans(bytes([TaskState.READY]), bytes([TaskState.WAITING]))


def picture(farm: Farm) -> dict[str, Any]:
    """All of a farm that has to survive."""
    unfinished = [job for job in farm.jobs.values() if not job.finished]
    return {
        "jobs": {job.id: (job.state, job.reason, job.started, job.ended) for job in farm.jobs.values()},
        "settings": {job.id: job.settings for job in unfinished},
        "standing": {job.id: job.standing for job in unfinished},
        "past": {job.id: [(step.name, step.counts) for step in job.past] for job in farm.jobs.values()},
        "tasks": {job.id: [bytes(step.tasks).translate(WAIT) for step in job.steps] for job in unfinished},
        "tries": {
            job.id: [{task: sorted(tries.clients) for task, tries in step.tries.items()} for step in job.steps]
            for job in unfinished
            if all(step.as_of < 0 for step in job.steps)
        },
        "orders": {
            order.id: (order.client, order.first, bytes(order.tasks), order.cost, order.second)
            for order in farm.orders.values()
            if order.open
        },
        "deleted": dict.fromkeys(farm.deleted, True),
        "clients": {client.id: (client.machine, client.status, client.settings) for client in farm.clients.values()},
    }
