"""`brender man`: pages that groff reads without a word, and that say what the definitions say."""

import shutil
import subprocess
from pathlib import Path

from click.testing import CliRunner
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from brender.cli import main, sections
from brender.cli.troff import safe


def page(*words: str) -> str:
    ran = CliRunner().invoke(main, ["man", *words], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def shown(text: str) -> str:
    groff = shutil.which("groff")
    if groff is None:
        raise SkipTest("There is no groff on this machine.")
    command = [groff, "-man", "-Tutf8", "-ww", "-P-c", "-P-b", "-P-u"]
    ran = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
    assert ran.stderr == b"", ran.stderr.decode()
    return ran.stdout.decode().replace("‐", "-").replace("−", "-")


class Pages(SynchronousTestCase):
    def test_groff_reads_every_page_without_a_word(self) -> None:
        for name in (name for names in sections().values() for name in names):
            self.assertIn("EXIT STATUS", shown(page(name)), name)

    def test_the_first_page_names_every_command(self) -> None:
        text = shown(page())
        for names in sections().values():
            for name in names:
                self.assertIn(f"\n       {name}", text)

    def test_the_page_of_a_verb_says_what_it_takes_and_how_things_are_chosen(self) -> None:
        text = shown(page("retry"))
        self.assertIn("brender retry FILTER [FRAMES]", text)
        self.assertIn("these frames", text)
        self.assertIn("state=queued|active", text)

    def test_a_page_of_a_command_that_is_written_by_hand_has_its_options(self) -> None:
        self.assertIn("--keep-going", shown(page("shell")))

    def test_all_pages_are_written_into_a_folder(self) -> None:
        folder = Path(self.mktemp()) / "man1"
        page("--all", str(folder))
        names = {"brender", *(f"brender-{name}" for names in sections().values() for name in names)}
        self.assertEqual({file.name for file in folder.iterdir()}, {f"{name}.1" for name in names})

    def test_nothing_that_is_said_is_a_command_of_troff(self) -> None:
        self.assertEqual([safe(".TH"), safe("'x"), safe("a\\b-c")], ["\\&.TH", "\\&'x", "a\\eb\\-c"])
