"""What a step needs of a machine, compared with what the machine has."""

from typing import Any

from twisted.trial.unittest import TestCase

from brender.farm.scheduling.requirements import Abilities, Requirements, refusal
from brender.farm.submission.planning import plan
from tests.farm.submission.documents import job, step

MACHINE = Abilities(
    amounts={
        "amount.worker.vcpu": 8,
        "amount.worker.memory": 32 * 1024,
        "amount.worker.gpu": 1,
        "amount.worker.disk.scratch": 100,
    },
    attributes={"attr.worker.os.family": ("linux",), "attr.renderer": ("Cycles", "Workbench")},
)


def amount(name: str, **bounds: Any) -> dict[str, Any]:
    return {"amounts": [{"name": name, **bounds}]}


def attribute(name: str, **values: Any) -> dict[str, Any]:
    return {"attributes": [{"name": name, **values}]}


def needs(host: dict[str, Any] | None, **fields: Any) -> Requirements:
    whole = step() if host is None else step(hostRequirements=host)
    return plan(job(whole, **fields), {}).steps[0].requires


class Reading(TestCase):
    def test_a_step_that_says_nothing_of_cores_takes_the_whole_machine(self) -> None:
        self.assertIsNone(needs(None).vcpus)
        self.assertIsNone(needs(amount("amount.worker.memory", min=1024)).vcpus)

    def test_a_step_that_states_its_cores_shares_the_machine(self) -> None:
        for bounds, vcpus in (({"min": 4}, 4), ({"min": 0.25}, 1), ({"min": 2.5}, 3), ({"max": 4}, 1), ({"min": 0}, 1)):
            self.assertEqual(needs(amount("amount.worker.vcpu", **bounds)).vcpus, vcpus)

    def test_names_do_not_depend_on_case(self) -> None:
        self.assertEqual(needs(amount("Amount.Worker.VCPU", min=2)).amounts, {"amount.worker.vcpu": (2.0, None)})

    def test_amounts_may_come_from_parameters(self) -> None:
        cores = {"name": "Cores", "type": "INT", "default": 6}
        host = amount("amount.worker.vcpu", min="{{Param.Cores}}")
        found = needs(host, extensions=["FEATURE_BUNDLE_1"], parameterDefinitions=[cores])
        self.assertEqual(found.vcpus, 6)


class Comparing(TestCase):
    def says(self, host: dict[str, Any] | None, said: str | None, has: Abilities = MACHINE) -> None:
        self.assertEqual(refusal(needs(host), has), said)

    def test_what_fits_is_not_refused(self) -> None:
        self.says(None, None)
        self.says(amount("amount.worker.vcpu", min=8), None)
        self.says(amount("amount.worker.memory", min=32 * 1024, max=64 * 1024), None)
        self.says(attribute("attr.worker.os.family", anyOf=["windows", "LINUX"]), None)
        self.says(attribute("attr.renderer", allOf=["workbench", "cycles"]), None)

    def test_memory_is_told_in_units_of_people(self) -> None:
        self.says(amount("amount.worker.memory", min=64 * 1024), "it needs 64 GB of memory; this client has 32 GB")
        self.says(
            amount("amount.worker.disk.scratch", min=2048), "it needs 2 TB of scratch space; this client has 100 GB"
        )

    def test_what_can_be_counted_is_counted(self) -> None:
        self.says(amount("amount.worker.vcpu", min=999), "it needs 999 cores; this client has 8")
        self.says(amount("amount.worker.gpu", min=2), "it needs 2 GPUs; this client has 1")
        self.says(amount("amount.worker.gpu", min=1), "it needs 1 GPU; this client has none", Abilities())
        self.says(amount("amount.hands", min=2), "it needs 2 of amount.hands; this client has none")

    def test_more_than_at_most_is_refused(self) -> None:
        self.says(amount("amount.worker.vcpu", max=4), "it needs at most 4 cores; this client has 8")
        self.says(amount("amount.hands", max=4), None)

    def test_attributes_name_what_is_wanted_and_what_is_there(self) -> None:
        self.says(
            attribute("attr.worker.os.family", anyOf=["windows", "macos"]),
            "it needs operating system windows or macos; this client has linux",
        )
        self.says(
            attribute("attr.renderer", allOf=["Cycles", "EEVEE"]),
            "it needs attr.renderer EEVEE; this client has Cycles and Workbench",
        )
        self.says(attribute("attr.worker.cpu.arch", anyOf=["arm64"]), "it needs processor arm64; this client has none")
