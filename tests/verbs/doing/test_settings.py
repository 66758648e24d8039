"""Settings of the farm are changed while it runs: over what brender.toml says, at once, and for good."""

from typing import Any

from brender.farm.changing import set_farm
from brender.farm.interfaces import NotFound
from brender.farm.settings import FarmSettings, Limit, read
from brender.farm.submission.problems import Refused
from brender.verbs.known import VERBS
from brender.verbs.performing import Request, perform
from brender.verbs.said.unfit import Unfit
from tests.db.databases import execute
from tests.durable import DurableFarm
from tests.fakes import NOON, SmallFarm
from tests.verbs.test_performing import PerformCase

FILE = {"strikes": 5, "shares": {"film": 60, "spot": 10}, "limits": {"arnold": {"count": 3}}}


def read_from_file(farm: SmallFarm, **settings: Any) -> None:
    """The server was started with these in brender.toml."""
    farm.service.farm.written = read(FarmSettings, settings)
    set_farm(farm.service.farm, farm.service.farm.written)


class SettingCase(PerformCase):
    def setUp(self) -> None:
        super().setUp()
        read_from_file(self.farm, **FILE)

    @property
    def counting(self) -> FarmSettings:
        return self.farm.service.farm.settings

    async def setting(self, name: str) -> dict[str, Any]:
        shown: dict[str, Any] = await self.plain("setting", "show", id=name)
        return shown

    async def give(self, name: str, value: Any) -> dict[str, Any]:
        changed: dict[str, Any] = await self.plain("setting", "update", id=name, values={"value": value})
        return changed


class Settings(SettingCase):
    async def test_each_says_what_it_is_where_it_is_from_and_what_it_means(self) -> None:
        self.assertEqual(await self.names(None, "setting"), sorted(FarmSettings.__struct_fields__))
        self.assertEqual(
            await self.setting("strikes"),
            {"name": "strikes", "value": 5, "file": 5, "source": "brender.toml", "since": None, "unit": "",
             "meaning": "failures in a row, after which a job avoids a client"},
        )  # fmt: skip
        self.assertEqual((await self.setting("avoid_for"))["unit"], "seconds")
        for each in (await self.plain("setting", "read"))["data"]:
            self.assertTrue(each["meaning"], each)

    async def test_whose_scripts_run_is_one_of_a_few_words(self) -> None:
        await self.give("scene_scripts", "admins")
        self.assertEqual(self.counting.scene_scripts, "admins")
        with self.assertRaisesRegex(Refused, "there are everybody, wranglers, admins and nobody"):
            await self.give("scene_scripts", "artists")

    async def test_a_change_counts_at_once_and_is_told(self) -> None:
        changed = await self.give("strikes", 2)
        self.assertEqual((changed["changed"], changed["value"], changed["file"]), (True, 2, 5))
        self.assertEqual((changed["source"], changed["since"]), ("runtime", NOON))
        self.assertEqual(self.counting.strikes, 2)
        self.assertEqual(await self.names("source=runtime", "setting"), ["strikes"])
        self.assertFalse((await self.give("strikes", 2))["changed"])

    async def test_it_can_be_taken_back(self) -> None:
        await self.give("strikes", 2)
        await self.give("zone", "Asia/Tokyo")
        told = await self.plain("setting", "delete", filter="strikes,affinity")
        self.assertEqual((told["matched"], told["changed"], self.counting.strikes), (2, 1, 5))
        self.assertEqual((await self.setting("strikes"))["source"], "brender.toml")
        self.assertEqual(self.counting.zone, "Asia/Tokyo")

    async def test_a_person_writes_values_as_texts(self) -> None:
        for name, text, value in (
            ("strikes", "7", 7),
            ("depth_first", "no", False),
            ("affinity", "2.5", 2.5),
            ("without_rules", "disk full, GPU error", ("disk full", "GPU error")),
            ("weights", '{"mara": 2}', {"mara": 2.0}),
            ("zone", "Europe/Amsterdam", "Europe/Amsterdam"),
        ):
            await self.give(name, text)
            self.assertEqual(getattr(self.counting, name), value)

    async def test_of_a_table_what_nobody_changed_follows_the_file(self) -> None:
        await self.give("shares", {"film": 60, "spot": 25, "series": 5})
        self.assertEqual(self.counting.shares, {"film": 60, "spot": 25, "series": 5})
        self.assertEqual(set(self.farm.service.farm.overrides), {"shares/spot", "shares/series"})
        await self.give("shares", {"film": 60})
        self.assertEqual(self.counting.shares, {"film": 60})
        await self.plain("setting", "delete", id="shares")
        self.assertEqual(self.counting.shares, {"film": 60, "spot": 10})

    async def test_a_limit_of_the_file_that_was_deleted_comes_back_with_the_setting(self) -> None:
        await self.plain("limit", "delete", id="arnold")
        self.assertEqual((self.counting.limits, (await self.setting("limits"))["source"]), ({}, "runtime"))
        await self.plain("setting", "delete", id="limits")
        self.assertEqual(self.counting.limits, {"arnold": Limit(3)})

    async def test_what_cannot_be_is_refused_and_nothing_changed(self) -> None:
        before = self.counting
        for name, value, sentence in (
            ("strikes", 0, "at least 1"),
            ("strikes", "many", 'strikes: "many" is not a whole number.'),
            ("depth_first", "perhaps", "is neither yes nor no"),
            ("zone", "Nowhere", "Nowhere"),
            ("shares", {"film": -1}, "more than 0"),
            ("shares", '{"film"', "is not JSON"),
            ("shares", 3, "Write a table: a name and a value for each."),
            ("rules", [{"name": "x", "pattern": "(", "then": "fail"}], "cannot be read"),
            ("without_rules", ["disk fill"], 'There is no rule "disk fill"'),
            ("limits", {"arnold": {"count": 0}}, "at least 1"),
        ):
            wrong = await self.refusing(Refused, "setting", "update", id=name, values={"value": value})
            self.assertIn(sentence, str(wrong))
        self.assertIs(self.counting, before)
        self.assertEqual(self.farm.service.farm.overrides, {})

    async def test_there_is_no_other_setting_and_none_is_made(self) -> None:
        wrong: Exception = await self.refusing(NotFound, "setting", "show", id="strike")
        self.assertEqual(str(wrong), 'There is no setting "strike"; did you mean strikes?')
        wrong = await self.refusing(Unfit, "setting", "create", values={"value": 3})
        self.assertIn("The settings of a farm are there; update gives one another value.", str(wrong))


