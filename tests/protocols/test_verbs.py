"""Every verb against a real farm: what is said, and what has become of the farm."""

import os
import tempfile
from pathlib import Path

from twisted.trial.unittest import TestCase

from brender.farm.client import Status
from brender.farm.settings import After, JobSettings
from brender.farm.transitions import JobState
from brender.protocols.commands import OWN, Leave, answer, greeting
from brender.verbs.helping import SAME_FOR_ALL
from brender.verbs.items.known import CLIENT, ITEMS, JOB
from brender.verbs.known import VERBS
from brender.verbs.typed.usage import usage
from tests.fakes import FRAMES, SmallFarm

MAIN = (CLIENT, JOB)
TWO_STEPS = """
specificationVersion: jobtemplate-2023-09
name: film
steps:
- name: Render
  parameterSpace: {taskParameterDefinitions: [{name: Frame, type: INT, range: "1-3"}]}
  script: {actions: {onRun: {command: render}}}
- name: Video
  dependencies: [{dependsOn: Render}]
  script: {actions: {onRun: {command: encode}}}
"""


class VerbCase(TestCase):
    def setUp(self) -> None:
        self.farm = SmallFarm(self)

    async def ask(self, line: str) -> str:
        return await answer(self.farm.service, line, self.farm.now())

    async def lines(self, line: str) -> list[str]:
        return (await self.ask(line)).split("\n")


class Help(VerbCase):
    async def test_every_verb_is_listed_with_its_sentence_in_80_columns(self) -> None:
        text = await self.ask("help")
        for command in OWN.values():
            self.assertIn(f" {command.usage} ", text)
            self.assertIn(command.help, " ".join(text.split()))
        for verb in VERBS.values():
            listed = verb.name not in SAME_FOR_ALL and verb.item in MAIN
            about = text if listed else await self.ask(f"help {verb.item.name}")
            self.assertIn(f" {usage(verb)}", about)
            self.assertIn(verb.help, " ".join(about.split()))
        self.assertLessEqual(max(map(len, text.split("\n"))), 80)

    async def test_help_of_a_verb_tells_its_usage_and_more(self) -> None:
        lines = await self.lines("help disable")
        self.assertEqual(lines[0], "disable FILTER")
        self.assertIn("  enabled, disabled         what the administrator wants", lines)
        self.assertIn("  step=TEXT                     of this step", await self.lines("help retry"))
        words = {word for key in VERBS for word in key}
        for what in (*words, *OWN, "set", "set job", "submit", "filters", "filters job"):
            self.assertLessEqual(max(map(len, await self.lines(f"help {what}"))), 80)

    async def test_help_of_an_item_tells_every_attribute_its_unit_and_whether_it_can_be_set(self) -> None:
        lines = await self.lines("help client")
        self.assertEqual(lines[0], "A client is the farm's record of a machine.")
        self.assertIn(" * status            what the administrator wants; enabled|disabled", lines)
        self.assertIn("   memory            of the machine; in bytes", lines)
        self.assertIn("   load              of its processors; in percent; derived", lines)
        for item in ITEMS.values():
            told = await self.lines(f"help {item.name}")
            for name in item.attributes:
                self.assertTrue(any(line[3:].startswith(name) for line in told), name)
            self.assertEqual(told, await self.lines(f"help {item.plural}"))

    async def test_an_unknown_verb_names_the_nearest(self) -> None:
        self.assertEqual(await self.ask("disabel all"), 'No command "disabel"; did you mean disable?')
        self.assertEqual(await self.ask("help clinets"), 'No command "clinets"; did you mean clients?')
        self.assertEqual(await self.ask("xyzzy"), 'No command "xyzzy"; help lists the commands.')

    async def test_verbs_are_known_in_any_case_and_by_what_other_prompts_call_them(self) -> None:
        self.assertEqual(await self.ask("?"), await self.ask("HELP"))
        for line in ("quit", "exit", "bye", "logout"):
            with self.assertRaises(Leave):
                await self.ask(line)

    async def test_nothing_is_said_to_nothing(self) -> None:
        self.assertEqual([await self.ask(""), await self.ask("  \t ")], ["", ""])


