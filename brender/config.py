"""The settings: brender.toml, read once into one frozen object.

How does this work?  `load` looks for the file in the order of the manual (`--config`, `BRENDER_CONFIG`,
the working folder, the user's folder), checks every value against the structs below (and `farm.settings`, for what
the rules go by) and names the line of a mistake.  The state folder (database, logs, a worker's scratch) is
`--state`, `BRENDER_STATE` or the user's state folder.  Nothing else in the program reads the environment for settings.
"""

import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from platformdirs import user_config_path, user_state_path

from brender.farm.settings import FarmSettings
from brender.farm.windows import BadHours, zone_of

Place = list[str]  # of a setting: section, key, and what is inside
POSTGRESQL = ("postgresql://", "postgres://")
PASSWORD = re.compile(r"(//[^/?]*?:)[^/?]*(?=@)|(password=)[^&]*")
WEB_ADDRESS = re.compile(r"https?://[!-~]+", re.ASCII)
ANY = "..."  # some entry of a dictionary, as msgspec names it


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
Kind = Literal["job", "client", "view", "setting", "gone", "picture", "farm"]  # of events
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class StrangerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    greet_within: Pause = 10.0  # for a worker to say who it is
    login_within: Pause = 120.0  # for whoever comes to the shell to say a first line
    request_within: Pause = 60.0  # for a request of the web to be whole
    take_within: Pause = 60.0  # for a peer to take anything of what waits for it
    at_once: Count = 2000  # strangers, on all ports together
    of_an_address: Count = 50  # of them
    of_this_machine: Count = 1000  # of them, and of each web server in front
    connections_of_an_address: Count = 500  # known ones included; of this machine without a limit
    megabytes: Count = 256  # that all strangers together have sent
    streams_of_an_address: Count = 64  # of events; of this machine without a limit


class ServerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    shell: str = "tcp:6000:interface=127.0.0.1"  # Twisted endpoint strings
    ssh: str = ""  # the shell over SSH, as in "tcp:6022"; default: there is none
    workers: str = "tcp:6001:interface=127.0.0.1"
    web: str = "tcp:8080:interface=127.0.0.1"
    worker_tls: bool = False  # on loopback too; where other machines can connect, workers speak TLS always
    web_tls: Literal["auto", "always", "never"] = "auto"  # auto: on a network address, unless proxies are named
    web_certificate: str = ""  # files in PEM, for HTTPS with one's own certificate and its chain; default: the farm's
    web_key: str = ""
    hosts: tuple[str, ...] = ()  # names that browsers may use besides loopback's
    proxies: tuple[str, ...] = ()  # addresses of web servers in front, on other machines: "10.0.0.5", "10.1.0.0/24"
    database: str = ""  # postgresql://USER@HOST/NAME; default: SQLite in the state folder
    lost_after: Patience = 30.0  # seconds that a vanished worker may take to come back
    heartbeat: Pause = 10.0  # seconds between pings
    task_limit: Annotated[int, msgspec.Meta(ge=1)] = 10_000_000  # tasks in one step
    templates: str = ""  # the folder of the studio's own job templates; default: there are none
    log_limit: Annotated[int, msgspec.Meta(ge=65_536)] = 67_108_864  # bytes of one order's log: its begin and end
    telnet_on_network: bool = False  # whether the shell may be reached by other machines, which read what is typed
    audit_kept_days: Patience = 365.0  # 0: for ever
    logs_kept_days: Patience = 90.0  # after a job's last word; 0: for ever
    logs_kept_gb: Patience = 50.0  # of all logs together; 0: without a limit
    pictures_kept_days: Patience = 90.0  # after a job's last picture; 0: for ever
    pictures_kept_gb: Patience = 20.0  # of all pictures together, and of one job; 0: without a limit
    wake_address: str = "255.255.255.255"  # where what wakes machines is sent to
    wake_port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 9

    @property
    def web_is_secured(self) -> bool:
        """Whether the web is HTTPS, as far as can be told before it listens."""
        return self.web_tls == "always" or (self.web_tls == "auto" and not self.proxies and for_others(self.web))

    @property
    def workers_are_secured(self) -> bool:
        """The same of the port for workers."""
        return self.worker_tls or for_others(self.workers)


