"""`brender submit`: what is sent of what was said, and what is refused before anything is sent."""

import json
import sys
from typing import Any

from click.testing import CliRunner
from twisted.internet.defer import DeferredList

from brender.cli import main
from brender.farm.settings import After, JobSettings
from brender.farm.submission.planning import plan
from brender.verbs.doing.submitting import built_in_template
from tests.cli.case import CommandCase, Ran
from tests.fakes import FRAMES

PATHS = """
specificationVersion: jobtemplate-2023-09
name: paths
parameterDefinitions:
- {name: Scene, type: PATH, objectType: FILE, dataFlow: IN, default: scenes/a.blend}
- {name: Cache, type: PATH, objectType: DIRECTORY, dataFlow: IN, default: ""}
- {name: Note, type: STRING, default: a/b}
steps:
- name: Show
  script: {actions: {onRun: {command: echo, args: ["{{Param.Scene}}", "{{Param.Cache}}", "{{Param.Note}}"]}}}
"""

LIST_OF_PATHS = """
specificationVersion: jobtemplate-2023-09
extensions: [EXPR]
name: list
parameterDefinitions:
- {name: Scenes, type: "LIST[PATH]", default: [a, b/c]}
steps:
- name: Show
  script: {actions: {onRun: {command: echo, args: ["{{Param.Scenes}}"]}}}
"""

# A program that is called like Blender and answers as one does, with the newest version of all.
BLENDER = """#!{python} -IS
import json, sys
if "--version" in sys.argv:
    print("Blender 4.5.999")
else:
    facts = dict(scene="Scene", scenes=["Scene"], frame_start=10, frame_end=50, frame_step=2, fps=24.0, width=640,
                 height=360, engine="CYCLES", camera="Camera", cameras=["Camera"], view_layers=["ViewLayer"],
                 saved_output="/out/", output="/out/####.png", format="PNG", is_movie=False,
                 missing=["//textures/wood.png"], saved_by="4.5", blender="4.5.999")
    with open(sys.argv[-1] + ".answer", "w") as answer:
        json.dump(facts, answer)
"""


