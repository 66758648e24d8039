"""What people are told of what a verb did: `tell` makes the text of a `Told`, from rows alone."""

from collections.abc import Callable, Mapping

from brender.verbs.telling.client_past import PAST_OF_CLIENTS
from brender.verbs.telling.clients import ABOUT_CLIENTS
from brender.verbs.telling.generic import told_generically
from brender.verbs.telling.job_changes import CHANGES_OF_JOBS
from brender.verbs.telling.jobs import ABOUT_JOBS, steps_listed
from brender.verbs.telling.lists import asked_for, listed
from brender.verbs.telling.planned import planned
from brender.verbs.telling.told import Told, rows_of_json, told_of

__all__ = ["Told", "rows_of_json", "tell", "told_of"]

ABOUT: Mapping[str, Mapping[str, Callable[[Told], str]]] = {
    "client": {**ABOUT_CLIENTS, **PAST_OF_CLIENTS},
    "job": {**ABOUT_JOBS, **CHANGES_OF_JOBS, "plan": planned},
    "step": {"read": steps_listed},
}


def tell(told: Told) -> str:
    """The text for a person."""
    if asked_for(told):
        return listed(told)  # other columns than those that are told otherwise
    return ABOUT.get(told.item.name, {}).get(told.verb.name, told_generically)(told)
