"""What people are told of verbs that have no words of their own.

How does this work?  A list is a table, one thing has a line for each attribute, a change is counted; whatever else
an outcome says is shown with its name.
"""

from collections.abc import Callable, Mapping

from brender.verbs.performing import Row
from brender.verbs.telling import lists
from brender.verbs.telling.sentences import Predicate, as_name, counted, refused, some
from brender.verbs.telling.settings import set_told
from brender.verbs.telling.told import Told

LINES = 20
STAYS = ("stays as it is", "stay as they are")
PREDICATES = {
    "cancel": ("is canceled", "are canceled"),
    "retry": ("runs again", "run again"),
    "requeue": ("runs again", "run again"),
    "revoke": ("is shut out", "are shut out"),
}


def told_generically(told: Told) -> str:
    if told.verb.makes:
        return made(told)
    tell = BY_ACTION.get(told.verb.name, done if told.verb.changes else said)
    return tell(told) if told.rows else lists.none_found(told)


def made(told: Told) -> str:
    """With what is told this once."""
    told_once = [f"{name.capitalize()}: {text}" for name, text in told.only.more.items() if isinstance(text, str)]
    return "\n".join([f"{told.item.name.capitalize()} {as_name(told.only.view)} is made.", *told_once])


def updated(told: Told) -> str:
    return "\n".join([set_told(told, as_name), *refused(told.rows)])


def deleted(told: Told) -> str:
    predicate = Predicate("is deleted", "are deleted", *STAYS)
    rows = [Row(row.view, {"changed": True, **row.more}) for row in told.rows]
    return "\n".join([counted(told.item.name, rows, naming, predicate), *refused(told.rows)])


def done(told: Told) -> str:
    """Of a change with a name of its own."""
    one, many = PREDICATES.get(told.verb.name, (f"is done: {told.verb.name}", f"are done: {told.verb.name}"))
    predicate = Predicate(one, many, *STAYS)
    return "\n".join([counted(told.item.name, told.rows, naming, predicate), *refused(told.rows)])


def said(told: Told) -> str:
    """Whatever is beside the views."""
    return "\n".join(some([one_said(row) for row in told.rows], LINES, "more match."))


def one_said(row: Row) -> str:
    texts = [str(value) for name, value in row.more.items() if name not in ("id", "name")]
    return "\n".join(texts) if texts else as_name(row.view)


def naming(view: object) -> str:
    return as_name(view) if view is not None else "it"


BY_ACTION: Mapping[str, Callable[[Told], str]] = {
    "read": lists.listed,
    "show": lists.shown,
    "update": updated,
    "delete": deleted,
}