class WhatFollows(SettingCase):
    """The rules go by the new value from the next decision on."""

    async def test_shares_and_weights_decide_who_is_next(self) -> None:
        client = await self.farm.client("attic")
        first = await self.farm.job(project="spot", owner="ada")
        second = await self.farm.job(project="film", owner="mara")
        await self.give("weights", {"mara": 50})
        await self.give("shares", {"film": 1, "spot": 1_000})
        for _ in range(8):
            self.farm.finish(client)
        done = [job.steps[0].counts[3] for job in (first, second)]
        self.assertGreater(done[0], done[1])

    async def test_a_job_avoids_a_client_after_as_many_failures_as_it_says_now(self) -> None:
        await self.give("strikes", 1)
        client, _ = await self.farm.client("attic"), await self.farm.client("cellar")
        job = await self.farm.job()
        self.farm.finish(client, "failed", "It broke.")
        self.assertEqual(list(job.standing.avoided), [client.id])

    async def test_hours_without_a_zone_are_those_of_the_new_one(self) -> None:
        job = await self.farm.job(hours="00:00-06:00")  # it is 22:13 UTC
        self.assertIn("it may run only in its hours", job.gate)
        await self.give("zone", "Asia/Tokyo")
        self.farm.clock.advance(0)
        self.assertIn("Asia/Tokyo", job.gate)
        await self.give("zone", "Europe/Moscow")  # 01:13
        self.farm.clock.advance(0)
        self.assertEqual(job.gate, "")

    async def test_the_order_of_work_is_made_anew_only_by_what_it_goes_by(self) -> None:
        await self.farm.client("attic")
        await self.farm.job()
        farm = self.farm.service.farm
        for name, value, anew in (("strikes", 7, False), ("affinity", 0, False), ("depth_first", False, True)):
            queue = farm.queue
            await self.give(name, value)
            self.assertEqual(farm.queue is not queue, anew, name)
            self.assertIs(farm.queue.settings, farm.settings)
            self.assertEqual(len(farm.queue), 1)


class AfterAStart(SettingCase):
    async def ask(self, farm: SmallFarm, action: str, **how: Any) -> Any:
        return (await perform(VERBS, farm.service, Request("setting", action, **how), NOON)).plain()

    async def changed(self) -> DurableFarm:
        farm = await DurableFarm(self).begun()
        await self.ask(farm, "update", id="strikes", values={"value": 2})
        await self.ask(farm, "update", id="shares", values={"value": {"film": 7}})
        await self.ask(farm, "update", id="affinity", values={"value": 1})
        await self.ask(farm, "delete", id="affinity")
        return farm

    async def test_what_was_changed_is_so_again_over_what_the_file_says_then(self) -> None:
        farm = await self.changed()
        await farm.service.end()
        farm.sql.writer.join()
        farm = DurableFarm(self, farm.path)
        read_from_file(farm, strikes=9, affinity=4, shares={"spot": 1})
        await farm.begun()
        settings = farm.service.farm.settings
        self.assertEqual((settings.strikes, settings.affinity), (2, 4))
        self.assertEqual(settings.shares, {"film": 7, "spot": 1})
        shown = await self.ask(farm, "show", id="strikes")
        self.assertEqual((shown["value"], shown["file"], shown["source"]), (2, 9, "runtime"))

    async def test_so_it_is_after_a_kill(self) -> None:
        farm = await (await self.changed()).restarted()
        self.assertEqual(farm.service.farm.settings.strikes, 2)

    async def test_what_cannot_be_any_more_is_left_out(self) -> None:
        farm = await self.changed()
        await farm.service.end()
        farm.sql.writer.join()
        execute(
            farm.path,
            "update farm_settings set value = '0' where name = 'strikes'",
            "insert into farm_settings values ('no_longer', '1', 0.0)",
        )
        farm = await DurableFarm(self, farm.path).begun()
        settings = farm.service.farm.settings
        self.assertEqual((settings.strikes, settings.shares), (3, {"film": 7}))
