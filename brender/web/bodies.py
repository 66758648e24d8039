"""The bodies of requests, each as a struct that `Ask.body` reads strictly.

How does this work?  `partial` makes a struct of settings of which none has to be there, with their types and without
their ranges: a value of a wrong type cannot be read (400), one that is out of its range is read and then refused
(422), by the rules that refuse it on every face.  `given` is what was there.
"""

from functools import cache
from typing import Annotated, Any, get_type_hints

import msgspec
from msgspec import UNSET, UnsetType

from brender.farm.choosing import Chosen, ended, everything, of_frames, of_numbers
from brender.farm.client import Status
from brender.farm.job import Job
from brender.farm.settings import ClientSettings, JobSettings, Settings

Text = Annotated[str, msgspec.Meta(max_length=512)]
MOST_NUMBERS = 100_000  # tasks that are named one by one


def optional(types: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    """Fields of which none has to be there."""
    return [(name, hint | UnsetType, UNSET) for name, hint in types.items()]


@cache
def partial(kind: type[Settings]) -> type[msgspec.Struct]:
    hints = get_type_hints(kind)
    return msgspec.defstruct(f"Some{kind.__name__}", optional({name: hints[name] for name in kind.__struct_fields__}))


def given(body: msgspec.Struct) -> dict[str, Any]:
    """What was there, as plain data."""
    found: dict[str, Any] = msgspec.to_builtins(body)
    return found


JobChange = partial(JobSettings)
ClientChange = msgspec.defstruct("ClientChange", optional({"status": Status}), bases=(partial(ClientSettings),))


class Submission(msgspec.Struct, frozen=True):
    template: dict[str, Any] | str  # an object, a text in YAML or JSON, or the name of a built-in template
    values: dict[str, Any] = {}
    name: Text = ""
    settings: dict[str, Any] = {}  # a `JobChange`
    priority: int | UnsetType = UNSET  # two of the settings, which have a place of their own too
    owner: str | UnsetType = UNSET


class Values(msgspec.Struct, frozen=True):
    values: dict[str, Any]


class Forgiving(msgspec.Struct, frozen=True):
    clients: list[int] | None = None  # all that the job avoids


class Retry(msgspec.Struct, frozen=True):
    """Which tasks run again: frames, tasks by their numbers, or those of a step or the job that were not done."""

    frames: str = ""
    tasks: Annotated[list[int], msgspec.Meta(max_length=MOST_NUMBERS)] | None = None
    step: Text = ""

    def choose(self, job: Job) -> Chosen:
        if self.frames:
            return of_frames(job, self.frames, self.step)
        return self.by_number(job) if self.tasks is not None else self.rest(job)

    def by_number(self, job: Job) -> Chosen:
        return of_numbers(job, self.tasks or [], self.step)

    def rest(self, job: Job) -> Chosen:
        return ended(job, self.step)


class Requeue(Retry, frozen=True):
    """The same, of what was done too: all of a step where no frames and no tasks are named."""

    with_dependents: bool = False

    def rest(self, job: Job) -> Chosen:
        return everything(job, self.step)
