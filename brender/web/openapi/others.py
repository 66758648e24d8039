"""What is told in the OpenAPI document of the addresses that are written by hand, and do not follow from a verb.

How does this work?  `OTHERS` has an entry for each: what it is called, which part it belongs to, what it gives, what
can be wrong besides what always can, and an example.  A test says which address has none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from brender.farm.event_kinds import KINDS
from brender.farm.people.users import Role
from brender.verbs.doing.who import LogIn
from brender.verbs.items.known import ITEMS
from brender.verbs.verb import Nothing
from brender.web.face import API
from brender.web.following.stream import SLOWEST
from brender.web.handlers.archive import LONGEST, USUAL, PutAway
from brender.web.handlers.batch import MOST
from brender.web.handlers.pictures import FEW, MANY
from brender.web.handlers.pictures import LONGEST as MOST_PICTURES
from brender.web.handlers.pictures import USUAL as USUAL_PICTURES
from brender.web.handlers.sessions import OwnPassword
from brender.web.http.asking import BIGGEST
from brender.web.openapi.answers import TEXT, WHOLE, said, several
from brender.web.openapi.schemas import Schema, Struct, ref

MOMENT: Schema = {"type": "number", "description": "in seconds of the epoch"}
JOB = f"{API}/jobs/{{job}}"
GRID = "Little-endian bytes: a head, a byte of state for each task, two bytes for how long it took; see docs/api.md."


@dataclass(frozen=True)
class Other:
    id: str
    tag: str
    gives: Schema | None = None  # JSON
    kind: str = "application/json"
    more: str = ""  # for the description
    query: Mapping[str, Schema] = field(default_factory=dict)
    needs: Sequence[str] = ()  # of these parameters, those that have to be there
    wrong: Sequence[int] = ()
    takes: Struct | Schema | None = None
    example: Any = None
    tagged: bool = False  # its answer has an ETag
    parts: bool = False  # it gives parts of its answer
    keyed: bool = False  # it knows Idempotency-Key
    also: Sequence[str] = ()  # other kinds of content


def whole(properties: Mapping[str, Schema], **more: Any) -> Schema:
    """An object with all of these."""
    return {"type": "object", "properties": dict(properties), "required": list(properties), **more}


FARM = whole({
    "version": said(TEXT, "of the server"),
    "series": ref("Series"),
    "stopping": said(TEXT, "why the farm takes nothing new; empty while it does"),
    "database": ref("WritePath"),
    "last_event": said(WHOLE, "the number of the last event"),
})  # fmt: skip
ARCHIVED = whole({
    "id": WHOLE,
    "name": TEXT,
    "state": TEXT,
    "submitted": MOMENT,
    "started": {**MOMENT, "type": ["number", "null"]},
    "ended": MOMENT,
    "file": said(TEXT, "of the archive"),
    "when": {**MOMENT, "description": "when it was archived, in seconds of the epoch"},
})  # fmt: skip
PICTURE = {
    "task": said(TEXT, "whose it is, as in Render:12"),
    "frame": {"type": ["integer", "null"], "description": "of the task, the first of several; null when not at hand"},
    "number": said(WHOLE, "counts the pictures of the job"),
    "version": said(TEXT, "another one for every other picture"),
    "width": said(WHOLE, "in pixels"),
    "height": said(WHOLE, "in pixels"),
    "when": MOMENT,
}
LATEST = whole({"job": WHOLE, "name": said(TEXT, "of the job"), **PICTURE})
PICTURES = whole({
    "job": WHOLE,
    "picture": said(WHOLE, "how many have come"),
    "last": said(WHOLE, "the number with which to go on"),
    "more": {"type": "boolean", "description": "whether there are more now"},
    "rate": {"type": ["number", "null"], "description": "frames a second at which they are to be played"},
    "data": several(whole(PICTURE), "as they came"),
})  # fmt: skip
WHO = whole({
    "name": said(TEXT, "who you are; empty on the farm's own machine, while there are no users"),
    "role": {"type": "string", "enum": [*Role]},
    "verbs": {"type": "object", "additionalProperties": several(TEXT, "of an item"), "description": "what you may do"},
    "own": several(TEXT, "items of which you may change only your own"),
})  # fmt: skip
BATCH: Schema = {
    "type": "object",
    "properties": {
        "requests": {
            "type": "array",
            "maxItems": MOST,
            "items": {"anyOf": [ref("Wanted"), {}]},
            "description": "each in the form of Wanted; one that is not gets status 400 in its place",
        }
    },
    "required": ["requests"],
    "additionalProperties": False,
}
PART = whole({"status": {"type": "integer", "minimum": 200, "maximum": 599}, "body": {"type": "object"}})
REQUESTS = {
    "requests": [
        {"item": "client", "action": "update", "filters": {"status": "enabled"}, "values": {"status": "disabled"}},
        {"item": "job", "action": "read", "values": {"limit": 5}},
    ]
}

OTHERS: Mapping[tuple[str, str], Other] = {
    ("POST", f"{API}/batch"): Other(
        "batch",
        "batch",
        whole({"answers": several(PART, "in the order of the requests")}),
        more="Every request is done by itself; one that is refused does not keep the others from being done.",
        takes=BATCH,
        example=REQUESTS,
        keyed=True,
    ),
    ("GET", f"{API}/farm"): Other("showFarm", "farm", {"allOf": [FARM, ref("FarmFigures"), ref("TimeView")]}),
    ("GET", f"{API}/complete"): Other(
        "completeFilter",
        "farm",
        whole({
            "from": said(WHOLE, "the place in the text where what a word replaces begins"),
            "words": several(whole({"text": TEXT, "meaning": TEXT}), "what may stand there"),
        }),
        more="What Tab is in the shell, for a filter of this item.",
        query={"item": {"enum": [*ITEMS]}, "text": said(TEXT, "of the filter, up to the cursor")},
        needs=("item",),
    ),
    ("GET", "/metrics"): Other(
        "metrics",
        "farm",
        kind="text/plain",
        also=("application/openmetrics-text",),
        more="For Prometheus; `Accept: application/openmetrics-text` gives OpenMetrics.",
    ),
    ("GET", f"{JOB}/picture"): Other(
        "jobPicture",
        "jobs",
        kind="image/jpeg",
        more="A small JPEG; there is none before a frame was shown.",
        query={"v": said(TEXT, "is not read: pages put the number of the picture there")},
        wrong=(404,),
        tagged=True,
    ),
    ("GET", f"{JOB}/pictures"): Other(
        "jobPictures",
        "jobs",
        PICTURES,
        more="As they came; of a task that was run again only the newest. Ask again with `since` for what is new.",
        query={
            "since": {"type": "integer", "minimum": 0, "maximum": BIGGEST, "description": "`last` of the list before"},
            "limit": {"type": "integer", "minimum": 1, "maximum": MOST_PICTURES, "default": USUAL_PICTURES},
        },
        wrong=(404, 409),
        tagged=True,
    ),
    ("GET", f"{JOB}/tasks/{{task:name}}/picture"): Other(
        "taskPicture",
        "tasks",
        kind="image/jpeg",
        more="A small JPEG.",
        query={"v": said(TEXT, "its version: with it, the answer may be kept for good")},
        wrong=(404,),
        tagged=True,
    ),
    ("GET", f"{API}/pictures"): Other(
        "latestPictures",
        "farm",
        whole({"data": several(LATEST, "the newest first")}),
        query={"limit": {"type": "integer", "minimum": 1, "maximum": MANY, "default": FEW}},
    ),
    ("GET", f"{JOB}/video"): Other(
        "jobVideo",
        "jobs",
        kind="video/mp4",
        also=("video/webm", "video/quicktime", "video/x-matroska"),
        more="The whole file, or the part that `Range` asks for (206); `If-Range` is known. There is none where the "
        "server cannot read what the job has written.",
        wrong=(404, 409, 416),
        tagged=True,
        parts=True,
    ),
    ("GET", f"{API}/archive"): Other(
        "listArchive",
        "archive",
        whole({"data": several(ARCHIVED, "the newest first"), "jobs": said(WHOLE, "how many there are")}),
        query={"limit": {"type": "integer", "minimum": 1, "maximum": LONGEST, "default": USUAL}},
        wrong=(404,),
    ),
    ("POST", f"{API}/archive"): Other(
        "archiveJobs",
        "archive",
        whole({
            "archived": several(WHOLE, "jobs by id"),
            "files": several(TEXT, "which they are in now"),
            "left": said(WHOLE, "how many are still to be archived; ask again until none is"),
        }),
        takes=PutAway,
        example={"before": 1700000000.0},
        wrong=(404, 409, 422),
    ),
    ("GET", f"{API}/archive/{{job}}"): Other(
        "showArchived",
        "archive",
        {"type": "object", "properties": {"archive": said(TEXT, "the file")}, "required": ["archive"]},
        more="The rows of the database as they were; bytes are in base64.",
        wrong=(404,),
    ),
    ("POST", f"{API}/archive/{{job}}/restore"): Other(
        "restoreJob",
        "archive",
        ref("JobView"),
        takes=Nothing,
        example={},
        wrong=(404, 409, 422),
    ),
    ("GET", f"{JOB}/steps/{{step:name}}/grid"): Other(
        "stepGrid",
        "steps",
        kind="application/octet-stream",
        more=GRID,
        wrong=(404, 409),
        tagged=True,
    ),
    ("GET", f"{API}/archive/{{job}}/steps/{{step:name}}/grid"): Other(
        "archivedGrid",
        "archive",
        kind="application/octet-stream",
        more=GRID,
        wrong=(404,),
        tagged=True,
    ),
    ("GET", f"{API}/events"): Other(
        "events",
        "events",
        kind="text/event-stream",
        more="Server-sent events that go on until the reader leaves; a WebSocket at the same address. The header "
        "Last-Event-ID goes before `since`. A WebSocket that the page of another site opens gets 403.",
        wrong=(403,),
        query={
            "kind": said(TEXT, f"only these kinds, with commas between: {', '.join(KINDS)}"),
            "since": {"type": "integer", "minimum": 0, "maximum": BIGGEST, "description": "first what came after it"},
            "filter": said(TEXT, "only jobs and clients that match"),
            "job": {"type": "integer", "minimum": 0, "maximum": BIGGEST, "description": "jobs and tasks: only this"},
            "ids": said(TEXT, "only jobs and clients of these numbers, as in 3,7-9,120-"),
            "fields": said(TEXT, "of jobs and clients only these attributes, with commas between"),
            "every": {"type": "number", "minimum": 0, "maximum": SLOWEST, "description": "at most so often: seconds"},
        },
    ),
    ("GET", f"{API}/session"): Other("showSession", "session", WHO),
    ("POST", f"{API}/session"): Other(
        "logIn",
        "session",
        {"allOf": [WHO], "properties": {"token": said(TEXT, "for `keep`: its secret"), "expires": MOMENT}},
        more="The answer has a cookie, or with `keep` the secret of a new API token. After several passwords that were "
        "wrong one has to wait, for ever longer.",
        takes=LogIn,
        example={"name": "ada", "password": "correct horse"},
        wrong=(409, 429),
    ),
    ("PATCH", f"{API}/session"): Other(
        "changePassword",
        "session",
        WHO,
        more="Everywhere else you are logged out.",
        takes=OwnPassword,
        example={"old": "correct horse", "new": "battery staple"},
        wrong=(422, 429),
    ),
    ("DELETE", f"{API}/session"): Other(
        "logOut",
        "session",
        whole({"name": said(TEXT, "who is logged out")}),
        more="The session ends, or the token with which this is asked for.",
        takes=Nothing,
        example={},
    ),
    ("GET", f"{API}/openapi.json"): Other("openapi", "farm", {"type": "object"}, tagged=True),
}

TAGS = {
    "farm": "the whole farm",
    "batch": "many requests in one",
    "archive": "finished jobs that were moved out of the farm into files",
    "events": "what happens, as it happens",
    "session": "who you are",
}
