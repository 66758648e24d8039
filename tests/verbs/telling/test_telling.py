"""What people are told is the same whether the farm is here or only its JSON came; lists of anything fit a line."""

from typing import Any

import msgspec
from twisted.trial.unittest import TestCase

from brender.farm.scheduling.windows import zone_of
from brender.verbs.known import VERBS
from brender.verbs.performing import Request, Result, perform
from brender.verbs.tables import WIDTH
from brender.verbs.telling import Told, rows_of_json, tell, told_of
from tests.fakes import FRAMES, SmallFarm

SAID: tuple[Request, ...] = (
    Request("client", "read"),
    Request("client", "read", filter="nobody"),
    Request("client", "show", 1),
    Request("client", "disable", filter="all"),
    Request("client", "update", filter="all", values={"pools": ["gpu"], "keep_memory": 4 << 30}),
    Request("client", "why", filter="all"),
    Request("client", "load", 1),
    Request("client", "timeline", 1),
    Request("client", "restart", filter="all"),
    Request("client", "drain", 2, values={"now": True}),
    Request("job", "read"),
    Request("job", "read", values={"fields": "id,name,submitted,progress"}),
    Request("job", "show", 1),
    Request("job", "why", filter="all"),
    Request("job", "log", 1),
    Request("job", "failures", 1),
    Request("job", "excerpt", 1, values={"order": 1, "error": True}),
    Request("job", "update", 1, values={"priority": 80, "limits": {}}),
    Request("job", "update", filter="all", values={"tries": 2}),
    Request("job", "pause", filter="all"),
    Request("job", "pause", 1),
    Request("job", "resume", filter="1-2"),
    Request("job", "forgive", 1),
    Request("job", "approve", filter="all"),
    Request("job", "cancel", filter="all"),
    Request("job", "cancel", filter="all"),
    Request("job", "pause", filter="all"),
    Request("job", "retry", filter="all"),
    Request("job", "requeue", 1, values={"frames": "1-3"}),
    Request("job", "add", 1, values={"values": {"Frames": "100-110"}}),
    Request("job", "create", values={"template": FRAMES}),
    Request("step", "read", job=1),
    Request("order", "read", job=1),
)


class TellingCase(TestCase):
    async def small_farm(self) -> SmallFarm:
        farm = SmallFarm(self)
        clients = [await farm.client(name, memory=32 << 30) for name in ("render-01", "attic")]
        for _ in range(3):
            await farm.job(owner="ada")
        order = farm.start(clients[0])
        farm.service.logged(1, order.id, 0, "frame 1 begins\n")
        farm.finish(clients[0])
        farm.start(clients[0])
        return farm

    async def ask(self, farm: SmallFarm, request: Request) -> Result:
        return await perform(VERBS, farm.service, request, farm.now())


class FromRowsAlone(TellingCase):
    async def test_the_words_are_the_same_from_the_farm_and_from_its_json(self) -> None:
        farm = await self.small_farm()
        farm.service.beat(1, 50.0)
        for request in SAID:
            result = await self.ask(farm, request)
            here = tell(told_of(result, farm.now(), str(request.filter or "")))
            answer: Any = msgspec.json.decode(msgspec.json.encode(result.plain()))
            rows = rows_of_json(result.verb, answer)
            also = {name: value for name, value in answer.items() if name != "data"} if "data" in answer else {}
            zone = zone_of(farm.service.farm.settings.zone)
            there = tell(Told(result.verb, rows, result.given, farm.now(), zone, also, str(request.filter or "")))
            self.assertEqual(there, here, request)
            self.assertTrue(here, request)

    async def test_of_many_jobs_what_was_changed_and_what_was_refused_is_told(self) -> None:
        farm = await self.small_farm()
        await farm.service.cancel(2)
        result = await self.ask(farm, Request("job", "pause", filter="all"))
        lines = tell(told_of(result, farm.now(), "all")).split("\n")
        self.assertEqual(lines, ["3 jobs: 3 and 1 are now paused.", "Job 2 is canceled and cannot be paused."])


class AnyItem(TellingCase):
    async def test_a_list_of_any_item_has_a_table_that_fits(self) -> None:
        farm = await self.small_farm()
        await self.ask(farm, Request("client", "update", filter="all", values={"pools": ["gpu"], "tags": ["rtx"]}))
        await self.ask(farm, Request("limit", "create", values={"name": "arnold", "count": 4}))
        none = ("view", "user", "token", "invitation")  # there are none on this farm
        read = [verb for verb in VERBS.values() if verb.name == "read" and verb.item.name not in none]
        self.assertGreater(len(read), 6)
        for verb in read:
            result = await self.ask(farm, Request(verb.item.name, "read", job=1 if verb.item.of_job else None))
            self.assertTrue(result.outcomes, verb.item.name)
            for width in (WIDTH, 40):
                lines = tell(told_of(result, farm.now(), width=width)).split("\n")
                self.assertGreater(len(lines), 1)
                self.assertLessEqual(max(map(len, lines)), width, lines)

    async def test_any_attribute_can_be_asked_for_and_has_its_unit(self) -> None:
        farm = await self.small_farm()
        result = await self.ask(farm, Request("client", "read", values={"fields": "name,memory,load,since,pools"}))
        lines = tell(told_of(result, farm.now())).split("\n")
        self.assertEqual(lines[0], " name       memory  load  since")
        self.assertRegex(lines[1], r"^ render-01   32 GB   0 %  \d{4}-\d\d-\d\d \d\d:\d\d$")
        for verb in (verb for verb in VERBS.values() if verb.name == "read"):
            fields = ",".join(verb.item.attributes)
            request = Request(verb.item.name, "read", values={"fields": fields}, job=1 if verb.item.of_job else None)
            tell(told_of(await self.ask(farm, request), farm.now(), width=400))

    async def test_one_thing_without_words_of_its_own_has_a_line_for_each_attribute(self) -> None:
        farm = await self.small_farm()
        await self.ask(farm, Request("limit", "create", values={"name": "arnold", "count": 4}))
        result = await self.ask(farm, Request("limit", "show", "arnold"))
        lines = tell(told_of(result, farm.now())).split("\n")
        self.assertIn(["name", "arnold"], [line.split() for line in lines])
        self.assertIn(["count", "4"], [line.split() for line in lines])

    async def test_what_is_made_changed_and_deleted_is_counted(self) -> None:
        farm = await self.small_farm()
        made = await self.ask(farm, Request("limit", "create", values={"name": "arnold", "count": 4}))
        self.assertEqual(tell(told_of(made, farm.now())), "Limit arnold is made.")
        changed = await self.ask(farm, Request("limit", "update", "arnold", values={"count": 5}))
        self.assertEqual(tell(told_of(changed, farm.now())), "arnold now has count=5.")
        deleted = await self.ask(farm, Request("limit", "delete", filter="all"))
        self.assertEqual(tell(told_of(deleted, farm.now())), "arnold is deleted.")
