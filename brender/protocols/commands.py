"""What the shell answers to a line: the verbs, and the few commands that are about neither clients nor jobs.

How does this work?  `answer` takes the shell's own commands (`OWN`) itself, and makes a request of everything else
(`typed`), which is performed as one from any other face; `telling` has the words.  Every refusal becomes its sentence;
what is no refusal but a fault of ours is left to whoever called.  `answered` tells besides how it went, with the exit
codes of the command.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from brender import __version__
from brender.farm.interfaces import FarmService, NotFound
from brender.farm.people.users import LOCAL, NotAllowed, NotLoggedIn, Role, Who
from brender.farm.scheduling.windows import zone_of
from brender.farm.submission.problems import Refused
from brender.farm.transitions import JobState, NotNow
from brender.farm.views.things import TimeView, time_view
from brender.protocols.caller import may_look
from brender.verbs.filters import BadFilter, pointing
from brender.verbs.helping import explained, overview
from brender.verbs.known import VERBS
from brender.verbs.performing import Result, none_chosen, perform
from brender.verbs.said.unfit import Unfit
from brender.verbs.said.words import BadWords, Word, WrongUse, split
from brender.verbs.tables import WIDTH, count, duration
from brender.verbs.telling import tell, told_of
from brender.verbs.telling.clients import EMPTY as NO_CLIENTS
from brender.verbs.telling.jobs import EMPTY as NO_JOBS
from brender.verbs.telling.jobs import spread
from brender.verbs.typed import Typed, understood
from brender.verbs.verb import Verb, Which

DONE, FAILED, WRONG_USE = 0, 1, 2
ALIASES = {"?": "help", "exit": "quit", "bye": "quit", "logout": "quit"}  # what people type at other prompts
HELP = "help lists the commands"
EMPTY = {"client": NO_CLIENTS, "job": NO_JOBS}


@dataclass(frozen=True)
class Asked:
    """One line that somebody typed, and whom to ask."""

    service: FarmService
    words: Sequence[Word]  # without the command
    now: float  # seconds of the epoch
    width: int = WIDTH  # of their window
    who: Who = LOCAL


class Leave(Exception):
    """The person wants to go."""


class LogInAs(Exception):
    """The person wants to be somebody: whose password is to be asked for."""


class Answer(NamedTuple):
    text: str
    code: int = DONE  # FAILED also when some of many were refused, or a filter chose nothing to change


async def answer(service: FarmService, line: str, now: float, width: int = WIDTH, who: Who = LOCAL) -> str:
    """What the farm says to a line.  Raises `Leave`, `LogInAs`, and whatever went wrong inside."""
    return (await answered(service, line, now, width, who)).text


async def answered(service: FarmService, line: str, now: float, width: int = WIDTH, who: Who = LOCAL) -> Answer:
    """The same, and how it went."""
    try:
        words = split(line)
        if not words:
            return Answer("")
        name = ALIASES.get(words[0].lower(), words[0].lower())
        if name in OWN:
            return Answer(await OWN[name].run(Asked(service, words[1:], now, width, who)))
        return await asked_of_the_farm(service, words, now, width, who)
    except BadWords as wrong:
        return Answer(str(wrong), WRONG_USE)
    except (NotFound, NotNow, NotLoggedIn, NotAllowed) as refused:
        return Answer(str(refused), FAILED)


async def asked_of_the_farm(
    service: FarmService, words: Sequence[Word], now: float, width: int, who: Who = LOCAL
) -> Answer:
    files = service.rights(who).role.covers(Role.ADMIN)  # what is typed may name one of this machine
    typed = understood(words, VERBS, zone_of(service.farm.settings.zone), OWN, files=files)
    try:
        result = await perform(VERBS, service, replace(typed.request, who=who), now)
    except Refused as refused:
        return Answer(refusal(refused, typed.verb), FAILED)
    except BadFilter as bad:
        return Answer(pointed(bad, typed.filter, width), WRONG_USE)
    except Unfit as unfit:
        return Answer(str(unfit), FAILED)
    nothing = "" if result.outcomes else await nothing_told(service, typed, now)
    return Answer(tell(told_of(result, now, typed.filter, nothing, width)), code_of(result, typed))


def code_of(result: Result, typed: Typed) -> int:
    if typed.verb.which is Which.MANY and typed.filter and not result.outcomes:
        return FAILED
    return FAILED if any("error" in outcome.more for outcome in result.outcomes) else DONE


async def nothing_told(service: FarmService, typed: Typed, now: float) -> str:
    """Why a filter chose nothing, when there is one."""
    item, request = typed.verb.item, typed.request
    if not typed.filter or item.private:
        return ""
    job = service.farm.jobs.get(request.job) if request.job is not None else None
    things = await item.things(service, job)
    return none_chosen(item, service.farm, things, typed.filter, now, EMPTY.get(item.name, ""))


def refusal(refused: Refused, verb: Verb) -> str:
    """Every problem, each with its place."""
    beginning = f"The {verb.item.name} was not taken" if verb.makes else "Nothing was changed"
    problems = [f"  {problem}" for problem in refused.problems]
    found = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return "\n".join([f"{beginning}, {found}:", *problems])


def pointed(bad: BadFilter, text: str, width: int) -> str:
    """The sentence, and in a long filter the place that it is about."""
    if bad.at == 0:
        return str(bad)
    return "\n".join([str(bad), *(f"  {line}" for line in pointing(text, bad.at, width - 3).split("\n"))])


# --- the shell's own


@dataclass(frozen=True)
class Command:
    usage: str
    help: str  # one sentence
    run: Callable[[Asked], Awaitable[str]]


async def explain(asked: Asked) -> str:
    if not asked.words:
        rows = {name: (command.usage, command.help) for name, command in OWN.items()}
        return overview(VERBS, [rows["help"], rows["farm"]], [rows["login"], rows["quit"]])
    name = ALIASES.get(asked.words[0].lower(), asked.words[0].lower())
    if name in OWN:
        return f"{OWN[name].usage}\n{OWN[name].help}"
    return explained(asked.words, VERBS, OWN)


async def farm(asked: Asked) -> str:
    if asked.words:
        raise WrongUse("farm takes no words: there is only one.")
    may_look(asked.service.rights(asked.who))
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


async def leave(asked: Asked) -> str:
    raise Leave


async def log_in(asked: Asked) -> str:
    if len(asked.words) == 1:
        raise LogInAs(str(asked.words[0]))
    if asked.words:
        raise WrongUse("login takes a name alone: the password is asked for.")
    rights = asked.service.rights(asked.who)
    return f"You are {rights.name}, {rights.role}." if rights.name else "You are nobody in particular, and an admin."


OWN: Mapping[str, Command] = {
    "help": Command("help [WHAT]", "List the commands, or tell more about one, an item, or filters.", explain),
    "farm": Command("farm", "Tell how the farm does, and the way into its database.", farm),
    "login": Command("login [NAME]", "Log in, with the password that is asked for; or tell who you are.", log_in),
    "quit": Command("quit", "Close this connection; the farm goes on.", leave),
}


# --- the greeting


def greeting(service: FarmService) -> str:
    """ "brender 2.0 · 12 clients, 10 online, 8 busy · 3 jobs running, 1 waiting · help lists the commands"."""
    return " · ".join([*parts(service), service.refusing or HELP])


def closed(service: FarmService, how: str = "log in first: login NAME") -> str:
    """The same for somebody who may not look at the farm, and how they go on."""
    return " · ".join([f"brender {version()}", service.refusing or how])


def parts(service: FarmService) -> list[str]:
    clients = list(service.farm.clients.values())
    online = [client for client in clients if client.online]
    busy = sum(client.activity == "busy" for client in online)
    machines = f"{count(len(clients), 'client')}, {len(online)} online, {busy} busy" if clients else "no clients yet"
    return [f"brender {version()}", machines, work(service)]


def work(service: FarmService) -> str:
    states = [job.state for job in service.farm.jobs.unfinished()]
    running, waiting, paused = map(states.count, (JobState.ACTIVE, JobState.QUEUED, JobState.PAUSED))
    parts = [f"{count(running, 'job')} running" if running else "no job running"]
    parts += [f"{waiting:,} waiting"] if waiting else []
    parts += [f"{paused:,} paused"] if paused else []
    return ", ".join(parts)


def version() -> str:
    """Without the last part where it is 0: 2.0, 2.0.1."""
    return __version__.removesuffix(".0")