class Greeting(VerbCase):
    async def test_an_empty_farm(self) -> None:
        self.assertEqual(
            greeting(self.farm.service), "brender 2.0 · no clients yet · no job running · help lists the commands"
        )

    async def test_clients_and_jobs_are_counted(self) -> None:
        first, second = await self.farm.client("render-01"), await self.farm.client("render-02")
        self.farm.gone(second)
        await self.farm.job()
        await self.farm.service.pause((await self.farm.job()).id)
        await self.farm.job()
        self.farm.start(first)
        self.assertEqual(
            greeting(self.farm.service),
            "brender 2.0 · 2 clients, 1 online, 1 busy · 1 job running, 1 waiting, 1 paused · help lists the commands",
        )


class Clients(VerbCase):
    async def test_the_table_shows_who_does_what(self) -> None:
        busy, idle = await self.farm.client("render-01"), await self.farm.client("attic")
        gone = await self.farm.client("名前")
        self.farm.gone(gone)
        await self.farm.service.set_status([idle], Status.DISABLED)
        await self.farm.job()
        self.farm.start(busy)
        self.farm.service.beat(busy.id, 96.7)
        self.farm.clock.advance(2 * 3600)
        self.assertEqual(
            await self.lines("clients"),
            [
                " id  name       status    activity  running           load  since",
                "  1  render-01  enabled   busy      shot_010 frame 1  97 %  2 h",
                "  2  attic      disabled  idle                         0 %  2 h",
                "  3  名前       enabled   offline                           2 h",
            ],
        )
        self.assertEqual(len(await self.lines("clients online")), 3)

    async def test_several_tasks_on_one_client_are_counted(self) -> None:
        client = await self.farm.client("render-01", slots=4)
        await self.farm.job(FRAMES + "  hostRequirements: {amounts: [{name: amount.worker.vcpu, min: 1}]}\n")
        for order in list(client.orders.values())[:3]:
            self.farm.service.started(client.id, order.id, order.first)
        self.assertIn("shot_010 frame 1 +2", await self.ask("clients"))

    async def test_a_table_of_long_names_fits_80_columns(self) -> None:
        client = await self.farm.client("a-machine-whose-name-does-not-end.render.studio.example.org")
        await self.farm.job(name="a job whose name\x1b[2J does not end " * 3)
        self.farm.start(client)
        for line in await self.lines("clients"):
            self.assertLessEqual(len(line), 80)
            self.assertNotIn("\x1b", line)

    async def test_a_filter_that_matches_nothing_says_so(self) -> None:
        await self.farm.client("render-01")
        self.assertEqual(await self.ask("clients name=nobody"), "No client matches name=nobody (1 client in all).")
        self.assertEqual(
            await self.ask("enable staus=disabled"), 'No attribute "staus" on a client; did you mean status?'
        )


class Turning(VerbCase):
    async def test_what_changed_and_what_already_was_is_counted(self) -> None:
        first, second = await self.farm.client("render-01"), await self.farm.client("render-02")
        await self.farm.job()
        self.farm.start(first)
        self.farm.start(second)
        self.assertEqual(await self.ask("disable render-02"), "render-02 is now disabled. 1 frame finishes first.")
        self.assertEqual(
            await self.ask("disable render-0*"),
            "2 clients: render-01 is now disabled, render-02 already was. 2 frames finish first.",
        )
        self.assertEqual([first.status, second.status], [Status.DISABLED, Status.DISABLED])
        self.assertIn("render-01 and render-02 finish what they run, then rest.", await self.ask("clients"))
        self.assertEqual(
            await self.ask("disable all"),
            "2 clients: render-01 and render-02 already were disabled. 2 frames finish first.",
        )
        self.assertEqual(await self.ask("enable all"), "2 clients: render-01 and render-02 are now enabled.")
        self.assertEqual(await self.ask("enable 1"), "render-01 already was enabled.")

    async def test_many_clients_are_counted_and_not_named(self) -> None:
        for number in range(7):
            await self.farm.client(f"render-{number}")
        await self.ask("disable render-0")
        self.assertEqual(await self.ask("disable all"), "7 clients: 6 are now disabled, render-0 already was.")

    async def test_two_machines_of_one_name_are_told_apart(self) -> None:
        await self.farm.client("twin")
        await self.farm.client("twin")
        await self.ask("disable 1")
        self.assertEqual(await self.ask("disable twin"), "2 clients: twin is now disabled, twin already was.")

    async def test_a_disabled_client_gets_no_new_order_and_finishes_what_it_runs(self) -> None:
        client = await self.farm.client("render-01")
        job = await self.farm.job()
        self.farm.start(client)
        await self.ask("disable all")
        self.farm.finish(client)
        running = [order for order in client.orders.values() if order.running is not None]
        self.assertEqual((running, job.steps[0].counts[3]), ([], 1))
        self.assertEqual((await self.lines("clients"))[1], "  1  render-01  disabled  idle       0 %  0 s")

    async def test_whom_has_to_be_said(self) -> None:
        await self.farm.client("render-01")
        self.assertEqual(
            await self.ask("disable"), "Say which clients: disable FILTER; all is every client."
        )
        self.assertIn("enable FILTER", await self.ask("enable"))


