"""`brender backup`, `restore`, `check`, `archive` on a real farm: a server and a worker that go on working meanwhile.

How does this work?  The farm of the whole line, and the command as a process, with the farm's own settings and state.
"""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

from twisted.trial.unittest import SynchronousTestCase

from tests.cli.case import CHECKOUT, CommandCase
from tests.db.databases import execute, rows
from tests.db.test_backup import flip
from tests.line.harness import Farm, FarmTestCase, environment, template

TABLES = ("jobs", "submissions", "steps", "orders")


def brender(farm: Farm, *words: str) -> tuple[int, str, str]:
    """Run a command of a person who sits at the server's machine."""
    given = {**environment(), "BRENDER_STATE": str(farm.folder / "server"), "BRENDER_CONFIG": str(farm.config)}
    command = [sys.executable, "-m", "brender", *words]
    ran = subprocess.run(command, cwd=CHECKOUT, env=given, capture_output=True, text=True, check=False, timeout=120)
    return ran.returncode, ran.stdout, ran.stderr


def database(farm: Farm) -> Path:
    return farm.folder / "server" / "brender.sqlite"


def content(farm: Farm, job: int) -> dict[str, Any]:
    """All rows of a job."""
    key = {table: "id" if table == "jobs" else "job" for table in TABLES}
    query = "select * from {} where {} = {} order by 1, 2"
    return {table: rows(database(farm), query.format(table, key[table], job)) for table in TABLES}


def execute_age(farm: Farm) -> None:
    """Every finished job ended long ago."""
    execute(database(farm), "update jobs set ended = 1000000000 where ended is not null")


class BesideARunningFarm(FarmTestCase):
    workers: ClassVar[dict[str, int]] = {"alpha": 2}

    def endless(self) -> int:
        """A job that runs until the test is over."""
        job = self.farm.submit(template("sleep 0.05", tasks="1-1000000"))
        self.until(lambda: self.farm.job(job)["completed"] > 2, f"job {job} does not begin")
        return job

    def test_a_backup_is_taken_while_jobs_run_and_is_whole(self) -> None:
        done = self.farm.run(template("echo hello", tasks="1-3"))["id"]
        job = self.endless()
        target = self.folder / "farm.backup"
        code, out, err = brender(self.farm, "backup", str(target), "--logs")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, rf"^The farm is copied to {target} \(\d+\.\d MB\)\.\nIts logs are copied to {target}\.")
        self.assertEqual(dict(rows(target, "select id, state from jobs"))[done], "completed")
        self.assertEqual(rows(target, "pragma integrity_check"), [("ok",)])
        self.assertEqual(rows(target, f"select state from jobs where id = {job}"), [("active",)])
        self.assertEqual(self.farm.job(job)["state"], "active")
        self.assertEqual(brender(self.farm, "backup", str(target))[0], 1)

    def test_check_finds_nothing_while_jobs_run(self) -> None:
        job = self.endless()
        self.assertEqual(brender(self.farm, "check"), (0, "The database is whole.\n", ""))
        self.assertEqual(self.farm.job(job)["state"], "active")
        self.assertEqual(json.loads(brender(self.farm, "check", "--json")[1]), {"ok": True, "problems": []})

    def test_a_restore_beside_a_server_is_refused(self) -> None:
        target = self.folder / "farm.backup"
        brender(self.farm, "backup", str(target))
        code, out, err = brender(self.farm, "restore", str(target))
        self.assertEqual((code, out), (1, ""))
        self.assertIn("Another server (process", err)

    def test_jobs_go_to_the_archive_of_a_running_farm_and_come_back_as_they_were(self) -> None:
        job = self.farm.run(template("echo hello", tasks="1-3"))["id"]
        open_orders = f"select 1 from orders where job = {job} and ended is null"
        self.until(lambda: not rows(database(self.farm), open_orders), "its orders do not end")
        log, before = self.farm.log(job), content(self.farm, job)
        busy = self.endless()
        code, out, err = self.archive("--older-than", "0h")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"^\d+ jobs? archived in 20\S+\.jsonl\.gz\.\n$")
        self.assertEqual(content(self.farm, job), {table: [] for table in TABLES})
        listed = self.archive("--list")[1]
        self.assertRegex(listed, rf"(?m)^ +{job}  job +completed ")
        self.assertIn("3 orders" if len(before["orders"]) == 3 else "order", self.archive("--show", str(job))[1])
        _, _, err = brender(self.farm, "why", str(job), "--server", f"http://127.0.0.1:{self.farm.web_port}")
        self.assertRegex(err, rf"^Job {job} was archived in 20\S+; brender archive --restore {job} brings it back\.\n$")
        self.assertEqual(self.archive("--restore", str(job))[1], f"Job {job} job is back in the farm.\n")
        self.assertEqual((content(self.farm, job), self.farm.log(job)), (before, log))
        self.assertEqual(self.farm.job(busy)["state"], "active")
        self.assertEqual(brender(self.farm, "check")[1], "The database is whole.\n")

    def archive(self, *words: str) -> tuple[int, str, str]:
        return brender(self.farm, "archive", *words, "--server", f"http://127.0.0.1:{self.farm.web_port}")


