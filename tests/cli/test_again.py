"""`brender retry`, `requeue`, `add`, `revise`: which tasks run again or are added, and what is said."""

from brender.farm.client import RuntimeClient
from brender.farm.transitions import JobState, TaskState
from tests.cli.case import CommandCase
from tests.fakes import FRAMES

TWO_STEPS = """
specificationVersion: jobtemplate-2023-09
name: film
steps:
- name: Render
  parameterSpace: {taskParameterDefinitions: [{name: Frame, type: INT, range: "-2-2"}]}
  script: {actions: {onRun: {command: render}}}
- name: Video
  dependencies: [{dependsOn: Render}]
  script: {actions: {onRun: {command: encode}}}
"""
SAMPLES = FRAMES.replace("steps:", "- {name: Samples, type: INT, default: 16}\nsteps:", 1).replace(
    '"{{Task.Param.Frame}}"', '"{{Task.Param.Frame}}", "{{Param.Samples}}"'
)


class Again(CommandCase):
    async def test_retry_runs_what_failed_or_was_canceled(self) -> None:
        client = await self.farm.client("render-01")
        job = await self.farm.job(values={"Frames": "1-3"}, tries=1)
        self.farm.finish(client, "failed", "no")
        self.farm.finish_all(client)
        self.assertEqual(job.state, JobState.FAILED)
        self.assertEqual((await self.brender("retry", "1")).out, "Job 1 shot_010: 1 task runs again.\n")
        self.assertEqual(job.steps[0].counts[TaskState.COMPLETED], 2)
        nothing = "Job 1 shot_010: nothing of that has ended; nothing runs again.\n"
        self.assertEqual((await self.brender("retry", "1")).out, nothing)
        self.assertEqual((await self.brender("retry", "1", "1-2", "--json")).json["again"], {"Render": 1})

    async def test_of_frames_here_and_there_those_run_again_that_failed(self) -> None:
        """RNG-20"""
        client = await self.farm.client("render-01")
        job = await self.farm.job(values={"Frames": "2,4,10-20,25,26"}, tries=1, fail_share=1.0)
        self.assertEqual(len(job.steps[0].tasks), 15)
        wrong = {"4", "13", "26"}
        self.run_all(client, wrong)
        self.assertEqual((await self.brender("retry", "1")).out, "Job 1 shot_010: 3 tasks run again.\n")
        self.assertEqual(self.run_all(client, set()), wrong)
        self.assertEqual((job.state, job.past[0].counts[TaskState.COMPLETED]), (JobState.COMPLETED, 15))

    def run_all(self, client: RuntimeClient, wrong: set[str]) -> set[str]:
        """Run all frames that are given out, some of which fail; which ran."""
        ran = set[str]()
        while any(order.open for order in client.orders.values()):
            order = self.farm.start(client)
            (task, *_) = order.awaited()
            frame = self.farm.service.farm.jobs[order.job].steps[order.step].plan.parameters(task)["Frame"]
            self.farm.service.result(client.id, order.id, task, "failed" if frame in wrong else "completed", "", 0.4)
            ran.add(frame)
        return ran

    async def test_one_frame_runs_again_and_its_dependents_when_asked(self) -> None:
        client = await self.farm.client("render-01")
        await self.farm.job(TWO_STEPS)
        self.farm.finish_all(client)
        stale = "Video was done before and may be stale; requeue with --with-dependents runs that again too."
        self.assertEqual((await self.brender("requeue", "1", "-2")).out, f"Job 1 film: 1 task runs again. {stale}\n")
        self.farm.finish_all(client)
        ran = await self.brender("requeue", "1", "-1-0", "--with-dependents")
        self.assertEqual(ran.out, "Job 1 film: 3 tasks run again (2 of Render and 1 of Video).\n")
        self.farm.finish_all(client)
        self.assertEqual((await self.brender("requeue", "1", "Video")).out, "Job 1 film: 1 task runs again.\n")

    async def test_frames_that_are_none_are_refused_with_a_sentence(self) -> None:
        await self.farm.job()
        for frames, sentence in {
            "99": "Job 1 has no frame 99.",
            "10-1": "write 10-1:-1",
            "1-10:0": "1-10:0",
            "1-5,3-8": "overlap",
            "Rendr": 'Job 1 has no step "Rendr"; it has Render.',
        }.items():
            ran = await self.brender("requeue", "1", frames)
            self.assertEqual((ran.code, ran.out), (1, ""), frames)
            self.assertIn(sentence, ran.err)


class MoreTasks(CommandCase):
    async def test_frames_are_added_to_a_job(self) -> None:
        job = await self.farm.job()
        self.assertEqual((await self.brender("add", "1", "Frames=25-27")).out, "Job 1 shot_010: 3 tasks are added.\n")
        self.assertEqual(len(job.steps[0].tasks), 27)
        ran = await self.brender("add", "1", "Frames=27-30", "--json")
        self.assertEqual((ran.code, ran.json["error"]["code"]), (1, "refused"))
        self.assertEqual((await self.brender("add", "1", "Frames")).code, 2)

    async def test_other_values_for_tasks_that_have_not_run(self) -> None:
        job = await self.farm.job(SAMPLES)
        ran = await self.brender("revise", "1", "Samples=128")
        words = "for tasks that are given out from now on"
        self.assertEqual(ran.out, f"Job 1 shot_010 now has Samples=128, {words}.\n")
        self.assertEqual(str(job.values["Samples"]), "128")
        self.assertEqual(
            (await self.brender("revise", "1", "Samples=128")).out, "Job 1 shot_010 already had Samples=128.\n"
        )
        ran = await self.brender("revise", "1", "Frames=1-3")
        self.assertEqual(ran.code, 1)
        self.assertIn("would change the tasks", ran.err)
