"""Where a step may run: pools, patterns, requirements, and the room that is left."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.client import RuntimeClient
from brender.farm.job import Job
from brender.farm.scheduling.requirements import Requirements
from brender.farm.scheduling.shape import Shapes, room, verdict
from brender.farm.settings import ClientSettings, JobSettings, read
from brender.farm.submission.planning import plan
from tests.doubles import DONE, Rules, Stage, machine
from tests.doubles import job as made
from tests.farm.submission import documents

GIB = 2**30
GPU, MEMORY, TAPES = "amount.worker.gpu", "amount.worker.memory", "amount.tapes"


class Places(SynchronousTestCase):
    def client(self, name: str = "", settings: dict[str, Any] | None = None, **fields: Any) -> RuntimeClient:
        described = machine(1, 4, **fields)
        if name:
            described = type(described)(key="key", name=name, slots=4, **fields)
        return RuntimeClient(1, described, settings=read(ClientSettings, settings or {}))

    def verdict(self, client: RuntimeClient, requires: Requirements | None = None, **settings: Any) -> str | None:
        return verdict(client, Shapes().of(requires or Requirements(), read(JobSettings, settings)))

    def test_a_pool_is_for_its_clients_and_those_may_be_in_several(self) -> None:
        client = self.client(settings={"pools": ["lighting", "comp"]})
        self.assertEqual([self.verdict(client, pool=pool) for pool in ("lighting", "comp", "")], [None] * 3)
        self.assertEqual(
            self.verdict(client, pool="fx"), "it needs a client of pool fx; this client is in lighting, comp"
        )

    def test_a_client_may_take_some_pools_only_and_nothing_without_a_pool(self) -> None:
        client = self.client(settings={"pools": ["lighting", "comp"], "takes": ["lighting"]})
        self.assertIsNone(self.verdict(client, pool="lighting"))
        for pool in ("comp", ""):
            self.assertEqual(self.verdict(client, pool=pool), "this client takes only jobs of pool lighting")

    def test_a_job_may_want_some_clients_only_and_others_not_at_all(self) -> None:
        client = self.client("render-07")
        allowed: list[dict[str, Any]] = [{"only": ["render-0*"]}, {"only": ["a", "render-07"]}, {"only": []}]
        allowed.append({"never": ["render-1*"]})
        self.assertEqual([self.verdict(client, **settings) for settings in allowed], [None] * 4)
        self.assertEqual(self.verdict(client, only=["a", "b-*"]), "its job wants only a, b-*")
        refused: list[dict[str, Any]] = [{"never": ["render-0?"]}, {"only": ["render-07"], "never": ["*"]}]
        for settings in refused:
            self.assertEqual(self.verdict(client, **settings), "its job does not want this client")

    def test_a_name_means_the_client_of_that_name_whatever_signs_are_in_it(self) -> None:
        client = self.client("render[1]")
        self.assertIsNone(self.verdict(client, only=["render[1]"]))
        self.assertIsNotNone(self.verdict(client, never=["render[1]"]))

    def test_amounts_and_attributes_have_to_be_there(self) -> None:
        client = self.client(settings={"tags": ["Quiet", "big"]}, memory=64 * GIB, gpus=("RTX", "RTX"))
        fits = (
            Requirements(1, {GPU: (2.0, None), "amount.worker.memory": (65536.0, None)}),
            Requirements(1, {GPU: (None, 2.0)}),
            Requirements(any_of={"attr.tag": ("loud", "quiet")}),
            Requirements(all_of={"attr.tag": ("quiet", "BIG"), "attr.worker.os.family": ("linux",)}),
        )
        self.assertEqual([self.verdict(client, requires) for requires in fits], [None] * 4)
        refused = (
            Requirements(1, {GPU: (3.0, None)}),
            Requirements(1, {GPU: (None, 1.0)}),
            Requirements(1, {"amount.tapes": (1.0, None)}),
            Requirements(any_of={"attr.tag": ("loud", "small")}),
            Requirements(all_of={"attr.tag": ("quiet", "small")}),
        )
        for requires in refused:
            self.assertIsNotNone(self.verdict(client, requires), requires)

    def test_memory_that_is_kept_for_who_sits_there_is_not_given_away(self) -> None:
        client = self.client(settings={"keep_memory": 4 * GIB}, memory=16 * GIB)
        self.assertIsNone(self.verdict(client, Requirements(1, {"amount.worker.memory": (12 * 1024.0, None)})))
        self.assertIsNotNone(self.verdict(client, Requirements(1, {"amount.worker.memory": (12 * 1024.0 + 1, None)})))

    def test_steps_with_equal_needs_have_one_shape(self) -> None:
        shapes, requires = Shapes(), Requirements(2)
        first = shapes.of(requires, JobSettings(limits={"a": 1, "b": 2}))
        self.assertIs(first, shapes.of(Requirements(2), JobSettings(limits={"b": 2, "a": 1}, owner="somebody")))
        for other in (JobSettings(pool="x"), JobSettings(only=("x",)), JobSettings(never=("x",)), JobSettings()):
            self.assertIsNot(first, shapes.of(requires, other))


class Sharing(SynchronousTestCase):
    """What tasks use up of a client: slots, memory, GPUs, and whatever else a studio counts."""

    def setUp(self) -> None:
        self.rules = Rules()

    def job(self, amounts: dict[str, float], tasks: int = 20, **settings: Any) -> Job:
        """Tasks that take a core each, and these amounts."""
        needs = [{"name": name, "min": least} for name, least in {"amount.worker.vcpu": 1, **amounts}.items()]
        step = documents.over(documents.frames(f"1-{tasks}")) | {"hostRequirements": {"amounts": needs}}
        job, found = made(self.rules.farm.last_job + 1, **settings), plan(documents.job(step), {})
        return changing.submit(self.rules.farm, job, found, self.rules.now)

    def running(self, client: RuntimeClient) -> int:
        """How many of the client's orders may run at once, taken in their order."""
        used, taken, running = 0, dict[str, float](), 0
        for order in client.orders.values():
            used += order.cost
            for name, amount in order.needs:
                taken[name] = taken.get(name, 0.0) + amount
            if used > client.slots or any(amount > client.capacity(name) for name, amount in taken.items()):
                break
            running += 1
        return running

    def test_memory_is_shared_out(self) -> None:
        client = self.rules.client(16, memory=64 * GIB)
        self.job({MEMORY: 20 * 1024})
        self.rules.match()
        self.assertEqual((self.running(client), len(client.orders)), (3, 6))

    def test_memory_that_is_kept_is_not_shared_out(self) -> None:
        client = self.rules.client(16, {"keep_memory": 4 * GIB}, memory=64 * GIB)
        self.job({MEMORY: 20 * 1024})
        self.rules.match()
        self.assertEqual(self.running(client), 3)
        self.rules = Rules()
        client = self.rules.client(16, {"keep_memory": 5 * GIB}, memory=64 * GIB)
        self.job({MEMORY: 20 * 1024})
        self.rules.match()
        self.assertEqual(self.running(client), 2)

    def test_gpus_are_shared_out_and_their_memory_is_not(self) -> None:
        client = self.rules.client(16, gpus=("a", "b", "c"), gpu_memory=8 * GIB)
        self.job({GPU: 1, "amount.worker.gpu.memory": 6 * 1024})
        self.rules.match()
        self.assertEqual((self.running(client), len(client.orders)), (3, 6))

    def test_what_a_studio_counts_is_shared_out(self) -> None:
        client = self.rules.client(16, amounts={TAPES: 0.3})
        self.job({TAPES: 0.1})
        self.rules.match()
        self.assertEqual(len(client.orders), 6)

    def test_what_is_given_back_is_there_again_to_the_last_bit(self) -> None:
        client = self.rules.client(16, amounts={TAPES: 0.3})
        self.job({TAPES: 0.1}, 1)
        self.job({TAPES: 0.2}, 1)
        self.rules.match()
        for order in self.rules.orders(client):
            self.rules.ended(order)
        whole = self.job({TAPES: 0.3}, 1)
        self.rules.match()
        self.assertEqual(len(whole.orders), 1)
        self.assertIsNotNone(room(client, whole.steps[0].shape, 1, {}))

    @given(st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.7, 1.1]), min_size=1, max_size=12), st.randoms())
    def test_a_client_that_holds_nothing_has_all_its_room(self, amounts: list[float], random: Any) -> None:
        self.setUp()
        client = self.rules.client(16, amounts={TAPES: 1.1})
        for amount in amounts:
            self.job({TAPES: amount}, 1)
        self.rules.match()
        while client.orders:
            self.rules.ended(random.choice(self.rules.orders(client)))
            self.rules.match()
        self.assertFalse(any(client.taken.values()), client.taken)

    def test_a_large_need_of_memory_is_not_starved_by_small_ones(self) -> None:
        client = self.rules.client(8, memory=64 * GIB)
        self.job({MEMORY: 10 * 1024}, 500, owner="bob")
        self.rules.match()
        large = self.job({MEMORY: 60 * 1024}, 1, owner="ada")
        ended = 0
        while not large.orders and ended < 100:
            self.rules.wait(5)
            self.rules.ended(self.rules.orders(client)[0], seconds=60.0)
            ended += 1
        self.assertLess(ended, 30)

    def test_a_client_takes_as_many_tasks_as_it_says_whatever_its_cores(self) -> None:
        client = self.rules.client(8, {"most_tasks": 2})
        job = self.job({}, 10)
        for _ in range(5):
            self.rules.match()
            self.assertEqual(len(client.orders), 2)
            self.rules.ended(self.rules.orders(client)[0])
            self.rules.ended(self.rules.orders(client)[0])
        self.assertEqual(job.steps[0].counts[DONE], 10)

    def test_settings_of_a_client_count_from_then_on(self) -> None:
        client = self.rules.client(1)
        lighting = self.rules.job(Stage(), pool="lighting")
        self.rules.match()
        self.assertEqual(client.orders, {})
        changing.set_client(self.rules.farm, client, read(ClientSettings, {"pools": ["lighting"]}), self.rules.now)
        self.rules.match()
        self.assertEqual([order.job for order in client.orders.values()], [lighting.id])

    def test_a_client_that_takes_something_else_now_is_not_looked_at_by_its_old_verdicts(self) -> None:
        client = self.rules.client(1, {"pools": ["lighting"]})
        job = self.rules.job(Stage(tasks=3), pool="lighting")
        self.rules.match()
        changing.set_client(self.rules.farm, client, read(ClientSettings, {}), self.rules.now)
        for order in self.rules.orders(client):
            self.rules.ended(order)
        self.rules.match()
        self.assertEqual((client.orders, job.finished), ({}, False))
