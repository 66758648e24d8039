"""Which clients a filter chooses, and what is said of a filter that cannot be one."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import TestCase

from brender.farm.settings import ClientSettings
from brender.farm.views import ClientView
from brender.protocols.filters import ATTRIBUTES, BadFilter, choose, choose_by_text, nothing
from brender.protocols.words import BadWords, split


def client(
    number: int,
    name: str,
    status: str = "enabled",
    connection: str = "online",
    activity: str = "idle",
    settings: ClientSettings = ClientSettings(),
) -> ClientView:
    return ClientView(
        id=number,
        name=name,
        status=status,
        connection=connection,
        activity=activity,
        since=0.0,
        load=0.0,
        slots=1,
        used=0,
        memory=0,
        system="linux",
        gpus=(),
        blenders=(),
        slowness=1.0,
        settings=settings,
        running=[],
    )


FARM = [
    client(1, "render-01", activity="busy"),
    client(2, "render-02", status="disabled", activity="asleep"),
    client(3, "attic", connection="offline", settings=ClientSettings(pools=("gpu", "night"), tags=("loud",))),
    client(12, "Render-10.Studio", status="disabled", connection="offline"),
]


class Choosing(TestCase):
    def chosen(self, line: str) -> list[int]:
        return [client.id for client in choose(split(line), FARM)]

    def test_each_word_chooses_what_it_says(self) -> None:
        for line, ids in {
            "all": [1, 2, 3, 12],
            "enabled": [1, 3],
            "disabled": [2, 12],
            "online": [1, 2],
            "offline": [3, 12],
            "idle": [3, 12],
            "asleep": [2],
            "busy": [1],
            "12": [12],
            "attic": [3],
            "render*": [1, 2, 12],
            "render-0?": [1, 2],
            "render-[01]*": [1, 2, 12],
            "name=render-01": [1],
            "status=disabled": [2, 12],
            "connection=offline": [3, 12],
            "activity=busy": [1],
            "id=2": [2],
            "pool=gpu": [3],
            "pool=loud": [],
            "tag=loud": [3],
        }.items():
            self.assertEqual(self.chosen(line), ids, line)

    def test_several_words_must_all_be_true(self) -> None:
        self.assertEqual(self.chosen("render* disabled online"), [2])
        self.assertEqual(self.chosen("enabled disabled"), [])

    def test_no_word_at_all_chooses_everyone(self) -> None:
        self.assertEqual(self.chosen(""), [1, 2, 3, 12])

    def test_case_does_not_matter_in_words_names_and_attributes(self) -> None:
        self.assertEqual(self.chosen("ONLINE Render-01"), [1])
        self.assertEqual(self.chosen("render-10.studio"), [12])
        self.assertEqual(self.chosen("Status=Disabled"), [2, 12])

    def test_a_host_with_the_name_of_a_word_is_found_by_its_attribute(self) -> None:
        odd = [client(1, "all"), client(2, "idle", activity="busy"), client(3, "2")]
        self.assertEqual([each.id for each in choose(["name=all"], odd)], [1])
        self.assertEqual([each.id for each in choose(["name=idle"], odd)], [2])
        self.assertEqual([each.id for each in choose(["2"], odd)], [2])
        self.assertEqual([each.id for each in choose(["name=2"], odd)], [3])

    def test_a_text_from_an_address_is_split_like_a_line(self) -> None:
        self.assertEqual([each.id for each in choose_by_text(FARM, "render* online")], [1, 2])
        with self.assertRaises(ValueError):
            choose_by_text(FARM, "name='x")

    @given(st.text(max_size=40))
    def test_any_line_chooses_clients_or_is_refused_with_a_sentence(self, line: str) -> None:
        try:
            found = choose_by_text(FARM, line)
        except BadWords as refused:
            self.assertTrue(str(refused).endswith((".", "?")), refused)
        else:
            self.assertTrue(all(each in FARM for each in found))


class Refusing(TestCase):
    def assert_refused(self, word: str, sentence: str) -> None:
        with self.assertRaises(BadFilter) as caught:
            choose([word], FARM)
        self.assertEqual(str(caught.exception), sentence)

    def test_an_unknown_attribute_names_the_nearest(self) -> None:
        self.assert_refused("staus=disabled", 'No attribute "staus" on a client; did you mean status?')

    def test_an_attribute_like_no_other_names_all_there_are(self) -> None:
        self.assert_refused(
            "xyzzy=1",
            'No attribute "xyzzy" on a client; there are id, name, status, connection, activity, pool and tag.',
        )
        self.assertEqual(list(ATTRIBUTES), ["id", "name", "status", "connection", "activity", "pool", "tag"])

    def test_an_unknown_value_names_the_nearest_or_all(self) -> None:
        self.assert_refused("status=disbled", 'No client has the status "disbled"; did you mean disabled?')
        self.assert_refused("status=xyz", 'No client has the status "xyz"; it is enabled or disabled.')

    def test_an_id_is_a_whole_number(self) -> None:
        for word in ("id=one", "id=-1", "id=1.5", "id=", "id=٣"):
            value = word.partition("=")[2]
            self.assert_refused(word, f'"{value}" is not the id of a client: an id is a whole number.')

    def test_a_number_of_any_length_is_an_id_that_nobody_has(self) -> None:
        self.assertEqual(choose(["9" * 10_000], FARM), [])


class ChoosingNothing(TestCase):
    def test_the_filter_and_the_size_of_the_farm_are_told(self) -> None:
        self.assertEqual(nothing(["name=nobody"], FARM), "No client matches name=nobody (4 clients in all).")
        self.assertEqual(nothing(["busy", "disabled"], FARM), "No client matches busy and disabled (4 clients in all).")
        self.assertEqual(nothing(["offline"], FARM[:1]), "No client matches offline (1 client in all).")

    def test_a_mistyped_word_or_name_is_recognised(self) -> None:
        self.assertEqual(nothing(["onlin"], FARM), "No client matches onlin (4 clients in all). Did you mean online?")
        self.assertEqual(nothing(["atic"], FARM), "No client matches atic (4 clients in all). Did you mean attic?")

    def test_an_empty_farm_says_how_to_get_a_client(self) -> None:
        self.assertIn("brender worker", nothing(["all"], []))
