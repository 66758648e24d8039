"""Whoever only looks changes nothing, in whatever order they ask for whatever there is."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.farm.people.users import NotAllowed
from brender.verbs.examples import ALL
from brender.verbs.known import VERBS
from brender.verbs.performing import Request
from brender.verbs.said.requests import refusal_of
from tests.faces.test_table import seen
from tests.people.crew import Crew

IDS = st.none() | st.integers(0, 6) | st.sampled_from(["ada", "bo", "Render", "Render:0", "lighting", "strikes", ""])
FILTERS = st.none() | st.sampled_from(["all", "id=1", "online", "state=paused", "owner=ada", "role=artist", "?"])
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "owner": st.sampled_from(["vi", "ada"]),
        "role": st.sampled_from(["viewer", "admin"]),
        "name": st.sampled_from(["vi", "new"]),
        "password": st.just("vi has another"),
        "priority": st.integers(0, 100),
        "value": st.integers(0, 9),
    },
)
KEYS = st.sampled_from(sorted(VERBS))


def made(key: tuple[str, str], one: Any, chosen: Any, values: Mapping[str, Any], job: Any) -> Request:
    item, action = key
    return Request(item, action, one, chosen, values, job)


OTHERS = st.builds(made, KEYS, IDS, FILTERS, VALUES, IDS)
REQUESTS = st.lists(st.sampled_from(ALL) | OTHERS, min_size=1, max_size=12)


@cache
def farm() -> Crew:
    """One for all: nothing ever changes it."""
    case = TestCase()
    made: list[Crew] = []
    Deferred.fromCoroutine(Crew.made(case)).addCallback(made.append)
    return made[0]


def outcome(request: Request) -> Any:
    """What was raised, or None."""
    raised: list[Any] = [None]
    asking = farm().perform(replace(request, who=farm().who("vi")))
    Deferred.fromCoroutine(asking).addErrback(lambda failure: raised.append(failure.value))
    return raised[-1]


class Viewer(SynchronousTestCase):
    @given(REQUESTS)
    @settings(max_examples=200, deadline=None)
    def test_no_sequence_of_verbs_changes_anything(self, requests: list[Request]) -> None:
        before = seen(farm())
        for request in requests:
            raised = outcome(request)
            if VERBS[request.item, request.action].changes:
                self.assertIsInstance(raised, NotAllowed, request)
            elif raised is not None:
                self.assertIsNotNone(refusal_of(raised, ""), f"{request}: {raised!r}")
        self.assertEqual(seen(farm()), before)
