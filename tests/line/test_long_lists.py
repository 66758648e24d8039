"""Thousands of jobs, and one of a hundred thousand tasks, on a real server: a page at a time, again and again.

How does this work?  Two jobs are handed in by the program itself; SQL makes thousands of the small one, as the program
has written it.  Then a server is started on them, and asked over one connection, as a browser asks it.  How long a
page takes is measured by `bench/paging.py`; that it costs the same however many jobs there are, `tests/web/test_cases`
tests.
"""

import json
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
from twisted.trial.unittest import TestCase

from tests.db.databases import execute, rows
from tests.durable import DurableFarm
from tests.line.harness import PATIENCE, Farm, resident, template

JOBS, TASKS = 5_000, 100_000
LONG = 2  # the job of so many tasks
PAGE = 100  # where nobody asks for more or less
MOST_BYTES = 200_000  # of a page
REFRESHED = 200  # requests, after as many that are not measured
MOST_GROWTH = 6 * 2**20  # bytes: less than what was answered meanwhile
NUMBERS = f"with recursive n(i) as (select {LONG + 1} union all select i + 1 from n where i < {JOBS})"


def multiply(database: Path) -> None:
    """Make the first job so many that there are `JOBS`."""
    for table, job in {"jobs": "id", "submissions": "job", "steps": "job"}.items():
        instead = {job: "i", "name": "'shot_' || i" if table == "jobs" else "name"}
        names = [name for _, name, *_ in rows(database, f"pragma table_info({table})")]
        values = ", ".join(instead.get(name, name) for name in names)
        execute(database, f"insert into {table} {NUMBERS} select {values} from {table}, n where {table}.{job} = 1")


class LongListTests(TestCase):
    """WEB-01"""

    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = Farm(self.mktemp())
        self.addCleanup(self.farm.end)
        (self.farm.folder / "server").mkdir()
        first = await DurableFarm(self, self.farm.folder / "server" / "brender.sqlite").begun()
        await first.job(json.dumps(template(name="shot_1")))
        await first.job(json.dumps(template(name="long", tasks=f"1-{TASKS}")))
        await first.service.end()
        first.sql.writer.join()
        multiply(first.path)
        self.server = psutil.Process(self.farm.start_server().pid)
        self.connection = HTTPConnection("127.0.0.1", self.farm.web_port, timeout=PATIENCE)
        self.addCleanup(self.connection.close)
        self.answered = 0  # bytes

    def test_lists_come_a_page_at_a_time_and_the_server_does_not_grow(self) -> None:
        first = self.page("jobs", matched=JOBS)
        self.assertEqual([job["id"] for job in first], list(range(JOBS, JOBS - PAGE, -1)))
        self.every_job_is_on_one_page()
        self.a_list_is_narrowed_before_it_is_cut()
        self.assertIn("at most 1000", self.ask(f"jobs?limit={JOBS}", 400)["detail"])
        self.refresh()
        before, self.answered = resident(self.server), 0
        self.refresh()
        grew = resident(self.server) - before
        self.assertLess(grew, MOST_GROWTH)
        self.assertGreater(self.answered, 1.2 * MOST_GROWTH, "too little was asked for to see that it is not kept")

    def every_job_is_on_one_page(self) -> None:
        seen, after = list[int](), ""
        while after is not None:
            answer = self.ask(f"jobs?fields=id&limit=1000{after and f'&after={quote(after)}'}")
            seen += [job["id"] for job in answer["data"]]
            after = answer["next"]
        self.assertEqual(sorted(seen), list(range(1, JOBS + 1)))

    def a_list_is_narrowed_before_it_is_cut(self) -> None:
        found = self.page("jobs?filter=name=shot_49*", matched=111)
        self.assertTrue(all(job["name"].startswith("shot_49") for job in found))
        (last,) = self.page(f"jobs?offset={JOBS - 1}", matched=JOBS, length=1)
        self.assertEqual(last["id"], 1)
        tasks = self.page(f"jobs/{LONG}/tasks?offset={TASKS - PAGE}", matched=TASKS)
        self.assertEqual([task["task"] for task in tasks], list(range(TASKS - PAGE, TASKS)))
        self.assertEqual(self.ask(f"jobs/{LONG}")["tasks"], TASKS)

    def refresh(self) -> None:
        """As pages of a browser do, while jobs change."""
        for turn in range(REFRESHED // 5):
            self.ask(f"jobs/{turn + 3}", 200, "PATCH", {"priority": turn % 100})
            self.page(f"jobs?filter=priority={turn % 100}", length=None)
            self.page("jobs", matched=JOBS)
            self.page(f"jobs?sort=name&offset={turn * PAGE % (JOBS - PAGE)}", matched=JOBS)
            self.page(f"jobs/{LONG}/tasks?offset={turn * PAGE}", matched=TASKS)

    def page(self, path: str, matched: int | None = None, length: int | None = PAGE) -> list[dict[str, Any]]:
        """What is on it: no more than a page holds."""
        before = self.answered
        answer = self.ask(path)
        self.assertLess(self.answered - before, MOST_BYTES, path)
        self.assertIn(matched, (answer["matched"], None), path)
        self.assertIn(length, (len(answer["data"]), None), path)
        return list(answer["data"])

    def ask(self, path: str, status: int = 200, method: str = "GET", body: Any = None) -> dict[str, Any]:
        data, kind = json.dumps(body) if body else None, {"Content-Type": "application/json"}
        self.connection.request(method, f"/api/v1/{path}", data, kind)
        answer = self.connection.getresponse()
        said = answer.read()
        self.assertEqual(answer.status, status, said)
        self.answered += len(said)
        return dict(json.loads(said))
