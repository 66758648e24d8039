"""Help, made of the definitions: what can be said, what a verb takes, what can be asked of an item.

How does this work?  `overview` has a line for each verb of clients and jobs, and one for each other item.
`explained` tells of a verb, an item, or filters whatever there is to know: its sentence, what it takes with
meaning and range, what filters can say.  Nothing has to be written twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from brender.farm.settings import JobSettings
from brender.verbs.filters import usage as filters_told
from brender.verbs.items.attributes import Attribute, Unit
from brender.verbs.items.item import Item
from brender.verbs.performing import language
from brender.verbs.said.values import settings_help
from brender.verbs.said.words import Word, WrongUse, did_you_mean
from brender.verbs.tables import WIDTH
from brender.verbs.typed.naming import NUMBERS_MEAN, SAME, Verbs, Vocabulary
from brender.verbs.typed.sorting import bare
from brender.verbs.typed.usage import usage
from brender.verbs.verb import Verb, Which

USAGE = 16  # cells of the column of usages
NAMES = 18  # cells of the column of attributes
SAME_FOR_ALL = {
    "create": "Make one; help create ITEM tells what it takes.",
    "update": "Change things; help set ITEM tells what can be set.",
    "delete": "Take things away.",
}
ENDLESS = 1e9  # a range that goes so far has no end for people
MAIN = ("client", "job")
FILTERS = ("filter", "filters")


def overview(verbs: Verbs, before: Sequence[tuple[str, str]] = (), after: Sequence[tuple[str, str]] = ()) -> str:
    """Every command with its sentence; those before and after are the face's own."""
    rows = [*before, *commands(verbs), *after]
    items = ", ".join(dict.fromkeys(verb.item.name for verb in verbs.values()))
    about = wrap(f"An ITEM is one of these: {items}. help ITEM tells of it, help filters how to choose.", WIDTH - 2)
    return "\n".join([*(line for row in rows for line in entry(*row)), *(f" {line}" for line in about)])


def commands(verbs: Verbs) -> Iterator[tuple[str, str]]:
    """Those about what people ask for every day; of other items only how they are listed."""
    for item in dict.fromkeys(verb.item.name for verb in verbs.values()):
        for verb in of_item(item, verbs):
            if item not in MAIN and verb.name == "read":
                yield usage(verb), f"List {verb.item.plural}; help {item} tells what can be done with them."
            elif item in MAIN and (verb.name not in SAME_FOR_ALL or verb.key == ("job", "create")):
                yield usage(verb), verb.help
    for action, sentence in SAME_FOR_ALL.items():
        if action in Vocabulary(verbs).actions:
            yield f"{word(action)} ITEM ...", sentence


def of_item(item: str, verbs: Verbs) -> list[Verb]:
    return [verb for verb in verbs.values() if verb.item.name == item]


def word(action: str) -> str:
    """What people type for an action."""
    return next((said for said, meant in SAME.items() if meant == action), action)


def entry(left: str, right: str, width: int = USAGE) -> list[str]:
    """Two columns; a usage that is long has a line of its own."""
    lines = wrap(right, WIDTH - width - 3, break_on_hyphens=False) or [""]
    first = [f" {left}"] if len(left) > width else []
    if not first:
        first = [f" {left:{width}}  {lines.pop(0)}".rstrip()]
    return [*first, *(f" {'':{width}}  {line}" for line in lines)]


# --- about one thing


def explained(words: Sequence[str], verbs: Verbs, own: Iterable[str] = ()) -> str:
    """What there is to know about a command, an item or filters; raises `WrongUse`."""
    vocabulary, said = Vocabulary(verbs), [each.lower() for each in words]
    if said[0] in FILTERS:
        named = vocabulary.items.get(said[1]) if len(said) > 1 else None
        return filters_told(language(named or vocabulary.items["client"]))
    if len(said) == 1 and said[0] in vocabulary.items:
        return item_told(vocabulary.items[said[0]], verbs)
    found = [verb for verb in named_verbs(said, vocabulary) if verb]
    if not found:
        raise WrongUse(f'No command "{words[0]}"{did_you_mean(said[0], [*vocabulary.first, *own, "filters"])}')
    return "\n\n".join(verb_told(verb, with_filter=place == len(found) - 1) for place, verb in enumerate(found))


def named_verbs(said: Sequence[str], vocabulary: Vocabulary) -> list[Verb]:
    """`disable`, `set job`, `why`, `submit`."""
    first, items = said[0], [vocabulary.items[each].name for each in said[1:2] if each in vocabulary.items]
    action = SAME.get(first, first)
    if vocabulary.holders(first):
        holders = [item for item in vocabulary.holders(first) if not items or item in items]
        return [vocabulary.verbs[item, action] for item in holders]
    if first in vocabulary.first:
        return [vocabulary.verb([Word(each) for each in said])[0]]
    return []


def verb_told(verb: Verb, with_filter: bool = True) -> str:
    more = [line for part in verb.more.splitlines() for line in wrap(part, WIDTH - 1)]
    lines = [usage(verb), verb.help, *more, *takes_told(verb)]
    if with_filter and verb.which in (Which.MANY, Which.ANY) and verb.item.attributes:
        lines += [filters_told(language(verb.item))]
    return "\n".join(lines)


def takes_told(verb: Verb) -> list[str]:
    """What it takes besides, with what that means."""
    if not verb.takes.__struct_fields__:
        return []
    if verb.key == (NUMBERS_MEAN, "create"):
        name = "  --name NAME                   instead of the template's own"
        example = "For example: submit blender Scene=/shots/a.blend Frames=1-250 --priority 60"
        return [name, settings_help(JobSettings, "--"), example]
    word_alone = [f"A word without a name is its {bare(verb)}."] if bare(verb) else []
    return ["It takes, as key=value or as --key value:", settings_help(verb.takes), *word_alone]


def item_told(item: Item, verbs: Verbs) -> str:
    """What it is, what can be done with it, and everything that can be asked of it."""
    return "\n".join(
        [
            *wrap(f"{a_or_an(item.name)} is {item.meaning}.", WIDTH - 1),
            *(line for verb in of_item(item.name, verbs) for line in entry(usage(verb), verb.help)),
            "Its attributes; set changes those marked *:",
            *(line for attribute in item.attributes.values() for line in attribute_told(attribute)),
            f"help filters {item.name} tells how they are asked for.",
        ]
    )


def attribute_told(attribute: Attribute) -> list[str]:
    mark = "*" if attribute.settable else " "
    unit = f"in {attribute.unit}" if attribute.unit is not Unit.NONE else ""
    kept = "" if attribute.stored else "derived"
    told = "; ".join(fact for fact in (attribute.meaning, unit, bounds(attribute), kept) if fact)
    return entry(f"{mark} {attribute.name}", told, NAMES)


def bounds(attribute: Attribute) -> str:
    """What values there are."""
    if attribute.choices:
        return "|".join(attribute.choices)
    least = None if attribute.least is None else f"{attribute.least:,.6g}"
    most = None if attribute.most is None or attribute.most >= ENDLESS else f"{attribute.most:,.6g}"
    if least is not None and most is not None:
        return f"{least} to {most}"
    return f"at least {least}" if least is not None else f"at most {most}" if most is not None else ""


def a_or_an(item: str) -> str:
    """With its article, at the beginning of a sentence."""
    return f"{'An' if item[0] in 'aio' else 'A'} {item}"
