"""Nothing is kept of a template that was refused: else whoever hands in mistakes could fill the server's memory."""

import gc
from types import TracebackType

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.submission.planning import plan
from brender.farm.submission.problems import Refused
from tests.fakes import FRAMES

WRONG = (
    FRAMES.replace("taskParameterDefinitions", "taskPqrameterDefinitions"),
    FRAMES.replace("type: INT", "type: TIN"),
    FRAMES.replace("specificationVersion: jobtemplate-2023-09", "specificationVersion: tomorrow"),
    FRAMES.replace("{{Param.Frames}}", "{{Param.Frames}}:0"),
    FRAMES.replace("command: render", "command: '{{Param.Nobody}}'"),
)


class LettingGo(SynchronousTestCase):
    def test_refused_templates_leave_nothing_behind(self) -> None:
        self.refuse_all()
        before = alive()
        for _ in range(10):
            self.refuse_all()
        self.assertLess(alive() - before, 10)

    def refuse_all(self) -> None:
        for template in WRONG:
            with self.assertRaises(Refused):
                plan(template, {})


def alive() -> int:
    """Tracebacks that somebody still holds: each holds the frames, and all that was in them."""
    gc.collect()
    return sum(isinstance(each, TracebackType) for each in gc.get_objects())
