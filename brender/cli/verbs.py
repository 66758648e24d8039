"""The commands that follow from the verbs: `brender enable render-0*`, `brender set job 4 priority=80`.

How does this work?  What stands after `brender` is understood as a line of the shell is (`verbs.typed`), asked over
HTTP (`client.addresses`), and told in the shell's words (`wording`), or as JSON, CSV, or ids alone.  `command` makes a
command of any first word that the shell knows; nothing is named here but what a command line has besides.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from brender.cli.asking import Desk, asks_the_farm, say, wrong_use
from brender.cli.wording import worded
from brender.client.addresses import question
from brender.client.errors import Failed
from brender.client.http import Question
from brender.config.reading import machine_zone
from brender.farm.scheduling.windows import zone_of
from brender.verbs.filters import pointing
from brender.verbs.helping import explained
from brender.verbs.known import VERBS
from brender.verbs.performing import Request
from brender.verbs.said.words import Word, as_word
from brender.verbs.tables import WIDTH
from brender.verbs.typed import Typed, Vocabulary, understood
from brender.verbs.typed.naming import NUMBERS_MEAN, SAME, SHORT
from brender.verbs.verb import Verb, Which

TEXT = "log"  # the verb that is answered with a text, and not with JSON
WAITS = ("retry", "requeue")  # verbs after which tasks are to be done
AS_TYPED = {"ignore_unknown_options": True}  # those are the verb's own
OF_BOTH = {"server": "--server", "token": "--token", "as_json": "--json", "quiet": "--quiet", "wait": "--wait"}
LIMIT = re.compile(r"(?:--)?limit(?:=|$)")
VOCABULARY = Vocabulary(VERBS)


@dataclass(frozen=True)
class How:
    """How a person, or a program, wants to be told."""

    csv: bool = False
    quiet: bool = False
    wait: bool = False


class VerbCommand(click.Command):
    """A command with the help that the shell has for the same word."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_usage(ctx, formatter)
        formatter.write("\n")
        formatter.write("".join(f"  {line}\n" for line in explained([str(self.name)], VERBS).split("\n")))
        self.format_options(ctx, formatter)


def known() -> Sequence[str]:
    """The first words that there are."""
    return list(dict.fromkeys(VOCABULARY.first))


def looking() -> list[str]:
    """Those that a person is told first: lists, and verbs that change nothing."""
    lists = [word for word in VOCABULARY.items if word in VOCABULARY.plurals]
    return [*lists, *(word for word in own_words() if not verb_of(word).changes)]


def changing() -> list[str]:
    return [word for word in own_words() if verb_of(word).changes]


def own_words() -> list[str]:
    """A word for each action, the one that people type; lists and things are named by their items."""
    typed = {action: word for word, action in SAME.items()}
    return [typed.get(action, action) for action in VOCABULARY.actions if action not in ("read", "show")]


def verb_of(word: str) -> Verb:
    """The verb that a word names; of several items, that of the first, or of jobs."""
    if word in VOCABULARY.items:
        return VERBS[VOCABULARY.items[word].name, "read" if word in VOCABULARY.plurals else "show"]
    if word in SHORT:
        return VERBS[SHORT[word]]
    holders = VOCABULARY.holders(word)
    item = NUMBERS_MEAN if NUMBERS_MEAN in holders else holders[0]
    return VERBS[item, SAME.get(word, word)]


def command(first: str) -> click.Command:
    lists, waits = first in VOCABULARY.items or SAME.get(first, first) == "read", first in WAITS

    @click.command(first, cls=VerbCommand, context_settings=AS_TYPED, short_help=sentence(first))
    @click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[WHICH] [KEY=VALUE]...")
    @click.option("--csv", "as_csv", is_flag=True, hidden=not lists, help="Print a list as CSV.")
    @click.option("--quiet", "-q", is_flag=True, help="Print ids alone, and of changes nothing.")
    @click.option("--wait", is_flag=True, hidden=not waits, help="Show how far it is until the job has ended.")
    @asks_the_farm
    def run(desk: Desk, words: tuple[str, ...], as_csv: bool, quiet: bool, wait: bool) -> None:
        if handed_in(first, words):
            hand_in(words[1:])
        else:
            sys.exit(Asked(desk, [first, *words], How(as_csv, quiet, wait)).answered())

    return run


def sentence(word: str) -> str:
    """What a word means, in a line."""
    verb = verb_of(word)
    return verb.help if word in VOCABULARY.items else GENERAL.get(verb.name, verb.help)


GENERAL = {
    "create": "Make a pool, a tag, a limit, a view; hand in a job.",
    "read": "List things of any kind.",
    "update": "Change settings of jobs, clients, the farm, and more.",
    "delete": "Take things away, for good.",
    "show": "Show one thing of any kind.",
    "why": "Say what a job, a frame of it, or a client waits for.",
}


def handed_in(first: str, words: Sequence[str]) -> bool:
    return first == "create" and bool(words) and words[0].lower() in ("job", "jobs")


