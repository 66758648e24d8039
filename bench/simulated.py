"""What the rules make of simulated farms: how much of them is used, how it is shared, how soon all is done.

How does this work?  The shapes in `bench/shapes/` are simulated with one seed: ten days of three owners, batches whose
makespan is held against its lower bound, and a farm with slow machines, with second starts and without them.
The figures are the same on every machine, but for what the scheduler costs.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.figures import Figure, figure
from brender.simulate.farm_shape import FarmShape, read
from brender.simulate.report import Report, report
from brender.simulate.world import World

SHAPES = Path(__file__).with_name("shapes")
BATCHES = ("short-tasks", "long-tasks", "steps", "unequal")
SEED = 1


def simulated(folder: Path) -> list[Figure]:
    return [*ten_days(), *batches(), *stragglers()]


def ten_days() -> Iterator[Figure]:
    """200 clients, three owners who always have work."""
    found = run(read(SHAPES / "ten-days.toml"))
    assert found.use
    assert found.predicted
    yield figure("simulated_used_percent", 100 * found.use.used, "%", ">= 99")
    yield figure("simulated_rendering_percent", 100 * (found.use.used - found.use.opening), "%", ">= 99")
    worst = max(abs(portion.had / portion.due - 1) for portion in found.shares)
    yield figure("simulated_share_error_percent", 100 * worst, "%", "<= 5")
    yield figure("simulated_passed_over_s", found.longest_wait.seconds, "s")
    yield figure("simulated_time_left_error_percent", 100 * found.predicted.error, "%")
    yield figure("simulated_time_left_in_band_percent", 100 * found.predicted.in_band, "%")
    yield figure("simulated_order_us", found.cost.microseconds, "µs")


def batches() -> Iterator[Figure]:
    """All work is there at the beginning; how much later than possible is it done?"""
    for name in BATCHES:
        found = run(read(SHAPES / f"{name}.toml"))
        assert found.makespan
        assert found.predicted_farm
        batch = name.replace("-", "_")
        yield figure(f"simulated_makespan_{batch}_ratio", found.makespan.ratio, "", "<= 1.05")
        yield figure(f"simulated_farm_time_left_{batch}_error_percent", 100 * found.predicted_farm.error, "%")


def stragglers() -> Iterator[Figure]:
    """Three of a hundred machines are five times slower: the slowest jobs, with second starts and without."""
    shape = read(SHAPES / "stragglers.toml")
    once = msgspec.structs.replace(shape.farm, second_starts=False)
    helped, alone = run(shape), run(msgspec.structs.replace(shape, farm=once))
    assert helped.times
    assert alone.times
    yield figure("simulated_p99_job_s", helped.times.ninety_nine_of_100, "s")
    yield figure("simulated_p99_job_no_second_starts_s", alone.times.ninety_nine_of_100, "s")
    ratio = helped.times.ninety_nine_of_100 / alone.times.ninety_nine_of_100
    yield figure("simulated_p99_job_ratio", ratio, "", "<= 0.5")


def run(shape: FarmShape) -> Report:
    world = World(shape, SEED)
    world.run()
    return report(world)
