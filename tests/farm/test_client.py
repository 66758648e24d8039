"""A client: what it costs to use it, when it may be given something, and what a worker may say of its machine."""

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.client import Blender, Machine, RuntimeClient, Status, version_tag
from brender.farm.order import Order
from brender.farm.scheduling.requirements import Requirements
from brender.farm.scheduling.shape import Shapes
from brender.farm.settings import ClientSettings, JobSettings
from tests.doubles import machine


def client(slots: int = 8) -> RuntimeClient:
    return RuntimeClient(1, machine(1, slots), online=True)


def cost(requires: Requirements) -> int:
    """What a task with these requirements takes of eight slots."""
    return Shapes().of(requires, JobSettings()).cost(client(8))


def order(number: int, cost: int) -> Order:
    return Order(id=number, job=1, step=0, client=1, first=0, count=1, attempt=1, cost=cost, issued=0.0)


class AClient(SynchronousTestCase):
    def test_a_step_that_states_no_vcpus_costs_the_whole_machine(self) -> None:
        self.assertEqual(cost(Requirements()), 8)

    def test_a_step_that_states_them_costs_as_many_slots(self) -> None:
        self.assertEqual([cost(Requirements(vcpus=vcpus)) for vcpus in (1, 3, 8)], [1, 3, 8])

    def test_no_step_is_free(self) -> None:
        self.assertEqual(cost(Requirements(vcpus=0)), 1)

    def test_it_may_be_given_something_when_it_is_online_enabled_and_stays(self) -> None:
        for online, leaving, status, works in (
            (True, False, Status.ENABLED, True),
            (False, False, Status.ENABLED, False),
            (True, True, Status.ENABLED, False),
            (True, False, Status.DISABLED, False),
        ):
            found = RuntimeClient(1, machine(1), status, online, leaving=leaving)
            self.assertIs(found.works, works, f"{status} online={online} leaving={leaving}")

    def test_used_is_what_its_orders_cost(self) -> None:
        found = client()
        found.hold(order(1, 2))
        found.hold(order(2, 3))
        self.assertEqual(found.used, 5)
        found.release(order(1, 2))
        self.assertEqual((found.used, list(found.orders)), (3, [2]))

    def test_to_release_an_order_twice_frees_its_slots_once(self) -> None:
        found = client()
        found.hold(order(1, 2))
        for _ in range(2):
            found.release(order(1, 2))
        self.assertEqual(found.used, 0)

    def test_it_is_busy_when_a_task_has_begun_and_not_before(self) -> None:
        found = client()
        found.hold(given := order(1, 1))
        self.assertEqual(found.activity, "idle")
        given.begin(0, 1.0)
        self.assertEqual(found.activity, "busy")


class AMachine(SynchronousTestCase):
    def test_its_abilities_are_in_the_words_and_units_of_open_job_description(self) -> None:
        blender = Blender("4.5.15", "program", "/opt/blender/blender")
        made = machine(1, 8, memory=32 * 2**30, gpus=("RTX 4090", "RTX 4090"), blenders=(blender,))
        found = made.abilities(ClientSettings())
        self.assertEqual(
            found.amounts,
            {
                "amount.worker.vcpu": 8.0,
                "amount.worker.memory": 32768.0,
                "amount.worker.gpu": 2.0,
                "amount.worker.gpu.memory": 0.0,
            },
        )
        self.assertEqual(
            found.attributes,
            {
                "attr.worker.os.family": ("linux",),
                "attr.worker.cpu.arch": ("x86_64",),
                "attr.blender": ("v4-5",),
                "attr.tag": (),
            },
        )

    def test_a_version_becomes_a_value_that_open_job_description_allows(self) -> None:
        versions = {"4.5.15": "v4-5", "5.0.1": "v5-0", "3.4": "v3-4"}
        self.assertEqual({version: version_tag(version) for version in versions}, versions)

    def test_what_a_worker_says_is_held_to_limits(self) -> None:
        good = {"key": "k", "name": "n", "slots": 1}
        self.assertEqual(msgspec.convert(good, Machine).slots, 1)
        for wrong in (
            {"slots": 0},
            {"slots": -1},
            {"slots": 5000},
            {"key": ""},
            {"name": ""},
            {"name": "n" * 256},
            {"memory": -1},
            {"memory": 10**400},
        ):
            with self.assertRaises(msgspec.ValidationError, msg=str(wrong)):
                msgspec.convert(good | wrong, Machine)
