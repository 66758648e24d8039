"""Pools and tags: they are there while somebody has them or asks for them; many clients are changed in one commit."""

from typing import Any

from brender.farm.changes import Changes
from brender.farm.interfaces import NotFound
from brender.farm.submission.problems import Refused
from brender.farm.transitions import NotNow
from brender.verbs.said.unfit import Unfit
from tests.fakes import FRAMES
from tests.verbs.test_performing import PerformCase

TAGGED = FRAMES.replace(
    "  script:",
    "  hostRequirements: {attributes: [{name: attr.tag, anyOf: [Loud]}]}\n  script:",
)


class GroupCase(PerformCase):
    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.clients = [await self.farm.client(f"render-{number}", slots=2) for number in (1, 2, 3)]

    async def put(self, *clients: int, **settings: Any) -> None:
        chosen = [client for client in self.clients if client.id in clients]
        await self.farm.service.set_clients(chosen, settings)

    async def pools(self, filter: str | None = None, item: str = "pool") -> dict[str, Any]:  # noqa: A002
        return {each["name"]: each for each in (await self.plain(item, "read", filter=filter))["data"]}

    def commits(self) -> list[Changes]:
        saved, save = list[Changes](), self.farm.store.save

        def noted(changes: Changes) -> Any:
            saved.append(changes)
            return save(changes)

        self.farm.store.save = noted  # type: ignore[method-assign]
        return saved


class Pools(GroupCase):
    async def test_they_are_counted_over_clients_and_unfinished_jobs(self) -> None:
        await self.put(1, 2, pools=["gpu"])
        await self.put(3, pools=["old"], takes=["old", "night"])
        job = await self.farm.job(pool="gpu")
        await self.farm.job(pool="nowhere")
        self.farm.start(self.clients[0])
        self.farm.gone(self.clients[1])
        pools = await self.pools()
        self.assertEqual(list(pools), ["gpu", "night", "nowhere", "old"])
        self.assertEqual(
            pools["gpu"],
            {"name": "gpu", "clients": 2, "online": 1, "idle": 0, "slots": 2, "used": 2, "jobs": 1, "takers": 0},
        )
        self.assertEqual((pools["night"]["clients"], pools["night"]["takers"], pools["nowhere"]["jobs"]), (0, 1, 1))
        await self.farm.service.cancel(job.id)
        self.assertEqual((await self.plain("pool", "show", id="gpu"))["jobs"], 0)

    async def test_they_are_filtered_sorted_and_cut_into_pages(self) -> None:
        for client, pools in ((1, ["a", "b", "C"]), (2, ["b"])):
            await self.put(client, pools=pools)
        self.assertEqual(list(await self.pools("clients>1")), ["b"])
        self.assertEqual(list(await self.pools("name~[ac]")), ["C", "a"])
        first = await self.plain("pool", "read", values={"limit": 2, "sort": "-clients"})
        self.assertEqual([each["name"] for each in first["data"]], ["b", "C"])
        rest = await self.plain("pool", "read", values={"sort": "-clients", "after": first["next"]})
        self.assertEqual([each["name"] for each in rest["data"]], ["a"])

    async def test_to_make_one_is_to_put_clients_into_it(self) -> None:
        saved = self.commits()
        made = await self.plain("pool", "create", values={"name": "gpu", "clients": "name~render-[12]"})
        self.assertEqual((made["name"], made["clients"], made["clients_changed"]), ("gpu", 2, 2))
        self.assertEqual([list(changes.clients) for changes in saved], [[1, 2]])
        self.assertEqual([client.settings.pools for client in self.clients], [("gpu",), ("gpu",), ()])

    async def test_one_without_clients_one_that_is_there_and_a_wrong_filter_are_refused(self) -> None:
        await self.put(1, pools=["gpu"])
        for values, kind, sentence in (
            ({"name": "new", "clients": "name=nobody"}, Refused, "No client is chosen, and a pool is only there"),
            ({"name": "gpu", "clients": "all"}, NotNow, "There is a pool gpu already"),
            ({"name": "new", "clients": "nme=1"}, Unfit, 'clients: No attribute "nme" on a client; did you mean name?'),
            ({"name": "a,b", "clients": "all"}, Refused, "The name of a pool has 1 to 128 characters, and no comma"),
            ({"name": "new"}, Unfit, 'The field "clients" is missing.'),
        ):
            wrong = await self.refusing(kind, "pool", "create", values=values)
            self.assertIn(sentence, str(wrong))
        self.assertEqual(list(await self.pools()), ["gpu"])

    async def test_clients_are_put_in_and_taken_out(self) -> None:
        await self.put(1, pools=["gpu"])
        pool = await self.plain("pool", "update", id="gpu", values={"add": "name~render*", "remove": "id=1"})
        self.assertEqual((pool["changed"], pool["clients"], pool["clients_changed"]), (True, 2, 3))
        again = await self.plain("pool", "update", id="gpu", values={"add": "render-2"})
        self.assertFalse(again["changed"])
        wrong = await self.refusing(Unfit, "pool", "update", id="gpu")
        self.assertIn("Nothing is to be changed", str(wrong))

    async def test_another_name_is_everywhere_in_one_commit(self) -> None:
        await self.put(1, 2, pools=["old", "gpu"])
        await self.put(3, takes=["gpu"])
        job, done = await self.farm.job(pool="gpu"), await self.farm.job(pool="gpu")
        await self.farm.service.cancel(done.id)
        saved = self.commits()
        self.assertTrue((await self.plain("pool", "update", id="gpu", values={"name": "optix"}))["changed"])
        self.assertEqual([client.settings.pools for client in self.clients], [("old", "optix"), ("old", "optix"), ()])
        self.assertEqual((self.clients[2].settings.takes, job.settings.pool), (("optix",), "optix"))
        self.assertEqual(done.settings.pool, "gpu")  # it was handed in with it
        self.assertEqual([(sorted(each.clients), sorted(each.jobs)) for each in saved], [([1, 2, 3], [job.id])])
        self.assertEqual([each.recalled for each in saved], [[]])  # who held something of it holds it

    async def test_a_name_that_another_one_has_is_refused(self) -> None:
        await self.put(1, pools=["gpu", "old"])
        wrong = await self.refusing(NotNow, "pool", "update", id="gpu", values={"name": "old"})
        self.assertEqual(str(wrong), "There is a pool old already: put the clients into that one instead.")

    async def test_it_goes_when_nobody_asks_for_it(self) -> None:
        await self.put(1, 2, pools=["gpu", "old"], takes=["gpu", ""])
        pool = await self.plain("pool", "delete", id="gpu")
        self.assertEqual((pool["changed"], pool["clients_changed"]), (True, 2))
        self.assertEqual((self.clients[0].settings.pools, self.clients[0].settings.takes), (("old",), ("",)))
        self.assertNotIn("gpu", await self.pools())

    async def test_while_a_job_asks_for_it_it_stays(self) -> None:
        await self.put(1, pools=["gpu"])
        jobs = [await self.farm.job(pool="gpu") for _ in range(7)]
        wrong = await self.refusing(NotNow, "pool", "delete", id="gpu")
        self.assertEqual(
            str(wrong), "Jobs 1, 2, 3, 4, 5 and 2 others ask for pool gpu: end or change that first."
        )  # fmt: skip
        for job in jobs:
            await self.farm.service.set_job(job.id, {"pool": ""})
        self.assertTrue((await self.plain("pool", "delete", id="gpu"))["changed"])

    async def test_a_client_that_takes_nothing_else_does_not_become_everybodys(self) -> None:
        await self.put(1, pools=["gpu"], takes=["gpu"])
        wrong = await self.refusing(NotNow, "pool", "delete", id="gpu")
        self.assertEqual(str(wrong), "render-1 takes only jobs of pool gpu: set what else it takes first.")

    async def test_of_many_each_tells_its_own_refusal(self) -> None:
        await self.put(1, pools=["gpu", "old"])
        await self.farm.job(pool="gpu")
        told = await self.plain("pool", "delete", filter="all")
        self.assertEqual((told["matched"], told["changed"]), (2, 1))
        self.assertEqual([each.get("error", "") for each in told["data"]],
                         ["Job 1 asks for pool gpu: end or change that first.", ""])  # fmt: skip

    async def test_one_that_is_not_there_is_told_with_the_nearest(self) -> None:
        await self.put(1, pools=["gpu"])
        wrong = await self.refusing(NotFound, "pool", "show", id="gpus")
        self.assertEqual(str(wrong), 'There is no pool "gpus"; did you mean gpu?')


