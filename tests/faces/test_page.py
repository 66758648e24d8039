"""The page of all verbs is as the definitions are."""

import re

from twisted.trial.unittest import SynchronousTestCase

from brender.cli import MODULES
from brender.protocols.commands import OWN
from tests.faces.page import PAGE, ending, page


class Page(SynchronousTestCase):
    def test_it_is_what_the_definitions_say(self) -> None:
        self.assertEqual(PAGE.read_text("utf-8"), page(), "write it anew: python -m tests.faces.page")

    def test_every_word_that_is_no_verb_is_there(self) -> None:
        told = {words.split()[0] for words in re.findall(r"`([^`]+)`", ending())}
        self.assertEqual({*OWN, *MODULES} - told, set())
