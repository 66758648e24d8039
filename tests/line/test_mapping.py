"""A worker that is told where folders of other machines are on its own."""

import json
from pathlib import Path
from typing import Any, ClassVar

from tests.line.harness import Farm, FarmTestCase, template

ARRAY = "array/X"


class MappingTests(FarmTestCase):
    """Below the farm's folder: `there`, a `link` to it, and `nothing`."""

    workers: ClassVar = {}  # its own one is told more

    @classmethod
    def made(cls) -> Farm:
        farm = Farm()
        (farm.folder / "there" / ARRAY).mkdir(parents=True)
        (farm.folder / "link").symlink_to("there")
        rules = [("X:/", "windows", "there"), ("Y:/", "windows", "nothing"), ("/Volumes/show", "posix", "link")]
        lines = [
            f'[[worker.path_mapping]]\nfrom = "{source}"\nsystem = "{system}"\nto = "{farm.folder / name / ARRAY}"\n'
            for source, system, name in rules
        ]
        (farm.folder / "mapping.toml").write_text("\n".join(lines))
        return farm

    def setUp(self) -> None:
        super().setUp()
        if not any(worker.name == "mapped" for worker in self.farm.workers):
            self.farm.worker("mapped", options=["--config", str(self.farm.folder / "mapping.toml")])

    def test_a_path_is_that_of_this_machine_whatever_is_there(self) -> None:
        """PATH-02: there, not there, and a symbolic link."""
        for path, name in {
            "X:/Test/a.nk": "there",
            "Y:/Test/a.nk": "nothing",
            "/Volumes/show/Test/a.nk": "link",
        }.items():
            self.assertEqual(self.path_of(path), str(self.farm.folder / name / ARRAY / "Test/a.nk"))
        self.assertEqual(self.path_of("X:\\Test\\..\\a b.nk"), str(self.farm.folder / "there" / ARRAY / "a b.nk"))
        self.assertEqual(self.path_of("Z:/Test/a.nk"), "Z:/Test/a.nk")

    def test_what_leads_out_of_its_folder_is_refused_before_the_session_is_open(self) -> None:
        made = self.scene_job(self.folder / "never")
        job = self.farm.submit(made, {"Scene": "X:/../secret"}, settings={"tries": 1})
        reason = self.farm.wait(job, "failed")["reason"]
        folder = self.farm.folder / "there" / ARRAY
        self.assertIn(f"Scene: X:/../secret leads out of {folder}, to which its folder is mapped.", reason)
        self.assertFalse((self.folder / "never").exists())

    def path_of(self, path: str) -> Any:
        out = self.folder / "path"
        self.farm.run(self.scene_job(out), {"Scene": path})
        return json.loads(out.read_text())

    def scene_job(self, out: Path) -> dict[str, Any]:
        """A job of one PATH parameter, that writes what a program gets of it."""
        made = {**template(), "parameterDefinitions": [{"name": "Scene", "type": "PATH"}]}
        script = f"import json, sys; json.dump(sys.argv[1], open({str(out)!r}, 'w'))"
        made["steps"][0]["script"]["actions"]["onRun"] = {
            "command": "python3", "args": ["-c", script, "{{Param.Scene}}"]
        }  # fmt: skip
        return made
