"""Room on the worker's disk.  How much is too little is set for the test: its disk has what it has."""

from pathlib import Path

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from brender.protocols import messages as say
from brender.worker.disk import room
from brender.worker.disk.journal import Journal
from brender.worker.disk.room import LOOK_EVERY, Room
from tests.worker.fakes import Small


class RoomTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir(parents=True)
        self.clock = Clock()
        self.told: list[str] = []
        self.journal = Journal(self.folder / "results")
        self.addCleanup(self.journal.close)
        self.room = Room(self.folder, self.journal, self.told.append, self.clock)

    def wants(self, share: float) -> None:
        """So much of the disk has to be free."""
        self.patch(room, "LEAST", 2**62)
        self.patch(room, "LEAST_SHARE", share)

    def test_while_there_is_enough_nothing_is_said(self) -> None:
        self.wants(0.0)
        self.room.start()
        self.addCleanup(self.room.stop)
        self.clock.advance(LOOK_EVERY)
        self.assertEqual(self.told, [])

    def test_too_little_is_said_once_and_so_is_that_there_is_enough_again(self) -> None:
        self.wants(2.0)
        self.room.start()
        self.addCleanup(self.room.stop)
        self.clock.advance(LOOK_EVERY)
        (problem,) = self.told
        self.assertIn(f"MB left for {self.folder}", problem)
        self.wants(0.0)
        self.clock.advance(LOOK_EVERY)
        self.clock.advance(LOOK_EVERY)
        self.assertEqual(self.told, [problem, ""])

    def test_results_that_cannot_be_written_are_a_reason_and_are_written_later(self) -> None:
        self.wants(0.0)
        (self.folder / "results.new").mkdir()  # is in the way of the file
        self.journal.keep(say.Result(1, 1, "completed"))
        self.journal.fall_behind(OSError("the disk is full"))
        self.room.look()
        self.assertIn("results cannot be kept in", self.told[0])
        (self.folder / "results.new").rmdir()
        self.room.look()
        self.assertEqual(self.told[1:], [""])
        self.assertEqual(list(Journal(self.folder / "results").waiting), [(1, 1)])


class UnwellTests(SynchronousTestCase):
    """What the agent does about it."""

    def setUp(self) -> None:
        self.small = Small(slots=1)
        self.agent, self.server = self.small.agent, self.small.server

    def test_it_hands_back_what_has_not_begun_and_ends_what_has(self) -> None:
        self.server.order(tasks=3)
        session = self.small.only()
        session.begin()
        self.agent.feels("its disk is full")
        session.answer()
        self.assertEqual(self.server.said(say.Unwell), [say.Unwell("its disk is full")])
        returned = {task for each in self.server.said(say.Returned) for task in each.tasks}
        self.assertEqual(returned, {101, 102})
        session.end()
        self.assertEqual(self.server.results(), [(1, 100, "completed")])

    def test_what_comes_all_the_same_is_handed_back_until_it_is_well_again(self) -> None:
        self.agent.feels("its disk is full")
        late = self.server.order()
        self.assertEqual(self.server.said(say.Returned), [say.Returned(late, [100])])
        self.agent.feels("")
        self.server.order()
        self.assertEqual(self.small.only().begin(), (2, 200))

    def test_it_says_so_again_after_each_welcome(self) -> None:
        self.agent.feels("its disk is full")
        self.server.disconnect()
        self.server.heard.clear()
        self.server.connect()
        self.assertEqual(self.server.said(say.Unwell), [say.Unwell("its disk is full")])

    def test_a_task_that_has_failed_is_a_reason_to_look_before_the_server_hears_of_it(self) -> None:
        heard: list[int] = []
        self.agent.when_failed = lambda: heard.append(len(self.server.results()))
        self.server.order(tasks=2)
        self.small.only().work()
        self.small.only().work("failed")
        self.assertEqual(heard, [1])