class Jobs(VerbCase):
    async def test_no_jobs_is_a_sentence(self) -> None:
        self.assertEqual(await self.ask("jobs"), "No jobs yet; submit hands one in.")

    async def test_jobs_are_listed_newest_first(self) -> None:
        client = await self.farm.client("render-01")
        await self.farm.job(owner="ada")
        self.farm.finish(client)
        self.farm.start(client)
        self.farm.clock.advance(60)
        await self.farm.job(values={"Frames": "1-1000000"}, priority=40, name="long")
        self.assertEqual(
            await self.lines("jobs"),
            [
                " id  name      owner  priority  state          done        left   age",
                "  2  long                   40  queued  0/1,000,000  0 %          0 s",
                "  1  shot_010  ada          50  active         1/24  4 %  9.2 s  60 s",
            ],
        )

    async def test_a_long_list_shows_the_newest_and_says_so(self) -> None:
        for _ in range(45):
            await self.farm.job()
        lines = await self.lines("jobs")
        self.assertEqual((len(lines), lines[-1]), (42, "The newest 40 of 45 jobs."))
        self.assertTrue(lines[1].startswith(" 45  shot_010"))

    async def test_one_job_shows_its_steps_and_what_runs_where(self) -> None:
        client = await self.farm.client("render-01")
        await self.farm.job(TWO_STEPS, owner="ada")
        self.farm.finish(client, seconds=12)
        self.farm.start(client)
        self.farm.clock.advance(5)
        first, *lines = await self.lines("job 1")
        self.assertRegex(
            first,
            r"^Job 1 film: active, 1 of 4 tasks done, 12 s a task, \d+ s left( \(.+ to .+\))?; priority 50, of ada$",
        )
        self.assertEqual(
            lines,
            [
                " step    tasks  waiting  ready  active  done  failed  canceled",
                " Render      3        0      0       2     1       0         0",
                " Video       1        1      0       0     0       0         0",
                " running  step    client     for",
                " frame 2  Render  render-01  5 s",
            ],
        )

    async def test_a_failed_job_gives_its_reason_and_an_ended_one_its_time(self) -> None:
        client = await self.farm.client("render-01")
        await self.farm.job(values={"Frames": "7"})
        self.farm.clock.advance(30)
        for _ in range(3):
            self.farm.finish(client, "failed", "The scene shot.blend is not there.")
        self.farm.clock.advance(600)
        lines = await self.lines("job 1")
        self.assertEqual(
            lines[:2],
            [
                "Job 1 shot_010: failed, 0 of 1 task done, ended 10 min ago after 30 s; priority 50",
                "Failed: The scene shot.blend is not there.",
            ],
        )

    async def test_a_job_that_is_not_there_is_a_sentence(self) -> None:
        for verb in ("job", "log"):
            self.assertIn(f"{verb} ID", await self.ask(verb))
        for verb in ("cancel", "pause", "resume"):
            self.assertIn(f"{verb} FILTER", await self.ask(verb))
        for verb in ("job", "cancel", "pause", "resume", "log"):
            self.assertEqual(await self.ask(f"{verb} 9"), "There is no job 9.")
            self.assertIn("There is no job 99999", await self.ask(f"{verb} {'9' * 6000}"))
        self.assertEqual(
            await self.ask("log x"), '"x" is not the id of a job: an id is a whole number, as jobs shows it.'
        )
        self.assertEqual(await self.ask("cancel x"), "No jobs yet; submit hands one in.")
        await self.farm.job()
        for verb in ("job", "jobs", "cancel"):
            said = await self.ask(f"{verb} shot_011")
            self.assertEqual(said, "No job matches shot_011 (1 job in all). Did you mean shot_010?")

    async def test_cancel_tells_what_was_done_and_what_is_ended(self) -> None:
        client = await self.farm.client("render-01")
        job = await self.farm.job()
        self.farm.finish(client)
        self.farm.start(client)
        self.assertEqual(
            await self.ask("cancel 1"),
            "Job 1 shot_010 is now canceled; 1 of 24 tasks had been done. 1 task that ran is ended.",
        )
        self.assertEqual(job.state, JobState.CANCELED)
        self.assertEqual(await self.ask("cancel 1"), "Job 1 shot_010 already was canceled.")
        self.assertEqual(await self.ask("pause 1"), "Job 1 is canceled and cannot be paused.")

    async def test_pause_and_resume(self) -> None:
        client = await self.farm.client("render-01")
        job = await self.farm.job()
        self.farm.start(client)
        self.assertEqual(await self.ask("pause 1"), "Job 1 shot_010 is now paused. 1 task finishes first.")
        self.assertEqual(job.state, JobState.PAUSED)
        self.assertEqual(await self.ask("pause 1"), "Job 1 shot_010 already was paused.")
        self.assertEqual(await self.ask("resume 1"), "Job 1 shot_010 goes on: 24 of 24 tasks are to do.")
        self.assertEqual(await self.ask("resume 1"), "Job 1 shot_010 was not paused: 24 of 24 tasks are to do.")
        self.assertEqual(job.state, JobState.ACTIVE)


