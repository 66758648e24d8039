"""The pages in a real browser: a grid of a million tasks, long tables, and what each page costs.

How does this work?  A real server has a job of a million tasks, of which three quarters have ended, or 100,000 jobs and
10,000 clients; headless Chromium looks at them.  `WAIT` in the page gives the time since the navigation began at which
something is on the screen.  While a thousand tasks a second change (`crowd`), Chromium's own trace tells how long
scripts ran for each frame.  Memory is what the page's scripts hold after a collection: their heap, the arrays behind
it, and four bytes for each cell of the picture.
"""

import gzip
import json
import sqlite3
import zlib
from array import array
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from statistics import median
from time import sleep
from typing import Any

from bench.crowd import Crowd
from bench.figures import Figure, figure, percentile
from bench.templates import noop
from brender.db.engine import Engine, engine_of
from brender.db.models import ClientRow
from brender.db.rows import encode
from brender.farm.client import Machine
from brender.farm.estimating.durations import code_of
from brender.farm.settings import ClientSettings
from brender.farm.transitions import TaskState
from tests.browser.harness import Visit
from tests.browser.many_jobs import BEGAN, JOBS, fill, put
from tests.line.harness import CHECKOUT, Farm

TASKS = 1_000_000
ENDED = TASKS * 3 // 4
CLIENTS = 10_000
TIMES = 7  # of which the median counts
REST = 1.0  # seconds for a browser that has just begun: it has pages of its own to load
WORKERS, SECONDS_A_TASK = 100, 0.1  # a thousand tasks a second
WARM, MEASURED = 4, 10  # seconds
PATIENT = {"heartbeat": 10.0, "lost_after": 30.0}
STATIC = CHECKOUT / "brender" / "web" / "static"

GRID = "performance.getEntriesByName('grid').length"
ROWS = "document.querySelector('tbody tr[data-id] td:last-child')"
WAIT = """async () => {
  while (!(%s)) await new Promise(requestAnimationFrame);
  await new Promise((painted) => requestAnimationFrame(() => setTimeout(painted)));
  return performance.now();
}"""
CLICK = "(link) => { document.querySelector(link).click(); return performance.now(); }"
COSTS = """async () => {
  const seen = (type) => new Promise((told) => {
    const watcher = new PerformanceObserver((list) => told(list.getEntries()));
    watcher.observe({ type, buffered: true });
    setTimeout(() => told([]), 200);
  });
  const [shifts, long] = [await seen("layout-shift"), await seen("longtask")];
  const loaded = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  return {
    requests: loaded.length,
    kilobytes: loaded.reduce((sum, each) => sum + each.transferSize, 0) / 1000,
    nodes: document.querySelectorAll("*").length,
    long_ms: long.reduce((sum, each) => sum + each.duration, 0),
    shift: shifts.reduce((sum, each) => sum + each.value, 0),
    idle_ms: long.reduce((last, each) => Math.max(last, each.startTime + each.duration), 0),
  };
}"""
SCRIPTS = frozenset({
    "EvaluateScript", "EventDispatch", "FireAnimationFrame", "FunctionCall", "MajorGC", "MinorGC", "RunMicrotasks",
    "TimerFire", "V8.GCScavenger", "v8.callFunction", "v8.compile", "v8.evaluateModule",
})  # fmt: skip
FRAME = "AnimationFrame::Render"
Trace = list[dict[str, Any]]


# --- a million tasks


def grid(folder: Path) -> list[Figure]:
    with Farm(folder, **PATIENT) as farm:
        job = farm.submit(noop(TASKS))
        farm.stop_server()
        end_tasks(folder / "server" / "brender.sqlite", job)
        farm.start_server()
        return [
            figure("grid_first_paint_ms", median(cold(farm, f"jobs/{job}", GRID)), "ms", "<= 300"),
            figure(
                "grid_first_paint_inside_ms",
                median(inside(farm, "jobs", f'a[href$="/jobs/{job}"]', GRID)),
                "ms",
                "<= 300",
            ),
            *alive(farm, f"jobs/{job}"),
        ]


def end_tasks(database: Path, job: int) -> None:
    """Most of them have ended, each after another time, as if that had been long ago."""
    states = bytes(TaskState.FAILED if task % 5003 == 0 else TaskState.COMPLETED for task in range(ENDED))
    states += bytes([TaskState.READY]) * (TASKS - ENDED)
    chance = Random(1)
    took = array("H", (code_of(20 * chance.lognormvariate(0, 0.3)) for _ in range(ENDED))).tobytes()
    counts = encode([states.count(state) for state in TaskState]).decode()
    row = (zlib.compress(states, 1), counts, took + bytes(2 * (TASKS - ENDED)), job)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE steps SET tasks = ?, as_of = 0, counts = ?, took = ? WHERE job = ?", row)


def alive(farm: Farm, path: str) -> Iterator[Figure]:
    """While a thousand tasks a second change."""
    crowd = Crowd(farm.worker_port, WORKERS, SECONDS_A_TASK)
    try:
        with closing(Visit(farm.web_port)) as visit:
            visit.open(path)
            visit.page.evaluate(WAIT % GRID)
            told = crowd.told()
            first = [next(told) for _ in range(WARM)][-1]
            frames = scripting(traced(visit, lambda: sleep(MEASURED)))
            last = [next(told) for _ in range(MEASURED)][-1]
            rate = (last.acknowledged - first.acknowledged) / (last.at - first.at)
            memory = held(visit) + 4 * TASKS
        yield figure("grid_tasks_per_second", rate, "tasks/s")
        yield figure("grid_scripting_ms", median(frames), "ms", "<= 8")
        yield figure("grid_scripting_ms_p95", percentile(frames, 95), "ms")
        yield figure("grid_frames", len(frames), "frames")
        yield figure("grid_memory_mb", memory / 1e6, "MB", "<= 100")
    finally:
        crowd.end()