def hand_in(words: Sequence[str]) -> None:
    """`create job` is `submit`, which reads templates and scenes of this machine."""
    from brender.cli.submit import submit  # noqa: PLC0415

    here = click.get_current_context()
    with submit.make_context("submit", [*options(here.params), *words], parent=here.parent) as context:
        submit.invoke(context)


def options(said: Mapping[str, Any]) -> list[str]:
    """Those that were read already, and that `submit` has too, as they were typed."""
    there = [(option, said[name]) for name, option in OF_BOTH.items() if said[name]]
    return [option if value is True else f"{option}={value}" for option, value in there]


@dataclass(frozen=True)
class Asked:
    """One line, asked of a farm and answered."""

    desk: Desk
    line: Sequence[str]
    how: How = field(default_factory=How)
    others: Sequence[str] = ()  # first words that somebody else knows

    def answered(self) -> int:
        """Ask, and tell; gives the command's exit code."""
        with wrong_use():
            words = [word if isinstance(word, Word) else as_word(word) for word in self.line]
            typed = understood(words, VERBS, zone_of(machine_zone()), self.others)
        self._check(typed.verb)
        try:
            return self._told(typed)
        except Failed as failed:
            if not self.desk.as_json:
                point(failed, typed.filter)
            raise

    def _check(self, verb: Verb) -> None:
        if self.how.csv and verb.name != "read":
            raise click.UsageError("--csv is for lists.")
        if self.how.wait and verb.name not in WAITS:
            raise click.UsageError(f"--wait is for submit, {' and '.join(WAITS)}.")

    def _told(self, typed: Typed) -> int:
        verb, request = typed.verb, typed.request
        if verb.name == TEXT:
            return self._text(request)
        if self.how.csv:
            sys.stdout.buffer.write(self.desk.read(asked(verb, request, self._whole(".csv"))))
            return 0
        answer = self.desk.ask(asked(verb, request, self._whole(".json") if self._for_programs(verb) else ""))
        if verb.which is Which.MANY and typed.filter and not answer["data"]:
            raise Failed(f"No {verb.item.name} matches {typed.filter}.", code="no-match")
        if self.how.wait:
            return self._waited(request, answer)
        self._show(typed, answer)
        return 1 if any("error" in each for each in things(answer)) else 0

    def _for_programs(self, verb: Verb) -> bool:
        return verb.name == "read" and (self.desk.as_json or self.how.quiet)

    def _whole(self, ending: str) -> str:
        """Programs get all of a list, unless they say how much of it."""
        return "" if any(map(LIMIT.match, self.line)) and ending != ".csv" else ending

    def _show(self, typed: Typed, answer: Any) -> None:
        verb, request = typed.verb, typed.request
        if self.how.quiet and (verb.changes or verb.name == "read"):
            tell_ids(verb, things(answer))
            return
        data = answer["data"] if not verb.changes and "data" in answer else answer
        self.desk.show(data, lambda: worded(verb.item.name, verb.name, answer, request.values, typed.filter))

    def _text(self, request: Request) -> int:
        text = self.desk.read(asked(VERBS[request.item, TEXT], request, "")).decode("utf-8", "replace")
        about = {"job": request.id if request.job is None else request.job, **request.values}
        if request.job is not None:
            about[request.item] = request.id
        self.desk.show({**about, "log": text}, lambda: text.expandtabs().rstrip("\n"))
        return 0

    def _waited(self, request: Request, answer: Any) -> int:
        """Until the jobs have ended, one after the other."""
        from brender.cli.watch import Watch  # noqa: PLC0415

        jobs = [request.job] if request.job is not None else [each["id"] for each in things(answer)]
        codes = []
        for number in jobs:
            first = self.desk.api.get(f"/api/v1/jobs/{number}", orders="0")
            codes.append(Watch(self.desk.api, self.desk.as_json, silent=self.how.quiet).until_it_ends(first))
        return max(codes, default=0)


def asked(verb: Verb, request: Request, whole: str) -> Question:
    values = dict(request.values)
    if whole:
        values.pop("limit", None)
    return question(verb, request.id, str(request.filter or ""), values, request.job, whole)


def things(answer: Any) -> Sequence[Mapping[str, Any]]:
    """Of an answer about one thing, or many."""
    found = answer.get("data")
    return found if isinstance(found, list) else [answer]


def tell_ids(verb: Verb, found: Sequence[Mapping[str, Any]]) -> None:
    """By which they are named; of what was changed, nothing."""
    name = "id" if "id" in verb.item.view.__struct_fields__ else "name"
    if found and (verb.makes or not verb.changes):
        say("\n".join(str(each[name]) for each in found))


def point(failed: Failed, text: str) -> None:
    """Add the place in a filter that it is about."""
    if failed.position and text:
        lines = pointing(text, failed.position, WIDTH - 3).split("\n")
        failed.message = "\n".join([failed.message, *(f"  {line}" for line in lines)])
