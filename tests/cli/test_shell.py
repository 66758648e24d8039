"""`brender shell`: the same answers as at the telnet shell; scripts; history and Tab on a real terminal."""

import os
import sys

from brender.cli.shell import HISTORY
from brender.protocols.commands import answer
from tests.cli.case import CHECKOUT, CommandCase
from tests.cli.test_verbs import FarmCase


class Scripts(FarmCase):
    async def test_lines_are_answered_as_at_the_telnet_shell(self) -> None:
        made = await self.serve()
        lines = ["pause 1", "why 2", "set client render-0* pools=gpu", "create pool nights clients=attic", "help job"]
        twin = await type(made).made(self)
        wanted = [await answer(twin.service, line, twin.now()) for line in lines]
        ran = await self.brender("shell", typing="\n".join(["# a comment", "", *lines, "quit", "cancel all"]))
        self.assertEqual(ran, (0, "".join(f"{text}\n" for text in wanted), ""))

    async def test_it_stops_at_the_first_line_that_was_not_done(self) -> None:
        made = await self.serve()
        for mistake, code, sentence in (
            ("cancel 9", 1, "There is no job 9.\n"),
            ("canel 1", 2, 'No command "canel"; did you mean cancel?\n'),
            ('pause "1', 2, "A quote is opened in that line and never closed.\n"),
        ):
            ran = await self.brender("shell", typing=f"{mistake}\npause 1\n")
            self.assertEqual(ran, (code, "", sentence))
        self.assertEqual(made.service.farm.jobs[1].state, "active")

    async def test_it_goes_on_when_that_is_wanted_and_still_has_failed(self) -> None:
        made = await self.serve()
        ran = await self.brender("shell", "--keep-going", typing="cancel 9\npause 1\n")
        self.assertEqual((ran.code, ran.err), (1, "There is no job 9.\n"))
        self.assertEqual(made.service.farm.jobs[1].state, "paused")


class Typed(CommandCase):
    async def test_a_person_has_tab_and_history(self) -> None:
        await self.farm.client("render-01")
        running = self.start("shell", terminal=True)
        await self.until(lambda: b"help lists the commands" in running.out)
        await self.until(lambda: running.out.endswith(b"> "))
        running.write("disa\tstatus=en\t\n")
        await self.until(lambda: b"render-01 is now disabled." in running.out)
        self.assertIn(b"> disable status=enabled", running.out)
        running.write("quit\n")
        self.assertEqual((await running.ended).code, 0)
        history = (self.folder / "state" / HISTORY).read_text().splitlines()
        self.assertEqual([line.strip() for line in history][-2:], ["disable status=enabled", "quit"])


class Completing(CommandCase):
    """In a real bash."""

    def setUp(self) -> None:
        super().setUp()
        program = self.file("bin/brender", f"#!{sys.executable}\nfrom brender.cli import main\n\nmain()\n")
        program.chmod(0o755)
        self.environment = {"PATH": f"{program.parent}:{os.environ['PATH']}", "PYTHONPATH": str(CHECKOUT)}

    async def completed(self, line: str) -> list[str]:
        """What the function that `brender completion bash` gives would have bash put there."""
        asked = f'eval "$(brender completion bash)"; COMP_LINE={quoted(line)}; COMP_POINT=${{#COMP_LINE}}; '
        asked += "compopt() { :; }; _brender_completion brender; printf '%s\\n' \"${COMPREPLY[@]}\""
        ran = await self.run_program("bash", "-c", asked, environment=self.environment)
        self.assertEqual((ran.code, ran.err), (0, ""))
        return ran.out.splitlines()

    async def test_verbs_items_fields_and_values(self) -> None:
        await self.farm.client("render-01")
        await self.farm.client("attic")
        for line, wanted in {
            "brender dis": ["disable "],
            "brender back": ["backup "],
            "brender delete po": ["pool "],
            "brender clients act": ["activity="],
            "brender clients activity=bu": ["busy "],
            "brender clients --json status=dis": ["disabled "],
            "brender disable ren": ["render-01 "],
            "brender set client render-01 when_used=f": ["finish "],
            "brender jobs --qu": ["--quiet "],
            "brender shell --ke": ["--keep-going "],
            "brender help fo": ["forgive "],
            "brender nothing x": [""],
        }.items():
            self.assertEqual(await self.completed(line), wanted, line)

    async def test_a_person_presses_tab(self) -> None:
        await self.farm.client("render-01")
        command = ["bash", "--norc", "--noprofile", "-i"]
        bash = self.spawn(command, {**self.environment, "PS1": "READY ", "HISTFILE": ""}, terminal=True)
        bash.write('eval "$(brender completion bash)"; echo is in\\stalled\n')
        await self.until(lambda: b"is installed" in bash.out)
        bash.write("brender disa\tstatus=en\t\n")
        await self.until(lambda: b"render-01 is now disabled." in bash.out)
        self.assertIn(b"brender disable status=enabled", bash.out)
        bash.write("exit\n")
        self.assertEqual((await bash.ended).code, 0)

    async def test_a_server_that_does_not_answer_costs_nothing_but_its_values(self) -> None:
        await self.port.stopListening()
        self.assertIn("disabled ", await self.completed("brender clients status=dis"))


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
