"""`brender ca`: the farm's CA is shown, carried to another server, and replaced when somebody says so."""

from pathlib import Path

from click.testing import CliRunner, Result
from twisted.trial.unittest import SynchronousTestCase

from brender.cli import main
from brender.security.authority import Authority, of_the_farm
from brender.security.secret_files import folder_in


class Ca(SynchronousTestCase):
    def setUp(self) -> None:
        self.first, self.second = Path(self.mktemp()), Path(self.mktemp())
        self.made = of_the_farm(folder_in(self.first), lambda: 1.8e9)
        self.file = Path(self.mktemp()).absolute()

    def ca(self, state: Path, *words: str, code: int = 0) -> Result:
        ran = CliRunner().invoke(main, ["ca", *words, "--state", str(state)], catch_exceptions=False)
        self.assertEqual(ran.exit_code, code, ran.output)
        return ran

    def of(self, state: Path) -> Authority:
        return of_the_farm(folder_in(state), lambda: 1.8e9)

    def test_it_is_shown_with_its_fingerprint(self) -> None:
        self.assertIn(self.made.fingerprint, self.ca(self.first, "show").output)
        self.assertIn("a server makes it", self.ca(self.second, "show", code=1).output)

    def test_it_is_carried_to_another_server_in_a_file_that_nobody_else_may_read(self) -> None:
        self.ca(self.first, "export", str(self.file))
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)
        self.ca(self.second, "import", str(self.file))
        self.assertEqual(self.of(self.second).fingerprint, self.made.fingerprint)
        self.ca(self.second, "import", str(self.file))

    def test_nothing_is_overwritten_unless_that_is_said(self) -> None:
        other = self.of(self.second).fingerprint
        self.file.write_text("mine")
        self.assertIn("is there already", self.ca(self.first, "export", str(self.file), code=1).output)
        self.file.unlink()
        self.ca(self.first, "export", str(self.file))
        self.assertIn("--replace", self.ca(self.second, "import", str(self.file), code=1).output)
        self.assertEqual(self.of(self.second).fingerprint, other)
        self.ca(self.second, "import", str(self.file), "--replace")
        self.assertEqual(self.of(self.second).fingerprint, self.made.fingerprint)

    def test_a_file_that_is_none_is_told(self) -> None:
        self.assertIn("There is no file", self.ca(self.second, "import", str(self.file), code=1).output)
        self.file.write_text("nothing of the kind")
        self.assertIn("cannot be read", self.ca(self.second, "import", str(self.file), code=1).output)

    def test_a_new_one_is_made_only_when_somebody_says_yes(self) -> None:
        ran = CliRunner().invoke(main, ["ca", "new", "--state", str(self.first)], input="n\n")
        self.assertEqual((ran.exit_code, self.of(self.first).fingerprint), (1, self.made.fingerprint))
        self.ca(self.first, "new", "--yes")
        self.assertNotEqual(self.of(self.first).fingerprint, self.made.fingerprint)
