"""What a client did: how busy it was, which orders it had; and how it is sent away."""

from dataclasses import replace
from typing import Any

from twisted.trial.unittest import TestCase

from brender.farm.machines.load import PLACES, TERMS, Figures
from brender.farm.people.invitation import Badge
from brender.farm.transitions import NotNow
from brender.verbs.filters import BadFilter
from brender.verbs.known import VERBS
from brender.verbs.performing import Request, Result, perform
from brender.verbs.telling import tell, told_of
from tests.fakes import FRAMES, NOON, SmallFarm

GB = 2**30
BUSY = Figures(memory_used=8 * GB, gpu_load=50.0, gpu_memory_used=2 * GB, disk_free=7 * GB)


class PastCase(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = SmallFarm(self)
        self.client = await self.farm.client("render-01", memory=32 * GB)
        self.other = await self.farm.client("attic", memory=32 * GB)

    async def ask(self, action: str, which: int | str = 1, **values: Any) -> Result:
        how: dict[str, Any] = {"id": which} if isinstance(which, int) else {"filter": which}
        return await perform(VERBS, self.farm.service, Request("client", action, values=values, **how), self.farm.now())

    async def said(self, action: str, which: int | str = 1, **values: Any) -> str:
        return tell(told_of(await self.ask(action, which, **values), self.farm.now()))

    async def plain(self, action: str, which: int | str = 1, **values: Any) -> Any:
        return (await self.ask(action, which, **values)).plain()


class Revoked(PastCase):
    async def test_who_is_shut_out_is_shown_and_found_until_it_joins_again(self) -> None:
        self.farm.gone(self.client)
        shown_now: list[tuple[str, bool]] = []
        self.farm.service.subscribe(
            lambda event: shown_now.extend((each.name, each.revoked) for each in event.data if event.kind == "client")
        )
        self.assertEqual(await self.names("revoked=yes"), [])
        await self.ask("revoke")
        self.assertEqual(await self.names("revoked=yes"), ["render-01"])
        self.assertEqual(await self.names("revoked=no"), ["attic"])
        self.assertIs((await self.plain("show"))["revoked"], True)
        await self.settled()
        self.assertIn(("render-01", True), shown_now)
        shown_now.clear()
        self.farm.service.authority = "0f" * 32
        _, token = await self.farm.service.invite("", 1, 3600.0)
        await self.farm.service.admit(token.split("-")[1], self.client.machine.key, "asked", sign)
        self.assertEqual(await self.names("revoked=yes"), [])
        await self.settled()
        self.assertEqual(shown_now, [("render-01", False)], "nobody who watches heard of it")

    async def names(self, wanted: str) -> list[str]:
        return [shown(each)["name"] for each in (await self.plain("read", wanted))["data"]]

    async def settled(self) -> None:
        """What watchers are told is gathered for a moment."""
        self.farm.clock.advance(1.0)


def sign(badge: Badge, serial: str = "", expires: float | None = None) -> tuple[str, str, float]:
    return "certificate", serial, NOON + 1e7


class Load(PastCase):
    def beat(self, load: float, figures: Figures = BUSY) -> None:
        self.farm.service.beat(1, load, figures)

    async def test_the_newest_figures_are_attributes_and_filters_ask_for_them(self) -> None:
        self.beat(40.0)
        found = await self.plain("read", "disk_free<10GB")
        self.assertEqual([client["name"] for client in map(shown, found["data"])], ["render-01"])
        view = shown(found["data"][0])
        self.assertEqual((view["memory_used"], view["gpu_load"], view["disk_free"]), (8 * GB, 50.0, 7 * GB))
        for wanted in ("gpu_load>=50", "memory_used>4GB", "gpu_memory_used=2GB"):
            self.assertEqual((await self.plain("read", wanted))["matched"], 1, wanted)

    async def test_who_has_left_is_not_busy(self) -> None:
        self.beat(40.0)
        self.farm.gone(self.client)
        view = shown(await self.plain("show"))
        self.assertEqual([view[name] for name in ("load", *Figures._fields)], [0.0, None, None, None, None])

    async def test_the_last_hour_and_the_last_day_are_lists_of_values(self) -> None:
        self.beat(40.0)
        self.farm.clock.advance(300)
        self.beat(60.0)
        hour = (await self.plain("load"))["load"]
        day = (await self.plain("load", span="day"))["load"]
        self.assertEqual((len(hour.cpu), hour.step, len(day.cpu), day.step), (PLACES, 10, TERMS, 120))
        for each in (hour, day):
            self.assertEqual([value for value in each.cpu if value is not None], [40.0, 60.0])
            self.assertEqual([value for value in each.memory if value is not None], [25.0, 25.0])
            self.assertTrue(each.since <= NOON - 3000 < NOON < each.since + len(each.cpu) * each.step)

    async def test_people_are_shown_bars(self) -> None:
        self.assertEqual(await self.said("load"), "render-01 has said nothing of its load yet.")
        self.beat(100.0, Figures())
        self.farm.clock.advance(3000)
        self.beat(0.0, Figures())
        text = await self.said("load")
        lines = text.split("\n")
        self.assertEqual(lines[1].split(), ["figure", "now", "most"])
        (row,) = lines[2:]
        self.assertEqual((row.split()[0], row.split()[2:]), ("processors", ["0", "%", "100", "%"]))
        self.assertEqual((row.count("█"), row.count("▁"), row.count("·")), (1, 1, 43))


class Timeline(PastCase):
    async def test_what_it_had_is_listed_with_what_became_of_it(self) -> None:
        await self.farm.job(FRAMES, {"Frames": "1-12"}, name="shot_010", tries=5)
        self.farm.finish(self.client)
        self.farm.finish(self.client, "failed", "There is no memory left.")
        self.farm.start(self.client)
        turns = (await self.plain("timeline"))["timeline"]
        self.assertEqual(turns, sorted(turns, key=lambda turn: -turn.order))
        done = next(turn for turn in turns if turn.state == "completed")
        self.assertEqual((done.job, done.job_name, done.step, done.completed), (1, "shot_010", "Render", done.count))
        failed = next(turn for turn in turns if turn.failed)
        self.assertEqual((failed.state, failed.reason), ("failed", "There is no memory left."))
        self.assertEqual(failed.failed_tasks, [failed.first])
        self.assertEqual([turn.state for turn in turns if turn.ended is None][-1:], ["running"])
        theirs = (await self.plain("timeline", 2))["timeline"]
        self.assertFalse({turn.order for turn in theirs} & {turn.order for turn in turns})

    async def test_a_filter_chooses_from_them(self) -> None:
        await self.farm.job(FRAMES, {"Frames": "1-6"}, name="shot_010", tries=9)
        await self.farm.job(FRAMES, {"Frames": "1-6"}, name="shot_020")
        self.farm.finish(self.client, "failed", "Broken.")
        self.farm.finish(self.client)
        for wanted in ("failed>0", "state=failed", 'reason~"broken."', "job=1 failed=1"):
            (turn,) = (await self.plain("timeline", only=wanted))["timeline"]
            self.assertEqual(turn.reason, "Broken.", wanted)
        self.assertEqual((await self.plain("timeline", only="issued<-1h"))["timeline"], [])
        self.assertEqual(len((await self.plain("timeline", limit=1))["timeline"]), 1)
        with self.assertRaisesRegex(BadFilter, "colour"):
            await self.ask("timeline", only="colour=red")

    async def test_what_failed_there_stays_when_its_task_is_run_again(self) -> None:
        await self.farm.job(FRAMES, {"Frames": "1"}, tries=1)
        holder = next(client for client in (self.client, self.other) if client.orders)
        self.farm.finish(holder, "failed", "Broken.")
        await perform(VERBS, self.farm.service, Request("job", "retry", 1), self.farm.now())
        (turn, *_) = (await self.plain("timeline", holder.id, only="failed>0"))["timeline"]
        self.assertEqual((turn.failed_tasks, turn.reason), ([0], "Broken."))

    async def test_what_was_deleted_with_its_job_is_not_there(self) -> None:
        await self.farm.job(FRAMES, {"Frames": "1-2"})
        for client in (self.client, self.other):
            self.farm.finish_all(client)
        self.assertTrue((await self.plain("timeline"))["timeline"])
        await perform(VERBS, self.farm.service, Request("job", "delete", 1), self.farm.now())
        self.assertEqual((await self.plain("timeline"))["timeline"], [])

    async def test_people_are_shown_a_table_and_the_reasons(self) -> None:
        self.assertEqual(await self.said("timeline"), "render-01 had no order lately.")
        self.assertEqual(await self.said("timeline", only="failed>0"), "render-01 had no such order lately.")
        await self.farm.job(FRAMES, {"Frames": "1-4"}, name="shot_010", tries=5)
        self.farm.clock.advance(30)
        self.farm.finish(self.client, "failed", "There is no memory left.")
        lines = (await self.said("timeline", only="failed>0")).split("\n")
        self.assertIn("1 shot_010  Render", lines[1])
        self.assertRegex(lines[1], r"failed +30 s ago +30 s$")
        self.assertEqual(lines[2:], ["Failed: There is no memory left."])


class Week(PastCase):
    async def test_hours_of_sleep_can_be_drawn(self) -> None:
        self.assertEqual(shown(await self.plain("show"))["sleep_week"], ())
        sleeps = {"sleeps": "mon-tue 22:00-06:00, sun 12:00-13:30", "zone": "Europe/Amsterdam"}
        view = shown(await self.plain("update", **sleeps))
        night = [(0, 1320, 1440), (1, 0, 360), (1, 1320, 1440), (2, 0, 360)]
        self.assertEqual((view["sleep_week"], view["sleep_zone"]), ((*night, (6, 720, 810)), "Europe/Amsterdam"))

    async def test_the_last_night_of_the_week_ends_in_the_next(self) -> None:
        view = shown(await self.plain("update", sleeps="sun 23:00-01:00"))
        self.assertEqual((view["sleep_week"], view["sleep_zone"]), (((0, 0, 60), (6, 1380, 1440)), "UTC"))


class SentAway(PastCase):
    def words(self, client: int) -> list[tuple[Any, ...]]:
        return [said for said in self.farm.links[client].said if said[0] == "send_away"]

    async def test_workers_are_told_to_start_anew_or_to_leave(self) -> None:
        self.assertTrue((await self.plain("restart"))["changed"])
        await self.plain("restart", now=True)
        await self.plain("drain", "all")
        told = [("send_away", True, False), ("send_away", True, True), ("send_away", False, False)]
        self.assertEqual(self.words(1), told)
        self.assertEqual(self.words(2), [("send_away", False, False)])

    async def test_people_are_told_what_follows(self) -> None:
        self.assertEqual(await self.said("restart"), "render-01 finishes what it runs and starts anew.")
        self.assertEqual(await self.said("drain", now=True), "render-01 leaves now.")
        untold = replace(told_of(await self.ask("drain"), self.farm.now()), given=None)
        self.assertEqual(tell(untold), "render-01 finishes what it runs and leaves.")
        self.farm.gone(self.other)
        lines = (await self.said("restart", "all")).split("\n")
        self.assertEqual(lines[0], "2 clients: render-01 finishes what it runs and starts anew.")
        self.assertEqual(lines[1:], ["attic is offline; its worker hears nothing."])

    async def test_who_cannot_be_told_is_refused_with_the_reason(self) -> None:
        self.farm.gone(self.other)
        with self.assertRaisesRegex(NotNow, "attic is offline"):
            await self.ask("restart", 2)
        self.farm.links[1].can_be_sent_away = False
        with self.assertRaisesRegex(NotNow, "render-01 runs its worker|cannot be told to leave; start it anew there"):
            await self.ask("drain", 1)


def shown(fields: Any) -> dict[str, Any]:
    return dict(fields)
