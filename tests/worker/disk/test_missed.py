"""Logs that are kept while the server is away."""

from twisted.trial.unittest import SynchronousTestCase

from brender.protocols.messages import Log
from brender.worker.disk import missed
from brender.worker.disk.missed import Missed


class MissedTests(SynchronousTestCase):
    def test_what_is_kept_is_given_once_in_order(self) -> None:
        kept = Missed()
        logs = [Log(1, task, f"{task}\n") for task in (1, 2, 1)]
        for log in logs:
            kept.keep(log)
        self.assertEqual(kept.take(), logs)
        self.assertEqual(kept.take(), [])

    def test_of_what_is_too_much_the_end_is_left_out_and_told(self) -> None:
        self.patch(missed, "MOST", 10)
        kept = Missed()
        for text in ("12345", "678901", "2"):
            kept.keep(Log(1, 1, text))
        kept.keep(Log(1, 2, "abc"))
        logs = kept.take()
        self.assertEqual([log.text for log in logs[:2]], ["12345", "abc"])
        self.assertEqual([(log.task, "7 characters" in log.text) for log in logs[2:]], [(1, True)])
