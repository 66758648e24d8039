"""One request, from any face, done: the verb found, the things chosen, what was said read, the verb run.

How does this work?  A face makes a `Request` of what it heard, in plain data.  `perform` finds the verb by item and
action, the things by id or by filter, reads `values` into what the verb takes, and gives a `Result`: the outcomes,
which can be had as structs (`rows`, for people) or as plain data in the shape that every face shows to programs
(`plain`).  What is wrong is raised: `Unfit` and `BadFilter` before the farm was asked, `NotFound`, `NotNow`, `Refused`
by the farm; `requests.refusal_of` has each as a code, a sentence and a place.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from brender.farm.farm import Farm
from brender.farm.interfaces import FarmService
from brender.farm.people.users import LOCAL, Who
from brender.farm.scheduling.windows import zone_of
from brender.farm.settings import ClientSettings, JobSettings
from brender.farm.settings import read as read_settings
from brender.farm.submission.problems import shown
from brender.verbs.allowing import allowed, own_ones, owned
from brender.verbs.auditing import audited
from brender.verbs.filters import Condition, Everything, Language, matching, nothing, parse, parse_mapping
from brender.verbs.items.attributes import Attribute
from brender.verbs.items.known import JOB, Item
from brender.verbs.items.reading import several
from brender.verbs.lists.pages import Query, names_in
from brender.verbs.said.given import partial, read, said
from brender.verbs.said.unfit import Unfit, meant
from brender.verbs.verb import Call, Done, Given, Outcome, Verb, Which

Filter = str | Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """What somebody wants, in plain data."""

    item: str
    action: str
    id: int | str | None = None  # as the item's `key` says: a number or a name
    filter: Filter | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    job: int | None = None  # whose steps, tasks or orders
    texts: bool = False  # the values came as texts: from the query of an address
    who: Who = LOCAL
    key: str = ""  # kept with what it makes


@dataclass(frozen=True)
class Row:
    """A thing and what became of it, as people are told."""

    view: Any  # None where nothing of it is shown
    more: Mapping[str, Any]


@dataclass(frozen=True)
class Result:
    verb: Verb
    given: Any
    outcomes: Sequence[Outcome]
    also: Mapping[str, Any]
    one: bool
    farm: Farm

    @property
    def rows(self) -> list[Row]:
        if not self.verb.shows:
            return [Row(None, self.fields_of(each)) for each in self.outcomes]
        return [Row(self._view(each), each.more) for each in self.outcomes]

    @property
    def changed(self) -> int:
        return sum(bool(each.more.get("changed")) for each in self.outcomes)

    def plain(self) -> Any:
        """One thing where one was named, else all of them and how many."""
        if self.one or self.verb.alone:
            return self.fields_of(self.outcomes[0])
        return self.listed()

    def listed(self) -> dict[str, Any]:
        """The same for however many."""
        data = [self.fields_of(each) for each in self.outcomes]
        if not self.verb.changes:
            return {"data": data, **self.also}
        return {"matched": len(data), "changed": self.changed, "data": data, **self.also}

    def _view(self, outcome: Outcome) -> Any:
        return outcome.view or self.verb.item.show(outcome.thing, self.farm)

    def fields_of(self, outcome: Outcome) -> dict[str, Any]:
        if not self.verb.shows:
            named = {name: getattr(outcome.thing, name) for name in ("id", "name") if hasattr(outcome.thing, name)}
            return {**named, **outcome.more}
        if self._wanted:
            names, values = self._wanted
            return {**dict(zip(names, values(outcome.thing), strict=True)), **outcome.more}
        return {**of_view(self._view(outcome)), **outcome.more}

    @cached_property
    def _wanted(self) -> tuple[list[str], Callable[[Any], Sequence[Any]]] | None:
        """The names of the attributes that a list is to have, and what reads them; None where it has all."""
        if not isinstance(self.given, Query) or not self.given.fields:
            return None
        wanted = fields(self.verb.item, self.given.fields)
        return [each.name for each in wanted], several(self.verb.item, self.farm, wanted)


def of_view(view: Any) -> dict[str, Any]:
    """A view as a dictionary, to put more beside its fields."""
    return {name: getattr(view, name) for name in view.__struct_fields__}


def fields(item: Item, text: str) -> list[Attribute]:
    """The attributes that a list is to have; raises `Unfit`."""
    found = []
    for name in names_in(text, "fields"):
        attribute = item.attributes.get(item.aliases.get(name, name))
        if attribute is None:
            raise Unfit(f'A {item.name} has no attribute "{shown(name)}"; {meant(name, item.attributes)}', "fields")
        found.append(attribute)
    return found


# --- doing it


async def perform(verbs: Mapping[tuple[str, str], Verb], service: FarmService, request: Request, now: float) -> Result:
    """Do what was asked for; done after its commit."""
    verb = find(verbs, request.item, request.action)
    rights = allowed(verb, service, request.who, now)
    request = replace(request, values=owned(verb, rights, request.values))
    given = read(request.values, verb.takes, texts=request.texts, sets=verb.sets)
    if isinstance(given, Query) and given.fields:
        fields(verb.item, given.fields)
    job = job_of(verb.item, service.farm, request.job)
    things = await choose(verb, service, request, job, now)
    in_range(given)
    given.check()
    call = Call(service, verb.item, things, given, now, request.id is not None, job, request.who, rights, request.key)
    with audited(verb, call, request.values) as entry:
        found = await verb.run(call)
        done = found if isinstance(found, Done) else Done(found)
        entry.of(done)
    return Result(verb, given, done.outcomes, done.also, call.one, service.farm)


def in_range(given: Given) -> None:
    """What is out of range is so for all of them, and where a filter chooses none; raises `Refused`."""
    for kind in (JobSettings, ClientSettings):
        if isinstance(given, partial(kind)):
            settings = said(given)
            read_settings(kind, {name: settings[name] for name in kind.__struct_fields__ if name in settings})


def find(verbs: Mapping[tuple[str, str], Verb], item: str, action: str) -> Verb:
    """The verb; raises `Unfit` with the nearest one."""
    known = {key[0] for key in verbs}
    if item not in known:
        raise Unfit(f'No item "{shown(item)}"; {meant(item, known)}', "item", "unknown-item")
    if (item, action) not in verbs:
        actions = {name: verb for (of, name), verb in verbs.items() if of == item}
        why_not = next(verb.item.without.get(action) for verb in actions.values())
        sentence = f'No action "{shown(action)}" on a {item}; {meant(action, actions)}'
        raise Unfit(f'No action "{action}" on a {item}. {why_not}' if why_not else sentence, "action", "unknown-action")
    return verbs[item, action]


def job_of(item: Item, farm: Farm, number: int | None) -> Any:
    """The job whose steps, tasks or orders are meant."""
    if item.of_job and number is None:
        raise Unfit(f"Say of which job: {item.plural} are those of one job.", "job")
    if not item.of_job and number is not None:
        raise Unfit(f"A {item.name} is not one of a job.", "job")
    return JOB.find(farm, number) if item.of_job else None


async def choose(verb: Verb, service: FarmService, request: Request, job: Any, now: float) -> Sequence[Any]:
    """The things that were meant, by id or by filter, and that whoever asks may see, or change."""
    rights = allowed(verb, service, request.who, now)
    return own_ones(verb, rights, await meant_ones(verb, service, request, job, now), job, request.id)


async def meant_ones(verb: Verb, service: FarmService, request: Request, job: Any, now: float) -> Sequence[Any]:
    item, which = verb.item, verb.which
    if request.id is not None and request.filter is not None:
        raise Unfit("Say an id or a filter, not both.", "id")
    if which is Which.NONE:
        if request.id is not None or request.filter is not None:
            what = f"makes a new {item.name}: it " if verb.makes else ""
            raise Unfit(f"{verb.name} {what}takes no id and no filter.", "id")
        return []
    if request.id is not None:
        return [await one(item, service, job, request.id)]
    if which is Which.ONE:
        raise Unfit(f"Say which {item.name}, by its id.", "id")
    if request.filter is None or not request.filter:
        if which is Which.MANY:
            raise Unfit(f"Say which {item.plural}, by an id or a filter; all are all.", "filter")
        return await item.things(service, job)
    return chosen(item, service.farm, await item.things(service, job), request.filter, now)


async def one(item: Item, service: FarmService, job: Any, key: int | str) -> Any:
    """The thing with an id, in the farm or among the things of its job; raises `NotFound`."""
    return item.find(await item.things(service, job) if item.of_job or item.among else service.farm, key)


def chosen(item: Item, farm: Farm, things: Sequence[Any], wanted: Filter, now: float) -> Sequence[Any]:
    """Those that a filter is true of; raises `BadFilter`."""
    condition = condition_of(item, farm, wanted, now)
    if item.narrow:
        things, condition = item.narrow(things, condition)
    if isinstance(condition, Everything):
        return things
    item.bear(things, "This filter")
    return list(filter(matching(condition, item.reader(farm)), things))


def condition_of(item: Item, farm: Farm, wanted: Filter, now: float) -> Condition:
    zone = zone_of(farm.settings.zone)
    if isinstance(wanted, str):
        return parse(wanted, language(item), now=now, zone=zone)
    return parse_mapping(wanted, language(item), now=now, zone=zone)


def none_chosen(item: Item, farm: Farm, things: Sequence[Any], wanted: str, now: float, empty: str = "") -> str:
    """The sentence for a filter that is true of none of the things; `empty` is the one for when there are none."""
    return nothing(wanted, condition_of(item, farm, wanted, now), language(item), things, item.reader(farm), empty)


def language(item: Item) -> Language:
    """What filters can say of an item."""
    return Language(
        item.attributes, thing=item.name, named=item.named, numbered=item.numbered, aliases=item.aliases
    )
