"""Why something waits: each way of waiting, and the sentence that an artist reads."""

import re

from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.client import RuntimeClient, Status
from brender.farm.job import Job
from brender.farm.scheduling.why import why_client, why_job, why_task
from brender.farm.settings import FarmSettings, read
from brender.farm.views.things import what
from tests.doubles import DONE, FAILED, Rules, Stage
from tests.farm.obstacles import prove_all

GIB, HOUR, NOON = 2**30, 3600.0, 1799064000.0  # 4 January 2027, 12:00 UTC, a Monday


class Told(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Rules(NOON)

    def world(self, **settings: object) -> None:
        self.rules = Rules(NOON, **settings)

    def job(self, job: Job) -> str:
        self.rules.match()
        return self.checked(why_job(self.rules.farm, job, self.rules.clock))

    def task(self, job: Job, task: int, step: int = 0) -> str:
        self.rules.match()
        named = what(job.steps[step], task).capitalize()
        return self.checked(why_task(self.rules.farm, job.steps[step], task, named, self.rules.clock))

    def client(self, client: RuntimeClient) -> str:
        self.rules.match()
        return self.checked(why_client(self.rules.farm, client, self.rules.clock))

    def checked(self, said: str) -> str:
        """One sentence that ends once, and names what it speaks of."""
        self.assertTrue(said.endswith("."), said)
        self.assertNotRegex(said, r"\.\.|\s\s|: :|\b1 (tasks|slots|clients)\b|\bNone\b")
        self.assertNotRegex(said, r"it is next there|\b0 of the|\b1 of the \d+ clients that can run it are\b")
        prove_all(self.rules.farm, self.rules.clock)
        return said


class NobodyCan(Told):
    def test_no_client_has_ever_connected(self) -> None:
        said = self.job(self.rules.job(Stage()))
        self.assertIn("no client has ever connected", said)

    def test_the_largest_of_the_pool_is_named(self) -> None:
        job = self.rules.job(Stage(memory=64), pool="lighting")
        for memory in (16, 32):
            self.rules.client(1, settings={"pools": ["lighting"]}, memory=memory * GIB)
        self.rules.client(1, memory=128 * GIB)
        told = "it needs 64 GB of memory; the largest online client in pool lighting is render-02 with 32 GB."
        self.assertEqual(self.job(job), f"Job 1 waits: {told}")
        self.assertEqual(self.task(job, 0), f"Frame 1 waits: {told}")

    def test_what_a_client_keeps_for_itself_does_not_count(self) -> None:
        job = self.rules.job(Stage(memory=64))
        self.rules.client(memory=64 * GIB, settings={"keep_memory": 4 * GIB})
        self.assertIn("the largest online client is render-01 with 60 GB", self.job(job))

    def test_nobody_is_in_the_pool(self) -> None:
        job = self.rules.job(Stage(), pool="fx")
        self.rules.client()
        self.assertEqual(self.job(job), "Job 1 waits: it needs a client of pool fx, and none is in it.")

    def test_more_cores_than_anybody_has_and_it_starts_when_such_a_client_joins(self) -> None:
        job = self.rules.job(Stage(vcpus=999))
        for _ in range(2):
            self.rules.client(16)
        self.assertIn("it needs 999 cores; the largest online client is render-01 with 16 cores", self.job(job))
        other = self.rules.job(Stage())
        self.rules.match()
        self.assertTrue(other.orders, "others are not held up")
        self.rules.client(1000)
        self.rules.match()
        self.assertTrue(job.orders)

    def test_a_job_that_wants_none_of_those_there_are(self) -> None:
        for settings, word in (({"only": ["render-07"]}, "render-07"), ({"never": ["render-*"]}, "render-")):
            self.world()
            self.rules.client()
            job = self.rules.job(Stage(), **settings)
            alone = self.job(job)
            self.rules.client()
            for said in (alone, self.job(job)):
                self.assertIn(word, said)
                self.assertNotIn("this client", said)

    def test_clients_that_take_only_other_work(self) -> None:
        job = self.rules.job(Stage())
        client = self.rules.client(settings={"takes": ["comp"]})
        said = self.job(job)
        self.assertNotIn("this client", said)
        self.assertIn("render-01", said)
        self.assertIn("comp", said)
        self.assertIn("comp", self.client(client))

    def test_what_was_killed_for_memory(self) -> None:
        small, large = self.rules.client(memory=8 * GIB), self.rules.client(memory=16 * GIB)
        self.rules.farm.leave(large, self.rules.now)
        job = self.rules.job(Stage())
        self.rules.match()
        self.rules.ended(self.rules.orders(small)[0], outcome=FAILED, cause="memory")
        self.assertIn("render-02, the only client that can run it,", self.job(job))
        self.assertIn("more than the 8 GB of memory with which it was killed", self.client(small))


class NobodyWorks(Told):
    def test_the_only_one_is_away(self) -> None:
        client = self.rules.client()
        job = self.rules.job(Stage())
        self.rules.farm.leave(client, self.rules.now)
        self.assertEqual(
            self.job(job), "Job 1 waits: render-01, the only client that can run it, has been offline since 12:00 UTC."
        )

    def test_the_only_one_is_disabled_and_how_to_mend_that(self) -> None:
        client = self.rules.client()
        job = self.rules.job(Stage())
        changing.set_status(self.rules.farm, client, Status.DISABLED)
        self.assertIn("is disabled; enable render-01 lets it work", self.job(job))
        self.assertIn("is disabled; enable render-01 lets it work", self.client(client))

    def test_the_only_one_sleeps_until_some_time(self) -> None:
        client = self.rules.client(settings={"sleeps": "08:00-18:00", "zone": "Europe/Amsterdam"})
        job = self.rules.job(Stage())
        self.assertIn("render-01, the only client that can run it, is asleep until 18:00 CET", self.job(job))
        self.assertEqual(self.client(client), "render-01 is asleep until 18:00 CET.")

    def test_several_are_counted_by_what_they_do(self) -> None:
        clients = [self.rules.client() for _ in range(5)]
        self.rules.client(settings={"sleeps": "08:00-18:00"})
        self.rules.farm.leave(clients[0], self.rules.now)
        changing.set_status(self.rules.farm, clients[1], Status.DISABLED)
        for client in clients[2:]:
            self.rules.farm.retire(client)
        said = self.job(self.rules.job(Stage()))
        self.assertIn("none of the 6 clients that can run it works now: ", said)
        counts = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", said.split("now: ")[1])}
        self.assertEqual(counts, {"leaving": 3, "offline": 1, "disabled": 1, "asleep": 1})


class NoRoom(Told):
    def test_higher_priority_runs_there(self) -> None:
        self.rules.client()
        self.rules.job(Stage(tasks=4), priority=80)
        job = self.rules.job(Stage())
        self.assertIn("higher priority", self.job(job))
        self.assertIn("job 1", self.job(job))

    def test_the_work_of_others_runs_there(self) -> None:
        self.rules.client()
        self.rules.job(Stage(tasks=4), owner="bob")
        self.rules.match()
        self.assertIn("jobs of bob", self.job(self.rules.job(Stage())))

    def test_its_own_tasks_run_there(self) -> None:
        self.rules.client()
        job = self.rules.job(Stage(tasks=5))
        self.assertIn("Job 1 has 2 of its tasks on clients; the others wait: ", self.job(job))
        self.assertIn("same job", self.task(job, 4))

    def test_a_client_that_takes_few_at_a_time(self) -> None:
        self.rules.client(4, settings={"most_tasks": 1})
        self.rules.job(Stage(tasks=9, vcpus=1))
        said = self.job(self.rules.job(Stage(vcpus=1)))
        self.assertIn("1 at a time", said)

    def test_memory_that_is_in_use(self) -> None:
        self.rules.client(8, memory=16 * GIB)
        self.rules.job(Stage(tasks=9, vcpus=1, memory=6))
        said = self.job(self.rules.job(Stage(vcpus=1, memory=6)))
        self.assertIn("6 GB of memory", said)

    def test_a_licence_that_is_in_use(self) -> None:
        for count, word in ((1, "the only one of limit arnold is in use"), (2, "all 2 of limit arnold are in use")):
            self.world(limits={"arnold": {"count": count}})
            for _ in range(4):
                self.rules.client()
            self.rules.job(Stage(tasks=9), limits={"arnold": 1})
            job = self.rules.job(Stage(), limits={"arnold": 1})
            self.assertEqual(self.job(job), f"Job 2 waits: {word}.")
            self.assertIn(word, self.client(self.rules.farm.clients[4]))

    def test_a_limit_that_the_farm_has_no_more(self) -> None:
        self.world(limits={"arnold": {"count": 1}})
        self.rules.client()
        job = self.rules.job(Stage(), limits={"arnold": 1})
        changing.set_farm(self.rules.farm, read(FarmSettings, {}))
        self.assertIn("there is no limit arnold any more", self.job(job))

    def test_several_clients_with_several_reasons(self) -> None:
        for _ in range(3):
            self.rules.client()
        self.rules.job(Stage(tasks=2), owner="bob", priority=90)
        self.rules.match()
        self.rules.job(Stage(tasks=4), owner="eve", priority=60)
        said = self.job(self.rules.job(Stage()))
        self.assertIn("job 1", said)
        self.assertIn("higher priority", said)

    def test_one_that_it_failed_on_leaves_it_to_one_that_is_busy(self) -> None:
        first, _ = self.rules.client(), self.rules.client()
        self.rules.job(Stage(tasks=4), priority=90, only=["render-02"])
        self.rules.match()
        job = self.rules.job(Stage())
        self.rules.match()
        self.rules.ended(self.rules.orders(first)[0], outcome=FAILED)
        said = self.task(job, 0)
        self.assertIn("failed", said)
        self.assertIn("job 1", said)

    def test_one_that_the_job_avoids(self) -> None:
        self.world(strikes=1)
        first, _ = self.rules.client(), self.rules.client()
        self.rules.job(Stage(tasks=4), priority=90, only=["render-02"])
        self.rules.match()
        job = self.rules.job(Stage())
        self.rules.match()
        self.rules.ended(self.rules.orders(first)[0], outcome=FAILED)
        self.assertIn("failed", self.job(job))
        self.assertIn("render-01", self.client(first))


class NotNow(Told):
    def test_a_paused_job_and_how_to_mend_that(self) -> None:
        client, job = self.rules.client(), self.rules.job(Stage())
        changing.pause(self.rules.farm, job)
        self.assertEqual(self.job(job), "Job 1 waits: it is paused; resume 1 lets it go on.")
        self.assertEqual(self.task(job, 0), "Frame 1 waits: its job is paused; resume 1 lets it go on.")
        self.assertNotIn("no job has a task ready", self.client(client))

    def test_a_job_that_is_not_to_begin_yet(self) -> None:
        job = self.rules.job(Stage(), not_before=NOON + 2 * HOUR)
        self.assertEqual(self.job(job), "Job 1 waits: it is not to begin before 2027-01-04 14:00 UTC.")
        self.assertEqual(self.task(job, 0), "Frame 1 waits: its job is not to begin before 2027-01-04 14:00 UTC.")

    def test_a_job_outside_of_its_hours(self) -> None:
        job = self.rules.job(Stage(), hours="22:00-06:00", zone="Europe/Amsterdam")
        said = self.job(job)
        self.assertIn("22:00-06:00", said)
        self.assertRegex(said, "CET|Europe/Amsterdam")

    def test_a_job_that_comes_after_another(self) -> None:
        for when, word in (("completed", "completed"), ("ended", "ended"), ("started", "started")):
            self.world()
            self.rules.job(Stage())
            job = self.rules.job(Stage(), after=[{"job": 1, "when": when}])
            for said in (self.job(job), self.task(job, 0)):
                self.assertIn("job 1", said)
                self.assertIn(word, said)
                self.assertNotRegex(said, "of its job, it|is completed, which|has ended, which|has started, which")

    def test_a_job_that_comes_after_one_that_failed_says_so(self) -> None:
        client = self.rules.client()
        self.rules.job(Stage(), tries=1)
        job = self.rules.job(Stage(), after=[{"job": 1}])
        self.rules.run(client, FAILED)
        self.assertIn("has failed", self.job(job))
        self.assertNotIn("is failed", self.job(job))

    def test_a_step_that_comes_after_another(self) -> None:
        self.rules.client()
        job = self.rules.job(Stage("Render", 3), Stage("Video", after=("Render",)))
        told = 'step "Video" comes after step "Render", of which 0 of 3 tasks are done'
        self.assertIn(told, self.task(job, 0, step=1))

    def test_a_frame_that_waits_for_a_frame_of_another_job(self) -> None:
        self.rules.client()
        first = self.rules.job(Stage(tasks=3))
        job = self.rules.job(Stage(tasks=3), after=[{"job": 1, "frames": [-1, 1]}])
        self.rules.match()
        self.rules.ended(self.rules.orders(self.rules.farm.clients[1])[0])
        self.assertIn("frame 2 of job 1", self.task(job, 0))
        changing.cancel(self.rules.farm, first, self.rules.now)
        self.assertIn("canceled", self.task(job, 0))

    def test_a_preview_that_waits_for_approval_and_how_to_mend_that(self) -> None:
        client = self.rules.client()
        job = self.rules.job(Stage(tasks=5), preview=1)
        self.rules.run(client)
        for said in (self.job(job), self.task(job, 2)):
            self.assertIn("approve 1 lets the rest follow", said)
        self.assertNotIn("no job has a task ready", self.client(client))

    def test_a_step_that_rests(self) -> None:
        client = self.rules.client()
        job = self.rules.job(Stage(tasks=1))
        self.rules.match()
        self.rules.ended(self.rules.orders(client)[0], outcome=FAILED, cause="later", message="No licence was free.")
        said = self.task(job, 0)
        self.assertIn("29 s", said)
        self.assertIn("No licence was free", said)


class WhatBecame(Told):
    def test_a_failed_job_and_task_say_why(self) -> None:
        client = self.rules.client()
        job = self.rules.job(Stage(), tries=1)
        self.rules.match()
        self.rules.ended(self.rules.orders(client)[0], outcome=FAILED, message="The disk is full")
        self.assertEqual(self.job(job), "Job 1 has failed: The disk is full.")
        self.assertEqual(self.task(job, 0), "Frame 1 has failed.")

    def test_a_completed_and_a_canceled_one(self) -> None:
        client = self.rules.client()
        job = self.rules.job(Stage())
        self.rules.run(client)
        self.assertEqual((self.job(job), self.task(job, 0)), ("Job 1 is completed.", "Frame 1 is completed."))
        other = self.rules.job(Stage())
        changing.cancel(self.rules.farm, other, self.rules.now)
        self.assertEqual((self.job(other), self.task(other, 0)), ("Job 2 is canceled.", "Frame 1 is canceled."))

    def test_where_a_task_is(self) -> None:
        client = self.rules.client()
        job = self.rules.job(Stage(tasks=2))
        self.assertNotIn("behind", self.task(job, 0))
        self.rules.started(self.rules.orders(client)[0])
        self.assertEqual(self.task(job, 0), "Frame 1 runs on render-01.")
        self.assertEqual(self.task(job, 1), "Frame 2 waits on render-01, behind what runs there.")
        self.rules.farm.leave(client, self.rules.now)
        self.assertEqual(self.task(job, 0), "Frame 1 was on render-01, which is away.")

    def test_of_a_run_of_tasks_only_one_runs(self) -> None:
        client = self.rules.client()
        job = self.rules.job(Stage(tasks=40))
        job.steps[0].estimate.learn(0.1)
        self.rules.match()
        order = self.rules.orders(client)[0]
        self.rules.started(order)
        self.assertEqual(self.task(job, 0), "Frame 1 runs on render-01.")
        self.assertEqual(self.task(job, 2), "Frame 3 waits on render-01, behind what runs there.")

    def test_all_frames_of_a_chunk_run(self) -> None:
        client = self.rules.client()
        job = self.rules.job(Stage(tasks=4, vcpus=1, chunk=2))
        self.rules.match()
        self.rules.started(self.rules.orders(client)[0])
        self.assertIn("runs on render-01", self.task(job, 1))


class OfClients(Told):
    def test_one_that_works(self) -> None:
        client = self.rules.client(4)
        self.rules.job(Stage(tasks=2, vcpus=1))
        self.rules.match()
        for order in self.rules.orders(client):
            self.rules.started(order)
        self.assertEqual(self.client(client), "render-01 runs 2 tasks, on 2 of its 4 slots.")

    def test_one_that_is_away_with_what_it_had_does_not_run(self) -> None:
        client = self.rules.client()
        self.rules.job(Stage())
        self.rules.match()
        self.rules.started(self.rules.orders(client)[0])
        self.rules.farm.leave(client, self.rules.now)
        self.assertIn("offline", self.client(client))

    def test_one_for_which_there_is_nothing(self) -> None:
        self.assertEqual(self.client(self.rules.client()), "render-01 is idle: no job has a task ready.")

    def test_one_that_can_do_nothing_of_what_there_is(self) -> None:
        client = self.rules.client(memory=16 * GIB)
        self.rules.job(Stage(memory=64))
        said = self.client(client)
        self.assertIn("64 GB of memory", said)
        self.assertIn("16 GB", said)

    def test_one_that_could_begin_and_does_is_told_so(self) -> None:
        client = self.rules.client()
        self.rules.job(Stage())
        self.rules.match()
        self.assertIn("begins it", self.client(client))
        self.rules.ended(self.rules.orders(client)[0], outcome=DONE)
        self.assertIn("idle", self.client(client))
