"""The agent's end of sessions: real ones in a real nursery, started when it is needed."""

# Twisted's protocols have no types for all their methods.
# mypy: allow-untyped-calls

import os
import signal
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import psutil
from PIL import Image
from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.defer import TimeoutError as TooLate
from twisted.internet.process import reapAllProcesses
from twisted.internet.task import LoopingCall, deferLater
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.farm.client import Blender, Machine
from brender.farm.settings import Rule
from brender.protocols import messages as say
from brender.protocols.codec import Decoder, encode
from brender.worker import processes, sessions
from brender.worker.held import Use, Work
from brender.worker.machine.identity import cores
from brender.worker.machine.stock import Cards, Need
from brender.worker.session import words
from brender.worker.sessions import UNEXPECTED, Cradle, SessionProtocol, share_of
from tests.worker.nest import job

MACHINE = Machine("key", "alpha", 2, blenders=(Blender("4.5.0", "program", "/opt/blender"),))
MACHINE_WITH_CARDS = msgspec.structs.replace(MACHINE, gpus=("one", "two"))


class Noted:
    """An agent that notes what sessions report."""

    def __init__(self) -> None:
        self.reports: list[Any] = []
        self._waiting: list[tuple[str, Deferred[Any]]] = []

    def _note(self, name: str, *what: Any) -> None:
        self.reports.append((name, *what))
        for each in [each for each in self._waiting if each[0] == name]:
            self._waiting.remove(each)
            each[1].callback(what)

    def until(self, name: str) -> "Deferred[Any]":
        """Fires with the next report of this name."""
        self._waiting.append((name, Deferred()))
        return self._waiting[-1][1]

    def tell(self, message: say.Message) -> None:
        self._note(type(message).__name__, message)

    def task_started(self, use: Use, order: int, task: int) -> None:
        self._note("started", order, task)

    def task_ended(self, use: Use, result: say.Result, outputs: list[str], rate: float) -> None:
        self._note("ended", result, outputs)

    def task_taken_back(self, use: Use, order: int, task: int) -> None:
        self._note("taken back", order, task)

    def session_broken(self, use: Use, reason: str, cause: say.Cause) -> None:
        self._note("broken", reason, cause)

    def session_gone(self, use: Use, reason: str) -> None:
        self._note("gone", reason)


def use(agent: Noted, cards: Cards = None) -> Use:
    return Use(agent, Work(say.Job(1, "job", {}, {})), "A", Need(2, {}), cards)


