"""The words of the worker protocol: every message, declared once.

How does this work?  Each message is a struct with its name in the field `type`; on the wire it is one
line of JSON (see `codec`).  `FromWorker` and `FromServer` are what either side may say; anything else
is refused by name.  `docs/protocol.md` tells what each means and when it is sent; a test holds that
page to these structs.  Times are seconds of the epoch, durations seconds.
"""

from typing import Annotated, Any, Literal

import msgspec

from brender.farm.client import Machine
from brender.farm.settings import Rule

VERSION = 1  # a server and a worker of different versions do not work together
MOST_OF_A_PICTURE = 700_000  # bytes: with them a line keeps its limit
LEAVE, STOP = "leave", "stop"  # in `Hello.knows`: the worker understands `Leave`, `Stop`


Bytes = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Cause = Literal["", "memory", "fail", "later", "time", "quiet"]  # of a failure: `farm.failing` goes by it


class Message(msgspec.Struct, frozen=True, tag_field="type", tag=str.lower):
    pass


# --- a worker says


class Hello(Message, frozen=True):
    """The first line of a connection."""

    version: int
    run: str  # changes with every start of the worker's program
    machine: Machine
    held: dict[int, list[int]]  # order -> the tasks that it still has, results not yet acknowledged included
    knows: list[str] = []  # messages of the server that came with later releases, and that it understands


class Join(Message, frozen=True):
    """The first and only line of a machine that has no certificate yet; only over TLS."""

    version: int
    secret: str  # of a join token
    key: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]  # the one that `machine.key` will be
    request: str  # for a certificate: PKCS #10, as PEM


class Renew(Message, frozen=True):
    """Another certificate is wanted, before the one of this connection expires."""

    request: str  # for it: PKCS #10, as PEM


class Started(Message, frozen=True):
    order: int
    task: int


class Result(Message, frozen=True):
    """A task has ended.  Kept by the worker and sent again until it is acknowledged."""

    order: int
    task: int
    outcome: Literal["completed", "failed", "canceled"]
    message: str = ""  # why it failed, for people
    seconds: float = 0.0
    cause: Cause = ""
    peak: int = 0  # bytes that it had used at most; 0 when nobody measured


class Progress(Message, frozen=True):
    order: int
    task: int
    percent: float | None = None
    status: str = ""


class Warned(Message, frozen=True):
    order: int
    task: int
    text: str


class Log(Message, frozen=True):
    order: int
    task: int
    text: str


class Picture(Message, frozen=True):
    """A small JPEG of a frame that is done."""

    job: int
    task: int
    jpeg: Annotated[bytes, msgspec.Meta(max_length=MOST_OF_A_PICTURE)]  # base64 on the wire
    step: str = ""  # older workers do not say it: it is the job's first one then
    rate: float = 0.0  # frames a second at which they are to be played; 0 when nobody knows


class Returned(Message, frozen=True):
    """These tasks were not run and will not be; of those that were to `Stop`, nothing is left."""

    order: int
    tasks: list[int]


class Dropped(Message, frozen=True):
    """The answer to `Cancel`: nothing of the order is left, processes included."""

    order: int


class Beat(Message, frozen=True):
    """The worker lives; how busy its machine is, as far as it knows."""

    load: float  # of the processors, percent
    memory_used: Bytes | None = None
    gpu_load: float | None = None  # percent, the mean of the cards
    gpu_memory_used: Bytes | None = None  # of the card on which most is
    disk_free: Bytes | None = None  # where the scratch folders are


class Leaving(Message, frozen=True):
    """The worker finishes what it runs and takes nothing new."""

    off: bool = False  # as nobody needs it, and the machine is switched off


class Presence(Message, frozen=True):
    """Somebody uses the machine, or does so no more.  Said after each welcome, and when it changes."""

    here: bool
    idle: float | None = None  # seconds since somebody used it last; null when that cannot be told
    held: bool = False  # somebody there has said that it is to take nothing


