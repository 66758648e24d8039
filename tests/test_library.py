"""The templates that can be named: those that come with brender, and files of a folder, read again when they change."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from brender.farm.submission.here import Here
from brender.farm.submission.shelf import Template
from brender.templates.library import FRESH, PATIENCE, Library, files_in
from tests.fakes import FRAMES

BROKEN = FRAMES.replace("steps:", "stesp:")


class LibraryCase(TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.clock = Clock()
        self.looks = 0
        self.library = self.made(self.folder)

    def made(self, folder: Path | None, later: Callable[..., Any] = maybeDeferred) -> Library:
        def counted(call: Callable[..., Any], *given: Any) -> Any:
            self.looks += 1
            return later(call, *given)

        return Library(folder, Here(), self.clock, counted)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    async def templates(self) -> dict[str, Template]:
        """As they are a moment later."""
        self.clock.advance(FRESH)
        return {each.name: each for each in await self.library.all()}


class Folder(LibraryCase):
    async def test_without_a_folder_there_are_those_that_come_with_brender(self) -> None:
        (blender,) = await self.made(None).all()
        view = blender.view
        self.assertEqual(
            (view.name, view.source, view.file, view.changed, view.problem), ("blender", "built-in", "", None, "")
        )
        self.assertEqual((view.steps, blender.folder, blender.form[1].name), (["Render", "Video"], "", "Scene"))

    async def test_files_are_there_with_what_is_in_them(self) -> None:
        path = self.write("comp.yaml", FRAMES)
        self.write("notes.txt", "x")
        self.write(".hidden.yaml", FRAMES)
        found = await self.templates()
        self.assertEqual(list(found), ["blender", "comp"])
        comp = found["comp"]
        self.assertEqual((comp.view.source, comp.view.file, comp.folder), ("file", str(path), str(self.folder)))
        self.assertEqual((comp.view.steps, comp.view.parameters, comp.text), (["Render"], ["Frames"], FRAMES))
        self.assertEqual(comp.view.changed, path.stat().st_mtime_ns / 1e9)

    async def test_a_value_that_is_needed_is_no_fault(self) -> None:
        self.write("comp.yaml", FRAMES.replace(', default: "1-24"', ""))
        self.assertEqual((await self.templates())["comp"].view.problem, "")

    async def test_what_cannot_be_is_there_with_its_problem(self) -> None:
        self.write("broken.yaml", BROKEN)
        (self.folder / "binary.json").write_bytes(b"\xff\xfe")
        (self.folder / "large.yml").write_bytes(b"#" * (5 << 20))
        os.mkfifo(self.folder / "pipe.yaml")
        (self.folder / "folder.yaml").mkdir()
        (self.folder / "gone.yaml").symlink_to("nowhere")
        found = {name: each.view.problem for name, each in (await self.templates()).items()}
        self.assertEqual(sorted(found), ["binary", "blender", "broken", "large", "pipe"])
        self.assertEqual(found["broken"], "steps: This field is missing, and it is needed. (1 more.)")
        self.assertEqual(found["binary"], "It is not text in UTF-8.")
        self.assertEqual(found["pipe"], "It is no plain file.")
        self.assertIn("4 MB", found["large"])
        self.assertIn("line", str((await self.templates())["broken"].problems[0]))

    async def test_a_file_that_has_changed_is_read_again_and_no_other(self) -> None:
        path = self.write("comp.yaml", FRAMES)
        other = self.write("other.yaml", FRAMES)
        before = await self.templates()
        path.write_text(FRAMES.replace("name: Render", "name: Comp"), encoding="utf-8")
        os.utime(path, (1, 1))
        after = await self.templates()
        self.assertEqual(after["comp"].view.steps, ["Comp"])
        self.assertIs(after["other"], before["other"])
        other.unlink()
        self.assertNotIn("other", await self.templates())

    async def test_a_broken_one_is_mended_by_its_next_version(self) -> None:
        self.write("comp.yaml", BROKEN)
        self.assertTrue((await self.templates())["comp"].view.problem)
        self.write("comp.yaml", FRAMES)
        self.assertEqual((await self.templates())["comp"].view.problem, "")

    async def test_the_studios_own_goes_before_a_built_in_one(self) -> None:
        self.write("blender.yaml", FRAMES)
        self.assertEqual((await self.templates())["blender"].view.source, "file")

    async def test_two_files_of_one_name_have_two_names(self) -> None:
        self.write("comp.json", FRAMES)
        self.write("comp.yaml", FRAMES)
        self.assertEqual(list(await self.templates()), ["blender", "comp", "comp.yaml"])


class Looking(LibraryCase):
    async def test_it_is_looked_at_once_a_second_however_many_ask(self) -> None:
        for _ in range(10):
            await self.library.all()
        self.assertEqual(self.looks, 1)
        self.clock.advance(FRESH)
        await self.library.all()
        self.assertEqual(self.looks, 2)

    async def test_a_folder_that_is_not_there_is_logged_once_and_has_no_templates(self) -> None:
        self.library = self.made(self.folder / "nowhere")
        self.assertEqual(list(await self.templates()), ["blender"])
        await self.templates()
        self.assertEqual(self.looks, 2)
        (self.folder / "nowhere").mkdir()
        (self.folder / "nowhere" / "comp.yaml").write_text(FRAMES)
        self.assertEqual(list(await self.templates()), ["blender", "comp"])

    async def test_while_the_folder_does_not_answer_what_was_seen_last_counts(self) -> None:
        silent: list[Deferred[Any]] = []
        self.write("comp.yaml", FRAMES)

        def later(call: Callable[..., Any], *given: Any) -> Any:
            if self.looks == 1:
                return maybeDeferred(call, *given)
            silent.append(Deferred())
            return silent[-1]

        self.library = self.made(self.folder, later)
        await self.templates()
        self.clock.advance(FRESH)
        asked = [Deferred.fromCoroutine(self.library.all()) for _ in range(3)]
        self.assertNoResult(asked[0])
        self.clock.advance(PATIENCE)
        for each in asked:
            self.assertEqual([template.name for template in self.successResultOf(each)], ["blender", "comp"])
        self.clock.advance(FRESH)
        again = Deferred.fromCoroutine(self.library.all())
        self.assertEqual(len(silent), 1)  # nobody asks it twice at a time
        silent[0].callback(files_in(self.folder, {}))
        self.assertEqual([template.name for template in self.successResultOf(again)], ["blender", "comp"])
