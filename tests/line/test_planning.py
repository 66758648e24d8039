"""A real server with templates of a studio, which plans what may take long in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import psutil
from twisted.trial.unittest import SynchronousTestCase

from tests.fakes import FRAMES
from tests.line.harness import CHECKOUT, PATIENCE, Farm, environment, until
from tests.line.test_frames import FRAMES as RENDERED
from tests.line.test_frames import scene

LARGE = FRAMES + "#" * 20_000  # is not planned by the server itself


class PlanningTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.shelf = Path(self.mktemp()).absolute()
        self.shelf.mkdir()
        self.farm = Farm(templates=str(self.shelf))
        self.addCleanup(self.farm.end)
        self.farm.start_server()

    def planners(self) -> list[psutil.Process]:
        assert self.farm.server
        return [each for each in self.farm.server.descendants() if "brender.planner" in " ".join(each.cmdline())]

    def plan(self, template: str, **values: Any) -> Any:
        return self.farm.api("jobs/plan", {"template": template, "values": values})

    def test_a_template_of_the_studio_is_a_form_a_plan_and_a_job(self) -> None:
        (self.shelf / "comp.yaml").write_text(FRAMES)
        self.farm.until(lambda: self.names() == ["blender", "comp"], "the template is not there")
        self.assertEqual(self.farm.api("templates/comp")["form"][0]["name"], "Frames")
        self.assertEqual(self.plan("comp", Frames="1-7")["tasks"], 7)
        job = self.farm.submit("comp", {"Frames": "1-7"})
        self.assertEqual(self.farm.job(job)["tasks"], 7)
        (self.shelf / "comp.yaml").write_text("steps: [")
        self.farm.until(lambda: self.farm.api("templates/comp")["problem"], "the broken template has no problem")

    def names(self) -> list[str]:
        return [each["name"] for each in self.farm.api("templates")["data"]]

    def test_it_plans_in_another_process_which_ends_with_it(self) -> None:
        self.assertEqual(self.planners(), [])
        self.assertEqual(self.plan(FRAMES)["tasks"], 24)
        (process,) = self.planners()
        self.assertEqual(self.farm.job(self.farm.submit(LARGE, {"Frames": "1-9"}))["tasks"], 9)
        self.farm.kill_server()
        until(lambda: not process.is_running(), "the planner outlives its server")

    def test_a_stop_of_the_server_ends_it_too(self) -> None:
        self.plan(FRAMES)
        (process,) = self.planners()
        self.farm.stop_server()
        until(lambda: not process.is_running(), "the planner outlives its server")

    def test_a_planner_that_was_killed_is_replaced(self) -> None:
        self.plan(FRAMES)
        self.planners()[0].kill()
        self.farm.until(lambda: self.plan(FRAMES)["tasks"] == 24, "no other one is started")

    def test_what_the_scene_has_itself_is_told_over_http_and_on_the_command_line(self) -> None:
        """PATH-14"""
        (self.shelf / "shot.blend").write_bytes(scene())
        values = {"Scene": str(self.shelf / "shot.blend"), "Output": "/abs/x_##"}
        over_http = self.plan("blender", **values)["parameters"]
        found = {each["name"]: (each["value"], each["saved"], each["saved_counts"]) for each in over_http}
        self.assertEqual(found["Output"], ("/abs/x_##", "//frame_####", True))
        self.assertEqual(found["Frames"], ("1", f"1-{RENDERED}", False))
        self.assertEqual(found["Engine"], ("", "CYCLES", True))
        self.assertEqual(found["MissingFiles"], ("warn", None, False))
        given = [f"{name}={value}" for name, value in values.items()]
        command = [sys.executable, "-m", "brender", "plan", "blender", *given, "--json"]
        known = {**environment(), "BRENDER_SERVER": f"http://127.0.0.1:{self.farm.web_port}"}
        said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=CHECKOUT, env=known).stdout
        self.assertEqual(json.loads(said)["parameters"], over_http)

    def test_the_figures_of_the_farm_are_told_as_they_change(self) -> None:
        address = f"http://127.0.0.1:{self.farm.web_port}/api/v1/events?kind=figures"
        with urlopen(address, timeout=PATIENCE) as stream:
            self.farm.submit(FRAMES)
            for line in stream:
                if line.startswith(b"data:") and b'"jobs"' in line:
                    found = json.loads(line.removeprefix(b"data:"))
                    if found["jobs"]["queued"] == 1:
                        break
        self.assertEqual(self.farm.api("farm")["jobs"]["queued"], 1)
