"""Whether settings can be: what msgspec cannot know, as it depends on the farm.

How does this work?  `problems_of_job` looks at hours, zones, limits and dependencies, and says all that is wrong
with its place; `warnings` tells what is possible and yet looks wrong: a job that no client known to the farm
could ever run, a pool that nobody is in, a path that only some machines have.
"""

from collections.abc import Iterator

from brender.farm.archiving import no_job
from brender.farm.failures.log_rules import problems_of_rules
from brender.farm.farm import Farm
from brender.farm.job import Job
from brender.farm.scheduling import sharing
from brender.farm.scheduling.shape import verdict
from brender.farm.scheduling.why import nobody
from brender.farm.scheduling.windows import BadHours, Hours, zone_of
from brender.farm.settings import ClientSettings, FarmSettings, JobSettings
from brender.farm.submission import mentions
from brender.farm.submission.problems import Problem, shown

LONGEST_NAME = 128  # characters, as OpenJD has it


def problems_of_job(farm: Farm, number: int, settings: JobSettings) -> list[Problem]:
    """What is wrong with the settings of the job with this number, which may not be there yet."""
    return [
        *problems_of_hours("hours", settings.hours),
        *problems_of_zone(settings.zone),
        *problems_of_limits(farm, settings),
        *problems_of_dependencies(farm, number, settings),
    ]


def problems_of_name(name: str) -> Iterator[Problem]:
    """What is wrong with a name that is given in place of the template's."""
    if len(name) > LONGEST_NAME:
        yield Problem("name", f"At most {LONGEST_NAME} characters can stand here; this has {len(name):,}.")


def problems_of_client(settings: ClientSettings) -> list[Problem]:
    return [*problems_of_hours("sleeps", settings.sleeps), *problems_of_zone(settings.zone)]


def problems_of_farm(settings: FarmSettings) -> list[Problem]:
    return [*problems_of_zone(settings.zone), *problems_of_rules(settings)]


def problems_of_hours(name: str, text: str) -> Iterator[Problem]:
    try:
        Hours.read(text)
    except BadHours as bad:
        yield Problem(name, str(bad))


def problems_of_zone(name: str) -> Iterator[Problem]:
    try:
        zone_of(name)
    except BadHours as bad:
        yield Problem("zone", str(bad))


def problems_of_limits(farm: Farm, settings: JobSettings) -> Iterator[Problem]:
    for name, number in settings.limits.items():
        limit = farm.settings.limits.get(name)
        if limit is None:
            known = ", ".join(farm.settings.limits) or "none"
            yield Problem(f"limits.{name}", f'There is no limit "{shown(name)}"; this farm has {known}.')
        elif number > limit.count:
            yield Problem(f"limits.{name}", f"A task would take {number} of {name}; this farm has {limit.count}.")


def problems_of_dependencies(farm: Farm, number: int, settings: JobSettings) -> Iterator[Problem]:
    for place, after in enumerate(settings.after):
        at = f"after[{place}]"
        other = farm.jobs.get(after.job)
        if after.job == number:
            yield Problem(at, f"Job {number} cannot come after itself.")
        elif other is None and after.job in farm.archived:
            if after.frames is not None or after.step:
                yield Problem(at, no_job(farm, after.job))
        elif other is None:
            yield Problem(at, f"There is no job {after.job} to come after.")
        elif other.standing.deleted:
            yield Problem(at, f"Job {after.job} is deleted, and goes in a moment; nothing can come after it.")
        elif members := circle(farm, number, after.job):
            yield Problem(at, f"Job {number} cannot come after job {after.job}: {told(members)}.")
        elif after.step and after.step not in (names := [step.name for step in other.steps or other.past]):
            sentence = f'Job {after.job} has no step "{shown(after.step)}"; it has {", ".join(names)}.'
            yield Problem(f"{at}.step", sentence)
        if after.frames is not None and after.frames[0] > after.frames[1]:
            first, last = after.frames
            yield Problem(f"{at}.frames", f"The frames go from {first} to {last}; write [{last}, {first}].")


def circle(farm: Farm, number: int, before: int) -> list[int]:
    """The jobs from `before` back to this one, each coming after the next; [] when there is no way."""
    ways = [[before]]
    seen = {before}
    while ways:
        way = ways.pop()
        job = farm.jobs.get(way[-1])
        for after in job.settings.after if job else ():
            if after.job == number:
                return way
            if after.job not in seen:
                seen.add(after.job)
                ways.append([*way, after.job])
    return []


def told(members: list[int]) -> str:
    """ "job 2 comes after job 3, and that after this one"."""
    first, *rest = members
    links = [f"job {first} comes after {f'job {rest[0]}' if rest else 'this one'}"]
    links += [f"that after {f'job {number}' if number else 'this one'}" for number in (*rest[1:], None)] if rest else []
    return ", and ".join(links)


def warnings(farm: Farm, job: Job) -> Iterator[str]:
    """What looks wrong with a job and may be right all the same."""
    yield from sharing.warnings(job, farm.settings.shared_folders)
    yield from mentions.warnings(job.template, farm.settings.shared_folders)
    pool = job.settings.pool
    if pool and farm.clients and not any(pool in client.settings.pools for client in farm.clients.values()):
        yield f"No client is in pool {pool}."
        return
    for step in job.steps:
        if farm.clients and all(verdict(client, step.shape) is not None for client in farm.clients.values()):
            yield f'No client of this farm can run step "{step.name}": {nobody(farm, step)}.'