class Submit(CommandCase):
    def values(self, number: int = 1) -> dict[str, Any]:
        return self.farm.service.farm.jobs[number].values

    async def test_a_template_with_values_becomes_a_job(self) -> None:
        self.file("shot.yaml", FRAMES)
        ran = await self.brender(
            "submit", "shot.yaml", "--frames", "1-10", "--priority", "60", "--name", "-rf 名前", "--owner", "ada"
        )
        self.assertEqual(ran, (0, "Job 1 -rf 名前: 10 frames, priority 60.\n", ""))
        job = self.farm.service.farm.jobs[1]
        self.assertEqual((job.name, job.owner, job.priority, job.values), ("-rf 名前", "ada", 60, {"Frames": "1-10"}))

    async def test_its_number_alone_is_for_other_commands(self) -> None:
        self.file("shot.yaml", FRAMES)
        self.assertEqual(await self.brender("submit", "shot.yaml", "--quiet"), (0, "1\n", ""))

    async def test_every_setting_of_a_job_is_an_option(self) -> None:
        self.file("shot.yaml", FRAMES)
        first = await self.farm.job()
        said = {
            "--priority": "60", "--pool": "lighting", "--only": "render-0*,attic", "--after": "1,1:frames:-1..1",
            "--not-before": "2100-01-01T20:00:00+00:00", "--hours": "20:00-06:00", "--zone": "Europe/Amsterdam",
            "--order": "preview", "--preview": "3", "--tries": "5", "--fail-share": "20%", "--task-seconds": "15min",
            "--preemptible": "yes", "--second-starts": "no", "--project": "film",
        }  # fmt: skip
        ran = await self.brender("submit", "shot.yaml", *(word for pair in said.items() for word in pair))
        self.assertEqual((ran.code, ran.err), (0, ""))
        settings = self.farm.service.farm.jobs[2].settings
        self.assertEqual(settings.after, (After(first.id), After(first.id, frames=(-1, 1))))
        self.assertEqual((settings.only, settings.fail_share), (("render-0*", "attic"), 0.2))
        self.assertEqual((settings.task_seconds, settings.not_before), (900.0, 4102516800.0))
        self.assertEqual((settings.preemptible, settings.second_starts, settings.tries), (True, False, 5))
        options = (await self.brender("submit", "--help")).out
        for name in JobSettings.__struct_fields__:
            self.assertIn(f"--{name.replace('_', '-')} ", options)

    async def test_what_the_farm_does_not_have_is_told_with_its_place(self) -> None:
        self.file("shot.yaml", FRAMES)
        ran = await self.brender("submit", "shot.yaml", "--limits", "arnold", "--after", "7", "--hours", "9:00-9:00")
        self.assertEqual((ran.code, ran.out), (1, ""))
        self.assertEqual(
            ran.err.splitlines(),
            [
                "There are 3 problems; each is listed with its place.",
                '  hours: "9:00-9:00" ends when it begins; the whole day is 00:00-24:00.',
                '  limits.arnold: There is no limit "arnold"; this farm has none.',
                "  after[0]: There is no job 7 to come after.",
            ],
        )

    async def test_a_warning_of_the_farm_is_told(self) -> None:
        await self.farm.client("render-01")
        self.file("shot.yaml", FRAMES)
        ran = await self.brender("submit", "shot.yaml", "--pool", "lighting")
        self.assertEqual(ran.out.splitlines()[1], "Warning: No client is in pool lighting.")

    async def test_json_is_the_job_and_the_owner_is_who_submits(self) -> None:
        self.file("shot.yaml", FRAMES)
        ran = await self.brender("submit", "shot.yaml", "Frames=5", "--json")
        self.assertEqual((ran.code, ran.json["id"], ran.json["tasks"], ran.json["state"]), (0, 1, 1, "queued"))
        self.assertNotEqual(self.farm.service.farm.jobs[1].owner, "")

    async def test_values_reach_the_job_as_they_were_typed(self) -> None:
        typed = {"A": "007", "B": "", "C": "a=b", "D": "two\nlines", "E": "with space ", "F": "{{Param.Frames}}"}
        named = "".join(f"\n- {{name: {name}, type: STRING}}" for name in typed)
        self.file("shot.yaml", FRAMES.replace("parameterDefinitions:", f"parameterDefinitions:{named}"))
        ran = await self.brender("submit", "shot.yaml", *(f"{name}={text}" for name, text in typed.items()))
        self.assertEqual((ran.code, self.values()), (0, {**typed, "Frames": "1-24"}))

    async def test_every_problem_is_named_with_its_place(self) -> None:
        self.file("wrong.yaml", FRAMES.replace("name: shot_010", "nam: x").replace("onRun", "onRum"))
        ran = await self.brender("submit", "wrong.yaml", "Frame=1")
        self.assertEqual((ran.code, ran.out), (1, ""))
        self.assertGreaterEqual(len(ran.err.splitlines()), 4)
        for line in ran.err.splitlines()[1:]:
            self.assertRegex(line, r"^  \S+: .")
        as_json = await self.brender("submit", "wrong.yaml", "Frame=1", "--json")
        self.assertEqual((as_json.code, len(as_json.json["problems"]) >= 3), (1, True))

    def test_wrong_use_ends_with_2_and_says_why(self) -> None:
        self.file("shot.yaml", FRAMES)
        (self.folder / "bad.yaml").write_bytes(b"\xff\xfe\x00")
        self.file("empty.yaml", "\n")
        for words, sentence in {
            ("submit",): "FILE",
            ("submit", "none.yaml"): "none.yaml cannot be read: No such file or directory.",
            ("submit", "."): "Is a directory",
            ("submit", "bad.yaml"): "it is not text in UTF-8",
            ("submit", "empty.yaml"): "empty.yaml is empty.",
            ("submit", "none.blend"): "There is no scene ",
            ("submit", "shot.yaml", "Frames"): '"Frames" is not KEY=VALUE.',
            ("submit", "shot.yaml", "Frames=1", "--frames", "2"): "Frames is given twice.",
            ("submit", "shot.yaml", "--priority", "101"): "priority: A priority is a whole number from 0 to 100.",
            ("submit", "shot.yaml", "--priority", "high"): 'priority: "high" is not a whole number.',
            ("submit", "shot.yaml", "--order", "prevew"): "did you mean preview?",
            ("submit", "shot.yaml", "--after", "3:begun"): '"begun" is nothing of a job to come after',
            ("submit", "shot.yaml", "--tries", "0"): "tries: ",
            ("submit", "shot.yaml", "--limits", "arnold:0"): "limits",
        }.items():
            here = [str(self.folder / word) if "." in word else word for word in words]
            ran = CliRunner().invoke(main, here)
            self.assertEqual((ran.exit_code, ran.stdout), (2, ""), words)
            self.assertIn(sentence, ran.stderr)
        self.assertEqual(self.farm.service.farm.jobs, {})

    async def test_a_scene_becomes_a_job_of_the_blender_template(self) -> None:
        scene = self.file("my shot.blend", "BLENDER")
        ran = await self.brender("submit", "my shot.blend", "--frames", "1-3", "Output=out/f_####")
        self.assertEqual((ran.code, ran.out, ran.err), (0, "Job 1 my shot: 3 frames, priority 50.\n", ""))
        values = self.values()
        self.assertEqual((values["Scene"], values["Frames"]), (str(scene), "1-3"))
        self.assertEqual(values["Output"], str(self.folder / "out/f_####"))

    async def test_without_frames_a_scene_is_asked_for_its_own(self) -> None:
        blender = self.file("blenders/blender", BLENDER.format(python=sys.executable))
        blender.chmod(0o755)
        self.file("brender.toml", f'[worker]\nblenders = ["{blender}"]\n')
        self.file("shot.blend", "BLENDER")
        ran = await self.brender("submit", "shot.blend")
        self.assertEqual((ran.code, ran.out), (0, "Job 1 shot: 21 frames, priority 50.\n"))
        self.assertEqual(self.values()["Frames"], "10-50:2")
        self.assertEqual(
            ran.err.splitlines(),
            [
                "shot.blend: frames 10-50:2, 640 x 360, CYCLES, camera Camera, to /out/####.png",
                "Missing: //textures/wood.png",
            ],
        )


