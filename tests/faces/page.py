"""docs/verbs.md: every verb, with its example as each face says it.  `python -m tests.faces.page` writes it anew."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from brender.verbs.examples import EXAMPLES
from brender.verbs.helping import a_or_an
from brender.verbs.items.known import ITEMS
from brender.verbs.known import VERBS
from brender.verbs.performing import Request
from tests.faces.saying import address, line_of, method, verb_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "verbs.md"
BEGINNING = """\
# Everything that can be done

Each verb is defined once, and works on every face. This page is made from the definitions, and a test does each of
its examples over HTTP, in a batch, as a line of JSON, in the shell, after `brender`, and in Python with and without
asyncio, on a farm like this: clients 1 `render-01` and 2 `render-02` online, 3 `attic` gone and
disabled; job 1 is rendering, with a task that failed; job 2 is paused; job 3 is completed; job 4 waits for somebody
to approve its preview.

What is typed in the shell is typed after `brender` on the command line, too. Over HTTP what is said of a change
stands in the body; the same as a line of JSON is told in [json-lines.md](json-lines.md). Which things are meant is
said by an id, or by a [filter](filters.md).
"""
ENDING = """\
## What is no verb

A verb has one answer. What goes on, what is of one connection alone, and what is of one machine has other words:
"""
NO_VERBS: Sequence[Sequence[str]] = (
    ("", "in the shell", "after `brender`", "HTTP", "JSON lines", "Python"),
    ("---",) * 6,
    (
        "see what happens, as it happens",
        "",
        "`watch 4`, `submit --wait`",
        "`GET /api/v1/events`",
        '`{"action": "subscribe"}`',
        "`farm.events()`, `farm.wait(4)`",
    ),
    ("the farm in numbers", "`farm`", "`farm`", "`GET /api/v1/farm`", "", "`farm.summary()`"),
    (
        "say who you are",
        "`login ada`",
        "`login ada`, `logout`",
        "`POST /api/v1/session`",
        '`{"item": "session", "action": "create"}`',
        '`Farm(token="...")`',
    ),
    ("many requests at once", "", "`shell < FILE`", "`POST /api/v1/batch`", "line after line", ""),
    ("move jobs to files, and back", "", "`archive`", "`POST /api/v1/archive`", "", ""),
    ("help, and an end", "`help`, `quit`", "`help`, `man`, `completion`", "`GET /api/v1/openapi.json`", "", ""),
)
COMMANDS = """
`watch` is none as it is not answered once: it is the stream of events, read until the job has ended. Some verbs have a
command of their own: `submit` and `plan` send files of your machine, `join-token` is `create invitation`, and `user`
does what can be done with users. All other commands are about the machine on which they are typed: `demo`, `server`,
`worker`, `hold`, `release`, `ca`, `backup`, `restore`, `check`, `db`, `simulate`.
"""


def ending() -> str:
    return "\n".join([ENDING, *(f"| {' | '.join(row)} |" for row in NO_VERBS), COMMANDS])


def page() -> str:
    return "\n".join([BEGINNING, *(line for name in ITEMS for line in part(name)), ending()])


def part(name: str) -> Iterator[str]:
    item = ITEMS[name]
    yield f"## {item.plural.capitalize()}\n\n{a_or_an(name)} is {item.meaning}.\n"
    yield "| | in the shell, and after `brender` | HTTP | Python |\n| --- | --- | --- | --- |"
    yield from (row(EXAMPLES[key]) for key in VERBS if key[0] == name)
    yield from (f"\n{sentence}" for sentence in item.without.values())
    yield ""


def row(request: Request) -> str:
    verb = verb_of(request)
    asked = code(f"{method(verb)} {address(verb, request)}")
    return f"| {verb.help} | {code(line_of(request, 'count.yaml'))} | {asked} | {code(python(request))} |"


def code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def python(request: Request) -> str:
    """As `brender.client` has it."""
    item = ITEMS[request.item]
    things = f"{item.plural}({request.job})" if item.of_job else item.plural
    said = [] if request.id is None else [repr(request.id)]
    said += [f"filter={quoted(str(request.filter))}"] if request.filter else []
    said += [f"{name}={quoted(value)}" for name, value in shortened(request).items()]
    return f"farm.{things}.{'list' if request.action == 'read' else request.action}({', '.join(said)})"


def shortened(request: Request) -> Mapping[str, Any]:
    return {name: ... if name == "template" else value for name, value in request.values.items()}


def quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else "..." if value is ... else repr(value).replace("'", '"')


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
