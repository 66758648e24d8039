"""The verbs about clients: list them, enable and disable them.

How does this work?  `chosen` turns filter words into clients; everything else is wording.  An answer to a
change counts what was changed and what already was so.
"""

from collections.abc import Sequence

from brender.farm.client import RuntimeClient, Status
from brender.farm.interfaces import FarmService
from brender.farm.views import ClientView, client_view
from brender.protocols.filters import choose, nothing
from brender.protocols.tables import Column, age, count, cut, percent, table
from brender.protocols.verbs import Asked, Verbs, WrongUse
from brender.protocols.words import listed

CLIENT_VERBS = Verbs()
NAMED = 4  # more clients than this are counted, not named

FILTER = """\
A filter is one word or several, and all of them must be true of a client:
  all
  enabled, disabled        what the administrator wants
  online, offline          whether its worker is connected
  idle, busy, asleep       what it does
  occupied, unwell, off    it is in use; its disk is full; it is switched off
  render-01, render*       its name; * stands for anything, ? for one character
  12                       its id
  status=disabled          an attribute: id, name, status, connection, activity
  pool=lighting, tag=gpu   one of its pools, one of its tags"""

COLUMNS = (
    Column("id", right=True),
    Column("name", gives=True),
    Column("status"),
    Column("activity"),
    Column("running", gives=True),
    Column("load", right=True),
    Column("since"),
)


def views(service: FarmService) -> list[ClientView]:
    """Every client, by id."""
    return [client_view(client, service.farm) for _, client in sorted(service.farm.clients.items())]


def chosen(service: FarmService, words: Sequence[str]) -> list[ClientView]:
    """The clients that a filter is true of; raises `WrongUse` with the sentence when there is none."""
    everyone = views(service)
    found = choose(words, everyone)
    if not found:
        raise WrongUse(nothing(words, everyone))
    return found


@CLIENT_VERBS("clients [FILTER]", "List the clients, or those that a filter chooses.", FILTER)
async def clients(asked: Asked) -> str:
    found = chosen(asked.service, asked.words or ["all"])
    return "\n".join([table(COLUMNS, [row(client, asked.now) for client in found]), *notes(found)])


def row(client: ClientView, now: float) -> tuple[str, ...]:
    online = client.connection == "online"
    return (
        str(client.id),
        client.name,
        client.status,
        client.activity if online or client.activity == "off" else "offline",
        running(client),
        percent(client.load) if online else "",
        age(now - client.since) if client.since else "",
    )


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


@CLIENT_VERBS("enable FILTER", "Let clients take new orders.", FILTER)
async def enable(asked: Asked) -> str:
    return await turn(asked, Status.ENABLED)


@CLIENT_VERBS("disable FILTER", "Give clients no new orders; they finish what they run.", FILTER)
async def disable(asked: Asked) -> str:
    return await turn(asked, Status.DISABLED)


async def turn(asked: Asked, status: Status) -> str:
    if not asked.words:
        verb = status.value.removesuffix("d")
        raise WrongUse(f"Say which clients: {verb} FILTER, such as {verb} render-01 or {verb} all.")
    found = chosen(asked.service, asked.words)
    farm = asked.service.farm
    changed = await asked.service.set_status([farm.clients[client.id] for client in found], status)
    sentence = turned([client.name for client in found], changed, status)
    return sentence + finishing([client for client in found if client.running], status)


def turned(everyone: Sequence[str], changed: Sequence[RuntimeClient], status: Status) -> str:
    """ "2 clients: render-01 is now disabled, render-02 already was."."""
    now = [client.name for client in changed]
    before = list(everyone)
    for name in now:
        before.remove(name)  # names need not be unique
    parts = []
    if now:
        parts.append(f"{names(now)} {'is' if len(now) == 1 else 'are'} now {status}")
    if before:
        parts.append(f"{names(before)} already {'was' if len(before) == 1 else 'were'}{'' if now else f' {status}'}")
    total = f"{count(len(everyone), 'client')}: " if len(everyone) > 1 else ""
    return f"{total}{', '.join(parts)}."


def counted(matched: int, changed: int, status: Status) -> str:
    """The same where only the numbers are known."""
    before = matched - changed
    parts = [f"{changed:,} {'is' if changed == 1 else 'are'} now {status}"] if changed else []
    if before:
        parts.append(f"{before:,} already {'was' if before == 1 else 'were'}{'' if changed else f' {status}'}")
    return f"{count(matched, 'client')}: {', '.join(parts)}."


def finishing(busy: Sequence[ClientView], status: Status) -> str:
    """ " 2 frames finish first.": what disabled clients still run."""
    tasks = [task for client in busy for task in client.running]
    if status is Status.ENABLED or not tasks:
        return ""
    thing = "frame" if all(task.what.startswith("frame ") for task in tasks) else "task"
    return f" {count(len(tasks), thing)} {'finishes' if len(tasks) == 1 else 'finish'} first."


def names(clients: Sequence[str]) -> str:
    return listed(clients) if len(clients) <= NAMED else f"{len(clients):,}"
