"""When something may run: after other jobs, not before a time, in its hours, while a client does not sleep."""

from datetime import datetime

from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.client import Machine
from brender.farm.job import Job
from brender.farm.order import Order
from brender.farm.scheduling.windows import zone_of
from brender.farm.settings import ClientSettings, FarmSettings, read
from brender.farm.transitions import JobState
from tests.doubles import CANCELED, FAILED, Rules, Stage
from tests.farm.written import HOUR, Written, framed


def at(text: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone_of(zone)).timestamp()


NOON = at("2027-01-04 12:00")  # a Monday


class AfterAnotherJob(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Written()
        self.client = self.rules.client()

    def pair(self, when: str, **settings: object) -> tuple[Job, Job]:
        first = self.rules.job(Stage(tasks=2), tries=1, **settings)
        second = self.rules.job(Stage(), priority=90, after=[{"job": first.id, "when": when}])
        self.rules.settle()
        return first, second

    def test_after_it_has_started(self) -> None:
        _, second = self.pair("started")
        self.assertFalse(second.runs)
        self.rules.match()
        self.assertTrue(second.runs)

    def test_after_it_is_completed(self) -> None:
        first, second = self.pair("completed")
        self.rules.match()
        self.rules.ended(self.rules.orders(self.client)[0])
        self.assertFalse(second.runs)
        self.rules.run(self.client)
        self.assertEqual((first.state, second.state), (JobState.COMPLETED, JobState.COMPLETED))

    def test_one_that_has_failed_or_was_canceled_is_not_completed_but_has_ended(self) -> None:
        for when, runs in (("completed", False), ("ended", True)):
            first, second = self.pair(when)
            self.rules.match()
            for order in self.rules.orders(self.client):
                self.rules.ended(order, outcome=FAILED, message="It broke.")
            self.assertEqual((first.state, second.runs), (JobState.FAILED, runs))
            third, fourth = self.pair(when)
            self.rules.cancel(third)
            self.assertEqual(fourth.runs, runs)
            for left in (second, fourth):
                self.rules.cancel(left)
            self.rules.drop()

    def test_a_chain_runs_link_by_link(self) -> None:
        jobs = [self.rules.job(Stage())]
        for _ in range(4):
            jobs.append(self.rules.job(Stage(), priority=90, after=[{"job": jobs[-1].id}]))
        for number, job in enumerate(jobs):
            self.assertEqual([other.runs for other in jobs[number:]], [True, *[False] * (len(jobs) - number - 1)])
            self.assertEqual([order.job for order in self.next_orders()], [job.id])
            self.rules.ended(self.rules.orders(self.client)[0])

    def next_orders(self) -> list[Order]:
        self.rules.match()
        return list(self.rules.orders(self.client))

    def test_after_two_jobs_both_count(self) -> None:
        first, second = self.rules.job(Stage()), self.rules.job(Stage())
        third = self.rules.job(Stage(), priority=90, after=[{"job": first.id}, {"job": second.id}])
        self.rules.match()
        self.rules.ended(self.rules.orders(self.client)[0])
        self.assertFalse(third.runs)
        self.rules.run(self.client)
        self.assertIs(third.state, JobState.COMPLETED)

    def test_one_that_is_completed_already_holds_nothing_up(self) -> None:
        first = self.rules.job(Stage())
        self.rules.run(self.client)
        self.assertEqual(first.steps, [])
        for when in ("completed", "ended", "started"):
            self.assertTrue(self.rules.job(Stage(), after=[{"job": first.id, "when": when}]).runs)

    def test_what_runs_again_holds_up_those_that_come_after_it(self) -> None:
        first, second = self.pair("completed")
        self.rules.match()
        changing.pause(self.rules.farm, second)
        self.rules.run(self.client)
        changing.resume(self.rules.farm, second)
        self.rules.again(first, {0: [1]})
        self.assertFalse(second.runs)
        self.assertEqual([order.job for order in self.next_orders()], [first.id])
        self.rules.run(self.client)
        self.assertIs(second.state, JobState.COMPLETED)

    def test_a_failed_one_that_is_completed_at_last_lets_them_go(self) -> None:
        first, second = self.pair("completed")
        self.rules.match()
        for order in self.rules.orders(self.client):
            self.rules.ended(order, outcome=FAILED)
        self.rules.again(first, {0: [0, 1]})
        self.rules.run(self.client)
        self.assertEqual((first.state, second.state), (JobState.COMPLETED, JobState.COMPLETED))

    def test_the_server_may_be_started_anew_in_between(self) -> None:
        first, second = self.pair("completed")
        self.rules.match()
        self.rules.start_anew()
        client = self.rules.farm.clients[1]
        self.assertFalse(self.rules.farm.jobs[second.id].runs)
        self.rules.run(client)
        self.assertIs(self.rules.farm.jobs[second.id].state, JobState.COMPLETED)
        self.assertIs(self.rules.farm.jobs[first.id].state, JobState.COMPLETED)

    def test_a_chain_waits_after_a_start_as_before(self) -> None:
        self.pair("completed")
        self.rules.start_anew()
        self.rules.run(self.rules.farm.clients[1])
        self.rules.start_anew()
        self.rules.match()
        self.assertEqual(self.rules.changes().issued, [])


class NotBeforeATime(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Written(NOON)
        self.client = self.rules.client()

    def test_it_begins_when_its_time_has_come_without_anybody_asking(self) -> None:
        job = self.rules.job(Stage(), not_before=NOON + HOUR)
        self.rules.wait(HOUR - 60)
        self.assertIs(job.state, JobState.QUEUED)
        self.rules.wait(120)
        self.assertIs(job.state, JobState.ACTIVE)

    def test_a_time_that_has_gone_by_holds_nothing_up(self) -> None:
        job = self.rules.job(Stage(), not_before=NOON - HOUR)
        self.assertTrue(job.runs)

    def test_another_time_counts_at_once_and_the_first_no_more(self) -> None:
        job = self.rules.job(Stage(), not_before=NOON + HOUR)
        self.rules.set(job, not_before=NOON + 3 * HOUR)
        self.rules.wait(2 * HOUR)
        self.assertIs(job.state, JobState.QUEUED)
        self.rules.set(job, not_before=None)
        self.rules.match()
        self.assertIs(job.state, JobState.ACTIVE)

    def test_it_is_kept_over_a_start(self) -> None:
        self.rules.job(Stage(), not_before=NOON + HOUR)
        self.rules.start_anew()
        self.rules.wait(60)
        self.assertIs(self.rules.farm.jobs[1].state, JobState.QUEUED)
        self.rules.wait(HOUR)
        self.assertIs(self.rules.farm.jobs[1].state, JobState.ACTIVE)

    def test_one_that_was_canceled_and_is_asked_for_again_begins_when_its_time_has_come(self) -> None:
        job = self.rules.job(Stage(), not_before=NOON + HOUR)
        self.rules.cancel(job)
        self.rules.wait(2 * HOUR)
        self.rules.again(job, {0: [0]})
        self.rules.match()
        self.assertIs(job.state, JobState.ACTIVE)

    def test_faces_are_told_when_it_need_not_wait_any_more(self) -> None:
        job = self.rules.job(Stage(), not_before=NOON + HOUR)
        self.rules.settle()
        self.rules.pass_by(2 * HOUR)
        self.assertIn(job.id, self.rules.changes().jobs)


class ADailyWindow(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Written(NOON)
        self.client = self.rules.client()

    def test_a_job_runs_in_its_hours_only_and_what_has_begun_is_done(self) -> None:
        job = self.rules.job(Stage(tasks=4), hours="22:00-06:00")
        self.rules.wait(9 * HOUR)
        self.assertEqual(self.rules.orders(self.client), [])
        self.rules.wait(2 * HOUR)
        running, waiting = self.rules.orders(self.client)
        self.rules.started(running)
        self.rules.pass_by(8 * HOUR)  # 07:00
        self.assertFalse(job.runs)
        self.assertTrue(self.rules.ended(running))
        self.assertTrue(waiting.recalled)

    def test_the_hours_are_those_of_its_zone_or_else_of_the_farm(self) -> None:
        noon_there = {"Asia/Tokyo": True, "UTC": False, "": True}  # 12:00 is 21:00 in Tokyo
        rules = Rules(NOON, zone="Asia/Tokyo")
        for zone, runs in noon_there.items():
            self.assertEqual(rules.job(Stage(), hours="20:00-23:00", zone=zone).runs, runs)

    def test_a_farm_that_gets_another_zone_looks_at_all_hours_again(self) -> None:
        job = self.rules.job(Stage(), hours="20:00-23:00")
        sleeper = self.rules.client(settings={"sleeps": "20:00-23:00"})
        changing.set_farm(self.rules.farm, read(FarmSettings, {"zone": "Asia/Tokyo"}))
        self.rules.pass_by(1)
        self.assertEqual((job.runs, sleeper.asleep), (True, True))

    def test_one_that_ended_in_its_hours_and_is_asked_for_again_outside_of_them_waits(self) -> None:
        job = self.rules.job(Stage(), hours="12:00-13:00")
        self.rules.run(self.client)
        self.rules.wait(2 * HOUR)
        self.rules.again(job, {0: [0]})
        self.rules.match()
        self.assertEqual((job.runs, self.rules.orders(self.client)), (False, []))
        self.rules.wait(22.5 * HOUR)
        self.assertIs(job.state, JobState.ACTIVE)

    def test_frames_that_are_added_to_one_that_has_ended_wait_for_its_hours_too(self) -> None:
        job = self.rules.submit(framed("1-2"), hours="12:00-13:00")
        self.rules.run(self.client)
        self.rules.wait(2 * HOUR)
        self.rules.add(job, "3")
        self.assertFalse(job.runs)


class ASleepingClient(SynchronousTestCase):
    def test_it_is_given_nothing_and_wakes_by_itself(self) -> None:
        rules = Rules(NOON)
        client = rules.client(settings={"sleeps": "08:00-18:00"})
        job = rules.job(Stage(tasks=2))
        rules.match()
        self.assertEqual((client.activity, client.orders), ("asleep", {}))
        rules.wait(5 * HOUR)
        self.assertEqual(client.orders, {})
        rules.wait(2 * HOUR)
        self.assertEqual((client.asleep, job.state), (False, JobState.ACTIVE))

    def test_when_it_falls_asleep_what_runs_is_done_and_what_waits_is_asked_back(self) -> None:
        rules = Rules(at("2027-01-04 07:00"))
        client = rules.client(settings={"sleeps": "08:00-18:00"})
        rules.job(Stage(tasks=3))
        rules.match()
        running, waiting = rules.orders(client)
        rules.started(running)
        rules.changes()
        rules.pass_by(2 * HOUR)
        self.assertEqual([order.id for order in rules.changes().recalled], [waiting.id])
        self.assertTrue(rules.ended(running))
        rules.farm.handed_back(client.id, waiting.id, waiting.awaited(), rules.now)
        rules.match()
        self.assertEqual(client.orders, {})

    def test_the_clock_is_its_own_then_its_machines_then_the_farms(self) -> None:
        rules = Rules(NOON, zone="Europe/Amsterdam")  # 12:00; 13:00 in Amsterdam, 07:00 in New York, 21:00 in Tokyo
        cases = [
            ("Asia/Tokyo", "America/New_York", "21:00-22:00"),
            ("", "America/New_York", "07:00-08:00"),
            ("", "", "13:00-14:00"),
        ]
        for own, machine, sleeps in cases:
            self.assertTrue(rules.client(settings={"sleeps": sleeps, "zone": own}, zone=machine).asleep)

    def test_a_machine_whose_zone_nobody_knows_goes_by_the_farms(self) -> None:
        rules = Rules(NOON)
        client = rules.client(settings={"sleeps": "08:00-18:00"}, zone="W. Europe Standard Time")
        self.assertTrue(client.asleep)

    def test_daylight_saving_is_that_of_its_zone(self) -> None:
        for day, hour in (("2027-03-27", "07:00"), ("2027-03-29", "06:00")):  # 08:00 in Amsterdam
            rules = Rules(at(f"{day} {hour}") - 60)
            client = rules.client(settings={"sleeps": "08:00-18:00", "zone": "Europe/Amsterdam"})
            self.assertFalse(client.asleep)
            rules.pass_by(120)
            self.assertTrue(client.asleep)

    def test_other_hours_count_at_once_and_the_first_no_more(self) -> None:
        rules = Rules(NOON)
        client = rules.client(settings={"sleeps": "08:00-18:00"})
        changing.set_client(rules.farm, client, ClientSettings(sleeps="18:00-20:00"), rules.now)
        self.assertFalse(client.asleep)
        rules.pass_by(7 * HOUR)
        self.assertTrue(client.asleep)
        changing.set_client(rules.farm, client, ClientSettings(), rules.now)
        self.assertFalse(client.asleep)
        rules.pass_by(24 * HOUR)
        self.assertFalse(client.asleep)

    def test_one_that_comes_back_after_its_hours_is_awake(self) -> None:
        rules = Rules(NOON)
        client = rules.client(settings={"sleeps": "08:00-18:00"})
        rules.farm.leave(client, rules.now)
        rules.pass_by(7 * HOUR)
        rules.farm.join(client, client.machine, {}, rules.now)
        self.assertFalse(client.asleep)
        rules.pass_by(14 * HOUR)
        self.assertTrue(client.asleep)

    def test_one_that_comes_and_goes_all_day_is_looked_at_once_when_its_hours_change(self) -> None:
        rules = Rules(NOON)
        client = rules.client(settings={"sleeps": "08:00-18:00"})
        for _ in range(50):
            rules.farm.leave(client, rules.now)
            rules.farm.join(client, Machine(client.machine.key, client.name, 1), {}, rules.now)
        rules.pass_by(48 * HOUR)
        due = sum(moment <= rules.clock + 48 * HOUR for moment, _, _ in rules.farm.alarms._alarms)
        self.assertLess(due, 5)


class TimeForAStep(SynchronousTestCase):
    def setUp(self) -> None:
        self.rules = Written(NOON)
        self.client = self.rules.client()

    def test_a_step_that_takes_too_long_fails_its_job_with_a_sentence(self) -> None:
        job = self.rules.job(Stage("Render", 2), step_seconds=600)
        self.rules.match()
        self.rules.pass_by(500)
        self.assertFalse(job.finished)
        self.rules.pass_by(200)
        self.assertIs(job.state, JobState.FAILED)
        self.assertEqual(job.reason, 'Step "Render" was not done within its 600 seconds.')

    def test_the_time_counts_from_the_first_order_and_for_each_step(self) -> None:
        job = self.rules.job(Stage("A"), Stage("B", after=("A",)), step_seconds=600)
        self.rules.pass_by(1000)
        self.rules.match()
        self.rules.pass_by(500)
        self.rules.ended(self.rules.orders(self.client)[0])
        self.rules.match()
        self.rules.pass_by(500)
        self.rules.ended(self.rules.orders(self.client)[0])
        self.assertIs(job.state, JobState.COMPLETED)

    def test_a_step_that_is_done_in_time_is_left_alone(self) -> None:
        job = self.rules.job(Stage(), step_seconds=600)
        self.rules.run(self.client)
        self.rules.pass_by(1000)
        self.assertIs(job.state, JobState.COMPLETED)

    def test_more_time_that_is_given_while_it_runs_counts(self) -> None:
        job = self.rules.job(Stage(), step_seconds=600)
        self.rules.match()
        self.rules.set(job, step_seconds=3600)
        self.rules.pass_by(1000)
        self.assertFalse(job.finished)
        self.rules.pass_by(3000)
        self.assertEqual((job.state, job.reason), (JobState.FAILED, 'Step "A" was not done within its 3,600 seconds.'))

    def test_a_limit_that_is_taken_away_while_it_runs_counts_no_more(self) -> None:
        job = self.rules.job(Stage(), step_seconds=600)
        self.rules.match()
        self.rules.set(job, step_seconds=None)
        self.rules.pass_by(1000)
        self.assertFalse(job.finished)

    def test_a_limit_that_is_set_while_it_runs_counts_from_its_begin(self) -> None:
        job = self.rules.job(Stage())
        self.rules.match()
        self.rules.pass_by(500)
        self.rules.set(job, step_seconds=600)
        self.rules.pass_by(90)
        self.assertFalse(job.finished)
        self.rules.pass_by(30)
        self.assertIs(job.state, JobState.FAILED)

    def test_the_reason_is_the_limit_when_the_limit_ended_it(self) -> None:
        job = self.rules.job(Stage(tasks=2), step_seconds=600, tries=1)
        self.rules.match()
        self.rules.ended(self.rules.orders(self.client)[0], outcome=FAILED, message="Frame 1 broke.")
        self.rules.pass_by(700)
        self.assertIn("within its 600 seconds", job.reason)

    def test_it_counts_on_over_a_start_of_the_server(self) -> None:
        self.rules.job(Stage(), step_seconds=600)
        self.rules.match()
        self.rules.pass_by(400)
        self.rules.start_anew()
        self.rules.pass_by(100)
        self.assertFalse(self.rules.farm.jobs[1].finished)
        self.rules.pass_by(200)
        self.assertIs(self.rules.farm.jobs[1].state, JobState.FAILED)

    def test_a_job_that_is_opened_again_has_its_time_anew_even_after_a_start(self) -> None:
        job = self.rules.job(Stage(tasks=2), step_seconds=600)
        self.rules.run(self.client)
        self.rules.pass_by(5000)
        self.rules.again(job, {0: [0]})
        self.rules.start_anew()
        self.rules.pass_by(60)
        self.assertFalse(self.rules.farm.jobs[1].finished)
        self.assertEqual(self.rules.run(self.rules.farm.clients[1]), 1)
        self.assertIs(self.rules.farm.jobs[1].state, JobState.COMPLETED)

    def test_a_task_that_was_needed_elsewhere_is_no_reason_to_count_anew(self) -> None:
        job = self.rules.job(Stage(), step_seconds=600)
        self.rules.match()
        self.rules.pass_by(400)
        self.rules.ended(self.rules.orders(self.client)[0], outcome=CANCELED)
        self.rules.match()
        self.rules.pass_by(300)
        self.assertIs(job.state, JobState.FAILED)