def traced(visit: Visit, meanwhile: Callable[[], None]) -> Trace:
    browser = visit.page.context.browser
    assert browser is not None
    browser.start_tracing(page=visit.page, categories=["devtools.timeline", "v8"])
    meanwhile()
    return list(json.loads(browser.stop_tracing())["traceEvents"])


def scripting(trace: Trace) -> list[float]:
    """Milliseconds of scripts up to each frame in the page's main thread, of those frames for which any ran."""
    mains = {
        each["tid"] for each in trace if each["name"] == "thread_name" and each["args"]["name"] == "CrRendererMain"
    }
    own = sorted((each for each in trace if each["tid"] in mains and "ts" in each), key=lambda each: each["ts"])
    frames: list[float] = []
    until = 0.0
    for each in own:
        if each["name"] == FRAME and each["ph"] == "b":
            frames.append(0.0)
        elif frames and each["name"] in SCRIPTS and each.get("dur"):
            begin, end = max(each["ts"], until), each["ts"] + each["dur"]
            frames[-1] += max(0.0, end - begin) / 1000  # what is inside another one counts once
            until = max(until, end)
    return [each for each in frames if each]


def held(visit: Visit) -> float:
    """Bytes of the scripts' heap and of the arrays behind it."""
    session = visit.page.context.new_cdp_session(visit.page)
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    usage = session.send("Runtime.getHeapUsage")
    return float(usage["usedSize"] + usage.get("embedderHeapUsedSize", 0) + usage.get("backingStorageSize", 0))


# --- long tables


def tables(folder: Path) -> list[Figure]:
    database = folder / "server" / "brender.sqlite"
    fill(database, JOBS)
    enrol(engine_of(database))
    with Farm(folder) as farm:
        return [each for name in ("jobs", "clients") for each in table(farm, name)]


def table(farm: Farm, name: str) -> Iterator[Figure]:
    link = f'nav a[href$="/{name}"]'
    yield figure(f"{name}_table_cold_ms", median(cold(farm, name, ROWS)), "ms", "<= 300")
    yield figure(f"{name}_table_inside_ms", median(inside(farm, "", link, ROWS)), "ms", "<= 300")


def enrol(engine: Engine) -> None:
    """Ten thousand machines that are away."""
    engine.database.connect(reuse_if_open=True)
    settings = encode(ClientSettings()).decode()
    names = ((number, f"render-{number * 7919 % CLIENTS:05}") for number in range(1, CLIENTS + 1))
    with engine.database.atomic():
        put(engine, ClientRow, (
            (number, f"key-{number}", name, "enabled", encode(Machine(f"{number}", name, 8)).decode(), BEGAN, settings)
            for number, name in names
        ))  # fmt: skip
    engine.let_go()


def cold(farm: Farm, path: str, is_there: str) -> Iterator[float]:
    """Milliseconds from an address that somebody goes to for the first time, the server being warm."""
    for _ in range(TIMES):
        with closing(Visit(farm.web_port)) as visit:
            sleep(REST)
            visit.page.goto(visit.address(path), wait_until="commit")
            yield visit.page.evaluate(WAIT % is_there)


def inside(farm: Farm, path: str, link: str, is_there: str) -> Iterator[float]:
    """Milliseconds from a click on a page that was there."""
    for _ in range(TIMES):
        with closing(Visit(farm.web_port)) as visit:
            visit.open(path)
            visit.page.wait_for_selector(link)
            sleep(REST)
            began = visit.page.evaluate(CLICK, link)
            yield visit.page.evaluate(WAIT % is_there) - began


# --- what a page costs


def budget(folder: Path) -> list[Figure]:
    """As Lighthouse counts: for somebody who comes for the first time."""
    fill(folder / "server" / "brender.sqlite", 1000)
    with Farm(folder) as farm:
        farm.worker("render-01", 2)
        job = farm.submit(noop(240))
        farm.wait(job)
        pages = {"farm": ("", ".fact"), "jobs": ("jobs", "tbody tr[data-id]"), "job": (f"jobs/{job}", "canvas")}
        return [
            whole(),
            *(each for name, (path, content) in pages.items() for each in costs(farm, name, path, content)),
        ]


def whole() -> Figure:
    """All that a browser may ever fetch of the application."""
    files = [path for path in STATIC.iterdir() if path.suffix != ".txt"]
    return figure(
        "application_kb", sum(len(gzip.compress(path.read_bytes(), 9)) for path in files) / 1000, "KB", "<= 300"
    )


TARGETS = {
    "requests": ("", "<= 30"),
    "kilobytes": ("KB", "<= 200"),
    "nodes": ("nodes", "<= 1500"),
    "long_ms": ("ms", "<= 150"),
    "shift": ("", "<= 0.1"),
    "ready_ms": ("ms", "<= 1000"),
}


def costs(farm: Farm, name: str, path: str, content: str) -> Iterator[Figure]:
    found: list[dict[str, float]] = []
    for _ in range(TIMES):
        with closing(Visit(farm.web_port)) as visit:
            sleep(REST)
            visit.page.goto(visit.address(path), wait_until="commit")
            there = visit.page.evaluate(WAIT % f"document.querySelector('{content}')")
            sleep(1)  # for what comes after that
            seen = visit.page.evaluate(COSTS)
            found.append({**seen, "ready_ms": max(there, seen["idle_ms"])})
    for what, (unit, target) in TARGETS.items():
        yield figure(f"{name}_page_{what}", median(each[what] for each in found), unit, target)
