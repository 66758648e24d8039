"""The real `telnet` program on a terminal of its own: byte for byte what a person sees.

How does this work?  The shell listens on a free port of loopback; telnet runs on a pseudo-terminal, which
echoes what is typed as a person's terminal does.  The farm's clock stands still, so every byte is known.
"""

import fcntl
import os
import shutil
import struct
import tempfile
import termios
from pathlib import Path
from typing import Any
from unittest import skipUnless

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from brender.farm.client import Status
from brender.protocols.door import Door, ShellFactory
from tests.fakes import FRAMES, SmallFarm
from tests.line.harness import Farm

reactor: Any = global_reactor
TELNET = shutil.which("telnet")
HELLO = "Trying 127.0.0.1...\r\nConnected to 127.0.0.1.\r\nEscape character is '^]'.\r\n"
GOODBYE = "Connection closed by foreign host.\r\n"
PROMPT = "\r\n> "
LINE = "\r> "  # a line that is drawn anew begins with it

HELP = """\
 help [WHAT]       List the commands, or tell more about one, an item, or
                   filters.
 farm              Tell how the farm does, and the way into its database.
 clients [FILTER]  List clients, or those that a filter chooses.
 client ID         Show one client.
 enable FILTER     Let clients take new orders.
 disable FILTER    Give clients no new orders; they finish what they run.
 why FILTER        Say what clients wait for, or what they do.
 load ID [SPAN]    Show how busy a client was in the last hour, or day.
 timeline ID [ONLY]
                   List the orders that a client had lately, the newest first.
 restart FILTER [KEY=VALUE...]
                   Have the workers of clients finish what they run, and start
                   anew.
 drain FILTER [KEY=VALUE...]
                   Have the workers of clients finish what they run, and end.
 revoke FILTER     Shut clients out: no certificate of theirs counts, their
                   connections are cut.
 jobs [FILTER]     List jobs, or those that a filter chooses.
 submit TEMPLATE [KEY=VALUE...]
                   Hand in a job: a template, and values.
 job ID            Show a job with its orders and what was handed in.
 why FILTER [FRAME]
                   Say what a job or a frame waits for.
 log ID [TASK]     Give the log of a job.
 cancel FILTER     End jobs now; what is done of them stays.
 pause FILTER      Give out no more of jobs; what runs of them finishes.
 resume FILTER     Go on with paused jobs.
 approve FILTER    Let the rest of jobs follow their preview.
 forgive FILTER [CLIENTS]
                   Let jobs go again to clients that failed them too often.
 save              Wait until everything so far is safe in the database.
 plan TEMPLATE [KEY=VALUE...]
                   Say what a job would be, or all that is wrong with it, and
                   make none.
 retry FILTER [FRAMES]
                   Run again what failed or was canceled, or some frames.
 requeue FILTER [FRAMES]
                   Run frames again, also those that were done.
 add ID KEY=VALUE...
                   Add the tasks that a job would have with other values.
 revise ID KEY=VALUE...
                   Give other values to tasks of a job that have not run.
 failures FILTER   Say why tasks failed, those with the same reason together.
 excerpt ID [ORDER]
                   Give a part of the log of an order.
 steps JOB [FILTER]
                   List steps; help step tells what can be done with them.
 tasks JOB [FILTER]
                   List tasks; help task tells what can be done with them.
 orders JOB [FILTER]
                   List orders; help order tells what can be done with them.
 pools [FILTER]    List pools; help pool tells what can be done with them.
 tags [FILTER]     List tags; help tag tells what can be done with them.
 limits [FILTER]   List limits; help limit tells what can be done with them.
 settings [FILTER]
                   List settings; help setting tells what can be done with them.
 views [FILTER]    List views; help view tells what can be done with them.
 users [FILTER]    List users; help user tells what can be done with them.
 tokens [FILTER]   List tokens; help token tells what can be done with them.
 audits [FILTER]   List audits; help audit tells what can be done with them.
 templates [FILTER]
                   List templates; help template tells what can be done with
                   them.
 invitations [FILTER]
                   List invitations; help invitation tells what can be done with
                   them.
 create ITEM ...   Make one; help create ITEM tells what it takes.
 set ITEM ...      Change things; help set ITEM tells what can be set.
 delete ITEM ...   Take things away.
 login [NAME]      Log in, with the password that is asked for; or tell who you
                   are.
 quit              Close this connection; the farm goes on.
 An ITEM is one of these: client, job, step, task, order, pool, tag, limit,
 setting, view, user, token, audit, template, invitation. help ITEM tells of
 it, help filters how to choose.
"""

