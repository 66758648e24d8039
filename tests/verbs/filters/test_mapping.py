"""Filters in JSON: each says the same as a text does, or is refused with the name that it is about."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.verbs.filters import BadFilter, Comparison, Condition, Op, Pattern, parse_mapping
from tests.verbs.filters.farm import BERLIN, CLIENTS, NOW, read

SAME: list[tuple[dict[str, Any], str]] = [
    ({}, "all"),
    ({"name": "render-0*", "status": "enabled"}, "name=render-0* status=enabled"),
    ({"Status": "DISABLED"}, "status=disabled"),
    ({"pool": ["gpu", "n*"]}, "pools=gpu,n*"),
    ({"pools": None}, "pools=none"),
    ({"pools": "none"}, "pools=none"),
    ({"sleeps": "!=none"}, "sleeps!=none"),
    ({"most_tasks": [None, 3]}, "most_tasks=none,3"),
    ({"id": 3}, "3"),
    ({"id": 3.0}, "3"),
    ({"id": [1, "4", "8-12"]}, "1,4,8-12"),
    ({"id": "1, 4, 8-12"}, "1,4,8-12"),
    ({"id": "!=3,4"}, "id!=3,4"),
    ({"memory": ">=32GB"}, "memory>=32GB"),
    ({"memory": " < 32GB"}, "memory<32GB"),
    ({"load": 12.5}, "load=12.5"),
    ({"load": 1e-7}, "load=1e-7"),
    ({"since": 12345.5}, "since=12345.5"),
    ({"since": ">-2h"}, "since>-2h"),
    ({"wake": True}, "wake=yes"),
    ({"wake": "no"}, "wake=no"),
    ({"wake": [True, False]}, "wake=yes,no"),
    ({"name": "a b, (c)"}, 'name="a b, (c)"'),
    ({"name": "a b*"}, 'name="a b"*'),
    ({"name": '"a"'}, "name='\"a\"'"),
    ({"name": ["=x", "~y"]}, 'name="=x","~y"'),
    ({"name": "==x"}, 'name="=x"'),
    ({"name": "~a,b"}, 'name~"a,b"'),
    ({"name": "!~a*"}, "name!~a*"),
    ({"name": ""}, 'name=""'),
    ({"name": "[*]"}, "name=[*]"),
    ({"name": 12}, 'name="12"'),
    ({"status": "~*abled"}, "status~*abled"),
]

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"staus": "x"}, 'No attribute "staus" on a client; did you mean status?'),
    ({"running": 1}, "A filter cannot ask for running of a client."),
    ({"status": "on"}, 'No client has the status "on"; it is enabled or disabled.'),
    ({"status": None}, '"null" is no value for status: write enabled or disabled.'),
    ({"status": True}, '"true" is no value for status: write enabled or disabled.'),
    ({"wake": 1}, '"1" is no value for wake: write yes or no.'),
    ({"wake": None}, '"null" is no value for wake: write yes or no.'),
    ({"wake": ">yes"}, '">" does not go with wake; = and != do.'),
    ({"id": True}, '"true" is not the id of a client: an id is a whole number.'),
    ({"id": 1.5}, '"1.5" is not the id of a client: an id is a whole number.'),
    ({"id": ""}, '"" is not the id of a client: an id is a whole number.'),
    ({"id": "1,,2"}, '"" is not the id of a client: an id is a whole number.'),
    ({"id": []}, "The list of id is empty: nothing could be one of it."),
    ({"id": [[1]]}, '"[...]" is not the id of a client: an id is a whole number.'),
    ({"id": ">3,4"}, '">" compares with one value, not with a list.'),
    ({"id": 10**30}, "That number is too large for id."),
    ({"load": float("nan")}, '"nan" is no value for load: write a percentage, such as 50%.'),
    ({"name": {"a": 1}}, '"{...}" is no value for name: write a text; * stands for anything, ? for one character.'),
    ({"name": "x" * 10_001}, "A filter has at most 10,000 characters."),
    ({"name": ["x" * 5_000] * 3}, "That filter has more than 10,000 characters when all of it is written out."),
]


def mapped(given: dict[str, Any]) -> Condition:
    return parse_mapping(given, CLIENTS, now=NOW, zone=BERLIN)


class Mappings(SynchronousTestCase):
    def test_each_says_the_same_as_a_text(self) -> None:
        for given, text in SAME:
            self.assertEqual(mapped(given), read(text), given)

    def test_a_text_has_no_quotes_and_no_list(self) -> None:
        name = CLIENTS.attributes["name"]
        self.assertEqual(mapped({"name": "~a, 'b'"}), Comparison(name, Op.LIKE, (Pattern("a, 'b'"),)))

    def test_what_cannot_be_is_refused_with_its_name(self) -> None:
        for given, sentence in REFUSED:
            with self.assertRaises(BadFilter, msg=given) as caught:
                mapped({"slots": 1, **given})
            self.assertEqual(str(caught.exception), sentence)
            self.assertEqual(caught.exception.key, "" if "written out" in sentence else next(iter(given)))

    def test_no_more_names_than_a_filter_has_comparisons(self) -> None:
        with self.assertRaises(BadFilter) as caught:
            mapped({str(number): 1 for number in range(201)})
        self.assertIn("at most 200 comparisons", str(caught.exception))
