"""Clients on whose machines somebody works: what they take, what they hand back, and what is said of it."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.client import RuntimeClient
from brender.farm.machines import presence
from brender.farm.scheduling.why import why_client, why_job
from brender.farm.settings import ClientSettings, read
from brender.farm.transitions import JobState, TaskState
from tests.doubles import Rules, Stage
from tests.farm.written import Written

IDLE = {"idle_seconds": 600}
HAND_BACK = {**IDLE, "when_used": "hand-back"}


class Desk(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Rules(1000.0)

    def desk(self, **settings: Any) -> RuntimeClient:
        return self.rules.client(settings=settings or IDLE)

    def tell(self, client: RuntimeClient, here: bool, idle: float | None = 0.0) -> None:
        presence.told(self.rules.farm, client, here, idle, self.rules.now)
        self.rules.match()

    def why(self, client: RuntimeClient) -> str:
        return why_client(self.rules.farm, client, self.rules.clock)


class WhatItTakes(Desk):
    def test_it_takes_nothing_while_somebody_is_there_and_works_when_nobody_was_for_long_enough(self) -> None:
        client = self.desk()
        job = self.rules.job(Stage())
        self.tell(client, here=True)
        self.assertEqual((client.activity, client.orders), ("occupied", {}))
        self.tell(client, here=False, idle=60)
        self.rules.wait(500)
        self.assertEqual((client.activity, client.orders), ("occupied", {}))
        self.rules.wait(60)
        self.assertEqual((client.occupied, job.state), (False, JobState.ACTIVE))

    def test_one_that_nobody_has_used_for_long_works_at_once(self) -> None:
        client = self.desk()
        self.rules.job(Stage())
        self.tell(client, here=False, idle=601)
        self.assertEqual(len(client.orders), 1)

    def test_before_its_worker_has_said_anything_it_takes_nothing(self) -> None:
        client = self.desk()
        self.rules.job(Stage())
        self.rules.wait(10_000)
        self.assertEqual(client.orders, {})
        self.assertEqual(self.why(client), "render-01 may be in use; its worker has not said yet.")

    def test_one_that_cannot_tell_takes_nothing_and_says_so(self) -> None:
        client = self.desk()
        self.rules.job(Stage())
        self.tell(client, here=False, idle=None)
        self.rules.wait(10_000)
        self.assertEqual(client.orders, {})
        self.assertIn("cannot tell whether somebody uses the machine", self.why(client))

    def test_without_the_setting_people_are_no_concern(self) -> None:
        client = self.rules.client()
        self.rules.job(Stage())
        self.tell(client, here=True)
        self.assertEqual((client.occupied, len(client.orders)), (False, 1))

    def test_somebody_who_comes_back_before_the_time_is_over_begins_it_anew(self) -> None:
        client = self.desk()
        self.rules.job(Stage())
        self.tell(client, here=False, idle=60)
        self.rules.wait(400)
        self.tell(client, here=True)
        self.tell(client, here=False, idle=60)
        self.rules.wait(400)
        self.assertEqual(client.orders, {})
        self.rules.wait(200)
        self.assertEqual(len(client.orders), 1)

    def test_other_work_goes_to_clients_that_nobody_uses(self) -> None:
        client, other = self.desk(), self.rules.client()
        self.tell(client, here=True)
        self.rules.job(Stage(tasks=4))
        self.assertEqual((self.rules.run(other), client.orders), (4, {}))

    def test_the_setting_counts_from_the_moment_in_which_it_is_made(self) -> None:
        client = self.rules.client()
        self.rules.job(Stage(tasks=2))
        self.tell(client, here=True)
        running, waiting = self.rules.orders(client)
        self.rules.started(running)
        self.rules.changes()
        changing.set_client(self.rules.farm, client, read(ClientSettings, IDLE), self.rules.now)
        self.assertEqual((client.occupied, self.rules.changes().recalled), (True, [waiting]))
        changing.set_client(self.rules.farm, client, read(ClientSettings, {}), self.rules.now)
        self.assertFalse(client.occupied)


class WhenSomebodyComes(Desk):
    def busy(self, **settings: Any) -> RuntimeClient:
        """It runs one task, and another one waits."""
        client = self.desk(**settings)
        self.tell(client, here=False, idle=1000)
        self.job = self.rules.job(Stage(tasks=2))
        self.rules.match()
        self.running, self.waiting = self.rules.orders(client)
        self.rules.started(self.running)
        self.rules.changes()
        return client

    def test_what_runs_is_finished_and_what_waits_is_asked_back(self) -> None:
        client = self.busy(**IDLE)
        self.tell(client, here=True)
        changes = self.rules.changes()
        self.assertEqual((changes.recalled, changes.canceled), ([self.waiting], []))
        self.assertTrue(self.rules.ended(self.running))
        self.rules.farm.handed_back(client.id, self.waiting.id, self.waiting.awaited(), self.rules.now)
        self.rules.match()
        self.assertEqual((client.orders, self.job.state), ({}, JobState.ACTIVE))

    def test_hand_back_ends_what_runs_which_runs_elsewhere_with_no_try_counted(self) -> None:
        client = self.busy(**HAND_BACK)
        self.tell(client, here=True)
        self.assertEqual(self.rules.changes().canceled, [self.running, self.waiting])
        other = self.rules.client()
        for order in (self.running, self.waiting):
            self.rules.farm.dropped(client.id, order.id)
        self.rules.match()
        self.assertEqual((client.orders, {order.attempt for order in other.orders.values()}), ({}, {1}))
        self.rules.run(other)
        self.assertIs(self.job.state, JobState.COMPLETED)

    def test_a_task_does_not_run_elsewhere_before_its_worker_has_ended_it(self) -> None:
        client = self.busy(**HAND_BACK)
        other = self.rules.client()
        self.tell(client, here=True)
        self.assertEqual(other.orders, {})

    def test_to_be_told_twice_changes_nothing(self) -> None:
        client = self.busy(**HAND_BACK)
        self.tell(client, here=True)
        self.rules.changes()
        self.tell(client, here=True)
        self.assertEqual(self.rules.changes().canceled, [])


class OneThatIsHeld(Desk):
    def hold(self, client: RuntimeClient, held: bool = True) -> None:
        presence.told(self.rules.farm, client, False, 1000.0, self.rules.now, held)
        self.rules.match()

    def test_it_takes_nothing_whatever_its_settings_are_until_it_is_released(self) -> None:
        for settings in ({}, IDLE):
            client = self.rules.client(settings=settings)
            self.hold(client)
            job = self.rules.job(Stage())
            self.rules.wait(10_000)
            self.assertEqual((client.activity, client.orders), ("occupied", {}))
            self.hold(client, held=False)
            self.assertEqual(self.rules.run(client) + len(client.orders), 1)
            self.assertIs(job.state, JobState.COMPLETED)
            self.hold(client)

    def test_what_runs_is_finished_or_handed_back_as_when_somebody_comes(self) -> None:
        for settings, ended in ((IDLE, 0), (HAND_BACK, 1)):
            client = self.desk(**settings)
            self.hold(client, held=False)
            self.rules.job(Stage())
            self.rules.match()
            self.rules.started(self.rules.orders(client)[0])
            self.rules.changes()
            self.hold(client)
            self.assertEqual(len(self.rules.changes().canceled), ended)

    def test_why_says_so_and_how_it_ends(self) -> None:
        client = self.desk()
        self.hold(client)
        self.assertEqual(self.why(client), "render-01 is held by somebody there; brender release on it lets it work.")
        self.hold(self.desk())
        self.assertIn("2 held", why_job(self.rules.farm, self.rules.job(Stage()), self.rules.clock))


class WhenConnectionsBreak(Desk):
    def test_a_worker_that_comes_back_has_to_say_it_again(self) -> None:
        client = self.desk()
        self.tell(client, here=False, idle=1000)
        self.rules.farm.leave(client, self.rules.now)
        self.assertFalse(client.occupied)
        self.rules.farm.join(client, client.machine, {}, self.rules.now)
        self.rules.job(Stage())
        self.rules.match()
        self.assertEqual((client.occupied, client.orders), (True, {}))
        self.tell(client, here=False, idle=1000)
        self.assertEqual(len(client.orders), 1)

    def test_what_it_runs_over_a_lost_connection_it_goes_on_with_until_it_says_that_somebody_is_there(self) -> None:
        client = self.desk(**HAND_BACK)
        self.tell(client, here=False, idle=1000)
        job = self.rules.job(Stage())
        self.rules.match()
        (order,) = self.rules.orders(client)
        self.rules.farm.leave(client, self.rules.now)
        self.rules.farm.join(client, client.machine, {order.id: [0]}, self.rules.now)
        self.assertTrue(order.holds(0))
        self.tell(client, here=True)
        self.assertEqual((order.ending, job.steps[0].counts[TaskState.ACTIVE]), (True, 0))

    def test_an_alarm_of_before_the_connection_was_lost_says_nothing(self) -> None:
        client = self.desk()
        self.tell(client, here=False, idle=0)
        self.rules.farm.leave(client, self.rules.now)
        self.rules.farm.join(client, client.machine, {}, self.rules.now)
        self.tell(client, here=False, idle=0)
        self.rules.wait(598)
        self.assertTrue(client.occupied)
        self.rules.wait(10)
        self.assertFalse(client.occupied)

    def test_after_a_start_of_the_server_nothing_is_known_before_the_worker_has_spoken(self) -> None:
        written = Written(1000.0)
        client = written.client(settings=IDLE)
        presence.told(written.farm, client, False, 1000.0, written.now)
        job = written.job(Stage())
        written.match()
        self.assertEqual(len(client.orders), 1)
        written.start_anew()
        client = written.farm.clients[client.id]
        (order,) = client.orders.values()
        written.farm.join(client, client.machine, {order.id: [0]}, written.now)
        written.match()
        self.assertEqual((client.occupied, order.holds(0)), (True, True))
        presence.told(written.farm, client, False, 1000.0, written.now)
        self.assertFalse(client.occupied)
        self.assertTrue(written.ended(order))
        written.settle()
        self.assertIs(written.farm.jobs[job.id].state, JobState.COMPLETED)


class WhatIsSaid(Desk):
    def test_why_says_how_long_nobody_has_used_it_and_how_long_that_has_to_be(self) -> None:
        client = self.desk()
        job = self.rules.job(Stage())
        self.tell(client, here=True)
        there = "is in use by somebody, and works when nobody is there"
        self.assertEqual(self.why(client), f"render-01 {there}.")
        self.tell(client, here=False, idle=60)
        self.rules.wait(120)
        self.assertEqual(self.why(client), "render-01 is in use (idle for 3 of 10 minutes).")
        said = why_job(self.rules.farm, job, self.rules.clock)
        self.assertIn("render-01, the only client that can run it, is in use (idle for 3 of 10 minutes)", said)

    def test_short_times_are_told_in_seconds(self) -> None:
        client = self.desk(idle_seconds=90)
        self.tell(client, here=False, idle=30)
        self.assertIn("(idle for 31 of 90 seconds)", self.why(client))

    def test_of_several_clients_it_is_counted_how_many_are_in_use(self) -> None:
        for _ in range(3):
            self.tell(self.desk(), here=True)
        job = self.rules.job(Stage())
        self.assertIn("3 in use", why_job(self.rules.farm, job, self.rules.clock))
