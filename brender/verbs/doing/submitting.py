"""What stands after `submit`: a template, its values, and how the job is to be taken in.

How does this work?  `Submission.read` sorts the words: the first is the template, `KEY=VALUE` is a value,
`--name` and every setting of a job (`--priority`, `--not-before`) are about the job.  The template is the name of
one that the farm has, or else a file on this machine, by its whole path; only a plain file of a sensible size is
read, so that reading it cannot hold up the farm.
"""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any

from brender.farm.settings import JobSettings
from brender.templates import built_in, path_of
from brender.verbs.said import values
from brender.verbs.said.words import WrongUse, did_you_mean, nearest

MOST_BYTES = 4 << 20
ENDINGS = (".yaml", ".yml", ".json")
NAME = "--name"
OPTIONS = (NAME, *(f"--{name.replace('_', '-')}" for name in JobSettings.__struct_fields__))


@dataclass
class Submission:
    source: str = ""  # the word that names the template
    values: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, words: Sequence[str]) -> "Submission":
        wanted = cls()
        rest = list(words)
        while rest:
            wanted._take(rest.pop(0), rest)
        if not wanted.source:
            raise WrongUse(f"Say what to submit: submit TEMPLATE KEY=VALUE...; built in: {', '.join(built_in())}.")
        return wanted

    def _take(self, word: str, rest: list[str]) -> None:
        key, equals, value = word.partition("=")
        if word.startswith("--"):
            self._option(key, value if equals else rest.pop(0) if rest else None)
        elif not self.source:
            self.source = word
        elif equals and key:
            self._value(key, value)
        else:
            raise WrongUse(f'"{word}" is not a parameter; write KEY=VALUE, with quotes around a value that has spaces.')

    def _option(self, key: str, value: str | None) -> None:
        if key not in OPTIONS:
            raise WrongUse(f'No option "{key}"{did_you_mean(key, OPTIONS)}')
        if value is None:
            raise WrongUse(f"{key} needs a value.")
        if key in self.options:
            raise WrongUse(f"{key} is given twice.")
        self.options[key] = value

    def _value(self, key: str, value: str) -> None:
        if key in self.values:
            raise WrongUse(f"{key} is given twice.")
        self.values[key] = value

    @property
    def name(self) -> str:
        return self.options.get(NAME, "")

    def settings(self, zone: tzinfo) -> dict[str, Any]:
        """What was said of the job's settings; raises `BadValue`."""
        words = {key.removeprefix("--"): text for key, text in self.options.items() if key != NAME}
        return values.read(JobSettings, words, zone)

    @property
    def folder(self) -> str:
        """Where the template's relative default paths begin; "" for one that the farm has."""
        return "" if is_name(self.source) else str(file_of(self.source).parent)

    def template(self) -> str:
        """The text of the template; raises `WrongUse` with a sentence."""
        return on_this_machine(self.source)


def is_name(word: str) -> bool:
    """Whether it names a template of the farm, and no file."""
    return "/" not in word and not word.startswith("~") and not word.lower().endswith(ENDINGS)


def built_in_template(name: str) -> str | None:
    """The text of a built-in template; None when there is none of this name."""
    return path_of(name).read_text("utf-8") if name in built_in() else None


def file_of(name: str) -> Path:
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise WrongUse(f"{name} begins with the home folder of a user who has none here.") from None


def on_this_machine(name: str) -> str:
    """The text of a file of the server's machine."""
    path = file_of(name)
    if not path.is_absolute():
        meant = nearest(name, built_in())
        hint = f"did you mean {meant}?" if meant else "a file is named by its whole path, from / on."
        raise WrongUse(f'No built-in template "{name}"; {hint}')
    try:
        return contents(path)
    except UnicodeDecodeError:
        raise WrongUse(f"{path} is not a template: it is not text in UTF-8.") from None
    except OSError as error:
        raise WrongUse(f"{path} cannot be read on the server: {error.strerror}.") from None


def contents(path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe would wait for a writer
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise WrongUse(f"{path} is not a template: it is not a plain file.")
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise WrongUse(f"{path} is larger than a template may be ({MOST_BYTES >> 20} MB).")
    return data.decode("utf-8")
