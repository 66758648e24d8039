"""What runs without packages imports none, and the task's client starts with next to nothing."""

import json
import subprocess
import sys

from twisted.trial.unittest import TestCase

from tests.worker.blender.harness import PROGRAMS

ROOT = PROGRAMS.rpartition("/brender/")[0]


class Bare(TestCase):
    def loaded(self, statement: str) -> set[str]:
        program = (
            f"import sys; sys.path[:0] = [{ROOT!r}]; {statement}; import json; print(json.dumps(list(sys.modules)))"
        )
        said = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
        return set(json.loads(said.stdout))

    def test_start_stop_and_guard_need_nothing_that_is_installed(self) -> None:
        loaded = self.loaded("import brender.worker.blender.start, brender.worker.blender.stop")
        self.assertIn("brender.worker.blender.guard", loaded)
        self.assertEqual(loaded & {"twisted", "msgspec", "openjd", "bpy", "psutil"}, set())

    def test_the_client_loads_what_is_built_in_and_no_more(self) -> None:
        before = self.loaded("pass")
        program = f"import sys; sys.path[:0] = [{PROGRAMS!r}]; import ask; print(sorted(set(sys.modules)))"
        said = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
        loaded = set(said.stdout.strip("[]\n").replace("'", "").split(", "))
        self.assertEqual(loaded - before, {"ask", "_socket"})
        self.assertEqual(loaded & {"os", "socket", "json", "re", "signal", "typing", "enum"}, set())