class KillsAndReturns(SynchronousTestCase):
    def setUp(self) -> None:
        self.farm = Farm()
        self.addCleanup(self.farm.end)
        self.farm.start_server()

    def test_a_farm_goes_on_from_its_backup(self) -> None:
        self.farm.worker("alpha", 2)
        first = self.farm.run(template("echo hello", tasks="1-3"))["id"]
        waiting = self.farm.submit(template("true", tasks="1-3"), settings={"pool": "none"})
        target = self.farm.folder / "farm.backup"
        brender(self.farm, "backup", str(target), "--logs")
        lost = self.farm.run(template("echo lost", tasks="1-9"))["id"]
        self.farm.stop_server()
        code, out, err = brender(self.farm, "restore", str(target), "--logs")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"What was there is in .*/brender-before-.*\.sqlite\.\n")
        self.farm.start_server()
        self.assertEqual([job["id"] for job in self.farm.api("jobs")["data"]], [waiting, first])
        self.farm.until(lambda: self.farm.online("alpha"), "the worker does not come back")
        self.assertEqual(self.farm.run(template("echo again", tasks="1-3"))["id"], lost + 1)
        self.assertEqual(brender(self.farm, "check")[1], "The database is whole.\n")

    def test_a_server_that_is_killed_while_it_archives_ends_that_after_its_start(self) -> None:
        """Killed when the file is there, or when it is being written: whichever is first seen."""
        for _ in range(60):
            job = self.farm.submit(template("true", tasks="1-20"))
            self.farm.cancel(job)
        self.farm.stop_server()
        execute_age(self.farm)
        before = [content(self.farm, job) for job in range(1, 61)]
        self.farm.start_server()
        command = [sys.executable, "-m", "brender", "archive", "--older-than", "30d", "--server"]
        asking = subprocess.Popen(
            [*command, f"http://127.0.0.1:{self.farm.web_port}"],
            cwd=CHECKOUT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.addCleanup(asking.wait)
        folder = self.farm.folder / "server" / "archive"
        self.farm.until(lambda: folder.exists() and any(folder.iterdir()), "nothing is archived")
        self.farm.kill_server()
        asking.wait()
        self.farm.start_server()
        self.assertEqual(brender(self.farm, "check"), (0, "The database is whole.\n", ""))
        url = f"http://127.0.0.1:{self.farm.web_port}"
        self.assertEqual(brender(self.farm, "archive", "--older-than", "30d", "--server", url)[0], 0)
        self.assertEqual(rows(database(self.farm), "select count(*) from jobs"), [(0,)])
        jobs = [line["job"]["id"] for path in sorted(folder.glob("*.gz")) for line in lines(path) if "job" in line]
        self.assertEqual(sorted(jobs), list(range(1, 61)))
        for job in (1, 31, 60):
            self.farm.api(f"archive/{job}/restore", {})
            self.assertEqual(content(self.farm, job), before[job - 1])
        self.assertEqual(self.farm.submit(template("true")), 61)

    def test_a_damaged_database_is_found(self) -> None:
        self.farm.submit(template("true", tasks="1-20"))
        self.farm.stop_server()
        flip(database(self.farm))
        code, out, err = brender(self.farm, "check")
        self.assertEqual(code, 1)
        self.assertRegex(out + err, "is damaged|cannot be looked at")


class Words(CommandCase):
    async def test_what_is_to_be_done_with_the_archive_has_to_be_said_and_said_once(self) -> None:
        for words in ((), ("--list", "--show", "1"), ("--older-than", "soon"), ("--show", "0")):
            ran = await self.brender("archive", *words)
            self.assertEqual((ran.code, ran.out), (2, ""), words)

    async def test_where_there_is_no_database_it_says_so(self) -> None:
        for words in (("check",), ("backup", "copy")):
            ran = await self.brender(*words)
            self.assertEqual((ran.code, ran.out), (1, ""))
            self.assertIn("There is no database", ran.err)
        ran = await self.brender("restore", "copy")
        self.assertIn("There is no database copy", ran.err)


def lines(path: Path) -> list[Any]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]
