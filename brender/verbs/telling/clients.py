"""What people are told of clients."""

from collections.abc import Sequence

from brender.farm.views.things import ClientView, RunningView
from brender.verbs.tables import Column, age, amount, count, cut, percent, table
from brender.verbs.telling.lists import none_found, page_told
from brender.verbs.telling.sentences import Predicate, as_name, counted, names, some
from brender.verbs.telling.settings import set_told, what_was_set
from brender.verbs.telling.told import Told

TOLD = 20  # sentences of `why`

COLUMNS = (
    Column("id", right=True),
    Column("name", gives=True),
    Column("status"),
    Column("activity"),
    Column("running", gives=True),
    Column("load", right=True),
    Column("since"),
)
RUNNING = (*(Column(title, gives=True) for title in ("running", "step", "job")), Column("for", right=True))
EMPTY = "The farm has no clients yet: start a worker with brender worker."


def listed(told: Told) -> str:
    if not told.rows:
        return none_found(told, EMPTY)
    rows = [row(client, told.now) for client in told.views]
    return "\n".join([table(COLUMNS, rows, told.width), *page_told(told), *notes(told.views)])


def row(client: ClientView, now: float) -> tuple[str, ...]:
    online = client.connection == "online"
    return (
        str(client.id),
        client.name,
        client.status,
        does(client),
        running(client),
        percent(client.load) if online else "",
        age(now - client.since) if client.since else "",
    )


def does(client: ClientView) -> str:
    return client.activity if client.connection == "online" or client.activity == "off" else "offline"


def running(client: ClientView) -> str:
    """ "shot_010 frame 14", or "shot_010 frame 14 +3" where four run side by side."""
    if not client.running:
        return ""
    first, *others = client.running
    return f"{cut(first.job_name, 20)} {first.what}" + (f" +{len(others)}" if others else "")


def notes(clients: Sequence[ClientView]) -> list[str]:
    """What the table has no room for."""
    resting = [client.name for client in clients if client.status == "disabled" and client.running]
    if not resting:
        return []
    verbs = "finishes what it runs, then rests" if len(resting) == 1 else "finish what they run, then rest"
    return [f"{names(resting)} {verbs}."]


def shown(told: Told) -> str:
    client: ClientView = told.only.view
    rows = [running_row(task, told.now) for task in client.running]
    parts = [headline(client, told.now), *machine(client), *what_was_set(client.settings, told.zone)]
    return "\n".join([*parts, *([table(RUNNING, rows, told.width)] if rows else [])])


def headline(client: ClientView, now: float) -> str:
    """ "Client 3 attic: enabled, idle, 0 of 4 slots in use, load 3 %, online for 5 min"."""
    facts = [client.status, does(client), f"{client.used} of {count(client.slots, 'slot')} in use"]
    if client.connection == "online":
        facts.append(f"load {percent(client.load)}")
    if client.since:
        facts.append(f"{client.connection} for {age(now - client.since)}")
    return f"Client {client.id} {cut(client.name, 40)}: {', '.join(facts)}"


def machine(client: ClientView) -> list[str]:
    blenders = [f"Blender {blender.version}" for blender in client.blenders]
    memory = [f"{amount(client.memory)} of memory"] if client.memory else []
    facts = [*([client.system] if client.system else []), *memory, *client.gpus, *blenders]
    return [f"Machine: {', '.join(facts)}"] if facts else []


def running_row(task: RunningView, now: float) -> tuple[str, ...]:
    return task.what, task.step, f"{task.job} {task.job_name}", age(now - task.since) if task.since else ""


def enabled(told: Told) -> str:
    return turned(told, "enabled")


def disabled(told: Told) -> str:
    return turned(told, "disabled") + finishing(told.views)


def turned(told: Told, status: str) -> str:
    if not told.rows:
        return none_found(told, EMPTY)
    predicate = Predicate(f"is now {status}", f"are now {status}", "already was", "already were", f" {status}")
    return counted("client", told.rows, as_name, predicate)


def finishing(clients: Sequence[ClientView]) -> str:
    """ " 2 frames finish first.": what disabled clients still run."""
    tasks = [task for client in clients for task in client.running]
    if not tasks:
        return ""
    thing = "frame" if all(task.what.startswith("frame ") for task in tasks) else "task"
    return f" {count(len(tasks), thing)} {'finishes' if len(tasks) == 1 else 'finish'} first."


def updated(told: Told) -> str:
    return set_told(told, as_name) if told.rows else none_found(told, EMPTY)


def why(told: Told) -> str:
    if not told.rows:
        return none_found(told, EMPTY)
    return "\n".join(some([row.more["why"] for row in told.rows], TOLD, "more match."))


ABOUT_CLIENTS = {
    "read": listed,
    "show": shown,
    "enable": enabled,
    "disable": disabled,
    "update": updated,
    "why": why,
}