class Log(VerbCase):
    async def test_the_log_of_a_job_and_of_one_task(self) -> None:
        client = await self.farm.client("render-01")
        await self.farm.job()
        for task in range(2):
            order = self.farm.start(client)
            self.farm.service.logged(client.id, order.id, task, f"frame {task + 1}\tdone\x1b[0m\n")
            self.farm.finish(client)
        text = await self.ask("log 1")
        self.assertIn("frame 1 done", text)
        self.assertIn("frame 2 done", text)
        self.assertNotIn("frame 1 done", await self.ask("log 1 1"))
        self.assertEqual(await self.ask("log 1 two"), 'task: "two" is not a whole number.')

    async def test_a_job_that_has_not_begun_has_no_log(self) -> None:
        await self.farm.job()
        self.assertEqual(await self.ask("log 1"), "Job 1 has not started: there is no log yet.")

    async def test_a_line_without_an_end_is_cut(self) -> None:
        client = await self.farm.client("render-01")
        await self.farm.job()
        order = self.farm.start(client)
        self.farm.service.logged(client.id, order.id, 0, "x" * 1_000_000)
        self.assertEqual((await self.lines("log 1 0"))[-1], "x" * 1000 + "…")

    async def test_of_a_long_log_the_end_is_shown(self) -> None:
        client = await self.farm.client("render-01")
        await self.farm.job()
        order = self.farm.start(client)
        self.farm.service.logged(client.id, order.id, 0, "".join(f"line {number}\n" for number in range(5000)))
        lines = await self.lines("log 1 0")
        self.assertEqual((len(lines), lines[-2]), (201, "line 4999"))
        self.assertRegex(lines[-1], r"^The last 200 of 5,00\d lines; brender log 1 shows all\.$")


