"""The settings: brender.toml, read once into one frozen object.

How does this work?  `load` looks for the file in the order of the manual (`--config`, `BRENDER_CONFIG`, the working
folder, the user's folder).  `reading` checks every value against the structs of `settings` (and of `farm.settings`, for
what the rules go by), `mistakes` names the line of what is wrong, `telling` shows what is used.  The state folder
(database, logs, a worker's scratch) is `--state`, `BRENDER_STATE` or the user's state folder.  Nothing else in the
program reads the environment for settings.
"""

import os
from pathlib import Path

import msgspec
from platformdirs import user_config_path, user_state_path

from brender.config.reading import made, read
from brender.config.settings import ServerSettings, Settings, WorkerSettings
from brender.farm.settings import FarmSettings


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

    @property
    def database(self) -> Path | str:
        """Where the farm is kept."""
        return self.server.database or self.state / "brender.sqlite"

    @property
    def farm(self) -> FarmSettings:
        return self.settings.farm


def load(config: str | None = None, state: str | None = None) -> Config:
    """Find and read the settings.  Raises `BadSettings`."""
    path, source = find(config)
    folder, state_source = find_state(state)
    settings = read(path) if path else made({})
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
