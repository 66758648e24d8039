"""Paths, file names and arguments reach a real task exactly as the template and its values have them."""

import json
from pathlib import Path
from typing import Any, ClassVar

from tests.line.harness import FarmTestCase, template

STRANGE = (
    "/tmp/J D/Go Pro 1.blend", "it's", 'say "so"', "$HOME", "a;b", "a&b", "%TEMP%", "-rf", "--help", "two\nlines",
    "C:\\out\\", "/out dir/\\", "\\\\srv\\share\\", "*", "~", "$(touch x)", "`touch x`", "", " ", "naïve 名前",
)  # fmt: skip
ENDS = r"a \n b \n"  # as od has them: those of the worker's system, as openjd-sessions writes them
LONGEST = 64  # characters of an embedded file's name
LARGE = 5_000_000  # characters of one


class ArgumentTests(FarmTestCase):
    workers: ClassVar = {"alpha": 1, "beta": 1}

    def test_every_argument_arrives_as_one_and_as_it_is(self) -> None:
        """PATH-04, PATH-08: no shell joins or splits what a template says."""
        self.assertEqual(self.arguments(list(STRANGE)), list(STRANGE))

    def test_values_of_a_job_arrive_as_they_are_and_are_no_options(self) -> None:
        """PATH-08: by parameters, of which those that are paths stay what they were."""
        names = [f"P{number}" for number, text in enumerate(STRANGE) if text.strip() and "\n" not in text]
        values = {name: STRANGE[int(name[1:])] for name in names}
        kinds = [{"name": name, "type": "STRING"} for name in names]
        found = self.arguments([f"{{{{Param.{name}}}}}" for name in names], parameterDefinitions=kinds, values=values)
        self.assertEqual(found, list(values.values()))

    def test_the_longest_names_are_written_and_longer_ones_refused(self) -> None:
        """PATH-07: what brender puts before a name is short, and no job's name is part of a path."""
        deep = self.folder / ("d" * 120) / ("e" * 120) / "folder (1)"
        for name in ("n" * LONGEST, "名" * LONGEST, "é" * LONGEST):
            made = template(f'mkdir -p "{deep}"; cp "{{{{Task.File.Text}}}}" "{deep}/"', name="j" * 128)
            made["steps"][0]["script"]["embeddedFiles"] = [text("Text", name)]
            self.farm.run(made)
            self.assertEqual((deep / name).read_text(), "here\n")
        made["steps"][0]["script"]["embeddedFiles"] = [text("Text", "n" * (LONGEST + 1))]
        self.assertIn(f"At most {LONGEST} characters", self.refusal(made))

    def test_embedded_files_are_what_the_template_says(self) -> None:
        """PATH-15: their ends of lines, their size and their names."""
        large = "x" * LARGE + "\n"
        made = template('wc -c < "{{Task.File.Large}}"; od -An -c "{{Task.File.Ends}}"; cat "{{Task.File.Other}}"')
        made["steps"][0]["script"]["embeddedFiles"] = [
            {"name": "Large", "type": "TEXT", "filename": "large.txt", "data": large},
            {"name": "Ends", "type": "TEXT", "filename": "naïve 名前.txt", "data": "a\r\nb\n"},
            {"name": "Other", "type": "TEXT", "data": "other\n"},
        ]
        log = self.farm.log(self.farm.run(made)["id"])
        self.assertIn(f"\n{len(large)}\n", log)
        self.assertIn(f"\n{ENDS}\n", "\n".join(" ".join(line.split()) for line in log.splitlines()))
        self.assertIn("\nother\n", log)
        for name in ("../../x", "/etc/x", "a\\b", "a/b", ".", ".."):
            made["steps"][0]["script"]["embeddedFiles"][0]["filename"] = name
            self.assertIn("embeddedFiles", self.refusal(made), name)

    def test_each_worker_writes_below_its_own_root_and_the_server_has_every_log(self) -> None:
        """PATH-10"""
        job = self.farm.run(template("pwd; sleep 0.2", tasks="1-12"))
        roots = {worker.state for worker in self.farm.workers}
        folders = [Path(line) for line in self.farm.log(job["id"]).splitlines() if "/worker/sessions/" in line]
        below = [root for each in folders for root in roots if root in each.parents]
        self.assertEqual((len(below), set(below)), (12, roots))

    def arguments(self, args: list[str], values: dict[str, str] | None = None, **more: Any) -> list[str]:
        """What a program of these arguments gets."""
        out = self.folder / "arguments"
        made = {**template(), **more}
        script = f"import json, sys; json.dump(sys.argv[1:], open({str(out)!r}, 'w'))"
        made["steps"][0]["script"]["actions"]["onRun"] = {"command": "python3", "args": ["-c", script, *args]}
        self.farm.run(made, values)
        found: list[str] = json.loads(out.read_text())
        return found

    def refusal(self, made: dict[str, Any]) -> str:
        with self.assertRaises(AssertionError) as caught:
            self.farm.submit(made)
        return str(caught.exception)


def text(name: str, filename: str) -> dict[str, str]:
    return {"name": name, "type": "TEXT", "filename": filename, "data": "here\n"}
