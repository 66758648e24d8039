"""A job from its submission to its end, without disturbing what is measured."""

from collections.abc import Mapping
from time import sleep
from typing import Any

from tests.line.harness import Farm

LOOK_EVERY = 0.05  # seconds


def run(farm: Farm, template: str | Mapping[str, Any], values: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The job when it is completed; raises RuntimeError when it ends otherwise."""
    number = farm.submit(template, values)
    while (job := farm.api(f"jobs/{number}"))["state"] in {"queued", "active"}:
        sleep(LOOK_EVERY)
    if job["state"] != "completed":
        raise RuntimeError(f"Job {number} is {job['state']}: {job['reason']}")
    return dict(job)