class CradleTests(TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.scratch = self.folder / ("so long a name that no socket could have it " + "x" * 100)
        self.scratch.mkdir(parents=True)
        self.cradle = Cradle(reactor, self.scratch, MACHINE, maybeDeferred)
        reaping = LoopingCall(reapAllProcesses)  # pytest's reactor does not hear of the ends of processes
        reaping.start(0.01)
        self.addCleanup(reaping.stop)
        self.addCleanup(self.cradle.stop)
        self.agent = Noted()

    def open(self, script: str = "true", rules: Sequence[Rule] = (), cards: Cards = None) -> SessionProtocol:
        made = say.Job(1, "job", job(script), {})
        return self.cradle.open(made, use(self.agent, cards), rules)

    async def test_a_session_runs_tasks_and_reports_in_order(self) -> None:
        ended, gone = self.agent.until("ended"), self.agent.until("gone")
        session = self.open("echo hello")
        session.run(7, say.Task(3, {"N": "3"}), 1, say.Limits())
        result, outputs = await ended
        self.assertEqual((result.order, result.task, result.outcome, outputs), (7, 3, "completed", []))
        session.close()
        await gone
        names = [name for name, *_ in self.agent.reports]
        self.assertEqual((names[0], names[-1]), ("started", "gone"))
        logs = "".join(each[1].text for each in self.agent.reports if each[0] == "Log")
        self.assertIn("\nhello\n", logs)

    async def test_tasks_see_their_machine(self) -> None:
        ended = self.agent.until("ended")
        self.open("echo slots=$BRENDER_SLOTS; echo $BRENDER_BLENDER").run(1, say.Task(1, {"N": "1"}), 1, say.Limits())
        await ended
        logs = "".join(each[1].text for each in self.agent.reports if each[0] == "Log")
        self.assertIn("\nslots=2\n", logs)
        self.assertIn('[{"version": "4.5.0", "kind": "program", "path": "/opt/blender"}]', logs)

    async def test_tasks_see_whether_the_farm_lets_scripts_of_scenes_run(self) -> None:
        for scripts, said in ((True, "allow"), (False, "forbid")):
            ended = self.agent.until("ended")
            made = say.Job(1, "job", job("echo scripts=$BRENDER_SCRIPTS"), {}, scripts=scripts)
            self.cradle.open(made, use(self.agent), ()).run(1, say.Task(1, {"N": "1"}), 1, say.Limits())
            await ended
            self.assertIn(f"\nscripts={said}\n", self.logs())

    async def test_a_session_sees_the_cards_that_it_was_given(self) -> None:
        self.cradle = Cradle(reactor, self.scratch, MACHINE_WITH_CARDS, maybeDeferred)
        self.addCleanup(self.cradle.stop)
        for cards, said in ((None, "unset unset"), ((), "empty -1"), ((1,), "1 1")):
            ended = self.agent.until("ended")
            script = "echo ${BRENDER_GPUS-unset} | sed 's/^$/empty/' | tr '\\n' ' '; echo ${CUDA_VISIBLE_DEVICES-unset}"
            self.open(script, cards=cards).run(1, say.Task(1, {"N": "1"}), 1, say.Limits())
            await ended
            self.assertIn(f"\n{said}\n", self.logs())

    async def test_on_a_machine_without_cards_nothing_is_said_of_them(self) -> None:
        ended = self.agent.until("ended")
        self.open("echo gpus=${BRENDER_GPUS-unset}", cards=()).run(1, say.Task(1, {"N": "1"}), 1, say.Limits())
        await ended
        self.assertIn("\ngpus=unset\n", self.logs())

    async def test_rules_limits_causes_and_peaks_go_both_ways(self) -> None:
        session = self.open("echo {{Task.Param.N}}; sleep 300", rules=[Rule("two", "^2$", "later")])
        for number, limits, cause in ((1, say.Limits(task_seconds=0.3), "time"), (2, say.Limits(), "later")):
            ended = self.agent.until("ended")
            session.run(1, say.Task(number, {"N": str(number)}), 1, limits)
            result, _ = await ended
            self.assertEqual((result.outcome, result.cause), ("failed", cause))
        self.assertGreater(result.peak, 0)

    def logs(self) -> str:
        return "".join(each[1].text for each in self.agent.reports if each[0] == "Log")

    def test_a_session_that_shares_its_machine_is_told_how_many_threads_are_its_own(self) -> None:
        self.assertEqual(share_of(4, 4), {})
        self.assertEqual(share_of(1, 1000), {"BRENDER_THREADS": "1"})
        self.assertEqual(share_of(3 * cores(), 4 * cores()), {"BRENDER_THREADS": str(max(1, cores() * 3 // 4))})

    async def test_a_nursery_that_was_killed_is_followed_by_another(self) -> None:
        await self.cradle.start()
        first = self.cradle.pid
        gone = self.agent.until("gone")
        session = self.open("sleep 300")
        session.run(1, say.Task(1, {"N": "1"}), 1, say.Limits())
        await self.agent.until("started")
        os.kill(first, signal.SIGKILL)
        self.assertEqual(await gone, (UNEXPECTED,))
        ended = self.agent.until("ended")
        self.open().run(2, say.Task(2, {"N": "1"}), 1, say.Limits())
        self.assertEqual((await ended)[0].outcome, "completed")
        self.assertNotEqual(self.cradle.pid, first)

    async def test_sessions_that_are_wanted_while_it_starts_are_opened(self) -> None:
        made = [self.open() for _ in range(3)]
        for number, session in enumerate(made):
            ended = self.agent.until("ended")
            session.run(number, say.Task(number, {"N": "1"}), 1, say.Limits())
            self.assertEqual((await ended)[0].order, number)

    async def test_a_nursery_that_cannot_be_started_breaks_what_waits_for_it(self) -> None:
        self.patch(sessions, "PROGRAM", "import sys; sys.exit(3)")
        self.patch(sessions, "PAUSES", (0.01, 0.01))
        broken, gone = self.agent.until("broken"), self.agent.until("gone")
        self.open().run(1, say.Task(1, {"N": "1"}), 1, say.Limits())
        reason = (await broken)[0]
        self.assertIn("A session could not be started on this machine: The nursery", reason)
        self.assertIn("died 3 times as it started (A process has ended with a probable error condition", reason)
        await gone
        self.patch(sessions, "PROGRAM", CradleTests.program)
        ended = self.agent.until("ended")
        self.open().run(2, say.Task(2, {"N": "1"}), 1, say.Limits())
        await ended

    program = sessions.PROGRAM

    def dying(self, often: int) -> str:
        """A program of which the first so many starts are killed before they are ready."""
        lives = self.folder / "lives"
        return (
            f"import os; file = open({str(lives)!r}, 'ab'); file.write(b'.'); file.close()\n"
            f"if os.path.getsize({str(lives)!r}) <= {often}: os.kill(os.getpid(), 9)\n{self.program}"
        )

    async def test_a_nursery_that_is_killed_as_it_starts_is_followed_by_another(self) -> None:
        self.patch(sessions, "PROGRAM", self.dying(2))
        waits = self.cradle.start()
        ended = self.agent.until("ended")
        self.open().run(1, say.Task(1, {"N": "1"}), 1, say.Limits())
        await waits
        await ended
        self.assertEqual((self.folder / "lives").read_bytes(), b"...")
        self.assertNotIn("broken", [name for name, *_ in self.agent.reports])

    async def test_to_stop_while_the_next_nursery_is_waited_for_leaves_nothing(self) -> None:
        self.patch(sessions, "PROGRAM", self.dying(99))
        self.patch(sessions, "PAUSES", (60.0,))
        self.cradle.start()
        while self.cradle._again is None:
            await deferLater(reactor, 0.01)
        await self.cradle.stop()
        self.assertEqual((self.cradle.pid, self.cradle._again), (0, None))

    async def test_after_stop_nothing_is_left(self) -> None:
        started = self.agent.until("started")
        session = self.open(f"setsid sleep 313 & echo $! > {self.folder}/far; wait")
        session.run(1, say.Task(1, {"N": "1"}), 1, say.Limits())
        await started
        while not (self.folder / "far").exists() or not (self.folder / "far").read_text():
            await deferLater(reactor, 0.01)
        below = [each.pid for each in psutil.Process(self.cradle.pid).children(recursive=True)]
        await self.cradle.stop()
        self.assertIn(int((self.folder / "far").read_text()), below)
        self.assertFalse(any(processes.alive(pid) for pid in below))
        self.assertFalse(self.cradle._sessions.exists())
        await self.cradle.stop()  # again, with none

    async def test_a_nursery_that_hangs_is_ended_all_the_same(self) -> None:
        self.patch(sessions, "END_WITHIN", 0.1)
        await self.cradle.start()
        pid = self.cradle.pid
        os.kill(pid, signal.SIGSTOP)
        await self.cradle.stop()
        self.assertFalse(processes.alive(pid))


class Pictures(TestCase):
    """Small pictures of what tasks made, by a process of their own."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir(parents=True)
        self.cradle = Cradle(reactor, self.folder / "worker", MACHINE, maybeDeferred)
        (self.folder / "worker").mkdir()
        reaping = LoopingCall(reapAllProcesses)
        reaping.start(0.01)
        self.addCleanup(reaping.stop)
        self.addCleanup(self.cradle.stop)
        self.frame = self.folder / "frame.png"
        Image.new("RGB", (64, 36), (200, 0, 0)).save(self.frame)

    async def test_the_first_file_that_can_be_read_is_shown(self) -> None:
        jpeg = await self.cradle.picture([str(self.folder / "none.png"), str(self.frame)], "")
        assert jpeg is not None
        self.assertEqual(Image.open(BytesIO(jpeg)).size, (64, 36))
        self.assertIsNone(await self.cradle.picture([], ""))

    async def test_a_file_that_ends_the_decoder_ends_nothing_else(self) -> None:
        os.mkfifo(self.folder / "endless.png")
        await self.cradle.start()
        showing = self.cradle.picture([str(self.folder / "endless.png")], "")
        while not (below := psutil.Process(self.cradle.pid).children()):
            await deferLater(reactor, 0.01)
        below[0].kill()
        self.assertIsNone(await showing)
        self.assertIsNotNone(await self.cradle.picture([str(self.frame)], ""))

    async def test_one_that_takes_too_long_is_given_up(self) -> None:
        self.patch(sessions, "SHOWN_WITHIN", 0.05)
        os.mkfifo(self.folder / "endless.png")
        with self.assertRaises(TooLate):
            await self.cradle.picture([str(self.folder / "endless.png")], "")
        self.patch(sessions, "SHOWN_WITHIN", 30.0)
        self.assertIsNotNone(await self.cradle.picture([str(self.frame)], ""))


class SessionProtocolTests(SynchronousTestCase):
    """Without a process: what is said when."""

    def setUp(self) -> None:
        self.agent = Noted()
        self.session = SessionProtocol(use(self.agent))
        self.transport = StringTransport()

    def said(self) -> list[Any]:
        decoder: Decoder[Any] = Decoder(words.ToSession, 2**20)
        return decoder.feed(self.transport.value())

    def hear(self, *said: words.Word) -> None:
        self.session.dataReceived(b"".join(map(encode, said)))

    def test_what_is_said_before_the_connection_stands_is_said_then(self) -> None:
        self.session.run(1, say.Task(2, {}), 1, say.Limits())
        self.session.close()
        self.session.makeConnection(self.transport)
        self.session.stop(1, 2, 3.0)
        self.assertEqual(self.said(), [words.Run(1, 2, 1, {}), words.Close(), words.Stop(1, 2, 3.0)])

    def test_to_hold_is_not_to_read(self) -> None:
        self.session.hold(True)
        self.session.makeConnection(self.transport)
        self.assertEqual(self.transport.producerState, "paused")
        self.session.hold(False)
        self.assertEqual(self.transport.producerState, "producing")

    def test_a_log_belongs_to_the_task_that_was_started_last(self) -> None:
        self.session.makeConnection(self.transport)
        self.hear(words.Started(1, 2), words.Said("a"), words.Started(1, 3), words.Said("b"))
        logs = [each[1] for each in self.agent.reports if each[0] == "Log"]
        self.assertEqual(logs, [say.Log(1, 2, "a"), say.Log(1, 3, "b")])

    def test_progress_of_no_task_is_nobodys(self) -> None:
        self.session.makeConnection(self.transport)
        self.hear(words.Progress(5.0, ""), words.Warned("x"))
        self.assertEqual(self.agent.reports, [])
