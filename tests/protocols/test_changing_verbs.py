"""The verbs of those who change their minds, and `why`, against a real farm."""

from brender.farm.changing import set_farm
from brender.farm.job import Job
from brender.farm.scheduling.why import why_client, why_job
from brender.farm.settings import After, ClientSettings, FarmSettings, JobSettings, Limit
from brender.farm.transitions import JobState, TaskState
from tests.fakes import FRAMES
from tests.protocols.test_verbs import TWO_STEPS, VerbCase

SAMPLES = FRAMES.replace("steps:", "- {name: Samples, type: INT, default: 16}\nsteps:", 1).replace(
    '"{{Task.Param.Frame}}"', '"{{Task.Param.Frame}}", "{{Param.Samples}}"'
)

COMP = """\
- name: Comp
  dependencies: [{dependsOn: Render}]
  parameterSpace: {taskParameterDefinitions: [{name: Frame, type: INT, range: "2-3"}]}
  script: {actions: {onRun: {command: comp}}}
"""


class SetJob(VerbCase):
    async def test_what_is_set_and_what_already_was_is_told(self) -> None:
        job = await self.farm.job()
        self.assertEqual(
            await self.ask("set job 1 priority=80 pool=lighting"),
            "Job 1 shot_010 now has priority=80 and pool=lighting.",
        )
        self.assertEqual((job.priority, job.settings.pool), (80, "lighting"))
        self.assertEqual(await self.ask("set job 1 priority=80"), "Job 1 shot_010 already had priority=80.")
        self.assertEqual(
            await self.ask('set job 1 hours="mon-fri 20:00-06:00" not-before=none'),
            'Job 1 shot_010 now has not_before=none and hours="mon-fri 20:00-06:00".',
        )
        self.assertEqual(job.settings, JobSettings(priority=80, pool="lighting", hours="mon-fri 20:00-06:00"))

    async def test_a_limit_of_the_farm_can_be_taken_and_no_more_than_there_is(self) -> None:
        set_farm(self.farm.service.farm, FarmSettings(limits={"arnold": Limit(4)}))
        job = await self.farm.job()
        await self.ask("set job 1 limits=arnold:2")
        self.assertEqual(job.settings.limits, {"arnold": 2})
        for words, sentence in {
            "limits=arnold:5": "  limits.arnold: A task would take 5 of arnold; this farm has 4.",
            "limits=nuke": '  limits.nuke: There is no limit "nuke"; this farm has arnold.',
        }.items():
            self.assertEqual(await self.lines(f"set job 1 {words}"), ["Nothing was changed, 1 problem:", sentence])
        self.assertIn("  limits", await self.ask("set job 1 limits=arnold:0"))
        self.assertEqual(job.settings.limits, {"arnold": 2})

    async def test_jobs_cannot_come_after_each_other_in_a_circle(self) -> None:
        for _ in range(3):
            await self.farm.job()
        await self.ask("set job 2 after=1")
        await self.ask("set job 3 after=2:started")
        for line, sentence in {
            "set job 1 after=1": "after[0]: Job 1 cannot come after itself.",
            "set job 1 after=2": "after[0]: Job 1 cannot come after job 2: job 2 comes after this one.",
            "set job 1 after=3": "job 3 comes after job 2, and that after this one.",
            "set job 1 after=9": "after[0]: There is no job 9 to come after.",
            "set job 3 after=1:frames:1..-1": "The frames go from 1 to -1; write [-1, 1].",
        }.items():
            self.assertIn(sentence, await self.ask(line))
        self.assertEqual(self.farm.service.farm.jobs[1].settings.after, ())
        self.assertEqual(self.farm.service.farm.jobs[3].settings.after, (After(2, "started"),))

    async def test_words_that_set_nothing_are_refused_with_a_sentence(self) -> None:
        await self.farm.job()
        for line, sentence in {
            "set": "Say of what: set client, or set job",
            "set 1 priority=3": "Say of what: ",
            "set job": "Say which jobs: set job FILTER KEY=VALUE...; all is every job.",
            "set job 1": "Say what is to be so: KEY=VALUE; there are priority, owner,",
            "set job 1 priorty=3": 'No setting "priorty" of a job; did you mean priority?',
            "set job 1 priority": '"priority" is not KEY=VALUE',
            "set job 1 priority=high": 'priority: "high" is not a whole number.',
            "set job 1 priority=101": "  priority: A priority is a whole number from 0 to 100.",
            "set job 1 hours=22:00": '  hours: "22:00" is no window; write 22:00-06:00',
            "set job 1 hours=25:00-26:00": "is no time of day",
            "set job 1 zone=Mars": '  zone: There is no time zone "Mars"',
            "set job 9 priority=3": "There is no job 9.",
        }.items():
            self.assertIn(sentence, await self.ask(line), line)
        self.assertEqual(self.farm.service.farm.jobs[1].settings, JobSettings())


