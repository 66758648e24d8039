"""What brender.toml can say: a struct for each section, with types, limits and defaults.

How does this work?  `Settings` is the whole file.  A section of the rules, [farm], is `brender.farm.settings`.
"""

import re
from typing import Annotated, Literal

import msgspec

from brender.farm.event_kinds import Told
from brender.farm.settings import FarmSettings

Pause = Annotated[float, msgspec.Meta(gt=0, le=1e6)]  # seconds; zero would never rest
Patience = Annotated[float, msgspec.Meta(ge=0, le=1e6)]
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


class PathMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a folder of those who submit is on this machine."""

    source: str = msgspec.field(name="from")  # as jobs and scenes have it: "X:/", "/Volumes/show"
    destination: str = msgspec.field(name="to")  # the same folder here
    system: Literal["posix", "windows"]  # by whose rules `from` is written

    @property
    def of_windows(self) -> bool:
        return self.system == "windows"


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
    run_as: str = ""  # the account that tasks run as, or "owner": of the job; default: as the worker itself
    pass_on: tuple[str, ...] = ()  # variables that tasks get although they are named like secrets: "ARNOLD_*"
    open_files: Annotated[int, msgspec.Meta(ge=0)] = 0  # of each process of a task; 0: as the worker
    processes: Annotated[int, msgspec.Meta(ge=0)] = 0  # of the user that tasks run as; 0: as the worker
    core_mb: Annotated[int, msgspec.Meta(ge=0)] = 0  # that a crashed program may leave of its memory; 0: nothing
    path_mapping: tuple[PathMapping, ...] = ()  # where folders of other machines are here


class WebhookSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who is sent events."""

    url: str
    secret: Annotated[str, msgspec.Meta(min_length=16)]  # with which deliveries are signed
    kinds: tuple[Told, ...] = ("job", "farm")  # none is all
    filter: str = ""  # which of them


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    server: ServerSettings = ServerSettings()
    worker: WorkerSettings = WorkerSettings()
    farm: FarmSettings = FarmSettings()
    strangers: StrangerSettings = StrangerSettings()
    webhooks: tuple[WebhookSettings, ...] = ()
    routes: dict[str, str] = {}  # other addresses for those of the web: {"/liste" = "/clients/list.json"}
