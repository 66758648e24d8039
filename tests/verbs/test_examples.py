"""Every verb has an example, and each is done on the farm that it is about."""

from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.farm.transitions import JobState
from brender.verbs.examples import ALL, EXAMPLES
from brender.verbs.known import VERBS
from tests.verbs.example_farm import ExampleFarm


class Table(SynchronousTestCase):
    def test_every_verb_has_one_and_only_one(self) -> None:
        self.assertEqual(set(EXAMPLES), set(VERBS))
        self.assertEqual(len(ALL), len(EXAMPLES))


class Farm(TestCase):
    async def test_it_is_as_the_examples_say(self) -> None:
        farm = (await ExampleFarm.made(self)).service.farm
        self.assertEqual([farm.jobs[number].state for number in (1, 2, 3)], [
            JobState.ACTIVE, JobState.PAUSED, JobState.COMPLETED
        ])  # fmt: skip
        self.assertTrue(farm.jobs[4].steps[0].wants_approval)
        self.assertEqual([client.online for client in farm.clients.values()], [True, True, False])


class Examples(TestCase):
    """Filled below: a test for each."""


def add(item: str, action: str) -> None:
    async def test(self: Examples) -> None:
        farm = await ExampleFarm.made(self)
        result = await farm.perform(EXAMPLES[item, action])
        self.assertTrue(result.outcomes, "it is about nothing")
        if result.verb.changes and not result.verb.makes:
            self.assertTrue(result.changed, "it changes nothing")
        self.assertEqual([each.more["error"] for each in result.outcomes if "error" in each.more], [])

    setattr(Examples, f"test_{item}_{action}", test)


for key in VERBS:
    add(*key)