class Submit(VerbCase):
    def file(self, text: str | bytes) -> Path:
        folder = tempfile.TemporaryDirectory(prefix="brender-test-")
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "a template.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    async def test_a_file_with_values_becomes_a_job(self) -> None:
        line = f"submit '{self.file(FRAMES)}' Frames=1-10 --priority 60 --name='shot 11' --owner ada"
        self.assertEqual(await self.ask(line), "Job 1 shot 11: 10 tasks, priority 60.")
        job = self.farm.service.farm.jobs[1]
        self.assertEqual((job.name, job.owner, job.priority, job.values["Frames"]), ("shot 11", "ada", 60, "1-10"))

    async def test_steps_are_counted_when_there_are_several(self) -> None:
        self.assertEqual(
            await self.ask(f"submit '{self.file(TWO_STEPS)}'"), "Job 1 film: 4 tasks in 2 steps, priority 50."
        )

    async def test_every_problem_of_a_template_is_named_with_its_place(self) -> None:
        text = FRAMES.replace("name: shot_010", "nam: shot_010").replace("onRun", "onRum")
        lines = await self.lines(f"submit '{self.file(text)}' Frame=1")
        self.assertRegex(lines[0], r"^The job was not taken, \d problems:$")
        self.assertGreaterEqual(len(lines), 4)
        for line in lines[1:]:
            self.assertRegex(line, r"^  \S+: .")
        self.assertEqual(self.farm.service.farm.jobs, {})

    async def test_what_cannot_be_a_template_is_refused_with_a_sentence(self) -> None:
        folder = self.file("").parent
        pipe, large = folder / "pipe", folder / "large"
        os.mkfifo(pipe)
        with large.open("wb") as file:
            file.truncate(5 << 20)
        for path, sentence in {
            folder: f"{folder} cannot be read on the server: Is a directory.",
            pipe: f"{pipe} is not a template: it is not a plain file.",
            large: f"{large} is larger than a template may be (4 MB).",
            folder / "absent": f"{folder / 'absent'} cannot be read on the server: No such file or directory.",
            self.file(b"\xff\xfe"): "is not a template: it is not text in UTF-8.",
        }.items():
            self.assertIn(sentence, await self.ask(f"submit '{path}'"))

    async def test_wrong_words_are_refused_with_a_sentence(self) -> None:
        for line, sentence in {
            "submit": "Say what to submit: submit TEMPLATE KEY=VALUE...",
            "submit x.yaml": 'No built-in template "x.yaml"; a file is named by its whole path, from / on.',
            "submit /x.yaml Frames": '"Frames" is not a parameter; write KEY=VALUE',
            "submit /x.yaml a=1 a=2": "a is given twice.",
            "submit /x.yaml --priorty 5": 'No option "--priorty"; did you mean --priority?',
            "submit /x.yaml --priority": "--priority needs a value.",
            "submit /x.yaml --pool a --pool b": "--pool is given twice.",
        }.items():
            self.assertIn(sentence, await self.ask(line))

    async def test_a_priority_is_a_number_from_0_to_100(self) -> None:
        path = self.file(FRAMES)
        for priority in ("101", "-1"):
            text = await self.ask(f"submit '{path}' --priority={priority}")
            self.assertIn("priority: A priority is a whole number from 0 to 100.", text)
        for priority in ("high", "5.5", "9" * 5000):
            text = await self.ask(f"submit '{path}' --priority={priority}")
            self.assertEqual(text, f'priority: "{priority}" is not a whole number.')

    async def test_every_setting_of_a_job_can_be_said(self) -> None:
        await self.farm.job()
        line = f"submit '{self.file(FRAMES)}' --pool gpu --after 1:frames:-1..1 --hours '20:00-06:00' --not-before "
        text = await self.ask(line + "2023-11-20T20:00 --tries 5 --preemptible yes --task-seconds=15min --project film")
        self.assertEqual(text, "Job 2 shot_010: 24 tasks, priority 50.")
        settings = self.farm.service.farm.jobs[2].settings
        self.assertEqual((settings.pool, settings.after), ("gpu", (After(1, frames=(-1, 1)),)))
        self.assertEqual((settings.not_before, settings.task_seconds), (1700510400.0, 900.0))
        help_text = await self.ask("help submit")
        for name in JobSettings.__struct_fields__:
            self.assertIn(f"  --{name.replace('_', '-')} ", help_text)

    async def test_what_the_farm_does_not_have_is_told_with_its_place(self) -> None:
        line = f"submit '{self.file(FRAMES)}' --limits arnold --after 7 --hours 9:00-9:00 --zone Mars"
        self.assertEqual(
            await self.lines(line),
            [
                "The job was not taken, 4 problems:",
                '  hours: "9:00-9:00" ends when it begins; the whole day is 00:00-24:00.',
                '  zone: There is no time zone "Mars"; write one such as Europe/Amsterdam.',
                '  limits.arnold: There is no limit "arnold"; this farm has none.',
                "  after[0]: There is no job 7 to come after.",
            ],
        )
        self.assertEqual(self.farm.service.farm.jobs, {})

    async def test_what_no_client_could_run_is_a_warning(self) -> None:
        await self.farm.client("render-01")
        lines = await self.lines(f"submit '{self.file(FRAMES)}' --pool gpu")
        self.assertEqual(lines, ["Job 1 shot_010: 24 tasks, priority 50.", "Warning: No client is in pool gpu."])

    async def test_frames_that_are_none_are_refused_with_a_sentence(self) -> None:
        path = self.file(FRAMES)
        for frames, sentence in {
            "10-1": "write 10-1:-1",
            "1-10:0": "1-10:0",
            "1-5,3-8": "overlap",
            "-5--9": "write -5--9:-1",
            "1-100x5": "write 1-100:5",
        }.items():
            text = await self.ask(f"submit '{path}' Frames={frames}")
            self.assertTrue(text.startswith("The job was not taken, 1 problem:"), text)
            self.assertIn(sentence, text)
        self.assertEqual(await self.ask(f"submit '{path}' Frames=-5--1"), "Job 1 shot_010: 5 tasks, priority 50.")


