"""The words that choose clients: `clients online`, `disable render-0*`, `enable status=disabled`.

How does this work?  Each word becomes a test of one `ClientView`, and a client is chosen when it passes
all of them.  A word is an attribute and its value (`status=disabled`), the bare value of an attribute
with few values (`online`), an id, or else a host name, where `*` and `?` stand for anything.  Shell,
web and command hand their words to `choose`; nothing here knows where they came from.

To let more be asked of a client, add its attribute to `ATTRIBUTES`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from brender.farm.views import ClientView
from brender.protocols.words import BadWords, did_you_mean, listed, nearest, split

Test = Callable[[ClientView], bool]


class BadFilter(BadWords):
    """A word that cannot be a filter; the message is a sentence for people."""


@dataclass(frozen=True)
class Attribute:
    """What can be asked of a client with `name=value`."""

    test: Callable[[str], Test]  # from the value; raises `BadFilter`
    values: tuple[str, ...] = ()  # all there are, when they are few: each is then a word of its own


def choose(words: Sequence[str], clients: Iterable[ClientView]) -> list[ClientView]:
    """The clients that every word is true of; raises `BadFilter`."""
    tests = [test_of(word) for word in words]
    return [client for client in clients if all(test(client) for test in tests)]


def choose_by_text(clients: Sequence[ClientView], text: str) -> list[ClientView]:
    """The same for a text as it stands in an address; raises `BadWords`."""
    return choose(split(text), clients)


def nothing(words: Sequence[str], clients: Sequence[ClientView]) -> str:
    """The sentence for a filter that chose no client."""
    if not clients:
        return "The farm has no clients yet: start a worker with brender worker."
    total = "1 client" if len(clients) == 1 else f"{len(clients):,} clients"
    sentence = f"No client matches {' and '.join(words)} ({total} in all)."
    known = [*WORDS, *(client.name for client in clients)]
    strange = [word for word in words if "=" not in word and not any(test_of(word)(client) for client in clients)]
    meant = next((found for word in strange if word not in WORDS and (found := nearest(word, known))), None)
    return f"{sentence} Did you mean {meant}?" if meant else sentence


def test_of(word: str) -> Test:
    """The test that one word stands for; raises `BadFilter`."""
    name, equals, value = word.partition("=")
    if equals:
        return attribute(name).test(value)
    if word.lower() in WORDS:
        return WORDS[word.lower()]
    return with_id(word) if word.isdecimal() else with_name(word)


def attribute(name: str) -> Attribute:
    if name.lower() not in ATTRIBUTES:
        raise BadFilter(f'No attribute "{name}" on a client{did_you_mean(name, ATTRIBUTES)}')
    return ATTRIBUTES[name.lower()]


def with_id(value: str) -> Test:
    if not (value.isascii() and value.isdecimal()):
        raise BadFilter(f'"{value}" is not the id of a client: an id is a whole number.')
    number = int(value[:20])  # no id is longer, and int() refuses thousands of digits
    return lambda client: client.id == number


def with_name(value: str) -> Test:
    pattern = value.lower()
    return lambda client: fnmatchcase(client.name.lower(), pattern)


def one_of(name: str, *values: str) -> Attribute:
    """An attribute with few values, of which the view's field of the same name has one."""

    def test(value: str) -> Test:
        wanted = value.lower()
        if wanted not in values:
            meant = nearest(wanted, values)
            hint = f"did you mean {meant}?" if meant else f"it is {listed(values).replace(' and ', ' or ')}."
            raise BadFilter(f'No client has the {name} "{value}"; {hint}')
        return lambda client: bool(getattr(client, name) == wanted)

    return Attribute(test, values)


ATTRIBUTES: Mapping[str, Attribute] = {
    "id": Attribute(with_id),
    "name": Attribute(with_name),
    "status": one_of("status", "enabled", "disabled"),
    "connection": one_of("connection", "online", "offline"),
    "activity": one_of("activity", "idle", "busy", "asleep", "occupied", "unwell", "off"),
    "pool": Attribute(lambda value: lambda client: value in client.settings.pools),
    "tag": Attribute(lambda value: lambda client: value in client.settings.tags),
}

WORDS: Mapping[str, Test] = {
    "all": lambda client: True,
    **{value: attribute.test(value) for attribute in ATTRIBUTES.values() for value in attribute.values},
}
