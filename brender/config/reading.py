"""Reads brender.toml and checks all of it before anything is used.

How does this work?  `read` gives `Settings`, or raises `BadSettings` with the line: first what the structs say, then
what a text has to be that is an address or a folder, then what only the rules know of [farm].
"""

import os
import re
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any

import msgspec

from brender.config.mistakes import BadSettings, in_line, mistake, path_of
from brender.config.settings import PathMapping, ServerSettings, Settings
from brender.farm.scheduling.windows import BadHours, zone_of
from brender.farm.settings import FarmSettings

POSTGRESQL = ("postgresql://", "postgres://")
WEB_ADDRESS = re.compile(r"https?://[!-~]+", re.ASCII)


def read(path: Path) -> Settings:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"The settings {path} cannot be read: {error}.") from error
    try:
        settings = made(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"The settings {path} are not TOML: {error}.") from error
    except msgspec.ValidationError as error:
        raise BadSettings(f"The settings {path} have a mistake{mistake(str(error), text)}") from error
    check_server(settings.server, path, text)
    check_mapping(settings.worker.path_mapping, path, text)
    for number, hook in enumerate(settings.webhooks):
        if not WEB_ADDRESS.fullmatch(hook.url) or "@" in hook.url:
            line = in_line(["webhooks", str(number), "url"], text)
            raise BadSettings(
                f"The settings {path} have a mistake{line}: url has to be an address such as "
                '"https://example.org/farm", without spaces and without a name and password.'
            )
    if settings.farm != made({}).farm:
        check(settings.farm, path, text)
    return settings


def check_server(server: ServerSettings, path: Path, text: str) -> None:
    """What a text has to be that is an address; raises `BadSettings`."""
    if server.database and not server.database.startswith(POSTGRESQL):
        raise BadSettings(
            f"The settings {path} have a mistake{in_line(['server', 'database'], text)}: database has to be an address "
            'such as "postgresql://brender@db.studio/farm"; without one, the farm is kept in the state folder.'
        )
    if server.templates and not Path(server.templates).is_absolute():
        raise BadSettings(
            f"The settings {path} have a mistake{in_line(['server', 'templates'], text)}: templates has to be the "
            'whole path of a folder, such as "/studio/templates".'
        )
    if server.workers.startswith("ssl:"):
        raise BadSettings(
            f"The settings {path} have a mistake{in_line(['server', 'workers'], text)}: workers is written as in "
            '"tcp:6001", without ssl: where other machines can connect they speak TLS by themselves.'
        )
    if bool(server.web_certificate) != bool(server.web_key):
        raise BadSettings(
            f"The settings {path} have a mistake{in_line(['server', 'web_certificate'], text)}: web_certificate and "
            "web_key go together."
        )
    for proxy in server.proxies:
        try:
            ip_network(proxy)
        except ValueError as error:
            raise BadSettings(
                f"The settings {path} have a mistake{in_line(['server', 'proxies'], text)}: a web server in front "
                f'is named by its address, as in "10.0.0.5", or by its network, as in "10.1.0.0/24"; {error}.'
            ) from None


def check_mapping(rules: Sequence[PathMapping], path: Path, text: str) -> None:
    """Folders that are whole paths, and are mapped once; raises `BadSettings`."""
    for number, rule in enumerate(rules):
        key, problem = problem_of(rule, rules[:number], rules)
        if problem:
            line = in_line(["worker", "path_mapping", str(number), key], text)
            raise BadSettings(f"The settings {path} have a mistake{line}: {problem}.")


def problem_of(rule: PathMapping, before: Sequence[PathMapping], rules: Sequence[PathMapping]) -> tuple[str, str]:
    """What is wrong with a rule: at which of its keys, and in words; two empty texts when nothing is."""
    if not is_folder(source := folder_of(rule)):
        such = '"X:/" or "//server/share"' if rule.of_windows else '"/Volumes/show"'
        return "from", f"from has to be the whole path of a folder as {rule.system} writes it, such as {such}"
    if not is_folder(PurePosixPath(rule.destination)):
        return "to", 'to has to be the whole path of a folder of this machine, such as "/mnt/show"'
    if any(folder_of(other) == source for other in before):
        return "from", f"there is a rule for {rule.source} already"
    if twice := next((other for other in rules if maps_again(rule, other)), None):
        return "to", f"to lies in {twice.source}, or around it, which is mapped itself: a path would be mapped twice"
    return "", ""


def folder_of(rule: PathMapping) -> PurePath:
    return (PureWindowsPath if rule.of_windows else PurePosixPath)(rule.source)


def is_folder(path: PurePath) -> bool:
    """A whole path without `..`; here not that of everything, and with one slash at its beginning."""
    here = isinstance(path, PureWindowsPath) or (path.root == "/" and len(path.parts) > 1)
    return path.is_absolute() and here and ".." not in path.parts


def maps_again(rule: PathMapping, other: PathMapping) -> bool:
    """Whether what a rule has mapped may be mapped by another; to itself is no harm."""
    to, source = PurePosixPath(rule.destination), folder_of(other)
    if other.of_windows or source == PurePosixPath(other.destination):
        return False
    return to.is_relative_to(source) or source.is_relative_to(to)


def check(farm: FarmSettings, path: Path, text: str) -> None:
    """What only the rules know of the farm's settings; raises `BadSettings`."""
    from brender.farm.admission import problems_of_farm  # noqa: PLC0415 (all rules: they take a moment to import)

    for problem in problems_of_farm(farm):
        line = in_line(["farm", *path_of(f".{problem.at}")], text)
        raise BadSettings(f"The settings {path} have a mistake{line}: {problem.message}")


def made(content: dict[str, Any]) -> Settings:
    """The settings of a file's content, with the time zone of this machine where none is named."""
    farm = content.get("farm", {})
    if isinstance(farm, dict):
        content = {**content, "farm": {"zone": machine_zone(), **farm}}
    return msgspec.convert(content, Settings)


def machine_zone(link: Path = Path("/etc/localtime")) -> str:
    """The name of this machine's time zone: from TZ, or else from the link that chooses it; UTC when neither tells."""
    named = [os.environ.get("TZ", "").removeprefix(":")]
    with suppress(OSError):
        named.append(os.readlink(link).rpartition("zoneinfo/")[2])
    for name in filter(None, named):
        with suppress(BadHours):
            zone_of(name)
            return name
    return "UTC"
