"""The farm's service: what it says when, how it stops and starts, and what it does when the database does not."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs
from twisted.trial.unittest import TestCase

from brender.db.writer import WriteFailed
from brender.farm.client import Machine, RuntimeClient, Status
from brender.farm.interfaces import Event, NotFound
from brender.farm.submission.problems import Refused
from brender.farm.transitions import JobState, NotNow, TaskState
from brender.farm.views.things import JobView, job_view
from brender.service.connections import ASK_EVERY, ASKED
from tests.db.databases import rows
from tests.durable import DurableFarm
from tests.fakes import NOON, MemoryStore, NotedLink, SmallFarm, jpeg

TWO_STEPS = """
specificationVersion: jobtemplate-2023-09
name: two
steps:
- name: Render
  parameterSpace: {taskParameterDefinitions: [{name: Frame, type: INT, range: "1-3"}]}
  script: {actions: {onRun: {command: render}}}
- name: Video
  dependencies: [{dependsOn: Render}]
  script: {actions: {onRun: {command: encode}}}
"""


def waiting(awaitable: Any) -> Deferred[Any]:
    return Deferred.fromCoroutine(awaitable)


def kinds(link: NotedLink) -> list[str]:
    return [said[0] for said in link.said]


class TheCommitComesFirst(TestCase):
    """Nothing is said before it is written."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = await DurableFarm(self).begun()
        self.client = await self.farm.client("attic")
        self.link = self.farm.links[self.client.id]
        await self.farm.settled()
        self.link.said.clear()

    async def test_a_submission_is_answered_and_its_orders_given_after_it(self) -> None:
        go_on = self.farm.stall()
        answer = waiting(self.farm.job())
        await self.farm.turns()
        self.assertEqual((answer.called, self.link.said, self.stored("jobs")), (False, [], 0))
        go_on()
        job = await answer
        self.assertEqual((job.id, self.stored("jobs"), self.stored("orders")), (1, 1, 2))
        self.assertEqual(self.link.said, [("give", 1), ("give", 2)])

    async def test_a_result_is_acknowledged_and_the_next_order_given_after_it(self) -> None:
        await self.farm.job()
        self.link.said.clear()
        go_on = self.farm.stall()
        self.farm.finish(self.client)
        await self.farm.turns()
        self.assertEqual(self.link.said, [])
        go_on()
        await self.farm.settled()
        self.assertEqual(self.link.said, [("acknowledge", [(1, 0)]), ("give", 3)])

    async def test_so_is_one_that_changes_nothing_and_it_is_acknowledged_too(self) -> None:
        go_on = self.farm.stall()
        self.farm.service.result(self.client.id, 99, 0, "completed", "", 1.0)
        await self.farm.turns()
        self.assertEqual(self.link.said, [])
        go_on()
        await self.farm.settled()
        self.assertEqual(self.link.said, [("acknowledge", [(99, 0)])])

    async def test_every_change_that_somebody_asks_for_is_answered_after_it(self) -> None:
        await self.farm.job()
        service = self.farm.service
        for change in (
            service.pause(1),
            service.resume(1),
            service.set_status([self.client], Status.DISABLED),
            service.cancel(1),
        ):
            go_on = self.farm.stall()
            answer = waiting(change)
            await self.farm.turns()
            self.assertFalse(answer.called)
            go_on()
            await answer
        self.assertEqual(rows(self.farm.path, "select state from jobs"), [("canceled",)])
        self.assertEqual(rows(self.farm.path, "select status from clients"), [("disabled",)])

    async def test_a_worker_is_told_to_cancel_after_it(self) -> None:
        await self.farm.job()
        self.link.said.clear()
        go_on = self.farm.stall()
        answer = waiting(self.farm.service.cancel(1))
        await self.farm.turns()
        self.assertEqual(self.link.said, [])
        go_on()
        await answer
        self.assertEqual(self.link.said, [("cancel", 1), ("cancel", 2), ("forget", 1)])

    async def test_an_order_that_is_canceled_before_its_commit_is_never_given(self) -> None:
        go_on = self.farm.stall()
        answers = [waiting(self.farm.job()), waiting(self.farm.service.cancel(1))]
        go_on()
        for answer in answers:
            await answer
        self.assertNotIn("give", kinds(self.link))

    async def test_a_machine_that_is_new_gets_its_row_then_its_number_then_its_place(self) -> None:
        go_on = self.farm.stall()
        joining = waiting(self.farm.client("cellar"))
        await self.farm.turns()
        self.assertEqual((joining.called, list(self.farm.service.farm.clients)), (False, [1]))
        go_on()
        client = await joining
        self.assertEqual(rows(self.farm.path, "select id, name from clients where id > 1"), [(client.id, "cellar")])
        self.assertEqual(self.farm.links[client.id].said, [("welcome", client.id, [])])

    async def test_a_machine_that_is_known_is_welcomed_at_once(self) -> None:
        self.farm.gone(self.client)
        self.farm.stall()
        link = NotedLink()
        joining = waiting(self.farm.service.join(self.client.machine, "run 2", {}, link))
        self.assertTrue(joining.called)
        self.assertEqual(link.said[0], ("welcome", 1, []))

    async def test_save_waits_for_it(self) -> None:
        go_on = self.farm.stall()
        saving = waiting(self.farm.service.save())
        await self.farm.turns()
        self.assertFalse(saving.called)
        go_on()
        self.assertGreaterEqual(await saving, 1)

    def stored(self, table: str) -> int:
        ((count,),) = rows(self.farm.path, f"select count(*) from {table}")
        return int(count)


