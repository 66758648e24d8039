"""What a handler asks of a request, and how a bad question is refused."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.http_headers import Headers

from brender.web.http.asking import Ask, query_of
from brender.web.http.wrong import Wrong


def ask(**query: str) -> Ask:
    return Ask("GET", "/", Headers(), query=query)


class Asking(SynchronousTestCase):
    def test_a_number_is_read_within_its_bounds(self) -> None:
        self.assertEqual(ask(limit="7").number("limit", 100), 7)
        self.assertEqual(ask().number("limit", 100), 100)
        for bad in ("", "-1", "1.5", "0x10", "٣", "1" * 40, "1001", " 7"):
            with self.assertRaisesRegex(Wrong, "whole number from 0 to 1000"):
                ask(limit=bad).number("limit", 100, most=1000)

    def test_choices_are_words_of_a_list(self) -> None:
        self.assertEqual(ask(state="active,queued").choices("state", ("queued", "active")), ["active", "queued"])
        with self.assertRaisesRegex(Wrong, "no value activ; did you mean active"):
            ask(state="activ").choices("state", ("queued", "active"))


class Query(SynchronousTestCase):
    def test_parameters_are_read_as_text(self) -> None:
        self.assertEqual(query_of(b"/x?filter=name%3Drender-*+online", ["filter"]), {"filter": "name=render-* online"})
        self.assertEqual(query_of(b"/x?filter=name=attic", ["filter"]), {"filter": "name=attic"})

    def test_what_only_defeats_caches_is_ignored(self) -> None:
        self.assertEqual(query_of(b"/x?_=1700000000", []), {})

    def test_an_unknown_parameter_is_refused_with_the_one_that_was_meant(self) -> None:
        with self.assertRaisesRegex(Wrong, "did you mean filter"):
            query_of(b"/x?filtre=all", ["filter"])
        with self.assertRaisesRegex(Wrong, "takes none"):
            query_of(b"/x?path=../../etc/passwd", [])

    def test_a_parameter_may_be_given_once(self) -> None:
        with self.assertRaisesRegex(Wrong, "twice"):
            query_of(b"/x?limit=1&limit=2", ["limit"])

    def test_bytes_that_are_no_text_and_too_many_parameters_are_refused(self) -> None:
        for uri in (b"/x?limit=%ff", b"/x?limit=\xff", b"/x?" + b"&".join([b"limit=1"] * 100)):
            with self.assertRaises(Wrong) as caught:
                query_of(uri, ["limit"])
            self.assertEqual(caught.exception.status, 400)

    @given(st.binary(max_size=60))
    def test_no_query_makes_anything_but_a_refusal(self, query: bytes) -> None:
        try:
            query_of(b"/x?" + query, ["filter"])
        except Wrong as wrong:
            self.assertEqual(wrong.status, 400)