def for_others(endpoint: str) -> bool:
    """Whether other machines can connect to it."""
    return endpoint.startswith("tcp") and not re.search(r":interface=(127\.|localhost|\\:\\:1$)", endpoint)


class WorkerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    server: str = "127.0.0.1:6001"  # or several, with commas between them
    name: str = ""  # default: the host name
    slots: Annotated[int, msgspec.Meta(ge=0, le=4096)] = 0  # default: the processor's cores
    blenders: tuple[str, ...] = ()  # programs, or interpreters with bpy, besides those on PATH
    idle_sessions: Patience = 60.0  # seconds that an idle session is kept open
    orphaned_after: Pause = 86400.0  # seconds without a server after which what runs is ended
    keep_folders: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0  # of sessions with failed tasks: the newest
    keep_folders_days: Patience = 14.0  # 0: for ever
    idle_command: str = ""  # prints for how many seconds nobody has used the machine; default: found out
    power_off: str = ""  # a command that switches the machine off; default: it stays on
    amounts: dict[str, float] = {}  # what this machine has of the studio's own: {"amount.tape.drives" = 2}
    attributes: dict[str, tuple[str, ...]] = {}  # and what it is: {"attr.room" = ["basement"]}
    pass_on: tuple[str, ...] = ()  # variables that tasks get although they are named like secrets: "ARNOLD_*"
    open_files: Annotated[int, msgspec.Meta(ge=0)] = 0  # of each process of a task; 0: as the worker
    processes: Annotated[int, msgspec.Meta(ge=0)] = 0  # of the user that tasks run as; 0: as the worker
    core_mb: Annotated[int, msgspec.Meta(ge=0)] = 0  # that a crashed program may leave of its memory; 0: nothing


class WebhookSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who is sent events."""

    url: str
    secret: Annotated[str, msgspec.Meta(min_length=16)]  # with which deliveries are signed
    kinds: tuple[Kind, ...] = ("job", "farm")  # none is all
    filter: str = ""  # which of them


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    server: ServerSettings = ServerSettings()
    worker: WorkerSettings = WorkerSettings()
    farm: FarmSettings = FarmSettings()
    strangers: StrangerSettings = StrangerSettings()
    webhooks: tuple[WebhookSettings, ...] = ()
    routes: dict[str, str] = {}  # other addresses for those of the web: {"/liste" = "/clients/list.json"}


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


# --- mistakes


def mistake(error: str, text: str) -> str:
    """msgspec's words as a sentence with the line of the mistake and the nearest right key."""
    what, _, where = error.partition(" - at `$")
    path = path_of(where.rstrip("`"))
    if ANY in path:
        path = strange_entry(path, tomllib.loads(text))
    if unknown := re.search(r"unknown field `(.+)`", what):
        return f"{in_line([*path, unknown[1]], text)}: there is no {stranger(path, unknown[1], text)}"
    *_, key = [part for part in path if not part.isdecimal()]
    item = "an item of " if path[-1].isdecimal() else ""
    missing = re.search(r"missing required field `(.+)`", what)
    return f"{in_line(path, text)}: {item}{key} {f'lacks {missing[1]}' if missing else wrong_value(what, path)}."


def path_of(where: str) -> Place:
    """ "farm", "rules", "0", "then" for `.farm.rules[0].then`."""
    return [part for found in re.findall(r"\.([^.\[\]]+)|\[(.+?)\]", where) for part in found if part]


def in_line(path: Place, text: str) -> str:
    line = line_of(path, text)
    return f" in line {line}" if line else ""


