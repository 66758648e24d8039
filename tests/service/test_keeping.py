"""The thread of a server's files on the real reactor: logs are packed, read and tidied there."""

import threading
from pathlib import Path
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from brender.farm.farm import Farm
from brender.logs.order_logs import Kept
from brender.service.keeping import Keeping

reactor: Any = global_reactor


class TheThread(TestCase):
    timeout = 60

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())

    def made(self, **kept: Any) -> Keeping:
        return Keeping(reactor, self.folder, 1 << 20, Kept(**kept), lambda: 2e9)

    async def until(self, *files: str) -> None:
        while sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*.*")) != sorted(files):
            await deferLater(reactor, 0.01)

    async def test_what_is_asked_for_is_done_in_a_thread_of_its_own(self) -> None:
        keeping = self.made()
        keeping.start(Farm())
        self.addCleanup(keeping.stop)
        names = {await keeping.later(lambda: threading.current_thread().name) for _ in range(5)}
        self.assertEqual(len(names), 1)
        self.assertNotIn(threading.current_thread().name, names)

    async def test_pictures_have_a_thread_of_their_own_and_files_of_jobs_have_some_that_nobody_waits_for(self) -> None:
        keeping = self.made()
        keeping.start(Farm())
        held = threading.Event()
        keeping.outside(held.wait)
        self.addCleanup(held.set)
        await keeping.pictures.recall({})
        self.assertEqual(await keeping.outside(lambda: threading.current_thread().daemon), True)
        keeping.stop()  # though `outside` hangs

    async def test_logs_are_packed_when_their_order_is_over_and_read_as_before(self) -> None:
        keeping = self.made()
        keeping.start(Farm())
        self.addCleanup(keeping.stop)
        keeping.logs.write(1, 2, 0, "hello\n")
        keeping.logs.end(2)
        await self.until("1/2.log.gz")
        self.assertEqual(await keeping.logs.reading(1, 2), "hello\n")

    async def test_the_start_tidies_what_is_left_and_too_old(self) -> None:
        keeping = self.made(seconds=1.0)
        for job in (1, 2):
            keeping.logs.write(job, job, 0, "hello\n")
        keeping.logs.close()
        farm = Farm()
        farm.last_order = 1
        again = self.made(seconds=1.0)
        again.start(farm)
        self.addCleanup(again.stop)
        await self.until("2/2.log")  # an order that came later than the question is not touched

    async def test_a_folder_that_cannot_be_tidied_stops_nothing(self) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        keeping = self.made(seconds=1.0)
        keeping.logs.write(1, 1, 0, "hello\n")
        keeping.logs.close()
        broken = self.made(seconds=1.0)
        self.patch(broken.logs, "_look", lambda *_: 1 / 0)
        broken.start(Farm())
        self.addCleanup(broken.stop)
        self.assertEqual(await broken.logs.reading(1, 1), "hello\n")
        while not (errors := self.flushLoggedErrors(ZeroDivisionError)):
            await deferLater(reactor, 0.01)
        self.assertEqual(len(errors), 1)
