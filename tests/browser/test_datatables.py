"""DataTables from npm, in Chromium, on a real server with a hundred thousand jobs: what it shows is what the API says.

How does this work?  Each test opens examples/datatables.html below the server's own address and uses it as a person
does.  After every step the rows are compared with a list that is asked for in the API's own way, without
DataTables' protocol; where the whole order can be known without a server, it is worked out from the jobs as well.
"""

from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from twisted.trial.unittest import SkipTest

from brender.farm.job import Job
from tests.browser.harness import BrowserCase
from tests.browser.many_jobs import JOBS, MARKUP, fill, job
from tests.browser.table import COLUMNS, Table, without_datatables
from tests.line.harness import Farm


@cache
def jobs() -> list[Job]:
    """The newest first."""
    return [job(number) for number in range(JOBS, 0, -1)]


def row(thing: dict[str, Any]) -> dict[str, str]:
    """As the table shows a job."""
    when = datetime.fromtimestamp(thing["submitted"], UTC).strftime("%d/%m/%Y, %H:%M:%S")
    shown = {**thing, "progress": f"{thing['progress']:.0f} %", "submitted": when}
    return {name: str(shown[name]) for name in COLUMNS}


class DataTables(BrowserCase):
    @classmethod
    def made(cls) -> Farm:
        farm = super().made()
        fill(farm.folder / "server" / "brender.sqlite")
        return farm

    def setUp(self) -> None:
        if why := without_datatables():
            raise SkipTest(why)
        super().setUp()
        self.table = Table(self.visit)

    def said(self, **query: Any) -> list[dict[str, str]]:
        """What the API says, by itself."""
        wanted = {"fields": ",".join(COLUMNS), "limit": 25, **query}
        return [row(each) for each in self.farm.api(f"jobs?{urlencode(wanted)}")["data"]]

    def names(self) -> list[str]:
        return [each["name"] for each in self.table.rows]

    def ids(self) -> list[int]:
        return [int(each["id"]) for each in self.table.rows]

    def test_it_pages_forward_back_and_to_the_last_page(self) -> None:
        self.assertEqual(self.table.rows, self.said())
        self.assertEqual(self.table.told, "Showing 1 to 25 of 100,000 entries")
        for page in (1, 2, 3):
            self.table.turn("next")
            self.assertEqual(self.table.rows, self.said(offset=25 * page))
            self.assertEqual(self.ids(), list(range(JOBS - 25 * page, JOBS - 25 * (page + 1), -1)))
        self.table.turn("previous")
        self.assertEqual(self.table.rows, self.said(offset=50))
        self.table.turn("last")
        self.assertEqual(self.table.rows, self.said(offset=JOBS - 25))
        self.assertEqual(self.ids(), list(range(25, 0, -1)))
        self.assertEqual(self.table.told, "Showing 99,976 to 100,000 of 100,000 entries")
        self.table.turn("first")
        self.assertEqual(self.table.rows, self.said())

    def test_it_sorts_by_name_priority_and_submitted_both_ways(self) -> None:
        for heading, name in (("Name", "name"), ("Priority", "priority"), ("Submitted", "submitted")):
            for sort in (name, f"-{name}"):
                self.table.sort(heading)
                self.assertEqual(self.table.rows, self.said(sort=sort), sort)
                self.table.turn("next")
                self.assertEqual(self.table.rows, self.said(sort=sort, offset=25), sort)
                self.table.turn("last")
                self.assertEqual(self.table.rows, self.said(sort=sort, offset=JOBS - 25), sort)

    def test_its_order_is_that_of_all_jobs_and_not_of_a_page(self) -> None:
        self.table.sort("Name")
        ordered = sorted(jobs(), key=lambda job: job.name.lower())
        self.assertEqual(self.names(), [job.name for job in ordered[:25]])
        self.table.sort("Priority")
        lowest = [job for job in jobs() if not job.priority]
        self.assertEqual(self.ids(), [job.id for job in lowest[:25]])
        self.table.turn("last")
        self.assertEqual(self.ids()[-1], next(job.id for job in reversed(jobs()) if job.priority == 100))

    def test_it_finds_a_text_and_pages_through_what_it_found(self) -> None:
        self.table.search("SHOT_99")
        found = [job.id for job in jobs() if "shot_99" in job.name]
        counted = f"Showing 1 to 25 of {len(found):,} entries (filtered from 100,000 total entries)"
        self.assertEqual(self.table.told, counted)
        self.assertEqual((self.ids(), self.table.rows), (found[:25], self.said(search="shot_99")))
        self.table.turn("last")
        self.assertEqual(self.ids(), found[-25:])
        self.table.sort("Name")
        self.assertEqual(self.table.rows, self.said(search="shot_99", sort="name"))
        self.table.search_nothing()
        self.assertEqual(self.table.rows, self.said(sort="name"))

    def test_it_finds_what_is_not_ascii_and_says_when_there_is_nothing(self) -> None:
        self.table.search("ÜBERGANG")
        self.assertEqual(self.ids(), [job.id for job in jobs() if "Übergang" in job.name][:25])
        self.table.search_nothing()
        self.table.search("nobody's")
        self.assertIn("Showing 0 to 0 of 0 entries", self.table.told)
        self.assertIn("No matching records", self.table.page.locator("#jobs tbody").inner_text())

    def test_it_shows_as_many_as_are_wanted(self) -> None:
        for length in (100, 10):
            self.table.show(length)
            self.assertEqual(self.table.rows, self.said(limit=length))
            self.table.turn("last")
            self.assertEqual(self.table.rows, self.said(limit=length, offset=JOBS - length))
            self.table.turn("first")

    def test_a_name_is_shown_as_text_whatever_is_in_it(self) -> None:
        self.assertEqual(self.names()[0], MARKUP)
        self.assertEqual(self.table.page.locator("#jobs img").count(), 0)
        self.assertEqual(self.table.page.title(), "Jobs")

    def test_what_the_server_refuses_is_told_in_its_words_and_forgotten_afterwards(self) -> None:
        with self.table.page.expect_response(lambda response: response.status == 400):
            self.table.page.evaluate("table.page.len(5000).draw()")
        self.table.page.get_by_role("alert").get_by_text("length is a whole number").wait_for()
        self.assertEqual([complaint[:4] for complaint in self.visit.complaints], ["400:"])
        self.visit.complaints.clear()
        self.table.show(25)
        self.assertEqual((self.table.trouble, self.table.rows), ("", self.said()))

    def test_a_farm_that_does_not_answer_is_told(self) -> None:
        self.table.page.context.set_offline(True)
        self.table.page.evaluate("table.draw()")
        self.table.page.get_by_role("alert").get_by_text("The farm does not answer.").wait_for()
        self.table.page.context.set_offline(False)
        self.table.turn("next")
        self.assertEqual((self.table.trouble, self.table.rows), ("", self.said(offset=25)))