class Paths(CommandCase):
    def values(self, number: int = 1) -> dict[str, Any]:
        return self.farm.service.farm.jobs[number].values

    async def test_a_relative_value_starts_here_and_a_default_at_the_template(self) -> None:
        self.file("bundle/paths.yaml", PATHS)
        self.file("bundle/scenes/a.blend", "")
        ran = await self.brender("submit", "bundle/paths.yaml")
        self.assertEqual((ran.code, ran.err), (0, ""))
        self.assertEqual(self.values()["Scene"], str(self.folder / "bundle/scenes/a.blend"))
        self.file("b.blend", "")
        await self.brender("submit", "bundle/paths.yaml", "Scene=b.blend", "Cache=bundle", "Note=b.blend")
        expected = {"Scene": str(self.folder / "b.blend"), "Cache": str(self.folder / "bundle"), "Note": "b.blend"}
        self.assertEqual(self.values(2), expected)

    async def test_a_folder_for_a_file_and_a_file_for_a_folder_are_refused(self) -> None:
        self.file("paths.yaml", PATHS)
        folder = self.file("cache/x", "").parent
        for value, sentence in {
            f"Scene={folder}": f"Scene: {folder} is a folder, and the template wants a file.",
            f"Cache={folder / 'x'}": f"Cache: {folder / 'x'} is a file, and the template wants a folder.",
        }.items():
            self.assertEqual(await self.brender("submit", "paths.yaml", value), (1, "", sentence + "\n"))
        self.assertEqual(self.farm.service.farm.jobs, {})

    async def test_an_input_that_is_not_here_is_told_and_the_job_taken(self) -> None:
        self.file("paths.yaml", PATHS)
        ran = await self.brender("submit", "paths.yaml", "Scene=/farm/only/there.blend", "Cache=")
        self.assertEqual(ran.code, 0)
        self.assertEqual(ran.err, "Scene: /farm/only/there.blend is not on this machine; the workers will need it.\n")

    async def test_a_default_is_made_whole_as_the_server_does_it(self) -> None:
        self.file("bundle/scenes/a.blend", "")
        self.file("bundle/paths.yaml", PATHS.replace("scenes/a.blend", "other/../scenes/a.blend"))
        self.assertEqual((await self.brender("submit", "bundle/paths.yaml")).code, 0)
        self.assertEqual(self.values()["Scene"], str(self.folder / "bundle/scenes/a.blend"))

    async def test_a_path_of_another_system_is_whole(self) -> None:
        self.file("paths.yaml", PATHS)
        for number, path in enumerate(("C:\\shots\\a.blend", "\\\\server\\share\\a.blend"), start=1):
            self.assertEqual((await self.brender("submit", "paths.yaml", f"Scene={path}")).code, 0)
            self.assertEqual(self.values(number)["Scene"], path)

    async def test_each_path_of_a_list_is_made_whole(self) -> None:
        self.file("bundle/list.yaml", LIST_OF_PATHS)
        self.assertEqual((await self.brender("submit", "bundle/list.yaml")).code, 0)
        self.assertEqual(self.values()["Scenes"], [str(self.folder / "bundle/a"), str(self.folder / "bundle/b/c")])
        self.assertEqual((await self.brender("submit", "bundle/list.yaml", 'Scenes=["c", "/d"]')).code, 0)
        self.assertEqual(self.values(2)["Scenes"], [str(self.folder / "c"), "/d"])

    async def test_a_default_that_is_a_link_out_of_its_folder_is_refused(self) -> None:
        outside, inside = self.file("secret", ""), self.file("bundle/scenes/b.blend", "")
        self.file("bundle/paths.yaml", PATHS)
        link = self.folder / "bundle/scenes/a.blend"
        link.symlink_to(outside)
        ran = await self.brender("submit", "bundle/paths.yaml")
        self.assertEqual((ran.code, self.farm.service.farm.jobs), (1, {}))
        self.assertIn(f"{link} is a link that leads out of the template's folder", ran.err)
        self.assertIn(f"Scene={outside}", ran.err)
        link.unlink()
        link.symlink_to(inside)
        self.assertEqual((await self.brender("submit", "bundle/paths.yaml")).code, 0)

    async def test_a_default_that_leaves_its_folder_is_refused(self) -> None:
        for default in ("../x", "/etc/passwd", "a/../../x", "C:\\x", "..\\x"):
            self.file("paths.yaml", PATHS.replace("scenes/a.blend", default))
            ran = await self.brender("submit", "paths.yaml")
            self.assertEqual((ran.code, self.farm.service.farm.jobs), (1, {}))
            self.assertIn("folder", ran.err)


