"""`brender clients`, `brender jobs`, `brender log`, `brender why`: look at a farm.

How does this work?  The server's JSON becomes the same structs and the same tables that the shell shows.
"""

import time
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from brender.cli.api import Failed
from brender.cli.asking import Desk, asks_the_farm, width
from brender.farm.views import ClientView, JobView
from brender.protocols.client_verbs import COLUMNS, FILTER, notes, row
from brender.protocols.job_verbs import JOBS, job_row
from brender.protocols.tables import table


@click.command(epilog="\b\n" + FILTER)
@click.argument("filter", nargs=-1)
@asks_the_farm
def clients(desk: Desk, filter: tuple[str, ...]) -> None:  # noqa: A002 (the name of the argument for people)
    """List the clients, or those that a filter chooses."""
    data = desk.api.get("/api/v1/clients", filter=joined(filter))["data"]
    desk.show(data, lambda: clients_table(data, filter))


def joined(words: Sequence[str]) -> str:
    """One text of several words, each as it was typed."""
    return " ".join(f'"{word}"' if " " in word else word for word in words)


def clients_table(data: Any, words: tuple[str, ...]) -> str:
    found = msgspec.convert(data, list[ClientView])
    if not found:
        return f"No client matches {' and '.join(words)}." if words else "The farm has no clients yet."
    return "\n".join([table(COLUMNS, [row(client, time.time()) for client in found], width()), *notes(found)])


@click.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=100, show_default=True, help="How many.")
@asks_the_farm
def jobs(desk: Desk, limit: int) -> None:
    """List the jobs, newest first."""
    answer = desk.api.get("/api/v1/jobs", limit=str(limit))
    desk.show(answer["data"], lambda: jobs_table(answer))


def jobs_table(answer: Any) -> str:
    found = msgspec.convert(answer["data"], list[JobView])
    if not found:
        return "No jobs yet; brender submit hands one in."
    more = [f"These are the newest {len(found)}; --limit shows more."] if answer.get("next") else []
    return "\n".join([table(JOBS, [job_row(job, time.time()) for job in found], width()), *more])


@click.command()
@click.argument("job", type=click.IntRange(min=0))
@click.argument("task", type=click.IntRange(min=0), required=False)
@click.option("--step", metavar="NAME", help="Only of this step.")
@asks_the_farm
def log(desk: Desk, job: int, task: int | None, step: str | None) -> None:
    """Show the log of a job, or of one task (the first is 0)."""
    query = {"task": None if task is None else str(task), "step": step}
    text = desk.api.text(f"/api/v1/jobs/{job}/log", **{key: value for key, value in query.items() if value is not None})
    desk.show({"job": job, "task": task, "log": text}, lambda: text.expandtabs().rstrip("\n"))


@click.command(context_settings={"ignore_unknown_options": True}, epilog="\b\n" + FILTER)
@click.argument("words", nargs=-1, required=True, metavar="JOB [FRAME] | CLIENT...")
@click.option("--step", metavar="NAME", help="The frame of this step.")
@asks_the_farm
def why(desk: Desk, words: tuple[str, ...], step: str | None) -> None:
    """Say what a job, a frame of it, or a client waits for."""
    first, *more = words
    if first.isdecimal():
        query = {"frame": " ".join(more)} if more else {}
        answers = [desk.api.get(f"/api/v1/jobs/{first}/why", **query, **({"step": step} if step else {}))]
    else:
        answers = [desk.api.get(f"/api/v1/clients/{client}/why") for client in clients_of(desk, words)]
    desk.show(answers, lambda: "\n".join(answer["why"] for answer in answers))


def clients_of(desk: Desk, words: Sequence[str]) -> list[int]:
    found = desk.api.get("/api/v1/clients", filter=joined(words))["data"]
    if not found:
        raise Failed(f"No client matches {' and '.join(words)}.", code="no-match")
    return [client["id"] for client in found]
