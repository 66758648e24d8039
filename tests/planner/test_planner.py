"""Plans made beside the server: what is sent to a process, what comes back, and what ends it."""

import os
import pickle
import signal
from io import BytesIO
from typing import Any

import psutil
from twisted.internet import reactor
from twisted.internet.defer import Deferred, DeferredList
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.farm.submission.planning import plan
from brender.farm.submission.problems import Refused
from brender.farm.transitions import NotNow
from brender.planner import Planner
from brender.planner.planner import MOST, MOST_WAITING, is_quick
from brender.planner.process import Answers
from brender.templates import path_of
from tests.fakes import FRAMES
from tests.farm.submission import documents

LIMIT = 10_000_000
LARGE = FRAMES + "#" * 20_000  # is not planned at once, by its size
PATIENT = 60.0  # seconds: nothing here takes so long


def enormous() -> dict[str, Any]:
    """Seconds of work for any machine."""
    return documents.job(*(documents.over(documents.frames("1-3"), name=f"Step {number}") for number in range(4000)))


class Quick(SynchronousTestCase):
    def test_small_and_plain_templates_are_planned_where_they_are_asked_for(self) -> None:
        self.assertTrue(is_quick(FRAMES, {"Frames": "1-1000000"}))
        self.assertTrue(is_quick(documents.job(documents.over(documents.frames("1-3"))), {}))
        self.assertTrue(is_quick(path_of("blender").read_text(), {"Scene": "/shot.blend"}))

    def test_what_may_take_long_is_not(self) -> None:
        for template, values in (
            (LARGE, {}),
            (FRAMES, {"Frames": ",".join(map(str, range(10_000)))}),
            (FRAMES, "x" * 20_000),
            (FRAMES + "extensions: [EXPR]\n", {}),
            (FRAMES + 'extensions: ["\\x45XPR"]\n', {}),
            (FRAMES + 'extensions: ["EX\\\n  PR"]\n', {}),
            ("a: &a [x]\nb: [*a, *a]\n", {}),
            ({"name": object()}, {}),
        ):
            self.assertFalse(is_quick(template, values), str(template)[:80])


class OnlyPlans(SynchronousTestCase):
    def test_a_plan_comes_through_whole(self) -> None:
        made = plan(FRAMES, {"Frames": "1-24:2,100"})
        found = Answers(BytesIO(pickle.dumps(made))).load()
        self.assertEqual(found, made)
        self.assertEqual(found.steps[0].parameters(12), {"Frame": "100"})

    def test_nothing_else_is_built(self) -> None:
        for thing in (os.system, print, Deferred, os.path.join, plan):
            with self.assertRaises(pickle.UnpicklingError):
                Answers(BytesIO(pickle.dumps(thing))).load()


class Processes(TestCase):
    def setUp(self) -> None:
        self.planner = self.made(seconds=PATIENT)

    def made(self, **how: Any) -> Planner:
        planner = Planner(reactor, reactor, **how)
        self.addCleanup(planner.stop)
        return planner

    async def test_a_plan_is_the_same_as_one_that_is_made_here(self) -> None:
        self.assertEqual(await self.planner.plan(LARGE, {"Frames": "1-7"}, "", LIMIT), plan(LARGE, {"Frames": "1-7"}))
        self.assertEqual(len(self.planner.processes), 1)

    async def test_what_is_quick_starts_no_process(self) -> None:
        made = await self.planner.plan(FRAMES, {}, "", LIMIT)
        self.assertEqual((made.steps[0].tasks, self.planner.processes), (24, []))

    async def test_the_process_stays_for_the_next_question(self) -> None:
        await self.planner.outline(FRAMES, {}, "", LIMIT)
        first = self.planner.processes
        outline, made = await self.planner.outline(FRAMES, {"Frames": "5"}, "", LIMIT)
        self.assertEqual((outline.tasks, self.planner.processes), (1, first))
        self.assertEqual(made, plan(FRAMES, {"Frames": "5"}))

    async def test_what_is_wrong_is_raised_here_with_its_places(self) -> None:
        with self.assertRaises(Refused) as caught:
            await self.planner.plan(LARGE, {"Frames": "x", "Frame": "1"}, "", LIMIT)
        places = {problem.at for problem in caught.exception.problems}
        self.assertEqual(places, {"parameterValues.Frame", "parameterValues.Frames"})

    async def test_what_takes_too_long_is_ended_and_the_next_is_answered(self) -> None:
        planner = self.made(seconds=0.2)
        with self.assertRaisesRegex(Refused, r"takes longer than 0.2 s to work out"):
            await planner.plan(enormous(), {}, "", LIMIT)
        outline, made = await planner.outline(enormous(), {}, "", LIMIT)
        self.assertIsNone(made)
        self.assertIn("takes longer", outline.problems[0].message)
        self.assertEqual((await planner.plan(FRAMES, {}, "", LIMIT)).steps[0].tasks, 24)

    async def test_a_process_that_dies_over_a_question_answers_it_and_is_replaced(self) -> None:
        await self.planner.outline(FRAMES, {}, "", LIMIT)
        (process,) = self.planner.processes
        asked = Deferred.fromCoroutine(self.planner.plan(enormous(), {}, "", LIMIT))
        os.kill(process, signal.SIGKILL)  # as the system does when there is no memory left
        with self.assertRaisesRegex(Refused, "more memory"):
            await asked
        outline, _ = await self.planner.outline(FRAMES, {}, "", LIMIT)
        self.assertEqual(outline.tasks, 24)
        self.assertNotEqual(self.planner.processes, [process])

    async def test_what_needs_too_much_memory_is_refused(self) -> None:
        planner = self.made(seconds=PATIENT, memory=300 << 20)
        with self.assertRaises((Refused, NotNow)):
            await planner.plan(LARGE, {"Frames": "1-3" + "," * (200 << 20)}, "", LIMIT)

    async def test_many_questions_are_all_answered_by_a_few_processes(self) -> None:
        asked = [Deferred.fromCoroutine(self.planner.outline(FRAMES, {"Frames": f"1-{n}"}, "", LIMIT))
                 for n in range(1, 41)]  # fmt: skip
        found = [outline.tasks for _, (outline, _) in await DeferredList(asked)]
        self.assertEqual(found, list(range(1, 41)))
        self.assertLessEqual(len(self.planner.processes), MOST)

    async def test_too_many_that_wait_are_told_so(self) -> None:
        asked = [Deferred.fromCoroutine(self.planner.outline(FRAMES, {}, "", LIMIT)) for _ in range(MOST_WAITING)]
        with self.assertRaisesRegex(NotNow, "Very many templates"):
            await self.planner.outline(FRAMES, {}, "", LIMIT)
        await self.planner.stop()
        self.assertTrue(all(not done for done, _ in await DeferredList(asked, consumeErrors=True)))

    async def test_a_stop_ends_the_processes_and_takes_no_more(self) -> None:
        await self.planner.outline(FRAMES, {}, "", LIMIT)
        (process,) = self.planner.processes
        await self.planner.stop()
        self.assertFalse(psutil.pid_exists(process))
        with self.assertRaisesRegex(NotNow, "stopping"):
            await self.planner.outline(FRAMES, {}, "", LIMIT)
