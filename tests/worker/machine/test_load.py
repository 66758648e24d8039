"""What a worker says of how busy its machine is, and when it asks its graphics cards."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from brender.worker.machine.graphics import Busy, busy
from brender.worker.machine.load import ASK_EVERY, OLD, Sampler
from tests.worker.machine.test_graphics import GraphicsTestCase

MIB = 2**20


class SamplerTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.asked: list[Deferred[Busy]] = []
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def sampler(self, cards: bool = True) -> Sampler:
        return Sampler(self.folder, cards, self.later, self.clock)

    def later(self, function: Callable[..., Busy], *_: Any) -> "Deferred[Busy]":
        self.assertIs(function, busy)
        self.asked.append(Deferred())
        return self.asked[-1]

    def test_it_knows_memory_and_disk(self) -> None:
        beat = self.sampler(cards=False).beat()
        disk = os.statvfs(self.folder)
        self.assertTrue(0 < (beat.memory_used or 0) < psutil.virtual_memory().total)
        self.assertTrue(0 < (beat.disk_free or 0) <= disk.f_blocks * disk.f_frsize)
        self.assertTrue(0 <= beat.load <= 100)

    def test_a_disk_that_cannot_be_asked_is_left_out(self) -> None:
        self.folder.rmdir()
        self.assertIsNone(self.sampler().beat().disk_free)

    def test_a_machine_without_cards_is_not_asked_for_them(self) -> None:
        beat = self.sampler(cards=False).beat()
        self.assertEqual((self.asked, beat.gpu_load, beat.gpu_memory_used), ([], None, None))

    def test_cards_are_asked_in_a_thread_and_told_from_then_on(self) -> None:
        sampler = self.sampler()
        self.assertIsNone(sampler.beat().gpu_load)
        self.asked[0].callback(Busy(37.5, 900 * MIB))
        beat = sampler.beat()
        self.assertEqual((beat.gpu_load, beat.gpu_memory_used), (37.5, 900 * MIB))

    def test_they_are_asked_now_and_then_and_never_twice_at_once(self) -> None:
        sampler = self.sampler()
        for _ in range(100):
            sampler.beat()
            self.clock.advance(ASK_EVERY / 10)
        self.assertEqual(len(self.asked), 1)  # it has not answered
        self.asked[0].callback(Busy(1.0, None))
        for _ in range(20):
            sampler.beat()
            if not self.asked[-1].called:
                self.asked[-1].callback(Busy(2.0, None))
            self.clock.advance(ASK_EVERY / 10)
        self.assertEqual(len(self.asked), 3)

    def test_what_was_heard_long_ago_says_nothing_of_now(self) -> None:
        sampler = self.sampler()
        sampler.beat()
        self.asked[0].callback(Busy(37.5, None))
        self.clock.advance(OLD)
        self.assertIsNone(sampler.beat().gpu_load)

    def test_a_question_that_breaks_is_asked_again(self) -> None:
        sampler = self.sampler()
        sampler.beat()
        self.asked[0].errback(OSError("no threads left"))
        self.clock.advance(ASK_EVERY)
        sampler.beat()
        self.assertEqual(len(self.asked), 2)


class BusyTests(GraphicsTestCase):
    """A driver's program that is asked for what changes."""

    def test_it_is_the_mean_of_the_cards_and_the_fullest_one(self) -> None:
        self.environment("echo '0, GPU-1-2, 30, 1000'; echo '1, GPU-3, 61, 4000'")
        self.assertEqual(busy(), Busy(45.5, 4000 * MIB))

    def test_only_the_workers_own_cards_count(self) -> None:
        self.environment("echo '0, GPU-1-2, 30, 1000'; echo '1, GPU-3, 61, 4000'", CUDA_VISIBLE_DEVICES="0")
        self.assertEqual(busy(), Busy(30.0, 1000 * MIB))

    def test_what_a_driver_cannot_say_is_not_known(self) -> None:
        for script in ("echo '0, GPU-9, [N/A], [N/A]'", "echo 'driver mismatch'; exit 9", None):
            self.environment(script)
            self.assertEqual(busy(), Busy(None, None), script)

    def test_it_is_asked_for_use_and_not_for_names(self) -> None:
        asked = Path(self.mktemp()).absolute()
        self.environment(f'echo "$@" > {asked}; echo "0, GPU-1, 5, 10"')
        busy()
        self.assertIn("--query-gpu=index,uuid,utilization.gpu,memory.used", asked.read_text())
