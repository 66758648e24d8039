"""OpenJD's own kind of templates, run by a real worker."""

from typing import Any, ClassVar

from tests.line.harness import FarmTestCase, step_of, template

ENDS = "^(-?[0-9]+)-(-?[0-9]+)$"  # of a chunk: a sign is not what stands between them


def environment(name: str, enter: str, leave: str = "true", **more: Any) -> dict[str, Any]:
    actions = {"onEnter": bash(enter), "onExit": bash(leave)}
    return {"name": name, "script": {"actions": actions}, **more}


def bash(script: str, **more: Any) -> dict[str, Any]:
    return {"command": "bash", "args": ["-c", script], **more}


def chunked(script: str, tasks: str, most: int) -> dict[str, Any]:
    """A job whose script gets its tasks as ranges, of at most so many."""
    made = template(script, tasks=tasks)
    made["extensions"] = ["TASK_CHUNKING"]
    (number,) = made["steps"][0]["parameterSpace"]["taskParameterDefinitions"]
    number["type"] = "CHUNK[INT]"
    number["chunks"] = {"defaultTaskCount": most, "rangeConstraint": "CONTIGUOUS"}
    return made


class TemplateTests(FarmTestCase):
    workers: ClassVar = {"alpha": 1}

    def test_environments_are_entered_once_for_many_tasks_and_left_in_reverse_order(self) -> None:
        out = self.folder / "out"
        made = template(f"echo task $1 >> {out}", tasks="1-5")
        made["jobEnvironments"] = [environment("Job", f"echo job in >> {out}", f"echo job out >> {out}")]
        made["steps"][0]["stepEnvironments"] = [environment("Step", f"echo in >> {out}", f"echo out >> {out}")]
        self.farm.run(made)
        self.until(lambda: len(self.written("out")) == 9, "not all is written")
        tasks = [f"task {n}" for n in range(1, 6)]
        self.assertEqual(self.written("out"), ["job in", "in", *tasks, "out", "job out"])

    def test_when_an_environment_cannot_be_entered_no_task_runs_and_all_are_left(self) -> None:
        out = self.folder / "out"
        made = template(f"echo task >> {out}", tasks="1-2")
        made["jobEnvironments"] = [environment("E0", "true", f"echo out0 >> {out}")]
        made["steps"][0]["stepEnvironments"] = [
            environment("E1", "true", f"echo out1 >> {out}"),
            environment("E2", "echo no licence; exit 3", f"echo out2 >> {out}"),
        ]
        job = self.farm.wait(self.farm.submit(made), "failed")
        self.assertEqual(job["reason"], "E2: Exit code 3. Its last line: no licence")
        self.until(lambda: len(self.written("out")) % 3 == 0, "an environment is not left")
        self.assertEqual(self.written("out")[:3], ["out2", "out1", "out0"])
        self.assertNotIn("task", self.written("out"))
        self.farm.run(template())  # and the worker goes on

    def test_variables_that_an_environment_sets_are_there_for_its_tasks_alone(self) -> None:
        enter = (
            "printf 'openjd_env: A=1=2\\nopenjd_env: B=\\nopenjd_unset_env: HOME\\nopenjd_env: CR=x\\r\\n'; "
            "echo enter-A=[$A]"
        )
        made = template("echo A=[$A] B=[${B-unset}] HOME=[${HOME-unset}] CR=[$CR] FIXED=[$FIXED]")
        made["steps"][0]["stepEnvironments"] = [environment("Env", enter, variables={"FIXED": "yes"})]
        job = self.farm.run(made)
        log = self.farm.log(job["id"])
        self.assertIn("\nA=[1=2] B=[] HOME=[unset] CR=[x] FIXED=[yes]\n", log)
        self.assertIn("\nenter-A=[]\n", log)
        after = self.farm.run(template("echo A=[$A] FIXED=[$FIXED]"))
        self.assertIn("\nA=[] FIXED=[]\n", self.farm.log(after["id"]))

    def test_a_variable_that_is_not_well_said_fails_the_environment(self) -> None:
        for line in ("openjd_env: C", "openjd_env: D D=x", " openjd_env: F=7"):
            made = template("true")
            made["steps"][0]["stepEnvironments"] = [environment("Env", f"echo '{line}'")]
            job = self.farm.wait(self.farm.submit(made), "failed")
            self.assertIn("Env: ", job["reason"], line)

    def test_secrets_are_masked_in_every_log(self) -> None:
        enter = 'echo "openjd_redacted_env: TOKEN=abc123"'
        for extensions in (["REDACTED_ENV_VARS"], None):
            made = template('seq 3; echo "T=[$TOKEN]"; echo again abc123; seq 3')
            made["steps"][0]["stepEnvironments"] = [environment("Env", enter)]
            if extensions:
                made["extensions"] = extensions
            log = self.farm.log(self.farm.run(made)["id"])
            self.assertNotIn("abc123", log)
            self.assertIn("TOKEN=********", log)
            self.assertIn("T=[********]" if extensions else "T=[]", log)

    def test_secrets_are_masked_in_reasons_too(self) -> None:
        for said in ("echo openjd_fail: abc123", "echo the key is $TOKEN"):
            made = template(f"{said}; exit 1")
            enter = 'echo "openjd_redacted_env: TOKEN=abc123"'
            made["steps"][0]["stepEnvironments"] = [environment("Env", enter)]
            made["extensions"] = ["REDACTED_ENV_VARS"]
            job = self.farm.wait(self.farm.submit(made), "failed")
            self.assertIn("********", job["reason"])
            self.assertNotIn("abc123", job["reason"] + self.farm.log(job["id"]))

    def test_embedded_files_are_written_and_run(self) -> None:
        made = template()
        made["steps"][0]["script"] = {
            "embeddedFiles": [
                {"name": "Run", "type": "TEXT", "runnable": True, "data": '#!/bin/sh\ncat "$1"; stat -c %a "$0"\n'},
                {"name": "Text", "type": "TEXT", "filename": "naïve 名前.txt", "data": "first line\nsecond line\n"},
            ],
            "actions": {"onRun": {"command": "{{Task.File.Run}}", "args": ["{{Task.File.Text}}"]}},
        }
        log = self.farm.log(self.farm.run(made)["id"])
        self.assertIn("\nfirst line\nsecond line\n700\n", log)

    def test_embedded_files_of_a_task_do_not_pile_up(self) -> None:
        made = template("", tasks="1-20")
        made["steps"][0]["script"] = {
            "embeddedFiles": [
                {"name": "Run", "type": "TEXT", "runnable": True, "data": "#!/bin/sh\nls $(dirname $0) .\n"}
            ],
            "actions": {"onRun": {"command": "{{Task.File.Run}}"}},
        }
        job = self.farm.run(made)
        log = self.farm.log(job["id"], task=19)
        its_own = 3  # the file, the script that runs it, the rules for paths
        self.assertEqual(sum(line.startswith("tmp") for line in log.splitlines()), its_own, log)

    def test_parameters_of_every_kind_reach_the_task_as_they_are(self) -> None:
        made = template()
        made["parameterDefinitions"] = [
            {"name": "I", "type": "INT"},
            {"name": "F", "type": "FLOAT"},
            {"name": "S", "type": "STRING"},
            {"name": "P", "type": "PATH"},
        ]
        args = ["%s\\n", "{{Param.I}}", "{{Param.F}}", "{{Param.S}}", "{{Param.P}}"]
        made["steps"][0]["script"]["actions"]["onRun"] = {"command": "printf", "args": args}
        values = {"I": "-7", "F": "1e-3", "S": "two  words; $HOME 'quoted' \\ é", "P": "/a b/-x"}
        log = self.farm.log(self.farm.run(made, values)["id"])
        self.assertIn("\n-7\n1e-3\ntwo  words; $HOME 'quoted' \\ é\n/a b/-x\n", log)

    def test_every_point_of_a_parameter_space_is_run_once(self) -> None:
        out = self.folder / "out"
        made = template()
        step = made["steps"][0]
        step["parameterSpace"] = {
            "taskParameterDefinitions": [
                {"name": "A", "type": "INT", "range": "1-3"},
                {"name": "B", "type": "FLOAT", "range": [0.5, 1.5, 2.5]},
                {"name": "C", "type": "STRING", "range": ["x", "y"]},
            ],
            "combination": "(A, B) * C",
        }
        script = f'echo "$@" >> {out}'
        args = ["-c", script, "bash", "{{Task.Param.A}}", "{{Task.Param.B}}", "{{Task.Param.C}}"]
        step["script"]["actions"]["onRun"] = {"command": "bash", "args": args}
        self.farm.run(made)
        wanted = {f"{a} {b} {c}" for a, b in ((1, 0.5), (2, 1.5), (3, 2.5)) for c in "xy"}
        self.assertEqual(sorted(self.written("out")), sorted(wanted))

    def test_chunks_reach_the_task_as_ranges(self) -> None:
        log = self.farm.log(self.farm.run(chunked("echo chunk=$1", "1-12", 5))["id"])
        self.assertEqual(
            [line for line in log.splitlines() if line.startswith("chunk=")], ["chunk=1-4", "chunk=5-8", "chunk=9-12"]
        )

    def test_each_frame_of_a_chunk_is_rendered_once_and_the_command_runs_once(self) -> None:
        script = f'echo "$1" >> {self.folder}/runs; seq "${{1%-*}}" "${{1#*-}}" >> {self.folder}/frames'
        self.farm.run(chunked(script, "1-10", 10))
        self.assertEqual(self.written("runs"), ["1-10"])
        self.assertEqual(self.written("frames"), [str(number) for number in range(1, 11)])

    def test_chunks_before_zero_can_be_told_apart_and_each_frame_of_them_is_rendered_once(self) -> None:
        """RNG-18"""
        out = self.folder
        script = f'[[ $1 =~ {ENDS} ]] && echo "$1" >> {out}/runs && seq "${{BASH_REMATCH[@]:1}}" >> {out}/frames'
        self.farm.run(chunked(script, "-5-5", 4))
        self.assertEqual(self.written("runs"), ["-5--2", "-1-2", "3-5"])
        self.assertEqual(self.written("frames"), [str(number) for number in range(-5, 6)])
        self.farm.run(chunked(script, "-3", 4))
        self.assertEqual((self.written("runs")[-1], self.written("frames")[-1]), ("-3--3", "-3"))

    def test_steps_wait_for_the_steps_that_they_depend_on_wherever_those_stand(self) -> None:
        out = self.folder / "out"
        steps = [step_of(f"echo {name} >> {out}", name=name, tasks="1-2") for name in ("Last", "First", "Middle")]
        steps[0]["dependencies"] = [{"dependsOn": "Middle"}]
        steps[2]["dependencies"] = [{"dependsOn": "First"}]
        self.farm.run({"specificationVersion": "jobtemplate-2023-09", "name": "steps", "steps": steps})
        self.assertEqual(self.written("out"), ["First", "First", "Middle", "Middle", "Last", "Last"])

    def test_an_expression_of_the_newer_extension_is_worked_out(self) -> None:
        made = template("true", tasks="1-2")
        made["extensions"] = ["EXPR"]
        args = ["-c", 'echo "next=$1"', "bash", "{{Task.Param.N + 1}}"]
        made["steps"][0]["script"]["actions"]["onRun"] = {"command": "bash", "args": args}
        log = self.farm.log(self.farm.run(made)["id"])
        self.assertIn("\nnext=2\n", log)
        self.assertIn("\nnext=3\n", log)

    def test_a_task_that_fails_does_not_end_the_session(self) -> None:
        out = self.folder / "out"
        made = template("[ $1 != 2 ]", tasks="1-4")
        made["steps"][0]["stepEnvironments"] = [environment("Env", f"echo in >> {out}", f"echo out >> {out}")]
        job = self.farm.wait(self.farm.submit(made), "failed")
        self.assertEqual((job["completed"], job["failed"]), (3, 1))
        self.until(lambda: "out" in self.written("out"), "the environment is not left")
        self.assertEqual(self.written("out"), ["in", "out"])
