"""Videos that jobs have made: where one may lie, and the file itself, opened so that it can be no other.

How does this work?  A template declares what a job writes: parameters of type PATH with the data flow OUT or INOUT.
`places_of` gives the files that may be the job's video: those that are named, and `video.mp4` beside the frames, each
with its declared folder.  `opened` takes one only when it lies in that folder after all links are resolved, walking
there from folder to folder without following any; when what was opened is a regular file that was written since the
job came; and when its name and its first bytes say that it is a video.  So an address never names a path, and a job
that declares somebody else's folder shows nothing that was there before.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from io import FileIO
from typing import Any, NamedTuple

KINDS = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
}
EBML = b"\x1aE\xdf\xa3"  # how Matroska and WebM begin
USUAL = "video.mp4"  # what the Video step of the built-in template calls it
VIDEO = "Video"  # the parameter that names it, or is NONE
NONE = "none"
SCENE = "Scene"  # the parameter with the .blend, for what lies beside it
SKEW = 60.0  # seconds that the clock of a file server may be behind
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class Place(NamedTuple):
    folder: str  # that the job declares
    path: str


class Video(NamedTuple):
    file: FileIO
    kind: str
    size: int
    changed: float  # seconds of the epoch
    tag: str


def places_of(template: Mapping[str, Any], values: Mapping[str, Any]) -> list[Place]:
    """Where the video of a job may lie, the likeliest first."""
    named, beside = list[Place](), list[Place]()
    for parameter, path in declared(template, values):
        folder, ending = os.path.dirname(path), os.path.splitext(path)[1]
        if parameter.get("objectType", "DIRECTORY") == "FILE":
            if ending or parameter["name"] == VIDEO:
                named.append(Place(folder, path if ending else f"{path}.mp4"))
            beside.append(Place(folder, os.path.join(folder, USUAL)))
        beside.append(Place(path, os.path.join(path, USUAL)))
    found = [place for place in (*named, *beside) if place.folder.strip("/")]
    return [place for place in dict.fromkeys(found) if os.path.splitext(place.path)[1].lower() in KINDS]


def declared(template: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The parameters that say what a job writes, and the absolute paths that they have."""
    scene = os.path.dirname(str(values.get(SCENE, "")))
    for parameter in template.get("parameterDefinitions") or ():
        path = str(values.get(parameter["name"], ""))
        if path.startswith("//") and os.path.isabs(scene) and not scene.startswith("//"):  # as Blender says "beside"
            path = os.path.join(scene, path.lstrip("/"))
        if path.startswith("//") or (parameter["name"] == VIDEO and os.path.basename(path) == NONE):
            continue
        if parameter["type"] == "PATH" and parameter.get("dataFlow") in {"OUT", "INOUT"} and os.path.isabs(path):
            yield parameter, path


def first_of(places: list[Place], since: float) -> Video | None:
    return next((video for place in places if (video := opened(place, since))), None)


def opened(place: Place, since: float) -> Video | None:
    """The video that lies there; None when there is none that may be shown."""
    ending = os.path.splitext(place.path)[1].lower()
    with suppress(OSError, ValueError), ExitStack() as unwanted:
        file = inside(os.path.realpath(place.folder), os.path.realpath(place.path))
        unwanted.callback(os.close, file)
        about = os.fstat(file)
        new = stat.S_ISREG(about.st_mode) and about.st_mtime >= since - SKEW
        if new and is_video(os.pread(file, 12, 0), ending):
            unwanted.pop_all()
            tag = f'"{about.st_ino:x}-{about.st_size:x}-{about.st_mtime_ns:x}"'
            return Video(FileIO(file, "rb"), KINDS[ending], about.st_size, about.st_mtime, tag)
    return None


def inside(folder: str, path: str) -> int:
    """A descriptor of a file below a folder, both without links in them; raises `OSError` or `ValueError`."""
    if os.path.commonpath([folder, path]) != folder:
        raise ValueError(f"{path} is not in {folder}")
    *between, name = os.path.relpath(path, folder).split(os.sep)
    with ExitStack() as stack:
        here = os.open(folder, FOLDER)
        stack.callback(os.close, here)
        for part in between:
            here = os.open(part, FOLDER, dir_fd=here)
            stack.callback(os.close, here)
        return os.open(name, FILE, dir_fd=here)


def is_video(begin: bytes, ending: str) -> bool:
    """Whether a file begins as one with this ending does."""
    return begin.startswith(EBML) if ending in {".webm", ".mkv"} else begin[4:8] in {b"ftyp", b"moov"}
