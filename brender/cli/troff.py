"""Pages of the manual, in troff with the macros of man(7).

How does this work?  `Page` writes sections, paragraphs and terms, and nothing that is said in them is taken for a
command of troff.  A page of a verb has the parts of the shell's help: how it is written, what it takes, how things are
chosen.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC
from textwrap import dedent

import click

from brender import __version__
from brender.cli import main, sections
from brender.verbs.filters import usage as filters_told
from brender.verbs.helping import named_verbs
from brender.verbs.known import VERBS
from brender.verbs.performing import language
from brender.verbs.said.values import forms, meanings
from brender.verbs.typed import Vocabulary
from brender.verbs.typed.usage import usage
from brender.verbs.verb import Verb, Which

ENVIRONMENT = (
    ("BRENDER_SERVER", "The server of the farm, or several with commas between: a farm and its standby."),
    ("BRENDER_CONFIG", "The settings, instead of the brender.toml that is found."),
    ("BRENDER_STATE", "The folder for what is kept, the history of brender shell among it."),
    ("NO_COLOR", "Whatever it says, nothing has colours."),
)
STATUS = (("0", "It is done."), ("1", "It failed."), ("2", "It was asked for in a wrong way."))


class Page:
    def __init__(self, name: str, sentence: str) -> None:
        self._lines = [f'.TH "{name.upper()}" "1" "" "brender {__version__}" "brender"']
        self.section("name", [f"{safe(name)} \\- {safe(sentence)}"])

    def section(self, title: str, lines: Iterable[str] = ()) -> None:
        self._lines += [f".SH {title.upper()}", *lines]

    def paragraph(self, text: str) -> None:
        self._lines += [".PP", *(safe(line) for line in text.split("\n"))]

    def as_typed(self, text: str) -> None:
        """Lines that stay as they are."""
        self._lines += [".PP", ".nf", *(safe(line) for line in text.split("\n")), ".fi"]

    def terms(self, rows: Iterable[tuple[str, str]]) -> None:
        for term, meaning in rows:
            self._lines += [".TP", f"\\fB{safe(term)}\\fR", safe(meaning) or "\\&"]

    def text(self) -> str:
        return "\n".join([*self._lines, ""])


def safe(text: str) -> str:
    """As it is read: a line that begins like a command of troff is none."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


# --- everything


def about_everything() -> str:
    page = Page("brender", "a render farm")
    page.section("synopsis", [safe("brender COMMAND [WHICH] [KEY=VALUE...] [--server URL] [--json]")])
    page.section("description")
    page.paragraph("What can be done with a farm: each command has a page of its own, brender-COMMAND(1).")
    context = click.Context(main, info_name="brender")
    for title, names in sections().items():
        page.section(title, [])
        found = ((name, main.get_command(context, name)) for name in names)
        page.terms((name, command.get_short_help_str(200)) for name, command in found if command)
    ending(page)
    return page.text()


def ending(page: Page) -> None:
    page.section("environment")
    page.terms(ENVIRONMENT)
    page.section("exit status")
    page.terms(STATUS)


# --- a command


def about_command(command: click.Command) -> str:
    """One that is written by hand."""
    name = str(command.name)
    page = Page(f"brender-{name}", command.get_short_help_str(200).rstrip("."))
    context = click.Context(command, info_name=f"brender {name}")
    page.section("synopsis", [safe(" ".join([f"brender {name}", *command.collect_usage_pieces(context)]))])
    page.section("description")
    for paragraph in dedent(command.help or "").split("\n\n"):
        page.paragraph(paragraph.replace("\b\n", ""))
    page.section("options")
    page.terms(options(command, context))
    ending(page)
    return page.text()


def options(command: click.Command, context: click.Context) -> Iterator[tuple[str, str]]:
    yield from (record for each in command.get_params(context) if (record := each.get_help_record(context)))


def about_verbs(command: click.Command) -> str:
    """One that is made from verbs: those of all items that have it."""
    name = str(command.name)
    page = Page(f"brender-{name}", command.get_short_help_str(200).rstrip("."))
    verbs = [verb for verb in named_verbs([name], Vocabulary(VERBS)) if verb]
    page.section("synopsis", [line for verb in verbs for line in (safe(f"brender {usage(verb)}"), ".br")][:-1])
    for verb in verbs:
        page.section(verb.item.name if len(verbs) > 1 else "description")
        about(page, verb)
    page.section("options")
    page.terms(options(command, click.Context(command)))
    ending(page)
    return page.text()


def about(page: Page, verb: Verb) -> None:
    page.paragraph(" ".join([verb.help, *verb.more.split("\n")]).strip())
    if verb.takes.__struct_fields__:
        page.paragraph("It takes, as key=value or as --key value:")
        told = meanings(verb.takes)
        page.terms((f"{name}={form.usage}", told[name]) for name, form in forms(verb.takes, UTC).items())
    if verb.which in (Which.MANY, Which.ANY):
        page.as_typed(filters_told(language(verb.item)))