class SetClients(VerbCase):
    async def test_what_is_set_and_what_already_was_is_counted(self) -> None:
        clients = [await self.farm.client(name) for name in ("render-01", "render-02", "attic")]
        self.assertEqual(await self.ask("set client render-01 pools=gpu"), "render-01 now has pools=gpu.")
        self.assertEqual(await self.ask("set client render-01 pools=gpu"), "render-01 already had pools=gpu.")
        self.assertEqual(
            await self.ask("set client render* enabled pools=gpu"),
            "2 clients: render-02 now has pools=gpu, render-01 already had.",
        )
        await self.ask("set client pool=gpu keep-memory=4GB most-tasks=2 takes=")
        wanted = ClientSettings(pools=("gpu",), keep_memory=4 << 30, most_tasks=2)
        self.assertEqual([client.settings for client in clients], [wanted, wanted, ClientSettings()])

    async def test_a_client_sleeps_in_its_hours_and_in_its_zone(self) -> None:
        await self.farm.client("render-01")
        await self.farm.client("attic", zone="Asia/Tokyo")
        line = 'set client all sleeps="22:00-06:00"'  # at 22:13 UTC, where it is 7:13 in Tokyo
        self.assertEqual(await self.ask(line), "2 clients: render-01 and attic now have sleeps=22:00-06:00.")
        lines = await self.lines("clients")
        self.assertEqual([line.split()[3] for line in lines[1:]], ["asleep", "idle"])
        self.assertEqual(len(await self.lines("clients asleep")), 2)
        self.assertRegex(await self.ask("why render-01"), r"^render-01 is asleep until .*06:00")

    async def test_words_that_set_nothing_are_refused_with_a_sentence(self) -> None:
        await self.farm.client("render-01")
        for line, sentence in {
            "set client": "Say which clients: set client FILTER KEY=VALUE...; all is every client.",
            "set client all": "Say what is to be so: KEY=VALUE; there are ",
            "set client all pool=gpu": "Say what is to be so: KEY=VALUE; there are ",
            "set client pools=gpu": "Say what is to be so: KEY=VALUE; there are ",
            "set client nobody pools=gpu": "No client matches nobody (1 client in all).",
            "set client all pols=gpu": 'No setting "pols" of a client; did you mean pools?',
            "set client all most-tasks=0": "  most_tasks: ",
            "set client all zone=Mars": '  zone: There is no time zone "Mars"',
            "set client all sleeps=6:00-6:00": '  sleeps: "6:00-6:00" ends when it begins',
        }.items():
            self.assertIn(sentence, await self.ask(line), line)
        self.assertEqual(self.farm.service.farm.clients[1].settings, ClientSettings())


