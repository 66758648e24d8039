"""What all commands that ask a farm have in common: `--server`, `--json`, and how they fail.

How does this work?  `@asks_the_farm` adds the options, finds the server, and gives the command a `Desk`: the
`Api`, and `show`, which prints either JSON or words.  A `Failed` ends the command with its sentence on
stderr, or as JSON on stdout, and with 1, or 2 where the words of the command were wrong.  On a terminal, words have
colours, and an answer that takes long has a sign that it is waited for.
"""

import functools
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Timer
from typing import Any, Concatenate, NoReturn, ParamSpec

import click

from brender.client.errors import Failed
from brender.client.http import Api, Question
from brender.client.tokens import token_for
from brender.config import load
from brender.config.mistakes import BadSettings
from brender.verbs.said.words import BadWords
from brender.verbs.tables import visible

Given = ParamSpec("Given")
DEFAULT_PORT = 8080
PORT = re.compile(r"^tcp:(?:port=)?(\d+)")
SOON = 2.0  # seconds without an answer, after which it is said that one is waited for
COLOURS = {  # of words that people look for
    "green": "completed|online|idle",
    "cyan": "active|busy|rendering",
    "yellow": "paused|queued|disabled|asleep|occupied",
    "red": "failed|offline|unwell|off",
    "dim": "canceled",
}
UNLIMITED = 10_000  # columns, where no terminal limits them


@dataclass(frozen=True)
class Desk:
    api: Api
    as_json: bool
    server: str = ""
    named: bool = False  # the server was, by --server or BRENDER_SERVER

    def show(self, data: Any, words: Callable[[], str]) -> None:
        """JSON when that is wanted, otherwise words for a person."""
        if self.as_json:
            click.echo(json.dumps(data, ensure_ascii=False, indent=2))
        else:
            say(words(), colours=True)

    def anonymous(self) -> "Desk":
        """The same without a token."""
        return Desk(Api(self.server), self.as_json, self.server, self.named)

    def ask(self, question: Question) -> Any:
        with patiently():
            return self.api.ask(question)

    def ask_farm(self) -> Any:
        """The farm in numbers."""
        return self.ask(Question("GET", "/api/v1/farm"))

    def read(self, question: Question) -> bytes:
        with patiently():
            return self.api.read(question)


@contextmanager
def patiently() -> Iterator[None]:
    """A sign on a terminal once it takes long."""
    from rich.console import Console  # noqa: PLC0415 (most commands need no sign)

    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    status = console.status("Waiting for the server")
    timer = Timer(SOON, status.start)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()


def say(text: str, err: bool = False, colours: bool = False) -> None:
    """Print what may have been written by others: nothing in it reaches the terminal as a command."""
    shown = "\n".join(visible(line) for line in text.split("\n"))
    if colours and sys.stdout.isatty():
        from rich.console import Console  # noqa: PLC0415 (most output goes without)
        from rich.text import Text  # noqa: PLC0415

        painted = Text(shown)
        for style, words in COLOURS.items():
            painted.highlight_regex(rf"(?<![\w.=-])(?:{words})(?![\w.=-])", style)
        Console(highlight=False).print(painted, soft_wrap=True)
    else:
        click.echo(shown, err=err)


def width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else UNLIMITED


def asks_the_farm(command: Callable[Concatenate[Desk, Given], None]) -> Callable[Given, None]:
    """Make a function of a `Desk` a function that click can call."""

    @click.option("--server", envvar="BRENDER_SERVER", metavar="URL[,URL]", help="The farm's server.  [BRENDER_SERVER]")
    @click.option("--token", help="An API token, instead of the one that brender login has kept.  [BRENDER_TOKEN]")
    @click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    @click.option("--show-config", is_flag=True, help="Tell which server would be asked, and why; ask nothing.")
    @functools.wraps(command)
    def asking(*given: Given.args, **named: Given.kwargs) -> None:
        server, as_json, token = named.pop("server"), bool(named.pop("as_json")), named.pop("token")
        url, source = find_server(server if isinstance(server, str) else None)
        if named.pop("show_config"):
            click.echo(f"server  {url} ({source})")
            return
        try:
            api = Api(url, token=str(token or token_for(url)))
            command(Desk(api, as_json, url, server is not None), *given, **named)
        except Failed as failed:
            fail(failed, as_json)

    return asking


def fail(failed: Failed, as_json: bool) -> NoReturn:
    if failed.code == "not-logged-in" and not as_json:
        failed.message = f"{failed.message} brender login NAME keeps a token."
    if as_json:
        click.echo(json.dumps(failed.as_json(), ensure_ascii=False, indent=2))
    else:
        say("\n".join(failed.lines()), err=True)
    sys.exit(2 if failed.at == "filter" or failed.position is not None else 1)


@contextmanager
def wrong_use() -> Iterator[None]:
    """Words that cannot be read end the command with 2, and nothing is asked."""
    try:
        yield
    except BadWords as bad:
        raise click.UsageError(str(bad)) from None


def find_server(named: str | None) -> tuple[str, str]:
    """The address of the farm's web, or several with commas between, and where it comes from."""
    if named:
        return ",".join(address(each.strip()) for each in named.split(",")), "--server or BRENDER_SERVER"
    try:
        config = load()
    except BadSettings as error:
        raise click.UsageError(str(error)) from None
    port = PORT.match(config.server.web)
    scheme = "https" if config.server.web_is_secured else "http"
    return f"{scheme}://127.0.0.1:{port[1] if port else DEFAULT_PORT}", config.source


def address(named: str) -> str:
    """A whole address of what may be just a host, or a host and a port."""
    url = named if "://" in named else f"http://{named}"
    if not re.fullmatch(r"https?://(\[[0-9A-Fa-f:.%]+\]|[^\s/:@\[\]]+)(:\d{1,5})?/?", url):
        raise click.UsageError(
            f'"{named}" is no server; write http://HOST:PORT, such as http://127.0.0.1:{DEFAULT_PORT}.'
        )
    if re.search(r":\d+/?$", url.removeprefix("http:").removeprefix("https:")) or url.startswith("https:"):
        return url
    return f"{url.rstrip('/')}:{DEFAULT_PORT}"
