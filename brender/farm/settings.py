"""What people may set: of a job, of a client, and of the whole farm.

How does this work?  Three frozen structs, with every choice once: its name, its type, its range and what
it means when nobody sets it.  All faces take and show them, the database keeps them as JSON.  What can
be checked without a farm is checked by msgspec (`read`) and by `wrong_hours`; whether a limit, a pool or another
job exists is looked up by `admission`.  Durations are seconds, times seconds of the epoch, memory bytes.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from brender.farm.submission.problems import Problem, Refused, shown

Text = Annotated[str, msgspec.Meta(max_length=128)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=1e9)]
Weight = Annotated[float, msgspec.Meta(gt=0, le=1e6)]
Time = Annotated[float, msgspec.Meta(ge=0, le=1e11)]  # seconds of the epoch; milliseconds are beyond it
Offset = Annotated[int, msgspec.Meta(ge=-1_000, le=1_000)]
Count = Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]
Names = Annotated[tuple[Text, ...], msgspec.Meta(max_length=1000)]
Folder = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
Folders = Annotated[tuple[Folder, ...], msgspec.Meta(max_length=100)]


def says(sentence: str) -> msgspec.Meta:
    """What a setting means, for help on every face."""
    return msgspec.Meta(description=sentence)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class After(Settings, frozen=True):
    """A job that this one comes after."""

    job: int
    when: Literal["completed", "ended", "started"] = "completed"
    frames: tuple[Offset, Offset] | None = None  # frame N after the frames N + first to N + last of that job
    step: Text = ""  # of that job, for `frames`; its first step that has frames if none is named


class JobSettings(Settings, frozen=True):
    # order of work
    priority: Annotated[int, msgspec.Meta(ge=0, le=100), says("higher goes first")] = 50
    owner: Annotated[Text, says("whose job it is")] = ""
    project: Annotated[Text, says("whose share of the farm it uses")] = ""
    order: Annotated[Literal["forwards", "backwards", "outside-in", "preview"], says("of the tasks of a step")] = (
        "forwards"
    )
    preview: Annotated[int, msgspec.Meta(ge=0, le=1_000_000), says("tasks, after which a step waits for approval")] = 0
    # where it may run
    pool: Annotated[Text, says("only clients of this pool")] = ""
    only: Annotated[Names, says("only these clients: names or patterns")] = ()
    never: Annotated[Names, says("not these")] = ()
    limits: Annotated[dict[Text, Count], says("of each counted limit, how many a task takes")] = {}
    # when it may run
    after: Annotated[tuple[After, ...], msgspec.Meta(max_length=100), says("jobs that it comes after")] = ()
    not_before: Annotated[Time | None, says("a time before which it does not begin")] = None
    hours: Annotated[Text, says('"20:00-06:00", "mon-fri 19:00-07:00, sat-sun 00:00-24:00"')] = ""
    zone: Annotated[Text, says("of the hours; the farm's own if none is named")] = ""
    # when it goes wrong
    tries: Annotated[int, msgspec.Meta(ge=1, le=100), says("of a task, the first included")] = 3
    fail_after: Annotated[Count | None, says("failed tasks, with which the job has failed")] = None
    fail_share: Annotated[float, msgspec.Meta(gt=0, le=1), says("the same as a share of all its tasks")] | None = None
    task_seconds: Annotated[Seconds | None, says("that a task may take")] = None
    session_seconds: Annotated[Seconds | None, says("that entering or leaving a session may take")] = None
    step_seconds: Annotated[Seconds | None, says("from the first order of a step to its last result")] = None
    quiet_seconds: Annotated[Seconds | None, says("without progress, after which a task has hung")] = None
    # making it shorter
    second_starts: Annotated[bool, says("a straggler may be started on another client too")] = True
    preemptible: Annotated[bool, says("it gives its clients to jobs of higher priority at once")] = False


class ClientSettings(Settings, frozen=True):
    pools: Annotated[Names, says("that it is in")] = ()
    tags: Annotated[Names, says("that templates can ask for as attr.tag")] = ()
    takes: Annotated[Names, says("only jobs of these pools; none: of any, and such as ask for no pool")] = ()
    most_tasks: Annotated[int, msgspec.Meta(ge=1, le=4096), says("at a time")] | None = None
    keep_memory: Annotated[int, msgspec.Meta(ge=0, le=2**62), says("left to whoever sits there")] = 0
    sleeps: Annotated[Text, says("hours in which it takes nothing, as hours of a job")] = ""
    zone: Annotated[Text, says("of sleeps; the machine's own if none is named")] = ""
    idle_seconds: Annotated[Seconds | None, says("that nobody has used the machine, before it takes anything")] = None
    when_used: Annotated[Literal["finish", "hand-back"], says("what it does then with what runs")] = "finish"
    wake: Annotated[bool, says("it is switched on over the network for work that waits")] = False
    off_seconds: Annotated[Seconds | None, says("that nobody needs it, before it is switched off")] = None


class Limit(Settings, frozen=True):
    """A counted licence that the whole farm shares."""

    count: Count
    each: Literal["task", "client"] = "task"  # what holds it: every task, or every client that runs some


class Rule(Settings, frozen=True):
    """What a line in a log means; the worker goes by it."""

    name: Text
    pattern: str  # a regular expression, found anywhere in the line
    then: Literal["fail", "elsewhere", "later"]  # no use trying again; another try; the same without using up a try


class FarmSettings(Settings, frozen=True):
    shares: Annotated[dict[Text, Weight], says('of the farm by project; "" stands for every other project')] = {}
    weights: Annotated[dict[Text, Weight], says("of owners; 1 where none is set")] = {}
    limits: Annotated[dict[Text, Limit], says("licences that are counted for the whole farm")] = {}
    depth_first: Annotated[bool, says("a job that has begun is finished before an equal one is begun")] = True
    affinity: Annotated[
        float, msgspec.Meta(ge=0, le=1e6, extra={"unit": "seconds"}), says("that an open scene may keep others waiting")
    ] = 10.0
    second_starts: Annotated[bool, says("a straggler may be started on another client too")] = True
    strikes: Annotated[
        int, msgspec.Meta(ge=1, le=1000), says("failures in a row, after which a job avoids a client")
    ] = 3
    avoid_for: Annotated[Seconds, msgspec.Meta(extra={"unit": "seconds"}), says("that it is avoided then")] = 1800.0
    rules: Annotated[tuple[Rule, ...], says("what lines of logs mean, besides those that come with brender")] = ()
    without_rules: Annotated[tuple[Text, ...], says("names of rules that do not count here")] = ()
    zone: Annotated[Text, says("time zone of hours that name none")] = "UTC"
    shared_folders: Annotated[Folders, says("that all machines have; a job with a path elsewhere gets a warning")] = ()
    scene_scripts: Annotated[
        Literal["everybody", "wranglers", "admins", "nobody"],
        says("whose jobs may run the scripts inside their scenes; wranglers: and admins"),
    ] = "everybody"


Kind = TypeVar("Kind", bound=Settings)


def read(kind: type[Kind], given: Any, before: Kind | None = None) -> Kind:
    """Settings from plain data, what is not given as it was `before`; raises `Refused` naming the field."""
    if not isinstance(given, Mapping):
        raise Refused([Problem("settings", "Settings are a table: a name and a value for each.")])
    merged = {**(msgspec.to_builtins(before) if before else {}), **given}
    try:
        return msgspec.convert(merged, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Refused([problem(kind, merged, str(error))]) from None


def problem(kind: type[Settings], given: Mapping[str, Any], said: str) -> Problem:
    """What msgspec says ("Expected `int` <= 100 - at `$.priority`"), for people."""
    what, _, place = said.partition(" - at `$")
    at = place.rstrip("`").lstrip(".")
    if "[...]" in at:
        at = at.replace("[...]", f".{shown(wrong_key(kind, at.partition('[')[0], given))}", 1)
    if "unknown field" in what:
        name = what.split("`")[1]
        inner = INNER.get(at.partition("[")[0].partition(".")[0], kind) if at else kind
        known = ", ".join(inner.__struct_fields__)
        return Problem(f"{at}.{name}" if at else name, f"There is no such setting; there are {known}.")
    if "Expected `object`" in what and (form := FORMS.get(at.partition(".")[0].partition("[")[0])):
        return Problem(at, f"Write a table, such as {form}.")
    name = at.partition("[")[0] if at.partition("[")[0] in TABLES else at.rpartition(".")[2].partition("[")[0]
    return Problem(at or "settings", f"{EXPECTED.get(name.partition('.')[0]) or plainly(what)}.")


def wrong_key(kind: type[Settings], field: str, given: Mapping[str, Any]) -> str:
    """Under which name of a table the value is that cannot be."""
    for key, value in given[field].items():
        try:
            msgspec.convert({field: {key: value}}, kind, strict=False)
        except msgspec.ValidationError:
            return str(key)
    return "?"


def plainly(what: str) -> str:
    """What was expected, without the words of a program."""
    if "missing" in what:
        return f"The field {what.split('`')[1]} is missing"
    wanted, _, bound = what.removeprefix("Expected `").partition("`")
    bound = bound.partition(",")[0].strip().removeprefix("of length ")
    for sign, words in SIGNS.items():
        bound = bound.replace(sign, words)
    kinds = {"int": "a whole number", "float": "a number", "str": "a text", "array": "a list", "bool": "true or false"}
    kinds["object"] = "a table: a name and a value for each"
    kind = next((words for name, words in kinds.items() if wanted.startswith(name)), "another kind of value")
    if wanted == "str" and bound:
        return f"Write a text of {bound.removesuffix('.0')} characters"
    return f"Write {kind} that is {bound.removesuffix('.0')}" if bound else f"Write {kind}"


SIGNS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}
INNER: dict[str, type[Settings]] = {"after": After, "limits": Limit, "rules": Rule}
TABLES = ("shares", "weights")
FORMS = {
    "after": '{job = 3, when = "ended"}',
    "limits": "{count = 3}",
    "rules": '{name = "x", pattern = "y", then = "fail"}',
}
SECONDS = "Write seconds: a number more than 0 and at most 1,000,000,000"
EXPECTED = {
    "priority": "A priority is a whole number from 0 to 100",
    "fail_share": "A share is more than 0 and at most 1",
    "tries": "Tries are a whole number from 1 to 100, the first one included",
    "order": "An order is forwards, backwards, outside-in or preview",
    "when": "A job comes after another one when that is completed, ended or started",
    "then": "A rule says fail, elsewhere or later",
    "each": "A limit is held by each task, or by each client that runs some",
    "frames": "The offsets of frames are two whole numbers, such as [-1, 1], none beyond 1,000",
    "not_before": "Write the time as seconds since 1970 (not milliseconds), such as 1800000000",
    "only": 'Write a list of names or patterns, such as ["render-0*"]',
    "never": 'Write a list of names or patterns, such as ["render-0*"]',
    "scene_scripts": "Scripts inside scenes run in jobs of everybody, of wranglers, of admins, or of nobody",
    "when_used": "When somebody uses its machine, a client has to finish or hand-back what it runs",
    **dict.fromkeys(("task_seconds", "session_seconds", "step_seconds", "quiet_seconds", "avoid_for"), SECONDS),
    **dict.fromkeys(("idle_seconds", "off_seconds"), SECONDS),
}
