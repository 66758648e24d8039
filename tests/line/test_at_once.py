"""Many who hand in jobs at one moment: each gets a job of its own, with its own tasks."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import ClassVar

from tests.line.harness import PATIENCE, FarmTestCase, template

MANY = 50


class AtOnceTests(FarmTestCase):
    """SUB-05"""

    workers: ClassVar = {}

    def test_fifty_who_submit_at_once_get_fifty_jobs_each_with_its_tasks(self) -> None:
        together = Barrier(MANY, timeout=PATIENCE)

        def submit(number: int) -> int:
            made = template(name=f"shot_{number}", tasks=f"1-{number}")
            together.wait()
            return self.farm.submit(made)

        with ThreadPoolExecutor(MANY) as threads:
            jobs = dict(zip(range(1, MANY + 1), threads.map(submit, range(1, MANY + 1)), strict=True))
        self.assertEqual(len(set(jobs.values())), MANY)
        self.assertEqual(self.farm.api("jobs.json")["matched"], MANY)
        for number, job in jobs.items():
            found = self.farm.job(job)
            self.assertEqual((found["name"], found["tasks"]), (f"shot_{number}", number))
            listed = self.farm.api(f"jobs/{job}/tasks?fields=task")["data"]
            self.assertEqual([task["task"] for task in listed], list(range(number)))
