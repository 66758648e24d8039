"""A session's process, as the agent's words make it; and the private parts of openjd-sessions that it counts on."""

import inspect
from collections.abc import Sequence
from typing import Any

import openjd.sessions._runner_base as runners
from openjd.sessions import Session, SessionState
from openjd.sessions._action_filter import ActionMonitoringFilter
from openjd.sessions._subprocess import LoggingSubprocess
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.settings import Rule
from brender.protocols.messages import Limits
from brender.worker.session import words
from brender.worker.session.openjd import KeptSession
from tests.line.harness import until
from tests.worker.nest import Nest, Talk, job, there


class SessionTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.nest = Nest(self)
        self.talk = self.nest.talk(self)

    def open(self, script: str, **how: Any) -> Talk:
        self.talk.open(job(script, **how))
        self.talk.hear(words.Opened)
        return self.talk

    def pid(self, name: str) -> int:
        path = self.nest.folder / name
        return int(until(lambda: path.exists() and path.read_text(), f"{name} is not written"))


class RunTests(SessionTestCase):
    def test_a_task_is_said_to_start_then_its_log_then_its_end(self) -> None:
        talk = self.open("echo hello")
        talk.run(7, N="3")
        ended = talk.hear(words.Ended)
        self.assertEqual((ended.order, ended.task, ended.outcome, ended.message), (1, 7, "completed", ""))
        kinds = [type(word).__name__ for word in talk.all if not isinstance(word, words.Progress)]
        self.assertEqual(kinds[-3:], ["Started", "Said", "Ended"])
        self.assertIn("\nhello\n", talk.log)

    def test_what_is_logged_while_the_session_opens_comes_before_the_first_task(self) -> None:
        self.open("true", environments=[("echo entering", "true")])
        self.assertIn("\nentering\n", self.talk.log)

    def test_tasks_are_run_one_after_the_other(self) -> None:
        talk = self.open("echo task")
        talk.run(1, N="1")
        talk.run(2, N="2")
        self.assertEqual([talk.hear(words.Ended).task, talk.hear(words.Ended).task], [1, 2])

    def test_a_task_that_failed_is_no_reason_to_end(self) -> None:
        talk = self.open("[ $BRENDER_ATTEMPT = 2 ] || { echo no; exit 4; }")
        talk.run(1, N="1")
        failed = talk.hear(words.Ended)
        self.assertEqual((failed.outcome, failed.message), ("failed", "Exit code 4. Its last line: no"))
        talk.say(words.Run(1, 1, 2, {"N": "1"}))
        self.assertEqual(talk.hear(words.Ended).outcome, "completed")

    def test_the_last_line_of_one_task_does_not_explain_another(self) -> None:
        talk = self.open("[ $(({{Task.Param.N}})) = 2 ] && exit 5; echo ouch; exit 4")
        talk.run(1, N="1")
        talk.run(2, N="2")
        self.assertIn("ouch", talk.hear(words.Ended).message)
        self.assertEqual(talk.hear(words.Ended).message, "Exit code 5.")

    def test_files_that_a_task_says_it_made_come_with_its_end(self) -> None:
        talk = self.open("echo brender_output: /out/a.png; echo brender_rate: 25; echo brender_warning: pink")
        talk.run(1, N="1")
        ended = talk.hear(words.Ended)
        self.assertEqual((ended.outputs, ended.rate), (["/out/a.png"], 25.0))
        self.assertIn(words.Warned("pink"), talk.all)
        talk.run(2, N="1")
        self.assertEqual(talk.hear(words.Ended).outputs, ["/out/a.png"])

    def test_an_interrupt_is_not_ignored_by_tasks(self) -> None:
        talk = self.open("kill -INT $$; echo ignored")
        talk.run(1, N="1")
        self.assertIn("SIGINT", talk.hear(words.Ended).message)

    def test_a_template_that_cannot_be_read_is_said(self) -> None:
        self.talk.open({"specificationVersion": "jobtemplate-2023-09", "name": "x", "steps": [{"name": "A"}]})
        self.assertIn("The session could not be opened", self.talk.hear(words.Broken).reason)
        self.talk.silence()

    def test_an_environment_that_fails_is_said_with_its_name_and_all_are_left(self) -> None:
        out = self.nest.folder / "out"
        made = [("true", f"echo 0 >> {out}"), ("echo no licence; exit 3", f"echo 1 >> {out}")]
        self.talk.open(job("true", environments=made))
        self.assertEqual(self.talk.hear(words.Broken).reason, "E1: Exit code 3. Its last line: no licence")
        self.talk.silence()
        self.assertEqual(out.read_text(), "1\n0\n")

    def test_close_leaves_the_environments_and_the_folder(self) -> None:
        out = self.nest.folder / "out"
        self.open("true", environments=[("true", f"pwd > {out}")]).say(words.Close())
        self.talk.silence()
        until(lambda: not self.nest.sessions, "it does not end")
        self.assertTrue(out.read_text().startswith(str(self.nest.scratch)))
        until(lambda: not list(self.nest.scratch.glob("*")), "its folder is left")