class Save(VerbCase):
    async def test_the_answer_comes_after_the_commit(self) -> None:
        self.assertRegex(await self.ask("save"), r"^Saved: \d+ writes? so far, and all of them are in the database\.$")
        self.assertEqual(await self.ask("save all"), "save takes no words.")


class TheFarm(VerbCase):
    async def test_it_tells_when_all_is_done_and_how_much_of_that_is_guessed(self) -> None:
        client = await self.farm.client("attic")
        for _ in range(2):
            await self.farm.job()
        self.assertEqual(len((await self.ask("farm")).splitlines()), 2)  # nothing is known yet
        self.farm.finish(client, seconds=60.0)
        left = (await self.ask("farm")).splitlines()[1]
        wanted = r"^time left: \d+ min \(\d+ min to \d+ min\); 24 tasks of it only guessed, from what others took$"
        self.assertRegex(left, wanted)

    async def test_it_tells_what_is_written_and_why_nothing_new_is_taken(self) -> None:
        figures = self.farm.store.figures
        figures.rows, figures.commits, figures.pending, figures.seconds_mean = 1234, 56, 1, 0.0021
        first, database = (await self.ask("farm")).splitlines()
        self.assertRegex(first, r"^brender \S+ · .* · no job running$")
        self.assertEqual(
            database, "database: 1,234 rows in 56 commits since the start, 1 waits; a commit takes 2.1 ms"
        )
        self.farm.store.listener("The database /x cannot be written: its disk is full (disk full)")
        self.assertEqual(
            (await self.ask("farm")).splitlines()[2],
            "It takes nothing new: The database /x cannot be written: its disk is full (disk full).",
        )
        why = "The database /x cannot be written: its disk is full (disk full)"
        self.assertEqual(await self.ask("submit blender"), f"{why}; nothing new is taken until it can be.")
        self.assertTrue(greeting(self.farm.service).endswith("its disk is full (disk full)"))
        self.farm.store.listener("")
        self.assertTrue(greeting(self.farm.service).endswith("help lists the commands"))
        self.assertEqual(await self.ask("farm of mine"), "farm takes no words: there is only one.")
