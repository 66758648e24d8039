"""From what a person typed to a request: `enable render-0*`, `set job 4 priority=80`, `orders 4`.

How does this work?  `naming` finds the verb, `sorting` tells the filter from what is said besides, and the values are
read by the forms of their types (`values`).  What comes out is the same `Request` that programs make.  `submit` reads a
template from this machine.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from brender.farm.people.users import NotAllowed
from brender.verbs.doing.submitting import Submission, is_name
from brender.verbs.lists.pages import LONGEST
from brender.verbs.performing import Request
from brender.verbs.said.settable import cannot_be_set
from brender.verbs.said.values import read
from brender.verbs.said.words import Word, WrongUse, listed
from brender.verbs.typed.naming import Verbs, Vocabulary, is_number, number
from brender.verbs.typed.sorting import FRAMES, FREE, KEY, Sorted, filter_text
from brender.verbs.typed.usage import required, usage
from brender.verbs.verb import Verb, Which

__all__ = ["Typed", "Vocabulary", "understood"]

NUMBERED = re.compile(r"[^*?\[=<>~]+:[0-9]+")  # a task of a step: Render:3
NO_FILES = "Only an admin has files of the server's machine read here; brender submit sends those of your own."
NEWEST = 40  # jobs that are listed when nobody says how many


@dataclass(frozen=True)
class Typed:
    verb: Verb
    request: Request
    filter: str = ""  # as a text, for sentences


def understood(
    words: Sequence[Word], verbs: Verbs, zone: tzinfo, others: Iterable[str] = (), *, files: bool = True
) -> Typed:
    """What a line asks for; raises `BadWords`, and `NotAllowed` for a file where somebody may have none read."""
    verb, rest = Vocabulary(verbs).verb(words, others)
    if verb.submits:
        return submitted(verb, rest, zone, files=files)
    job, rest = job_first(verb, rest)
    sorted_words = Sorted(verb).take(rest)
    check_settable(verb, sorted_words)
    wanted, filter_ = which(verb, sorted_words)
    check_said(verb, sorted_words)
    values = read(verb.takes, {**usual(verb), **with_bare(verb, sorted_words)}, zone, verb.item.name, verb.sets)
    values |= {FREE: sorted_words.free} if sorted_words.free else {}
    request = Request(verb.item.name, verb.name, wanted, filter_ or None, values, job)
    return Typed(verb, request, filter_)


def submitted(verb: Verb, words: Sequence[Word], zone: tzinfo, *, files: bool = True) -> Typed:
    wanted = Submission.read([str(word) for word in words])
    if not files and not is_name(wanted.source):
        raise NotAllowed(NO_FILES)
    values: dict[str, Any] = {
        "template": wanted.source if is_name(wanted.source) else wanted.template(),
        "values": wanted.values,
        "name": wanted.name,
        "folder": wanted.folder,
        "settings": wanted.settings(zone),
    }
    return Typed(verb, Request(verb.item.name, verb.name, values=values))


def job_first(verb: Verb, words: Sequence[Word]) -> tuple[int | None, Sequence[Word]]:
    """The job of an item that is one of a job."""
    if not verb.item.of_job:
        return None, words
    if not words or not is_number(words[0]):
        raise WrongUse(f"Say of which job: {usage(verb)}, such as {verb.item.plural} 4.")
    return number(words[0]), words[1:]


def check_settable(verb: Verb, found: Sorted) -> None:
    """Where nothing is said to be so, words after the first of a filter may have been to set what cannot be set."""
    if verb.name == "update" and not found.values and not found.bare:
        for key in filter(None, map(KEY.fullmatch, found.filter[1:])):
            if why := cannot_be_set(key[1].lower().replace("-", "_"), verb.sets, verb.takes):
                raise WrongUse(why)


def which(verb: Verb, found: Sorted) -> tuple[int | str | None, str]:
    """The id, or else the filter."""
    item, words = verb.item, found.filter
    if not words:
        if verb.which in (Which.ONE, Which.MANY):
            raise WrongUse(which_one(verb) if verb.which is Which.ONE else which_of_many(verb))
        return None, ""
    if len(words) == 1 and item.key == "number" and is_number(words[0]) and verb.which is not Which.ANY:
        return number(words[0]), ""
    if len(words) == 1 and item.of_job and NUMBERED.fullmatch(words[0]):
        return str(words[0]), ""
    if verb.which is not Which.ONE:
        return None, filter_text(words)
    if item.key == "name" and len(words) == 1:
        return str(words[0]), ""
    if len(words) > 1:
        raise WrongUse(which_one(verb))
    an_id = f'"{words[0]}" is not the id of a {item.name}: an id is a whole number'
    raise WrongUse(f"{an_id}, as {item.plural} shows it.")


def which_one(verb: Verb) -> str:
    return f"Say which {verb.item.name}: {usage(verb)}."


def which_of_many(verb: Verb) -> str:
    return f"Say which {verb.item.plural}: {usage(verb)}; all is every {verb.item.name}."


def usual(verb: Verb) -> Mapping[str, str]:
    """What people want who do not say it."""
    if verb.name == "read" and "limit" in verb.takes.__struct_fields__:
        return {"limit": str(NEWEST if verb.item.newest_first else LONGEST)}
    if verb.key == ("job", "show"):
        return {"orders": "0"}
    return {}


def with_bare(verb: Verb, found: Sorted) -> dict[str, str]:
    """The values, that of the word without a name among them."""
    if not found.bare:
        return found.values
    text = " ".join(found.bare)
    name = "step" if found.place == "frames" and not FRAMES.match(text) else found.place
    if name in found.values:
        raise WrongUse(f"{name} is given twice.")
    return {**found.values, name: text}


def check_said(verb: Verb, found: Sorted) -> None:
    """A change has to say what is to be so; and what has no value of its own has to be there."""
    if verb.name == "update" and not found.values and not found.bare:
        raise WrongUse(f"Say what is to be so: KEY=VALUE; there are {listed(verb.takes.__struct_fields__)}.")
    there = {*found.values, *([found.place] if found.bare else []), *([FREE] if found.free else [])}
    missing = [name for name in required(verb) if name not in there]
    if missing:
        raise WrongUse(f"Say {listed(missing)} too: {usage(verb)}.")