class StopTests(SessionTestCase):
    """A long task runs when each begins."""

    def setUp(self) -> None:
        super().setUp()
        script = (
            f"[ $(({{{{Task.Param.N}}}})) = 1 ] || exit 0; setsid sleep 310 & echo $! > {self.nest.folder}/far; wait"
        )
        self.open(script).run(1, N="1")
        self.talk.hear(words.Started)
        self.far = self.pid("far")

    def test_stop_ends_a_task_with_all_that_it_started(self) -> None:
        self.talk.say(words.Stop(1, 1))
        self.assertEqual(self.talk.hear(words.Ended).outcome, "canceled")
        self.assertFalse(there(self.far))
        self.talk.run(2, N="2")
        self.assertEqual(self.talk.hear(words.Ended).outcome, "completed")

    def test_a_task_that_waits_is_stopped_at_once(self) -> None:
        self.talk.run(2, N="2")
        self.talk.say(words.Stop(1, 2))
        self.assertEqual(self.talk.hear(words.Ended), words.Ended(1, 2, "canceled", "", 0.0, []))
        self.assertTrue(there(self.far))

    def test_a_task_that_waits_is_given_back_at_once_and_never_begun(self) -> None:
        self.talk.run(2, N="2")
        self.talk.say(words.TakeBack(1, 2))
        self.assertEqual(self.talk.hear(words.TakenBack), words.TakenBack(1, 2))
        self.talk.say(words.Stop(1, 1))
        self.assertEqual(self.talk.hear(words.Ended).task, 1)
        self.talk.run(3, N="2")
        self.assertEqual(self.talk.hear(words.Ended).task, 3)

    def test_a_task_that_runs_is_not_given_back(self) -> None:
        self.talk.say(words.TakeBack(1, 1), words.Stop(1, 1))
        self.assertEqual(self.talk.hear(words.Ended).outcome, "canceled")
        self.assertFalse([word for word in self.talk.all if isinstance(word, words.TakenBack)])

    def test_when_the_agent_is_gone_so_is_everything(self) -> None:
        sessions = [each.pid for each in self.nest.sessions]
        self.talk.connection.close()
        until(lambda: not there(self.far, *sessions), "something is left")
        until(lambda: not list(self.nest.scratch.glob("*")), "its folder is left")

    def test_words_that_are_none_are_the_end(self) -> None:
        self.talk.connection.sendall(b"nonsense\n")
        self.talk.silence()
        until(lambda: not there(self.far), "something is left")

    def test_it_is_stopped_while_nobody_listens(self) -> None:
        self.talk.say(words.Stop(1, 1))
        self.talk.hear(words.Ended)
        self.open_yes()

    def open_yes(self) -> None:
        talk = self.nest.talk(self)
        talk.open(job(f"echo $$ > {self.nest.folder}/yes; yes"))
        talk.run(1, N="1")
        pid = self.pid("yes")
        talk.say(words.Stop(1, 1))
        until(lambda: not there(pid), "it goes on")
        self.assertEqual(talk.hear(words.Ended).outcome, "canceled")


