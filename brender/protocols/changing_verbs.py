"""The verbs of those who change their minds: other settings, tasks once more, more tasks, a preview approved.

How does this work?  `Change` sorts the words after `set`: whom it is about, and what is to be so.  `Which` is what
stands after `retry` and `requeue`: frames, the name of a step, or nothing.  The farm decides; here is only
wording.  What was so already is counted, and is no mistake.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from brender.farm.choosing import Chosen, ended, everything, of_frames
from brender.farm.job import Job
from brender.farm.settings import ClientSettings, JobSettings
from brender.protocols.client_verbs import FILTER, names
from brender.protocols.client_verbs import chosen as clients_chosen
from brender.protocols.filters import ATTRIBUTES
from brender.protocols.job_verbs import job_of, named
from brender.protocols.tables import count
from brender.protocols.values import field_of, pairs, quoted, read, settings_help
from brender.protocols.verbs import Asked, Verbs, WrongUse, one_word
from brender.protocols.words import listed

CHANGING_VERBS = Verbs()
WITH_DEPENDENTS = "--with-dependents"
SET = "set job ID KEY=VALUE..., or set client FILTER KEY=VALUE..."


# --- set


@dataclass(frozen=True)
class Change:
    """Whom `set` is about, and what is to be so, as it was typed."""

    job: str  # its id; "" when it is about clients
    filter: Sequence[str]
    words: Mapping[str, str]

    @classmethod
    def read(cls, words: Sequence[str]) -> "Change":
        """Raises `BadWords`."""
        thing, *rest = words or [""]
        if thing.lower() in {"job", "jobs"} and rest:
            return cls(rest[0], [], said(rest[1:], JobSettings))
        if thing.lower() in {"client", "clients"} and rest:
            size = next((place for place, word in enumerate(rest) if not is_filter(word)), len(rest))
            if not size:
                raise WrongUse(f"Say which clients: set client FILTER {rest[0]}, such as set client all {rest[0]}.")
            return cls("", rest[:size], said(rest[size:], ClientSettings))
        raise WrongUse(f"Say of what: {SET}.")


def is_filter(word: str) -> bool:
    """Words that choose clients come first; the first that sets something ends them."""
    key, equals, _ = word.partition("=")
    return not equals or key.lower() in ATTRIBUTES


def said(words: Sequence[str], kind: type[JobSettings] | type[ClientSettings]) -> dict[str, str]:
    if not words:
        raise WrongUse(f"Say what is to be so: KEY=VALUE; there are {listed(kind.__struct_fields__)}.")
    return {field_of(kind, key): text for key, text in pairs(words).items()}


@CHANGING_VERBS(
    "set WHAT KEY=VALUE...",
    "Change settings of a job or of clients.",
    "  set job ID KEY=VALUE...         set job 4 priority=80 pool=lighting\n"
    "  set client FILTER KEY=VALUE...  set client render-0* pools=lighting,gpu\n"
    f"Settings of a job:\n{settings_help(JobSettings)}\n"
    f"Settings of a client:\n{settings_help(ClientSettings)}\n{FILTER}",
)
async def set_settings(asked: Asked) -> str:
    change = Change.read(asked.words)
    return await (set_job if change.job else set_clients)(asked, change)


async def set_job(asked: Asked, change: Change) -> str:
    job = job_of(asked.service, change.job)
    changed = await asked.service.set_job(job.id, read(JobSettings, change.words, asked.zone))
    return f"{named(job)} {'now has' if changed else 'already had'} {told(change.words)}."


async def set_clients(asked: Asked, change: Change) -> str:
    farm = asked.service.farm
    found = clients_chosen(asked.service, change.filter)
    clients = [farm.clients[client.id] for client in found]
    changed = await asked.service.set_clients(clients, read(ClientSettings, change.words, asked.zone))
    ids = {client.id for client in changed}
    now, before = ([client.name for client in found if (client.id in ids) is new] for new in (True, False))
    return clients_set(now, before, change.words)


def told(words: Mapping[str, str]) -> str:
    """ "priority=80 and pool=lighting"."""
    return listed(f"{key}={quoted(text)}" for key, text in words.items())


def clients_set(now: Sequence[str], before: Sequence[str], words: Mapping[str, str]) -> str:
    """ "2 clients: render-01 now has pools=gpu, render-02 already had."."""
    total = f"{count(len(now) + len(before), 'client')}: " if len(now) + len(before) > 1 else ""
    has = f"{names(now)} now {'has' if len(now) == 1 else 'have'} {told(words)}" if now else ""
    had = f"{names(before)} already had{'' if now else f' {told(words)}'}" if before else ""
    return f"{total}{', '.join(filter(None, (has, had)))}."


def clients_counted(matched: int, changed: int, words: Mapping[str, str]) -> str:
    """The same where only the numbers are known."""
    before = matched - changed
    has = f"{changed:,} now {'has' if changed == 1 else 'have'} {told(words)}" if changed else ""
    had = f"{before:,} already had{'' if changed else f' {told(words)}'}" if before else ""
    return f"{count(matched, 'client')}: {', '.join(filter(None, (has, had)))}."


# --- tasks again


@dataclass(frozen=True)
class Which:
    """The tasks that a word names: frames (`1-10,15`), a step, or none in particular."""

    frames: str = ""
    step: str = ""

    @classmethod
    def read(cls, word: str) -> "Which":
        return cls(frames=word) if re.match(r"\s*-?\s*[0-9]", word) else cls(step=word)

    def failed(self, job: Job) -> Chosen:
        """The frames, or what failed or was canceled."""
        return of_frames(job, self.frames) if self.frames else ended(job, self.step)

    def all(self, job: Job) -> Chosen:
        """The frames, or the whole step."""
        return of_frames(job, self.frames) if self.frames else everything(job, self.step)


@CHANGING_VERBS(
    "retry ID [FRAMES]",
    "Run again what failed or was canceled, or some frames.",
    "FRAMES is a range such as 1-10,15, or the name of a step.",
)
async def retry(asked: Asked) -> str:
    if not 1 <= len(asked.words) <= 2:
        raise WrongUse("Say which job: retry ID, or retry ID FRAMES for some frames of it.")
    job = job_of(asked.service, asked.words[0])
    which = Which.read(asked.words[1]) if len(asked.words) == 2 else Which()
    return run_again(asked, job, await asked.service.again(job.id, which.failed))


@CHANGING_VERBS(
    f"requeue ID FRAMES [{WITH_DEPENDENTS}]",
    "Run frames again, also those that were done.",
    "FRAMES is a range such as 1-10,15, or the name of a step.\n"
    "What was made from them stays as it is, and is marked stale;\n"
    f"with {WITH_DEPENDENTS} it runs again too.",
)
async def requeue(asked: Asked) -> str:
    words = [word for word in asked.words if word != WITH_DEPENDENTS]
    if len(words) != 2:
        raise WrongUse("Say which job and which frames: requeue ID FRAMES, such as requeue 4 1-10,15.")
    job = job_of(asked.service, words[0])
    again = await asked.service.again(job.id, Which.read(words[1]).all, WITH_DEPENDENTS in asked.words)
    return run_again(asked, job, again)


def run_again(asked: Asked, job: Job, again: Mapping[int, Sequence[int]]) -> str:
    if not again:
        return f"{named(job)}: nothing of that has ended; nothing runs again."
    by_step = {job.steps[index].name: len(tasks) for index, tasks in again.items()}
    stale = [job.steps[index].name for index in job.standing.stale]
    return f"{named(job)}: {again_told(by_step)}.{stale_told(stale)}"


def again_told(by_step: Mapping[str, int]) -> str:
    """ "5 tasks run again (3 of Render and 2 of Comp)"."""
    total = sum(by_step.values())
    parts = f" ({listed(f'{number:,} of {step}' for step, number in by_step.items())})" if len(by_step) > 1 else ""
    return f"{count(total, 'task')} {'runs' if total == 1 else 'run'} again{parts}"


def stale_told(steps: Sequence[str]) -> str:
    if not steps:
        return ""
    verb = "was" if len(steps) == 1 else "were"
    return f" {listed(steps)} {verb} done before and may be stale; requeue with {WITH_DEPENDENTS} runs that again too."


# --- more tasks, other values


@CHANGING_VERBS("add ID KEY=VALUE...", "Add tasks to a job, such as add 4 Frames=101-120.")
async def add(asked: Asked) -> str:
    job, values = job_and_values(asked, "add 4 Frames=101-120")
    number = await asked.service.add_tasks(job.id, values)
    return f"{named(job)}: {count(number, 'task')} {'is' if number == 1 else 'are'} added."


@CHANGING_VERBS("revise ID KEY=VALUE...", "Give other values to tasks of a job that have not run.")
async def revise(asked: Asked) -> str:
    job, values = job_and_values(asked, "revise 4 Samples=128")
    changed = await asked.service.revise(job.id, values)
    after = ", for tasks that are given out from now on" if changed else ""
    return f"{named(job)} {'now has' if changed else 'already had'} {told(values)}{after}."


def job_and_values(asked: Asked, example: str) -> tuple[Job, dict[str, str]]:
    if len(asked.words) < 2:
        raise WrongUse(f"Say which job and which values, such as {example}.")
    return job_of(asked.service, asked.words[0]), pairs(asked.words[1:])


# --- approve, forgive


@CHANGING_VERBS("approve ID", "Let the rest of a job follow its preview.")
async def approve(asked: Asked) -> str:
    job = job_of(asked.service, one_word(asked, "which job: approve ID"))
    if await asked.service.approve(job.id):
        return f"{named(job)} is approved; the rest of it follows."
    return f"{named(job)} waits for no approval."


@CHANGING_VERBS("forgive ID [CLIENT]", "Let a job go again to clients that failed it too often.", FILTER)
async def forgive(asked: Asked) -> str:
    if not asked.words:
        raise WrongUse("Say which job: forgive ID, or forgive ID CLIENT for one client.")
    job, farm = job_of(asked.service, asked.words[0]), asked.service.farm
    chosen = [client.id for client in clients_chosen(asked.service, asked.words[1:])] if asked.words[1:] else None
    found = await asked.service.forgive(job.id, list(job.standing.avoided) if chosen is None else chosen)
    return f"{named(job)} {forgiven([farm.clients[client].name for client in found if client in farm.clients])}."


def forgiven(clients: Sequence[str]) -> str:
    return f"may go to {names(clients)} again" if clients else "avoids none of them"
