"""All verbs together, and the few that are about neither clients nor jobs; the greeting.

How does this work?  `VERBS` is what the shell answers to, in the order in which `help` lists it.
"""

from collections.abc import Mapping

from brender import __version__
from brender.farm.interfaces import FarmService
from brender.farm.transitions import JobState
from brender.protocols.changing_verbs import CHANGING_VERBS
from brender.protocols.client_verbs import CLIENT_VERBS
from brender.protocols.job_verbs import JOB_VERBS
from brender.protocols.tables import count
from brender.protocols.verbs import Asked, Leave, Verb, Verbs, WrongUse, find
from brender.protocols.why_verbs import WHY_VERBS

OWN = Verbs()
USAGE_WIDTH = 16


@OWN("help [VERB]", "List the commands, or tell more about one.")
async def explain(asked: Asked) -> str:
    if asked.words:
        verb = find(VERBS, asked.words[0])
        return "\n".join(filter(None, [f"{verb.name} {verb.usage}".rstrip(), verb.help, verb.more]))
    return "\n".join(
        line for verb in VERBS.values() for line in help_lines(f"{verb.name} {verb.usage}".rstrip(), verb.help)
    )


def help_lines(usage: str, sentence: str) -> list[str]:
    """One line, or two where the usage is long."""
    if len(usage) > USAGE_WIDTH:
        return [f" {usage}", f" {'':{USAGE_WIDTH}}  {sentence}"]
    return [f" {usage:{USAGE_WIDTH}}  {sentence}"]


@OWN("save", "Wait until everything is safe in the database.")
async def save(asked: Asked) -> str:
    if asked.words:
        raise WrongUse("save takes no words: it always saves everything.")
    writes = await asked.service.save()
    return f"Saved: {count(writes, 'write')} so far, and all of them are in the database."


@OWN("quit", "Close this connection; the farm goes on.")
async def leave(asked: Asked) -> str:
    raise Leave


VERBS: Mapping[str, Verb] = {
    "help": OWN.known["help"],
    **CLIENT_VERBS.known,
    **JOB_VERBS.known,
    **WHY_VERBS.known,
    **CHANGING_VERBS.known,
    **OWN.known,
}


def greeting(service: FarmService) -> str:
    """ "brender 2.0 · 12 clients, 10 online, 8 busy · 3 jobs running, 1 waiting · help lists the commands"."""
    clients = list(service.farm.clients.values())
    online = [client for client in clients if client.online]
    busy = sum(client.activity == "busy" for client in online)
    machines = f"{count(len(clients), 'client')}, {len(online)} online, {busy} busy" if clients else "no clients yet"
    parts = [f"brender {version()}", machines, work(service)]
    return " · ".join([*parts, service.stopping or "help lists the commands"])


def work(service: FarmService) -> str:
    states = [job.state for job in service.farm.jobs.values()]
    running, waiting, paused = map(states.count, (JobState.ACTIVE, JobState.QUEUED, JobState.PAUSED))
    parts = [f"{count(running, 'job')} running" if running else "no job running"]
    parts += [f"{waiting:,} waiting"] if waiting else []
    parts += [f"{paused:,} paused"] if paused else []
    return ", ".join(parts)


def version() -> str:
    """Without the last part where it is 0: 2.0, 2.0.1."""
    return __version__.removesuffix(".0")
