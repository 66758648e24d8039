"""How a verb is written, from its definition: `retry FILTER [FRAMES] [step=TEXT]`."""

import msgspec

from brender.verbs.typed.naming import SAME, SHORT, WITH_ITEM
from brender.verbs.verb import Verb, Which

WORDS = {action: word for word, action in SAME.items() if word != "list"}


def usage(verb: Verb) -> str:
    """As short as it can be: where several items have it, with the item."""
    return " ".join([beginning(verb), *parts(verb)])


def beginning(verb: Verb) -> str:
    item = verb.item
    short = next((word for word, key in SHORT.items() if key == verb.key), None)
    if short:
        return short
    if verb.name in ("read", "show"):
        return item.plural if verb.name == "read" else item.name
    word = WORDS.get(verb.name, verb.name)
    return f"{word} {item.name}" if verb.name in WITH_ITEM or item.of_job else word


def parts(verb: Verb) -> list[str]:
    if verb.submits:
        return ["TEMPLATE", "[KEY=VALUE...]"]
    which = {Which.NONE: [], Which.ONE: ["ID"], Which.MANY: ["FILTER"], Which.ANY: ["[FILTER]"]}[verb.which]
    job = ["JOB"] if verb.item.of_job else []
    return [*job, *which, *taken(verb)]


def taken(verb: Verb) -> list[str]:
    """What it takes besides."""
    if verb.name in ("read", "show"):
        return []
    if verb.name == "update" or (required(verb) and not verb.bare):
        return ["KEY=VALUE..."]
    return [f"[{verb.bare.upper()}]"] if verb.bare else ["[KEY=VALUE...]"] if verb.takes.__struct_fields__ else []


def required(verb: Verb) -> list[str]:
    """What has to be said."""
    return [each.name for each in msgspec.structs.fields(verb.takes) if each.required]