def stranger(path: Place, key: str, text: str) -> str:
    """What is not known, for a sentence, with the nearest that is."""
    section = ".".join(path)
    thing = f'setting "{key}" in [{section}]' if section else f'setting "{key}" outside the sections'
    if re.search(rf"(?m)^\s*\[\s*{re.escape(key)}\b", text):
        thing = f"section [{key}]"
    return f"{thing}{nearest(path, key)}"


def strange_entry(path: Place, content: Any) -> Place:
    """The path with the name of the entry that is wrong, where msgspec says only that one is."""
    place = path.index(ANY)
    inside, before = content, list[str]()
    for part in path[:place]:
        inside, before = inside[part], [*before, part]
    for name, value in inside.items():
        alone: Any = {name: value}
        for part in reversed(before):
            alone = {part: alone}
        try:
            msgspec.convert(alone, Settings)
        except msgspec.ValidationError:
            return [*before, name, *path[place + 1 :]]
    return before


def wrong_value(what: str, path: Place) -> str:
    """From "Expected `float` > 0.0" or "Expected `float`, got `str`" to words."""
    if what.startswith("Invalid enum value"):
        return f"has to be {' or '.join(map(str, get_args(kind_at(path))))}"
    wanted, got = (re.search(rf"{word} `(\w+)`(.*)", what) for word in ("Expected", "got"))
    if wanted and got:
        return f"has to be {KINDS.get(wanted[1], wanted[1])}, not {GOT.get(got[1], got[1])}"
    return f"has to be {KINDS.get(wanted[1], wanted[1])}{wanted[2]}" if wanted else f"has a wrong value: {what}"


def line_of(path: Place, text: str) -> int:
    """The line that sets what the path names, or else the nearest thing around it; 0 when there is none."""
    best, found = 0, 0
    for number, here in places(text):
        shared = next((place for place, (one, other) in enumerate(zip(here, path, strict=False)) if one != other), None)
        depth = min(len(here), len(path)) if shared is None else shared
        if depth > best:
            best, found = depth, number
    return found


def places(text: str) -> Iterator[tuple[int, Place]]:
    """Each line that begins a section or sets a key, with the whole path of that."""
    inside: Place = []
    tables: Counter[str] = Counter()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*(\[\[?)\s*([^\]]*?)\s*\]", line):
            inside = keys(header[2])
            if header[1] == "[[":
                inside = [*inside, str(tables[header[2]])]
                tables[header[2]] += 1
            yield number, inside
        elif setting := re.match(r"""\s*((?:"[^"]*"|'[^']*'|[\w.\s-])+?)\s*=""", line):
            yield number, [*inside, *keys(setting[1])]


def keys(dotted: str) -> Place:
    found = re.findall(r"""(")([^"]*)"|(')([^']*)'|([\w-]+)""", dotted)
    return [double or single or bare for _, double, _, single, bare in found]


def nearest(path: Place, key: str) -> str:
    """ "; did you mean heartbeat?", or where the key belongs, or the end of the sentence."""
    if near := get_close_matches(key, known(path), 1):
        return f"; did you mean {near[0] if path else f'[{near[0]}]'}?"
    others = {name: other for other in known([]) if [other] != path for name in known([other])}
    if near := get_close_matches(key, others, 1):
        return f"; did you mean {near[0]} in [{others[near[0]]}]?"
    return "."


def known(path: Place) -> tuple[str, ...]:
    """The keys that there are at a place."""
    return getattr(kind_at(path), "__struct_fields__", ())


def kind_at(path: Place) -> Any:
    """The type of what stands at a place; of a dictionary or a list, its items'."""
    kind: Any = Settings
    for part in path:
        hints = get_type_hints(kind) if hasattr(kind, "__struct_fields__") else {}
        kind = hints.get(part) or next((each for each in reversed(get_args(kind)) if each is not ...), None)
    return kind


# --- telling


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
