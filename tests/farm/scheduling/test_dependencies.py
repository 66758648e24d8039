"""Frames that wait for frames of another job: offsets, gaps, chunks, and whatever becomes of the other job."""

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.job import Job
from brender.farm.order import Order
from brender.farm.submission.planning import Plan, plan
from brender.farm.transitions import JobState, TaskState
from tests.doubles import DONE, FAILED, Rules, Stage, planned
from tests.effort import effort
from tests.farm.submission import documents
from tests.farm.written import Written, counted, framed, states

WAITING, READY, ACTIVE = TaskState.WAITING, TaskState.READY, TaskState.ACTIVE


def chunked(frames: str, size: int) -> Plan:
    """Frames that run as chunks of one size."""
    step = documents.over(documents.chunks(frames, size), name="Render")
    return plan(documents.job(step, extensions=["TASK_CHUNKING"]), {})


class Frames(SynchronousTestCase):
    """Job 1 renders with one client; job 2 waits for its frames."""

    def setUp(self) -> None:
        self.rules = Written()

    def two(self, first: Plan, second: Plan, *offsets: int, step: str = "", **settings: object) -> tuple[Job, Job]:
        source = self.rules.submit(first, tries=1, **settings)
        wanted = {"job": source.id, "frames": list(offsets or (0, 0)), "step": step}
        return source, self.rules.submit(second, after=[wanted])

    def done(self, source: Job, *tasks: int, outcome: TaskState = DONE) -> None:
        """Tasks of the source end, on a client that is there for them alone."""
        for task in tasks:
            client = self.rules.client(1)
            step = source.steps[0]
            order = self.rules.farm.issue(client, step, task, 1, self.rules.now)
            self.rules.ended(order, task, outcome, "It broke.")
            self.rules.farm.retire(client)

    def ready(self, job: Job) -> list[int]:
        """Frames of the first step that may be ordered."""
        step = job.steps[0]
        return [
            frame for task, state in enumerate(states(job)) if state is not WAITING for frame in step.plan.frames(task)
        ]

    def test_each_frame_waits_for_the_same_frame(self) -> None:
        first, second = self.two(framed("1-4"), framed("1-4"))
        self.assertEqual(self.ready(second), [])
        self.done(first, 2, 0)
        self.assertEqual(self.ready(second), [1, 3])

    def test_a_frame_waits_for_its_neighbours_as_far_as_there_are_some(self) -> None:
        first, second = self.two(framed("1-5"), framed("1-5"), -1, 1)
        self.done(first, 0)
        self.assertEqual(self.ready(second), [])
        self.done(first, 1)
        self.assertEqual(self.ready(second), [1])
        self.done(first, 3, 4)
        self.assertEqual(self.ready(second), [1, 5])
        self.done(first, 2)
        self.assertEqual(self.ready(second), [1, 2, 3, 4, 5])

    def test_a_frame_that_the_other_job_does_not_have_is_not_waited_for(self) -> None:
        first, second = self.two(framed("1-10:3"), framed("1-10"))
        self.assertEqual(self.ready(second), [2, 3, 5, 6, 8, 9])
        self.done(first, 1)
        self.assertEqual(self.ready(second), [2, 3, 4, 5, 6, 8, 9])

    def test_a_chunk_waits_for_all_its_frames(self) -> None:
        first, second = self.two(framed("1-6"), chunked("1-6", 3))
        self.done(first, 0, 1)
        self.assertEqual(self.ready(second), [])
        self.done(first, 2)
        self.assertEqual(self.ready(second), [1, 2, 3])

    def test_frames_wait_for_the_chunk_that_has_them(self) -> None:
        first, second = self.two(chunked("1-6", 3), framed("1-6"), -1, 0)
        self.done(first, 1)
        self.assertEqual(self.ready(second), [5, 6])
        self.done(first, 0)
        self.assertEqual(self.ready(second), [1, 2, 3, 4, 5, 6])

    def test_stepped_frames_in_chunks_wait_for_stepped_frames(self) -> None:
        first, second = self.two(framed("1001-1200:10"), chunked("1001-1200:10", 3))
        self.assertEqual(self.ready(second), [])
        self.done(first, 0)
        self.assertEqual(self.ready(second), [1001])  # with gaps a close chunk is one frame
        self.done(first, 1, 2)
        self.assertEqual(self.ready(second), [1001, 1011, 1021])

    def test_chunks_of_a_step_wait_for_all_of_the_step_that_it_comes_after(self) -> None:
        render = documents.over(documents.frames("1001-1200:10"), name="Render")
        chunks = documents.chunks("1001-1200:10", 3, "NONCONTIGUOUS")
        denoise = documents.over(chunks, name="Denoise") | {"dependencies": [{"dependsOn": "Render"}]}
        job = self.rules.submit(plan(documents.job(render, denoise, extensions=["TASK_CHUNKING"]), {}))
        for task in range(20):
            self.assertEqual({*states(job, 1)}, {WAITING})
            self.done(job, task)
        self.assertEqual(states(job, 1), [READY] * 7)

    def test_negative_frames(self) -> None:
        first, second = self.two(framed("-2-2"), framed("-2-2"), -1, -1)
        self.assertEqual(self.ready(second), [-2])
        self.done(first, 0)
        self.assertEqual(self.ready(second), [-2, -1])

    def test_the_step_that_is_named_counts(self) -> None:
        made = planned(Stage("Sim", 2), Stage("Render", 2))
        first, second = self.two(made, framed("1-2"), step="Render")
        self.done(first, 0, 1)
        self.assertEqual(self.ready(second), [])

    def test_frames_that_failed_hold_up_those_that_wait_for_them_and_no_others(self) -> None:
        first, second = self.two(framed("1-3"), framed("1-3"))
        self.done(first, 0, 2)
        self.done(first, 1, outcome=FAILED)
        self.assertEqual((first.state, first.steps), (JobState.FAILED, []))
        self.assertTrue(second.runs)
        self.assertEqual(self.ready(second), [1, 3])

    def test_a_frame_that_is_retried_and_done_frees_those_that_waited_for_it(self) -> None:
        first, second = self.two(framed("1-3"), framed("1-3"))
        self.done(first, 0, 2)
        self.done(first, 1, outcome=FAILED)
        self.rules.again(first, {0: [1]})
        self.assertEqual(self.ready(second), [1, 3])
        self.done(first, 1)
        self.assertIs(first.state, JobState.COMPLETED)
        self.assertEqual(self.ready(second), [1, 2, 3])

    def test_the_same_over_a_start_of_the_server(self) -> None:
        first, second = self.two(framed("1-3"), framed("1-3"))
        self.done(first, 0, 2)
        self.done(first, 1, outcome=FAILED)
        self.rules.start_anew()
        first, second = self.rules.farm.jobs[first.id], self.rules.farm.jobs[second.id]
        self.assertEqual(self.ready(second), [1, 3])
        self.rules.again(first, {0: [1]})
        self.rules.start_anew()
        first, second = self.rules.farm.jobs[first.id], self.rules.farm.jobs[second.id]
        self.assertEqual(self.ready(second), [1, 3])
        self.done(first, 1)
        self.assertEqual(self.ready(second), [1, 2, 3])

    def test_a_job_that_was_completed_before_holds_nothing_up(self) -> None:
        first = self.rules.submit(framed("1-3"))
        self.done(first, 0, 1, 2)
        second = self.rules.submit(framed("1-3"), after=[{"job": first.id, "frames": [-1, 1]}])
        self.assertEqual(self.ready(second), [1, 2, 3])

    def test_a_job_that_failed_before_holds_up_who_comes_after_it_whoever_else_does(self) -> None:
        first, _ = self.two(framed("1-3"), framed("1-3"))
        self.done(first, 0, 2)
        self.done(first, 1, outcome=FAILED)
        third = self.rules.submit(framed("1-3"), after=[{"job": first.id, "frames": [0, 0]}])
        self.assertFalse(third.runs and 2 in self.ready(third))
        self.rules.start_anew()
        third = self.rules.farm.jobs[third.id]
        self.assertEqual(self.ready(third), [1, 3])

    def test_frames_that_are_asked_for_again_hold_up_what_has_not_begun(self) -> None:
        first, second = self.two(framed("1-3"), framed("1-3"))
        self.done(first, 0, 1)
        self.rules.again(first, {0: [0]})
        self.assertEqual(self.ready(second), [2])
        self.done(first, 0)
        self.assertEqual(self.ready(second), [1, 2])

    def test_what_has_begun_and_comes_back_waits_for_frames_that_are_made_again(self) -> None:
        first, second = self.two(framed("1-3"), framed("1-3"))
        self.done(first, 0, 1)
        client = self.rules.client(2)
        lost, failed = (self.rules.farm.issue(client, second.steps[0], task, 1, self.rules.now) for task in (0, 1))
        for order in (lost, failed):
            self.rules.started(order)
        self.rules.again(first, {0: [0, 1]})
        self.assertEqual(states(second), [ACTIVE, ACTIVE, WAITING])
        self.rules.ended(failed, 1, FAILED)
        self.rules.farm.lose(client, self.rules.now)
        self.assertEqual(states(second), [WAITING] * 3)
        self.done(first, 0, 1)
        self.assertEqual(self.ready(second), [1, 2])

    def test_one_that_is_canceled_keeps_the_others_waiting(self) -> None:
        first, second = self.two(framed("1-3"), framed("1-3"))
        self.done(first, 0)
        self.rules.cancel(first)
        self.assertEqual(self.ready(second), [1])
        self.rules.again(first, {0: [1, 2]})
        self.done(first, 1, 2)
        self.assertEqual(self.ready(second), [1, 2, 3])

    def test_frames_that_are_added_to_the_one_that_waits_wait_too(self) -> None:
        first, second = self.two(framed("1-5"), framed("1-3"))
        self.done(first, 0)
        self.rules.add(second, "4-5")
        self.assertEqual(self.ready(second), [1])
        self.done(first, 4)
        self.assertEqual(self.ready(second), [1, 5])

    def test_frames_that_are_added_to_the_other_are_waited_for(self) -> None:
        first, second = self.two(framed("1-3"), framed("1-5"))
        self.assertEqual(self.ready(second), [4, 5])
        self.rules.add(first, "4-5")
        self.assertEqual(self.ready(second), [])
        self.done(first, 4)
        self.assertEqual(self.ready(second), [5])

    def test_frames_and_steps_both_count(self) -> None:
        made = planned(Stage("Sim", 1), Stage("Render", 3, after=("Sim",)))
        first = self.rules.submit(framed("1-3"))
        second = self.rules.submit(made, after=[{"job": first.id, "frames": [0, 0]}])
        self.done(first, 0)
        self.assertEqual(counted(second), [{"ready": 1}, {"waiting": 3}])
        self.done(second, 0)
        self.assertEqual(counted(second), [{"completed": 1}, {"waiting": 2, "ready": 1}])

    def test_a_job_without_frames_waits_until_the_other_is_completed(self) -> None:
        plain = plan(documents.job(documents.step("Video")), {})
        first, second = self.two(framed("1-2"), plain)
        self.assertNotIn(second.steps[0], self.rules.farm.queue)
        self.done(first, 0)
        self.assertNotIn(second.steps[0], self.rules.farm.queue)
        self.done(first, 1)
        self.assertIn(second.steps[0], self.rules.farm.queue)

    def test_frames_of_a_job_that_has_none_are_all_waited_for(self) -> None:
        plain = plan(documents.job(documents.step("Simulate")), {})
        first, second = self.two(plain, framed("1-2"))
        self.assertNotIn(second.steps[0], self.rules.farm.queue)
        self.done(first, 0)
        self.assertIn(second.steps[0], self.rules.farm.queue)

    def test_a_dependency_that_is_taken_away_lets_all_frames_go_and_one_that_is_given_holds_them_back(self) -> None:
        first, second = self.two(framed("1-3"), framed("1-3"))
        self.rules.set(second, after=[])
        self.assertEqual(self.ready(second), [1, 2, 3])
        self.rules.set(second, after=[{"job": first.id, "frames": [0, 0]}])
        self.assertEqual(self.ready(second), [])
        self.done(first, 1)
        self.assertEqual(self.ready(second), [2])

    @given(
        st.sets(st.integers(-4, 8), min_size=1),
        st.sets(st.integers(-4, 8), min_size=1),
        st.tuples(st.integers(-3, 3), st.integers(-3, 3)).map(sorted),
        st.randoms(use_true_random=False),
    )
    def test_a_frame_is_ready_exactly_when_all_that_it_waits_for_is_done(
        self, theirs: set[int], mine: set[int], offsets: list[int], chance: object
    ) -> None:
        self.rules = Written()
        first, second = self.two(listed(theirs), listed(mine), *offsets)
        order = list(range(len(theirs)))
        chance.shuffle(order)  # type: ignore[attr-defined]
        done: set[int] = set()
        for task in order[:-1]:
            self.done(first, task)
            done.update(first.steps[0].plan.frames(task))
            wanted = [
                frame
                for frame in sorted(mine)
                if not {frame + more for more in range(offsets[0], offsets[1] + 1)} & theirs - done
            ]
            self.assertEqual(self.ready(second), wanted)
        self.done(first, order[-1])
        self.assertEqual(self.ready(second), sorted(mine))

    def test_orders_of_what_waits_are_given_as_it_becomes_ready(self) -> None:
        first, second = self.two(framed("1-2"), framed("1-2"), priority=10)
        client = self.rules.client(1)
        ran: list[tuple[int, int]] = []
        for _ in range(4):
            self.rules.match()
            order: Order = self.rules.orders(client)[0]
            ran.append((order.job, order.first))
            self.rules.ended(order)
        self.assertEqual((first.state, second.state), (JobState.COMPLETED, JobState.COMPLETED))
        self.assertLess(ran.index((1, 0)), ran.index((2, 0)))
        self.assertLess(ran.index((1, 1)), ran.index((2, 1)))


def listed(frames: set[int]) -> Plan:
    return framed(",".join(map(str, sorted(frames))))


class FarApart(SynchronousTestCase):
    def cost(self, reach: int) -> int:
        """The calls of a result in the middle of a job whose frames another one waits for, so many on either side."""
        rules = Rules()
        client = rules.client()
        first = rules.job(Stage(tasks=400))
        rules.job(Stage(tasks=400), after=[{"job": first.id, "frames": [-reach, reach]}], priority=1)
        for _ in range(200):
            rules.match()
            rules.ended(rules.orders(client)[0], seconds=60.0)
        rules.match()
        return effort(lambda: rules.ended(rules.orders(client)[0], seconds=60.0))

    def test_of_ten_times_as_many_frames_it_costs_ten_times_as_much_and_not_a_hundred_times(self) -> None:
        self.assertLess(self.cost(100), 12 * self.cost(10))
