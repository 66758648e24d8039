"""Clients whose workers can run nothing for now, as their disks are full."""

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.scheduling.why import why_client, why_job
from tests.doubles import Rules, Stage

FULL = "its disk is full: there are 0 MB left for /scratch"


class UnwellTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Rules(1000.0)
        self.client = self.rules.client()

    def feels(self, reason: str) -> None:
        self.rules.farm.unwell(self.client, reason)
        self.rules.match()

    def test_it_is_given_nothing_until_it_is_well_again(self) -> None:
        self.feels(FULL)
        self.rules.job(Stage())
        self.rules.match()
        self.assertEqual((self.client.activity, self.client.orders), ("unwell", {}))
        self.feels("")
        self.assertTrue(self.client.orders)

    def test_why_says_it_of_the_client_and_of_the_job_that_waits(self) -> None:
        self.feels(FULL)
        job = self.rules.job(Stage())
        self.rules.match()
        self.assertIn(f"is unwell: {FULL}", why_client(self.rules.farm, self.client, self.rules.clock))
        self.assertIn("unwell", why_job(self.rules.farm, job, self.rules.clock))

    def test_after_a_greeting_it_is_well_until_it_says_otherwise(self) -> None:
        self.feels(FULL)
        self.rules.farm.join(self.client, self.client.machine, {}, self.rules.now)
        self.assertEqual(self.client.unwell, "")
