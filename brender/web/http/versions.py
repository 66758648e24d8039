"""Which version of a thing somebody has: its ETag, and whether a change may go on from there (If-Match).

How does this work?  A tag has two halves, `"4be1....90af..."`.  The first is of what people can set of the thing, the
second of the whole answer.  `If-None-Match` compares all of it, so that a reader who has this very answer is told
so.  `If-Match` compares the first half only: who changes a setting must know the settings as they are, but the load
of a client or the progress of a job, which are others with every second, are no reason to refuse anybody.
"""

import hashlib
from typing import Any

import msgspec

from brender.farm.farm import Farm
from brender.farm.interfaces import FarmService
from brender.verbs.items.known import Item
from brender.verbs.items.reading import several
from brender.verbs.performing import Request, job_of, one
from brender.web.http.wrong import Wrong

HALF = 8  # bytes


def tag_of_thing(item: Item, thing: Any, farm: Farm, body: bytes) -> str:
    return f'"{standing(item, thing, farm)}.{digest(body)}"'


def standing(item: Item, thing: Any, farm: Farm) -> str:
    """What can be set of it, as it is set now; all of it, where nothing can."""
    attributes = list(item.attributes.values())
    settable = [each for each in attributes if each.settable] or attributes
    return digest(msgspec.json.encode(several(item, farm, settable)(thing), order="deterministic"))


def digest(body: bytes) -> str:
    return hashlib.blake2b(body, digest_size=HALF).hexdigest()


async def check_unchanged(item: Item, service: FarmService, request: Request, header: str) -> None:
    """Raises `Wrong` where somebody has set something of the thing since it was looked at."""
    if not header.strip():
        return
    if request.id is None:
        raise Wrong(400, "If-Match is about one thing, and this address is about several, or none yet.", at="If-Match")
    thing = await one(item, service, job_of(item, service.farm, request.job), request.id)
    if "*" not in (tags := halves(header)) and standing(item, thing, service.farm) not in tags:
        sentence = f"Somebody has changed this {item.name} since you looked at it; look again, and change it then."
        raise Wrong(412, sentence, at="If-Match")


def halves(header: str) -> set[str]:
    """The first half of every tag; servers in front make weak ones of ours."""
    tags = (part.strip().removeprefix("W/").strip('"') for part in header.split(","))
    return {tag.partition(".")[0] for tag in tags}
