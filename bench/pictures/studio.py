"""What a small studio has on its farm one evening: its machines, its jobs, and what becomes of them.

How does this work?  `actors` are forty render nodes, six with graphics cards and a few workstations; one is away, one
is unwell.  `SETTINGS` are what people have set of them.  Each `Work` is a job as it is handed in, with the `Part` that
tells the actors how its tasks go.  Jobs ask for pools, so that each runs where it makes a good picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.pictures.actors import Actor, Part
from brender.farm.client import Blender, Machine

GB = 2**30
BLENDERS = tuple(Blender(version, "program", f"/opt/blender-{version}/blender") for version in ("4.2.9", "4.5.3"))
CARD = "NVIDIA GeForce RTX 4090"


def around(begin: int, end: int) -> str:
    """Hours of a day, from so many hours before or after this one."""
    now = datetime.now(UTC)
    return "-".join(f"{now + timedelta(hours=hours):%H:00}" for hours in (begin, end))


def machine(name: str, slots: int, memory: int, **more: Any) -> Machine:
    more = {"blenders": BLENDERS, "program": "brender 2.0", **more}
    return Machine(f"picture-{name}", name, slots, memory=memory * GB, **more)


def actors() -> Iterator[Actor]:
    for number in range(1, 41):
        unwell = "The disk of /scratch is full: 212 MB are free, 2 GB are wanted." if number == 27 else ""
        yield Actor(machine(f"render-{number:02d}", 16, 64), unwell, leaves=number == 33)
    for number in range(1, 7):
        yield Actor(machine(f"gpu-{number:02d}", 8, 128, gpus=(CARD,) * 2, gpu_memory=24 * GB))
    for number in range(1, 5):
        yield Actor(machine(f"edit-{number:02d}", 12, 32, system="windows"))
    yield Actor(machine("mac-studio", 20, 96, system="macos", arch="arm64"))


SETTINGS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("name=render-0*,render-1*,render-2*", {"pools": ["render"]}),
    ("name=render-3*,render-40", {"pools": ["render", "fx"], "tags": ["houdini"]}),
    ("name=gpu-*", {"pools": ["gpu"], "tags": ["cuda"]}),
    ("name=edit-*", {"pools": ["nights"], "tags": ["workstation"], "sleeps": f"mon-sun {around(-2, 5)}"}),
    ("name=mac-studio", {"pools": ["nights"], "tags": ["workstation"]}),
    ("name=attic,desk-02", {"pools": ["lighting"]}),
    ("name=render-14,render-15", {"status": "disabled"}),
)
LIMITS = ({"name": "houdini-engine", "count": 6}, {"name": "nuke", "count": 4, "each": "client"})


@dataclass
class Work:
    name: str
    steps: list[dict[str, Any]]
    part: Part
    settings: dict[str, Any] = field(default_factory=dict)
    paused: bool = False

    @property
    def template(self) -> dict[str, Any]:
        return {"specificationVersion": "jobtemplate-2023-09", "name": self.name, "steps": self.steps}


def step(
    name: str, command: str, after: tuple[str, ...] = (), vcpus: int = 4, memory: int = 0, **ranges: str
) -> dict[str, Any]:
    """`ranges` are its task parameters; all of them are whole numbers."""
    amounts: list[dict[str, Any]] = [{"name": "amount.worker.vcpu", "min": vcpus}]
    if memory:
        amounts.append({"name": "amount.worker.memory", "min": memory * 1024})
    action: dict[str, Any] = {"command": command, "args": [f"{{{{Task.Param.{one}}}}}" for one in ranges] or ["all"]}
    script, needs = {"actions": {"onRun": action}}, {"amounts": amounts}
    made: dict[str, Any] = {"name": name, "script": script, "hostRequirements": needs}
    if after:
        made["dependencies"] = [{"dependsOn": one} for one in after]
    if ranges:
        parameters = [{"name": one, "type": "INT", "range": text} for one, text in ranges.items()]
        made["parameterSpace"] = {"taskParameterDefinitions": parameters}
    return made


LOG = """Blender 4.5.3 (hash 67807e1800cc built 2025-09-09 02:25:32)
Read blend: "/mnt/film/shots/scene.blend"
\x1b[34m{frame}\x1b[0m: 412 objects, 3.1 M triangles
Fra: Mem:1812.40M (Peak 2210.77M) | Time:00:01.20 | Synchronizing object | Trees.017
Fra: Mem:2240.91M (Peak 2240.91M) | Time:00:02.71 | Rendering 16 / 128 samples
Fra: Mem:2240.91M (Peak 2240.91M) | Time:00:03.88 | Rendering 64 / 128 samples
"""
NO_MEMORY = "CUDA error: out of memory in cuMemAlloc (wanted 1.8 GB, 0.6 GB are free)"
NO_TEXTURE = "Error: texture not found: /mnt/film/tex/bark_02.exr"
CRASHED = "Blender ended with exit code 11 (segmentation fault)."
CRASH = "Writing: /tmp/crash.txt\nError: segmentation fault in BVH build\n"
NORTHLIGHT, HARBOUR = {"project": "northlight"}, {"project": "harbour"}
TILES = [
    step("Render", "render-tile", Frame="1-600", Tile="1-10"),
    step("Join", "join-tiles", after=("Render",), Frame="1-600"),
    step("Check", "check-frames", after=("Join",), Frame="1-600"),
    step("Video", "make-video", after=("Join", "Check")),
]
SMOKE = [
    step("Simulate", "hython", vcpus=16, Frame="1-1"),
    step("Render", "husk", after=("Simulate",), vcpus=8, Frame="1001-1240"),
]
DAILIES = [step("Collect", "dailies", Shot="1-40"), step("Video", "make-video", after=("Collect",))]


def works() -> tuple[Work, ...]:
    return (*running(), *failing(), *waiting())


def running() -> Iterator[Work]:
    crowd, smoke, dragon, comp = "shot_140_crowd", "shot_090_smoke", "asset_dragon_turntable", "shot_220_comp"
    fx = {"pool": "fx", "limits": {"houdini-engine": 1}}
    part = Part(crowd, 10.0, 0.015, CRASHED, LOG, CRASH)
    yield Work(crowd, TILES, part, {"owner": "mara", **NORTHLIGHT, "priority": 60, "pool": "render", "tries": 1})
    yield Work(smoke, SMOKE, Part(smoke, 9.0, log=LOG), {"owner": "ivo", **NORTHLIGHT, "priority": 70, **fx})
    render = step("Render", "blender", vcpus=4, Frame="1-2400")
    yield Work(dragon, [render], Part(dragon, 4.0, log=LOG), {"owner": "li", "pool": "gpu"})
    frames = step("Comp", "nuke", vcpus=10, Frame="1-240")
    some = {"owner": "zoë", **HARBOUR, "pool": "nights", "limits": {"nuke": 1}, "priority": 40}
    yield Work(comp, [frames], Part(comp, 8.0, log=LOG), some)


def failing() -> Iterator[Work]:
    scatter, comp = "asset_forest_scatter", "shot_210_comp"
    render = step("Render", "blender", vcpus=8, Frame="1-60")
    part = Part(scatter, 3.0, 0.93, NO_MEMORY, LOG, f"\x1b[31m{NO_MEMORY}\x1b[0m\nRender error, cancelling\n")
    hasty = {"owner": "li", **NORTHLIGHT, "pool": "gpu", "priority": 60}
    yield Work(scatter, [render], part, {**hasty, "fail_after": 8, "tries": 2})
    frames = step("Comp", "nuke", vcpus=10, Frame="1-96")
    part = Part(comp, 5.0, 0.5, NO_TEXTURE, LOG, NO_TEXTURE + "\n")
    yield Work(comp, [frames], part, {"owner": "zoë", **HARBOUR, "pool": "nights", "limits": {"nuke": 1}, "tries": 1})


def waiting() -> Iterator[Work]:
    """For memory that no machine has, for licences, for hours, for somebody who resumes it."""
    city, splash, review, layout = "asset_city_bake", "shot_150_splash", "dailies_review", "shot_300_layout"
    yield Work(city, [step("Bake", "blender", memory=256, Tile="1-64")], Part(city), {"owner": "tomas", **HARBOUR})
    licences = {"pool": "fx", "limits": {"houdini-engine": 6}}
    yield Work(splash, [step("Simulate", "hython", Frame="1-120")], Part(splash), {"owner": "ivo", **licences})
    yield Work(review, DAILIES, Part(review), {"owner": "mara", "hours": around(4, 10), "zone": "UTC"})
    settings = {"owner": "tomas", **HARBOUR, "pool": "render", "priority": 30}
    yield Work(layout, [step("Render", "blender", Frame="1-180")], Part(layout), settings, paused=True)


@dataclass
class Film:
    """A scene that is really rendered."""

    name: str
    look: str
    frames: int
    settings: dict[str, Any]


def film(name: str, look: str, frames: int, owner: str, project: dict[str, str], priority: int) -> Film:
    return Film(name, look, frames, {"owner": owner, **project, "pool": "lighting", "priority": priority})


FILMS = (
    film("shot_010_towers", "towers", 8, "mara", NORTHLIGHT, 90),
    film("asset_orrery_turntable", "planets", 12, "li", NORTHLIGHT, 80),
    film("shot_030_ring", "ring", 240, "zoë", HARBOUR, 70),
)
