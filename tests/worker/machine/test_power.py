"""Switching a machine off when nobody needs it: what speaks against it, and what is said."""

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from brender.protocols import messages as say
from brender.worker.machine.power import LATE, NO_COMMAND, Switch
from brender.worker.machine.presence import Seen
from tests.worker.fakes import Small


class TheSwitch(SynchronousTestCase):
    def setUp(self) -> None:
        self.small = Small()
        self.agent, self.server = self.small.agent, self.small.server
        self.file = Path(self.mktemp()).absolute()
        self.idle: float | None = 1000.0
        self.held = False
        self.in_order: list[str] = []

    def unneeded(self, command: str | None = None) -> list[Any]:
        """The server says that nobody needs the machine; gives what is said to that."""
        before = len(self.server.heard)
        given = f"touch {self.file}" if command is None else command
        look = lambda: succeed(Seen(self.idle, self.held))  # noqa: E731
        switch = Switch(given, self.agent, look, self.in_thread, self.small.clock)
        self.agent.when_unneeded = switch.unneeded
        self.agent.heard(say.PowerOff(900.0))
        return self.server.heard[before:]

    def in_thread(self, function: Any, command: str) -> "Deferred[str]":
        self.in_order.append(type(self.server.heard[-1]).__name__)
        return succeed(function(command))

    def test_it_says_that_it_leaves_and_then_runs_the_command(self) -> None:
        self.assertEqual(self.unneeded(), [say.Leaving(off=True)])
        self.assertEqual((self.file.exists(), self.in_order), (True, ["Leaving"]))
        self.assertFalse(self.agent.leaving, "it is there when the machine wakes")

    def test_what_comes_meanwhile_is_handed_back(self) -> None:
        self.unneeded()
        order = self.server.order()
        self.assertEqual(self.server.heard[-1], say.Returned(order, [order * 100]))
        self.assertEqual(self.small.emptied, 0)

    def test_without_a_command_it_says_so_and_goes_on(self) -> None:
        self.assertEqual(self.unneeded(""), [say.Stays(NO_COMMAND)])
        order = self.server.order()
        self.assertIn(order, self.agent.held)

    def test_not_while_somebody_uses_it_or_that_cannot_be_told_or_there_is_work(self) -> None:
        for idle, reason in ((12.0, "somebody used it 12 s ago"), (None, "it cannot tell whether somebody uses it")):
            self.idle = idle
            self.assertEqual(self.unneeded(), [say.Stays(reason)])
        self.idle, self.held = 1000.0, True
        self.assertEqual(self.unneeded(), [say.Stays("somebody there holds it")])
        self.held = False
        self.server.order()
        self.assertEqual(self.unneeded()[-1], say.Stays("it has work"))
        self.assertFalse(self.file.exists())

    def test_a_command_that_fails_is_told_and_it_works_on(self) -> None:
        said = self.unneeded("echo 'Access denied' >&2; exit 3")
        self.assertEqual(said, [say.Leaving(off=True), say.Stays("its power_off ended with 3: Access denied")])
        order = self.server.order()
        self.assertIn(order, self.agent.held)

    def test_one_that_wakes_from_sleep_greets_and_works(self) -> None:
        self.unneeded()
        self.server.disconnect()
        self.server.connect()
        order = self.server.order()
        self.assertIn(order, self.agent.held)
        self.small.clock.advance(LATE)
        self.assertNotIn("Stays", [type(each).__name__ for each in self.server.heard])

    def test_after_each_welcome_the_server_is_told_whether_somebody_uses_it(self) -> None:
        told = say.Presence(False, 5.0)
        self.agent.presence = lambda: told
        for _ in range(2):
            self.server.heard.clear()
            self.server.disconnect()
            self.server.connect()
            self.assertEqual(self.server.heard.count(told), 1)

    def test_a_machine_that_is_on_all_the_same_is_told_and_works_on(self) -> None:
        self.unneeded()
        self.small.clock.advance(LATE)
        self.assertEqual(self.server.heard[-1], say.Stays("its power_off has run, and yet it is still on"))
        order = self.server.order()
        self.assertIn(order, self.agent.held)
