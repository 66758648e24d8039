"""`brender shell`: the prompt of a farm, from any machine; and scripts, a line at a time.

How does this work?  A line is understood, asked and answered as a command of `brender` is, so words and answers are
those of the telnet shell.  On a terminal, readline edits the line, remembers it in the state folder, and completes it
by Tab with values that the server is asked for.  What comes from a file stops at the first line that was not done.
"""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import click

from brender.cli.asking import Desk, asks_the_farm, say, width
from brender.cli.looking import head, told
from brender.cli.values import values_of
from brender.cli.verbs import Asked
from brender.client.errors import Failed
from brender.config import load
from brender.config.mistakes import BadSettings
from brender.protocols.columns import columns
from brender.verbs.helping import explained, overview
from brender.verbs.known import VERBS
from brender.verbs.said.words import BadWords, Word, split
from brender.verbs.typed.completing import Ways, ways

PROMPT = "> "
HISTORY = "history"  # in the state folder
REMEMBERED = 2_000  # lines
ALIASES = {"?": "help", "exit": "quit", "bye": "quit", "logout": "quit"}  # what people type at other prompts
OWN = {
    "help": ("help [WHAT]", "List the commands, or tell more about one, an item, or filters."),
    "farm": ("farm", "Tell how the farm does, and the way into its database."),
    "quit": ("quit", "Leave; the farm goes on."),
}


@click.command()
@click.option("--keep-going", is_flag=True, help="Go on after a line of a script that was not done.")
@asks_the_farm
def shell(desk: Desk, keep_going: bool) -> None:
    """Type one command after the other, or run a script.

    On a terminal there are Tab and a history. As in: brender shell < FILE
    """
    conversation = Conversation(desk)
    if sys.stdin.isatty():
        conversation.with_a_person()
    else:
        sys.exit(conversation.with_a_script(sys.stdin, keep_going))


class Leave(Exception):
    """The person wants to go."""


class Conversation:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def with_a_person(self) -> None:
        say(f"{head(self._desk.ask_farm())} · help lists the commands")
        with line_editor(self._ways):
            for line in typed():
                try:
                    self._answered(line)
                except Leave:
                    return

    def with_a_script(self, lines: Iterable[str], keep_going: bool) -> int:
        """The exit code: that of the first line that was not done."""
        code = 0
        for line in lines:
            try:
                found = 0 if line.lstrip().startswith("#") else self._answered(line)
            except Leave:
                break
            code = code or found
            if found and not keep_going:
                break
        return code

    def _answered(self, line: str) -> int:
        """Do what a line asks for, and say it; gives an exit code."""
        try:
            return self._done(split(line))
        except (BadWords, click.UsageError) as wrong:
            say(wrong.message if isinstance(wrong, click.UsageError) else str(wrong), err=True)
            return 2
        except Failed as failed:
            say("\n".join(failed.lines()), err=True)
            return 1

    def _done(self, words: Sequence[Word]) -> int:
        if not words:
            return 0
        first = ALIASES.get(words[0].lower(), words[0].lower())
        match first:
            case "quit":
                raise Leave
            case "help":
                say(self._help(words[1:]))
            case "farm":
                say(told(self._desk.ask_farm()))
            case _:
                return Asked(self._desk, words, others=tuple(OWN)).answered()
        return 0

    def _help(self, words: Sequence[Word]) -> str:
        if not words:
            return overview(VERBS, [OWN["help"], OWN["farm"]], [OWN["quit"]])
        own = OWN.get(words[0].lower())
        return "\n".join(own) if own else explained(words, VERBS, OWN)

    def _ways(self, text: str) -> Ways:
        return ways(text, VERBS, values_of(self._desk.api.base), OWN)


# --- a terminal


def typed() -> Iterator[str]:
    """Line after line; Ctrl-C drops one, Ctrl-D is the end."""
    while True:
        try:
            yield input(PROMPT)
        except KeyboardInterrupt:
            click.echo()
        except EOFError:
            click.echo()
            return


class line_editor:  # noqa: N801 (it stands in a `with`)
    """Readline, with Tab and with what was typed before; nothing of it where Python has none."""

    def __init__(self, of_text: Callable[[str], Ways]) -> None:
        self._ways = of_text
        self._found: list[str] = []
        try:
            import readline  # noqa: PLC0415 (not every Python has it)
        except ImportError:
            self._readline = None
        else:
            self._readline = readline

    def __enter__(self) -> None:
        if self._readline is None:
            return
        self._readline.set_completer_delims("")  # a line is completed as a whole
        self._readline.set_completer(self._completed)
        self._readline.set_completion_display_matches_hook(self._listed)
        self._readline.parse_and_bind("tab: complete")
        self._readline.set_history_length(REMEMBERED)
        if file := history():
            with suppress(OSError):
                self._readline.read_history_file(file)

    def __exit__(self, *_: object) -> None:
        if self._readline and (file := history()):
            with suppress(OSError):
                file.parent.mkdir(parents=True, exist_ok=True)
                self._readline.write_history_file(file)

    def _completed(self, text: str, state: int) -> str | None:
        if state == 0:
            found = self._ways(text)
            self._found = [text[: found.start] + word for word in found.words]
        return self._found[state] if state < len(self._found) else None

    def _listed(self, text: str, matches: Sequence[str], _: int) -> None:
        """What each adds to the line, beside each other."""
        begin = self._ways(text).start
        words = [match[begin:] for match in matches]
        click.echo(f"\n{columns(words, min(width(), 200))}")
        click.echo(f"{PROMPT}{self._readline.get_line_buffer()}", nl=False)  # type: ignore[union-attr]


def history() -> Path | None:
    """Where it is kept; nowhere when the settings cannot be read."""
    try:
        return load().state / HISTORY
    except BadSettings:
        return None