class ConductTests(SessionTestCase):
    """What ends a task before it ends by itself."""

    def end_of(self, script: str, limits: Limits | None = None, count: int = 1, **how: Any) -> words.Ended:
        self.talk.say(
            words.Open("job", job(script, **how), {}, "A", {}, rules=[Rule("empty", "is empty", "fail")]),
            words.Run(1, 1, 1, {"N": "1"}, limits or Limits(), count),
        )
        return self.talk.hear(words.Ended)

    def test_a_line_that_a_rule_finds_ends_it_with_all_that_it_started(self) -> None:
        ended = self.end_of(f"setsid sleep 320 & echo $! > {self.nest.folder}/far; echo the frame is empty; wait")
        self.assertEqual(
            (ended.outcome, ended.message, ended.cause), ("failed", "empty: the frame is empty", "fail")
        )
        self.assertFalse(there(self.pid("far")))

    def test_one_that_has_ended_before_it_could_be_has_failed_all_the_same(self) -> None:
        self.assertEqual(self.end_of("echo it is empty; exit 0").cause, "fail")

    def test_a_rule_spares_what_the_environment_has_started(self) -> None:
        service = f"setsid sleep 321 >/dev/null 2>&1 & echo $! > {self.nest.folder}/service"
        self.assertEqual(self.end_of("echo is empty; sleep 300", environments=[(service, "true")]).cause, "fail")
        self.assertTrue(there(self.pid("service")))

    def test_a_time_limit_ends_it_whatever_its_exit_code(self) -> None:
        trap: dict[str, Any] = {"cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": 60}}
        ended = self.end_of("trap 'exit 0' TERM; sleep 300 & wait", Limits(task_seconds=0.5), **trap)
        self.assertEqual((ended.outcome, ended.cause), ("failed", "time"))

    def test_a_chunk_has_the_time_of_all_its_tasks(self) -> None:
        ended = self.end_of("sleep 300", Limits(task_seconds=0.1), count=5)
        self.assertEqual(ended.message, "It took longer than 0.5 s, the limit of its job for 5 tasks.")

    def test_one_that_has_hung_is_ended(self) -> None:
        ended = self.end_of("while :; do echo alive; sleep 0.05; done", Limits(quiet_seconds=0.6))
        self.assertEqual((ended.outcome, ended.cause), ("failed", "quiet"))

    def test_the_next_task_begins_anew(self) -> None:
        self.assertEqual(self.end_of("[ $(({{Task.Param.N}})) = 2 ] || echo is empty").cause, "fail")
        self.talk.run(2, N="2")
        self.assertEqual(self.talk.hear(words.Ended).outcome, "completed")

    def test_a_million_lines_are_read_and_held_against_the_rules(self) -> None:
        ended = self.end_of("seq 1000000; echo at last: it is empty; sleep 300", Limits(quiet_seconds=600))
        self.assertEqual(ended.message, "empty: at last: it is empty")

    def test_one_that_is_stopped_meanwhile_is_canceled(self) -> None:
        self.open("trap 'echo is empty; sleep 300' TERM; echo $$ > pid; sleep 300 & wait").run(1, N="1")
        self.talk.hear(words.Started)
        self.talk.say(words.Stop(1, 1))
        self.assertEqual(self.talk.hear(words.Ended).outcome, "canceled")

    def test_a_session_that_is_not_entered_in_time_is_broken(self) -> None:
        enter = f"echo $$ > {self.nest.folder}/enter; sleep 300"
        made = job("true", environments=[("true", "true"), (enter, "true")])
        self.talk.say(words.Open("job", made, {}, "A", {}, limits=Limits(session_seconds=1.0)))
        broken = self.talk.hear(words.Broken)
        self.assertEqual(broken.reason, "E1: Entering the session took longer than 1 s, the limit of its job.")
        self.assertEqual((broken.cause, there(self.pid("enter"))), ("time", False))

    def test_a_line_while_it_is_entered_counts_too(self) -> None:
        made = job("true", environments=[("echo E is empty; sleep 300", "true")])
        self.talk.say(words.Open("job", made, {}, "A", {}, rules=[Rule("empty", "is empty", "later")]))
        broken = self.talk.hear(words.Broken)
        self.assertEqual((broken.reason, broken.cause), ("E0: empty: E is empty", "later"))

    def test_one_that_is_not_left_in_time_is_ended(self) -> None:
        made = job("true", environments=[("true", f"echo $$ > {self.nest.folder}/leave; sleep 300")])
        self.talk.say(words.Open("job", made, {}, "A", {}, limits=Limits(session_seconds=1.0)), words.Close())
        self.talk.silence()
        self.assertFalse(there(self.pid("leave")))