WAITS_FOR_A_FILE = """
specificationVersion: jobtemplate-2023-09
name: waits
parameterDefinitions:
- {name: File, type: STRING}
steps:
- name: Wait
  parameterSpace: {taskParameterDefinitions: [{name: Frame, type: INT, range: "1-3"}]}
  script:
    actions: {onRun: {command: sh, args: ["-c", 'until [ -e "$0" ]; do sleep 0.02; done; echo seen', "{{Param.File}}"]}}
"""


class Terminal(ProcessProtocol):
    """What telnet shows, and a hand that types."""

    def __init__(self) -> None:
        self.ended: Deferred[None] = Deferred()
        self._shown = b""
        self._awaited = b""
        self._reached: Deferred[None] | None = None

    def outReceived(self, data: bytes) -> None:
        self._shown += data
        self._look()

    async def shown(self, end: str = PROMPT) -> str:
        """What has been shown since the last time, when its end is this."""
        self._awaited, self._reached = end.encode(), Deferred()
        reached = self._reached
        self._look()
        await reached
        text, self._shown = self._shown.decode(), b""
        return text

    async def type(self, keys: str, end: str = PROMPT) -> str:
        """Press keys; what is shown then, the echo included."""
        self.transport.write(keys.encode())  # type: ignore[union-attr]
        return await self.shown(end)

    def _look(self) -> None:
        if self._reached and self._shown.endswith(self._awaited):
            reached, self._reached = self._reached, None
            reached.callback(None)

    def processEnded(self, reason: Failure) -> None:
        self.ended.callback(None)


@skipUnless(TELNET, "There is no telnet program on this machine: apt-get install telnet.")
class TelnetCase(TestCase):
    timeout = 90

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="brender-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, text: str) -> Path:
        path = self.folder / "shot.yaml"
        path.write_text(text)
        return path

    def dial(self, port: int, size: tuple[int, int] = (24, 80)) -> Terminal:
        """Telnet on a terminal of so many lines and columns."""
        terminal = Terminal()
        words = ["telnet", "127.0.0.1", str(port)]
        environment = {"PATH": os.defpath, "TERM": "dumb", "LANG": "C.UTF-8"}
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        names = (master, slave, os.ttyname(slave))
        process = reactor.spawnProcess(terminal, TELNET, words, environment, usePTY=names)
        self.addCleanup(self.end, process, terminal)
        return terminal

    async def end(self, process: Any, terminal: Terminal) -> None:
        if not terminal.ended.called:
            process.signalProcess("KILL")
        await terminal.ended


class Noted(ShellFactory):
    """Knows its connection, so that a test can wait until telnet has agreed to be a terminal."""

    door: Door | None = None

    def buildProtocol(self, addr: IAddress | None) -> Door:
        self.door = super().buildProtocol(addr)
        return self.door

    @property
    def has_a_terminal(self) -> bool:
        return self.door is not None and self.door.is_terminal


