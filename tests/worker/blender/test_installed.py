"""Which Blender a job gets."""

from twisted.trial.unittest import TestCase

from brender.worker.blender.installed import Blender, NoBlender, best_first, choose, from_environment

FARM = [
    Blender("5.0.1", "module", "/py5"),
    Blender("3.4.1", "program", "/usr/bin/blender"),
    Blender("4.5.3", "program", "/opt/4.5/blender"),
    Blender("4.2.9", "program", "/opt/4.2/blender"),
    Blender("4.5.15", "module", "/py"),
]


class Choice(TestCase):
    def test_the_newest_long_term_release_comes_first(self) -> None:
        self.assertEqual([each.version for each in best_first(FARM)], ["4.5.15", "4.5.3", "4.2.9", "5.0.1", "3.4.1"])

    def test_of_one_version_the_program_comes_first(self) -> None:
        self.assertEqual(choose([Blender("4.5.3", "module", "/p"), FARM[2]], "").kind, "program")

    def test_a_job_may_name_a_version_in_part_or_in_full(self) -> None:
        for wanted, path in (("5", "/py5"), ("4.2", "/opt/4.2/blender"), ("4.5.3", "/opt/4.5/blender"), ("", "/py")):
            self.assertEqual(choose(FARM, wanted).path, path)

    def test_what_is_no_version_names_none(self) -> None:
        with self.assertRaisesRegex(NoBlender, r"no Blender newest; it has 4\.5\.15"):
            choose(FARM, "newest")

    def test_a_version_is_not_the_start_of_another(self) -> None:
        with self.assertRaisesRegex(NoBlender, "no Blender 4.5.1; it has 4.5.15, 4.5.3, 4.2.9, 5.0.1, 3.4.1"):
            choose(FARM, "4.5.1")

    def test_where_there_is_none_the_sentence_says_what_was_looked_for_and_where(self) -> None:
        with self.assertRaisesRegex(NoBlender, 'No command "blender" that works .* /usr/bin:/bin, and no module bpy'):
            choose([], "4.5", "/usr/bin:/bin")
        with self.assertRaisesRegex(NoBlender, "an empty PATH"):
            choose([], "")

    def test_what_the_worker_found_is_read_from_the_environment(self) -> None:
        text = '[{"version": "4.5.15", "kind": "module", "path": "/py"}]'
        self.assertEqual(from_environment({"BRENDER_BLENDER": text}), [FARM[4]])
        self.assertEqual(from_environment({}), [])

    def test_options_come_before_the_script_and_our_words_behind_the_dashes(self) -> None:
        for scripts, autoexec in {True: "--enable-autoexec", False: "--disable-autoexec"}.items():
            words = ["-b", autoexec, "--python-exit-code", "1", "--python", "/keeper.py", "--", "7"]
            self.assertEqual(FARM[1].command("/keeper.py", ["7"], scripts), ["/usr/bin/blender", *words])
        self.assertIn("--enable-autoexec", FARM[1].command("/keeper.py", []), "unless they are forbidden they may run")
        self.assertEqual(FARM[0].command("/keeper.py", ["7"]), ["/py5", "-I", "/keeper.py", "--", "7"])
