"""What the agent does with orders and sessions, case by case, and then in every order of events."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.client import Machine
from brender.farm.settings import Rule
from brender.protocols import messages as say
from brender.worker.agent import WAIT_FOR_ACK
from brender.worker.machine.stock import Need, Stock
from brender.worker.pictures import Frame
from brender.worker.uses import AHEAD
from tests.worker.fakes import IDLE_FOR, ORPHANED_AFTER, FakeSession, Small


class OrderTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.small = Small(slots=2)
        self.agent, self.server = self.small.agent, self.small.server

    def test_an_order_opens_a_session_and_runs_its_tasks_in_it(self) -> None:
        self.server.order(tasks=3)
        session = self.small.only()
        for task in (100, 101, 102):
            self.assertEqual(session.work(), (1, task))
        self.assertEqual(self.server.results(), [(1, task, "completed") for task in (100, 101, 102)])
        self.assertEqual(self.agent.held, {})

    def test_a_session_is_told_one_task_besides_the_one_that_it_runs(self) -> None:
        self.server.order(tasks=5)
        session = self.small.only()
        session.begin()
        self.assertEqual(len(session.waiting), AHEAD)
        session.end()
        session.begin()
        self.assertEqual(len(session.waiting), AHEAD)

    def test_two_orders_of_a_step_fill_both_slots(self) -> None:
        self.server.order()
        self.server.order()
        self.assertEqual(len(self.small.sessions), 2)

    def test_an_order_that_comes_twice_is_run_once(self) -> None:
        number = self.server.order()
        self.agent.heard(self.server.given[number])
        self.small.only().work()
        self.assertEqual(self.server.results(), [(1, 100, "completed")])

    def test_an_order_for_the_whole_machine_waits_until_it_is_free_and_nobody_overtakes_it(self) -> None:
        self.server.order()
        self.server.order(slots=2, step="B")
        self.server.order(step="A")
        first = self.small.only()
        first.work()
        self.assertTrue(first.closing)  # idle, and in the way of the second order
        self.assertEqual(len(self.small.sessions), 1)
        first.die()
        self.assertEqual(self.small.only().work(), (2, 200))

    def test_a_session_keeps_its_slots_until_it_is_gone(self) -> None:
        self.server.order(slots=2)
        first = self.small.only()
        first.work()
        self.server.order(slots=2, job=2)
        self.assertEqual((first.closing, len(self.small.sessions)), (True, 1))
        first.die()
        self.assertEqual(self.small.only().work(), (2, 200))

    def test_an_order_that_waits_behind_another_goes_to_the_session_that_is_free_first(self) -> None:
        for _ in range(4):
            self.server.order()
        one, two = self.small.sessions
        one.begin()
        two.work()
        two.work()
        one.answer()
        self.assertEqual(two.begin(), (3, 300))
        self.assertEqual(list(one.waiting), [])

    def test_an_order_that_has_begun_meanwhile_stays_where_it_is(self) -> None:
        for _ in range(4):
            self.server.order()
        one, two = self.small.sessions
        one.begin()
        two.work()
        two.work()
        one.end()
        one.begin()
        one.answer()
        self.server.order()
        self.assertEqual(two.begin(), (5, 500))  # no slot is kept for it any more
        self.assertEqual(one.end(), (3, 300))
        self.assertEqual([task for order, task, _ in self.server.results() if order == 3], [300])

    def test_an_order_that_is_canceled_while_it_moves_keeps_no_slot(self) -> None:
        for _ in range(4):
            self.server.order()
        one, two = self.small.sessions
        one.begin()
        two.work()
        two.work()
        self.server.cancel(3)
        self.server.order()
        self.assertEqual(two.begin(), (5, 500))
        one.answer()
        self.assertEqual(self.server.said(say.Dropped), [say.Dropped(3)])

    def test_outputs_of_a_completed_task_become_a_picture(self) -> None:
        self.server.order(tasks=2)
        session = self.small.only()
        session.begin()
        session.end(outputs=["/out/a.png"])
        session.begin()
        session.end("failed", outputs=["/out/b.png"])
        self.assertEqual(self.small.pictures, [Frame(1, "A", 100, ["/out/a.png"], 0.0)])

    def test_more_slots_than_the_worker_has_are_all_that_it_has(self) -> None:
        self.server.order(slots=5)
        self.assertEqual(self.small.only().work(), (1, 100))


class AmountTests(SynchronousTestCase):
    """Four slots, 4 GiB, two graphics cards."""

    def setUp(self) -> None:
        self.small = Small(slots=4, memory=4 * 2**30, gpus=("a", "b"))
        self.server = self.small.server

    def begun(self) -> list[tuple[int, int]]:
        """Every session begins what it was told."""
        return [session.begin() for session in self.small.sessions if session.waiting and not session.running]

    def test_orders_run_together_while_there_is_memory_for_them(self) -> None:
        for _ in range(3):
            self.server.order(memory=1536)
        self.assertEqual(self.begun(), [(1, 100), (2, 200)])
        self.small.sessions[0].end()
        self.assertEqual(self.begun(), [(3, 300)])

    def test_more_memory_than_there_is_is_the_whole_machines(self) -> None:
        self.server.order(memory=9999)
        self.server.order(memory=1, step="B")
        self.assertEqual(self.begun(), [(1, 100)])

    def test_cards_are_given_one_by_one(self) -> None:
        for step in ("A", "B", "C"):
            self.server.order(step=step, gpu=1)
        self.assertEqual([session.use.cards for session in self.small.sessions], [(0,), (1,)])
        first = self.small.sessions[0]
        first.work()
        self.assertTrue(first.closing)  # what it has is wanted
        first.die()
        self.assertEqual([session.use.cards for session in self.small.sessions], [(1,), (0,)])

    def test_a_session_keeps_its_card_for_the_orders_of_its_step(self) -> None:
        self.server.order(gpu=1)
        self.server.order(gpu=1)
        one, two = self.small.sessions
        two.work()
        self.server.order(gpu=1)
        self.assertEqual((two.work(), two.use.cards), ((3, 300), (1,)))
        self.assertEqual(len(self.small.nursery.opened), 2)
        one.work()

    def test_who_asks_for_no_card_sees_none_and_who_has_the_machine_sees_all(self) -> None:
        self.server.order()
        self.assertEqual(self.small.only().use.cards, ())
        self.small.only().work()
        self.server.order(slots=4, step="B")
        self.small.only().die()
        self.assertIsNone(self.small.only().use.cards)

    def test_who_comes_later_goes_first_with_what_who_waits_will_not_need(self) -> None:
        self.server.order(gpu=2, step="A")
        self.server.order(gpu=1, step="B")
        for _ in range(3):
            self.server.order(step="C")
        self.assertEqual(self.begun(), [(1, 100), (3, 300), (4, 400)])  # one slot is kept for the second
        self.small.sessions[0].end()
        self.small.sessions[0].die()
        self.assertEqual(self.begun(), [(2, 200), (5, 500)])

    def test_who_waits_for_memory_is_not_overtaken_by_who_needs_memory(self) -> None:
        self.server.order(memory=3000)
        self.server.order(memory=2000, step="B")
        self.server.order(memory=1000, step="C")
        self.assertEqual(self.begun(), [(1, 100)])
        self.small.sessions[0].end()
        self.small.sessions[0].die()
        self.assertEqual(self.begun(), [(2, 200), (3, 300)])

    def test_idle_sessions_make_room_for_memory_too(self) -> None:
        self.server.order(memory=3000)
        idle = self.small.only()
        idle.work()
        self.server.order(memory=2000, step="B")
        self.assertEqual((idle.closing, len(self.small.sessions)), (True, 1))
        idle.die()
        self.assertEqual(self.begun(), [(2, 200)])

    def test_an_order_that_needs_more_than_the_one_before_waits_for_it_to_end(self) -> None:
        self.server.order(memory=1000)
        self.server.order(memory=1000, step="B")
        first, _ = self.small.sessions
        self.begun()
        self.server.order(memory=3500)  # of the first step, whose tasks were seen to use more
        self.assertEqual(list(first.waiting), [])
        first.end()
        self.assertEqual(list(first.waiting), [])
        self.small.sessions[1].end()
        self.assertTrue(self.small.sessions[1].closing)
        self.small.sessions[1].die()
        self.assertEqual(first.begin(), (3, 300))

    def test_one_that_needs_no_more_is_handed_over_early(self) -> None:
        self.server.order(memory=3000)
        self.begun()
        self.server.order(memory=2000)
        self.assertEqual(list(self.small.only().waiting), [(2, 200)])


class SessionTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.small = Small(slots=1)
        self.agent, self.server = self.small.agent, self.small.server

    def test_an_idle_session_is_kept_for_the_next_order_of_its_step(self) -> None:
        self.server.order()
        session = self.small.only()
        session.work()
        self.small.clock.advance(IDLE_FOR - 1)
        self.server.order()
        self.assertEqual(session.work(), (2, 200))

    def test_an_idle_session_is_closed_after_a_while(self) -> None:
        self.server.order()
        self.small.only().work()
        self.small.clock.advance(IDLE_FOR)
        self.assertTrue(self.small.only().closing)

    def test_a_job_that_is_over_closes_its_sessions(self) -> None:
        self.server.order()
        self.small.only().work()
        self.agent.heard(say.Forget(1))
        self.assertTrue(self.small.only().closing)

    def test_one_that_is_busy_then_ends_what_it_runs_and_takes_nothing_more(self) -> None:
        self.server.order(tasks=2)
        session = self.small.only()
        session.begin()
        self.server.revise(1)
        self.assertFalse(session.closing)
        self.server.order()
        session.end()
        self.assertEqual(session.work(), (1, 101))
        self.assertTrue(session.closing)
        session.die()
        self.assertEqual((self.small.only().job.values, self.small.only().work()), ({"revised": 1}, (2, 200)))

    def test_an_order_that_waits_is_run_with_the_values_that_it_came_with(self) -> None:
        self.server.order()
        session = self.small.only()
        session.begin()
        self.server.order(step="B")
        self.server.revise(1)
        self.server.order(step="B")
        session.end()
        session.die()
        self.assertEqual(self.small.only().job.values, {"revised": 0})
        self.assertEqual(self.small.only().work(), (2, 200))
        self.small.only().die()
        self.assertEqual(self.small.only().job.values, {"revised": 1})

    def test_what_the_worker_was_not_told_it_sees_when_the_job_comes_again(self) -> None:
        self.server.order()
        self.small.only().work()
        self.server.disconnect()
        self.server.revise(1)  # while it is away: nobody tells it
        self.server.connect()
        self.server.order()
        self.assertTrue(self.small.nursery.opened[0].closing)
        self.small.nursery.opened[0].die()
        self.assertEqual(self.small.only().job.values, {"revised": 1})

    def test_a_job_that_is_somebody_elses_now_is_run_in_other_sessions(self) -> None:
        self.server.order()
        self.small.only().work()
        self.agent.heard(say.Job(1, "job 1", {}, {"revised": 0}, owner="bo"))
        self.server.order()
        self.assertTrue(self.small.nursery.opened[0].closing)
        self.small.nursery.opened[0].die()
        self.assertEqual((self.small.only().job.owner, self.small.only().work()), ("bo", (2, 200)))

    def test_a_job_whose_scripts_may_not_run_any_more_is_run_in_other_sessions(self) -> None:
        self.server.order()
        self.small.only().work()
        self.agent.heard(say.Job(1, "job 1", {}, {"revised": 0}, scripts=False))
        self.server.order()
        self.assertTrue(self.small.nursery.opened[0].closing)
        self.small.nursery.opened[0].die()
        self.assertEqual((self.small.only().job.scripts, self.small.only().work()), (False, (2, 200)))

    def test_a_job_that_comes_again_as_it_was_keeps_its_sessions(self) -> None:
        self.server.order()
        session = self.small.only()
        session.work()
        self.server.disconnect()
        self.server.connect()
        self.server.order()
        self.assertEqual(session.work(), (2, 200))

    def test_new_limits_count_for_the_tasks_that_follow(self) -> None:
        self.server.order(tasks=3)
        session = self.small.only()
        self.assertEqual(session.limits, say.Limits())
        self.server.job(1, say.Limits(task_seconds=5.0))
        session.work()
        session.work()
        session.begin()
        self.assertEqual((session.limits, session.closing), (say.Limits(task_seconds=5.0), False))

    def test_sessions_know_the_farms_rules_and_are_opened_anew_when_these_are_others(self) -> None:
        self.assertEqual(self.server.order(), 1)
        self.small.only().work()
        rules = [Rule("empty", "empty", "fail")]
        self.server.disconnect()
        self.server.known.clear()
        self.server.connected = True
        self.agent.connected(say.Welcome(1, "a", 10.0, [], rules), self.server.hear)
        self.assertTrue(self.small.only().closing)
        self.small.only().die()
        self.server.order()
        self.assertEqual(self.small.only().rules, rules)

    def test_why_a_session_could_not_be_entered_comes_with_its_cause(self) -> None:
        self.server.order()
        self.small.only().fail("Env: no licence: none is free", "later")
        self.assertEqual([each.cause for each in self.server.said(say.Result)], ["later"])

    def test_environments_that_cannot_be_entered_fail_all_that_waits_for_them(self) -> None:
        self.server.order(tasks=2)
        session = self.small.only()
        session.fail("enter: Exit code 3.")
        session.die()
        self.assertEqual(self.server.results(), [(1, 100, "failed"), (1, 101, "failed")])
        self.assertEqual({each.message for each in self.server.said(say.Result)}, {"enter: Exit code 3."})
        self.server.order(job=2)
        self.assertEqual(self.small.only().work(), (2, 200))

    def test_a_session_that_dies_fails_the_task_that_it_ran_and_hands_back_the_others(self) -> None:
        self.server.order(tasks=3)
        session = self.small.only()
        session.work()
        session.begin()
        session.die("The session died.")
        self.assertEqual(self.server.results(), [(1, 100, "completed"), (1, 101, "failed")])
        self.assertEqual(self.server.said(say.Returned), [say.Returned(1, [102])])
        self.assertEqual(self.agent.held, {})

    def test_the_first_task_that_was_told_is_the_one_that_fails(self) -> None:
        self.server.order(tasks=2)
        self.server.given[1] = order = say.Order(9, 1, "A", 1, 1, [say.Task(8, {}), say.Task(1, {})])
        self.small.only().work()
        self.small.only().work()
        self.server.open[9] = {8, 1}
        self.agent.heard(order)
        self.small.only().begin()
        self.small.only().die()
        self.assertEqual(self.server.results()[-1], (9, 8, "failed"))

    def test_the_log_of_a_session_that_opens_belongs_to_the_first_task(self) -> None:
        self.server.order(tasks=2)
        self.small.only().use.said("entering\n", None, None)
        self.assertEqual(self.server.said(say.Log), [say.Log(1, 100, "entering\n")])

    def test_what_a_session_says_when_all_is_done_belongs_to_nobody(self) -> None:
        self.server.order()
        session = self.small.only()
        session.work()
        session.use.said("leaving\n", None, None)
        self.assertEqual(self.server.said(say.Log), [])


class CancelTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.small = Small(slots=1)
        self.agent, self.server = self.small.agent, self.small.server

    def test_dropped_is_said_once_and_when_nothing_is_left(self) -> None:
        number = self.server.order(tasks=3)
        session = self.small.only()
        session.begin()
        self.server.cancel(number)
        session.answer()
        self.assertEqual(self.server.said(say.Dropped), [])
        session.end()
        self.assertEqual(self.server.said(say.Dropped), [say.Dropped(1)])
        self.assertEqual(self.server.results(), [])

    def test_a_task_that_ends_as_it_is_canceled_is_not_reported(self) -> None:
        number = self.server.order()
        session = self.small.only()
        session.begin()
        self.server.cancel(number)
        session.stopping = None  # it was quicker
        session.end("completed")
        self.assertEqual((self.server.results(), len(self.server.said(say.Dropped))), ([], 1))

    def test_an_order_that_is_not_known_counts_as_dropped(self) -> None:
        self.agent.heard(say.Cancel(77))
        self.assertEqual(self.server.said(say.Dropped), [say.Dropped(77)])

    def test_an_order_that_waits_is_dropped_at_once(self) -> None:
        self.server.order()
        waits = self.server.order(job=2)
        self.server.cancel(waits)
        self.assertEqual(self.server.said(say.Dropped), [say.Dropped(waits)])

    def test_a_session_that_dies_while_its_order_is_canceled_is_the_end_of_it(self) -> None:
        number = self.server.order(tasks=2)
        session = self.small.only()
        session.begin()
        self.server.cancel(number)
        session.die()
        self.assertEqual(self.server.said(say.Dropped), [say.Dropped(number)])
        self.assertEqual((self.server.results(), self.agent.held), ([], {}))

    def test_the_next_order_is_for_the_same_session(self) -> None:
        number = self.server.order()
        session = self.small.only()
        session.begin()
        self.server.cancel(number)
        session.end()
        self.server.order()
        self.assertEqual(session.work(), (2, 200))

    def test_an_order_of_a_canceled_job_is_not_told_to_its_closing_session(self) -> None:
        number = self.server.order()
        session = self.small.only()
        session.begin()
        self.server.cancel(number)
        self.agent.heard(say.Forget(1))
        session.end()
        self.assertTrue(session.closing)
        self.server.known.clear()
        self.server.order()
        self.assertEqual(len(session.waiting), 0)
        session.die()
        self.assertEqual(self.small.only().work(), (2, 200))


class StopTests(SynchronousTestCase):
    """Some tasks of an order, while the others go on."""

    def setUp(self) -> None:
        self.small = Small(slots=1)
        self.agent, self.server = self.small.agent, self.small.server
        self.number = self.server.order(tasks=5)
        self.session = self.small.only()
        self.session.begin()

    def test_what_was_told_to_nobody_is_gone_at_once_and_what_runs_when_it_has_ended(self) -> None:
        self.server.stop(self.number, [100, 103])
        self.assertEqual(self.server.said(say.Returned), [say.Returned(1, [103])])
        self.assertEqual(self.session.stopping, -1.0)
        self.session.end()
        self.assertEqual(self.server.said(say.Returned)[1:], [say.Returned(1, [100])])
        self.assertEqual([self.session.work()[1] for _ in range(3)], [101, 102, 104])
        self.assertEqual([task for _, task, _ in self.server.results()], [101, 102, 104])
        self.assertEqual((self.agent.held, self.server.stopped), ({}, set()))

    def test_one_that_the_session_has_next_is_not_begun(self) -> None:
        self.server.stop(self.number, [101])
        self.session.answer()
        self.session.end()
        self.assertEqual(self.session.begin(), (1, 102))
        self.assertEqual(self.server.said(say.Returned), [say.Returned(1, [101])])

    def test_one_that_ends_meanwhile_is_not_reported(self) -> None:
        self.server.stop(self.number, [100])
        self.session.stopping = None  # it was quicker
        self.session.end("completed")
        self.assertEqual((self.server.results(), self.server.said(say.Returned)), ([], [say.Returned(1, [100])]))

    def test_what_it_does_not_have_is_gone(self) -> None:
        self.agent.heard(say.Stop(77, [1, 2]))
        self.assertEqual(self.server.said(say.Returned), [say.Returned(77, [1, 2])])

    def test_a_session_that_dies_meanwhile_has_failed_nothing(self) -> None:
        self.server.stop(self.number, [100])
        self.session.die()
        self.assertEqual(self.server.results(), [])
        returned = [task for each in self.server.said(say.Returned) for task in each.tasks]
        self.assertEqual(sorted(returned), [100, 101, 102, 103, 104])

    def test_all_that_was_left_of_it_is_the_end_of_it(self) -> None:
        self.server.stop(self.number, [101, 102, 103, 104])
        self.session.answer()
        self.session.end()
        self.assertEqual((self.agent.held, self.server.results()), ({}, [(1, 100, "completed")]))
        self.server.order()
        self.assertEqual(self.session.work(), (2, 200))


class RecallTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.small = Small(slots=1)
        self.agent, self.server = self.small.agent, self.small.server

    def test_an_order_that_was_told_early_is_handed_back(self) -> None:
        self.server.order()
        session = self.small.only()
        session.begin()
        behind = self.server.order()
        self.agent.heard(say.Recall(behind))
        session.answer()
        self.assertEqual(self.server.said(say.Returned), [say.Returned(behind, [200])])
        session.end()
        self.assertEqual(list(session.waiting), [])

    def test_an_order_that_was_told_to_nobody_is_handed_back_at_once(self) -> None:
        self.server.order()
        behind = self.server.order(job=2)
        self.agent.heard(say.Recall(behind))
        self.assertEqual(self.server.said(say.Returned), [say.Returned(behind, [200])])

    def test_of_an_order_that_has_begun_the_rest_is_handed_back(self) -> None:
        number = self.server.order(tasks=3)
        session = self.small.only()
        session.begin()
        self.agent.heard(say.Recall(number))
        session.answer()
        session.end()
        self.assertEqual(self.server.said(say.Returned), [say.Returned(1, [102]), say.Returned(1, [101])])
        self.assertEqual(self.server.results(), [(1, 100, "completed")])

    def test_a_task_that_begins_as_it_is_recalled_runs(self) -> None:
        number = self.server.order()
        session = self.small.only()
        self.agent.heard(say.Recall(number))
        session.begin()
        session.answer()
        session.end()
        self.assertEqual((self.server.results(), self.server.said(say.Returned)), ([(1, 100, "completed")], []))

    def test_a_recall_of_an_order_that_is_gone_is_no_matter(self) -> None:
        self.agent.heard(say.Recall(5))
        self.assertEqual(self.server.heard, [])


class ConnectionTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.small = Small(slots=1)
        self.agent, self.server = self.small.agent, self.small.server

    def test_results_are_said_again_until_they_are_acknowledged(self) -> None:
        self.server.order(tasks=2)
        self.small.only().work()
        self.server.disconnect()
        self.small.only().work()
        self.assertEqual(self.agent.has(), {1: [100, 101]})
        self.server.connect()
        self.assertEqual([task for _, task, _ in self.server.results()], [100, 100, 101])
        self.server.acknowledge()
        self.assertEqual((self.agent.has(), self.agent.unacknowledged), ({}, {}))

    def test_it_goes_on_while_the_server_is_away_and_says_what_runs_when_it_is_back(self) -> None:
        self.server.order(tasks=3)
        self.server.disconnect()
        self.small.only().work()
        self.small.only().begin()
        self.server.connect()
        self.assertEqual(self.server.said(say.Started), [say.Started(1, 101)])

    def test_a_task_that_waits_in_its_session_has_not_started(self) -> None:
        self.server.order(tasks=2)
        self.server.disconnect()
        self.server.connect()
        self.assertEqual(self.server.said(say.Started), [])

    def test_orders_that_are_not_the_workers_any_more_are_ended(self) -> None:
        number = self.server.order()
        session = self.small.only()
        session.begin()
        self.server.disconnect()
        self.server.open[number].clear()  # it was given to another one
        self.server.connect()
        self.assertIsNotNone(session.stopping)
        session.end()
        self.assertEqual((self.server.results(), self.agent.held), ([], {}))

    def test_what_is_said_while_the_server_is_away_comes_before_the_result(self) -> None:
        self.server.order()
        session = self.small.only()
        self.server.disconnect()
        session.begin()
        session.use.said("rendering\n", 1, 100)
        session.end()
        self.server.connect()
        kinds = [type(message) for message in self.server.heard if isinstance(message, say.Log | say.Result)]
        self.assertEqual(kinds, [say.Log, say.Result])

    def test_a_job_that_ended_while_the_worker_was_away_is_forgotten(self) -> None:
        self.server.order()
        self.small.only().work()
        self.server.disconnect()
        self.small.clock.advance(IDLE_FOR)
        self.small.only().die()
        self.server.connect()
        self.assertEqual(self.agent._jobs, {})

    def test_sessions_are_silent_while_the_connection_is_full(self) -> None:
        self.server.order()
        self.agent.hold(True)
        self.assertTrue(self.small.only().held)
        self.agent.hold(False)
        self.assertFalse(self.small.only().held)

    def test_a_session_that_is_opened_meanwhile_is_silent_too(self) -> None:
        self.agent.hold(True)
        self.server.order()
        self.assertTrue(self.small.only().held)

    def test_a_lost_connection_is_not_full(self) -> None:
        self.server.order()
        self.agent.hold(True)
        self.server.disconnect()
        self.assertFalse(self.small.only().held)


class LeavingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.small = Small(slots=1)
        self.agent, self.server = self.small.agent, self.small.server

    def test_an_idle_worker_leaves_at_once(self) -> None:
        self.agent.leave()
        self.assertEqual((self.small.emptied, self.server.said(say.Leaving)), (1, [say.Leaving()]))

    def test_it_finishes_what_runs_hands_back_the_rest_and_leaves_when_all_is_safe(self) -> None:
        self.server.order(tasks=3)
        self.server.order(job=2)
        session = self.small.only()
        session.begin()
        self.agent.leave()
        session.answer()
        session.end()
        returned = {(each.order, task) for each in self.server.said(say.Returned) for task in each.tasks}
        self.assertEqual(returned, {(1, 101), (1, 102), (2, 200)})
        self.assertTrue(session.closing)
        session.die()
        self.assertEqual(self.small.emptied, 0)
        self.server.acknowledge()
        self.assertEqual(self.small.emptied, 1)

    def test_the_second_time_what_runs_is_ended_and_handed_back(self) -> None:
        self.server.order()
        session = self.small.only()
        session.begin()
        self.agent.leave()
        self.agent.leave(now=True)
        self.assertIsNotNone(session.stopping)
        self.assertGreater(session.stopping or 0, 0)
        session.end()
        self.assertEqual(self.server.results(), [(1, 100, "canceled")])
        self.server.acknowledge()
        session.die()
        self.assertEqual(self.small.emptied, 1)

    def test_an_order_that_comes_while_it_leaves_is_handed_back(self) -> None:
        self.server.order()
        self.small.only().begin()
        self.agent.leave()
        late = self.server.order()
        self.assertEqual(self.server.said(say.Returned), [say.Returned(late, [200])])

    def test_it_waits_only_so_long_for_a_server_that_is_away(self) -> None:
        self.server.order()
        session = self.small.only()
        session.begin()
        self.server.disconnect()
        self.agent.leave()
        session.end()
        session.die()
        self.assertEqual(self.small.emptied, 0)
        with capturedLogs() as captured:
            self.small.clock.advance(WAIT_FOR_ACK)
        self.assertEqual(self.small.emptied, 1)
        (line,) = [str(formatEvent(event)) for event in captured]
        self.assertTrue(line.endswith("hears at the next start: task 100 of order 1 of job 1 (completed)"), line)

    def test_a_server_that_comes_back_in_time_gets_the_result_and_hears_that_it_leaves(self) -> None:
        self.server.order()
        session = self.small.only()
        session.begin()
        self.server.disconnect()
        self.agent.leave()
        session.end()
        self.server.connect()
        self.assertEqual(self.server.results(), [(1, 100, "completed")])
        self.assertEqual(self.server.said(say.Leaving), [say.Leaving()])
        self.server.acknowledge()
        session.die()
        self.assertEqual(self.small.emptied, 1)

    def test_what_was_handed_back_while_the_server_was_away_is_not_held_any_more(self) -> None:
        self.server.order()
        self.server.order(job=2)
        self.small.only().begin()
        self.server.disconnect()
        self.agent.leave()
        self.assertEqual(self.agent.has(), {1: [100]})


class KilledTests(SynchronousTestCase):
    """The worker's process is killed, and started again."""

    def setUp(self) -> None:
        self.small = Small(slots=1)
        self.server = self.small.server

    def test_a_result_that_was_not_acknowledged_is_reported_again(self) -> None:
        self.server.order(tasks=3)
        self.server.disconnect()
        self.small.only().work()
        self.small.kill_and_start()
        self.assertEqual(self.small.agent.has(), {1: [100]})
        self.server.connect()
        self.assertEqual(self.server.results(), [(1, 100, "completed")])
        self.server.acknowledge()
        self.assertEqual(self.small.agent.has(), {})

    def test_results_of_orders_that_the_server_does_not_know_are_forgotten_and_not_told(self) -> None:
        self.server.order()
        self.small.only().work()
        self.small.kill_and_start()
        heard: list[Any] = []
        with capturedLogs() as captured:
            self.small.agent.connected(say.Welcome(1, "a", 10.0, [1]), heard.append)  # another farm may have an order 1
        self.assertEqual((heard, self.small.agent.unacknowledged), ([], {}))
        (line,) = [str(formatEvent(event)) for event in captured]
        self.assertIn("does not take the reports of task 100 of order 1 (completed)", line)

    def test_one_that_leaves_then_has_nothing_to_wait_for(self) -> None:
        self.server.order()
        session = self.small.only()
        session.work()
        self.server.disconnect()
        self.small.agent.leave()
        self.small.agent.connected(say.Welcome(1, "a", 10.0, [1]), lambda _: None)
        session.die()
        self.assertEqual(self.small.emptied, 1)