class SmallFarmByTelnet(TelnetCase):
    async def connected(self, farm: SmallFarm, size: tuple[int, int] = (24, 80)) -> Terminal:
        factory = Noted(farm.service, reactor, farm.now)
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        terminal = self.dial(port.getHost().port, size)
        while not factory.has_a_terminal:
            await deferLater(reactor, 0.01)
        return terminal

    async def farm(self) -> SmallFarm:
        """Three clients, two of which render; one of those may take nothing new."""
        farm = SmallFarm(self)
        first, second = await farm.client("render-01"), await farm.client("render-02")
        farm.clock.advance(2 * 3600 - 300)
        await farm.client("attic")
        farm.clock.advance(300)
        await farm.job(values={"Frames": "14,15"})
        order = farm.start(first)
        farm.service.logged(first.id, order.id, order.first, "Fra:14 Saved: frame_0014.png\n")
        farm.start(second)
        for client, load in zip(farm.service.farm.clients.values(), (97.0, 95.0, 3.0), strict=True):
            farm.service.beat(client.id, load)
        await farm.service.set_status([second], Status.DISABLED)
        return farm

    async def test_a_session_as_a_person_has_it(self) -> None:
        terminal = await self.connected(await self.farm())
        self.assertEqual(
            await terminal.shown(),
            HELLO + "\rbrender 2.0 · 3 clients, 3 online, 2 busy · 1 job running · help lists the commands\r\n> ",
        )
        for keys, shown in (
            (
                "clients online",
                " id  name       status    activity  running            load  since\r\n"
                "  1  render-01  enabled   busy      shot_010 frame 14  97 %  2 h\r\n"
                "  2  render-02  disabled  busy      shot_010 frame 15  95 %  2 h\r\n"
                "  3  attic      enabled   idle                          3 %  5 min\r\n"
                "render-02 finishes what it runs, then rests.",
            ),
            (
                "disable render-0*",
                "2 clients: render-01 is now disabled, render-02 already was. 2 frames finish first.",
            ),
            (
                "clients enabled",
                " id  name   status   activity  load  since\r\n  3  attic  enabled  idle       3 %  5 min",
            ),
            (
                "clients disabled",
                " id  name       status    activity  running            load  since\r\n"
                "  1  render-01  disabled  busy      shot_010 frame 14  97 %  2 h\r\n"
                "  2  render-02  disabled  busy      shot_010 frame 15  95 %  2 h\r\n"
                "render-01 and render-02 finish what they run, then rest.",
            ),
            (
                "clients attic",
                " id  name   status   activity  load  since\r\n  3  attic  enabled  idle       3 %  5 min",
            ),
            ("clients offline", "No client matches offline (3 clients in all)."),
            ("enable staus=disabled", 'No attribute "staus" on a client; did you mean status?'),
            ("clients name=nobody", "No client matches name=nobody (3 clients in all)."),
            ("clinets", 'No command "clinets"; did you mean clients?'),
            ("enable all", "3 clients: render-01 and render-02 are now enabled, attic already was."),
            ("save", "Saved: 8 writes so far, and all of them are in the database."),
            ("log 1", "--- Render, task 0, try 1, on render-01\r\nFra:14 Saved: frame_0014.png"),
            (
                "jobs",
                " id  name      priority  state   done       age\r\n  1  shot_010        50  active   0/2  0 %  0 s",
            ),
        ):
            self.assertEqual(await terminal.type(f"{keys}\r"), f"{keys}\r\n{shown}\r\n> ")
        self.assertEqual(await terminal.type("help\r"), "help\r\n" + HELP.replace("\n", "\r\n") + "> ")
        self.assertEqual(await terminal.type("quit\r", GOODBYE), "quit\r\n" + GOODBYE)
        await terminal.ended

    async def test_who_has_gone_is_among_those_that_are_offline(self) -> None:
        farm = await self.farm()
        farm.gone(farm.service.farm.clients[3])
        terminal = await self.connected(farm)
        await terminal.shown()
        shown = " id  name   status   activity  since\r\n  3  attic  enabled  offline   0 s"
        self.assertEqual(await terminal.type("clients offline\r"), f"clients offline\r\n{shown}\r\n> ")

    async def test_a_job_from_submit_to_cancel(self) -> None:
        path = self.file(FRAMES)
        terminal = await self.connected(SmallFarm(self))
        await terminal.shown()
        for keys, shown in (
            (f"submit {path} Frames=1-10 --priority 60", "Job 1 shot_010: 10 tasks, priority 60."),
            ("log 1", "Job 1 has not started: there is no log yet."),
            ("pause 1", "Job 1 shot_010 is now paused."),
            ("resume 1", "Job 1 shot_010 goes on: 10 of 10 tasks are to do."),
            ("cancel 1", "Job 1 shot_010 is now canceled; 0 of 10 tasks had been done."),
            (
                "job 1",
                "Job 1 shot_010: canceled, 0 of 10 tasks done, ended 0 s ago; priority 60\r\n"
                " step    tasks  waiting  ready  active  done  failed  canceled\r\n"
                " Render     10        0      0       0     0       0        10",
            ),
        ):
            self.assertEqual(await terminal.type(f"{keys}\r"), f"{keys}\r\n{shown}\r\n> ")

    async def test_editing_keys_and_ctrl_c_do_no_harm(self) -> None:
        terminal = await self.connected(SmallFarm(self))
        await terminal.shown()
        self.assertEqual(await terminal.type("jobx\x7fs\r"), "jobx\b \bs\r\nNo jobs yet; submit hands one in.\r\n> ")
        await terminal.type("cancel all", "cancel all")
        self.assertEqual(await terminal.type("\x03"), "^C\r\n> ")
        self.assertEqual(await terminal.type("disable all\x15\r"), f"disable all{LINE}\x1b[K\r\n> ")
        self.assertEqual(await terminal.type("jobs\r"), "jobs\r\nNo jobs yet; submit hands one in.\r\n> ")
        self.assertEqual(await terminal.type("\r"), "\r\n> ")

    async def test_ctrl_d_leaves(self) -> None:
        terminal = await self.connected(SmallFarm(self))
        await terminal.shown()
        self.assertEqual(await terminal.type("\x04", GOODBYE), GOODBYE)

    async def test_a_pasted_block_is_answered_in_its_order(self) -> None:
        terminal = await self.connected(SmallFarm(self))
        await terminal.shown()
        self.assertEqual(
            await terminal.type("jobs\rxyzzy\r名前\rquit\r", GOODBYE),
            "jobs\r\nNo jobs yet; submit hands one in.\r\n> "
            'xyzzy\r\nNo command "xyzzy"; help lists the commands.\r\n> '
            '名前\r\nNo command "名前"; help lists the commands.\r\n> quit\r\n' + GOODBYE,
        )

    async def test_tab_completes_commands_fields_and_values_and_a_second_one_lists_them(self) -> None:
        farm = SmallFarm(self)
        for name in ("render-01", "render-02", "attic"):
            await farm.client(name)
        terminal = await self.connected(farm)
        await terminal.shown()
        self.assertEqual(await terminal.type("cli\t", "clients \x1b[K"), f"cli{LINE}clients \x1b[K")
        await terminal.type("\x03")
        self.assertEqual(await terminal.type("enable sta\t", "\x1b[K"), f"enable sta{LINE}enable status=\x1b[K")
        self.assertEqual(await terminal.type("e\t", "\x1b[K"), f"e{LINE}enable status=enabled \x1b[K")
        enabled = "3 clients: render-01, render-02 and attic already were enabled."
        self.assertEqual(await terminal.type("\r"), f"\r\n{enabled}\r\n> ")
        self.assertEqual(await terminal.type("disable ren\t", "\x1b[K"), f"disable ren{LINE}disable render-0\x1b[K")
        self.assertEqual(await terminal.type("\t", "\a"), "\a")
        listed = "\r\nrender-01  render-02\r\n\r> disable render-0\x1b[K"
        self.assertEqual(await terminal.type("\t", "\x1b[K"), listed)
        self.assertEqual(await terminal.type("2\r"), "2\r\nrender-02 is now disabled.\r\n> ")

    async def test_arrows_move_in_the_line_and_through_what_was_typed_before(self) -> None:
        terminal = await self.connected(SmallFarm(self))
        await terminal.shown()
        await terminal.type("jobs\r")
        await terminal.type("clients\r")
        up, left, home = "\x1b[A", "\x1b[D", "\x1b[H"
        self.assertEqual(await terminal.type(up, "\x1b[K"), f"{LINE}clients\x1b[K")
        self.assertEqual(await terminal.type(up, "\x1b[K"), f"{LINE}jobs\x1b[K")
        await terminal.type(left, "\x1b[1D")
        await terminal.type(left, "\x1b[2D")
        await terminal.type("x\x7f", f"{LINE}jobs\x1b[K\x1b[2D")
        await terminal.type(home, "\x1b[4D")
        shown = await terminal.type("\r")
        self.assertTrue(shown.endswith("\r\nNo jobs yet; submit hands one in.\r\n> "), shown)

    async def test_tables_fit_the_window(self) -> None:
        farm = await self.farm()
        await farm.job(name="a job whose name does not end, at least not before " + "the line ends " * 5, owner="ada")
        for columns, within in ((120, range(100, 121)), (40, range(30, 41))):
            terminal = await self.connected(farm, (24, columns))
            await terminal.shown()
            lines = (await terminal.type("jobs\r")).split("\r\n")
            self.assertIn(max(map(len, lines[1:])), within)