class OnceMore(CommandCase):
    """A job is handed in again as it was shown: a bundle of what `brender job ID --json` has."""

    async def shown(self, number: int) -> Any:
        return (await self.brender("job", str(number), "--json")).json

    def bundle(self, shown: Any) -> None:
        values = [{"name": name, "value": value} for name, value in shown["values"].items()]
        self.file("again/template.json", json.dumps(shown["template"]))
        self.file("again/parameter_values.json", json.dumps({"parameterValues": values}))

    async def test_every_value_is_that_of_the_first(self) -> None:
        """SUB-07"""
        given = [
            ("Lines", "STRING", "two\nlines\n"), ("Empty", "STRING", ""), ("Shot", "STRING", "007"),
            ("Count", "INT", "10"), ("Size", "FLOAT", "1e-3"), ("Scene", "PATH", "/with some/blanks in it.blend"),
        ]  # fmt: skip
        named = "".join(f"\n- {{name: {name}, type: {kind}}}" for name, kind, _ in given)
        self.file("shot.yaml", FRAMES.replace("parameterDefinitions:", f"parameterDefinitions:{named}"))
        values = {name: value for name, _, value in given}
        await self.brender("submit", "shot.yaml", *(f"{name}={value}" for name, value in values.items()))
        first = await self.shown(1)
        self.assertEqual(first["values"], {**values, "Frames": "1-24"})
        self.bundle(first)
        self.assertEqual((await self.brender("submit", "again", "-q")).out, "2\n")
        second = await self.shown(2)
        self.assertEqual((second["template"], second["values"]), (first["template"], first["values"]))
        self.assertEqual((second["name"], second["tasks"]), (first["name"], first["tasks"]))

    async def test_with_other_frames_and_another_name_all_else_is_the_same(self) -> None:
        """SUB-17"""
        self.file("shot.yaml", FRAMES.replace("steps:", "- {name: Look, type: STRING}\nsteps:", 1))
        await self.brender("submit", "shot.yaml", "--frames", "1-100", "Look=a b")
        client = await self.farm.client("render-01")
        self.farm.finish_all(client)
        first = await self.shown(1)
        self.assertEqual((first["state"], first["completed"]), ("completed", 100))
        self.bundle(first)
        ran = await self.brender("submit", "again", "--frames", "7,12-14,95", "--name", f"{first['name']} again")
        self.assertEqual(ran.out, "Job 2 shot_010 again: 5 frames, priority 50.\n")
        (step,) = self.farm.service.farm.jobs[2].steps
        frames = [step.plan.parameters(task)["Frame"] for task in range(len(step.tasks))]
        self.assertEqual(frames, ["7", "12", "13", "14", "95"])
        second = await self.shown(2)
        self.assertEqual(second["template"], first["template"])
        self.assertEqual(second["values"], {**first["values"], "Frames": "7,12-14,95"})
        self.assertEqual(second["settings"], first["settings"])


class ManyAtOnce(CommandCase):
    async def test_twenty_submits_five_at_a_time_are_twenty_jobs(self) -> None:
        self.file("shot.yaml", FRAMES)
        settings = self.file("brender.toml", "# mine\n[server]\ntask_limit = 1000\n")
        before = settings.read_bytes()

        async def five(first: int) -> list[Ran]:
            runs = [
                self.start("submit", "shot.yaml", f"Frames=1-{number}", "--json") for number in range(first, first + 5)
            ]
            return [ran for _, ran in await DeferredList([run.ended for run in runs], fireOnOneErrback=True)]

        done = [ran.json for first in range(1, 21, 5) for ran in await five(first)]
        self.assertEqual(sorted(job["id"] for job in done), list(range(1, 21)))
        self.assertEqual(sorted(job["tasks"] for job in done), list(range(1, 21)))
        self.assertEqual(settings.read_bytes(), before)


class Template(CommandCase):
    async def test_what_the_command_sends_of_a_scene_is_what_the_template_asks_for(self) -> None:
        text = built_in_template("blender")
        assert text is not None
        self.assertEqual(plan(text, {"Scene": "/shots/a.blend", "Frames": "1-3"}).steps[0].tasks, 3)
