"""A job that runs is deleted: its processes are ended, then it is gone; who is killed in between changes nothing."""

from pathlib import Path
from typing import Any, ClassVar

from tests.line.harness import FarmTestCase, template


class DeletingTests(FarmTestCase):
    """API-05"""

    workers: ClassVar = {"alpha": 1}

    def start(self, script: str = "sleep 300 & wait", **how: Any) -> int:
        """A job whose task has written its process id to `pid`."""
        (self.folder / "pid").unlink(missing_ok=True)
        job = self.farm.submit(template(f"echo here; echo $$ > {self.folder}/pid; {script}", **how))
        self.pid_in("pid")
        self.until(self.logs(job).exists, "it has no logs")
        return job

    def logs(self, job: int) -> Path:
        return self.farm.folder / "server" / "logs" / str(job)

    def delete(self, job: int) -> dict[str, Any]:
        told: dict[str, Any] = self.farm.api(f"jobs/{job}", {}, "DELETE")
        self.assertEqual((told["state"], told["changed"]), ("canceled", True))
        return told

    def jobs(self) -> list[int]:
        return [job["id"] for job in self.farm.api("jobs")["data"]]

    def until_gone(self, job: int) -> None:
        self.until(lambda: job not in self.jobs(), "it is there still")
        self.until(lambda: not self.logs(job).exists(), "its logs are there still")

    def test_its_processes_are_ended_and_then_it_is_gone(self) -> None:
        job = self.start()
        self.assertFalse(self.delete(job)["deleted"])
        self.until_gone(job)
        self.assert_gone(self.pid_in("pid"))
        self.farm.run(template())

    def test_a_server_that_is_killed_in_between_removes_it_when_it_is_back(self) -> None:
        job = self.start("trap '' TERM; while :; do sleep .1; done")
        self.delete(job)
        self.farm.kill_server()
        self.farm.start_server()
        self.until_gone(job)
        self.assert_gone(self.pid_in("pid"))
        self.farm.run(template())

    def test_a_worker_that_is_killed_holds_nothing_up_but_for_a_while(self) -> None:
        job = self.start()
        self.worker.kill()
        self.delete(job)
        self.farm.worker("alpha")
        self.until_gone(job)
        self.assert_gone(self.pid_in("pid"))
        self.farm.run(template())
