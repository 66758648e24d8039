"""All verbs together, and the few that are about neither clients nor jobs; the greeting.

How does this work?  `VERBS` is what the shell answers to, in the order in which `help` lists it.
"""

from collections.abc import Mapping

from brender import __version__
from brender.farm.interfaces import FarmService
from brender.farm.transitions import JobState
from brender.farm.views import TimeView, time_view
from brender.protocols.changing_verbs import CHANGING_VERBS
from brender.protocols.client_verbs import CLIENT_VERBS
from brender.protocols.job_verbs import JOB_VERBS, spread
from brender.protocols.tables import count, duration
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


@OWN("farm", "Tell how the farm does, and the way into its database.")
async def farm(asked: Asked) -> str:
    if asked.words:
        raise WrongUse("farm takes no words: there is only one.")
    figures, refusing = asked.service.figures, asked.service.refusing
    written = f"{count(figures.rows, 'row')} in {count(figures.commits, 'commit')} since the start"
    waiting = f"{figures.pending:,} {'waits' if figures.pending == 1 else 'wait'}"
    lines = [
        " · ".join(parts(asked.service)),
        *time_left(time_view(asked.service.farm)),
        f"database: {written}, {waiting}; a commit takes {figures.seconds_mean * 1000:.1f} ms",
    ]
    return "\n".join([*lines, *([f"It takes nothing new: {refusing}."] if refusing else [])])


def time_left(view: TimeView) -> list[str]:
    """ "time left: 2 h (1 h to 3 h); 120 tasks of it are only guessed, as none like them has ended yet"."""
    if view.seconds_left is None:
        return []
    guessed = f"; {count(view.unmeasured, 'task')} of it only guessed, from what others took" if view.unmeasured else ""
    return [f"time left: {duration(view.seconds_left)}{spread(view)}{guessed}"]


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
    "farm": OWN.known["farm"],
    **CLIENT_VERBS.known,
    **JOB_VERBS.known,
    **WHY_VERBS.known,
    **CHANGING_VERBS.known,
    **{name: OWN.known[name] for name in ("save", "quit")},
}


def greeting(service: FarmService) -> str:
    """ "brender 2.0 · 12 clients, 10 online, 8 busy · 3 jobs running, 1 waiting · help lists the commands"."""
    return " · ".join([*parts(service), service.refusing or "help lists the commands"])


def parts(service: FarmService) -> list[str]:
    clients = list(service.farm.clients.values())
    online = [client for client in clients if client.online]
    busy = sum(client.activity == "busy" for client in online)
    machines = f"{count(len(clients), 'client')}, {len(online)} online, {busy} busy" if clients else "no clients yet"
    return [f"brender {version()}", machines, work(service)]


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
