"""Graphics cards: what their driver says, and what a session is told of its own."""

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from brender.worker.machine.graphics import Card, found, seen

ONE, TWO = Card("0", "GPU-1-2", "NVIDIA RTX A5000", 24_564 * 2**20), Card("1", "GPU-3", "NVIDIA T4", 15_360 * 2**20)
LISTED = "echo '0, GPU-1-2, NVIDIA RTX A5000, 24564'; echo '1, GPU-3, NVIDIA T4, 15360'"


class GraphicsTestCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir(parents=True)
        self.environment(LISTED)

    def environment(self, script: str | None, **more: str) -> None:
        """Another machine, whose driver's program does this."""
        program = self.folder / "nvidia-smi"
        program.unlink(missing_ok=True)
        if script is not None:
            program.write_text(f"#!/bin/sh\n{script}\n")
            program.chmod(0o755)
        kept = {key: value for key, value in os.environ.items() if key != "CUDA_VISIBLE_DEVICES"}
        self.patch(os, "environ", {**kept, "PATH": str(self.folder), **more})


class FoundTests(GraphicsTestCase):
    def test_the_drivers_list_is_read(self) -> None:
        self.assertEqual(found(), [ONE, TWO])

    def test_a_driver_that_fails_or_is_not_there_means_no_cards(self) -> None:
        for script in ("echo 'driver mismatch'; exit 9", "echo 'No devices were found'", "printf '\\377'", None):
            self.environment(script)
            self.assertEqual(found(), [], script)

    def test_memory_that_is_not_told_is_not_known(self) -> None:
        self.environment("echo '0, GPU-9, GB10, [N/A]'")
        self.assertEqual(found(), [Card("0", "GPU-9", "GB10", 0)])

    def test_a_worker_that_was_given_some_has_only_these(self) -> None:
        for told, cards in {"1": [TWO], "1,0": [TWO, ONE], "GPU-3": [TWO], "": [], "-1": [], "1,7,0": [TWO]}.items():
            self.environment(LISTED, CUDA_VISIBLE_DEVICES=told)
            self.assertEqual(found(), cards, told)


class SeenTests(GraphicsTestCase):
    def test_who_sees_all_is_told_nothing(self) -> None:
        self.assertEqual(seen(None), {})

    def test_every_makers_variable_is_set(self) -> None:
        self.assertEqual(
            seen((0, 2)),
            {
                "BRENDER_GPUS": "0,2",
                "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
                "CUDA_VISIBLE_DEVICES": "0,2",
                "ROCR_VISIBLE_DEVICES": "0,2",
                "HIP_VISIBLE_DEVICES": "0,1",
                "ONEAPI_DEVICE_SELECTOR": "level_zero:0,2",
            },
        )

    def test_none_is_said_in_every_makers_words(self) -> None:
        told = seen(())
        self.assertEqual((told["BRENDER_GPUS"], told["CUDA_VISIBLE_DEVICES"]), ("", "-1"))
        self.assertEqual((told["HIP_VISIBLE_DEVICES"], told["ONEAPI_DEVICE_SELECTOR"]), ("-1", "*:cpu"))

    def test_what_the_worker_was_given_is_what_it_gives(self) -> None:
        self.environment(LISTED, CUDA_VISIBLE_DEVICES="3,5")
        self.assertEqual(seen((1,))["CUDA_VISIBLE_DEVICES"], "5")
