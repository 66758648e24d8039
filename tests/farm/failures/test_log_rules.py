"""What lines in logs mean: those that come with brender, and those that a farm adds."""

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm.failures.log_rules import RULES, problems_of_rules, rules_of
from brender.farm.settings import FarmSettings, Rule, read

LINES = {
    "out of GPU memory": (
        "CUDA error: Out of memory in cuMemAlloc(&device_pointer, size)",
        "Out of memory in CUDA queue enqueue (integrator_shade_surface)",
        "System is out of GPU memory",
        "System is out of GPU and shared host memory",
        "OptiX: out of memory",
    ),
    "GPU error": ("Illegal address in CUDA queue copy_from_device (integrator)", "Launch failed in HIP queue"),
    "GPU driver error": (
        "CUDA error: Invalid value in cuCtxCreate",
        "OptiX error OPTIX_ERROR_INTERNAL_ERROR in optixLaunch",
    ),
    "disk full": ("OSError: [Errno 28] No space left on device: '/render/a_0001.exr'",),
    "no licence": (
        "ERROR: unable to get a license",
        "Failed to check out license for arnold",
        "could not checkout license",
        "Could not acquire a licence",
        "License checkout failed",
        "No license available for feature nuke_r",
        "Failed to obtain a license.",
        "Licensed number of users already reached. (-4,342)",
    ),
    "licence server away": (
        "License server machine is down or not responding. (-96,7)",
        "The license server is unreachable",
        "cannot connect to license server",
    ),
}
HARMLESS = (
    "Fra:12 Mem:812.33M (Peak 900.01M) | Time:00:12.33 | Rendering 14 / 128 samples",
    "Saved: '/render/shot_010/cuda_0001.png'",
    "Could not get license_plate_texture.png from the library",
    "Unable to get licenseplate.png",
    "Licence acquired: arnold 7.2",
    "Read blend: /jobs/out of memory/scene.blend",
    "Device: CUDA, 12 GB of memory",
    "relationship error in rig",
)


def found(line: str) -> Rule | None:
    """The first rule that a line meets."""
    return next((rule for rule in rules_of(FarmSettings()) if re.search(rule.pattern, line)), None)


class TheRules(SynchronousTestCase):
    def test_each_finds_the_lines_that_programs_write(self) -> None:
        self.assertEqual(set(LINES), {rule.name for rule in RULES})
        wanted = {line: name for name, lines in LINES.items() for line in lines}
        told = {line: rule.name if (rule := found(line)) else None for line in wanted}
        self.assertEqual({line: name for line, name in told.items() if name != wanted[line]}, {})

    def test_harmless_lines_are_left_alone(self) -> None:
        self.assertEqual([line for line in HARMLESS if found(line)], [])

    def test_a_missing_licence_uses_up_no_try_and_a_bad_machine_is_left_to_itself(self) -> None:
        meaning = {rule.name: rule.then for rule in RULES}
        self.assertEqual({meaning["no licence"], meaning["licence server away"]}, {"later"})
        self.assertEqual({meaning[name] for name in ("out of GPU memory", "GPU error", "disk full")}, {"elsewhere"})

    @given(st.text(max_size=200))
    def test_any_line_can_be_looked_at(self, line: str) -> None:
        for rule in RULES:
            re.search(rule.pattern, line)


class OfAFarm(SynchronousTestCase):
    def test_its_own_come_first_and_some_may_be_switched_off(self) -> None:
        own = {"name": "missing texture", "pattern": "texture .* not found", "then": "fail"}
        settings = read(FarmSettings, {"rules": [own], "without_rules": ["disk full"]})
        names = [rule.name for rule in rules_of(settings)]
        self.assertEqual(names[0], "missing texture")
        self.assertEqual(set(names), {"missing texture", *(rule.name for rule in RULES)} - {"disk full"})

    def problems(self, pattern: str) -> list[str]:
        settings = read(FarmSettings, {"rules": [{"name": "mine", "pattern": pattern, "then": "fail"}]})
        return [str(problem) for problem in problems_of_rules(settings)]

    def test_a_pattern_that_cannot_be_read_is_named(self) -> None:
        for pattern in ("(", "[a", "*", "a{99999999999}", "(?P<n>a)(?P<n>b)"):
            (problem,) = self.problems(pattern)
            self.assertIn('of rule "mine" cannot be read', problem)

    def test_a_pattern_that_every_line_meets_is_refused(self) -> None:
        for pattern in ("", ".*", "x*", "^"):
            self.assertTrue(self.problems(pattern), pattern)

    def test_good_ones_have_no_problem(self) -> None:
        for rule in RULES:
            self.assertEqual(self.problems(rule.pattern), [])

    def test_a_rule_that_is_switched_off_and_is_not_there_is_named(self) -> None:
        settings = read(FarmSettings, {"without_rules": ["disk fill"]})
        (problem,) = problems_of_rules(settings)
        self.assertIn("disk fill", str(problem))
        self.assertIn("disk full", str(problem))
