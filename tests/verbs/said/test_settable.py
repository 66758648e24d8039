"""What a thing has and nobody can set is told as that, whatever it is of."""

from twisted.trial.unittest import SynchronousTestCase

from brender.verbs.items.known import JOB
from brender.verbs.known import VERBS
from brender.verbs.said.given import read
from brender.verbs.said.settable import cannot_be_set
from brender.verbs.said.unfit import Unfit
from brender.verbs.verb import Nothing

SENTENCES = {
    ("job", "update", "state"): '"state" of a job cannot be set.',
    ("client", "update", "name"): '"name" of a client cannot be set.',
    ("limit", "update", "used"): '"used" of a limit cannot be set; count and each can.',
    ("tag", "update", "clients"): '"clients" of a tag cannot be set; name, add and remove can.',
    ("invitation", "create", "left"): '"left" of an invitation cannot be set; uses, valid_seconds and note can.',
    ("job", "update", "priority"): "",
    ("job", "update", "nonsense"): "",
    ("job", "retry", "state"): "",
    ("job", "read", "state"): "",
}


class Settable(SynchronousTestCase):
    def test_what_cannot_be_set_has_a_sentence_and_everything_else_has_none(self) -> None:
        for (item, action, name), sentence in SENTENCES.items():
            verb = VERBS[item, action]
            self.assertEqual(cannot_be_set(name, verb.sets, verb.takes), sentence, (item, action, name))
        self.assertEqual(cannot_be_set("state", None, Nothing), "")

    def test_every_attribute_of_what_is_changed_can_be_set_or_is_told_not_to_be(self) -> None:
        for verb in VERBS.values():
            if verb.name == "update":
                for name in verb.item.attributes:
                    settable = name in verb.takes.__struct_fields__
                    self.assertEqual(bool(cannot_be_set(name, verb.sets, verb.takes)), not settable, (verb.key, name))

    def test_the_place_is_the_field(self) -> None:
        with self.assertRaisesRegex(Unfit, '^"state" of a job cannot be set.$') as caught:
            read({"state": "active"}, VERBS["job", "update"].takes, sets=JOB)
        self.assertEqual(caught.exception.at, "state")