class SecretTests(SessionTestCase):
    """What a task says of itself goes to others than its log does."""

    def enter(self, script: str, named: str = "openjd_redacted_env: TOKEN=abc123") -> Talk:
        made = job(script, environments=[(f"echo '{named}'", "true")])
        self.talk.open({**made, "extensions": ["REDACTED_ENV_VARS"]})
        return self.talk

    def ended(self, script: str) -> words.Ended:
        self.enter(script).run(1, N="1")
        return self.talk.hear(words.Ended)

    def test_why_it_failed_has_none(self) -> None:
        for said, wanted in {
            "echo openjd_fail: no $TOKEN here": "no ******** here",
            "echo no $TOKEN here": "Exit code 1. Its last line: no ******** here",
        }.items():
            self.talk = self.nest.talk(self)
            self.assertEqual(self.ended(f"{said}; exit 1").message, wanted)
            self.assertNotIn("abc123", str(self.talk.all))

    def test_nor_has_its_status_nor_a_warning(self) -> None:
        self.ended("echo openjd_status: my $TOKEN; echo brender_warning: a $TOKEN; sleep 0.1")
        self.assertIn(words.Progress(None, "my ********"), self.talk.all)
        self.assertIn(words.Warned("a ********"), self.talk.all)
        self.assertNotIn("abc123", str(self.talk.all))

    def test_nor_when_it_was_said_before_it_was_named(self) -> None:
        self.talk.open({**job("echo openjd_fail: xyz; echo openjd_redacted_env: A=xyz; exit 1"),
                        "extensions": ["REDACTED_ENV_VARS"]})  # fmt: skip
        self.talk.run(1, N="1")
        self.assertEqual(self.talk.hear(words.Ended).message, "********")

    def test_one_that_is_named_in_the_wrong_way_is_masked_too(self) -> None:
        for named in (" openjd_redacted_env: T=abc123", "OPENJD_REDACTED_ENV: T=abc123", "openjd_redacted_env abc123"):
            self.talk = self.nest.talk(self)
            self.enter("true", named)
            reason = self.talk.hear(words.Broken).reason
            self.talk.silence()
            self.assertIn("Incorrectly formatted", reason)
            self.assertNotIn("abc123", reason + str(self.talk.all) + str(self.talk._heard))

    def test_a_line_in_parts_has_none_in_any_place(self) -> None:
        self.ended("for n in 63995 63999 64000; do printf %${n}s; printf %s $TOKEN; printf %64000s; echo; done")
        lines = [line.strip() for line in self.talk.log.splitlines() if line.startswith(" " * 100)]
        self.assertEqual(lines, ["********"] * 3)

    def test_one_of_several_lines_is_masked_line_by_line(self) -> None:
        """SEC-07: named as JSON, which is how a value has an end of a line in it."""
        ended = self.masked(r'openjd_redacted_env: "TOKEN=first-of-it\nlast-of-it"', 'echo "$TOKEN"; echo "T=[$TOKEN]"')
        self.assertEqual(ended.outcome, "completed")
        self.assertIn("\nT=[********\n********]\n", self.talk.log)

    def test_without_the_extension_it_is_masked_and_not_set(self) -> None:
        """SEC-07"""
        ended = self.masked("openjd_redacted_env: TOKEN=abc123", 'echo "T=[$TOKEN]"', extensions=[])
        self.assertEqual(ended.outcome, "completed")
        self.assertIn("\nT=[]\n", self.talk.log)
        self.assertIn("openjd_redacted_env: TOKEN=********", self.talk.log)

    def masked(self, named: str, script: str, extensions: Sequence[str] = ("REDACTED_ENV_VARS",)) -> words.Ended:
        """What became of a task, when nothing that was said of it has any part of the secret."""
        made = job(script, environments=[(f"printf '%s\\n' '{named}'", "true")])
        self.talk.open({**made, **({"extensions": [*extensions]} if extensions else {})})
        self.talk.run(1, N="1")
        ended = self.talk.hear(words.Ended)
        for part in ("first-of-it", "last-of-it", "abc123"):
            self.assertNotIn(part, str(self.talk.all))
        return ended

    def test_a_long_one_is_set_as_a_whole_and_masked(self) -> None:
        self.talk.open({
            **job("echo ${#LONG} = $LONG.", environments=[("printf 'openjd_redacted_env: LONG='; "
                                                           "printf %0100000d 7; echo", "true")]),
            "extensions": ["REDACTED_ENV_VARS"],
        })  # fmt: skip
        self.talk.run(1, N="1")
        self.talk.hear(words.Ended)
        self.assertIn("\n100000 = ********.\n", self.talk.log)
        self.assertNotIn("000000000", self.talk.log)


