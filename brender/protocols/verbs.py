"""The verbs: what can be asked of the farm in words, each declared once.

How does this work?  A `Verb` has a name, a usage, a sentence for `help`, and an async function that is
given what was `Asked` (the service, the words after the verb, the time) and gives the text for a person.
The functions stand in the modules `*_verbs`; `answer` finds the one that a line names, and turns every refusal
into its sentence.  What is no refusal but a fault of ours is left to whoever called.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from brender.farm.interfaces import FarmService, NotFound
from brender.farm.submission.problems import Refused
from brender.farm.transitions import NotNow
from brender.farm.windows import zone_of
from brender.protocols.words import BadWords, nearest, split

ALIASES = {"?": "help", "exit": "quit", "bye": "quit", "logout": "quit"}  # what people type at other prompts


@dataclass(frozen=True)
class Asked:
    """One line that somebody typed, and whom to ask."""

    service: FarmService
    words: list[str]  # without the verb
    now: float  # seconds of the epoch

    @property
    def zone(self) -> tzinfo:
        """The time zone in which people of this farm say times."""
        return zone_of(self.service.farm.settings.zone)


@dataclass(frozen=True)
class Verb:
    name: str
    usage: str  # what stands after the name
    help: str  # one sentence
    run: Callable[[Asked], Awaitable[str]]
    more: str = ""  # what `help VERB` adds
    refused: str = "Nothing was changed"  # how a refusal of the farm begins


class WrongUse(BadWords):
    """The words do not fit the verb; the message is a sentence for people."""


class Leave(Exception):
    """The person wants to go."""


@dataclass
class Verbs:
    """All verbs by name; a function becomes one by the decorator that an instance is."""

    known: dict[str, Verb] = field(default_factory=dict)

    def __call__(
        self, usage: str, sentence: str, more: str = "", refused: str = Verb.refused
    ) -> Callable[[Callable[[Asked], Awaitable[str]]], Callable[[Asked], Awaitable[str]]]:
        name, _, rest = usage.partition(" ")

        def declare(run: Callable[[Asked], Awaitable[str]]) -> Callable[[Asked], Awaitable[str]]:
            self.known[name] = Verb(name, rest, sentence, run, more, refused)
            return run

        return declare


def one_word(asked: Asked, what: str) -> str:
    """The only word after the verb."""
    if len(asked.words) != 1:
        raise WrongUse(f"Say {what}." if not asked.words else f"Say one thing, {what}.")
    return asked.words[0]


async def answer(verbs: Mapping[str, Verb], service: FarmService, line: str, now: float) -> str:
    """What the farm says to a line.  Raises `Leave` for `quit`, and whatever went wrong inside."""
    try:
        words = split(line)
        if not words:
            return ""
        verb = find(verbs, words[0])
        try:
            return await verb.run(Asked(service, words[1:], now))
        except Refused as refused:
            return refusal(refused, verb.refused)
    except (BadWords, NotFound, NotNow) as refused:
        return str(refused)


def find(verbs: Mapping[str, Verb], word: str) -> Verb:
    name = ALIASES.get(word.lower(), word.lower())
    if name in verbs:
        return verbs[name]
    meant = nearest(word, verbs)
    raise WrongUse(f'No command "{word}"; ' + (f"did you mean {meant}?" if meant else "help lists the commands."))


def refusal(refused: Refused, beginning: str) -> str:
    """Every problem, each with its place."""
    problems = [f"  {problem}" for problem in refused.problems]
    found = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return "\n".join([f"{beginning}, {found}:", *problems])
