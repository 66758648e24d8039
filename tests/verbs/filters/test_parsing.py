"""What a filter says: which clients of a small farm it chooses, and what it is once it is read."""

from twisted.trial.unittest import SynchronousTestCase

from brender.verbs.filters import And, Comparison, Everything, Not, Op, Or, Pattern, Range, Value
from tests.verbs.filters.farm import CLIENTS, FARM, JOBS, ORDERS, STEPS, chosen, client, read

EVERYONE = [1, 2, 3, 12]


class Choosing(SynchronousTestCase):
    def assert_choose(self, expected: dict[str, list[int]]) -> None:
        for text, ids in expected.items():
            self.assertEqual(chosen(text), ids, text)

    def test_a_bare_word_is_a_value_or_an_id_or_a_name(self) -> None:
        self.assert_choose({
            "all": EVERYONE,
            "": EVERYONE,
            "  ": EVERYONE,
            "enabled": [1, 3],
            "OFFLINE": [3, 12],
            "asleep": [2],
            "12": [12],
            "2-12": [2, 3, 12],
            "1..3": [1, 2, 3],
            "1,3,8-12": [1, 3, 12],
            "attic": [3],
            "render*": [1, 2, 12],
            "render-0?": [1, 2],
            "render-[01]*": [1, 2, 12],
            "render-0[!1]": [2],
            "attic,render-01": [1, 3],
            "attic, render-10*": [3, 12],
            "idle,busy": [1, 3, 12],
        })  # fmt: skip

    def test_words_side_by_side_must_all_be_true(self) -> None:
        self.assert_choose({"render* disabled online": [2], "enabled disabled": [], "enabled and offline": [3]})

    def test_not_comes_before_and_and_and_before_or(self) -> None:
        self.assert_choose({
            "not enabled": [2, 12],
            "not enabled online": [2],
            "not (enabled online)": [2, 3, 12],
            "attic or render* disabled": [2, 3, 12],
            "(attic or render*) disabled": [2, 12],
            "(attic or render*) and NOT disabled": [1, 3],
            "not not attic": [3],
            "attic Or (busy)": [1, 3],
            "(attic)(enabled)": [3],
            "not(attic)": [1, 2, 12],
        })  # fmt: skip

    def test_a_comparison_with_texts(self) -> None:
        self.assert_choose({
            "name=render-01": [1],
            "NAME=Render-01": [1],
            "name = render-01": [1],
            "name=render*": [1, 2, 12],
            "name!=render*": [3],
            "name~*-0?": [1, 2],
            "name!~*-0?": [3, 12],
            "name=attic,render-01": [1, 3],
            "name!=attic,render-01": [2, 12],
            "name~a*,*studio": [3, 12],
            "status=disabled": [2, 12],
            "status!=disabled": [1, 3],
            "status~dis*": [2, 12],
            "activity=busy,asleep": [1, 2],
            "connection=Offline": [3, 12],
        })  # fmt: skip

    def test_a_comparison_with_numbers(self) -> None:
        self.assert_choose({
            "id=2": [2],
            "id!=2": [1, 3, 12],
            "id=2-12": [2, 3, 12],
            "id=1,4,8-12": [1, 12],
            "id!=1-2,3": [12],
            "id>2": [3, 12],
            "id >= 2 id<12": [2, 3],
            "memory=32GB": [2],
            "memory>=32gb": [1, 2],
            "memory=16GB-64GB": [1, 2, 3],
            "memory=8192MB": [12],
            "memory<16384MB": [12],
            "load>=50%": [1, 12],
            "load=50": [12],
            "slowness>1.2": [12],
        })  # fmt: skip

    def test_a_comparison_with_moments(self) -> None:
        self.assert_choose({
            "since>-3h": [1, 2, 12],
            "since<=-2h": [2, 3],
            "since=today": [1, 2, 12],
            "since=yesterday": [3],
            "since<today": [3],
            "since=2026-11-26": [1, 2, 12],
            "since<2026-11-26T17:30": [2, 3],
            "since<2026-11-26T17:30Z": [2, 3],
            "since>2026-11-26T17:30+01:00": [1, 12],
            "since=2026-11-25..2026-11-26": EVERYONE,
            "since=-30h..-1d": [3],
            "since>now": [],
        })  # fmt: skip

    def test_what_an_attribute_has_many_of_is_any_of_them(self) -> None:
        self.assert_choose({
            "gpus=*4090": [1],
            "gpus~*3080": [1],
            "gpus!~*3080": [2, 3, 12],
            'gpus="rtx 4090"': [1],
            "pool=gpu": [3],
            "pools=night,lighting": [3],
            "pool!=gpu": [1, 2, 12],
            "tag=loud": [3],
            "pool=loud": [],
        })  # fmt: skip

    def test_none_is_what_is_absent(self) -> None:
        self.assert_choose({
            "pools=none": [1, 2, 12],
            "pools!=none": [3],
            "most_tasks=none": [1, 2, 12],
            "most_tasks=none,2": EVERYONE,
            "most_tasks!=none": [3],
            "most_tasks<3": [3],
            "not most_tasks<3": [1, 2, 12],
            "idle_seconds=15min": [3],
            "idle_seconds!=15min": [1, 2, 12],
            "sleeps=none": EVERYONE,
            'sleeps=""': EVERYONE,
        })  # fmt: skip

    def test_yes_and_no(self) -> None:
        self.assert_choose({"wake=yes": [3], "wake=no": [1, 2, 12], "wake!=true": [1, 2, 12], "wake=ON": [3]})

    def test_a_filter_may_be_in_quotes_as_a_whole(self) -> None:
        self.assert_choose({
            '"status=enabled and name~render*"': [1],
            " 'memory>=32GB not (busy)' ": [2],
            '"attic"': [3],
            '"enabled or disabled"': [],
        })  # fmt: skip


