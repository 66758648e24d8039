"""What renders: the processor or a graphics card, never something else than what was asked for.

How does this work?  A job that asks for a GPU gets the first kind that has one (OptiX before CUDA, HIP, oneAPI,
Metal) with all its devices switched on, or a refusal.  A scene that was merely saved with "GPU" is rendered on
the GPU where there is one, else on the processor, with a warning.  Of a machine's GPUs only those are used that the
session was given (BRENDER_GPUS); it may have been given none.  The number of threads follows BRENDER_THREADS, or
the cores that the worker's session may use.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any

import bpy

KINDS = ("OPTIX", "CUDA", "HIP", "ONEAPI", "METAL")
NEED_DISPLAY = ("BLENDER_EEVEE", "BLENDER_EEVEE_NEXT", "BLENDER_WORKBENCH")


class NoDevice(Exception):
    """What was asked for is not there; the message is a sentence for people."""


def given() -> list[str] | None:
    """The GPUs that this session has, None for all that there are."""
    told = os.environ.get("BRENDER_GPUS")
    return None if told is None else [text for text in told.split(",") if text]


def own(cards: list[Any]) -> list[Any]:
    """Of the GPUs that Cycles finds, those of this session; usually the driver shows it no others."""
    mine = given()
    if mine is None or len(cards) <= len(mine):
        return cards
    return [cards[int(text)] for text in mine if text.isdigit() and int(text) < len(cards)]


def switch_on_gpus() -> list[str]:
    """The names of the GPUs that Cycles now uses; none when there are none, or none for this session."""
    addon = bpy.context.preferences.addons.get("cycles")
    for kind in KINDS if addon and given() != [] else ():
        try:
            addon.preferences.compute_device_type = kind
        except TypeError:  # this Blender was built without that kind
            continue
        if hasattr(addon.preferences, "refresh_devices"):
            addon.preferences.refresh_devices()
        else:
            addon.preferences.get_devices()
        cards = own([device for device in addon.preferences.devices if device.type == kind])
        for device in addon.preferences.devices:
            device.use = device in cards
        if cards:
            return [device.name for device in cards]
    return []


def choose(scene: Any, asked: str) -> tuple[str, list[str]]:
    """Set the scene's device; returns what renders, for the log, and warnings."""
    if scene.render.engine != "CYCLES":
        return ("the graphics library" if scene.render.engine in NEED_DISPLAY else "as the engine decides"), []
    wanted = asked or scene.cycles.device
    if wanted != "GPU":
        scene.cycles.device = "CPU"
        return "the processor", []
    cards = switch_on_gpus()
    if cards:
        scene.cycles.device = "GPU"
        return " and ".join(cards), []
    if asked:
        raise NoDevice(f"A GPU was asked for, and {missing()}.")
    scene.cycles.device = "CPU"
    whose = "this machine has none" if given() != [] else "this session was given none"
    return "the processor", [f"The scene was saved for a GPU and {whose}: the processor renders it."]


def missing() -> str:
    if given() == []:
        return "this session was given none: its step has to ask for amount.worker.gpu"
    return f"Cycles finds none here (looked for {', '.join(KINDS)})"


def check_display(engine: str) -> None:
    """EEVEE and Workbench abort all of Blender where EGL is not installed, or has no driver: refuse before that."""
    if engine not in NEED_DISPLAY or os.environ.get("DISPLAY"):
        return
    try:
        egl = ctypes.CDLL("libEGL.so.1")
    except OSError:
        raise NoDevice(f"No EGL on this machine, and {engine} cannot render without: install libegl1.") from None
    egl.eglGetDisplay.argtypes, egl.eglGetDisplay.restype = [ctypes.c_void_p], ctypes.c_void_p
    if not egl.eglGetDisplay(None):
        raise NoDevice(
            f"EGL has no driver on this machine, and {engine} cannot render without: install libegl-mesa0, or"
            " the graphics card's own."
        )


def set_threads(scene: Any) -> int:
    """The threads in force."""
    given = int(os.environ.get("BRENDER_THREADS") or 0)
    allowed = len(os.sched_getaffinity(0))
    if given or allowed < (os.cpu_count() or 1):
        scene.render.threads_mode = "FIXED"
        scene.render.threads = given or allowed
    return int(scene.render.threads)
