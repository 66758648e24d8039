"""What may come in the life of a farm: jobs, machines, and what people set of them."""

from typing import Any

from hypothesis import strategies as st

from tests.doubles import DRIVES, Stage

GIB = 2**30
SHAPES: tuple[tuple[Stage, ...], ...] = (
    (Stage(tasks=3),),
    (Stage(tasks=7, vcpus=1),),
    (Stage("A", 2, vcpus=2), Stage("B", 1, after=("A",))),
    (Stage("C", 1, after=("A", "B")), Stage("A", 2, vcpus=1), Stage("B", 1, after=("A",))),
    (Stage("A", 1), Stage("B", 2, vcpus=1), Stage("C", 1, after=("A",))),
    (Stage("A", 6, vcpus=1, chunk=2), Stage("B", 1, after=("A",))),
    (Stage("A", 4, vcpus=1, memory=6),),
    (Stage("A", 3, vcpus=1, gpus=1), Stage("B", 2, vcpus=2, gpus=2)),
    (Stage("A", 2, vcpus=1, system="windows"), Stage("B", 1, after=("A",), tag="fast")),
    (Stage("A", 4, vcpus=1, drives=1), Stage("B", 1, drives=2)),
)
SMALL: dict[str, Any] = {"slots": 1, "memory": 8 * GIB}
MACHINES: tuple[dict[str, Any], ...] = (
    SMALL,
    SMALL | {"slots": 2},
    SMALL | {"slots": 4},
    SMALL | {"slots": 2, "memory": 16 * GIB, "macs": ("00:1b:21:0a:0b:0c",)},
    SMALL | {"slots": 4, "gpus": ("A", "B"), "amounts": {DRIVES: 1}},
    SMALL | {"slots": 2, "gpus": ("A",), "system": "windows", "macs": ("00:1b:21:0a:0b:0c",)},
    SMALL | {"slots": 4, "memory": 16 * GIB, "amounts": {DRIVES: 2}},
)
MOST_CLIENTS, MOST_JOBS = 4, 5
HOUR = 3600.0
FARM: dict[str, Any] = {
    "limits": {"arnold": {"count": 2}, "nuke": {"count": 1, "each": "client"}},
    "shares": {"film": 60, "spot": 30},
    "weights": {"bob": 2},
    "affinity": 5,
    "strikes": 2,
    "avoid_for": 40,
}
JOBS: dict[str, list[Any]] = {
    "priority": [10, 50, 50, 50, 90],
    "owner": ["ada", "ada", "bob"],
    "project": ["", "film", "spot"],
    "order": ["forwards", "forwards", "preview", "backwards", "outside-in"],
    "preview": [0, 0, 0, 2],
    "pool": ["", "", "", "lighting"],
    "only": [[], [], [], ["render-01", "render-02"]],
    "never": [[], [], [], ["render-0[23]"]],
    "limits": [{}, {}, {"arnold": 1}, {"arnold": 2, "nuke": 1}],
    "not_before": [None, None, None, 60.0],
    "hours": ["", "", "", "01:00-02:00"],
    "tries": [3, 3, 2],
    "fail_after": [None, None, 2],
    "fail_share": [None, None, 0.5],
    "step_seconds": [None, None, 50],
    "preemptible": [False, True],
    "second_starts": [True, True, False],
}
CLIENTS: dict[str, list[Any]] = {
    "pools": [[], ["lighting"]],
    "takes": [[], [], [], ["lighting"]],
    "most_tasks": [None, None, 1],
    "keep_memory": [0, 4 * GIB],
    "tags": [[], ["fast"]],
    "sleeps": ["", "", "00:01-00:03"],
    "idle_seconds": [None, None, 30],
    "when_used": ["finish", "hand-back"],
    "off_seconds": [None, 60],
    "wake": [False, True],
}
WHOLE_FARM: dict[str, list[Any]] = {
    "second_starts": [True, False],
    "affinity": [0, 5, 60],
    "strikes": [2, 3],
    "avoid_for": [20, 40],
    "limits/arnold": [{"count": 3}, {"count": 1}, None],
    "limits/nuke": [{"count": 2, "each": "client"}, None],
    "weights/bob": [1, 3],
    "shares/film": [10, None],
    "depth_first": [True, False],
}
AFTER: list[dict[str, Any]] = [{"when": "completed"}, {"when": "ended"}, {"when": "started"}, {"frames": [-1, 1]}]
CAUSES = ["", "", "", "memory", "fail", "later", "time"]
SECONDS = st.sampled_from([1.0, 20.0])


def some(choices: dict[str, list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """A few settings, each with one of its values."""
    pairs = [st.tuples(st.just(name), st.sampled_from(values)) for name, values in choices.items()]
    return st.lists(st.one_of(pairs), max_size=4).map(dict)
