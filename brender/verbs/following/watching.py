"""Filters of what is told as it happens: whether the view that an event shows is one that somebody wants to hear of.

How does this work?  A list is filtered by looking at its things; an event brings one view, as it was then.  `for_views`
gives the function that the event stream and the webhooks are handed: from the kind of an event and the text of a
filter, in the one grammar that all faces have, it makes the test of a view.
"""

from collections.abc import Callable
from typing import Any

from brender.farm.farm import Farm
from brender.verbs.filters import matching
from brender.verbs.items.known import ITEMS
from brender.verbs.performing import Filter, condition_of

Test = Callable[[Any], bool]


def for_views(farm: Farm, now: Callable[[], float]) -> Callable[[str, Filter], Test]:
    """Makes the tests of views; what that raises is a `BadFilter`."""
    return lambda kind, text: matching(condition_of(ITEMS[kind], farm, text, now()))