class Stays(Message, frozen=True):
    """The answer to `PowerOff` when the machine is not switched off, or was not after all."""

    reason: str


class Unwell(Message, frozen=True):
    """The worker can run nothing for now, and why; with an empty reason it can again.

    Said when it changes, and while it is so after each welcome.
    """

    reason: str


# --- the server says


class Welcome(Message, frozen=True):
    client: int
    name: str
    heartbeat: float  # say something at least this often; so does the server
    drop: list[int]  # orders that are not the worker's any more
    rules: list[Rule] = []  # what lines in logs mean


class Refused(Message, frozen=True):
    """The greeting was not accepted, or the connection is over."""

    reason: str
    again: bool = True  # whether it makes sense to try again


class Certificate(Message, frozen=True):
    """The answer to `Join` and to `Renew`."""

    certificate: str  # PEM


class Limits(msgspec.Struct, frozen=True):
    """What a job allows its tasks, in seconds."""

    task_seconds: float | None = None  # that a task may take
    session_seconds: float | None = None  # that entering or leaving a session may take
    quiet_seconds: float | None = None  # without progress, after which a task has hung


class Job(Message, frozen=True):
    """What to run, sent before the first order of a job on a connection, and again when it has changed."""

    job: int
    name: str
    template: dict[str, Any]  # an OpenJD job template
    values: dict[str, Any]  # the value of every job parameter
    limits: Limits = Limits()
    owner: str = ""  # of the job, if they are a user of the farm: as whom its tasks may run
    scripts: bool = True  # whether those inside its scenes may run, where the job itself allows it


class Task(msgspec.Struct, frozen=True, array_like=True):
    index: int  # of a chunk, that of its first task
    parameters: dict[str, str]
    count: int = 1  # how many tasks run as this one


class Order(Message, frozen=True):
    order: int
    job: int
    step: str
    attempt: int
    slots: int
    tasks: list[Task]
    amounts: dict[str, float] = {}  # what it uses up besides slots, in OpenJD's names and units


class Ack(Message, frozen=True):
    results: list[tuple[int, int]]  # order, task


class Recall(Message, frozen=True):
    """Hand back what has not begun of this order."""

    order: int


class Cancel(Message, frozen=True):
    """End this order now, and say `Dropped` when nothing of it is left."""

    order: int


class Stop(Message, frozen=True):
    """End these tasks of the order now, say `Returned` when nothing of them is left, and go on with the others."""

    order: int
    tasks: list[int]


class Forget(Message, frozen=True):
    """The job is over, or its values are others: its sessions take no more orders."""

    job: int


class PowerOff(Message, frozen=True):
    """Nobody needs the machine: switch it off, if nobody has used it for so long."""

    idle: float


class Leave(Message, frozen=True):
    """Finish what runs, take nothing new, and end."""

    again: bool = False  # and start anew
    now: bool = False  # end what runs too, and hand it back


class Ping(Message, frozen=True):
    pass


class Farewell(Message, frozen=True):
    """The server stops: keep what you hold and come back."""

    reason: str


FromWorker = (
    Hello
    | Join
    | Renew
    | Started
    | Result
    | Progress
    | Warned
    | Log
    | Picture
    | Returned
    | Dropped
    | Beat
    | Leaving
    | Presence
    | Stays
    | Unwell
)
FromServer = (
    Welcome
    | Refused
    | Certificate
    | Job
    | Order
    | Ack
    | Recall
    | Cancel
    | Stop
    | Forget
    | PowerOff
    | Leave
    | Ping
    | Farewell
)


class Versioned(msgspec.Struct):
    """All that can be read of a greeting in another version of the protocol."""

    version: int


def version_of(line: bytes) -> int:
    """The version that a greeting names; ours when it names none."""
    try:
        return msgspec.json.decode(line, type=Versioned).version
    except msgspec.DecodeError:
        return VERSION
