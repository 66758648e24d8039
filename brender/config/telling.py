"""What is used and where it came from, for `--show-config`: the settings as they would stand in the file."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from brender.config import Config

PASSWORD = re.compile(r"(//[^/?]*?:)[^/?]*(?=@)|(password=)[^&]*")


def show(config: Config) -> str:
    """What is used and where it came from, for `--show-config`."""
    lines = [f"settings  {config.source}", f"state     {config.state} ({config.state_source})"]
    for name, section in msgspec.to_builtins(config.settings).items():
        if isinstance(section, dict):
            lines += ["", f"[{name}]", *(f"{bare(key)} = {toml(value)}" for key, value in section.items())]
        for each in section if isinstance(section, list | tuple) else ():
            hidden = {**each, "secret": "*" * 16}
            lines += ["", f"[[{name}]]", *(f"{key} = {toml(value)}" for key, value in hidden.items())]
    return PASSWORD.sub(r"\1\2***", "\n".join(lines))


def bare(key: str) -> str:
    """A key as it stands in the file."""
    return key if re.fullmatch(r"[\w-]+", key) else toml(key)


def toml(value: Any) -> str:
    """A value as it stands in the file, in one line."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{toml(key)} = {toml(each)}' for key, each in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    return msgspec.json.encode(value).decode()
