"""Whether somebody uses a machine: what its sources know, and what its worker says of it."""

import os
import shlex
from pathlib import Path
from time import time
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from brender.protocols import messages as say
from brender.worker.machine import presence, sources
from brender.worker.machine.presence import HERE_FOR, LOOK_EVERY, Presence, Seen

LISTED = """\
N: Name="Power Button"
H: Handlers=kbd event0

N: Name="A Keyboard"
H: Handlers=sysrq kbd leds event3

N: Name="A Mouse"
H: Handlers=mouse0 event12

N: Name="A Lid"
H: Handlers=event1
"""
SESSIONS = """\
Type=tty
IdleHint=no
IdleSinceHint=0

Type=wayland
IdleHint={hint}
IdleSinceHint=1700000000500000
"""


class WhatIsSaid(SynchronousTestCase):
    def setUp(self) -> None:
        self.idle: float | None = 3600.0
        self.said: list[say.Presence] = []
        self.clock = Clock()
        self.hold = Path(self.mktemp()).absolute()
        self.presence = Presence(self.last_use, self.hold, self.said.append, self.at_once, self.clock)
        self.addCleanup(self.presence.stop)

    def last_use(self) -> float | None:
        return None if self.idle is None else time() - self.idle

    def at_once(self, function: Any, *arguments: Any) -> "Deferred[Seen]":
        try:
            return succeed(function(*arguments))
        except OSError as error:
            return fail(error)

    def looks(self, *idle: float | None) -> list[bool]:
        """What is said when so many seconds are found one after the other."""
        self.said.clear()
        for seconds in idle:
            self.idle = seconds
            self.clock.advance(LOOK_EVERY)
        return [each.here for each in self.said]

    def test_at_the_beginning_and_then_only_when_it_changes(self) -> None:
        self.presence.start()
        self.assertEqual([(each.here, round(each.idle or 0)) for each in self.said], [(False, 3600)])
        self.assertEqual(self.looks(3605, 3610), [])
        self.assertEqual(self.looks(1, 0, 4, HERE_FOR - 1, 0), [True])
        self.assertEqual(self.looks(HERE_FOR, HERE_FOR + 5), [False])

    def test_that_it_cannot_be_told_is_said_too(self) -> None:
        self.presence.start()
        self.assertEqual(self.looks(None, None), [False])
        self.assertEqual(self.said, [say.Presence(False, None)])
        self.assertEqual(self.looks(3600), [False])

    def test_a_source_that_breaks_cannot_tell_and_is_asked_again(self) -> None:
        def broken() -> float:
            raise OSError("It broke.")

        watching = Presence(broken, self.hold, self.said.append, self.at_once, self.clock)
        watching.start()
        self.assertEqual(self.said, [say.Presence(False, None)])
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.clock.advance(LOOK_EVERY)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        watching.stop()

    def test_whoever_holds_the_machine_is_told_of_whether_it_is_used_or_not(self) -> None:
        self.presence.start()
        self.hold.touch()
        self.assertEqual(self.looks(3600, 3600), [False])
        self.assertTrue(self.said[0].held)
        self.hold.unlink()
        self.assertEqual(self.looks(3600), [False])
        self.assertFalse(self.said[0].held)

    def test_whoever_asks_later_learns_for_how_long_nobody_has_used_it_then(self) -> None:
        self.assertIsNone(self.presence.as_it_is())
        self.presence.start()
        began = time()
        self.patch(presence, "time", lambda: began + 500.0)
        told = self.presence.as_it_is()
        assert told is not None
        self.assertEqual((told.here, round((told.idle or 0) / 10)), (False, 410))
        self.looks(None)
        self.assertEqual(self.presence.as_it_is(), say.Presence(False, None))

    def test_nobody_looks_any_more_when_it_is_stopped(self) -> None:
        self.presence.start()
        self.presence.stop()
        self.assertEqual((self.looks(0, 0), self.clock.getDelayedCalls()), ([], []))


