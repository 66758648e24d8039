"""What can be asked of a thing, read from the structs that all faces show."""

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.settings import ClientSettings, JobSettings
from brender.farm.views.things import ClientView, JobView
from brender.verbs.items.attributes import Unit, attributes_of
from brender.verbs.items.known import CLIENT, ITEMS, JOB


class Attributes(SynchronousTestCase):
    def test_every_field_of_a_view_is_one(self) -> None:
        for item in ITEMS.values():
            own = {name for name in item.view.__struct_fields__ if name != "settings"}
            self.assertLessEqual(own, set(item.attributes), item.name)

    def test_every_setting_is_one_that_may_be_set(self) -> None:
        for kind, item in ((JobSettings, JOB), (ClientSettings, CLIENT)):
            for name in kind.__struct_fields__:
                self.assertTrue(item.attributes[name].settable and item.attributes[name].stored, name)

    def test_every_one_says_what_it_means(self) -> None:
        for item in ITEMS.values():
            silent = [name for name, attribute in item.attributes.items() if not attribute.meaning]
            self.assertEqual(silent, [], item.name)

    def test_a_unit_comes_from_the_view_or_from_the_name_of_a_setting(self) -> None:
        self.assertIs(CLIENT.attributes["memory"].unit, Unit.BYTES)
        self.assertIs(CLIENT.attributes["since"].unit, Unit.EPOCH)
        self.assertIs(CLIENT.attributes["keep_memory"].unit, Unit.BYTES)
        self.assertIs(CLIENT.attributes["idle_seconds"].unit, Unit.SECONDS)
        self.assertIs(JOB.attributes["not_before"].unit, Unit.EPOCH)
        self.assertIs(JOB.attributes["progress"].unit, Unit.PERCENT)
        self.assertIs(JOB.attributes["name"].unit, Unit.NONE)

    def test_few_values_and_bounds_are_known(self) -> None:
        self.assertEqual(CLIENT.attributes["status"].choices, ("enabled", "disabled"))
        self.assertEqual(JOB.attributes["order"].choices, ("forwards", "backwards", "outside-in", "preview"))
        self.assertIn("canceled", JOB.attributes["state"].choices)
        self.assertEqual((JOB.attributes["tries"].least, JOB.attributes["tries"].most), (1, 100))
        self.assertTrue(JOB.attributes["ended"].optional)
        self.assertFalse(JOB.attributes["submitted"].optional)

    def test_a_list_is_asked_by_what_is_in_it_and_a_list_of_structs_not_at_all(self) -> None:
        self.assertTrue(CLIENT.attributes["pools"].many and CLIENT.attributes["pools"].of is str)
        self.assertTrue(JOB.attributes["limits"].many and JOB.attributes["limits"].of is str)
        self.assertIs(JOB.attributes["avoided"].of, int)
        self.assertFalse(CLIENT.attributes["running"].asked)
        self.assertFalse(JOB.attributes["steps"].asked)

    def test_nothing_may_be_set_that_is_not_said_to(self) -> None:
        plain = attributes_of(ClientView)
        self.assertEqual(
            {name for name, attribute in plain.items() if attribute.settable}, set(ClientSettings.__struct_fields__)
        )
        self.assertTrue(attributes_of(JobView, settable=("name",))["name"].settable)
