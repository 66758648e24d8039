"""The service when people change their minds: settings, tasks again, more tasks, other values; and alarms."""

from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from brender.farm import choosing
from brender.farm.job import Job
from brender.farm.starting import restore
from brender.farm.submission.problems import Refused
from brender.farm.transitions import JobState, NotNow, TaskState
from tests.db.databases import open_for, place
from tests.fakes import NOON, SmallFarm

HOUR = 3600.0


class Changes(TestCase):
    async def begun(self, frames: str = "1-3", **settings: Any) -> Job:
        """A small farm with one client and a job."""
        self.farm = SmallFarm(self)
        self.service = self.farm.service
        self.client = await self.farm.client("render-01")
        return await self.farm.job(values={"Frames": frames}, **settings)

    def given(self, job: Job) -> list[int]:
        """The tasks of a job that the client has, in the order in which they came."""
        return [task for order in self.client.orders.values() if order.job == job.id for task in order.awaited()]

    async def test_settings_of_a_job_are_changed_and_a_second_time_nothing_is(self) -> None:
        job = await self.begun()
        self.assertTrue(await self.service.set_job(job.id, {"priority": 90, "owner": "bob"}))
        self.assertFalse(await self.service.set_job(job.id, {"priority": 90}))
        self.assertEqual((job.priority, job.owner), (90, "bob"))

    async def test_settings_that_cannot_be_are_refused_with_their_place_and_nothing_is_changed(self) -> None:
        job = await self.begun()
        for values, at in (
            ({"priority": 101}, "priority"),
            ({"after": [{"job": job.id}]}, "after[0]"),
            ({"after": [{"job": 77}]}, "after[0]"),
            ({"limits": {"arnold": 1}}, "limits.arnold"),
            ({"hours": "22:00-22:00"}, "hours"),
            ({"zone": "Mars/Base"}, "zone"),
        ):
            before = job.settings
            refused = await self.assertFailure(self.deferred(self.service.set_job(job.id, values)), Refused)
            self.assertEqual([problem.at for problem in refused.problems], [at])
            self.assertIs(job.settings, before)

    def deferred(self, coroutine: Any) -> Any:
        return Deferred.fromCoroutine(coroutine)

    async def test_a_frame_of_a_finished_job_runs_again_alone(self) -> None:
        job = await self.begun()
        self.farm.finish_all(self.client)
        self.assertEqual((job.state, job.steps), (JobState.COMPLETED, []))
        turned = await self.service.again(job.id, lambda found: choosing.of_frames(found, "2"))
        self.assertEqual((turned, job.state, self.given(job)), ({0: [1]}, JobState.ACTIVE, [1]))
        self.farm.finish_all(self.client)
        self.assertEqual((job.state, job.past[0].counts[TaskState.COMPLETED]), (JobState.COMPLETED, 3))

    async def test_a_finished_job_of_which_nothing_is_to_run_again_stays_closed(self) -> None:
        job = await self.begun()
        self.farm.finish_all(self.client)
        self.assertEqual(await self.service.again(job.id, choosing.ended), {})
        self.assertEqual((job.state, job.steps), (JobState.COMPLETED, []))

    async def test_frames_are_added_to_a_job_that_runs_and_to_one_that_has_ended(self) -> None:
        job = await self.begun("1-2")
        self.assertEqual(await self.service.add_tasks(job.id, {"Frames": "5-6"}), 2)
        self.farm.finish_all(self.client)
        self.assertEqual(job.past[0].counts[TaskState.COMPLETED], 4)
        self.assertEqual(await self.service.add_tasks(job.id, {"Frames": "9"}), 1)
        self.assertEqual((job.state, self.given(job)), (JobState.ACTIVE, [4]))
        self.assertEqual(job.steps[0].plan.parameters(4), {"Frame": "9"})
        await self.assertFailure(self.deferred(self.service.add_tasks(job.id, {"Frames": "5"})), Refused)

    async def test_values_are_revised_as_long_as_the_tasks_stay(self) -> None:
        job = await self.begun()
        self.assertFalse(await self.service.revise(job.id, {"Frames": "1-3"}))
        await self.assertFailure(self.deferred(self.service.revise(job.id, {"Frames": "1-4"})), NotNow)
        self.assertEqual(len(job.steps[0].tasks), 3)

    async def test_a_preview_holds_until_it_is_approved(self) -> None:
        job = await self.begun("1-5", preview=2)
        self.farm.finish_all(self.client)
        self.assertEqual(self.given(job), [])
        self.assertTrue(await self.service.approve(job.id))
        self.assertFalse(await self.service.approve(job.id))
        self.assertEqual(self.given(job), [2, 3])

    async def test_a_job_begins_by_itself_when_its_time_has_come(self) -> None:
        job = await self.begun(not_before=NOON + HOUR)
        self.farm.clock.advance(HOUR - 1)
        self.assertEqual(self.given(job), [])
        self.farm.clock.pump([1, 1])
        self.assertEqual(self.given(job), [0, 1])

    async def test_a_client_goes_to_sleep_and_wakes_by_itself(self) -> None:
        job = await self.begun("1-9")
        await self.service.set_clients([self.client], {"sleeps": "23:00-01:00", "zone": "UTC"})  # it is 22:13
        for _ in range(60):
            self.farm.clock.advance(60)
        self.assertEqual((self.client.activity, self.client.asleep), ("asleep", True))
        self.farm.finish_all(self.client)
        self.assertEqual(self.given(job), [])
        for _ in range(121):
            self.farm.clock.advance(60)
        self.assertEqual(self.given(job), [2, 3])

    async def test_a_job_avoids_a_client_no_more_when_somebody_says_so(self) -> None:
        job = await self.begun("1-9", tries=9)
        other = await self.farm.client("render-02")
        await self.service.set_status([other], other.status.DISABLED)
        for _ in range(3):
            self.farm.finish(self.client, "failed", "It broke.")
        self.assertEqual(list(job.standing.avoided), [self.client.id])
        self.assertEqual(await self.service.forgive(job.id, [self.client.id, other.id]), [self.client.id])
        self.assertEqual(job.standing.avoided, {})

    async def test_a_job_that_nobody_could_run_is_taken_with_a_warning(self) -> None:
        await self.begun()
        job = await self.farm.job(pool="lighting")
        self.assertEqual(job.warnings, ["No client is in pool lighting."])
        await self.service.set_job(job.id, {"pool": "gpu"})
        self.assertEqual(job.warnings, ["No client is in pool gpu."])
        await self.service.set_job(job.id, {"pool": ""})
        self.assertEqual(job.warnings, [])


class InARealDatabase(TestCase):
    """What a job that has ended was, after a start of the server."""

    async def test_a_job_that_had_ended_gets_its_steps_back_and_runs_one_task_again(self) -> None:
        path = place(self)
        farm = SmallFarm(self, open_for(self, reactor, path))  # type: ignore[arg-type]
        client = await farm.client("render-01")
        job = await farm.job(values={"Frames": "1-2"})
        await farm.service.add_tasks(job.id, {"Frames": "7"})
        farm.finish_all(client)
        await farm.service.save()
        farm.finish_all(client)
        await farm.service.save()
        turned = await farm.service.again(job.id, lambda found: choosing.of_frames(found, "7"))
        self.assertEqual((turned, job.state), ({0: [2]}, JobState.ACTIVE))
        loaded = await farm.service._store.load()
        anew = type(farm.service.farm)()
        restore(anew, loaded, NOON)
        self.assertEqual(list(bytes(anew.jobs[1].steps[0].tasks)), [TaskState.COMPLETED] * 2 + [TaskState.ACTIVE])
        self.assertEqual(anew.jobs[1].steps[0].plan.parameters(2), {"Frame": "7"})
