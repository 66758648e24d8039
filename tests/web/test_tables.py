"""DataTables' server-side protocol, as the documents of that library have it."""

from typing import Any
from urllib.parse import quote

from twisted.trial.unittest import TestCase

from brender.verbs.lists.pages import LONGEST
from brender.web.tables import is_parameter
from tests.web.fakes import Web

COLUMNS = ("id", "name", "owner", "settings.pool", "")  # the last one is a button


def asked(
    draw: Any = 1,
    order: tuple[tuple[int, str], ...] = (),
    columns: dict[int, str] | None = None,
    search: str = "",
    regex: str = "false",
    **more: Any,
) -> str:
    """The query that DataTables sends."""
    said: dict[str, Any] = {"draw": draw}
    for place, name in enumerate(COLUMNS):
        said |= {
            f"columns[{place}][data]": name,
            f"columns[{place}][name]": "",
            f"columns[{place}][searchable]": "true",
            f"columns[{place}][orderable]": str(bool(name)).lower(),
            f"columns[{place}][search][value]": (columns or {}).get(place, ""),
            f"columns[{place}][search][regex]": "false",
        }
    for place, (column, way) in enumerate(order):
        said |= {f"order[{place}][column]": column, f"order[{place}][dir]": way, f"order[{place}][name]": ""}
    said |= {"start": 0, "length": 10, "search[value]": search, "search[regex]": regex, "_": 1700000000000, **more}
    return "&".join(f"{quote(name)}={quote(str(value))}" for name, value in said.items())


class Tables(TestCase):
    def setUp(self) -> None:
        self.web = Web(self)

    async def jobs(self) -> None:
        for name, owner, pool in (("shot_b", "mara", "gpu"), ("shot_a", "ivo", ""), ("Comp", "mara", "")):
            await self.web.farm.job(name=name, owner=owner, pool=pool)

    def draw(self, *, at: str = "/api/v1/jobs", **said: Any) -> Any:
        return self.web.get(f"{at}?{asked(**said)}").json

    def ids(self, **said: Any) -> list[int]:
        return [row["id"] for row in self.draw(**said)["data"]]

    async def test_a_page_has_the_number_of_its_draw_and_counts_all_and_what_was_found(self) -> None:
        await self.jobs()
        page = self.draw(draw=7, search="shot", start=1, length=1)
        self.assertEqual((page["draw"], page["recordsTotal"], page["recordsFiltered"]), (7, 3, 2))
        self.assertEqual([row["name"] for row in page["data"]], ["shot_b"])
        self.assertEqual(set(page), {"draw", "recordsTotal", "recordsFiltered", "data"})

    async def test_every_address_of_a_list_is_good_for_it(self) -> None:
        await self.jobs()
        for path in ("/api/v1/jobs", "/api/v1/jobs.json", "/jobs/list.json"):
            self.assertEqual(self.draw(at=path)["recordsTotal"], 3, path)
        self.assertEqual(self.draw(at="/clients/list.json")["data"], [])
        self.assertEqual(self.draw(at="/api/v1/jobs/1/steps")["recordsTotal"], 1)

    async def test_it_is_sorted_by_columns_the_first_named_first(self) -> None:
        await self.jobs()
        self.assertEqual(self.ids(order=((0, "asc"),)), [1, 2, 3])
        self.assertEqual(self.ids(order=((1, "asc"),)), [3, 2, 1])
        self.assertEqual(self.ids(order=((2, "desc"), (0, "asc"))), [1, 3, 2])
        self.assertEqual(self.ids(order=((3, "desc"),))[0], 1)

    async def test_one_column_is_searched(self) -> None:
        await self.jobs()
        self.assertEqual(self.ids(columns={2: "MAR"}), [3, 1])
        self.assertEqual(self.ids(columns={2: "mar", 1: "shot"}), [1])
        self.assertEqual(self.draw(columns={2: "mar"})["recordsTotal"], 3)

    async def test_a_filter_and_fields_are_as_in_every_list(self) -> None:
        await self.jobs()
        page = self.draw(filter="owner=mara", fields="id")
        self.assertEqual((page["data"], page["recordsTotal"]), ([{"id": 3}, {"id": 1}], 2))

    async def test_all_are_as_many_as_a_page_may_have(self) -> None:
        await self.jobs()
        self.assertEqual(len(self.ids(length=-1)), 3)
        for length in (0, -2, LONGEST + 1, "all"):
            reply = self.web.get(f"/api/v1/jobs?{asked(length=length)}")
            self.assertEqual((reply.status, reply.json["at"]), (400, "length"), length)

    async def test_what_cannot_be_is_told_with_its_place(self) -> None:
        await self.jobs()
        for said, at in (
            ({"draw": "x"}, "draw"),
            ({"draw": "<script>"}, "draw"),
            ({"start": -1}, "start"),
            ({"order": ((9, "asc"),)}, "columns[9]"),
            ({"order": ((4, "asc"),)}, "columns[4]"),
            ({"order": ((1, "up"),)}, "order[0][dir]"),
            ({"columns": {4: "x"}}, "columns[4]"),
            ({"search": "a", "regex": "true"}, "search[regex]"),
            ({"filter": "("}, "filter"),
            ({"limit": 3}, "limit"),
        ):
            reply = self.web.get(f"/api/v1/jobs?{asked(**said)}")
            self.assertEqual((reply.status, reply.json["at"]), (400, at), said)

    async def test_its_parameters_are_known_only_with_its_draw(self) -> None:
        for name in ("draw", "start", "search[value]", "order[0][dir]", "order[12][name]", "columns[3][search][regex]"):
            self.assertTrue(is_parameter(name), name)
        for name in ("filter", "columns", "columns[x][data]", "order[0][dir]x", "search[fixed]", "columns[0][data"):
            self.assertFalse(is_parameter(name), name)
        for query in ("start=0", "columns%5B0%5D%5Bdata%5D=id", "&".join(f"a{n}=1" for n in range(40))):
            self.assertEqual(self.web.get(f"/api/v1/jobs?{query}").status, 400, query)

    async def test_a_table_of_many_columns_may_ask(self) -> None:
        await self.jobs()
        parts = ("data", "name", "orderable")
        query = "&".join(f"columns%5B{number}%5D%5B{part}%5D=id" for number in range(60) for part in parts)
        self.assertEqual(self.web.get(f"/api/v1/jobs?draw=1&{query}").status, 200)
