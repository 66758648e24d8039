"""Whole lists as files: JSON and CSV, in pieces, as gzip, however long."""

import csv
import gzip
import io
import json

from twisted.trial.unittest import TestCase

from brender.web.http.pieces import PIECE
from brender.web.http.squeezing import wants_gzip
from brender.web.listing import cell
from tests.web.fakes import LAST_CHUNK, Reply, Web, Wire, request

FORMULA = '=HYPERLINK("http://x","y")'


class Case(TestCase):
    def setUp(self) -> None:
        self.web = Web(self)
        self.farm = self.web.farm

    def begin(self, path: str, **headers: str) -> Wire:
        wire = self.web.wire()
        wire.send(request("GET", path, **headers))
        return wire

    def whole(self, path: str, **headers: str) -> Reply:
        """The answer, after as many turns as it takes."""
        wire = self.begin(path, **headers)
        while not wire.got().endswith(LAST_CHUNK):
            before = wire.got()
            self.web.turn()
            self.assertNotEqual(wire.got(), before)
        return wire.reply()

    def rows(self, path: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(self.whole(path).body.decode(), newline="")))


class Json(Case):
    async def test_it_is_all_that_there_is(self) -> None:
        most = PIECE * 2 + 3
        for number in range(most):
            await self.farm.job(name=f"shot {number}")
        reply = self.whole("/api/v1/jobs.json").json
        self.assertEqual([job["id"] for job in reply["data"]], list(range(most, 0, -1)))
        self.assertEqual((reply["matched"], reply["next"]), (most, None))
        page = self.whole("/api/v1/jobs.json?limit=2&fields=id").json
        self.assertEqual((page["data"], page["matched"]), ([{"id": most}, {"id": most - 1}], most))
        after = self.whole(f"/jobs/list.json?limit=1&fields=id&after={page['next']}").json
        self.assertEqual(after["data"], [{"id": most - 2}])

    async def test_a_filter_a_search_and_an_order_are_kept(self) -> None:
        for name in ("render-01", "render-02", "attic"):
            await self.farm.client(name)
        path = "/clients/list.json?filter=online&search=render&sort=-name&fields=name"
        self.assertEqual(self.whole(path).json["data"], [{"name": "render-02"}, {"name": "render-01"}])

    async def test_one_piece_is_written_in_a_turn_and_none_while_the_reader_does_not_keep_up(self) -> None:
        for _ in range(PIECE * 3):
            await self.farm.job()
        wire = self.begin("/api/v1/jobs.json")
        first = len(wire.got())
        self.web.turn()
        second = len(wire.got())
        self.assertTrue(0 < first < second < first * 3)
        wire.pause()
        self.web.turn()
        self.assertEqual(len(wire.got()), second)
        wire.resume()
        self.web.turn()
        self.assertTrue(wire.got().endswith(LAST_CHUNK))
        self.assertEqual(len(wire.reply().json["data"]), PIECE * 3)

    async def test_a_reader_who_goes_leaves_nothing_behind(self) -> None:
        for _ in range(PIECE * 3):
            await self.farm.job()
        wire = self.begin("/api/v1/jobs.json")
        waiting = len(self.farm.clock.getDelayedCalls())
        wire.close()
        self.assertLess(len(self.farm.clock.getDelayedCalls()), waiting)

    async def test_a_list_that_breaks_off_has_no_end(self) -> None:
        for _ in range(PIECE + 1):
            await self.farm.job()
        wire = self.begin("/api/v1/jobs.json")
        self.farm.service.farm.jobs[1].standing = None  # type: ignore[assignment]
        self.web.turn()
        self.assertEqual(len(self.flushLoggedErrors(AttributeError)), 1)
        self.assertFalse(wire.got().endswith(b"0\r\n\r\n"))
        self.assertTrue(wire.transport.disconnecting)

    async def test_it_comes_as_gzip_where_that_is_wanted(self) -> None:
        for _ in range(PIECE + 1):
            await self.farm.job()
        plain, squeezed = (self.whole("/api/v1/jobs.json", Accept_Encoding=wanted) for wanted in ("", "br, gzip"))
        self.assertEqual((squeezed.headers["content-encoding"], squeezed.headers["vary"]), ("gzip", "Accept-Encoding"))
        self.assertNotIn("content-encoding", plain.headers)
        self.assertEqual(gzip.decompress(squeezed.body), plain.body)

    async def test_head_says_what_it_would_be(self) -> None:
        reply = self.web.ask("HEAD", "/api/v1/clients.csv")
        self.assertEqual((reply.status, reply.headers["content-type"][:8]), (200, "text/csv"))


