"""What a dead server and a dead worker leave behind: rows that say "active", of tasks that nobody runs any more."""

from typing import Any, ClassVar

from tests.line.harness import PATIENCE, FarmTestCase, template

LOST_AFTER = 5.0  # seconds: short for a farm, and long enough to cancel before it is over
TASKS = 5


class LeftoverTests(FarmTestCase):
    """WEB-04"""

    workers: ClassVar = {}
    settings: ClassVar = {"lost_after": LOST_AFTER, "heartbeat": 1.0}

    def left_over(self, jobs: int) -> list[int]:
        """Jobs of which a server says that all their tasks run, though it was killed, and so was their worker."""
        worker = self.farm.worker("alpha", slots=jobs * TASKS)
        script = f"echo $$ >> {self.folder}/pids; sleep 300"
        made = [self.farm.submit(template(script, tasks=f"1-{TASKS}")) for _ in range(jobs)]
        self.until(lambda: len(self.written("pids")) == jobs * TASKS, "the tasks do not begin")
        self.farm.kill_server()
        worker.kill()
        self.assert_gone(*map(int, self.written("pids")))
        self.farm.start_server()
        return made

    def active(self, job: int) -> list[dict[str, Any]]:
        return list(self.farm.api(f"jobs/{job}/tasks?filter=state=active")["data"])

    def open(self, job: int) -> list[dict[str, Any]]:
        """The orders that have no end."""
        return [order for order in self.farm.job(job)["orders"] if order["ended"] is None]

    def test_they_can_be_canceled_and_the_others_do_not_stay(self) -> None:
        canceled, other = self.left_over(jobs=2)
        self.assertEqual([len(self.active(job)) for job in (canceled, other)], [TASKS, TASKS], "nothing is left over")
        told = self.farm.api(f"jobs/{canceled}/cancel", {})
        self.assertEqual((told["state"], told["changed"], told["active"]), ("canceled", True, 0))
        self.assertEqual(self.active(canceled), [])
        for job in (canceled, other):
            self.until(lambda: not self.active(job), "dead tasks stay active", LOST_AFTER + PATIENCE)  # noqa: B023
            self.until(lambda: not self.open(job), "an order has no end", LOST_AFTER + PATIENCE)  # noqa: B023
        self.assertEqual((self.farm.running("alpha"), self.farm.online("alpha")), ([], False))
        self.assertEqual([self.farm.job(job)["active"] for job in (canceled, other)], [0, 0])
        self.assertEqual(self.farm.job(canceled)["state"], "canceled")
        self.assertIn(self.farm.job(other)["state"], {"queued", "active"})
        self.assertEqual(self.farm.api(f"jobs/{other}/tasks?filter=state=ready")["matched"], TASKS)
