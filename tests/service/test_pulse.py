"""The pulse of a farm: when figures are counted anew, when they are announced, and to whom."""

from typing import Any

from twisted.trial.unittest import TestCase

from brender.farm.views.figures import EVERY
from brender.service.pulse import ANNOUNCED_EVERY, QUICK, RARELY, FarmPulse
from brender.verbs.following.hearing import Hearing
from tests.fakes import SmallFarm
from tests.web.fakes import Web


class Pulses(TestCase):
    def setUp(self) -> None:
        self.farm = SmallFarm(self)
        self.told: list[tuple[str, Any]] = []
        self.takes = 0.0  # seconds, to count once
        self.worked = 0.0
        self.pulse = FarmPulse(
            self.farm.service.farm, self.farm.clock, self.farm.now, lambda *event: self.told.append(event), self.work
        )
        self.addCleanup(self.pulse.stop)

    def work(self) -> float:
        self.worked += self.takes / 2
        return self.worked

    async def test_figures_are_as_things_are_now(self) -> None:
        self.assertEqual(self.pulse.figures.clients, 0)
        await self.farm.client("render-01")
        self.assertEqual(self.pulse.figures.clients, 1)

    async def test_where_they_take_long_they_are_good_for_so_much_longer(self) -> None:
        self.takes = 4 * QUICK
        self.assertEqual(self.pulse.figures.clients, 0)
        await self.farm.client("render-01")
        self.assertEqual(self.pulse.figures.clients, 0)
        self.farm.clock.advance(self.takes * RARELY)
        self.assertEqual(self.pulse.figures.clients, 1)

    async def test_they_are_announced_when_they_have_changed(self) -> None:
        self.pulse.start()
        self.assertEqual([kind for kind, _ in self.told], ["figures"])
        self.farm.clock.pump([ANNOUNCED_EVERY] * 3)
        before = len(self.told)
        self.farm.clock.pump([ANNOUNCED_EVERY] * 2)
        self.assertEqual(len(self.told), before)
        for number in range(5):
            await self.farm.client(f"render-{number}")
        self.farm.clock.advance(ANNOUNCED_EVERY)
        self.assertEqual((len(self.told), self.told[-1][1].clients), (before + 1, 5))

    async def test_a_sample_is_taken_every_ten_seconds_until_it_is_stopped(self) -> None:
        self.pulse.start()
        await self.farm.client("render-01", slots=4)
        self.farm.clock.pump([EVERY] * 3)
        self.assertEqual(self.pulse.series.slots, [4, 4, 4])
        self.pulse.stop()
        self.farm.clock.pump([EVERY] * 3)
        self.assertEqual(len(self.pulse.series.slots), 3)


class Announced(TestCase):
    async def test_only_who_asks_for_them_hears_them_and_they_are_not_kept(self) -> None:
        farm = SmallFarm(self)
        heard: dict[str, list[str]] = {"all": [], "figures": []}
        readers = {"all": Hearing((), "", lambda *_: bool), "figures": Hearing(("figures",), "", lambda *_: bool)}

        def listen(event: Any) -> None:
            for name, hearing in readers.items():
                heard[name] += [event.kind] if hearing.part(event) is not None else []

        farm.service.subscribe(listen)
        before = farm.service.last_event
        farm.service.pulse.start()
        self.addCleanup(farm.service.pulse.stop)
        self.assertEqual(heard, {"all": [], "figures": ["figures"]})
        self.assertEqual(farm.service.events_since(before), [])
        self.assertGreater(farm.service.last_event, before)

    async def test_a_page_has_them_at_once_with_the_last_hour(self) -> None:
        web = Web(self)
        await web.farm.client("render-01", slots=4)
        web.farm.service.pulse.start()
        self.addCleanup(web.farm.service.pulse.stop)
        web.farm.clock.pump([EVERY] * 2)
        found = web.get("/api/v1/farm").json
        self.assertEqual((found["online"], found["slots"], found["seconds_left"]), (1, 4, None))
        self.assertEqual((found["series"]["slots"], found["series"]["every"]), ([4, 4], EVERY))
        self.assertEqual((found["failing"], found["trouble"], found["completed_hour"]), ([], [], 0))

    async def test_they_end_with_the_farm(self) -> None:
        farm = SmallFarm(self)
        farm.service.pulse.start()
        await farm.service.end()
        self.assertFalse([call for call in farm.clock.getDelayedCalls() if call.active()])
