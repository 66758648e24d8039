"""What may go wrong with a job that nobody has handed in yet.

How does this work?  The job is made without its tasks, and `admission` is asked what it would warn of.  Where that
would mean to hold very many steps against very many clients, nothing is said until the job is there.
"""

from dataclasses import replace

from brender.farm import admission
from brender.farm.farm import Farm
from brender.farm.job import Job
from brender.farm.scheduling.shape import Shapes
from brender.farm.settings import JobSettings
from brender.farm.submission.plans import Plan

MOST = 20_000  # steps times clients


def warnings(farm: Farm, made: Plan, wanted: JobSettings) -> list[str]:
    if len(made.steps) * len(farm.clients) > MOST:
        return []
    job = Job(id=0, name=made.name, submitted=0.0, settings=wanted)
    job.follow(replace(made, steps=tuple(replace(step, tasks=0) for step in made.steps)), Shapes())
    return list(admission.warnings(farm, job))
