"""Paths that are written into a template: a warning with the place, once it is known what all machines share."""

from typing import Any

import yaml
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.admission import warnings
from brender.farm.job import Job
from brender.farm.submission.mentions import MOST_TOLD, mentions, texts
from brender.templates import built_in, path_of
from tests.doubles import Rules
from tests.effort import effort

SHARED = ["/mnt/projects", "/mnt/my films", "S:\\", "\\\\srv\\share"]
ELSEWHERE = ", which is not in what all machines share: /mnt/projects, /mnt/my films, S:\\ and \\\\srv\\share."


def job(*args: str, command: str = "/bin/true", **of_the_step: Any) -> dict[str, Any]:
    script = {"actions": {"onRun": {"command": command, "args": list(args)}}}
    return {"name": "/tmp/no/path", "steps": [{"name": "/tmp/no/path", "script": script, **of_the_step}]}


def told(template: dict[str, Any], folders: list[str] | None = None) -> list[str]:
    farm = Rules(shared_folders=SHARED if folders is None else folders).farm
    return list(warnings(farm, Job(1, "shot", 0.0, template=template)))


def named(*args: str) -> list[str]:
    """The paths of arguments that are told."""
    return [sentence.partition(" names ")[2].removesuffix(ELSEWHERE) for sentence in told(job(*args))]


