"""Long queues and long histories: a start with thousands of jobs in the database, and what it does with them.

How does this work?  One job is handed in by the program itself; SQL makes thousands of it in the database, row by
row as the program has written the first.  So the database is as large as after weeks, and is there in seconds.
"""

from time import process_time

from twisted.trial.unittest import TestCase

from brender.farm.client import Status
from brender.farm.transitions import JobState, TaskState
from tests.db.databases import execute, rows
from tests.durable import DurableFarm
from tests.fakes import NotedLink

TWO_STEPS = """
specificationVersion: jobtemplate-2023-09
name: two
parameterDefinitions:
- {name: Frames, type: STRING, default: "1-499"}
steps:
- name: Render
  parameterSpace: {taskParameterDefinitions: [{name: Frame, type: INT, range: "{{Param.Frames}}"}]}
  script: {actions: {onRun: {command: render, args: ["{{Task.Param.Frame}}"]}}}
- name: Video
  dependencies: [{dependsOn: Render}]
  script: {actions: {onRun: {command: encode}}}
"""
NUMBERS = "with recursive n(i) as (select 2 union all select i + 1 from n where i < {most})"


def columns(farm: DurableFarm, table: str, **instead: str) -> str:
    """The columns of a table for a `select`, some of them with another value."""
    names = [name for _, name, *_ in rows(farm.path, f"pragma table_info({table})")]
    return ", ".join(instead.get(name, name) for name in names)


def multiply(farm: DurableFarm, most: int) -> None:
    """Make the first job, with all that belongs to it, as many jobs as that."""
    numbers = NUMBERS.format(most=most)
    for table, instead in {
        "jobs": {"id": "i"},
        "submissions": {"job": "i"},
        "steps": {"job": "i"},
        "orders": {"id": "i * 1000 + orders.id", "job": "i"},
    }.items():
        wanted = f"{table}.job = 1" if table != "jobs" else "jobs.id = 1"
        execute(
            farm.path,
            f"insert into {table} {numbers} select {columns(farm, table, **instead)} from {table}, n where {wanted}",
        )


class ALongQueue(TestCase):
    async def test_a_start_with_2000_jobs_and_a_million_tasks_serves_soon(self) -> None:
        """DB-01: the server serves in less than 30 s, and the first order is given soon after.

        The case has 5,000 jobs, which take two and a half times as long as these.
        """
        farm = await DurableFarm(self).begun()
        await farm.job(TWO_STEPS)
        await farm.service.end()
        farm.sql.writer.join()
        multiply(farm, 2000)
        begun = process_time()  # of both threads: whatever else this machine has to do is not meant
        again = await DurableFarm(self, farm.path).begun()
        served = process_time() - begun
        jobs = again.service.farm.jobs
        self.assertEqual(sum(len(step.tasks) for job in jobs.values() for step in job.steps), 1_000_000)
        client = await again.client("attic")
        await again.settled()
        ordered = process_time() - begun - served
        self.assertEqual([order.job for order in client.orders.values()][:1], [1])
        self.assertIn("give", [said[0] for said in again.links[client.id].said])
        self.assertLess(served, 30 / 2.5)
        self.assertLess(ordered, 5)


class ALongHistory(TestCase):
    async def test_nothing_of_3000_finished_jobs_is_run_again(self) -> None:
        """DB-04: no new task after a start."""
        farm = await DurableFarm(self).begun()
        client = await farm.client("attic")
        await farm.job(TWO_STEPS, values={"Frames": "1-3"})
        farm.finish_all(client)
        await farm.service.end()
        farm.sql.writer.join()
        multiply(farm, 3000)
        before = rows(farm.path, "select count(*), max(id) from orders")
        again = await DurableFarm(self, farm.path).begun()
        link = NotedLink()
        await again.service.join(client.machine, "run 2", {}, link)
        again.clock.pump([60.0] * 60)
        await again.settled()
        self.assertEqual(link.said, [("welcome", client.id, [])])
        self.assertEqual(rows(farm.path, "select count(*), max(id) from orders"), before)
        self.assertEqual({job.state for job in again.service.farm.jobs.values()}, {JobState.COMPLETED})
        self.assertEqual(len(again.service.farm.jobs), 3000)


class AKill(TestCase):
    """What is in memory and what is on the disk are the same."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = await DurableFarm(self).begun()
        self.client = await self.farm.client("attic", slots=8)

    async def test_a_step_is_ready_without_help_when_the_last_result_before_it_was_the_last_thing_written(self) -> None:
        """DB-05: A -> B; the server is killed between "A is done" and "B is ready"."""
        await self.farm.job(TWO_STEPS, values={"Frames": "1-3"})
        while sum(self.done(self.farm)) < 3:
            self.farm.finish(self.client)
        await self.farm.settled()
        execute(self.farm.path, "delete from orders where step = 1")  # what followed from it was not written any more
        again = await self.farm.restarted()
        self.assertEqual(self.done(again), [3, 0])
        link = NotedLink()
        await again.service.join(self.client.machine, "run 1", {}, link)
        self.assertEqual([order.step for order in again.service.farm.orders.values()], [1])

    async def test_every_change_that_was_acknowledged_is_there(self) -> None:
        """DB-08: priority, pause, settings, clients; killed at once."""
        service = self.farm.service
        job, other = await self.farm.job(TWO_STEPS), await self.farm.job(TWO_STEPS, priority=10)
        await service.set_job(job.id, {"priority": 77, "project": "ada's", "tries": 9})
        await service.pause(job.id)
        await service.cancel(other.id)
        await service.set_clients([self.client], {"pools": ["gpu"], "tags": ["loud"], "most_tasks": 3})
        await service.set_status([self.client], Status.DISABLED)
        again = (await self.farm.restarted()).service.farm
        for number in (job.id, other.id):
            was, found = service.farm.jobs[number], again.jobs[number]
            self.assertEqual((found.settings, found.state, found.reason), (was.settings, was.state, was.reason))
        self.assertEqual((again.jobs[1].priority, again.jobs[1].state), (77, JobState.PAUSED))
        client = again.clients[self.client.id]
        self.assertEqual((client.settings, client.status), (self.client.settings, Status.DISABLED))

    def done(self, farm: DurableFarm) -> list[int]:
        return [step.counts[TaskState.COMPLETED] for step in farm.service.farm.jobs[1].steps]
