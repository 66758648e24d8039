"""`brender set`, `enable`, `disable`, `cancel`, `pause`, `resume`, `approve`, `forgive`: change what a farm does.

How does this work?  Each is one request; the answer is worded as in the shell: what was changed, and what
already was so.
"""

import re
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from brender.cli.api import Failed
from brender.cli.asking import Desk, asks_the_farm, wrong_use
from brender.cli.looking import joined
from brender.config import machine_zone
from brender.farm.client import Status
from brender.farm.settings import ClientSettings, JobSettings
from brender.farm.views import ClientView, JobView
from brender.farm.windows import zone_of
from brender.protocols.changing_verbs import Change, clients_counted, forgiven, told
from brender.protocols.client_verbs import FILTER, counted, finishing
from brender.protocols.job_verbs import named
from brender.protocols.tables import count
from brender.protocols.values import read, settings_help

SETTINGS = (
    f"\b\nSettings of a job:\n{settings_help(JobSettings)}\n\n"
    f"\b\nSettings of a client:\n{settings_help(ClientSettings)}"
)


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
    answer = patched(desk, words, {"status": status.value})
    desk.show(answer, lambda: turned(answer, status))


def turned(answer: Any, status: Status) -> str:
    busy = [client for client in msgspec.convert(answer["data"], list[ClientView]) if client.running]
    return counted(answer["matched"], answer["changed"], status) + finishing(busy, status)


@click.command("set", epilog=SETTINGS)
@click.argument("words", nargs=-1, required=True, metavar="job ID|client FILTER KEY=VALUE...")
@asks_the_farm
def set_settings(desk: Desk, words: tuple[str, ...]) -> None:
    """Change settings of a job or of clients.

    As in: brender set job 4 priority=80 pool=lighting; brender set client render-0* pools=lighting,gpu
    """
    with wrong_use():
        change = Change.read(words)
        values = read(JobSettings if change.job else ClientSettings, change.words, zone_of(machine_zone()))
    if change.job:
        answer = desk.api.patch(f"/api/v1/jobs/{job_id(change.job)}", values)
        has = "now has" if answer["changed"] else "already had"
        desk.show(answer, lambda: f"{named(msgspec.convert(answer, JobView))} {has} {told(change.words)}.")
    else:
        answer = patched(desk, change.filter, values)
        desk.show(answer, lambda: clients_counted(answer["matched"], answer["changed"], change.words))


def job_id(word: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", word):
        raise click.UsageError(f'"{word}" is not the id of a job: an id is a whole number, as jobs shows it.')
    return int(word)


def patched(desk: Desk, words: Sequence[str], values: Any) -> Any:
    answer = desk.api.patch("/api/v1/clients", values, filter=joined(words))
    if not answer["matched"]:
        raise Failed(f"No client matches {' and '.join(words)}.", code="no-match")
    return answer


@click.command()
@click.argument("job", type=click.IntRange(min=0))
@asks_the_farm
def cancel(desk: Desk, job: int) -> None:
    """End JOB now; what is done of it stays."""
    change_state(desk, job, "cancel", "is now canceled; {done} had been done.", "already was canceled.")


@click.command()
@click.argument("job", type=click.IntRange(min=0))
@asks_the_farm
def pause(desk: Desk, job: int) -> None:
    """Give out no more of JOB; what runs of it finishes."""
    change_state(desk, job, "pause", "is now paused; {done} are done.", "already was paused; {done} are done.")


@click.command()
@click.argument("job", type=click.IntRange(min=0))
@asks_the_farm
def resume(desk: Desk, job: int) -> None:
    """Go on with JOB, which was paused."""
    change_state(desk, job, "resume", "goes on; {done} are done.", "was not paused; {done} are done.")


@click.command()
@click.argument("job", type=click.IntRange(min=0))
@asks_the_farm
def approve(desk: Desk, job: int) -> None:
    """Let the rest of JOB follow its preview."""
    change_state(desk, job, "approve", "is approved; the rest of it follows.", "waits for no approval.")


@click.command(epilog="\b\n" + FILTER)
@click.argument("job", type=click.IntRange(min=0))
@click.argument("filter", nargs=-1, metavar="[CLIENT]...")
@asks_the_farm
def forgive(desk: Desk, job: int, filter: tuple[str, ...]) -> None:  # noqa: A002 (the name of the argument for people)
    """Let JOB go again to clients that failed it too often: all, or those that a filter chooses."""
    chosen = desk.api.get("/api/v1/clients", filter=joined(filter))["data"]
    if not chosen and filter:
        raise Failed(f"No client matches {' and '.join(filter)}.", code="no-match")
    names = {client["id"]: client["name"] for client in chosen}
    answer = desk.api.post(f"/api/v1/jobs/{job}/forgive", {"clients": list(names)} if filter else {})
    found = [names[client] for client in answer["forgiven"] if client in names]
    desk.show(answer, lambda: f"{named(msgspec.convert(answer, JobView))} {forgiven(found)}.")


def change_state(desk: Desk, number: int, verb: str, changed: str, was: str) -> None:
    data = desk.api.post(f"/api/v1/jobs/{number}/{verb}")
    job = msgspec.convert(data, JobView)
    done = f"{job.completed:,} of {count(job.tasks, 'task')}"
    desk.show(data, lambda: f"{named(job)} {(changed if data['changed'] else was).format(done=done)}")
