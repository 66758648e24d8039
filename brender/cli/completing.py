"""`brender completion`: Tab in bash, zsh and fish, with verbs, items, fields and values.

How does this work?  The shell runs `brender` with `_BRENDER_COMPLETE` set, as click has it, and with the line up to the
cursor; what may follow comes from where the prompt of a farm has it (`verbs.typed.completing`), values from the server.
The scripts are our own, because a field goes on after its `=` without a space, and bash cuts words at `=` and `:`.
"""

import os
import re
from collections.abc import Iterator
from typing import ClassVar

import click
from click.shell_completion import ShellComplete, add_completion_class

from brender.cli import MODULES, main
from brender.cli.asking import find_server
from brender.cli.values import values_of
from brender.verbs.known import VERBS
from brender.verbs.typed.completing import ways

VARIABLE = "_BRENDER_COMPLETE"
BREAKS = re.compile(r"""[\s"'@><=;|&(:]""")  # where bash begins another word
SERVER = re.compile(r"\s--server[=\s]+(\S+)(?=\s)")
FLAGS = re.compile(r"\s(?:--json|--csv|--quiet|-q|--wait)(?=\s)")

BASH = """\
_brender_completion() {
    local line="${COMP_LINE:0:$COMP_POINT}"
    mapfile -t COMPREPLY < <(_BRENDER_COMPLETE=bash_complete COMP_LINE="$line" "$1" 2>/dev/null)
    [[ ${#COMPREPLY[@]} -gt 0 ]] && compopt -o nospace
}
complete -o default -F _brender_completion brender
"""
ZSH = """\
#compdef brender
_brender() {
    local -a found
    found=("${(@f)$(_BRENDER_COMPLETE=zsh_complete COMP_LINE="$LBUFFER" brender 2>/dev/null)}")
    [[ -n "$found[1]" ]] && compadd -U -Q -S '' -- "${found[@]}" || _files
}
compdef _brender brender
"""
FISH = """\
complete -c brender -f -a '(_BRENDER_COMPLETE=fish_complete COMP_LINE=(commandline -cp) brender 2>/dev/null)'
complete -c brender -n '__fish_seen_subcommand_from submit backup restore server worker' -F
"""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what lets Tab complete in a shell.

    As in: eval "$(brender completion bash)"
    """
    click.echo(SHELLS[shell].source_template, nl=False)


class Completing(ShellComplete):
    """A line is completed by its last word, up to where white space begins it."""

    def complete(self) -> str:
        return "\n".join(self.replies(os.environ.get("COMP_LINE", "")))

    def source(self) -> str:
        return self.source_template

    def replies(self, line: str) -> Iterator[str]:
        begin = self.word(line)
        for whole in lines(line):
            yield whole[begin:]

    def word(self, line: str) -> int:
        """Where the shell begins the word that is replaced."""
        return len(line) - len(re.split(r"\s", line)[-1])


class Bash(Completing):
    name = "bash"
    source_template: ClassVar[str] = BASH

    def word(self, line: str) -> int:
        for quote in "\"'":
            if line.count(quote) % 2:
                return line.rindex(quote) + 1
        return max((found.end() for found in BREAKS.finditer(line)), default=0)


class Zsh(Completing):
    name = "zsh"
    source_template: ClassVar[str] = ZSH


class Fish(Completing):
    name = "fish"
    source_template: ClassVar[str] = FISH

    def replies(self, line: str) -> Iterator[str]:
        """Fish sets the space itself, and none after `=`, `,` and `:`."""
        return (reply.rstrip() for reply in super().replies(line))


SHELLS = {each.name: each for each in (Bash, Zsh, Fish)}
for each in SHELLS.values():
    add_completion_class(each)


# --- what may follow


def lines(line: str) -> Iterator[str]:
    """The whole line, in every way in which it may go on."""
    _, _, text = line.partition(" ")
    first = text.split(" ")[0] if " " in text else ""
    last = re.split(r"\s", text)[-1]
    if first and last.startswith("-"):
        begin = line[: len(line) - len(last)]
        yield from (f"{begin}{option} " for option in options(first) if option.startswith(last))
    if first not in MODULES or first == "help":
        typed = FLAGS.sub("", SERVER.sub("", f" {text}"))[1:]
        found = ways(typed, VERBS, values_of(server_of(text)), MODULES)
        begin = line[: len(line) - (len(typed) - found.start)]
        yield from (f"{begin}{word}" for word in found.words)


def server_of(text: str) -> str:
    named = SERVER.search(f" {text}")
    return find_server(named[1] if named else os.environ.get("BRENDER_SERVER"))[0]


def options(first: str) -> list[str]:
    """Those of a command."""
    command = main.get_command(click.Context(main), first)
    return [name for each in command.params for name in each.opts if name.startswith("--")] if command else []