class Joining(TestCase):
    def setUp(self) -> None:
        self.farm = SmallFarm(self)
        self.service = self.farm.service
        self.machine = Machine(key="key", name="attic", slots=1)

    async def join(self, run: str, link: NotedLink, held: dict[int, list[int]] | None = None) -> RuntimeClient | None:
        return await self.service.join(self.machine, run, held or {}, link)

    async def test_two_greetings_of_one_new_machine_at_once_make_one_client(self) -> None:
        farm = await DurableFarm(self).begun()
        go_on = farm.stall()
        links = [NotedLink(), NotedLink()]
        joining = [waiting(farm.service.join(self.machine, f"run {n}", {}, link)) for n, link in enumerate(links)]
        go_on()
        first = await joining[0]
        self.farm_asks(farm.clock)
        self.assertEqual((first.id, await joining[1]), (1, None))
        self.assertEqual([kinds(link) for link in links], [["welcome"], ["refuse"]])
        self.assertEqual(rows(farm.path, "select count(*) from clients"), [(1,)])

    async def test_a_second_process_of_one_identity_is_refused_and_the_first_undisturbed(self) -> None:
        first, second = NotedLink(), NotedLink()
        client = await self.join("run 1", first)
        joining = waiting(self.join("run 2", second))
        self.assertFalse(joining.called)
        self.farm_asks(self.farm.clock)
        self.assertIsNone(await joining)
        ((_, reason),) = second.said
        self.assertIn("A worker with the identity of attic is connected already.", reason)
        self.service.leave(1, second)
        assert client is not None
        self.assertTrue(client.online)
        await self.farm.job()
        self.assertEqual(kinds(first), ["welcome", "give", "give"])

    def farm_asks(self, clock: Clock) -> None:
        """The first worker is asked whether it is there, and has had its time to answer."""
        clock.pump([ASK_EVERY] * ASKED)

    async def test_a_worker_that_was_started_again_takes_the_place_of_one_that_does_not_answer(self) -> None:
        dead, alive = NotedLink(), NotedLink()
        await self.join("run 1", dead)
        await self.farm.job()
        dead.lives = False
        joining = waiting(self.join("run 2", alive))
        self.farm_asks(self.farm.clock)
        client = await joining
        assert client is not None
        self.assertEqual(dead.said[-1], ("refuse", "It has not answered, and was started anew."))
        self.service.leave(1, dead)
        self.assertTrue(client.online)
        self.assertEqual(kinds(alive), ["welcome", "give", "give"])

    async def test_a_worker_that_was_started_again_is_taken_as_soon_as_the_old_connection_ends(self) -> None:
        dead, alive = NotedLink(), NotedLink()
        await self.join("run 1", dead)
        joining = waiting(self.join("run 2", alive))
        self.service.leave(1, dead)
        self.farm.clock.advance(ASK_EVERY)
        client = await joining
        assert client is not None
        self.assertEqual((client.online, kinds(alive), kinds(dead)), (True, ["welcome"], ["welcome"]))

    async def test_of_two_that_wait_for_the_place_of_a_dead_one_the_first_has_it(self) -> None:
        dead, *alive = NotedLink(), NotedLink(), NotedLink()
        await self.join("run 1", dead)
        dead.lives = False
        joining = [waiting(self.join(f"run {number}", link)) for number, link in enumerate(alive, 2)]
        self.farm_asks(self.farm.clock)
        self.farm_asks(self.farm.clock)
        self.assertEqual([bool(await each) for each in joining], [True, False])
        self.assertEqual([kinds(link) for link in alive], [["welcome"], ["refuse"]])

    async def test_while_the_server_does_not_listen_nobody_is_taken_for_dead(self) -> None:
        old, new = NotedLink(), NotedLink()
        await self.join("run 1", old)
        old.lives = False  # it is not heard, as the database is behind
        self.service._connections.hold_back(True)
        joining = waiting(self.join("run 2", new))
        self.farm_asks(self.farm.clock)
        self.assertFalse(joining.called)
        self.service._connections.hold_back(False)
        old.lives = True
        self.farm_asks(self.farm.clock)
        self.assertIsNone(await joining)

    async def test_the_same_process_takes_the_place_of_its_own_dead_connection(self) -> None:
        dead, alive = NotedLink(), NotedLink()
        await self.join("run 1", dead)
        client = await self.join("run 1", alive)
        self.assertEqual(dead.said[-1], ("refuse", "The same worker has connected anew."))
        self.service.leave(1, dead)
        assert client is not None
        self.assertTrue(client.online)
        await self.farm.job()
        self.assertEqual((kinds(alive), kinds(dead)), (["welcome", "give", "give"], ["welcome", "refuse"]))

    async def test_a_worker_that_was_started_again_is_taken_when_the_old_connection_is_gone(self) -> None:
        old, new = NotedLink(), NotedLink()
        await self.join("run 1", old)
        self.service.leave(1, old)
        client = await self.join("run 2", new)
        assert client is not None
        self.assertEqual((client.id, new.said), (1, [("welcome", 1, [])]))

    async def test_the_server_that_began_to_stop_while_a_machine_was_looked_up_does_not_welcome_it(self) -> None:
        farm = await DurableFarm(self).begun()
        go_on = farm.stall()
        link = NotedLink()
        joining = waiting(farm.service.join(self.machine, "run 1", {}, link))
        ending = waiting(farm.service.end())
        go_on()
        self.assertIsNone(await joining)
        await ending
        self.assertEqual(link.said, [("refuse", "The server is stopping; try again in a moment.")])

    async def test_who_joins_gets_what_is_ready(self) -> None:
        await self.farm.job()
        link = NotedLink()
        await self.join("run 1", link)
        self.assertEqual(kinds(link), ["welcome", "give", "give"])


