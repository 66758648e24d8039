"""What a .blend says of itself, asked of a Blender on this machine.

How does this work?  `best_blender` takes the one that a worker here would take; `frames_of` lets it open the scene.
The modules of the worker are imported only when a scene is looked at, so that other commands start fast.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from brender.client.errors import Failed
from brender.config import load
from brender.config.mistakes import BadSettings

if TYPE_CHECKING:
    from brender.worker.blender.installed import Blender


def best_blender(cache: Path | None = None) -> "Blender | None":
    """What a worker with these settings would take; `cache` is a folder where found versions are kept."""
    from brender.worker.blender.find import find_blenders  # noqa: PLC0415

    try:
        configured = load().worker.blenders
    except BadSettings as error:
        raise click.UsageError(str(error)) from None
    found = find_blenders(configured, os.environ.get("PATH", ""), cache)
    return found[0] if found else None


def frames_of(path: Path) -> tuple[str, list[str]]:
    """The frames that a scene itself names, and what is to be told about it."""
    from brender.worker.blender.describe import SceneError, describe  # noqa: PLC0415

    blender = best_blender()
    if blender is None:
        sentence = "No Blender on this machine can read the frames from the scene; say --frames, as in --frames 1-250."
        raise Failed(sentence, code="no-blender", at="frames")
    try:
        facts = describe(blender, path)
    except SceneError as error:
        raise Failed(str(error), code="bad-scene", at="Scene") from None
    missing = [f"Missing: {each}" for each in facts.missing]
    return facts.frames, [f"{path.name}: {facts}", *missing]
