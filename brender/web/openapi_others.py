"""What is told in the OpenAPI document of the addresses that are written by hand, and do not follow from a verb.

How does this work?  `OTHERS` has an entry for each: what it is called, which part it belongs to, what it gives, what
can be wrong besides what always can, and an example.  A test says which address has none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from brender.verbs.hearing import KINDS
from brender.verbs.verb import Nothing
from brender.web.archive import LONGEST, USUAL, PutAway
from brender.web.asking import BIGGEST
from brender.web.batch import MOST
from brender.web.face import API
from brender.web.openapi_answers import TEXT, WHOLE, said, several
from brender.web.openapi_schemas import Schema, Struct, ref

MOMENT: Schema = {"type": "number", "description": "in seconds of the epoch"}
JOB = f"{API}/jobs/{{job}}"


@dataclass(frozen=True)
class Other:
    id: str
    tag: str
    gives: Schema | None = None  # JSON
    kind: str = "application/json"
    more: str = ""  # for the description
    query: Mapping[str, Schema] = field(default_factory=dict)
    wrong: Sequence[int] = ()
    takes: Struct | Schema | None = None
    example: Any = None
    tagged: bool = False  # its answer has an ETag
    keyed: bool = False  # it knows Idempotency-Key
    also: Sequence[str] = ()  # other kinds of content


def whole(properties: Mapping[str, Schema], **more: Any) -> Schema:
    """An object with all of these."""
    return {"type": "object", "properties": dict(properties), "required": list(properties), **more}


FARM = whole({
    "version": said(TEXT, "of the server"),
    "clients": said(WHOLE, "how many the farm knows"),
    "online": said(WHOLE, "clients that are connected"),
    "busy": said(WHOLE, "clients that run something"),
    "slots": said(WHOLE, "of the clients that are online; of a disabled one those that it uses"),
    "slots_busy": said(WHOLE, "of them, those that are used"),
    "jobs": {"type": "object", "additionalProperties": WHOLE, "description": "how many, by state"},
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
    ("GET", f"{API}/farm"): Other("showFarm", "farm", {"allOf": [FARM, ref("TimeView")]}),
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
        more="A small JPEG; there is none before a frame was shown, and after a start of the server.",
        query={"v": said(TEXT, "is not read: pages put the number of the picture there")},
        wrong=(404,),
        tagged=True,
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
    ("GET", f"{API}/events"): Other(
        "events",
        "events",
        kind="text/event-stream",
        more="Server-sent events that go on until the reader leaves; a WebSocket at the same address. The header "
        "Last-Event-ID goes before `since`.",
        query={
            "kind": said(TEXT, f"only these kinds, with commas between: {', '.join(KINDS)}"),
            "since": {"type": "integer", "minimum": 0, "maximum": BIGGEST, "description": "first what came after it"},
            "filter": said(TEXT, "only jobs and clients that match"),
        },
    ),
    ("GET", f"{API}/openapi.json"): Other("openapi", "farm", {"type": "object"}, tagged=True),
}

TAGS = {
    "farm": "the whole farm",
    "batch": "many requests in one",
    "archive": "finished jobs that were moved out of the farm into files",
    "events": "what happens, as it happens",
}
