"""What a task finds around it: the worker's environment without secrets, and limits of the system.

How does this work?  Tasks are somebody's programs, and need much of what the worker was started with: paths, licences,
displays.  What they do not need are its secrets.  `clean` leaves out every variable that is named like one, or whose
value is an address with a password in it; what a studio's tasks do need of these is named in `pass_on`.  `Limits` are
set in the nursery's process, which hands them on to every session; a program can lower them, and not raise them again.
"""

import re
import resource
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

import msgspec

SECRET = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|PRIVATE|COOKIE|API_?KEY|ACCESS_?KEY|_KEY$|^KEY$|DATABASE_URL|_DSN$|^PGPASS"
    r"|^SSH_AUTH_SOCK$|^SSH_AGENT_PID$",
    re.IGNORECASE,
)
WITH_PASSWORD = re.compile(r"://[^/\s:@]*:[^/\s@]+@")


class Limits(msgspec.Struct, frozen=True):
    """Of each process of a session; 0: as the worker itself has it."""

    open_files: int = 0
    processes: int = 0  # of the user whose they are, all together
    core_mb: int = 0  # of a crashed program's memory; here 0 is none: it may have secrets in it

    def set(self) -> None:
        lower(resource.RLIMIT_CORE, self.core_mb * 2**20)
        if self.open_files:
            lower(resource.RLIMIT_NOFILE, self.open_files)
        if self.processes:
            lower(resource.RLIMIT_NPROC, self.processes)


def lower(which: int, most: int) -> None:
    """A limit that cannot be raised again."""
    _, hard = resource.getrlimit(which)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(which, (most, most))


def clean(environment: Mapping[str, str], pass_on: Sequence[str] = ()) -> dict[str, str]:
    """Without secrets, but for those whose names fit one of `pass_on`, such as "ARNOLD_*"."""
    return {
        name: value
        for name, value in environment.items()
        if not is_secret(name, value) or any(fnmatchcase(name, pattern) for pattern in pass_on)
    }


def is_secret(name: str, value: str) -> bool:
    return bool(SECRET.search(name) or WITH_PASSWORD.search(value))