class OrphanedTests(SynchronousTestCase):
    """The server is away for so long that nobody may ever ask for what runs."""

    def setUp(self) -> None:
        self.small = Small(slots=1)
        self.server, self.clock = self.small.server, self.small.clock
        self.server.order(tasks=3)
        self.server.order(job=2)
        self.session = self.small.only()
        self.session.begin()
        self.server.disconnect()

    def test_until_then_it_goes_on(self) -> None:
        self.clock.advance(ORPHANED_AFTER - 1)
        self.assertIsNone(self.session.stopping)
        self.session.end()
        self.assertEqual(self.session.work(), (1, 101))

    def test_then_what_runs_is_ended_and_all_is_handed_back_when_the_server_is_there_again(self) -> None:
        self.clock.advance(ORPHANED_AFTER)
        self.session.answer()
        self.assertIsNotNone(self.session.stopping)
        self.session.end()
        self.assertEqual(self.small.agent.held, {})
        self.server.connect()
        self.assertIn((1, 100, "canceled"), self.server.results())
        self.assertFalse(any(self.server.open.values()))
        self.server.order(job=2)
        self.session.die()
        self.assertEqual(self.small.only().begin(), (3, 300))

    def test_what_ends_by_itself_meanwhile_counts(self) -> None:
        self.session.end()
        self.session.begin()
        self.clock.advance(ORPHANED_AFTER)
        self.session.answer()
        self.session.end()
        self.server.connect()
        self.assertIn((1, 100, "completed"), self.server.results())
        self.assertIn((1, 101, "canceled"), self.server.results())

    def test_a_server_that_comes_and_goes_is_waited_for_anew(self) -> None:
        self.clock.advance(ORPHANED_AFTER - 1)
        self.server.connect()
        self.clock.advance(ORPHANED_AFTER)
        self.server.disconnect()
        self.clock.advance(ORPHANED_AFTER - 1)
        self.assertIsNone(self.session.stopping)