class Again(VerbCase):
    async def test_what_failed_or_was_canceled_runs_again(self) -> None:
        client = await self.farm.client("render-01")
        job = await self.farm.job(values={"Frames": "1-4"}, tries=1)
        self.farm.finish(client, "failed", "no")
        self.farm.finish(client)
        await self.ask("cancel 1")
        self.assertEqual(await self.ask("retry 1"), "Job 1 shot_010: 3 tasks run again.")
        self.assertEqual((job.finished, job.steps[0].counts[TaskState.COMPLETED]), (False, 1))
        self.assertEqual(await self.ask("retry 1"), "Job 1 shot_010: nothing of that has ended; nothing runs again.")
        self.assertEqual(await self.ask("retry 1 1-2"), "Job 1 shot_010: 1 task runs again.")

    async def test_one_frame_is_one_frame_and_what_was_made_from_it_is_stale(self) -> None:
        client = await self.farm.client("render-01")
        job = await self.farm.job(TWO_STEPS)
        self.farm.finish_all(client)
        stale = "Video was done before and may be stale; requeue with --with-dependents runs that again too."
        self.assertEqual(await self.ask("requeue 1 2"), f"Job 1 film: 1 task runs again. {stale}")
        self.assertEqual([step.counts[TaskState.COMPLETED] for step in job.steps], [2, 1])
        self.assertIn("Stale: Video, made from tasks that were run again since.", await self.lines("job 1"))
        self.farm.finish_all(client)
        self.assertEqual(
            await self.ask("requeue 1 1-2 --with-dependents"),
            "Job 1 film: 3 tasks run again (2 of Render and 1 of Video).",
        )
        self.farm.finish_all(client)
        self.assertEqual(await self.ask("requeue 1 Video"), "Job 1 film: 1 task runs again.")
        self.farm.finish_all(client)
        self.assertEqual(job.state, JobState.COMPLETED)

    async def test_which_has_to_be_there(self) -> None:
        await self.farm.job()
        for line, sentence in {
            "retry": "Say which jobs: retry FILTER [FRAMES]; all is every job.",
            "requeue 1": "Say what is to run again: frames, tasks, or a step.",
            "requeue 1 1 2": "1 2",
            "requeue 1 99": "  frames: Job 1 has no frame 99.",
            "requeue 1 10-1": "write 10-1:-1",
            "requeue 1 1-10:0": "1-10:0",
            "requeue 1 Rendr": '  step: Job 1 has no step "Rendr"; it has Render.',
            "retry 9": "There is no job 9.",
        }.items():
            self.assertIn(sentence, await self.ask(line), line)


class More(VerbCase):
    async def test_frames_are_added_to_a_job_even_when_it_has_ended(self) -> None:
        client = await self.farm.client("render-01")
        job = await self.farm.job(values={"Frames": "1-2"})
        self.farm.finish_all(client)
        self.assertEqual(await self.ask("add 1 Frames=3-5"), "Job 1 shot_010: 3 tasks are added.")
        self.assertEqual((job.state, len(job.steps[0].tasks)), (JobState.ACTIVE, 5))
        self.assertIn("has a task for Frame 5 already", await self.ask("add 1 Frames=5-9"))
        self.assertEqual(await self.ask("add 1"), "Say values too: add ID KEY=VALUE....")
        self.assertIn('"Frames" is not KEY=VALUE', await self.ask("add 1 Frames"))

    async def test_values_are_revised_for_what_has_not_run(self) -> None:
        job = await self.farm.job(SAMPLES)
        self.assertEqual(
            await self.ask("revise 1 Samples=128"),
            "Job 1 shot_010 now has Samples=128, for tasks that are given out from now on.",
        )
        self.assertEqual(str(job.values["Samples"]), "128")
        self.assertEqual(await self.ask("revise 1 Samples=128"), "Job 1 shot_010 already had Samples=128.")
        self.assertIn("would change the tasks", await self.ask("revise 1 Frames=1-3"))
        self.assertIn("Samples", await self.ask("revise 1 Samples=many"))
        self.assertEqual(await self.ask("revise 1"), "Say values too: revise ID KEY=VALUE....")


