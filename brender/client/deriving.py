"""The methods of `Farm` and `AsyncFarm`, made from the verbs: one for each, with its very parameters.

How does this work?  `resource` makes the class of an item: every verb is a method whose signature comes from what the
verb takes (`signature`), so that a wrong name is refused before anything is sent.  A method asks one question
(`addresses`) and reads the answer: views, and what became of each thing.  The two faces differ in how they ask alone.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter, Signature
from typing import Any

import msgspec
from msgspec import UNSET

from brender.client.addresses import question
from brender.client.http import Api, Question
from brender.client.results import AsyncPages, Outcome, Outcomes, Pages
from brender.verbs.items.item import Item
from brender.verbs.known import VERBS
from brender.verbs.said.settable import cannot_be_set
from brender.verbs.said.unfit import meant
from brender.verbs.telling import rows_of_json
from brender.verbs.verb import Verb, Which

NAMES = {"read": "list"}  # what programs call a verb
TEXT = "log"  # the verb that is answered with a text, and not with JSON


class Resource:
    """The things of one item; `job` is the one whose steps, tasks or orders they are."""

    def __init__(self, api: Api, job: int | None = None) -> None:
        self._api = api
        self._job = job

    def _ask(self, asked: Question, read: Callable[[Any], Any], text: bool) -> Any:
        return read(answer(self._api, asked, text))

    def _pages(self, asked: Question, read: Callable[[Any], Any]) -> Any:
        return Pages(self._api.ask, asked, read)


class AsyncResource(Resource):
    """The same for asyncio: each request waits in a thread of its own."""

    async def _ask(self, asked: Question, read: Callable[[Any], Any], text: bool) -> Any:
        return read(await asyncio.to_thread(answer, self._api, asked, text))

    def _pages(self, asked: Question, read: Callable[[Any], Any]) -> Any:
        async def ask(page: Question) -> Any:
            return await asyncio.to_thread(self._api.ask, page)

        return AsyncPages(ask, asked, read)


def answer(api: Api, asked: Question, text: bool) -> Any:
    return api.read(asked).decode("utf-8", "replace") if text else api.ask(asked)


def resource(item: Item, base: type[Resource]) -> type[Resource]:
    """The class of an item's things."""
    methods = {NAMES.get(verb.name, verb.name): method(verb) for verb in VERBS.values() if verb.item is item}
    asynchronous = "Async" if issubclass(base, AsyncResource) else ""
    return type(f"{asynchronous}{item.plural.capitalize()}", (base,), {"__doc__": f"{item.meaning}.", **methods})


def method(verb: Verb) -> Callable[..., Any]:
    form = signature(verb)

    def call(self: Resource, *given: Any, **named: Any) -> Any:
        check_names(verb, form, named)
        said = form.bind(self, *given, **named).arguments
        del said["self"]
        id, chosen = said.pop("id", None), said.pop("filter", "") if takes_filter(verb) else ""  # noqa: A001
        check_chosen(verb, id, chosen)
        values = {name: value for name, value in said.items() if value is not UNSET}
        asked = question(verb, id, chosen, values, self._job)
        if verb.name == "read":
            return self._pages(asked, reader(verb, values))
        return self._ask(asked, lambda found: results(verb, found, id is not None), verb.name == TEXT)

    call.__name__ = call.__qualname__ = NAMES.get(verb.name, verb.name)
    call.__doc__ = "\n\n".join([verb.help, *([verb.more] if verb.more else [])])
    call.__signature__ = form  # type: ignore[attr-defined]
    return call


def signature(verb: Verb) -> Signature:
    """Which one, which ones, and what the verb takes."""
    parameters = [Parameter("self", Parameter.POSITIONAL_ONLY)]
    if verb.which in (Which.ONE, Which.MANY):
        default = Parameter.empty if verb.which is Which.ONE else None
        parameters.append(Parameter("id", Parameter.POSITIONAL_ONLY, default=default))
    if takes_filter(verb):
        parameters.append(Parameter("filter", Parameter.KEYWORD_ONLY, default=""))
    return Signature([*parameters, *(taken(each) for each in msgspec.structs.fields(verb.takes))])


def takes_filter(verb: Verb) -> bool:
    return verb.which in (Which.MANY, Which.ANY)


def taken(each: msgspec.structs.FieldInfo) -> Parameter:
    default = each.default
    if default is msgspec.NODEFAULT:
        default = UNSET if each.default_factory is not msgspec.NODEFAULT else Parameter.empty
    return Parameter(each.name, Parameter.KEYWORD_ONLY, default=default)


def check_names(verb: Verb, form: Signature, named: Iterable[str]) -> None:
    """Raises `TypeError` for a name that there is none of, with the one that was probably meant."""
    known = [name for name, each in form.parameters.items() if each.kind is Parameter.KEYWORD_ONLY]
    for name in named:
        if name not in form.parameters:
            call = f"{verb.item.plural}.{NAMES.get(verb.name, verb.name)}"
            sentence = f'{call} takes no "{name}"; {meant(name, known)}'
            raise TypeError(cannot_be_set(name, verb.sets, verb.takes) or sentence)


def check_chosen(verb: Verb, id: Any, chosen: str) -> None:  # noqa: A002
    """That of a verb about many one is named, or a filter."""
    if verb.which is Which.MANY and (id is None) == (not chosen):
        raise TypeError(f"{verb.name} needs an id or a filter, and not both; filter='all' is every {verb.item.name}")


# --- answers


def reader(verb: Verb, values: Mapping[str, Any]) -> Callable[[Any], Any]:
    """How one thing of a list is read: as its view, or as it comes where only some attributes are asked for."""
    if values.get("fields"):
        return lambda fields: fields
    return lambda fields: msgspec.convert(fields, verb.item.view)


def results(verb: Verb, found: Any, one: bool) -> Any:
    if verb.name == TEXT:
        return found
    if verb.sent:
        return found
    if not verb.shows:
        return said(verb, found) if one else {fields["id"]: said(verb, fields) for fields in found["data"]}
    outcomes = [Outcome(row.view, row.more) for row in rows_of_json(verb, found)]
    if one or verb.alone:
        return outcomes[0]
    return Outcomes(outcomes, found["matched"], found["changed"])


def said(verb: Verb, fields: Mapping[str, Any]) -> Any:
    """What a verb is about, or why there is none."""
    if verb.name in fields:
        return msgspec.convert(fields[verb.name], verb.gives)
    return str(fields.get("error", ""))