class Meaning(SynchronousTestCase):
    def test_quotes_make_a_text_of_what_would_be_something_else(self) -> None:
        name, ids = CLIENTS.attributes["name"], CLIENTS.attributes["id"]
        expected: dict[str, tuple[Value, ...]] = {
            '"all"': ("all",),
            "'idle'": ("idle",),
            '"12"': ("12",),
            "name=all": ("all",),
            "name=12": ("12",),
            'name="a*"': ("a*",),
            'name="none"': ("none",),
            "name=none": (None,),
            "none": ("none",),
            'name="and","a,b"': ("and", "a,b"),
            'name="a b"*': (Pattern("a b*"),),
            'name="a*"*': (Pattern("a[*]*"),),
            'name=\'it is "it"\'" isn\'t it"': ('it is "it" isn\'t it',),
            'name=""': ("",),
            "name=a[b": ("a[b",),
            r"name=C:\x": (r"C:\x",),
            "wow!": ("wow!",),
        }
        for text, values in expected.items():
            self.assertEqual(read(text), Comparison(name, Op.IS, values), text)
        self.assertEqual(read("12"), Comparison(ids, Op.IS, (12,)))

    def test_values_of_settings_are_no_words(self) -> None:
        self.assertEqual(read("preview", JOBS), Comparison(JOBS.attributes["name"], Op.IS, ("preview",)))
        self.assertEqual(read("active", JOBS), Comparison(JOBS.attributes["state"], Op.IS, ("active",)))

    def test_a_bare_word_is_about_what_the_language_says(self) -> None:
        self.assertEqual(read("render*", ORDERS), Comparison(ORDERS.attributes["client"], Op.IS, (Pattern("render*"),)))
        self.assertEqual(read("12", STEPS), Comparison(STEPS.attributes["name"], Op.IS, ("12",)))

    def test_a_tree_is_as_its_brackets_are(self) -> None:
        a, b, c = (Comparison(CLIENTS.attributes["name"], Op.IS, (name,)) for name in "abc")
        for text, tree in {
            "a b and c": And((a, b, c)),
            "(a b) c": And((And((a, b)), c)),
            "a or b or c": Or((a, b, c)),
            "a or b c": Or((a, And((b, c)))),
            "not a b": And((Not(a), b)),
            "not (a b)": Not(And((a, b))),
            "((a))": a,
            "all and a": And((Everything(), a)),
        }.items():
            self.assertEqual(read(text), tree, text)

    def test_a_day_is_from_its_first_to_its_last_moment(self) -> None:
        since = CLIENTS.attributes["since"]
        first, last = 1793487600.0, 1793573999.999999  # in Berlin
        expected: dict[str, tuple[Op, Value]] = {
            "since=2026-11-01": (Op.IS, Range(first, last)),
            "since>2026-11-01": (Op.ABOVE, last),
            "since>=2026-11-01": (Op.AT_LEAST, first),
            "since<2026-11-01": (Op.BELOW, first),
            "since<=2026-11-01": (Op.AT_MOST, last),
        }
        for text, (op, value) in expected.items():
            self.assertEqual(read(text), Comparison(since, op, (value,)), text)

    def test_a_client_with_the_name_of_a_word_is_found_by_its_attribute(self) -> None:
        FARM.append(client(13, "all"))
        self.addCleanup(FARM.pop)
        self.assertEqual(chosen("name=all"), [13])
        self.assertEqual(chosen('"all"'), [13])
        self.assertEqual(chosen("all"), [*EVERYONE, 13])