DICE, SELDOM = st.integers(0, 11), 7


class AnyOrderOfEvents(RuleBasedStateMachine):
    """Every task of every order gets exactly one fate, and nothing is given away twice, whatever happens when."""

    @initialize(slots=st.integers(1, 3))
    def begin(self, slots: int) -> None:
        self.small = Small(slots, memory=4 * 2**30, gpus=("a", "b"))
        self.slots = slots
        self.stock = Stock(Machine("key", "alpha", slots, memory=4 * 2**30, gpus=("a", "b")))

    def _sessions(self) -> list[FakeSession]:
        return self.small.sessions

    @precondition(lambda self: self.small.server.connected)
    @rule(tasks=st.integers(1, 4), job=st.integers(1, 3), slots=st.integers(1, 3))
    def order(self, tasks: int, job: int, slots: int) -> None:
        self.small.server.order(tasks, job, min(slots, self.slots), step=f"of {min(slots, self.slots)} slots")

    @precondition(lambda self: self.small.server.connected)
    @rule(job=st.integers(1, 2), gpu=st.integers(0, 2), memory=st.sampled_from([0, 1024, 3000, 9000]))
    def order_with_amounts(self, job: int, gpu: int, memory: float) -> None:
        self.small.server.order(1, job, step=f"with {gpu} cards", gpu=gpu, memory=memory)

    @precondition(lambda self: self.small.server.connected)
    @rule(job=st.integers(1, 2))
    def job_is_revised(self, job: int) -> None:
        self.small.server.revise(job)

    @precondition(lambda self: self.small.server.connected)
    @rule(jobs=st.lists(st.integers(1, 2), min_size=2, max_size=5))
    def many_orders(self, jobs: list[int]) -> None:
        for job in jobs:
            self.small.server.order(1, job)

    @precondition(lambda self: self.small.server.connected)
    @rule(job=st.integers(1, 3))
    def order_is_lost_with_the_connection(self, job: int) -> None:
        self.small.server.order(1, job, arrives=False)
        self.small.server.disconnect()

    @precondition(lambda self: any(session.waiting and not session.running for session in self._sessions()))
    @rule(data=st.data())
    def session_begins(self, data: Any) -> None:
        able = [session for session in self._sessions() if session.waiting and not session.running]
        data.draw(st.sampled_from(able)).begin()

    @precondition(lambda self: any(session.running for session in self._sessions()))
    @rule(data=st.data(), outcome=st.sampled_from(["completed", "failed"]))
    def task_ends(self, data: Any, outcome: str) -> None:
        data.draw(st.sampled_from([session for session in self._sessions() if session.running])).end(outcome)

    @precondition(lambda self: any(each.asked_back or each.stopped_early for each in self._sessions()))
    @rule(data=st.data())
    def session_answers(self, data: Any) -> None:
        able = [session for session in self._sessions() if session.asked_back or session.stopped_early]
        data.draw(st.sampled_from(able)).answer()

    @precondition(lambda self: any(session.closing for session in self._sessions()))
    @rule(data=st.data())
    def session_closes(self, data: Any) -> None:
        session = data.draw(st.sampled_from([session for session in self._sessions() if session.closing]))
        if not session.running:
            session.die()

    @precondition(lambda self: self._sessions())
    @rule(data=st.data(), broken=st.booleans(), dice=DICE)
    def session_dies(self, data: Any, broken: bool, dice: int) -> None:
        if dice != SELDOM:
            return
        session = data.draw(st.sampled_from(self._sessions()))
        if broken and not session.running:
            session.fail()
        session.die()

    @rule(seconds=st.sampled_from([1.0, IDLE_FOR]))
    def time_passes(self, seconds: float) -> None:
        self.small.clock.advance(seconds)

    @precondition(lambda self: self.small.server.connected and self.small.server.given)
    @rule(data=st.data())
    def server_cancels(self, data: Any) -> None:
        self.small.server.cancel(data.draw(st.sampled_from(sorted(self.small.server.given))))

    @precondition(lambda self: self.small.server.connected and self.small.server.given)
    @rule(data=st.data())
    def server_stops_some_tasks(self, data: Any) -> None:
        number = data.draw(st.sampled_from(sorted(self.small.server.given)))
        tasks = [task.index for task in self.small.server.given[number].tasks]
        self.small.server.stop(number, data.draw(st.lists(st.sampled_from(tasks), min_size=1, unique=True)))

    @precondition(lambda self: self.small.server.connected and self.small.server.given)
    @rule(data=st.data())
    def server_recalls(self, data: Any) -> None:
        self.small.agent.heard(say.Recall(data.draw(st.sampled_from(sorted(self.small.server.given)))))

    @precondition(lambda self: self.small.server.connected)
    @rule(job=st.integers(1, 3))
    def job_is_over(self, job: int) -> None:
        server = self.small.server
        if not any(server.open[number] for number, order in server.given.items() if order.job == job):
            server.known.discard(job)
            self.small.agent.heard(say.Forget(job))

    @precondition(lambda self: self.small.server.connected)
    @rule()
    def server_acknowledges(self) -> None:
        self.small.server.acknowledge()

    @rule(dice=DICE)
    def connection_changes(self, dice: int) -> None:
        server = self.small.server
        if dice % 2:
            server.disconnect() if server.connected else server.connect()

    @precondition(lambda self: not self.small.server.connected)
    @rule(dice=DICE)
    def server_is_away_for_long(self, dice: int) -> None:
        if dice == SELDOM:
            self.small.clock.advance(ORPHANED_AFTER)

    @rule(dice=DICE)
    def disk_is_full_or_has_room_again(self, dice: int) -> None:
        if dice == SELDOM:
            self.full = not getattr(self, "full", False)
            self.small.agent.feels("its disk is full" if self.full else "")

    @rule(dice=DICE)
    def worker_is_killed_and_started_again(self, dice: int) -> None:
        if dice == SELDOM:
            self.small.kill_and_start()

    @rule(now=st.booleans(), dice=DICE)
    def worker_leaves(self, now: bool, dice: int) -> None:
        if dice == SELDOM:
            self.small.agent.leave(now)

    @invariant()
    def nothing_is_given_away_twice(self) -> None:
        needs = [session.use.need for session in self._sessions()]
        assert self.stock.fits(Need(0, {"amount.worker.memory": 0.0, "amount.worker.gpu": 0.0}), needs), needs
        cards = [card for session in self._sessions() for card in session.use.cards or ()]
        assert len(cards) == len(set(cards)), cards

    @invariant()
    def who_sees_all_cards_is_alone(self) -> None:
        assert len(self._sessions()) < 2 or all(session.use.cards is not None for session in self._sessions())

    @invariant()
    def tasks_run_with_the_values_of_their_order(self) -> None:
        for session in self._sessions():
            for order, _ in [*session.waiting, *([session.running] if session.running else [])]:
                assert session.job.values == self.small.server.values[order]

    @invariant()
    def it_leaves_when_nothing_is_left(self) -> None:
        assert not self.small.emptied or not (self._sessions() or self.small.agent.held)

    @invariant()
    def nothing_waits_while_there_is_room(self) -> None:
        """An order that has no session yet waits for room, or keeps what it waits for from those behind it."""
        agent = self.small.agent
        taken = [session.use.need for session in self._sessions() if session.use.busy]
        if any(held.moving for held in agent.held.values()):
            return
        if any(session.closing for session in self._sessions()):
            return  # what it has will be free in a moment
        for held in agent.held.values():
            if held.use is None and not held.canceled:
                assert not self.stock.fits(held.need, taken), held
                taken.append(held.need)

    @invariant()
    def an_order_moves_when_its_session_is_asked_for_it(self) -> None:
        asked = {order for session in self._sessions() for order, _ in session.asked_back}
        assert all(held.order.order in asked for held in self.small.agent.held.values() if held.moving)

    @invariant()
    def no_task_has_two_fates(self) -> None:
        assert all(sum(fates.values()) == 1 for fates in self.small.server.fates.values())

    def teardown(self) -> None:
        """In the end, when everybody does what he has to, nothing is left and everything has its fate."""
        if not hasattr(self, "small"):
            return
        small = self.small
        if not small.server.connected:
            small.server.connect()
        for _ in range(20_000):
            if not small.agent.held and not small.agent.unacknowledged and not self._sessions():
                break
            for session in list(self._sessions()):
                session.answer()
                if session.running:
                    session.end()
                elif session.closing:
                    session.die()
                elif session.waiting:
                    session.begin()
            small.server.acknowledge()
        assert small.agent.held == {}, small.agent.held
        assert not small.agent.unacknowledged
        assert not any(small.server.open.values()), small.server.open
        assert not small.server.canceled, small.server.canceled
        assert not small.server.stopped, small.server.stopped
        assert small.emptied == small.agent.leaving
        assert all(
            sum(small.server.fates[number, task.index].values()) == 1
            for number, order in small.server.given.items()
            for task in order.tasks
        )


class AnyOrderOfEventsTests(SynchronousTestCase):
    def test_every_task_gets_exactly_one_fate(self) -> None:
        run_state_machine_as_test(
            AnyOrderOfEvents, settings=settings(max_examples=150, stateful_step_count=50, deadline=None)
        )
