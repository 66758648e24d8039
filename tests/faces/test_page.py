"""The page of all verbs is as the definitions are."""

from twisted.trial.unittest import SynchronousTestCase

from tests.faces.page import PAGE, page


class Page(SynchronousTestCase):
    def test_it_is_what_the_definitions_say(self) -> None:
        self.assertEqual(PAGE.read_text("utf-8"), page(), "write it anew: python -m tests.faces.page")
