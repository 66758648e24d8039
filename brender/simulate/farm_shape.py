"""The shape of a farm: its machines, the people who hand in jobs, and its settings, read from TOML.

How does this work?  `read` turns a file into a frozen `FarmShape`; whatever is wrong with it is raised as
`BadShape`, with its place.  Clients come in groups of equal ones (`Group`).  Each user hands jobs in
in one of three ways: so many at the beginning, one every so often, or as soon as too few are left.  Amounts are a
number, or drawn (`Amount`): between two numbers, or around a median.  The settings of the farm, of clients and
of jobs are the real ones.  `docs/simulator.md` explains every key.
"""

import tomllib
from pathlib import Path
from random import Random
from typing import Annotated, Any

import msgspec

from brender.farm.scheduling.windows import BadHours, Hours
from brender.farm.settings import ClientSettings, FarmSettings, JobSettings

Number = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Positive = Annotated[float, msgspec.Meta(gt=0, le=1e9)]
AtLeast0 = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]
Factor = Annotated[float, msgspec.Meta(ge=1, le=1000)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[\w .-]+$")]


class BadShape(ValueError):
    """The shape of the farm cannot be used; the message is a sentence for people."""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class Amount(Part, frozen=True):
    """Drawn anew each time: evenly from `least` to `most`; with a `median`, around that."""

    median: Positive | None = None
    spread: Factor = 1.0  # two of three lie between the median divided by this and multiplied by it
    least: AtLeast0 = 0.0
    most: Positive | None = None

    def draw(self, chance: Random) -> float:
        if self.median is None:
            return chance.uniform(self.least, self.most or self.least)
        drawn = self.median * around(self.spread, chance)
        return max(self.least, drawn if self.most is None else min(drawn, self.most))


def around(spread: float, chance: Random) -> float:
    """A factor: two of three lie between 1 / spread and spread."""
    return float(spread ** chance.gauss(0.0, 1.0))


Drawn = AtLeast0 | Amount


def draw(amount: float | Amount, chance: Random) -> float:
    return amount.draw(chance) if isinstance(amount, Amount) else amount


class Group(Part, frozen=True):
    """Clients that are all the same."""

    number: Number
    name: Name = "render"
    slots: Annotated[int, msgspec.Meta(ge=1, le=4096)] = 1
    memory: AtLeast0 = 64.0  # GB
    gpus: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    speed: Positive = 1.0  # half of it takes twice as long
    whole: Positive | None = None  # speed for tasks that have the machine to themselves; the same if not set
    fails: Share = 0.0  # of the tasks that run there, though nothing is wrong with them
    dies_every: Positive | None = None  # seconds between two deaths of its worker, on average
    away: Drawn = 600.0  # seconds until it comes back
    settings: ClientSettings = ClientSettings()  # its pools, its sleep

    def rate(self, shared: bool) -> float:
        """The speed for a task that shares the machine with others, or does not."""
        return self.speed if shared or self.whole is None else self.whole


class StepShape(Part, frozen=True):
    tasks: Drawn
    seconds: Drawn  # that a task takes on a client of speed 1; one number for all tasks of a job
    name: Name = "Render"
    varies: Factor = 1.0  # two of three tasks lie between those seconds divided by this and multiplied by it
    opening: Drawn = 2.0  # seconds until a session of it is open
    after: tuple[Name, ...] = ()  # steps
    vcpus: Number | None = None  # none: it has the machine to itself
    memory: Positive | None = None  # GB
    gpus: Number | None = None
    chunk: Positive | None = None  # seconds that a chunk of tasks should take


class Kind(Part, frozen=True):
    """Jobs that are much the same."""

    steps: tuple[StepShape, ...]
    name: Name = "shot"
    chance: Positive = 1.0  # that a job is of this kind, against the chances of the others
    cancels: Share = 0.0  # of them are canceled by whoever handed them in
    settings: JobSettings = JobSettings()


class User(Part, frozen=True):
    """Somebody who hands in jobs, in one of three ways."""

    owner: Name
    kinds: tuple[Kind, ...]
    project: str = ""
    jobs: Number | None = None  # at the beginning
    every: Positive | None = None  # seconds between two, on average
    hours: str = ""  # in which `every` counts, as in the settings of a job
    keeps: Number | None = None  # so many of theirs are unfinished at any time


class FarmShape(Part, frozen=True):
    clients: tuple[Group, ...]
    users: tuple[User, ...]
    name: str = ""
    days: Positive = 10.0  # at most
    latency: AtLeast0 = 0.005  # seconds that a message takes
    lost_after: AtLeast0 = 30.0  # seconds that a worker may take to come back with what it holds
    farm: FarmSettings = FarmSettings()


def read(path: Path) -> FarmShape:
    """Raises `BadShape`."""
    try:
        return from_text(path.read_text("utf-8"))
    except OSError as error:
        raise BadShape(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise BadShape(f"{path} is not text in UTF-8.") from None
    except BadShape as bad:
        raise BadShape(f"{path}: {bad}") from None


def from_text(text: str) -> FarmShape:
    try:
        return made(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadShape(f"This is not TOML: {error}.") from None


def made(data: dict[str, Any]) -> FarmShape:
    try:
        shape = msgspec.convert(data, FarmShape)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        at = place.rstrip("`").lstrip(".") or "the file"
        raise BadShape(f"{at}: {what}.") from None
    for at, problem in problems(shape):
        raise BadShape(f"{at}: {problem}")
    return shape


def problems(shape: FarmShape) -> list[tuple[str, str]]:
    """What msgspec cannot know, with its place."""
    found = [("clients", "A farm needs clients.")] if not shape.clients else []
    found += [("users", "Somebody has to hand in jobs.")] if not shape.users else []
    for number, group in enumerate(shape.clients):
        found += wrong_amount(f"clients[{number}].away", group.away)
        found += wrong_hours(f"clients[{number}].settings.sleeps", group.settings.sleeps)
    for number, user in enumerate(shape.users):
        at = f"users[{number}]"
        ways = [name for name in ("jobs", "every", "keeps") if getattr(user, name) is not None]
        if len(ways) != 1:
            found.append((at, "Set one of jobs, every and keeps; it says when this user hands in jobs."))
        found += wrong_hours(f"{at}.hours", user.hours)
        if not user.kinds:
            found.append((f"{at}.kinds", "A user needs a kind of job."))
        for place, kind in enumerate(user.kinds):
            found += wrong_steps(f"{at}.kinds[{place}]", kind)
    return found


def wrong_steps(at: str, kind: Kind) -> list[tuple[str, str]]:
    found = [] if kind.steps else [(f"{at}.steps", "A job needs a step.")]
    names: set[str] = set()
    for number, step in enumerate(kind.steps):
        place = f"{at}.steps[{number}]"
        found += [problem for name in ("tasks", "seconds", "opening")
                  for problem in wrong_amount(f"{place}.{name}", getattr(step, name))]  # fmt: skip
        if step.name in names:
            found.append((place, f'There are two steps "{step.name}"; give each a name of its own.'))
        missing = [other for other in step.after if other not in names]
        found += [(f"{place}.after", f'There is no step "{other}" before this one.') for other in missing]
        names.add(step.name)
    return found


def wrong_amount(at: str, amount: float | Amount) -> list[tuple[str, str]]:
    if not isinstance(amount, Amount):
        return []
    if amount.median is None and amount.most is None:
        return [(at, "Write a median, or least and most.")]
    if amount.most is not None and amount.least > amount.most:
        return [(at, f"It is at least {amount.least:g} and at most {amount.most:g}; exchange them.")]
    return []


def wrong_hours(at: str, text: str) -> list[tuple[str, str]]:
    try:
        Hours.read(text)
    except BadHours as bad:
        return [(at, str(bad))]
    return []
