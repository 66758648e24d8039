"""An example of every verb: for documents on every face, and for the test that holds all faces against each other.

How does this work?  Each is a whole `Request` on the same small farm: clients 1 `render-01` and 2 `render-02` online,
3 `attic` gone and disabled; job 1 is rendering, with a task that failed; job 2 is paused; job 3 is completed; job 4
waits for somebody to approve its preview.  A test says which verb has none.
"""

from collections.abc import Mapping

from brender.verbs.performing import Request

TEMPLATE = {
    "specificationVersion": "jobtemplate-2023-09",
    "name": "count",
    "steps": [
        {
            "name": "Count",
            "parameterSpace": {"taskParameterDefinitions": [{"name": "Frame", "type": "INT", "range": "1-3"}]},
            "script": {"actions": {"onRun": {"command": "echo", "args": ["{{Task.Param.Frame}}"]}}},
        }
    ],
}

ALL = (
    Request("client", "read", filter="online name~render*", values={"sort": "-load", "limit": 50}),
    Request("client", "show", id=1),
    Request("client", "enable", filter="status=disabled"),
    Request("client", "disable", filter="status=enabled and memory>=1GB"),
    Request("client", "update", filter="render-0*", values={"pools": ["lighting", "gpu"], "sleeps": "22:00-06:00"}),
    Request("client", "why", id=1),
    Request("client", "delete", id=3),
    Request("job", "read", filter="state=active,paused", values={"sort": "-priority", "fields": "id,name,state"}),
    Request("job", "create", values={"template": TEMPLATE, "name": "three", "owner": "ada", "priority": 60}),
    Request("job", "show", id=1, values={"orders": 10}),
    Request("job", "why", id=2),
    Request("job", "log", id=1, values={"tail": 4096}),
    Request("job", "update", id=1, values={"priority": 80, "hours": "20:00-06:00"}),
    Request("job", "cancel", filter="state=paused or id=1"),
    Request("job", "pause", id=1),
    Request("job", "resume", id=2),
    Request("job", "approve", id=4),
    Request("job", "forgive", id=1),
    Request("job", "retry", id=1),
    Request("job", "requeue", id=3, values={"frames": "1-2"}),
    Request("job", "add", id=1, values={"values": {"Frames": "101-103"}}),
    Request("job", "revise", id=2, values={"values": {"Samples": "32"}}),
    Request("job", "delete", id=3),
    Request("step", "read", job=1),
    Request("step", "show", id="Render", job=1),
    Request("step", "retry", filter="Render", job=1),
    Request("step", "requeue", id="Render", job=3),
    Request("task", "read", filter="state=failed", job=1),
    Request("task", "show", id="Render:0", job=1),
    Request("task", "retry", filter="state=failed", job=1),
    Request("task", "requeue", id="Render:1", job=3),
    Request("task", "why", id="Render:2", job=2),
    Request("task", "log", id="Render:0", job=1),
    Request("order", "read", values={"sort": "-issued"}, job=1),
    Request("order", "show", id=4, job=1),
    Request("order", "log", id=4, job=1),
    Request("pool", "read"),
    Request("pool", "show", id="lighting"),
    Request("pool", "create", values={"name": "nights", "clients": "attic"}),
    Request("pool", "update", id="lighting", values={"name": "light", "add": "attic"}),
    Request("pool", "delete", id="lighting"),
    Request("tag", "read"),
    Request("tag", "show", id="quiet"),
    Request("tag", "create", values={"name": "big", "clients": "memory>=1GB"}),
    Request("tag", "update", id="quiet", values={"remove": "render-01"}),
    Request("tag", "delete", id="quiet"),
    Request("limit", "read"),
    Request("limit", "show", id="arnold"),
    Request("limit", "create", values={"name": "nuke", "count": 3, "each": "client"}),
    Request("limit", "update", id="arnold", values={"count": 8}),
    Request("limit", "delete", id="arnold"),
    Request("setting", "read"),
    Request("setting", "show", id="strikes"),
    Request("setting", "update", id="strikes", values={"value": 5}),
    Request("setting", "delete", id="strikes"),
    Request("view", "read"),
    Request("view", "show", id=1),
    Request("view", "create", values={"name": "mine", "item": "job", "filter": "owner=ada", "sort": "id"}),
    Request("view", "update", id=1, values={"filter": "state=failed priority>50"}),
    Request("view", "delete", id=1),
)

EXAMPLES: Mapping[tuple[str, str], Request] = {(each.item, each.action): each for each in ALL}
