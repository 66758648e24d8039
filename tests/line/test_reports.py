"""A server that cannot take what a real worker reports: the worker's own log says why, and what it was about."""

import contextlib
import json
import socket
from pathlib import Path
from threading import Thread
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.protocols import messages as say
from brender.protocols.codec import encode
from tests.line.harness import PATIENCE, Farm, template, until

ORDER = say.Order(31, 7, "Work", 1, 1, [say.Task(0, {})])
REASON = "This report could not be written: the disk of the server is full."


class Server:
    """Gives one order, and says `REASON` to the first report of it; then nothing, and in the end that it is safe."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.reports: list[dict[str, Any]] = []
        self._calls = 0
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                worker, _ = self._listener.accept()
                self._calls += 1
                with worker, worker.makefile("rb") as lines, contextlib.suppress(OSError):
                    worker.settimeout(PATIENCE)
                    self._talk(worker, lines)

    def _talk(self, worker: socket.socket, lines: Any) -> None:
        worker.sendall(encode(say.Welcome(1, "alpha", 60.0, [])))
        if self._calls == 1:
            worker.sendall(encode(say.Job(ORDER.job, "shot", template(), {})) + encode(ORDER))
        for report in map(json.loads, lines):
            if report["type"] == "result":
                self.reports.append(report)
                self._answer(worker, say.Ack([(report["order"], report["task"])]))

    def _answer(self, worker: socket.socket, ack: say.Ack) -> None:
        if self._calls > 2:
            worker.sendall(encode(ack))
            return
        if self._calls == 1:
            worker.sendall(encode(say.Refused(REASON)))
        worker.shutdown(socket.SHUT_WR)  # what it says until it hangs up is heard, so that this is not cut off

    def end(self) -> None:
        self._listener.close()


class ReportTests(SynchronousTestCase):
    def test_a_worker_whose_reports_are_not_taken_logs_why_and_of_which_task(self) -> None:
        """LOG-10"""
        server = Server()
        self.addCleanup(server.end)
        farm = Farm(Path(self.mktemp()).absolute())
        self.addCleanup(farm.end)
        worker = farm.worker("alpha", port=server.port, wait=False)
        farm.until(lambda: len(server.reports) >= 3, "it does not report again")
        said = {(each["order"], each["task"], each["outcome"]) for each in server.reports}
        self.assertEqual(said, {(31, 0, "completed")})
        about = "; reported again: task 0 of order 31 of job 7 (completed)"
        where = f"the server at 127.0.0.1:{server.port}"
        for line in (f"T{where[1:]} refuses this worker: {REASON[:-1]}{about}", f"connection to {where} has ended: "):
            until(lambda: line in worker.log, f'its log has no "{line}"')  # noqa: B023
        (ended,) = [line for line in worker.log.splitlines() if "has ended: " in line]
        self.assertTrue(ended.endswith(about), ended)
