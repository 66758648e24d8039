"""`python -m bench.pictures`: builds the farm of the pictures, waits until it looks as it should, and takes them.

How does this work?  It takes about four minutes, as one of the plots shows the last hour and there should be something
of it.  `--keep` leaves the farm running until Ctrl-C, so that somebody can look at the pages and take pictures again
with `--port`.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import quote
from urllib.request import urlopen

import msgspec
from playwright.sync_api import sync_playwright
from twisted.trial.unittest import SkipTest

from bench.pictures import past, studio
from bench.pictures.actors import Cast
from bench.pictures.camera import Shot, take
from tests.browser.harness import NO_BROWSER, PROGRAMS
from tests.line.harness import CHECKOUT, Farm
from tests.line.test_frames import best_blender

OUT = CHECKOUT / "docs" / "pictures"
RENDERS = ("attic", "desk-02")  # the workers that are real
HALF = 0.4  # of the largest job, when the pictures are taken
FRAMES = 6  # that the film on the job page has by then
SAMPLES = 15  # of the farm's last hour
WITHIN = 900.0  # seconds
BY_NIGHT = ("farm", "job", "clients", "client", "submit")
ON_A_PHONE = ("farm", "jobs", "job", "client")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.pictures", description=__doc__.partition("\n")[0])
    parser.add_argument("--keep", action="store_true", help="leave the farm running until Ctrl-C")
    parser.add_argument("--port", type=int, help="take pictures of the farm that --keep has left there")
    parser.add_argument("--only", default="", help="those whose name begins so")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(130))  # all that was started ends in order
    if asked.port:
        photograph(asked.port, asked.out, asked.only)
        return
    with tempfile.TemporaryDirectory(prefix="brender-pictures-") as folder, evening(Path(folder)) as farm:
        photograph(farm.web_port, asked.out, asked.only)
        if asked.keep:
            print(f"http://127.0.0.1:{farm.web_port}", flush=True)
            signal.pause()


@contextmanager
def evening(folder: Path) -> Iterator[Farm]:
    """The farm with its machines, when its jobs are as far as they should be."""
    past.fill(folder / "server" / "brender.sqlite")
    farm = Farm(folder, lost_after=30.0, heartbeat=5.0)
    farm.start_server()
    cast = folder / "cast.json"
    works = studio.works()
    cast.write_bytes(msgspec.json.encode(Cast(farm.worker_port, list(studio.actors()), [work.part for work in works])))
    actors = subprocess.Popen([sys.executable, "-m", "bench.pictures.actors", str(cast)], cwd=CHECKOUT)
    try:
        arrange(farm)
        hand_in(farm, works, folder)
        look_forward(farm)
        yield farm
    finally:
        actors.kill()
        actors.wait()
        farm.end()


def arrange(farm: Farm) -> None:
    for name in RENDERS:
        farm.worker(name)
    wanted = len(list(studio.actors())) + len(RENDERS)
    farm.until(lambda: farm.api("farm")["clients"] >= wanted, "not all machines have come", WITHIN)
    for which, said in studio.SETTINGS:
        farm.api(f"clients?filter={quote(which)}", said, "PATCH")
    for limit in studio.LIMITS:
        farm.api("limits", limit)


def hand_in(farm: Farm, works: tuple[studio.Work, ...], folder: Path) -> None:
    for film in studio.FILMS:
        scene = rendered(film, folder)
        values = {"Scene": str(scene), "Frames": f"1-{film.frames}", "Output": f"{folder}/{film.name}/frame_####"}
        farm.submit("blender", {**values, "Fps": 12}, name=film.name, settings=film.settings)
    for work in works:
        job = farm.submit(work.template, name=work.name, settings=work.settings)
        if work.paused:
            farm.api(f"jobs/{job}/pause", {})


def rendered(film: studio.Film, folder: Path) -> Path:
    scene = folder / f"{film.look}.blend"
    program = str(Path(__file__).with_name("scenes.py"))
    command = best_blender().command(program, [str(scene), "--look", film.look, "--frames", str(film.frames)])
    subprocess.run(command, check=True, capture_output=True)
    return scene


def look_forward(farm: Farm) -> None:
    """Until frames, failures and half of the largest job are there."""
    began = monotonic()

    def ready() -> bool:
        jobs = named(farm)
        crowd, scatter, ring = jobs["shot_140_crowd"], jobs["asset_forest_scatter"], jobs["shot_030_ring"]
        far = crowd["steps"][0]["completed"] > HALF * crowd["steps"][0]["tasks"] and ring["picture"] >= FRAMES
        return bool(far and scatter["state"] == "failed" and len(farm.api("farm")["series"]["times"]) >= SAMPLES)

    farm.until(ready, "the farm does not look as it should", WITHIN)
    print(f"The farm is ready after {monotonic() - began:.0f} s.", flush=True)


def named(farm: Farm) -> dict[str, Any]:
    """The jobs of this evening by name."""
    found = farm.api("jobs.json?sort=-id&limit=30")["data"]
    return {job["name"]: job for job in reversed(found)}


def photograph(port: int, folder: Path, only: str) -> None:
    program = next((path for path in map(shutil.which, PROGRAMS) if path), None)
    if not program:
        raise SkipTest(NO_BROWSER)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        complaints = take(browser, port, [shot for shot in shots(port) if shot.name.startswith(only)], folder)
        browser.close()
    for path in sorted(folder.glob("*.png")):
        print(f"{path.name:28} {path.stat().st_size / 1000:6.0f} KB")
    if complaints:
        sys.exit("\n".join(complaints))


def asked(port: int, path: str) -> Any:
    with urlopen(f"http://127.0.0.1:{port}/api/v1/{path}") as answer:
        return msgspec.json.decode(answer.read())


def shots(port: int) -> list[Shot]:
    jobs = {job["name"]: job["id"] for job in reversed(asked(port, "jobs.json?sort=-id&limit=30")["data"])}
    clients = {client["name"]: client["id"] for client in asked(port, "clients.json?limit=100")["data"]}
    film, crowd, scatter = (jobs[name] for name in ("shot_030_ring", "shot_140_crowd", "asset_forest_scatter"))
    failed = asked(port, f"jobs/{scatter}/failures")["failures"][0]
    task = f"/jobs/{scatter}/tasks/{quote(failed['task'], safe='')}?order={failed['order']}"
    client = f"/clients/{clients['render-07']}"
    output = ("#param-Output", "/mnt/film/out/shot_040/frame_####")
    scene = (("#param-Scene", "/mnt/film/shots/shot_040.blend"), ("#param-Frames", "1-240"), output)
    every = [
        Shot("farm", "/", height=1200),
        Shot("farm-below", "/", down="#clients-title"),
        Shot("jobs", "/jobs"),
        Shot("job", f"/jobs/{film}", height=1200),
        Shot("job-tasks", f"/jobs/{crowd}", height=1200),
        Shot("task", task),
        Shot("clients", "/clients"),
        Shot("client", client, height=1200),
        Shot("pools", "/pools"),
        Shot("submit", "/submit", height=1200, fill=scene),
        Shot("history", "/history"),
        Shot("audit", "/audit"),
        Shot("settings", "/settings"),
        Shot("api", "/api", height=1000),
    ]
    dark = [replace(shot, dark=True) for shot in every if shot.name in BY_NIGHT]
    phone = [replace(shot, phone=True) for shot in every if shot.name in ON_A_PHONE]
    return [*every, *dark, *phone]


if __name__ == "__main__":
    main()