class GoneAndLost(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = SmallFarm(self)
        self.client = await self.farm.client("attic")
        await self.farm.job(values={"Frames": "1-2"})

    def join(self, held: dict[int, list[int]]) -> NotedLink:
        link = NotedLink()
        waiting(self.farm.service.join(self.client.machine, "run 2", held, link))
        return link

    async def test_what_it_holds_is_given_to_others_when_it_does_not_come_back(self) -> None:
        other = await self.farm.client("cellar")
        self.farm.gone(self.client)
        self.farm.clock.advance(29)
        self.assertEqual(self.held(other), [])
        self.farm.clock.advance(1)
        self.assertEqual((self.held(other), self.client.used), ([0, 1], 0))
        self.farm.finish_all(other)
        self.assertIs(self.farm.service.farm.jobs[1].state, JobState.COMPLETED)

    async def test_it_keeps_what_it_has_when_it_comes_back_in_time(self) -> None:
        self.farm.gone(self.client)
        self.farm.clock.advance(29)
        link = self.join({1: [0], 2: [1]})
        self.farm.clock.advance(100)
        self.assertEqual((link.said, self.held(self.client)), ([("welcome", 1, [])], [0, 1]))

    async def test_what_it_has_no_more_when_it_comes_back_is_given_again_at_once(self) -> None:
        self.farm.gone(self.client)
        link = self.join({1: [0]})
        self.assertEqual((kinds(link), self.held(self.client)), (["welcome", "give"], [0, 1]))

    async def test_what_it_brings_back_too_late_it_is_told_to_drop(self) -> None:
        self.farm.gone(self.client)
        self.farm.clock.advance(30)
        self.assertEqual(self.join({1: [0], 2: [1]}).said[0], ("welcome", 1, [1, 2]))

    async def test_a_result_that_was_on_its_way_is_taken_after_it_came_back(self) -> None:
        self.farm.gone(self.client)
        self.join({1: [0], 2: [1]})
        self.farm.service.result(1, 1, 0, "completed", "", 1.0)
        self.assertEqual(self.farm.service.farm.jobs[1].steps[0].counts[TaskState.COMPLETED], 1)

    async def test_a_failed_task_goes_back_to_its_machine_as_soon_as_the_other_one_leaves(self) -> None:
        other = await self.failed_with_another_that_is_full()
        self.farm.service.leaving(other.id)
        self.assertEqual(self.held(self.client), [1, 0])

    async def test_or_as_soon_as_its_connection_is_gone(self) -> None:
        other = await self.failed_with_another_that_is_full()
        self.farm.gone(other)
        self.assertEqual(self.held(self.client), [1, 0])

    async def failed_with_another_that_is_full(self) -> RuntimeClient:
        """Task 0 has failed here and is left to another machine, which has no room for it yet."""
        other = await self.farm.client("cellar")
        await self.farm.job(values={"Frames": "1-2"}, priority=90)
        self.farm.finish(self.client, "failed", "It broke.")
        self.assertEqual((self.held(self.client), [order.job for order in other.orders.values()]), ([1], [2, 2]))
        return other

    def held(self, client: RuntimeClient) -> list[int]:
        return [task for order in client.orders.values() for task in order.awaited()]


class Ending(TestCase):
    """Refuse new work, tell the workers, write what is left, close the database: in that order."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = await DurableFarm(self).begun()
        self.client = await self.farm.client("attic")
        self.link = self.farm.links[1]
        await self.farm.job()
        self.link.said.clear()

    async def test_that_order(self) -> None:
        seen: list[str] = []
        self.farm.service.subscribe(lambda event: seen.append(event.data["state"]))
        self.link.farewell = lambda reason: seen.append("farewell")  # type: ignore[method-assign]
        go_on = self.farm.stall()
        self.farm.finish(self.client)
        ending = waiting(self.farm.service.end())
        with self.assertRaisesRegex(NotNow, r"^The server is stopping; nothing new is taken\.$"):
            await self.farm.job()
        await self.farm.turns()
        self.assertEqual((seen, ending.called), (["stopping", "farewell"], False))
        go_on()
        await ending
        self.assertEqual(rows(self.farm.path, "select hex(tasks) from orders where id = 1"), [("03",)])
        self.assertTrue(self.farm.sql.writer._database.is_closed())

    async def test_nothing_is_given_or_announced_after_it(self) -> None:
        events: list[Event] = []
        await self.farm.service.end("The disk is full")
        self.farm.service.subscribe(events.append)
        self.farm.finish(self.client)
        self.farm.service.leave(1, self.link)
        self.farm.clock.advance(100)
        self.assertEqual((self.link.said, events), ([("farewell", "The disk is full")], []))
        self.assertEqual(self.farm.clock.getDelayedCalls(), [])
        self.assertEqual(len(self.flushLoggedErrors(WriteFailed)), 1)

    async def test_every_change_is_refused(self) -> None:
        service = self.farm.service
        service.refuse_new("The disk is full")
        for change in (service.pause(1), service.cancel(1), service.set_status([self.client], Status.DISABLED)):
            with self.assertRaisesRegex(NotNow, r"^The disk is full; nothing new is taken\.$"):
                await change
        await service.end()


class ARestart(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = await DurableFarm(self).begun()
        self.client = await self.farm.client("attic")

    def done(self, farm: DurableFarm, job: int = 1) -> list[int]:
        (step, *_) = farm.service.farm.jobs[job].steps
        return [task for task in range(len(step.tasks)) if step.tasks[task] is TaskState.COMPLETED]

    async def back(self, farm: DurableFarm, held: dict[int, list[int]] | None = None) -> RuntimeClient:
        """The worker comes back with what it has."""
        link = NotedLink()
        client = await farm.service.join(self.client.machine, "run 1", held or {}, link)
        assert client is not None
        farm.links[client.id] = link
        return client

    async def test_what_was_done_stays_done_and_the_rest_is_run(self) -> None:
        await self.farm.job(TWO_STEPS)
        self.farm.finish(self.client)
        again = await self.farm.reopened()
        self.assertEqual(self.done(again), [0])
        client = await self.back(again, {2: [1]})
        ran = []
        while client.orders:
            ran.append(again.start(client).first)
            again.finish(client)
        self.assertEqual((ran, again.service.farm.jobs[1].state), ([1, 2, 0], JobState.COMPLETED))

    async def test_clients_are_there_with_their_numbers_and_what_the_admin_wants(self) -> None:
        await self.farm.client("cellar")
        await self.farm.service.set_status([self.client], Status.DISABLED)
        again = await self.farm.reopened()
        found = [
            (client.id, client.name, client.status, client.online) for client in again.service.farm.clients.values()
        ]
        self.assertEqual(found, [(1, "attic", Status.DISABLED, False), (2, "cellar", Status.ENABLED, False)])
        self.assertEqual((await self.back(again)).id, 1)

    async def test_what_was_acknowledged_survives_a_kill(self) -> None:
        await self.farm.job()
        self.farm.finish(self.client)
        await self.farm.settled()
        self.assertIn(("acknowledge", [(1, 0)]), self.farm.links[1].said)
        self.farm.stall()
        self.farm.finish(self.client)
        killed = self.farm.restarted()
        again = await killed
        self.assertEqual(self.done(again), [0])

    async def test_a_step_whose_dependencies_are_done_is_ready_without_help(self) -> None:
        await self.farm.job(TWO_STEPS)
        for _ in range(3):
            self.farm.finish(self.client)
        again = await self.farm.reopened()
        self.assertEqual([step.name for step in again.service.farm.queue], [])
        again.clock.advance(30)
        self.assertEqual([step.name for step in again.service.farm.queue], ["Video"])

    async def test_who_held_an_order_may_come_back_with_it(self) -> None:
        await self.farm.job()
        again = await self.farm.reopened()
        again.clock.advance(29)
        client = await self.back(again, {1: [0], 2: [1]})
        again.clock.advance(100)
        self.assertEqual([order.id for order in client.orders.values()], [1, 2])
        self.assertEqual(again.links[1].said, [("welcome", 1, [])])

    async def test_who_does_not_come_back_loses_it_after_a_while(self) -> None:
        await self.farm.job(values={"Frames": "1"})
        again = await self.farm.reopened()
        other = await again.client("cellar")
        again.clock.advance(30)
        self.assertEqual([order.first for order in other.orders.values()], [0])

    async def test_finished_jobs_are_shown_and_never_run_again(self) -> None:
        for _ in range(20):
            await self.farm.job(values={"Frames": "1"})
        self.farm.finish_all(self.client)
        again = await self.farm.reopened()
        await self.back(again)
        self.assertEqual({job.state for job in again.service.farm.jobs.values()}, {JobState.COMPLETED})
        self.assertEqual((list(again.service.farm.queue), again.service.farm.orders), ([], {}))
        self.assertEqual(again.links[1].said, [("welcome", 1, [])])

    async def test_what_people_ask_of_a_finished_job_is_still_answered(self) -> None:
        await self.farm.job(values={"Frames": "1"})
        order = self.farm.start(self.client)
        self.farm.service.logged(1, order.id, 0, "Fra:1\n")
        self.farm.finish_all(self.client)
        again = await self.farm.reopened()
        template, values = await again.service.submission_of(1)
        self.assertEqual((template["name"], values), ("shot_010", {"Frames": "1"}))
        self.assertEqual([view.client for view in await again.service.orders_of(1)], ["attic"])
        self.assertIn("Fra:1\n", await again.service.log_of(1))

    async def test_numbers_go_on(self) -> None:
        await self.farm.job()
        again = await self.farm.reopened()
        await self.back(again)
        job = await again.job()
        self.assertEqual((job.id, again.service.farm.last_order), (2, 4))

    async def test_numbers_of_events_begin_with_the_time_so_that_none_comes_again(self) -> None:
        self.assertEqual(DurableFarm(self).service.last_event, int(NOON * 1000))


class Announcements(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = await DurableFarm(self).begun()
        self.client = await self.farm.client("attic")
        await self.farm.settled()
        self.farm.clock.advance(1)
        await self.farm.settled()
        self.events: list[Event] = []
        self.farm.service.subscribe(self.events.append)

    async def pass_time(self) -> None:
        self.farm.clock.advance(0.1)
        await self.farm.settled()

    def jobs(self) -> list[JobView]:
        return [job for event in self.events if event.kind == "job" for job in event.data]

    async def test_a_job_is_announced_after_its_commit(self) -> None:
        go_on = self.farm.stall()
        answer = waiting(self.farm.job())
        self.farm.clock.advance(10)
        await self.farm.turns()
        self.assertEqual(self.events, [])
        go_on()
        await answer
        await self.pass_time()
        self.assertEqual([(job.id, job.state) for job in self.jobs()], [(1, "active")])

    async def test_no_announcement_is_ahead_of_the_database(self) -> None:
        await self.farm.job()
        go_on = self.farm.stall()
        self.farm.finish(self.client)
        self.farm.clock.advance(0.1)
        await self.farm.turns()
        self.assertEqual(self.events, [])
        go_on()
        await self.farm.settled()
        self.assertEqual([job.completed for job in self.jobs()], [1])

    async def test_many_results_in_a_moment_are_one_announcement(self) -> None:
        await self.farm.job()
        self.farm.finish_all(self.client)
        await self.farm.settled()
        await self.pass_time()
        self.assertEqual([(job.completed, job.state) for job in self.jobs()], [(24, "completed")])
        self.assertEqual([event.kind for event in self.events], ["client", "job"])

    async def test_they_are_numbered_without_a_gap_and_can_be_read_again(self) -> None:
        first = self.farm.service.last_event
        await self.farm.job()
        for _ in range(3):
            await self.pass_time()
            self.farm.finish(self.client)
            await self.farm.settled()
        await self.pass_time()
        numbers = [event.number for event in self.events]
        self.assertEqual(numbers, list(range(first + 1, first + 1 + len(numbers))))
        self.assertEqual(self.farm.service.events_since(first), self.events)
        self.assertEqual([job.completed for job in self.jobs()], [0, 1, 2, 3])

    async def test_progress_is_announced_without_being_written(self) -> None:
        await self.farm.job()
        await self.pass_time()
        order = self.farm.start(self.client)
        written = self.farm.sql.writer.commits
        for percent in range(100):
            self.farm.service.progressed(1, order.id, 0, float(percent), "")
        self.assertEqual(self.farm.sql.writer.pending, 0)
        self.assertEqual(self.farm.sql.writer.commits, written)
        await self.pass_time()
        (client,) = self.events[-1].data
        (running,) = client.running
        self.assertEqual(running.percent, 99.0)


class Pictures(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = SmallFarm(self)
        self.client = await self.farm.client("attic")

    async def test_the_newest_of_each_job_is_kept_and_counted(self) -> None:
        await self.farm.job()
        for task in (4, 7):
            self.farm.service.pictured(1, 1, task, jpeg(task), "Render", 24.0)
        view = job_view(self.farm.service.farm.jobs[1], self.farm.service.farm)
        self.assertEqual((view.picture, view.picture_step, view.picture_task), (2, "Render", 7))
        for task in (4, 7):
            shown, body = await self.farm.pictures.read(1, 0, task) or (None, b"")
            assert shown
            self.assertEqual((body, shown.width, shown.height, shown.rate), (jpeg(task), 16, 9, 24.0))

    async def test_what_cannot_be_one_of_a_job_is_not_kept(self) -> None:
        await self.farm.job(values={"Frames": "1-3"})
        for job, task, step in ((99, 0, ""), (1, 3, ""), (1, -1, ""), (1, 0, "../Render")):
            self.farm.service.pictured(1, job, task, jpeg(), step)
        self.assertEqual(self.farm.pictures.latest(64), [])
        self.assertEqual(self.farm.service.farm.jobs[1].picture, 0)

    async def test_what_is_no_jpeg_is_not_kept_and_told_of_once(self) -> None:
        await self.farm.job()
        with capturedLogs() as captured:
            for picture in (b"", b"\xff\xd8\xff\xd9", b"<svg onload=alert(1)>", jpeg()[:-2]):
                self.farm.service.pictured(1, 1, 0, picture)
        self.assertEqual([event["log_format"] for event in captured], ["{name} sends pictures that are no JPEG"])
        self.assertEqual(self.farm.pictures.latest(64), [])

    async def test_a_rate_that_is_none_is_not_believed(self) -> None:
        await self.farm.job()
        for task, rate in enumerate((-1.0, 1e300, float("nan"), float("inf"))):
            self.farm.service.pictured(1, 1, task, jpeg(), "", rate)
        self.assertEqual([each.rate for each in await self.farm.pictures.since(1, 0, 9)], [0.0] * 4)

    async def test_a_deleted_job_takes_its_own_along(self) -> None:
        job = await self.farm.job(values={"Frames": "1"})
        self.farm.service.pictured(1, 1, 0, jpeg())
        self.farm.finish_all(self.client)
        self.assertEqual(await self.farm.service.delete_jobs([job]), {})
        self.assertIsNone(await self.farm.pictures.read(1, 0, 0))
        self.assertEqual(self.farm.pictures.latest(64), [])


class Asking(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = SmallFarm(self)
        self.service = self.farm.service
        self.client = await self.farm.client("attic")

    async def test_a_job_that_is_not_there_is_told_in_a_sentence(self) -> None:
        for question in (
            self.service.cancel(7),
            self.service.pause(7),
            self.service.resume(7),
            self.service.orders_of(7),
            self.service.submission_of(7),
            self.service.log_of(7),
        ):
            with self.assertRaisesRegex(NotFound, r"^There is no job 7\.$"):
                await question

    async def test_a_priority_goes_from_0_to_100(self) -> None:
        for priority in (-1, 101, 2**70):
            with self.assertRaisesRegex(Refused, "^priority: A priority is a whole number from 0 to 100"):
                await self.farm.job(priority=priority)
        self.assertEqual(self.service.farm.jobs, {})
        for priority in (0, 100):
            self.assertEqual((await self.farm.job(priority=priority)).priority, priority)

    async def test_a_job_keeps_its_template_s_name_unless_it_is_given_another(self) -> None:
        self.assertEqual(((await self.farm.job()).name, (await self.farm.job(name="b")).name), ("shot_010", "b"))

    async def test_to_enable_what_is_enabled_changes_nothing(self) -> None:
        other = await self.farm.client("cellar")
        await self.service.set_status([other], Status.DISABLED)
        self.assertEqual(await self.service.set_status([self.client, other], Status.ENABLED), [other])

    async def test_a_log_can_be_asked_by_job_order_task_and_step(self) -> None:
        await self.farm.job(TWO_STEPS)
        while self.client.orders:
            order = self.farm.start(self.client)
            self.service.logged(1, order.id, order.first, f"{order.step}/{order.first}\n")
            self.farm.finish(self.client)
        whole = await self.service.log_of(1)
        self.assertEqual([line for line in whole.splitlines() if "/" in line], ["0/0", "0/1", "0/2", "1/0"])
        self.assertEqual(await self.service.log_of(1, order=2), "--- Render, task 1, try 1, on attic\n0/1\n")
        self.assertEqual(await self.service.log_of(1, step="Video"), "--- Video, task 0, try 1, on attic\n1/0\n")
        self.assertEqual(await self.service.log_of(1, task=2), "--- Render, task 2, try 1, on attic\n0/2\n")

    async def test_a_log_of_an_order_that_one_does_not_hold_is_not_kept(self) -> None:
        await self.farm.client("cellar")
        await self.farm.job()
        self.service.logged(2, 1, 0, "I know nothing of it.")
        self.service.logged(1, 99, 0, "I know nothing of it.")
        self.assertEqual(await self.service.log_of(1), "")

    async def test_a_load_is_a_part_of_the_whole(self) -> None:
        for said, load in ((-5.0, 0.0), (42.0, 42.0), (1e9, 100.0)):
            self.service.beat(1, said)
            self.assertEqual(self.client.load, load)

    async def test_nothing_is_said_while_a_commit_is_held_back(self) -> None:
        farm = SmallFarm(self, MemoryStore(held=True))
        await farm.client("attic")
        waiting(farm.job())
        self.assertEqual(farm.links[1].said, [("welcome", 1, [])])
        store = farm.store
        store.commit()
        self.assertEqual(kinds(farm.links[1]), ["welcome", "give", "give"])
