"""Every struct that the interface takes or gives as a JSON schema, for the OpenAPI document.

How does this work?  msgspec makes schemas of structs, with their types and ranges.  What it does not know stands beside
the types: units and the few values of a field (`shows`), which are put into the schema here.  Changes of settings are
read without their ranges, as the rules keep those; the document has them from the settings themselves.  `Schemas`
names each struct once; two verbs whose structs have the same name get that of their item before it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import msgspec

from brender.farm.interfaces import WritePath
from brender.farm.settings import ClientSettings, JobSettings, Settings
from brender.farm.submission.answers import JobParameter, StepOutline, Wrong
from brender.farm.views.client_past import LoadView, TurnView
from brender.farm.views.figures import FarmFigures, Series
from brender.farm.views.things import TimeView
from brender.verbs.doing.job_tasks import Requeue
from brender.verbs.doing.jobs import Submission
from brender.verbs.doing.who import LogIn
from brender.verbs.items.attributes import Attribute, Unit, attribute_of, hints_of
from brender.verbs.items.item import Item
from brender.verbs.said.given import partial
from brender.verbs.said.requests import Wanted
from brender.verbs.verb import Nothing, Verb
from brender.web.handlers.archive import PutAway
from brender.web.handlers.sessions import OwnPassword

Struct = type[msgspec.Struct]
Schema = dict[str, Any]

REF = "#/components/schemas/"
OTHERS: Sequence[Struct] = (
    *(Wanted, PutAway, TimeView, WritePath, JobParameter, StepOutline, Wrong, FarmFigures, Series, LoadView, TurnView),
    *(LogIn, OwnPassword),
)
BESIDE = ("priority", "owner")
SETTINGS: Sequence[type[Settings]] = (JobSettings, ClientSettings)


def ref(name: str) -> Schema:
    return {"$ref": REF + name}


class Schemas:
    """The components of the document; `name_of` a struct."""

    def __init__(self, verbs: Sequence[Verb]) -> None:
        views = list(dict.fromkeys(verb.item.view for verb in verbs))
        taken = list(dict.fromkeys(verb.takes for verb in verbs))
        given = [each for each in first_structs([verb.gives for verb in verbs]) if each not in OTHERS]
        structs = [*views, *taken, *given, *OTHERS, *SETTINGS]
        refs, found = msgspec.json.schema_components(structs, ref_template=f"{REF}{{name}}")
        names = [schema["$ref"].removeprefix(REF) for schema in refs]
        better = {name: name for name in found} | dict(zip(names, names, strict=True))
        better |= {names[structs.index(struct)]: struct.__name__ for struct in OTHERS}
        for verb in verbs:
            name = names[structs.index(verb.takes)]
            better[name] = better_name(name, verb)
        self._names = {struct: better[name] for struct, name in zip(structs, names, strict=True)}
        self.found: dict[str, Schema] = {better[name]: renamed(schema, better) for name, schema in found.items()}
        self._finish(structs)
        self.bodies = {name: schema for name, schema in self.found.items() if name not in self._asked(verbs)}

    def name_of(self, struct: Struct) -> str:
        return self._names[struct]

    def ref(self, struct: Struct) -> Schema:
        return ref(self._names[struct])

    def properties(self, struct: Struct) -> Mapping[str, Schema]:
        found: Mapping[str, Schema] = self.found[self._names[struct]]["properties"]
        return found

    def required(self, struct: Struct) -> Sequence[str]:
        found: Sequence[str] = self.found[self._names[struct]].get("required", ())
        return found

    def _asked(self, verbs: Sequence[Verb]) -> set[str]:
        """What stands in the query of an address, and never in a body."""
        return {self._names[verb.takes] for verb in verbs if not verb.by_body and verb.takes is not Nothing}

    def _finish(self, structs: Sequence[Struct]) -> None:
        """What msgspec does not know, in its place."""
        for struct in nested(structs):
            schema = self.found.get(self._names.get(struct, struct.__name__))
            for name, hint in hints_of(struct).items() if schema else ():
                schema["properties"][name] = finished(schema["properties"][name], attribute_of((name,), hint))  # type: ignore[index]
        for struct in structs:
            self._bound(struct)
        self._submission()
        self.found[self._names[Requeue]]["anyOf"] = [said_of(name) for name in ("frames", "tasks", "step")]

    def _submission(self) -> None:
        """Settings of a new job stand in a place of their own; two of them may stand beside it instead."""
        schema, settings = self.found[self._names[Submission]], partial(JobSettings)
        schema["properties"] |= {name: self.properties(settings)[name] for name in BESIDE}
        schema["properties"]["settings"] = {**self.ref(settings), "default": {}}
        twice = ({"required": [name, "settings"], "properties": {"settings": {"required": [name]}}} for name in BESIDE)
        schema["allOf"] = [{"not": each} for each in twice]

    def _bound(self, struct: Struct) -> None:
        """The ranges of the settings that a change is about."""
        for kind in SETTINGS:
            if issubclass(struct, partial(kind)):
                mine = self.found[self._names[struct]]["properties"]
                for name, schema in self.properties(kind).items():
                    mine[name] = {key: value for key, value in schema.items() if key != "default"}


def said_of(name: str) -> Schema:
    """One of what a job has to be told before it runs again what was done."""
    least: Schema = {"type": "array"} if name == "tasks" else {"minLength": 1}
    return {"required": [name], "properties": {name: least}}


def better_name(name: str, verb: Verb) -> str:
    """`jobs.Requeue` is JobRequeue, `SomeJobSettings` is JobChange."""
    if "." in name:
        return f"{verb.item.name.capitalize()}{name.rpartition('.')[2]}"
    return name.replace("Settings", "Change").removeprefix("Some") if name.startswith("Some") else name


def renamed(schema: Any, names: Mapping[str, str]) -> Any:
    """The same with other names in its references."""
    if isinstance(schema, list):
        return [renamed(each, names) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: renamed(value, names) for key, value in schema.items() if key != "title"}
    if "$ref" in schema:
        kept["$ref"] = REF + names[schema["$ref"].removeprefix(REF)]
    return kept


def first_structs(hints: Sequence[Any]) -> Sequence[Struct]:
    """The structs that these are, or are lists of."""
    found = [get_args(hint)[0] if get_args(hint) else hint for hint in hints]
    return list(dict.fromkeys(each for each in found if isinstance(each, type) and issubclass(each, msgspec.Struct)))


def nested(hints: Sequence[Any]) -> Sequence[Struct]:
    """The structs, and those that are in them, which may be the same again."""
    found: dict[Struct, None] = {}
    waiting = list(hints)
    while waiting:
        hint = waiting.pop()
        if not (isinstance(hint, type) and issubclass(hint, msgspec.Struct)):
            waiting.extend(get_args(hint))
        elif hint not in found:
            found[hint] = None
            waiting.extend(hints_of(hint).values())
    return list(found)


def finished(schema: Schema, attribute: Attribute) -> Schema:
    """With unit and values of the attribute."""
    made = dict(schema)
    if attribute.unit is not Unit.NONE:
        made["description"] = ", ".join(filter(None, (attribute.meaning, f"in {attribute.unit}")))
    if made.get("default") == "" and "minLength" in made:
        del made["default"]  # it is as if nothing had been said
    if attribute.choices and "enum" not in made and "$ref" not in made:
        made["enum"] = list(attribute.choices)
    return made


def chosen(item: Item) -> Schema:
    """A thing of a list that was asked for with `fields`: only these attributes, settings by their own names."""
    return {
        "description": f"A {item.name} of which only some attributes were asked for, with `fields`.",
        "type": "object",
        "properties": {name: {"description": each.meaning} for name, each in item.attributes.items()},
        "additionalProperties": False,
        "minProperties": 1,
    }
