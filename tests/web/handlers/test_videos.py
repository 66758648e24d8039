"""The video of a job: found where the job says that it writes, and nothing else shown for it."""

import os
import socket
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as some
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.templates import path_of
from brender.web.handlers.outputs import Place, opened, places_of
from brender.web.handlers.videos import PIECE
from tests.fakes import NOON
from tests.web.fakes import Reply, Web, Wire, request

HEAD = b"\0\0\0\x20ftypisom\0\0\x02\0"
BLENDER = path_of("blender").read_text("utf-8")
NEW = NOON + 5


class Places(SynchronousTestCase):
    def places(self, **values: str) -> list[str]:
        kinds = {"Output": "FILE", "Video": "FILE", "Folder": "DIRECTORY"}
        definitions: list[Mapping[str, str]] = [
            {"name": "Scene", "type": "PATH", "dataFlow": "IN", "objectType": "FILE"},
            *({"name": name, "type": "PATH", "dataFlow": "OUT", "objectType": kind} for name, kind in kinds.items()),
            {"name": "Secret", "type": "PATH"},
            {"name": "Text", "type": "STRING"},
        ]
        return [place.path for place in places_of({"parameterDefinitions": definitions}, values)]

    def test_beside_the_frames_or_where_it_is_named(self) -> None:
        self.assertEqual(self.places(Output="/out/shot_####")[0], "/out/video.mp4")
        self.assertEqual(self.places(Output="/out/f_", Video="/films/a b")[:2], ["/films/a b.mp4", "/out/video.mp4"])
        self.assertEqual(self.places(Video="/films/a.webm")[0], "/films/a.webm")
        self.assertEqual(self.places(Folder="/out"), ["/out/video.mp4"])
        self.assertEqual(self.places(Output="/out/f_", Video="/srv/none")[0], "/out/video.mp4")

    def test_beside_the_scene(self) -> None:
        self.assertEqual(self.places(Scene="/shots/a.blend", Output="//render/f_")[0], "/shots/render/video.mp4")

    def test_nowhere_else(self) -> None:
        for values in ({"Secret": "/srv/x.mp4"}, {"Text": "/srv/x.mp4"}, {"Scene": "/srv/x.mp4"}, {"Video": "x.mp4"},
                       {"Video": "C:\\films\\x.mp4"}, {"Video": ""},
                       {"Scene": "a.blend", "Output": "//f_"}):  # fmt: skip
            self.assertEqual(self.places(**values), [], values)
        self.assertNotIn("/srv/x.png", self.places(Video="/srv/x.png"))
        for values in ({"Output": "/f_####"}, {"Video": "/x.mp4"}, {"Folder": "/"}):
            self.assertTrue({"/video.mp4", "/x.mp4"}.isdisjoint(self.places(**values)), "the machine is no folder")


class Opened(SynchronousTestCase):
    """SEC-08: whatever stands at the place, only a new video inside the folder is opened."""

    def setUp(self) -> None:
        self.root = Path(self.mktemp()).absolute()
        self.folder = self.root / "out"
        self.folder.mkdir(parents=True)
        self.path = self.folder / "video.mp4"

    def write(self, path: Path | None = None, data: bytes = HEAD, changed: float = NEW) -> Path:
        path = path or self.path
        path.write_bytes(data)
        os.utime(path, (changed, changed))
        return path

    def opens(self, path: Path | None = None, folder: Path | None = None) -> bool:
        before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
        video = opened(Place(str(folder or self.folder), str(path or self.path)), NOON)
        if video:
            video.file.close()
        after = len(os.listdir("/proc/self/fd")) if before else 0
        self.assertEqual(after, before, "a descriptor was left open")
        return video is not None

    def test_a_video(self) -> None:
        self.write()
        self.assertTrue(self.opens())

    def test_each_kind_by_its_first_bytes(self) -> None:
        matroska = b"\x1aE\xdf\xa3" + bytes(20)
        for name, data in (("a.webm", matroska), ("a.MKV", matroska), ("a.mov", HEAD), ("a.m4v", HEAD)):
            self.assertTrue(self.opens(self.write(self.folder / name, data)), name)
        for name, data in (("b.webm", HEAD), ("b.mp4", matroska), ("c.mp4", b""), ("d.mp4", b"#!/bin/sh\nsecret"),
                           ("e.mp4", b"root:x:0:0:root"), ("f.mp4", b"ftypisom")):  # fmt: skip
            self.assertFalse(self.opens(self.write(self.folder / name, data)), name)

    def test_one_that_was_there_before_the_job_is_not_its_own(self) -> None:
        self.write(changed=NOON - 3600)
        self.assertFalse(self.opens())

    def test_a_link_out_of_the_folder_is_not_followed_and_one_inside_is(self) -> None:
        private = self.write(self.root / "private.mp4")
        self.path.symlink_to(private)
        self.assertFalse(self.opens())
        self.path.unlink()
        self.path.symlink_to("../private.mp4")
        self.assertFalse(self.opens())
        self.path.unlink()
        self.write(self.folder / "take2.mp4")
        self.path.symlink_to("take2.mp4")
        self.assertTrue(self.opens())

    def test_a_folder_on_the_way_that_is_a_link_out_of_it(self) -> None:
        (self.root / "private").mkdir()
        self.write(self.root / "private" / "video.mp4")
        (self.folder / "sub").symlink_to(self.root / "private")
        self.assertFalse(self.opens(self.folder / "sub" / "video.mp4"))
        self.assertFalse(self.opens(self.folder / "sub" / ".." / "private" / "video.mp4"))

    def test_a_path_that_climbs_out(self) -> None:
        self.write(self.root / "video.mp4")
        self.assertFalse(self.opens(self.folder / ".." / "video.mp4"))
        (self.root / "out-of-it").mkdir()
        self.assertFalse(self.opens(self.write(self.root / "out-of-it" / "video.mp4")))

    def test_the_declared_folder_itself_may_be_a_link(self) -> None:
        self.write()
        (self.root / "link").symlink_to(self.folder)
        self.assertTrue(self.opens(self.root / "link" / "video.mp4", self.root / "link"))

    def test_what_is_no_file(self) -> None:
        self.assertFalse(self.opens())
        self.path.mkdir()
        self.assertFalse(self.opens())
        self.path.rmdir()
        os.mkfifo(self.path)
        self.assertFalse(self.opens())
        self.path.unlink()
        self.path.symlink_to("/dev/zero")
        self.assertFalse(self.opens())
        self.path.unlink()
        self.path.symlink_to("video.mp4")
        self.assertFalse(self.opens())

    def test_a_socket(self) -> None:
        here = os.getcwd()
        os.chdir(self.folder)  # its whole path may be too long for one
        self.addCleanup(os.chdir, here)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("video.mp4")
            self.assertFalse(self.opens())

    def test_names_that_are_none(self) -> None:
        for name in ("\0.mp4", "x" * 300 + ".mp4", ".", ""):
            self.assertIsNone(opened(Place(str(self.folder), f"{self.folder}/{name}"), NOON))