class Tags(GroupCase):
    async def test_templates_ask_for_them_in_whatever_capitals(self) -> None:
        await self.put(1, 2, tags=["loud"])
        await self.farm.job(TAGGED)
        tags = await self.pools(item="tag")
        self.assertEqual(
            tags, {"loud": {"name": "loud", "clients": 2, "online": 2, "idle": 2, "slots": 4, "used": 4, "jobs": 1}}
        )

    async def test_one_that_nobody_has_is_known_by_the_job_that_asks_for_it(self) -> None:
        await self.farm.job(TAGGED)
        self.assertEqual([(name, tag["jobs"]) for name, tag in (await self.pools(item="tag")).items()], [("Loud", 1)])

    async def test_what_a_template_asks_for_keeps_its_name(self) -> None:
        await self.put(1, tags=["loud"])
        job = await self.farm.job(TAGGED)
        wrong = await self.refusing(NotNow, "tag", "update", id="loud", values={"name": "noisy"})
        self.assertEqual(str(wrong), f"Job {job.id} asks for tag loud, as the template says: end that first.")
        await self.refusing(NotNow, "tag", "delete", id="loud")
        await self.farm.service.cancel(job.id)
        await self.plain("tag", "update", id="loud", values={"name": "noisy"})
        self.assertEqual(self.clients[0].settings.tags, ("noisy",))
        await self.plain("tag", "delete", id="noisy")
        self.assertEqual((self.clients[0].settings.tags, await self.pools(item="tag")), ((), {}))

    async def test_one_is_made_of_clients(self) -> None:
        made = await self.plain("tag", "create", values={"name": "loud", "clients": "id=2-3"})
        self.assertEqual((made["name"], made["clients"]), ("loud", 2))
