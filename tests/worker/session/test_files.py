"""Names of embedded files, whatever a server lets through: those that lead out of the session are written nowhere."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.worker.session import words
from brender.worker.session.files import leads_out, misnamed
from tests.worker.nest import Nest, job

OUT = ("../../home/u/.ssh/authorized_keys", "/etc/cron.d/x", "a/b", "a\\b", "..", ".", "", "a\0b", "../{{Param.A}}")
GOOD = ("run.sh", "..a", "a..", "...", "ä b.txt", "{{Param.A}}", "~", "-rf", "C:x", "x" * 64)


def embedded(name: Any) -> list[dict[str, Any]]:
    return [{"name": "A", "type": "TEXT", "filename": name, "data": "written"}]


def of_the_task(name: Any) -> dict[str, Any]:
    made = job("true")
    made["steps"][0]["script"]["embeddedFiles"] = embedded(name)
    return made


def of_an_environment(name: Any) -> dict[str, Any]:
    made = job("true", environments=[("true", "true")])
    made["steps"][0]["stepEnvironments"][0]["script"]["embeddedFiles"] = embedded(name)
    return made


class Names(SynchronousTestCase):
    def test_whatever_leads_out_is_found_wherever_it_stands(self) -> None:
        self.assertEqual([name for name in (*OUT, *GOOD) if leads_out(name)], [*OUT])
        for made in (of_the_task, of_an_environment):
            self.assertEqual([name for name in (*OUT, *GOOD) if misnamed(made(name))], [*OUT])

    def test_what_is_no_name_at_all_is_for_others_to_refuse(self) -> None:
        for name in (None, 3, [".."]):
            self.assertEqual(misnamed(of_the_task(name)), "")
        self.assertEqual(misnamed({"steps": [{"script": {"embeddedFiles": {"filename": ".."}}}]}), "")


class Sessions(SynchronousTestCase):
    """SEC-04: the template came by the wire, and nobody has looked at it."""

    def setUp(self) -> None:
        self.nest = Nest(self)
        self.outside = self.nest.folder / "outside"

    def test_none_is_opened_with_a_file_that_would_lead_out_and_it_says_which(self) -> None:
        for made in (of_the_task, of_an_environment):
            for name in (*OUT, str(self.outside), "../../../outside"):
                talk = self.nest.talk(self)
                talk.open(made(name))
                reason = talk.hear(words.Broken).reason
                self.assertRegex(reason, r'^steps\[0\].*embeddedFiles\[0\]: ".*" is not the name of a file in the sess')
        self.assertFalse(self.outside.exists())

    def test_one_with_a_file_of_its_own_is(self) -> None:
        made = of_the_task("..a b")
        made["steps"][0]["script"]["actions"]["onRun"]["args"][1] = "cat '{{Task.File.A}}'"
        talk = self.nest.talk(self)
        talk.open(made)
        talk.hear(words.Opened)
        talk.run(1, N="1")
        self.assertEqual(talk.hear(words.Ended).outcome, "completed")
        self.assertIn("\nwritten\n", talk.log)