class Csv(Case):
    async def test_it_has_a_head_and_a_row_for_each_with_what_fits_into_a_cell(self) -> None:
        client = await self.farm.client("attic")
        await self.farm.service.set_clients([client], {"pools": ["gpu", "day, night"]})
        head, row = self.rows("/clients/list.csv")
        found = dict(zip(head, row, strict=True))
        self.assertEqual((found["id"], found["name"], found["pools"]), ("1", "attic", "gpu, day, night"))
        self.assertEqual((found["most_tasks"], found["wake"]), ("", "false"))
        self.assertNotIn("running", head)
        self.assertTrue(self.whole("/clients/list.csv").body.endswith(b"\r\n"))
        about = self.whole("/api/v1/clients.csv").headers
        self.assertEqual(about["content-type"], "text/csv; charset=utf-8; header=present")
        self.assertEqual(about["content-disposition"], 'attachment; filename="clients.csv"')

    async def test_it_is_all_that_matches_unless_a_limit_is_named(self) -> None:
        for _ in range(PIECE + 20):
            await self.farm.job()
        self.assertEqual(len(self.rows("/api/v1/jobs.csv")), PIECE + 21)
        self.assertEqual(self.rows("/api/v1/jobs.csv?limit=2&fields=id,state"),
                         [["id", "state"], [str(PIECE + 20), "queued"], [str(PIECE + 19), "queued"]])  # fmt: skip
        self.assertEqual(self.rows("/api/v1/jobs.csv?filter=id%3D3&fields=tasks"), [["tasks"], ["24"]])

    async def test_a_list_of_nothing_is_its_head(self) -> None:
        self.assertEqual(self.rows("/api/v1/jobs.csv?fields=id"), [["id"]])
        self.assertEqual(self.whole("/api/v1/jobs.json").body, b'{"data":[],"matched":0,"next":null}\n')

    async def test_a_text_that_looks_like_a_formula_is_none(self) -> None:
        for name in (FORMULA, "+1", "-1", "@x", "\tx", 'quo"te', "two\nlines"):
            await self.farm.job(name=name)
        names = [name for (name,) in self.rows("/api/v1/jobs.csv?fields=name&sort=id")[1:]]
        self.assertEqual(names, [f"'{FORMULA}", "'+1", "'-1", "'@x", "'\tx", 'quo"te', "two\nlines"])
        self.assertEqual((cell(-1), cell(-1.5), cell(None), cell(["=x", "y"])), (-1, -1.5, None, "'=x, y"))

    async def test_what_is_wrong_is_told_before_anything_is_sent(self) -> None:
        for path in ("jobs.csv?fields=nmae", "jobs.csv?filter=(", "jobs.json?sort=nmae", "jobs.csv?draw=1"):
            reply = self.web.get(f"/api/v1/{path}")
            self.assertEqual((reply.status, reply.headers["content-type"]), (400, "application/problem+json"), path)


class Squeezing(Case):
    def test_gzip_is_wanted_by_name_or_by_a_star_and_not_with_a_weight_of_nothing(self) -> None:
        for accepted in ("gzip", "x-gzip", "br;q=1.0, gzip;q=0.8, *;q=0.1", "GZIP", "*", "gzip;q=0.001"):
            self.assertTrue(wants_gzip(accepted), accepted)
        for accepted in ("", "br", "identity", "gzip;q=0", "gzip; q=0.000", "*;q=0", "gzip;q=0, *", "gzipped"):
            self.assertFalse(wants_gzip(accepted), accepted)

    async def test_an_answer_is_squeezed_when_it_is_wanted_and_worth_it(self) -> None:
        for _ in range(3):
            await self.farm.job()
        plain = self.web.get("/api/v1/jobs")
        reply = self.web.get("/api/v1/jobs", Accept_Encoding="gzip")
        self.assertEqual((reply.headers["content-encoding"], reply.headers["vary"]), ("gzip", "Accept-Encoding"))
        self.assertEqual(gzip.decompress(reply.body), plain.body)
        self.assertEqual(int(reply.headers["content-length"]), len(reply.body))
        self.assertEqual(plain.headers["vary"], "Accept-Encoding")
        small = self.web.get("/api/v1/jobs?fields=id", Accept_Encoding="gzip")
        self.assertNotIn("content-encoding", small.headers)
        self.assertEqual(len(json.loads(small.body)["data"]), 3)

    async def test_the_tag_of_a_squeezed_answer_is_its_own_and_known_again(self) -> None:
        for _ in range(3):
            await self.farm.job()
        tags = [self.web.get("/api/v1/jobs", Accept_Encoding=wanted).headers["etag"] for wanted in ("", "gzip")]
        self.assertNotEqual(*tags)
        for tag in (*tags, f"W/{tags[1]}"):
            reply = self.web.get("/api/v1/jobs", Accept_Encoding="gzip", If_None_Match=tag)
            self.assertEqual(reply.status, 304, tag)