class Standing(VerbCase):
    async def test_a_preview_is_approved(self) -> None:
        client = await self.farm.client("render-01")
        await self.farm.job(preview=1)
        self.farm.finish(client)
        self.assertIn("approve 1 lets the rest follow", await self.ask("job 1"))
        self.assertEqual(await self.ask("approve 1"), "Job 1 shot_010 is approved; the rest of it follows.")
        self.assertEqual(await self.ask("approve 1"), "Job 1 shot_010 waits for no approval.")

    async def test_a_client_that_failed_a_job_is_forgiven(self) -> None:
        client = await self.farm.client("render-01")
        job = await self.farm.job(tries=50)
        for _ in range(3):
            self.farm.finish(client, "failed", "no")
        self.assertIn("render-01 failed it too often; forgive 1 lets it go there again.", await self.lines("job 1"))
        self.assertEqual(await self.ask("forgive 1 nobody"), "No client matches nobody (1 client in all).")
        self.assertEqual(await self.ask("forgive 1 render-01"), "Job 1 shot_010 may go to render-01 again.")
        self.assertEqual(await self.ask("forgive 1"), "Job 1 shot_010 avoids none of them.")
        self.assertEqual(job.standing.avoided, {})

    async def test_job_shows_what_was_set_and_the_time_left_with_its_spread(self) -> None:
        client = await self.farm.client("render-01")
        await self.farm.job(tries=5, hours="00:00-24:00", project="film", only=["render-*", "attic"])
        for seconds in (1.0, 2.0, 4.0, 8.0):
            self.farm.finish(client, seconds=seconds)
        first, *lines = await self.lines("job 1")
        self.assertRegex(first, r", \d+(\.\d)? (s|min) left \(\d+(\.\d)? (s|min) to \d+(\.\d)? (s|min)\); priority 50$")
        self.assertIn("Set: project=film only=render-*,attic hours=00:00-24:00 tries=5", lines)

    async def test_many_settings_are_told_in_80_columns(self) -> None:
        await self.farm.job(only=[f"render-{number:02}" for number in range(4)], never=["attic", "cellar"], tries=9,
                            hours="mon-fri 20:00-06:00, sat-sun 00:00-24:00", zone="Europe/Amsterdam")  # fmt: skip
        lines = await self.lines("job 1")
        begin = next(place for place, line in enumerate(lines) if line.startswith("Set: "))
        self.assertTrue(lines[begin + 1].startswith("  "), lines)
        for line in lines[begin:]:
            self.assertLessEqual(len(line), 80)


class Why(VerbCase):
    def why(self, job: Job) -> str:
        return why_job(self.farm.service.farm, job, self.farm.now())

    async def test_a_job_a_frame_and_a_client_say_what_they_wait_for(self) -> None:
        self.assertEqual(await self.ask("why"), "Say of what: why client, or why job, or why task.")
        job = await self.farm.job()
        self.assertEqual(await self.ask("why 1"), self.why(job))
        client = await self.farm.client("render-01")
        self.farm.start(client)
        self.assertTrue((await self.ask("why 1 1")).startswith("Frame 1 runs on render-01"))
        self.assertTrue((await self.ask("why 1 12")).startswith("Frame 12 waits: "))
        wanted = why_client(self.farm.service.farm, client, self.farm.now())
        self.assertEqual([await self.ask("why render-01"), await self.ask("why id=1")], [wanted, wanted])
        await self.ask("cancel 1")
        self.assertEqual([await self.ask("why 1"), await self.ask("why 1 12")], [self.why(job)] * 2)

    async def test_a_frame_of_several_steps_is_named_with_each(self) -> None:
        await self.farm.job(FRAMES + COMP)
        first, second = await self.lines("why 1 2")
        self.assertTrue(first.startswith("Frame 2 of Render waits: "), first)
        self.assertTrue(second.startswith('Frame 2 of Comp waits: step "Comp" comes after step "Render"'), second)
        self.assertTrue((await self.ask("why 1 1")).startswith("Frame 1 waits: "))

    async def test_several_clients_have_a_sentence_each_and_not_too_many(self) -> None:
        for number in range(25):
            await self.farm.client(f"render-{number:02}")
        lines = await self.lines("why render*")
        self.assertEqual([line.split()[0] for line in lines[:2]], ["render-00", "render-01"])
        self.assertEqual((len(lines), lines[-1]), (21, "5 more match."))

    async def test_what_is_not_there_is_told(self) -> None:
        await self.farm.job()
        for line, sentence in {
            "why 9": "There is no job 9.",
            "why 1 99": "Job 1 has no frame 99.",
            "why 1 1-3": 'frame: "1-3" is not a whole number.',
            "why attic": "The farm has no clients yet",
        }.items():
            self.assertIn(sentence, await self.ask(line))
