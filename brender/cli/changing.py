"""`brender enable`, `disable`, `cancel`, `pause`, `resume`: change what a farm does.

How does this work?  Each is one request; the answer is worded as in the shell: what was changed, and what
already was so.
"""

from typing import Any

import click
import msgspec

from brender.cli.api import Failed
from brender.cli.asking import Desk, asks_the_farm
from brender.cli.looking import joined
from brender.farm.client import Status
from brender.farm.views import ClientView, JobView
from brender.protocols.client_verbs import FILTER, counted, finishing
from brender.protocols.job_verbs import named
from brender.protocols.tables import count


@click.command(epilog="\b\n" + FILTER)
@click.argument("filter", nargs=-1, required=True)
@asks_the_farm
def enable(desk: Desk, filter: tuple[str, ...]) -> None:  # noqa: A002 (the name of the argument for people)
    """Let clients take new orders."""
    turn(desk, filter, Status.ENABLED)


@click.command(epilog="\b\n" + FILTER)
@click.argument("filter", nargs=-1, required=True)
@asks_the_farm
def disable(desk: Desk, filter: tuple[str, ...]) -> None:  # noqa: A002 (the name of the argument for people)
    """Give clients no new orders; they finish what they run."""
    turn(desk, filter, Status.DISABLED)


def turn(desk: Desk, words: tuple[str, ...], status: Status) -> None:
    answer = desk.api.patch("/api/v1/clients", {"status": status.value}, filter=joined(words))
    if not answer["matched"]:
        raise Failed(f"No client matches {' and '.join(words)}.", code="no-match")
    desk.show(answer, lambda: turned(answer, status))


def turned(answer: Any, status: Status) -> str:
    busy = [client for client in msgspec.convert(answer["data"], list[ClientView]) if client.running]
    return counted(answer["matched"], answer["changed"], status) + finishing(busy, status)


@click.command()
@click.argument("job", type=click.IntRange(min=0))
@asks_the_farm
def cancel(desk: Desk, job: int) -> None:
    """End JOB now; what is done of it stays."""
    change(desk, job, "cancel", "is now canceled; {done} had been done.")


@click.command()
@click.argument("job", type=click.IntRange(min=0))
@asks_the_farm
def pause(desk: Desk, job: int) -> None:
    """Give out no more of JOB; what runs of it finishes."""
    change(desk, job, "pause", "is now paused; {done} are done.")


@click.command()
@click.argument("job", type=click.IntRange(min=0))
@asks_the_farm
def resume(desk: Desk, job: int) -> None:
    """Go on with JOB, which was paused."""
    change(desk, job, "resume", "goes on; {done} are done.")


def change(desk: Desk, number: int, verb: str, sentence: str) -> None:
    data = desk.api.post(f"/api/v1/jobs/{number}/{verb}")
    job = msgspec.convert(data, JobView)
    done = f"{job.completed:,} of {count(job.tasks, 'task')}"
    desk.show(data, lambda: f"{named(job)} {sentence.format(done=done)}")
