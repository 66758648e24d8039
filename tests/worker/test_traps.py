"""Traps that other farms fell into, as far as the worker is concerned: a test by name for each.

How does this work?  Each test of `Paths`, `Hanging` and `Ends` says its trap and tries the shortest way into it.  What
was tried at length elsewhere stands in `ELSEWHERE`, trap by trap, and the names there are looked up.
"""

import subprocess
import sys
import tempfile
from itertools import permutations
from pathlib import Path, PurePosixPath, PureWindowsPath

from openjd.model import SpecificationRevision, SymbolTable
from openjd.sessions import PathFormat, PathMappingRule
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from brender.worker.blender.paths import WrongPath, local, mapped, read_rules
from brender.worker.session.conduct import Conduct
from brender.worker.session.openjd import KeptSession
from brender.worker.session.rules import Rules
from tests.effort import strangers

CHECKOUT = Path(__file__).resolve().parents[2]
ELSEWHERE = {
    "a keep-alive counts as progress": (
        "worker.session.test_conduct.QuietTests.test_the_same_line_again_is_none",
        "worker.session.test_conduct.QuietTests.test_neither_are_a_few_lines_by_turns",
        "worker.session.test_conduct.QuietTests.test_nor_the_same_with_another_time",
        "line.test_limits.QuietTests.test_a_task_that_only_says_that_it_lives_has_hung",
    ),
    "only the direct child is killed": (
        "worker.test_processes.ProcessesTests.test_orphans_that_left_their_session_are_found_and_ended",
        "worker.session.test_nursery.NurseryTests.test_when_it_is_killed_its_sessions_end_with_all_that_they_started",
        "line.test_ends.CancelTests.test_the_whole_process_tree_is_ended",
        "line.test_limits.TimeTests.test_a_task_that_takes_too_long_has_failed_with_all_that_it_started",
    ),
    "path prefixes": (
        "worker.blender.test_paths.Mapping.test_a_drive",
        "worker.blender.test_paths.Mapping.test_a_share",
        "worker.blender.test_paths.Mapping.test_the_way_out_of_a_mapped_folder_is_refused",
    ),
    "files that are silently not there": (
        "cli.test_submit.Paths.test_an_input_that_is_not_here_is_told_and_the_job_taken",
        "cli.test_submit.Paths.test_a_default_that_leaves_its_folder_is_refused",
        "worker.blender.test_stage.Refusals.test_a_scene_that_is_not_there",
        "worker.blender.test_missing.Missing.test_a_library",
    ),
    "a worker that missed a minute": (
        "worker.test_agent.ConnectionTests.test_it_goes_on_while_the_server_is_away_and_says_what_runs_when_it_is_back",
        "worker.calling.test_connection.ConnectionTests.test_a_server_that_is_not_there_is_called_until_it_is",
    ),
}


class Elsewhere(SynchronousTestCase):
    def test_every_test_that_is_named_is_there(self) -> None:
        self.assertEqual(strangers(name for names in ELSEWHERE.values() for name in names), [])


def windows(source: str, destination: str) -> PathMappingRule:
    return PathMappingRule(
        source_path_format=PathFormat.WINDOWS,
        source_path=PureWindowsPath(source),
        destination_path=PurePosixPath(destination),
    )


def posix(source: str, destination: str) -> PathMappingRule:
    return PathMappingRule(
        source_path_format=PathFormat.POSIX,
        source_path=PurePosixPath(source),
        destination_path=PurePosixPath(destination),
    )


class Paths(SynchronousTestCase):
    def through(self, path: str, *rules: PathMappingRule) -> str:
        """The path as a session with these rules maps it."""
        with tempfile.TemporaryDirectory(prefix="brender-test-") as folder:
            session = KeptSession(
                session_id="one",
                job_parameter_values={},
                path_mapping_rules=list(rules),
                session_root_directory=Path(folder),
            )
            try:
                session._materialize_path_mapping(SpecificationRevision.v2023_09, {}, SymbolTable())
                return mapped(path, read_rules(str(session.rules_file)))
            finally:
                session.cleanup()

    def test_a_prefix_ends_where_a_folder_s_name_ends(self) -> None:
        rule = posix("/render", "/mnt/render")
        for path, right in {
            "/render/a.png": "/mnt/render/a.png",
            "/render": "/mnt/render",
            "/renderfarm/a.png": "/renderfarm/a.png",
            "/render2": "/render2",
            "/x/render/a.png": "/x/render/a.png",
        }.items():
            self.assertEqual(self.through(path, rule), right)

    def test_of_nested_prefixes_the_longest_counts_whatever_their_order(self) -> None:
        rules = (posix("/show", "/a"), posix("/show/tex", "/b"), posix("/show/tex/hdr", "/c"))
        for some in permutations(rules):
            told = [self.through(f"/show{rest}/x", *some) for rest in ("", "/tex", "/tex/hdr", "/texts")]
            self.assertEqual(told, ["/a/x", "/b/x", "/c/x", "/a/texts/x"])

    def test_case_differs_between_submitting_and_rendering_where_windows_does_not_mind(self) -> None:
        rule = windows("S:\\Proj", "/mnt/proj")
        self.assertEqual(self.through("s:\\PROJ\\A b\\Tex.PNG", rule), "/mnt/proj/A b/Tex.PNG")
        self.assertEqual(self.through("/mnt/Proj/x", posix("/mnt/proj", "/data")), "/mnt/Proj/x")

    def test_network_paths_are_mapped_with_either_slash(self) -> None:
        rule = windows("\\\\srv\\share", "/mnt/share")
        for path in ("\\\\SRV\\Share\\tex\\a.png", "//srv/share/tex/a.png"):
            self.assertEqual(self.through(path, rule), "/mnt/share/tex/a.png")

    def test_an_absolute_path_of_another_system_is_refused_and_not_left_out(self) -> None:
        for path in ("C:\\tex\\a.png", "\\\\srv\\other\\a.png"):
            self.assertRaises(WrongPath, local, path, "A picture", [])


class Hanging(SynchronousTestCase):
    def test_a_keep_alive_is_no_progress_so_a_hung_renderer_is_ended(self) -> None:
        clock = Clock()
        conduct = Conduct(clock.seconds, Rules([]), seconds=None, quiet=60)
        conduct.printed("Fra:1 Mem:12M | Rendering")
        for second in range(59):
            clock.advance(1)
            conduct.printed("still alive")
            conduct.progressed(40.0)
            self.assertIsNone(conduct.fault(), second)
        clock.advance(60)
        conduct.printed("still alive")
        fault = conduct.fault()
        assert fault is not None
        self.assertEqual(fault.message, "It made no progress for 60 s and was taken for hung.")


class Ends(SynchronousTestCase):
    def test_grandchildren_are_ended_with_their_parents_and_waited_for(self) -> None:
        program = """
import os, subprocess, time
from brender.worker import processes
processes.adopt_orphans()
tree = "setsid bash -c 'setsid sleep 331 & sleep 332' & sleep 333 & wait"
child = subprocess.Popen(["bash", "-c", tree], stderr=subprocess.DEVNULL)  # a shell tells of children that are killed
while len(found := processes.descendants()) < 5: time.sleep(0.01)
processes.end_descendants()
print([pid for pid in found if processes.alive(pid)], processes.descendants())
"""
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False
        )
        self.assertEqual((done.stdout, done.stderr), ("[] set()\n", ""))
