"""Who may do what: every verb is held against the role of whoever asks, here and nowhere else.

How does this work?  A verb says which role it needs (`Verb.needs`), an item whose its things are (`Item.owner`) and
from which role on one may change other people's (`Item.others`).  `allowed` asks the first, `own_ones` the second: a
change about one thing of somebody else's is refused as a whole.  `owned` writes the name of whoever asks on what they
make.  All of it holds at the moment of the request, so whoever has lost a role has lost it everywhere.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from brender.farm.interfaces import FarmService, NotFound
from brender.farm.people.users import NotAllowed, Rights, Who
from brender.farm.submission.problems import shown
from brender.verbs.auditing import refused
from brender.verbs.items.reading import id_of
from brender.verbs.verb import Verb

OWNER, SETTINGS = "owner", "settings"
ARTICLES = {"artist": "an", "admin": "an"}


def allowed(verb: Verb, service: FarmService, who: Who, now: float) -> Rights:
    """Raises `NotLoggedIn`, `NotAllowed`."""
    rights = service.rights(who)
    if not rights.covers(*verb.key, verb.needs):
        sentence = why_not(verb, rights)
        if verb.changes:
            refused(verb, service, who, rights, sentence, now)
        raise NotAllowed(sentence)
    return rights


def why_not(verb: Verb, rights: Rights) -> str:
    what = f"{verb.name} of {verb.item.plural}"
    if not rights.role.covers(verb.needs):
        needed = f"{ARTICLES.get(verb.needs, 'a')} {verb.needs}"
        return f"{what} is for {needed}; {rights.name} is {ARTICLES.get(rights.role, 'a')} {rights.role}."
    return f"That token of {rights.name} is not for {what}; it is for {', '.join(rights.verbs)}."


def own_ones(
    verb: Verb,
    rights: Rights,
    things: Sequence[Any],
    job: Any,
    id: int | str | None,  # noqa: A002 (as in `Request`)
) -> Sequence[Any]:
    """The things, without those of others that one may not see; raises `NotAllowed` where one may not change some."""
    if not verb.item.owned or rights.role.covers(verb.item.others):
        return things
    if not verb.changes and not verb.item.private:
        return things
    own = [thing for thing in things if is_own(verb, rights, thing, job)]
    if len(own) == len(things):
        return things
    if verb.item.private:
        if id is not None:
            raise NotFound(f"There is no {verb.item.name} {shown(id)}.")
        return own
    raise NotAllowed(others(verb, rights, next(thing for thing in things if thing not in own), job))


def is_own(verb: Verb, rights: Rights, thing: Any, job: Any) -> bool:
    return bool(rights.name) and owner_of(verb, thing, job) == rights.name


def owner_of(verb: Verb, thing: Any, job: Any) -> str:
    """Whose it is, or whose the job is that it is of."""
    if verb.item.of_job:
        return str(job.settings.owner)
    assert verb.item.owner is not None
    return verb.item.owner(thing)


def others(verb: Verb, rights: Rights, thing: Any, job: Any) -> str:
    what, number = ("job", job.id) if verb.item.of_job else (verb.item.name, id_of(verb.item, thing))
    owner, role = owner_of(verb, thing, job) or "nobody", rights.role
    return (
        f"{what.capitalize()} {shown(number)} is {owner}'s; {rights.name} is {ARTICLES.get(role, 'a')} {role}, and "
        f"changes their own. Nothing was changed."
    )


def owned(verb: Verb, rights: Rights, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was said, with whose it is to be: one's own, unless one may change other people's.

    Raises `NotAllowed` for giving something away.
    """
    if OWNER not in said_of(verb) or not rights.name:
        return values
    within = values.get(SETTINGS)
    named = OWNER in values or (isinstance(within, Mapping) and OWNER in within)
    if rights.role.covers(verb.item.others):
        return values if named or not verb.alone else {**values, OWNER: rights.name}
    if verb.alone:
        kept = {name: value for name, value in values.items() if name != OWNER}
        if isinstance(within, Mapping):
            kept[SETTINGS] = {name: value for name, value in within.items() if name != OWNER}
        return {**kept, OWNER: rights.name}
    if named and values.get(OWNER) != rights.name:
        raise NotAllowed(
            f"Only {ARTICLES.get(verb.item.others, 'a')} {verb.item.others} gives things to somebody else."
        )
    return values


def said_of(verb: Verb) -> Sequence[str]:
    return verb.takes.__struct_fields__
