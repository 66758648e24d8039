"""What can be done with limits and settings of the farm while it runs.

How does this work?  A limit is an entry of the setting `limits`, so both are kept in the same way: over what
brender.toml says, and until somebody takes that back.  All that were chosen are changed in one go, or none.  To delete
a setting is to go back to brender.toml; a limit that brender.toml has is not there any more after it was deleted, and
comes back when the setting `limits` is deleted.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Annotated, Any, Literal, get_type_hints

import msgspec
from msgspec import UNSET, UnsetType

from brender.farm.overrides import entry_of
from brender.farm.people.users import Role
from brender.farm.settings import FarmSettings, Limit, read, says
from brender.farm.submission.problems import Problem, Refused
from brender.farm.transitions import NotNow
from brender.farm.views.groups import LimitView, limits, setting_view
from brender.verbs.items.groups import LIMIT, SETTING
from brender.verbs.said import forms
from brender.verbs.said.given import said
from brender.verbs.said.unfit import Unfit
from brender.verbs.verb import Call, Given, Outcome, Verbs, Which

LIMIT_VERBS, SETTING_VERBS = Verbs(LIMIT), Verbs(SETTING)
LIMITS = "limits"

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Count = Annotated[int, says("how many there are")]
Holder = Annotated[Literal["task", "client"], says("what holds one: every task, or every client that runs some")]


class NewLimit(Given, frozen=True):
    name: Annotated[Name, says("as jobs have it")]
    count: Count
    each: Holder = "task"


class LimitChange(Given, frozen=True):
    count: Count | UnsetType = UNSET
    each: Holder | UnsetType = UNSET

    def check(self) -> None:
        read(Limit, {"count": 1, **said(self)})


class NewValue(Given, frozen=True):
    value: Annotated[Any, says("as in brender.toml; of a table, the whole of it")]


# --- limits


@LIMIT_VERBS("show", "Show one limit, who holds it and who waits for it.", which=Which.ONE, changes=False)
async def show_limit(call: Call) -> Sequence[Outcome]:
    return [Outcome(limit) for limit in call.things]


@LIMIT_VERBS("create", "Count another licence.", which=Which.NONE, takes=NewLimit, makes=True)
async def create_limit(call: Call) -> Sequence[Outcome]:
    wanted: NewLimit = call.given
    if wanted.name in call.service.farm.settings.limits:
        raise NotNow(f"There is a limit {wanted.name} already; update changes it.")
    await call.service.set_farm({entry_of(LIMITS, wanted.name): {"count": wanted.count, "each": wanted.each}})
    return [Outcome(now(call)[wanted.name])]


@LIMIT_VERBS("update", "Change how many there are, or what holds one.", takes=LimitChange)
async def update_limit(call: Call) -> Sequence[Outcome]:
    wanted = said(call.given)
    if not wanted:
        raise Unfit('Nothing is to be changed; say what is to be so, as in {"count": 12}.')
    before = {limit.name: {"count": limit.count, "each": limit.each} for limit in call.things}
    after = {name: {**limit, **wanted} for name, limit in before.items()}
    changed = {entry_of(LIMITS, name): limit for name, limit in after.items() if limit != before[name]}
    if changed:
        await call.service.set_farm(changed)
    views = now(call)
    return [Outcome(views[name], {"changed": after[name] != before[name]}) for name in before]


@LIMIT_VERBS("delete", "Count a licence no more; refused while a job takes some of it.")
async def delete_limit(call: Call) -> Sequence[Outcome]:
    await call.service.set_farm({entry_of(LIMITS, limit.name): None for limit in call.things})
    return [Outcome(limit, {"changed": True}) for limit in call.things]


def now(call: Call) -> Mapping[str, LimitView]:
    return {view.name: view for view in limits(call.service.farm)}


# --- settings


@SETTING_VERBS("show", "Show one setting of the farm.", which=Which.ONE, changes=False)
async def show_setting(call: Call) -> Sequence[Outcome]:
    return [Outcome(setting) for setting in call.things]


@SETTING_VERBS(
    "update", "Give a setting another value, at once.", which=Which.ONE, takes=NewValue, bare="value",
    role=Role.ADMIN,
)  # fmt: skip
async def update_setting(call: Call) -> Sequence[Outcome]:
    (setting,) = call.things
    value = plain_of(setting.name, call.given.value)
    return [Outcome(setting, {"changed": await call.service.set_farm({setting.name: value})})]


def plain_of(name: str, value: Any) -> Any:
    """As it is, or from the text that a person has written."""
    hint = get_type_hints(FarmSettings)[name]
    if not isinstance(value, str) or hint is str:
        return value
    text = value.strip()
    try:
        return forms.plain(text) if text.startswith(("[", "{")) else forms.form_of(name, hint, UTC).read(text)
    except forms.BadValue as bad:
        raise Refused([Problem(name, str(bad))]) from None


@SETTING_VERBS("delete", "Go back to what brender.toml says.", role=Role.ADMIN)
async def delete_setting(call: Call) -> Sequence[Outcome]:
    farm = call.service.farm
    before = {setting.name: setting_view(setting.name, farm) for setting in call.things}
    await call.service.set_farm({}, list(before))
    return [Outcome(setting, {"changed": before[setting.name].source == "runtime"}) for setting in call.things]
