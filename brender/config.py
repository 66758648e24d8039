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

import msgspec
from platformdirs import user_config_path, user_state_path


class BadSettings(Exception):
    """The settings cannot be used; the message says which line and how to mend it."""


class ServerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    shell: str = "tcp:6000:interface=127.0.0.1"  # Twisted endpoint strings
    workers: str = "tcp:6001:interface=127.0.0.1"
    web: str = "tcp:8080:interface=127.0.0.1"
    hosts: tuple[str, ...] = ()  # names that browsers may use besides loopback's
    lost_after: float = 30.0  # seconds that a vanished worker may take to come back
    heartbeat: float = 10.0  # seconds between pings
    task_limit: int = 10_000_000  # tasks in one step


class WorkerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    server: str = "127.0.0.1:6001"
    name: str = ""  # default: the host name
    slots: int = 0  # default: the processor's cores
    blenders: tuple[str, ...] = ()  # programs, or interpreters with bpy, besides those on PATH
    idle_sessions: float = 60.0  # seconds that an idle session is kept open


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
    unknown = re.search(r"unknown field `(\w+)`", error)
    where = re.search(r"at `\$\.?([\w.\[\]]*)`", error)
    key = unknown[1] if unknown else (where[1] if where else "").partition("[")[0].rpartition(".")[2]
    line = next((n for n, each in enumerate(text.splitlines(), 1) if re.match(rf"\s*\[?{re.escape(key)}\b", each)), 0)
    place = f" in line {line}" if key and line else ""
    if not unknown:
        return f"{place}: {key}: {error.partition(' - at ')[0].lower()}."
    known = {name for each in (Settings, ServerSettings, WorkerSettings) for name in each.__struct_fields__}
    near = get_close_matches(key, known, 1)
    return f'{place}: there is no setting "{key}"' + (f"; did you mean {near[0]}?" if near else ".")


def show(config: Config) -> str:
    """What is used and where it came from, for `--show-config`."""
    lines = [f"settings  {config.source}", f"state     {config.state} ({config.state_source})"]
    for name in ("server", "worker"):
        section = getattr(config.settings, name)
        lines += ["", f"[{name}]"]
        lines += [f"{key} = {msgspec.json.encode(getattr(section, key)).decode()}" for key in section.__struct_fields__]
    return "\n".join(lines)
