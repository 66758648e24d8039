"""`brender retry`, `requeue`, `add`, `revise`: tasks once more, more tasks, other values for those to come.

How does this work?  Each is one request; which tasks are meant is read as in the shell: a range of frames, or the
name of a step.
"""

from typing import Any

import click
import msgspec

from brender.cli.asking import Desk, asks_the_farm, wrong_use
from brender.farm.views import JobView
from brender.protocols.changing_verbs import Which, again_told, stale_told, told
from brender.protocols.job_verbs import named
from brender.protocols.tables import count
from brender.protocols.values import pairs

FRAMES_MAY_BE_NEGATIVE = {"ignore_unknown_options": True}


@click.command(context_settings=FRAMES_MAY_BE_NEGATIVE)
@click.argument("job", type=click.IntRange(min=0))
@click.argument("frames", required=False)
@asks_the_farm
def retry(desk: Desk, job: int, frames: str | None) -> None:
    """Run again what failed or was canceled of JOB, or FRAMES: a range such as 1-10,15, or the name of a step."""
    again(desk, job, "retry", which(frames))


@click.command(context_settings=FRAMES_MAY_BE_NEGATIVE)
@click.argument("job", type=click.IntRange(min=0))
@click.argument("frames")
@click.option("--with-dependents", is_flag=True, help="Run again too what was made from them.")
@asks_the_farm
def requeue(desk: Desk, job: int, frames: str, with_dependents: bool) -> None:
    """Run FRAMES of JOB again, also those that were done: a range such as 1-10,15, or the name of a step."""
    again(desk, job, "requeue", {**which(frames), "with_dependents": with_dependents})


def which(word: str | None) -> dict[str, Any]:
    wanted = Which.read(word) if word else Which()
    return {"frames": wanted.frames, "step": wanted.step}


def again(desk: Desk, number: int, verb: str, body: dict[str, Any]) -> None:
    data = desk.api.post(f"/api/v1/jobs/{number}/{verb}", body)
    desk.show(data, lambda: run_again(data))


def run_again(data: Any) -> str:
    job = msgspec.convert(data, JobView)
    if not data["changed"]:
        return f"{named(job)}: nothing of that has ended; nothing runs again."
    stale = stale_told([step.name for step in job.steps if step.stale])
    return f"{named(job)}: {again_told(data['again'])}.{stale}"


@click.command()
@click.argument("job", type=click.IntRange(min=0))
@click.argument("values", nargs=-1, required=True, metavar="KEY=VALUE...")
@asks_the_farm
def add(desk: Desk, job: int, values: tuple[str, ...]) -> None:
    """Add tasks to JOB: those that it would have with other values, such as Frames=101-120."""
    data, _ = with_values(desk, job, "add", values)
    number = data["added"]
    words = f"{count(number, 'task')} {'is' if number == 1 else 'are'} added."
    desk.show(data, lambda: f"{named(msgspec.convert(data, JobView))}: {words}")


@click.command()
@click.argument("job", type=click.IntRange(min=0))
@click.argument("values", nargs=-1, required=True, metavar="KEY=VALUE...")
@asks_the_farm
def revise(desk: Desk, job: int, values: tuple[str, ...]) -> None:
    """Give other values to those tasks of JOB that have not run, such as Samples=128."""
    data, given = with_values(desk, job, "revise", values)
    has = "now has" if data["changed"] else "already had"
    after = ", for tasks that are given out from now on" if data["changed"] else ""
    desk.show(data, lambda: f"{named(msgspec.convert(data, JobView))} {has} {told(given)}{after}.")


def with_values(desk: Desk, job: int, verb: str, words: tuple[str, ...]) -> tuple[Any, dict[str, str]]:
    with wrong_use():
        given = pairs(words)
    return desk.api.post(f"/api/v1/jobs/{job}/{verb}", {"values": given}), given
