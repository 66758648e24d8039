"""Paths in none of the folders that all machines share: a warning at submit, which says which they are."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.admission import warnings
from brender.farm.job import Job
from brender.farm.scheduling.sharing import within
from tests.doubles import Rules

TEMPLATE: dict[str, Any] = {
    "parameterDefinitions": [
        {"name": "Scene", "type": "PATH"},
        {"name": "Output", "type": "PATH"},
        {"name": "Text", "type": "STRING"},
    ]
}


def told(folders: list[str], **values: str) -> list[str]:
    farm = Rules(shared_folders=folders).farm
    return list(warnings(farm, Job(1, "shot", 0.0, template=TEMPLATE, values=values)))


class Sharing(SynchronousTestCase):
    def test_a_file_of_the_machine_that_submits_is_told_with_what_is_shared(self) -> None:
        """PATH-13"""
        found = told(["/mnt/projects", "S:\\"], Scene="/tmp/only-here", Output="/mnt/projects/out", Text="/tmp/x")
        (sentence,) = found
        self.assertTrue(sentence.startswith("Scene is /tmp/only-here, which is not in what all machines share: "))
        self.assertIn("/mnt/projects", sentence)

    def test_nothing_is_told_where_nobody_has_said_what_is_shared(self) -> None:
        self.assertEqual(told([], Scene="/tmp/only-here"), [])

    def test_a_path_that_is_not_whole_is_not_looked_at(self) -> None:
        self.assertEqual(told(["/mnt"], Scene="", Output="frames/"), [])

    def test_what_is_in_a_folder(self) -> None:
        for path, folder, inside in (
            ("/mnt/a", "/mnt/a", True),
            ("/mnt/a/", "/mnt/a", True),
            ("/mnt/a/b", "/mnt/a/", True),
            ("/mnt//a/b", "/mnt/a", True),
            ("/mnt/ab", "/mnt/a", False),
            ("/mnt/A/b", "/mnt/a", False),
            ("/mnt/a/../b", "/mnt/a", False),
            ("/anything", "/", True),
            ("s:\\PROJ\\a.png", "S:/proj", True),
            ("S:/project2/x", "S:/proj", False),
            ("\\\\SRV\\Share\\tex", "\\\\srv\\share", True),
            ("\\\\srv\\share2\\a", "\\\\srv\\share", False),
        ):
            self.assertEqual(within(path, folder), inside, (path, folder))
