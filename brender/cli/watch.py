"""A job while it runs: a bar that moves by the server's events, until the job ends.

How does this work?  `Watch` opens the stream of events, asks once how the job stands, and then follows what
the stream tells; when the stream breaks it does both again.  So nothing is asked twice and nothing is missed.
Without a terminal it prints a line at every tenth; with `--json` a line of JSON for each change.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, Protocol

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from brender.cli.asking import say
from brender.client.errors import Unreachable
from brender.client.http import Api
from brender.verbs.tables import count, cut, duration, visible

FINISHED = {"completed", "failed", "canceled"}
AGAIN = 1.0  # seconds until a lost server is looked for again
GIVE_UP = 60.0  # seconds without a server

Job = dict[str, Any]


class Watch:
    def __init__(
        self,
        api: Api,
        as_json: bool,
        thing: str = "task",
        check: Callable[[], None] = lambda: None,
        quiet: bool = False,
        silent: bool = False,
    ) -> None:
        self._api = api
        self._as_json = as_json
        self._thing = thing
        self._check = check  # called at every sign of life; may raise
        self._quiet = quiet or silent  # says nothing at the end
        self._silent = silent  # nor before
        self.job: Job = {}  # as it was last seen

    def until_it_ends(self, first: Job) -> int:
        """Show the job until it has ended; the command's exit code."""
        try:
            with closing(self._shows()) as shows:
                for job in self._states(first):
                    self.job = job
                    shows.show(job)
        except KeyboardInterrupt:
            if self._quiet:
                raise
            say(f"Job {first['id']} goes on without you; brender jobs shows how far it is.", err=True)
            return 130
        if not self._as_json and not self._quiet:
            say(ending(self.job, self._thing), err=self.job["state"] != "completed")
        return 0 if self.job["state"] == "completed" else 1

    def _shows(self) -> "Shows":
        if self._silent:
            return Silence()
        if self._as_json:
            return JsonLines()
        return Bar(self._thing) if Console().is_terminal else Lines(self._thing)

    def _states(self, first: Job) -> Iterator[Job]:
        """The job as it is, and again whenever it has changed; the last is the finished one."""
        job = first
        yield job
        lost_at = None
        while job["state"] not in FINISHED:
            try:
                for job in self._followed(first["id"]):
                    lost_at = None
                    yield job
            except Unreachable:
                lost_at = lost_at or time.monotonic()
                if time.monotonic() - lost_at > GIVE_UP:
                    raise
            if job["state"] not in FINISHED:
                self._check()
                time.sleep(AGAIN)

    def _followed(self, number: int) -> Iterator[Job]:
        """The job as one connection tells of it."""
        for kind, data in self._api.events("job"):
            self._check()
            if kind in {"open", "reset"}:
                data = self._api.get(f"/api/v1/jobs/{number}")  # noqa: PLW2901
            elif kind != "job" or data["id"] != number:
                continue
            yield data
            if data["state"] in FINISHED:
                return


class Shows(Protocol):
    """What a person, or a program, sees of the changes."""

    def show(self, job: Job) -> None:
        """The job as it is now."""

    def close(self) -> None:
        """Nothing more comes."""


class Silence:
    def show(self, job: Job) -> None:
        pass

    def close(self) -> None:
        pass


class JsonLines:
    def show(self, job: Job) -> None:
        click.echo(json.dumps(job, ensure_ascii=False))

    def close(self) -> None:
        pass


class Lines:
    def __init__(self, thing: str) -> None:
        self._thing = thing
        self._shown = -1

    def show(self, job: Job) -> None:
        done, total = main_step(job)
        tenth = 10 * done // max(1, total)
        if tenth > self._shown:
            self._shown = tenth
            say(f"  {title(job)}  {figures(job, self._thing)}")

    def close(self) -> None:
        pass


class Bar:
    def __init__(self, thing: str) -> None:
        self._thing = thing
        self._progress = Progress(
            TextColumn("  {task.description}"),
            BarColumn(25, complete_style="green", finished_style="green"),
            TextColumn("{task.fields[figures]}"),
        )
        self._bar: TaskID | None = None

    def close(self) -> None:
        self._progress.stop()

    def show(self, job: Job) -> None:
        done, total = main_step(job)
        words = escape(figures(job, self._thing))
        if self._bar is None:
            self._progress.start()
            self._bar = self._progress.add_task(escape(title(job)), figures=words)
        self._progress.update(self._bar, completed=done, total=total, figures=words)


def title(job: Job) -> str:
    return f"{'job ' + str(job['id']):8}  {cut(visible(job['name']), 24)}"


def main_step(job: Job) -> tuple[int, int]:
    """Done and total of the step with the most tasks: the frames."""
    step = max(job["steps"], key=lambda step: step["tasks"])
    return step["completed"], step["tasks"]


def figures(job: Job, thing: str) -> str:
    """ "15/24 · 0.4 s a frame · 4 s left"."""
    done, total = main_step(job)
    parts = [f"{done:,}/{total:,}"]
    if job["failed"]:
        parts.append(f"{job['failed']:,} failed")
    if job["state"] in FINISHED:
        return " · ".join([*parts, job["state"]])
    if done == total:
        return " · ".join([*parts, *(step["name"] for step in job["steps"] if step["active"])])
    if job["seconds_a_task"] is not None:
        parts.append(f"{duration(job['seconds_a_task'])} a {thing}")
    if job["state"] != "active":
        parts.append("paused" if job["state"] == "paused" else "waiting for a free client")
    elif job["seconds_left"] is not None:
        parts.append(f"{duration(job['seconds_left'])} left")
    return " · ".join(parts)


def ending(job: Job, thing: str) -> str:
    """What has become of it, and the line that says why."""
    done, total = main_step(job)
    took = f" in {duration(job['ended'] - job['started'])}" if job["started"] and job["ended"] else ""
    warnings = [f"Warning: {warning}" for warning in job["warnings"]]
    if job["state"] == "completed":
        return "\n".join([*warnings, f"Job {job['id']} is completed: {count(total, thing)}{took}."])
    reason = [job["reason"]] if job["reason"] else []
    state = "has failed" if job["state"] == "failed" else "was canceled"
    lines = [f"Job {job['id']} {state}: {done:,} of {count(total, thing)} were done{took}.", *reason, *warnings]
    return "\n".join([*lines, *([f"brender log {job['id']} tells more."] if job["state"] == "failed" else [])])