class VideoTestCase(TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir(parents=True)
        self.reads: list[Deferred[Any]] | None = None
        self.web = Web(self, outside=self.outside)
        self.body = HEAD + bytes(range(256)) * 4

    def outside(self, call: Any, *given: Any) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        done.addCallback(lambda _: call(*given))
        if self.reads is None or call is not os.pread:
            done.callback(None)
        else:
            self.reads.append(done)
        return done

    async def job(self, **values: str) -> str:
        """The address of the video of a new job that writes into the folder."""
        said = {"Scene": "/srv/shot.blend", "Frames": "1-3", "Output": f"{self.folder}/frame_####", **values}
        job = await self.web.farm.job(BLENDER, values=said)
        return f"/api/v1/jobs/{job.id}/video"

    def write(self, name: str = "video.mp4") -> None:
        (self.folder / name).write_bytes(self.body)
        os.utime(self.folder / name, (NEW, NEW))

    async def made(self) -> str:
        self.write()
        return await self.job()

    def part(self, address: str, wanted: str, **headers: str) -> Reply:
        return self.web.get(address, Range=wanted, **headers)


class Served(VideoTestCase):
    async def test_the_whole_of_it(self) -> None:
        reply = self.web.get(await self.made())
        self.assertEqual((reply.status, reply.body), (200, self.body))
        headers = {"content-type": "video/mp4", "accept-ranges": "bytes", "content-length": str(len(self.body)),
                   "x-content-type-options": "nosniff", "cache-control": "no-cache"}  # fmt: skip
        self.assertLessEqual(headers.items(), reply.headers.items())

    async def test_where_it_is_named(self) -> None:
        self.write("film.webm")
        self.body = b"\x1aE\xdf\xa3" + bytes(50)
        self.write("film.webm")
        reply = self.web.get(await self.job(Video=f"{self.folder}/film.webm"))
        self.assertEqual((reply.headers["content-type"], reply.body), ("video/webm", self.body))

    async def test_its_head_alone(self) -> None:
        reply = self.web.ask("HEAD", await self.made())
        self.assertEqual((reply.status, reply.headers["content-length"]), (200, str(len(self.body))))
        reply = self.web.ask("HEAD", await self.made(), Range="bytes=0-9")
        self.assertEqual((reply.status, reply.headers["content-length"]), (206, "10"))

    async def test_one_that_somebody_has_is_not_sent_again(self) -> None:
        address = await self.made()
        tag = self.web.get(address).headers["etag"]
        reply = self.web.get(address, If_None_Match=tag)
        self.assertEqual((reply.status, reply.body), (304, b""))

    async def test_where_there_is_none_it_says_where_it_would_be(self) -> None:
        address = await self.job()
        self.assertIn(f"It would be {self.folder}/video.mp4", self.web.get(address).message)
        self.assertIn("does not say where", self.web.get(await self.job(Output="")).message)
        self.assertEqual(self.web.get("/api/v1/jobs/99/video").status, 404)

    async def test_no_part_of_a_path_comes_from_the_address(self) -> None:
        """SEC-08, for what jobs have made."""
        await self.made()
        for address in ("/api/v1/jobs/1/video/../../etc/passwd", "/api/v1/jobs/1/video/%2e%2e%2fvideo.mp4",
                        "/api/v1/jobs/..%2f1/video"):  # fmt: skip
            self.assertEqual(self.web.get(address).status, 404, address)
        self.assertEqual(self.web.get("/api/v1/jobs/1/video?path=/etc/passwd").status, 400)


class Parts(VideoTestCase):
    async def test_what_players_ask_for(self) -> None:
        address, size = await self.made(), len(self.body)
        end = size - 1
        for wanted, first, last in (("bytes=0-", 0, end), ("bytes=10-19", 10, 19), ("bytes=-5", size - 5, end),
                                    ("bytes=100-99999", 100, end), ("bytes=-99999", 0, end),
                                    (f"bytes={end}-", end, end), ("BYTES=0-0", 0, 0)):  # fmt: skip
            reply = self.part(address, wanted)
            self.assertEqual((reply.status, reply.body), (206, self.body[first : last + 1]), wanted)
            self.assertEqual(reply.headers["content-range"], f"bytes {first}-{last}/{size}")
            self.assertEqual(reply.headers["content-length"], str(last - first + 1))

    async def test_behind_the_end_there_is_nothing(self) -> None:
        address, size = await self.made(), len(self.body)
        for wanted in (f"bytes={size}-", f"bytes={size}-{size + 9}", "bytes=-0", "bytes=999999999999999999-"):
            reply = self.part(address, wanted)
            self.assertEqual((reply.status, reply.headers["content-range"]), (416, f"bytes */{size}"), wanted)
            self.assertIn(f"has {size} bytes", reply.message)

    async def test_what_is_no_range_gets_the_whole(self) -> None:
        address = await self.made()
        for wanted in ("bytes=", "bytes=-", "bytes=9-3", "bytes=0-1,4-5", "lines=1-2", "bytes 0-1", "bytes=a-b",
                       "bytes=-1-2", "bytes=" + "9" * 400 + "-", "bytes=\u0661-"):  # fmt: skip
            reply = self.part(address, wanted.encode().decode("latin-1"))
            self.assertEqual((reply.status, len(reply.body)), (200, len(self.body)), wanted)

    async def test_a_part_of_another_file_is_not_given(self) -> None:
        address = await self.made()
        about = self.web.get(address).headers
        for condition in (about["etag"], about["last-modified"]):
            self.assertEqual(self.part(address, "bytes=0-1", If_Range=condition).status, 206)
        for condition in ('"another"', f"W/{about['etag']}", "Mon, 01 Jan 2001 00:00:00 GMT", "*"):
            self.assertEqual(self.part(address, "bytes=0-1", If_Range=condition).status, 200)

    async def test_all_parts_together_are_the_file(self) -> None:
        address, size = await self.made(), len(self.body)
        sizes = some.lists(some.integers(0, size), max_size=5)

        @given(sizes)
        def check(cuts: list[int]) -> None:
            places = sorted({0, size, *cuts})
            parts = [self.part(address, f"bytes={first}-{end - 1}").body
                     for first, end in pairwise(places)]  # fmt: skip
            self.assertEqual(b"".join(parts), self.body)

        check()


class OnTheWay(VideoTestCase):
    """A file of three pieces, to a reader who is slow, or goes."""

    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.body = HEAD + b"x" * (2 * PIECE + 100)
        self.address = await self.made()
        self.reads = []
        self.wire = self.web.wire()
        self.wire.send(request("GET", self.address))

    def read(self) -> None:
        assert self.reads is not None
        self.reads.pop().callback(None)

    def sent(self, wire: Wire) -> int:
        return len(wire.got().partition(b"\r\n\r\n")[2])

    def test_no_more_is_read_than_there_is_room_for(self) -> None:
        self.assertEqual((self.sent(self.wire), len(self.reads or ())), (0, 1))
        self.wire.pause()
        self.read()
        self.assertEqual((self.sent(self.wire), self.reads), (PIECE, []))
        self.wire.resume()
        self.read()
        self.read()
        self.assertEqual(self.wire.reply().body, self.body)

    def test_a_reader_who_goes_is_the_end_of_it(self) -> None:
        self.read()
        self.wire.close()
        self.read()
        self.assertEqual((self.sent(self.wire), self.reads), (PIECE, []))

    def test_one_who_goes_while_it_waits(self) -> None:
        self.wire.pause()
        self.read()
        self.wire.close()
        self.assertEqual(self.reads, [])

    def test_a_file_that_became_shorter_is_not_taken_for_whole(self) -> None:
        os.truncate(self.folder / "video.mp4", PIECE + 5)
        for _ in range(3):
            self.read()
        self.assertEqual(self.sent(self.wire), PIECE + 5)
        self.assertTrue(self.wire.transport.disconnecting)

    def test_one_that_is_put_in_its_place_meanwhile_is_another(self) -> None:
        self.read()
        new = self.folder / "new"
        new.write_bytes(HEAD + b"y" * (2 * PIECE + 100))
        new.replace(self.folder / "video.mp4")
        self.read()
        self.read()
        self.assertEqual(self.wire.reply().body, self.body)