class PeakTests(SessionTestCase):
    HOLDS = "python3 -c 'import time; held = bytearray(200_000_000); time.sleep({seconds})'"

    def peak(self, task: int) -> float:
        self.talk.run(task, N=str(task))
        return self.talk.hear(words.Ended).peak / 1e6

    def test_what_a_task_used_comes_with_its_end(self) -> None:
        self.open(f"[ $(({{{{Task.Param.N}}}})) = 1 ] || {{ sleep 0.5; exit; }}; {self.HOLDS.format(seconds=0.5)}")
        self.assertTrue(200 < self.peak(1) < 300)
        self.assertTrue(self.peak(2) < 100)

    def test_what_the_session_keeps_open_counts_for_each_of_its_tasks(self) -> None:
        held = "import time; held = bytearray(200_000_000); print(flush=True); time.sleep(300)"
        begun = f"(python3 -c '{held}' & ) > holds 2>&1; until [ -s holds ]; do sleep 0.05; done"
        self.open("sleep 0.5", environments=[(begun, "true")])
        self.assertTrue(200 < self.peak(1) < 300)
        self.assertTrue(200 < self.peak(2) < 300)

    def test_a_program_that_gets_no_more_has_failed_for_memory(self) -> None:
        self.open("ulimit -v 200000; python3 -c 'held = bytearray(300_000_000)'").run(1, N="1")
        ended = self.talk.hear(words.Ended)
        self.assertEqual((ended.outcome, ended.cause), ("failed", "memory"))
        self.assertIn("It said: MemoryError", ended.message)


class PrivateTests(SynchronousTestCase):
    """openjd-sessions may change what is its own at any time: these say so before a farm does."""

    def test_a_session_is_ready_again_after_go_on(self) -> None:
        session = KeptSession(session_id="x", job_parameter_values={})
        self.addCleanup(session.cleanup)
        self.assertIs(session.state, SessionState.READY)
        session._state = SessionState.READY_ENDING
        session.go_on()
        self.assertIs(session.state, SessionState.READY)
        session._ending_only = True
        session._state = SessionState.READY_ENDING
        session.go_on()
        self.assertIs(session.state, SessionState.READY_ENDING)

    def test_it_decides_about_going_on_in_one_place(self) -> None:
        source = inspect.getsource(Session._action_callback)
        self.assertIn("self._ending_only or self._action_state != ActionState.SUCCESS", source)
        self.assertIn("self._state = SessionState.READY_ENDING", source)

    def test_it_writes_a_file_of_rules_for_every_action(self) -> None:
        self.assertIn("PATH_MAPPING_RULES_FILE", inspect.getsource(Session._materialize_path_mapping))

    def test_secrets_are_in_its_filter_of_the_log_and_what_is_said_comes_from_there(self) -> None:
        masks = ActionMonitoringFilter(session_id="session", callback=lambda *_: None)
        self.assertEqual((masks._redacted_values, masks._redacted_lines), (set(), set()))
        made = inspect.getsource(Session.__init__)
        for part in ("self._log_filter = ActionMonitoringFilter(", "callback=self._action_log_filter_callback"):
            self.assertIn(part, made)
        for method in (Session._action_callback, Session._action_log_filter_callback):
            self.assertIn("action_status = self.action_status\n", inspect.getsource(method))
        self.assertIn("Incorrectly formatted openjd env command ({record.msg})", inspect.getsource(masks.filter))

    def test_its_subprocess_is_made_by_that_name_and_reads_in_that_method(self) -> None:
        self.assertIn("LoggingSubprocess(", inspect.getsource(runners.ScriptRunnerBase._run))
        self.assertIn("self._log_subproc_stdout()", inspect.getsource(LoggingSubprocess.run))
        for name in ("notify", "terminate", "run"):
            self.assertTrue(callable(getattr(LoggingSubprocess, name)))
