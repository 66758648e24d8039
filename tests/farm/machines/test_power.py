"""Machines that are woken for work that waits, and switched off when nobody needs them."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.changes import Changes
from brender.farm.client import RuntimeClient, Status
from brender.farm.job import Job
from brender.farm.machines import power, presence
from brender.farm.scheduling.why import why_client, why_job
from brender.farm.settings import ClientSettings, read
from tests.doubles import FAILED, Rules, Stage

CARD = ("00:1b:21:0a:0b:0c",)
WAKES = {"wake": True}
SAVES = {"off_seconds": 900, "wake": True}
SOME = Stage(tasks=3, vcpus=1)


class Farm(SynchronousTestCase):
    def setUp(self) -> None:
        self.world()

    def world(self, **settings: Any) -> None:
        self.rules = Rules(100_000.0, **settings)
        self.farm = self.rules.farm

    def sleeper(self, slots: int = 1, settings: dict[str, Any] = WAKES, **machine: Any) -> RuntimeClient:
        """A machine that was here and is off now."""
        client = self.rules.client(slots, settings=settings, **{"macs": CARD, **machine})
        self.farm.leave(client, self.rules.now)
        self.farm.lose(client, self.rules.now)
        return client

    def come(self, client: RuntimeClient) -> None:
        self.farm.join(client, client.machine, {}, self.rules.now)

    def woken(self, seconds: float = 3) -> list[str]:
        """Who is called, after so many seconds in which nothing else happens."""
        return [client.name for client in self.look(seconds).woken]

    def look(self, seconds: float = 3) -> Changes:
        end = self.rules.clock + seconds
        self.rules.match()
        power.look(self.farm, self.rules.clock)
        while (moment := self.farm.alarms.next) is not None and moment <= end:
            self.rules.wait(max(0.0, moment - self.rules.clock))
            power.look(self.farm, self.rules.clock)
        self.rules.pass_by(max(0.0, end - self.rules.clock))
        return self.rules.changes()

    def why(self, job: Job) -> str:
        return why_job(self.farm, job, self.rules.clock)


class Waking(Farm):
    def test_one_that_could_run_what_waits_is_woken(self) -> None:
        self.sleeper()
        self.assertEqual(self.woken(), [])
        self.rules.job(Stage())
        self.assertEqual(self.woken(), ["render-01"])

    def test_as_many_are_woken_as_there_are_tasks_for_their_slots(self) -> None:
        for _ in range(20):
            self.sleeper(2)
        self.rules.job(Stage(tasks=5, vcpus=1))
        self.assertEqual(self.woken(100), ["render-01", "render-02", "render-03"])

    def test_those_on_their_way_count_for_what_comes_later(self) -> None:
        for _ in range(4):
            self.sleeper(4)
        self.rules.job(Stage(tasks=2, vcpus=1))
        self.assertEqual(self.woken(), ["render-01"])
        self.rules.job(Stage(tasks=2, vcpus=1))
        self.assertEqual(self.woken(), [])
        self.rules.job(Stage(tasks=1, vcpus=1))
        self.assertEqual(self.woken(), ["render-02"])

    def test_most_tasks_and_memory_count_like_slots(self) -> None:
        for _ in range(9):
            self.sleeper(8, settings={"wake": True, "most_tasks": 2}, memory=64 * 2**30)
        self.rules.job(Stage(tasks=4, vcpus=1))
        self.assertEqual(len(self.woken()), 2)
        self.rules.job(Stage(tasks=2, vcpus=1, memory=40))
        self.assertEqual(len(self.woken()), 2)

    def test_only_one_that_is_off_enabled_has_a_card_and_may_be_woken(self) -> None:
        self.sleeper(settings={})
        self.sleeper(macs=())
        changing.set_status(self.farm, self.sleeper(), Status.DISABLED)
        self.sleeper(settings={"wake": True, "sleeps": "00:00-24:00"})
        self.sleeper(settings={"wake": True, "takes": ["lighting"]})
        self.rules.job(Stage())
        self.assertEqual(self.woken(1000), [])
        self.sleeper()
        self.assertEqual(self.woken(), ["render-06"])

    def test_when_its_sleep_ends_it_is_woken_for_what_waits_then(self) -> None:
        self.sleeper(settings={"wake": True, "sleeps": "00:00-05:00"})  # it is 03:46
        self.rules.job(Stage())
        self.assertEqual(self.woken(3600), [])
        self.assertEqual(self.woken(1000), ["render-01"])

    def test_nobody_is_woken_for_what_those_that_work_have_room_for(self) -> None:
        self.rules.client(4)
        self.sleeper()
        self.rules.job(SOME)
        self.assertEqual(self.woken(100), [])

    def test_what_waits_behind_other_work_is_waited_for_too(self) -> None:
        busy, _ = self.rules.client(), self.sleeper()
        self.rules.job(Stage(tasks=2))
        self.assertEqual(self.woken(), ["render-02"])
        self.assertEqual(len(busy.orders), 2)

    def test_nobody_is_woken_for_what_is_done_before_it_has_started(self) -> None:
        self.rules.client()
        self.sleeper()
        for seconds, called in ((5.0, []), (30.0, ["render-02"])):
            job = self.rules.job(Stage(tasks=8))
            job.steps[0].estimate.learn(seconds)
            self.assertEqual(self.woken(), called)
            changing.cancel(self.farm, job, self.rules.now)

    def test_a_machine_is_not_called_again_before_some_minutes_and_another_one_is_when_it_does_not_come(self) -> None:
        self.sleeper()
        self.rules.job(Stage())
        self.assertEqual(self.woken(), ["render-01"])
        self.assertEqual(self.woken(power.WAKE_AGAIN - 10), [])
        self.sleeper()
        self.assertEqual(self.woken(), ["render-02"])
        self.assertEqual(self.woken(power.ON_ITS_WAY - 10), [])
        self.assertEqual(self.woken(60), ["render-01"])

    def test_one_that_came_is_called_again_when_it_is_off_again(self) -> None:
        client = self.sleeper()
        self.rules.job(Stage())
        self.assertEqual(self.woken(), ["render-01"])
        self.come(client)
        self.rules.run(client)
        self.farm.leave(client, self.rules.now)
        self.rules.job(Stage())
        self.assertEqual(self.woken(), ["render-01"])

    def test_nobody_is_woken_for_a_licence_that_others_have_nor_for_tasks_that_may_not_run(self) -> None:
        self.world(limits={"arnold": {"count": 1}})
        self.rules.client()
        self.sleeper()
        self.rules.job(Stage(tasks=2), limits={"arnold": 1})
        self.rules.job(Stage(), not_before=1e9)
        changing.pause(self.farm, self.rules.job(Stage()))
        self.assertEqual(self.woken(100), [])

    def test_no_more_are_woken_than_there_are_licences_for(self) -> None:
        self.world(limits={"arnold": {"count": 4}})
        for _ in range(9):
            self.sleeper()
        self.rules.job(Stage(tasks=50), limits={"arnold": 2})
        self.assertEqual(len(self.woken(100)), 2)

    def test_what_nobody_can_run_does_not_hide_what_somebody_could(self) -> None:
        self.sleeper()
        for _ in range(power.LOOKED_AT + 1):
            self.rules.job(Stage(), pool="nobody", priority=90)
        self.rules.job(Stage())
        self.assertEqual(self.woken(), ["render-01"])

    def test_nor_one_whom_the_job_avoids(self) -> None:
        client, other = self.rules.client(settings=WAKES, macs=CARD), self.rules.client()
        job = self.rules.job(Stage(tasks=1), tries=2)
        self.rules.match()
        (order,) = self.rules.orders(client)
        self.rules.started(order)
        self.rules.ended(order, outcome=FAILED, message="It broke.")
        self.farm.leave(client, self.rules.now)
        self.assertEqual((self.woken(100), len(other.orders)), ([], 1))
        self.assertIn(job.id, self.farm.jobs)

    def test_why_says_who_was_woken_and_when(self) -> None:
        self.sleeper()
        job = self.rules.job(Stage(tasks=2))
        self.woken()
        self.rules.pass_by(9)
        self.assertRegex(self.why(job), r"the only client that can run it, has been offline .*; woke render-01 1")
        self.sleeper()
        self.woken()
        self.assertRegex(self.why(job), r"2 offline; woke render-02 and 1 other \d s ago\.$")


class SwitchingOff(Farm):
    def setUp(self) -> None:
        super().setUp()
        self.client = self.rules.client(settings=SAVES, macs=CARD)
        self.told(here=False, idle=10_000)

    def told(self, here: bool, idle: float | None) -> None:
        presence.told(self.farm, self.client, here, idle, self.rules.now)

    def asked(self, seconds: float) -> int:
        """How often its worker is told that nobody needs it, in so many seconds."""
        return self.look(seconds).unneeded.count(self.client)

    def test_when_it_had_nothing_to_do_for_long_enough_its_worker_is_told(self) -> None:
        self.assertEqual(self.asked(880), 0)
        self.assertEqual(self.asked(60), 1)

    def test_work_begins_the_time_anew(self) -> None:
        self.assertEqual(self.asked(800), 0)
        self.rules.job(Stage())
        self.rules.run(self.client)
        self.assertEqual(self.asked(800), 0)
        self.assertEqual(self.asked(110), 1)

    def test_while_it_runs_something_it_is_not(self) -> None:
        self.rules.job(Stage())
        self.assertEqual(self.asked(10_000), 0)

    def test_never_while_somebody_uses_it_or_that_cannot_be_told(self) -> None:
        for here, idle in ((True, 0.0), (False, None), (False, 100)):
            self.told(here, idle)
            self.assertEqual(self.asked(780), 0)
        self.assertEqual(self.asked(100), 1)

    def test_not_while_something_waits_that_it_may_run_when_nobody_uses_it_any_more(self) -> None:
        settings = {**SAVES, "idle_seconds": 5000}
        changing.set_client(self.farm, self.client, read(ClientSettings, settings), self.rules.now)
        self.told(here=False, idle=0)
        job = self.rules.job(Stage())
        self.assertEqual(self.asked(2000), 0)
        changing.cancel(self.farm, job, self.rules.now)
        self.assertEqual(self.asked(10), 1)

    def test_what_it_may_not_run_does_not_keep_it_on_nor_what_waits_while_it_sleeps(self) -> None:
        self.rules.job(Stage(), only=["other"])
        self.assertEqual(self.asked(1000), 1)
        settings = {**SAVES, "sleeps": "00:00-24:00"}
        changing.set_client(self.farm, self.client, read(ClientSettings, settings), self.rules.now)
        self.rules.job(Stage())
        self.assertEqual(self.asked(1000), 1)

    def test_not_one_that_is_disabled_or_has_no_such_setting(self) -> None:
        other = self.rules.client()
        presence.told(self.farm, other, False, 10_000, self.rules.now)
        changing.set_status(self.farm, self.client, Status.DISABLED)
        self.assertEqual(self.look(10_000).unneeded, [])

    def test_one_that_goes_off_takes_nothing_and_is_shown_so_and_woken_for_work(self) -> None:
        power.goes_off(self.farm, self.client)
        job = self.rules.job(Stage())
        self.rules.match()
        self.assertEqual((self.client.orders, self.client.activity), ({}, "off"))
        self.farm.leave(self.client, self.rules.now)
        self.farm.lose(self.client, self.rules.now)
        told = "is switched off to save power, and is woken for work"
        self.assertEqual(why_client(self.farm, self.client, self.rules.clock), f"render-01 {told}.")
        self.assertEqual(self.woken(), ["render-01"])
        self.assertIn(f"{told}; woke render-01", self.why(job))
        self.come(self.client)
        self.rules.match()
        self.assertEqual((len(self.client.orders), self.client.activity, self.client.power.off), (1, "idle", False))

    def test_one_whose_worker_does_not_switch_it_off_says_why_works_on_and_is_asked_again_later(self) -> None:
        self.assertEqual(self.asked(950), 1)
        power.stays(self.farm, self.client, "it has no command for that", self.rules.now)
        said = why_client(self.farm, self.client, self.rules.clock)
        self.assertTrue(said.endswith("It is not switched off: it has no command for that."), said)
        self.assertEqual(self.asked(850), 0)
        self.assertEqual(self.asked(100), 1)

    def test_one_that_is_still_on_after_it_said_that_it_goes_off_works_again(self) -> None:
        power.goes_off(self.farm, self.client)
        power.stays(self.farm, self.client, "its power_off has run, and yet it is still on", self.rules.now)
        self.rules.job(Stage())
        self.rules.match()
        self.assertEqual(len(self.client.orders), 1)

    def test_a_thousand_looks_a_second_are_one(self) -> None:
        for _ in range(9):
            self.sleeper()
        self.rules.job(Stage(tasks=50))
        for _ in range(1000):
            power.look(self.farm, self.rules.clock)
        self.assertLess(len(self.farm.alarms), 5)
