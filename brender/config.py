"""The settings: brender.toml, read once into one frozen object.

How does this work?  `load` looks for the file in the order of the manual (`--config`, `BRENDER_CONFIG`,
the working folder, the user's folder), checks every value against the structs below and names the
line of a mistake.  The state folder (database, logs, a worker's scratch) is `--state`, `BRENDER_STATE`
or the user's state folder.  Nothing else in the program reads the environment for settings.
"""

import os
import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import msgspec
from platformdirs import user_config_path, user_state_path


class BadSettings(Exception):
    """The settings cannot be used; the message says which line and how to mend it."""


KINDS = {
    "float": "a number",
    "int": "a whole number",
    "str": "text in quotes",
    "array": "a list",
    "bool": "true or false",
    "object": "a section",
}
GOT = KINDS | {"float": "a fraction"}
Pause = Annotated[float, msgspec.Meta(gt=0, le=1e6)]  # seconds; zero would never rest
Patience = Annotated[float, msgspec.Meta(ge=0, le=1e6)]


class ServerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    shell: str = "tcp:6000:interface=127.0.0.1"  # Twisted endpoint strings
    workers: str = "tcp:6001:interface=127.0.0.1"
    web: str = "tcp:8080:interface=127.0.0.1"
    hosts: tuple[str, ...] = ()  # names that browsers may use besides loopback's
    lost_after: Patience = 30.0  # seconds that a vanished worker may take to come back
    heartbeat: Pause = 10.0  # seconds between pings
    task_limit: Annotated[int, msgspec.Meta(ge=1)] = 10_000_000  # tasks in one step


class WorkerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    server: str = "127.0.0.1:6001"
    name: str = ""  # default: the host name
    slots: Annotated[int, msgspec.Meta(ge=0, le=4096)] = 0  # default: the processor's cores
    blenders: tuple[str, ...] = ()  # programs, or interpreters with bpy, besides those on PATH
    idle_sessions: Patience = 60.0  # seconds that an idle session is kept open


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    server: ServerSettings = ServerSettings()
    worker: WorkerSettings = WorkerSettings()


class Config(msgspec.Struct, frozen=True):
    settings: Settings
    state: Path
    source: str  # where the settings came from, for `--show-config`
    state_source: str

    @property
    def server(self) -> ServerSettings:
        return self.settings.server

    @property
    def worker(self) -> WorkerSettings:
        return self.settings.worker


def load(config: str | None = None, state: str | None = None) -> Config:
    """Find and read the settings.  Raises `BadSettings`."""
    path, source = find(config)
    folder, state_source = find_state(state)
    settings = read(path) if path else Settings()
    return Config(settings, folder, source, state_source)


def find(config: str | None) -> tuple[Path | None, str]:
    """The settings file and where that came from."""
    if config:
        return Path(config), f"{config} (--config)"
    if named := os.environ.get("BRENDER_CONFIG"):
        return Path(named), f"{named} (BRENDER_CONFIG)"
    for path, where in (
        (Path("brender.toml"), "the working folder"),
        (user_config_path("brender") / "brender.toml", "the user's settings"),
    ):
        if path.is_file():
            return path, f"{path.absolute()} ({where})"
    return None, "built-in defaults (no brender.toml found)"


def find_state(state: str | None) -> tuple[Path, str]:
    if state:
        return Path(state).absolute(), "--state"
    if named := os.environ.get("BRENDER_STATE"):
        return Path(named).absolute(), "BRENDER_STATE"
    return user_state_path("brender"), "the user's state folder"


def read(path: Path) -> Settings:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"The settings {path} cannot be read: {error}.") from error
    try:
        return msgspec.convert(tomllib.loads(text), Settings)
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"The settings {path} are not TOML: {error}.") from error
    except msgspec.ValidationError as error:
        raise BadSettings(f"The settings {path} have a mistake{mistake(str(error), text)}") from error


def mistake(error: str, text: str) -> str:
    """msgspec's words as a sentence with the line of the mistake and the nearest right key."""
    what, _, where = error.partition(" - at `$")
    section, _, key = where.rstrip("`").lstrip(".").partition("[")[0].rpartition(".")
    unknown = re.search(r"unknown field `(.+)`", what)
    if unknown:
        section, key = key, unknown[1]
    line = line_of(section, key, text)
    place = f" in line {line}" if line else ""
    if not unknown:
        return f"{place}: {'an item of ' if '[' in where else ''}{key} {wrong_value(what)}."
    thing = f'setting "{key}" in [{section}]' if section else f'setting "{key}" outside the sections'
    if re.search(rf"(?m)^\s*\[\s*{re.escape(key)}\b", text):
        thing = f"section [{key}]"
    return f"{place}: there is no {thing}{nearest(section, key)}"


def wrong_value(what: str) -> str:
    """From "Expected `float` > 0.0" or "Expected `float`, got `str`" to words."""
    wanted, got = (re.search(rf"{word} `(\w+)`(.*)", what) for word in ("Expected", "got"))
    if wanted and got:
        return f"has to be {KINDS.get(wanted[1], wanted[1])}, not {GOT.get(got[1], got[1])}"
    return f"has to be {KINDS.get(wanted[1], wanted[1])}{wanted[2]}" if wanted else f"has a wrong value: {what}"


def line_of(section: str, key: str, text: str) -> int:
    """The line where a section sets a key, or else where the section begins; 0 when there is none."""
    inside, begun = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[\s*([^\]]*?)\s*\]", line):
            inside = header[1]
            begun = begun or number * (inside == (section or key))
        elif sets(line, key if inside == section else f"{section}.{key}"):
            return number
        elif not inside and sets(line, section):
            begun = number
    return begun


def sets(line: str, key: str) -> bool:
    return re.match(rf"""\s*["']?{re.escape(key)}["']?\s*[.=]""", line) is not None


def nearest(section: str, key: str) -> str:
    """ "; did you mean heartbeat?", or where the key belongs, or the end of the sentence."""
    keys = {name: type(getattr(Settings(), name)).__struct_fields__ for name in Settings.__struct_fields__}
    if near := get_close_matches(key, keys.get(section, keys), 1):
        return f"; did you mean {near[0] if section else f'[{near[0]}]'}?"
    others = {name: other for other, names in keys.items() if other != section for name in names}
    if near := get_close_matches(key, others, 1):
        return f"; did you mean {near[0]} in [{others[near[0]]}]?"
    return "."


def show(config: Config) -> str:
    """What is used and where it came from, for `--show-config`."""
    lines = [f"settings  {config.source}", f"state     {config.state} ({config.state_source})"]
    for name in ("server", "worker"):
        section = getattr(config.settings, name)
        lines += ["", f"[{name}]"]
        lines += [f"{key} = {msgspec.json.encode(getattr(section, key)).decode()}" for key in section.__struct_fields__]
    return "\n".join(lines)
