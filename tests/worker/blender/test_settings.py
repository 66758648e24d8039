"""Words of the template become typed settings."""

import os

from twisted.trial.unittest import TestCase

from brender.worker.blender.settings import Settings, WrongSettings, from_json, read


class Words(TestCase):
    def test_values_keep_every_character(self) -> None:
        scene = "/a b/-x='$HOME\"\n.blend"
        self.assertEqual(read([f"Scene={scene}"]).scene, scene)

    def test_types(self) -> None:
        asked = read(["Scene=/x", "Samples=16", "SkipExisting=true", "PersistentData=FALSE", "MissingFiles=fail"])
        self.assertEqual(asked, Settings("/x", samples=16, skip_existing=True, persistent=False, fail_on_missing=True))

    def test_they_survive_the_way_as_json(self) -> None:
        asked = read(["Scene=/名前", "Scripts=forbid", "ResolutionPercent=50"])
        self.assertEqual(from_json(asked.as_json()), asked)

    def test_what_the_farm_forbids_the_job_cannot_allow(self) -> None:
        for farm, job, found in (
            ("forbid", "allow", (False, True)),
            ("forbid", "forbid", (False, False)),
            ("allow", "allow", (True, False)),
            ("allow", "forbid", (False, False)),
            ("", "allow", (True, False)),
        ):
            self.patch(os, "environ", {"BRENDER_SCRIPTS": farm})
            asked = read(["Scene=/x", f"Scripts={job}"])
            self.assertEqual((asked.scripts, asked.overruled), found)
            self.assertEqual(from_json(asked.as_json()), asked)

    def test_what_means_nothing_is_refused(self) -> None:
        for words, sentence in (
            (["Scene=/x", "Scen=y"], 'No setting "Scen"'),
            (["Scene="], "No scene was named"),
            (["Scene=/x", "Samples=many"], 'Samples is "many"; it has to be a whole number'),
            (["Scene=/x", "Scripts=maybe"], 'Scripts is "maybe"; it may be allow or forbid'),
        ):
            with self.assertRaisesRegex(WrongSettings, sentence):
                read(words)
