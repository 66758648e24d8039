"""When something may run: what a job comes after, its hours, a client's sleep, and limits in time.

How does this work?  `gate` gives the reason why no task of a job may be ordered now ("" when they may), and when
that may be different; `look_at_gate` keeps `Job.gate` to it and sets an alarm.  `look_at_hours` does the same
for the hours in which a client sleeps.  Jobs that come after others are looked at again when one of those begins
or ends.
"""

from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from brender.farm.client import RuntimeClient
from brender.farm.job import Job
from brender.farm.scheduling import holding
from brender.farm.scheduling.windows import BadHours, Hours, zone_of
from brender.farm.settings import After
from brender.farm.transitions import JobState

if TYPE_CHECKING:
    from brender.farm.farm import Farm

OPEN = ""
HAS = {JobState.FAILED: "has failed", JobState.CANCELED: "was canceled"}


def gate(farm: "Farm", job: Job, now: float) -> tuple[str, float | None]:
    """Why none of the job's tasks may be ordered, and when by itself that changes; "" when they may."""
    settings = job.settings
    zone = zone_of(settings.zone or farm.settings.zone)
    for after in settings.after:
        if reason := comes_after(farm, job, after):
            return reason, None
    if settings.not_before is not None and now < settings.not_before:
        return f"it is not to begin before {moment(settings.not_before, zone)}", settings.not_before
    if not settings.hours:
        return OPEN, None
    hours = Hours.read(settings.hours)
    told = OPEN if hours.cover(now, zone) else f"it may run only in its hours, {settings.hours} {zone}"
    return told, hours.next_change(now, zone)


def comes_after(farm: "Farm", job: Job, after: After) -> str:
    """What is missing of one dependency on a job; of frames, each task looks for itself."""
    other = farm.jobs.get(after.job) or farm.archived.get(after.job)
    if other is None:
        return f"it comes after job {after.job}, which is not there any more"
    if after.frames is not None and isinstance(other, Job) and follows_frames(farm, job, other):
        return OPEN
    met, what = {
        "started": (other.started is not None, "started"),
        "ended": (other.finished, "ended"),
        "completed": (other.state is JobState.COMPLETED, "completed"),
    }[after.when if after.frames is None else "completed"]
    return OPEN if met else f"it comes after job {after.job}, which {HAS.get(other.state) or f'has not {what} yet'}"


def follows_frames(farm: "Farm", job: Job, source: Job) -> bool:
    """Whether frames of the job wait for frames of that one, so that each looks for itself."""
    return any(link.source.job is source for step in job.steps for link in farm.links.get(step, ()))


def look_at_gate(farm: "Farm", job: Job, now: float) -> None:
    """Keep a job's gate to what its settings and the time say."""
    if job.finished:
        return
    reason, change = gate(farm, job, now)
    if change is not None and change != job.turns:
        farm.alarms.at(change, lambda then: look_at_gate(farm, job, then) if job.turns == change else None)
    job.turns = change
    if reason != job.gate:
        job.gate = reason
        farm.changes.jobs[job.id] = job
        if reason:
            holding.call_back(farm, job.orders.values())
        for step in job.steps:
            farm.enqueue(step)
            farm.stirred[step] = None


def look_at_hours(farm: "Farm", client: RuntimeClient, now: float) -> None:
    """Whether a client sleeps now, and when it will be different."""
    hours, zone = Hours.read(client.settings.sleeps), zone_for(farm, client)
    client.asleep = hours.cover(now, zone)
    if client.asleep:
        holding.call_back(farm, client.orders.values())
    change = hours.next_change(now, zone)

    def ring(then: float) -> None:
        if client.turns != change:
            return
        client.turns = None
        if client.online:
            look_at_hours(farm, client, then)
            farm.changed(client)

    if change is not None and change != client.turns:
        farm.alarms.at(change, ring)
    client.turns = change


def zone_for(farm: "Farm", client: RuntimeClient) -> tzinfo:
    """The zone of a client's hours: its own, its machine's where that is one that is known here, or the farm's."""
    for name in (client.settings.zone, client.machine.zone):
        if name and (zone := known_zone(name)):
            return zone
    return zone_of(farm.settings.zone)


def known_zone(name: str) -> tzinfo | None:
    try:
        return zone_of(name)
    except BadHours:
        return None


def moment(when: float, zone: tzinfo) -> str:
    """ "2026-11-27 22:00 CET"."""
    local = datetime.fromtimestamp(when, zone)
    return f"{local:%Y-%m-%d %H:%M} {local.tzname() or zone}"


def clock(when: float, now: float, zone: tzinfo) -> str:
    """The same, without the date when that is today."""
    today = datetime.fromtimestamp(now, zone).date() == datetime.fromtimestamp(when, zone).date()
    return moment(when, zone).partition(" ")[2] if today else moment(when, zone)
