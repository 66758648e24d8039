"""Paths of other machines in parameters: mapped, made plain, or refused before anything is begun."""

import json
from typing import Any

from openjd.model import ParameterValue, ParameterValueType
from twisted.trial.unittest import SynchronousTestCase

from brender.worker.session import words
from brender.worker.session.mapping import LeadsOut, refusal, rules_of
from brender.worker.session.words import Mapping
from tests.worker.nest import Nest, job

DRIVE = Mapping("S:\\proj", "/mnt/proj", True)
SHARE = Mapping("//srv/share", "/mnt/share", True)
OURS = Mapping("/mnt/a", "/data/a", False)
OUT = "S:\\proj\\..\\secret leads out of /mnt/proj, to which its folder is mapped."


def mapped(path: str, *mapping: Mapping) -> str:
    """As openjd-sessions does it."""
    for rule in rules_of(mapping):
        fits, found = rule.apply(path=path)
        if fits:
            return found
    return path


class RuleTests(SynchronousTestCase):
    def test_a_root_is_replaced_and_not_taken_off(self) -> None:
        """PATH-02"""
        for source in ("X:/", "X:\\"):
            for destination in ("/array/X", "/array/X/"):
                self.assertEqual(mapped("X:/Test/a.nk", Mapping(source, destination, True)), "/array/X/Test/a.nk")

    def test_values_of_a_drive_a_share_and_a_folder_of_ours(self) -> None:
        """PATH-01, PATH-05"""
        for rule, paths in {
            DRIVE: {
                "S:\\proj\\a b\\x.blend": "/mnt/proj/a b/x.blend", "s:\\PROJ\\a.png": "/mnt/proj/a.png",
                "S:/proj/x/y.exr": "/mnt/proj/x/y.exr", "S:\\project2\\x": "S:\\project2\\x",
                "S:\\proj": "/mnt/proj", "S:\\proj\\": "/mnt/proj/",
            },
            SHARE: {
                "\\\\SRV\\Share\\tex\\é.png": "/mnt/share/tex/é.png",
                "//srv/share/a b/x.blend": "/mnt/share/a b/x.blend",
                "\\\\srv\\share2\\a": "\\\\srv\\share2\\a", "/srv/share/a": "/srv/share/a",
            },
            OURS: {"/mnt/A/x": "/mnt/A/x", "/mnt/ab/x": "/mnt/ab/x", "/mnt//a/x": "/data/a/x", "": ""},
        }.items():  # fmt: skip
            for path, right in paths.items():
                self.assertEqual(mapped(path, rule), right)

    def test_the_longest_source_counts(self) -> None:
        rules = (Mapping("/show", "/a", False), Mapping("/show/tex", "/b", False))
        for some in (rules, rules[::-1]):
            self.assertEqual([mapped(path, *some) for path in ("/show/x", "/show/tex/x")], ["/a/x", "/b/x"])

    def test_a_mapped_path_is_plain_and_stays_in_its_folder(self) -> None:
        self.assertEqual(mapped("S:\\proj\\a\\..\\b\\", DRIVE), "/mnt/proj/b/")
        self.assertEqual(mapped("/elsewhere/../a", DRIVE), "/elsewhere/../a")
        for path in ("S:\\proj\\..\\secret", "S:/proj/a/../../x", "S:/proj/.."):
            with self.assertRaisesRegex(LeadsOut, "leads out of /mnt/proj, to which its folder is mapped"):
                mapped(path, DRIVE)

    def test_only_paths_are_looked_at_and_all_of_a_list(self) -> None:
        rules = rules_of([DRIVE])
        path = "S:\\proj\\..\\secret"
        text = ParameterValue(type=ParameterValueType.STRING, value=path)
        one = ParameterValue(type=ParameterValueType.PATH, value=path)
        several = ParameterValue(type=ParameterValueType.LIST_PATH, value=["/x", path])
        self.assertEqual(refusal({"Text": text}, rules), "")
        self.assertEqual(refusal({"Text": text, "Scene": one}, rules), f"Scene: {OUT}")
        self.assertEqual(refusal({"Scenes": several}, rules), f"Scenes: {OUT}")
        self.assertEqual(refusal({"Scene": one}, []), "")


class SessionTests(SynchronousTestCase):
    """A real session, that is told where folders are here."""

    def setUp(self) -> None:
        self.talk = Nest(self).talk(self)

    def open(self, made: dict[str, Any], *mapping: Mapping, **values: str) -> None:
        if values:
            made["parameterDefinitions"] = [{"name": name, "type": "PATH"} for name in values]
        self.talk.say(words.Open("job", made, values, "A", {}, mapping=list(mapping)))

    def test_parameters_are_mapped_and_the_rules_can_be_read(self) -> None:
        script = (
            'echo "{{Param.Scene}} was {{RawParam.Scene}}"; echo "has={{Session.HasPathMappingRules}}"; '
            'cat "{{Session.PathMappingRulesFile}}"; echo'
        )
        self.open(job(script), OURS, DRIVE, Scene="S:\\proj\\a\\..\\b.blend")
        self.talk.run(1, N="1")
        self.assertEqual(self.talk.hear(words.Ended).outcome, "completed")
        lines = self.talk.log.splitlines()
        self.assertIn("/mnt/proj/b.blend was S:\\proj\\a\\..\\b.blend", lines)
        self.assertIn("has=true", lines)
        (told,) = [json.loads(line) for line in lines if line.startswith("{")]
        rule = {"source_path_format": "WINDOWS", "source_path": "S:\\proj", "destination_path": "/mnt/proj"}
        self.assertIn(rule, told["path_mapping_rules"])
        self.assertEqual(len(told["path_mapping_rules"]), 2)

    def test_without_rules_there_are_none(self) -> None:
        self.open(job("echo {{Session.HasPathMappingRules}} {{Param.Scene}}"), Scene="X:/a")
        self.talk.run(1, N="1")
        self.talk.hear(words.Ended)
        self.assertIn("\nfalse X:/a\n", self.talk.log)

    def test_a_job_whose_path_leads_out_is_refused_before_anything_is_begun(self) -> None:
        made = job("true", environments=[("echo entering", "true")])
        self.open(made, DRIVE, Scene="S:\\proj\\..\\secret")
        self.assertEqual(self.talk.hear(words.Broken), words.Broken(f"Scene: {OUT}"))
        self.talk.silence()
        self.assertEqual(self.talk.log, "")

    def test_a_task_whose_path_leads_out_fails_and_the_next_one_runs(self) -> None:
        made = job('echo "at {{Task.Param.P}}"')
        space = made["steps"][0]["parameterSpace"]["taskParameterDefinitions"]
        space.append({"name": "P", "type": "PATH", "range": ["S:/proj/../x", "S:/proj/x"]})
        self.open(made, DRIVE)
        self.talk.run(1, N="1", P="S:/proj/../x")
        ended = self.talk.hear(words.Ended)
        self.assertEqual(ended.outcome, "failed")
        self.assertIn("S:/proj/../x leads out of /mnt/proj", ended.message)
        self.talk.run(2, N="2", P="S:/proj/x")
        self.assertEqual(self.talk.hear(words.Ended).outcome, "completed")
        self.assertIn("\nat /mnt/proj/x\n", self.talk.log)