class WholeFarmByTelnet(TelnetCase):
    """The same against a real server and a real worker, as processes."""

    async def test_a_disabled_client_finishes_what_it_runs_and_takes_nothing_new(self) -> None:
        farm = Farm(self.folder / "farm")
        self.addCleanup(farm.end)
        farm.start_server()
        farm.worker("render-01")
        template, signal = self.file(WAITS_FOR_A_FILE), self.folder / "go"
        terminal = self.dial(farm.shell_port, (24, 300))
        self.assertEqual(
            await terminal.shown(),
            HELLO + "\rbrender 2.0 · 1 client, 1 online, 0 busy · no job running · help lists the commands\r\n> ",
        )

        async def say(keys: str, answer: str) -> None:
            self.assertEqual(await terminal.type(f"{keys}\r"), f"{keys}\r\n{answer}\r\n> ")

        await say(f"submit {template} File={signal}", "Job 1 waits: 3 tasks, priority 50.")
        farm.until(lambda: farm.running("render-01"), "nothing runs")
        await say("disable render-0*", "render-01 is now disabled. 1 frame finishes first.")
        await say("disable all", "render-01 already was disabled. 1 frame finishes first.")
        signal.touch()
        farm.until(lambda: not farm.running("render-01"), "the frame does not end")
        self.assertEqual((farm.job(1)["completed"], farm.job(1)["state"]), (1, "active"))
        await say("enable 1", "render-01 is now enabled.")
        farm.wait(1)
        self.assertIn("seen\r\n", await terminal.type("log 1 2\r"))
        await say("cancel 1", "Job 1 is completed and cannot be canceled.")
        self.assertEqual(await terminal.type("quit\r", GOODBYE), "quit\r\n" + GOODBYE)
