"""What a .blend has of its own for a job's parameters, read from the file, without a Blender.

How does this work?  `saved_in` has blender-asset-tracer find the file's blocks: the one called GLOB names the scene
that was active, and each entry of `FACTS` reads one thing of a scene.  What is not there, or not certain, is left out:
a file may be of any version, damaged, or no scene at all.  It may also be endless, or made to do harm; so this is only
called in a process that ends by itself (`apart`).
"""

import gzip
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import zstandard
from blender_asset_tracer.blendfile import BlendFile, BlendFileBlock
from blender_asset_tracer.blendfile.magic_compression import Compression, find_compression_type

BUFFER = 1 << 16  # bytes: as much is read for the head of a block that lies behind a large one
MOST_UNPACKED = 1 << 29  # bytes; in a file without a name, which is gone with the process
GROUP, WHOLE_NUMBER = 6, 1  # kinds of a block's own properties
FORMATS = {
    0: "TARGA", 1: "IRIS", 4: "JPEG", 14: "TARGA_RAW", 17: "PNG", 20: "BMP", 21: "HDR", 22: "TIFF", 23: "OPEN_EXR",
    26: "CINEON", 27: "DPX", 28: "OPEN_EXR_MULTILAYER", 30: "JPEG2000", 35: "WEBP",
}  # fmt: skip  # pictures alone: instead of a movie, frames are rendered as PNG


def saved_in(path: str, name: str = "") -> dict[str, str]:
    """By parameter, what the scene of a name has, or else the active one; nothing of a file that cannot be read."""
    if not os.path.isfile(path):  # nor waits for whoever writes into a pipe
        return {}
    try:
        with Path(path).open("rb", buffering=BUFFER) as file, plain(file) as blend:
            return facts(Blend(blend, path), name)
    except Exception:  # there are many ways to be damaged
        return {}


class Blend(BlendFile):
    """Of a file that is open already."""

    def __init__(self, file: IO[bytes], path: str) -> None:
        self._file = file
        super().__init__(Path(path))

    def _open_file(self, path: Path, mode: str) -> IO[bytes]:
        self.is_compressed = False
        return self._file


def plain(file: IO[bytes]) -> IO[bytes]:
    """The file, or what is packed in it."""
    packing = find_compression_type(file)
    file.seek(0)
    if packing is Compression.GZIP:
        return unpacked(gzip.GzipFile(fileobj=file))
    if packing is Compression.ZSTD:
        return unpacked(zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True))
    return file


def unpacked(packed: Any) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115
    while data := packed.read(BUFFER):
        file.write(data)
        if file.tell() > MOST_UNPACKED:
            raise OSError("too large")
    return file


def facts(blend: BlendFile, name: str) -> dict[str, str]:
    """A scene that is not there has nothing; that is told when the job runs."""
    active = blend.find_blocks_from_code(b"GLOB")[0].get_pointer(b"curscene")
    scenes = [active, *blend.find_blocks_from_code(b"SC")] if name else [active]
    scene = next((each for each in scenes if not name or id_name(each) == name), None)
    found = {known: value for known, read in FACTS.items() if scene and (value := without_harm(read, scene))}
    return {**found, "SceneName": id_name(active)}


def without_harm(read: Callable[[BlendFileBlock], str], scene: BlendFileBlock) -> str:
    """Older and newer versions lack some things; the others are known all the same."""
    try:
        return read(scene)
    except Exception:
        return ""


def text(block: BlendFileBlock, *path: bytes) -> str:
    found: bytes = block.get(path)
    return found.decode("utf-8", "replace")


def id_name(block: BlendFileBlock | None) -> str:
    """Its first two letters say of what kind it is."""
    return text(block, b"id", b"name")[2:] if block else ""


def linked(block: BlendFileBlock | None) -> Iterator[BlendFileBlock]:
    while block:
        yield block
        block = block.get_pointer(b"next")


# --- what a scene has


def frames(scene: BlendFileBlock) -> str:
    """As a range expression."""
    first, last, step = (scene.get((b"r", each)) for each in (b"sfra", b"efra", b"frame_step"))
    if first == last:
        return str(first)
    return f"{first}-{last}:{step}" if step > 1 else f"{first}-{last}"


def camera(scene: BlendFileBlock) -> str:
    """None where markers change it on the way."""
    markers = linked(scene.get_pointer((b"markers", b"first")))
    return "" if any(each.get(b"camera") for each in markers) else id_name(scene.get_pointer(b"camera"))


def samples(scene: BlendFileBlock) -> str:
    engine = text(scene, b"r", b"engine")
    if engine == "CYCLES":
        return samples_of_cycles(scene)
    return str(scene.get((b"eevee", b"taa_render_samples"))) if engine.startswith("BLENDER_EEVEE") else ""


def samples_of_cycles(scene: BlendFileBlock) -> str:
    """Not there while they are the default of its version."""
    for place in (b"system_properties", b"properties"):  # of an add-on, before Blender 5 in the latter
        own = scene.get((b"id", place), default=0) and scene.get_pointer((b"id", place))
        cycles = property_of(own, b"cycles", GROUP)
        if found := property_of(cycles, b"samples", WHOLE_NUMBER):
            return str(found.get((b"data", b"val")))
    return ""


def property_of(group: BlendFileBlock | None, name: bytes, kind: int) -> BlendFileBlock | None:
    first = group.get_pointer((b"data", b"group", b"first")) if group else None
    return next((each for each in linked(first) if (each.get(b"name"), each.get(b"type")) == (name, kind)), None)


def fps(scene: BlendFileBlock) -> str:
    return f"{scene.get((b'r', b'frs_sec')) / scene.get((b'r', b'frs_sec_base')):.3f}".rstrip("0").rstrip(".")


def version(scene: BlendFileBlock) -> str:
    """Of the Blender that saved it: 405 is 4.5."""
    return "{}.{}".format(*divmod(scene.bfile.header.version, 100))


# By the names of the built-in template's parameters: what is rendered with where they are left as they are, but for the
# first two.
FACTS: Mapping[str, Callable[[BlendFileBlock], str]] = {
    "Frames": frames,
    "BlenderVersion": version,
    "Output": lambda scene: text(scene, b"r", b"pic"),
    "Format": lambda scene: FORMATS.get(scene.get((b"r", b"im_format", b"imtype")), ""),
    "Camera": camera,
    "Engine": lambda scene: text(scene, b"r", b"engine"),
    "Samples": samples,
    "ResolutionPercent": lambda scene: str(scene.get((b"r", b"size"))),
    "Fps": fps,
}