class WhatSourcesKnow(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir(parents=True)

    def test_a_command_prints_seconds_or_cannot_tell(self) -> None:
        for command, idle in (("echo 90", 90), ("echo 1.5", 1.5)):
            last = sources.source_of(command)()
            self.assert_idle(last, idle)
        for command in ("echo nobody", "echo 90; exit 1", "no-such-command", "true"):
            self.assertIsNone(sources.source_of(command)(), command)

    def assert_idle(self, last: float | None, seconds: float) -> None:
        self.assertTrue(seconds <= time() - (last or 0) < seconds + 30, last)

    def test_a_terminal_keeps_the_time_of_its_last_key(self) -> None:
        ours, theirs = os.openpty()
        self.addCleanup(os.close, ours)
        self.addCleanup(os.close, theirs)
        name = os.ttyname(theirs)
        os.utime(name, (5000.0, 5000.0))
        self.assertEqual(sources.last_typed(0.0, [name]), 5000.0)
        os.write(ours, b"a key\n")
        os.read(theirs, 100)
        self.assertGreater(sources.last_typed(0.0, [name]) or 0, time() - 60)

    def test_what_happened_while_the_machine_started_is_nobodys_doing(self) -> None:
        path = self.folder / "tty1"
        path.touch()
        os.utime(path, (5000.0, 5000.0))
        self.assertEqual(sources.last_typed(4990.0, [str(path)]), sources.NOBODY)
        self.assertEqual(sources.last_typed(4990.0 - sources.STARTING, [str(path)]), 5000.0)

    def test_without_terminals_nothing_is_known_of_them(self) -> None:
        self.assertIsNone(sources.last_typed(0.0, [str(self.folder / "tty*")]))

    def test_keyboards_and_mice_are_told_from_other_devices(self) -> None:
        self.assertEqual(sources.keyboards_and_mice(LISTED), {"event0", "event3", "event12"})

    def test_what_comes_from_a_device_is_a_use_and_one_that_is_pulled_out_is_let_go(self) -> None:
        listed = self.folder / "devices"
        listed.write_text(LISTED)
        ends = {name: self.device(name) for name in ("event0", "event3", "event12")}
        devices = sources.Devices(1000.0, str(listed), str(self.folder))
        self.assertEqual(devices(), 1000.0)
        for end in ends.values():
            before = time()
            os.write(end, b"x" * 5000)
            self.assertGreaterEqual(devices() or 0, before)
        listed.write_text("H: Handlers=kbd event0\n")
        last = devices()
        os.write(ends["event12"], b"it is not there any more")
        self.assertEqual(devices(), last)

    def device(self, name: str) -> int:
        """A pipe in the place of a device; gives the end that somebody's fingers have."""
        path = self.folder / name
        os.mkfifo(path)
        end = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, end)
        return end

    def test_one_that_may_not_be_read_means_that_devices_cannot_tell(self) -> None:
        (self.folder / "devices").write_text(LISTED)
        self.assertIsNone(sources.Devices(1000.0, str(self.folder / "devices"), str(self.folder))())
        self.assertIsNone(sources.Devices(1000.0, str(self.folder / "no-list"), str(self.folder))())

    def test_where_there_are_none_nobody_uses_them(self) -> None:
        (self.folder / "devices").write_text("")
        self.assertEqual(sources.Devices(1000.0, str(self.folder / "devices"), str(self.folder))(), sources.NOBODY)

    def test_a_desktop_says_since_when_it_is_idle_and_is_in_use_while_it_does_not(self) -> None:
        self.assertEqual(sources.desktop_used(SESSIONS.format(hint="yes"), 2e9), 1700000000.5)
        self.assertEqual(sources.desktop_used(SESSIONS.format(hint="no"), 2e9), 2e9)
        self.assertIsNone(sources.desktop_used(SESSIONS.partition("\n\n")[0], 2e9))
        self.assertIsNone(sources.desktop_used("", 2e9))

    def test_this_machine_can_be_asked(self) -> None:
        last = sources.source_of("")()
        self.assertTrue(last is None or 0 <= last <= time(), last)

    def test_a_path_with_quotes_is_a_commands_own_affair(self) -> None:
        path = self.folder / "it's idle"
        path.write_text("42\n")
        last = sources.source_of(f"cat {shlex.quote(str(path))}")()
        self.assert_idle(last, 42)
