"""The verb `why`: what a job, a frame or a client waits for, in one sentence.

How does this work?  The sentences come from `farm.why`, which asks the rules that decide.  A whole number is a job, and
a second one a frame of it; anything else chooses clients.  A job that has ended answers for all its frames.
"""

import re
from collections.abc import Sequence

from brender.farm.choosing import of_frames
from brender.farm.job import Job
from brender.farm.why import why_client, why_job, why_tasks
from brender.protocols.client_verbs import FILTER, chosen
from brender.protocols.job_verbs import job_of
from brender.protocols.verbs import Asked, Verbs, WrongUse

WHY_VERBS = Verbs()
CLIENTS_TOLD = 20


@WHY_VERBS(
    "why ID [FRAME]",
    "Say what a job, a frame, or (why CLIENT) a client waits for.",
    f"why 4 is about a job, why 4 12 about its frame 12, why render-01 about a client.\n{FILTER}",
)
async def why(asked: Asked) -> str:
    if not asked.words:
        raise WrongUse("Say of what: why ID, why ID FRAME, or why CLIENT.")
    farm, (first, *more) = asked.service.farm, asked.words
    if not first.isdecimal():
        found = chosen(asked.service, asked.words)
        lines = [why_client(farm, farm.clients[client.id], asked.now) for client in found[:CLIENTS_TOLD]]
        left_out = [f"{len(found) - CLIENTS_TOLD:,} more match."] if len(found) > CLIENTS_TOLD else []
        return "\n".join([*lines, *left_out])
    job = job_of(asked.service, first)
    if not more or job.finished:
        return why_job(farm, job, asked.now)
    return "\n".join(why_frame(asked, job, more))


def why_frame(asked: Asked, job: Job, words: Sequence[str]) -> list[str]:
    """A sentence for each task that has the frame: of several steps, or parts of one."""
    if len(words) != 1 or not re.fullmatch(r"-?[0-9]{1,15}", words[0]):
        raise WrongUse(f"Say one frame, such as why {job.id} 12.")
    return why_tasks(asked.service.farm, job, of_frames(job, words[0]), asked.now)