class Mentions(SynchronousTestCase):
    """PATH-13"""

    def test_one_is_told_with_its_place_and_what_is_shared(self) -> None:
        found = told(job("-b", "/tmp/only-here"))
        self.assertEqual(found, [f"steps[0].script.actions.onRun.args[1] names /tmp/only-here{ELSEWHERE}"])

    def test_nothing_is_told_where_nobody_has_said_what_is_shared(self) -> None:
        self.assertEqual(told(job("/tmp/only-here"), []), [])

    def test_every_place_that_a_task_sees_is_looked_at(self) -> None:
        file = {"name": "Run", "type": "TEXT", "filename": "a", "data": "#!/bin/sh\ncp '/tmp/a/data' .\n"}
        variables = {"LIBS": "/tmp/a/variables", "name": "/tmp/a/name"}
        of_job = {"name": "E", "variables": variables, "script": {"actions": {"onEnter": {"command": "/tmp/a/enter"}}}}
        of_step = {"name": "S", "script": {"embeddedFiles": [file]}}
        places = [{"name": "Scene", "type": "PATH", "range": ["/tmp/a/range"]}]
        words = [{"name": "Word", "type": "STRING", "range": ["/tmp/a/word"]}]
        template = job(
            command="/tmp/a/command",
            stepEnvironments=[of_step],
            parameterSpace={"taskParameterDefinitions": [*places, *words]},
        )
        template["jobEnvironments"] = [of_job]
        template["steps"].append({"name": "Python", "python": {"data": "open('/tmp/a/python')"}})
        self.assertEqual(
            {match[0]: at for at, match in mentions(template)},
            {
                "/tmp/a/variables": "jobEnvironments[0].variables.LIBS",
                "/tmp/a/name": "jobEnvironments[0].variables.name",
                "/tmp/a/enter": "jobEnvironments[0].script.actions.onEnter.command",
                "/tmp/a/command": "steps[0].script.actions.onRun.command",
                "/tmp/a/data": "steps[0].stepEnvironments[0].script.embeddedFiles[0].data",
                "/tmp/a/range": "steps[0].parameterSpace.taskParameterDefinitions[0].range[0]",
                "/tmp/a/python": "steps[1].python.data",
            },
        )

    def test_what_every_machine_has_of_its_own_is_no_matter(self) -> None:
        own = (
            "/bin/true", "/usr/bin/env", "/usr/local/bin/blender", "/opt/blender/blender", "/dev/null", "/dev/shm/x",
            "/proc/self/fd", "/etc/hosts", "/var/log/x", "/tmp", "/tmp/", "/", "/lib64/ld.so", "C:\\Windows\\cmd.exe",
            "C:\\Program Files\\Blender\\blender.exe", "c:/program files (x86)/x/y", "mktemp /tmp/brender.XXXXXX",
        )  # fmt: skip
        self.assertEqual(named(*own, "#!/usr/bin/env bash\nexec /usr/bin/python3 -V > /dev/null 2>&1\n"), [])

    def test_what_only_looks_like_a_path_is_none(self) -> None:
        none = (
            "/c", "/s /q", "//server/share/x", "//render/shot_####", "http://farm/jobs/1", "https://a.b/c/d?e=/f",
            "s/a/b/g", "sed '/foo/d' x", "x.replace(/foo/g, '')", "a / b / c", "1/2/3", "and/or", "</div>", "-rf",
            "host:/a/b", "frames/a/b", "./a/b", "../a/b", "~/a/b", "$HOME/a/b", "{{Param.Out}}/a/b", "${X}/a/b",
            "s:/a:/b:", "name:\\n\\t", "12:30", "C:", "C:\\", "\\d+\\w+", "'\\\\n\\\\t'",
        )  # fmt: skip
        self.assertEqual(named(*none), [])

    def test_what_is_shared_is_told_of_nowhere(self) -> None:
        shared = (
            "/mnt/projects/a.blend", "/mnt/projects", "--out=/mnt/projects/x", "/mnt//projects/x", "s:\\a\\b.png",
            "cp '/mnt/my films/a' /mnt/projects/b; ls \"/mnt/my films\"", "/mnt/my films/a b/c", "S:/a/b.png",
            "f('S:\\\\a\\\\b')", "\\\\SRV\\Share\\tex\\a", "/mnt/{{Param.Show}}/a", "/{{ Param.Root }}/a",
            "/mnt/$SHOW/a", "/mnt/projects/{{Param.Show}}/../x", "/mnt/%s/x",
        )  # fmt: skip
        self.assertEqual(named(*shared), [])

    def test_the_others_are_told_as_they_stand(self) -> None:
        for text, path in (
            ("--out=/home/mara/x.png", "/home/mara/x.png"),
            ("a=1; cp /tmp/a/b.txt .", "/tmp/a/b.txt"),
            ('open("/home/mara/naïve 名前")', "/home/mara/naïve"),
            ("It is in /home/mara/x.", "/home/mara/x"),
            ("@/home/mara/options", "/home/mara/options"),
            ("/mnt/projects2/x", "/mnt/projects2/x"),
            ("/mnt/my films2/x", "/mnt/my"),
            ("/mnt/projects/../other/x", "/mnt/projects/../other/x"),
            ("/home/{{Param.User}}/x", "/home/{{Param.User}}/x"),
            ("/home/{{ Param.User }}/x", "/home/{{ Param.User }}/x"),
            ("/home/$USER/x", "/home/$USER/x"),
            ("/var/tmp/x", "/var/tmp/x"),
            ("C:\\Users\\mara\\x.blend", "C:\\Users\\mara\\x.blend"),
            ("D:/a/b", "D:/a/b"),
            ("\\\\other\\share\\x", "\\\\other\\share\\x"),
        ):
            self.assertEqual(named(text), [path], text)

    def test_one_path_is_told_once_and_many_as_a_number(self) -> None:
        self.assertEqual(len(named("/tmp/a/b", "/tmp/a/b")), 1)
        found = told(job(*(f"/tmp/a/{number}" for number in range(MOST_TOLD + 3))))
        self.assertEqual(len(found), MOST_TOLD + 1)
        self.assertEqual(found[-1], "The template names 3 more paths that not all machines share.")
        self.assertIn("1 more path that", told(job(*(f"/tmp/a/{number}" for number in range(MOST_TOLD + 1))))[-1])

    def test_the_templates_that_the_farm_has_name_none(self) -> None:
        for name in built_in():
            template = yaml.safe_load(path_of(name).read_text())
            self.assertEqual(told(template), [], name)
            self.assertGreater(len(list(texts(template))), 10)

    def test_a_template_of_millions_of_characters_holds_nobody_up(self) -> None:
        for piece in ("/a/b ", "/tmp/a ", "{{", "/{{a", "C:\\\\", "/", "a", "\\"):
            template = job(piece * (4_000_000 // len(piece)))
            self.assertLess(effort(lambda: told(template)), 500_000, piece)  # noqa: B023
