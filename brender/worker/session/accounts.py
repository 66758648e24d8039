"""As whom tasks run: as the worker's own user, or as another account of the machine.

How does this work?  `run_as` names an account, or says "owner": that is the account with the name of the job's owner.
The process of a session is forked from the nursery, and becomes the account before anything of a job runs (`become`):
all its groups, then its group, then its user, and no way back.  Only root may do that, or whoever has `POWERS`; at the
start of a worker `check` looks whether it can, and whether the account reaches what its tasks need.  The account is
never root, nor the worker's own; as "owner" none that belongs to the system.
"""

import ctypes
import os
import pwd
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import brender

OWNER = "owner"
FIRST_OF_PEOPLE = 1000  # the lowest number of somebody's account, where the machine does not say
UID_MIN = re.compile(r"^UID_MIN\s+(\d+)", re.MULTILINE)
NOBODY = 65_534
POWERS = {"CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_KILL": 5, "CAP_SETGID": 6, "CAP_SETUID": 7}  # capabilities(7)
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4  # prctl(2)
CAPABILITIES_3 = 0x20080522  # capset(2)
OF_THE_WORKERS = ("DBUS_SESSION_BUS_ADDRESS", "MAIL", "XAUTHORITY", "XDG_RUNTIME_DIR")  # which no other account can use
OF_ITS_HOME = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")


class NoAccount(Exception):
    """Tasks cannot be run as somebody; the message is a sentence for people."""


class Account(NamedTuple):
    name: str
    uid: int
    gid: int
    home: str


STRANGER = Account("another account", NOBODY, NOBODY, "/")  # what is closed to this one may be closed to anybody


# --- which one


def account_for(run_as: str, owner: str) -> Account | None:
    """As whom tasks of somebody's job run; None as whoever the worker is.  Raises `NoAccount`."""
    if not run_as:
        return None
    if run_as != OWNER:
        return account_of(run_as)
    if not owner:
        raise NoAccount(
            'This worker runs tasks as the owner of their job (run_as = "owner"), and the owner of this one is no user '
            "of the farm: give the job to somebody who is."
        )
    found = account_of(owner)
    if found.uid < (first := first_of_people()):
        raise NoAccount(
            f"The account {owner} belongs to this machine's system (its number {found.uid} is below {first}): no task "
            "is run as that one because it has the name of a job's owner."
        )
    return found


def account_of(name: str) -> Account:
    """Raises `NoAccount`."""
    try:
        found = pwd.getpwnam(name)
    except (KeyError, ValueError) as error:
        raise NoAccount(
            f"This machine has no account {name}, as which tasks are to run: make one, or change run_as."
        ) from error
    if found.pw_uid == 0:
        raise NoAccount(f"The account {name} is root, and no task is run as root.")
    if found.pw_uid == os.geteuid():
        raise NoAccount(f"The account {name} is the worker's own, so that its tasks could read the worker's secrets.")
    return Account(found.pw_name, found.pw_uid, found.pw_gid, found.pw_dir)


def first_of_people() -> int:
    with suppress(OSError, UnicodeDecodeError):
        if found := UID_MIN.search(Path("/etc/login.defs").read_text()):
            return int(found[1])
    return FIRST_OF_PEOPLE


# --- becoming it


def become(account: Account) -> None:
    """From now on this process is that account's, for good.  Raises `NoAccount`: then it is good for nothing more."""
    try:
        os.initgroups(account.name, account.gid)
        os.setresgid(account.gid, account.gid, account.gid)
        os.setresuid(account.uid, account.uid, account.uid)
        give_up_powers()
    except OSError as error:
        raise NoAccount(f"A session could not become the account {account.name}: {error}.") from error
    if {*os.getresuid()} != {account.uid} or {*os.getresgid()} != {account.gid} or powers() or may_return():
        raise NoAccount(f"A session has not become the account {account.name} altogether.")
    os.umask(0o022)
    for name in (*OF_THE_WORKERS, *OF_ITS_HOME):
        os.environ.pop(name, None)
    os.environ.update(HOME=account.home, USER=account.name, LOGNAME=account.name)


def give_up_powers() -> None:
    """Whoever was not root keeps capabilities when it becomes somebody else.  Raises `OSError`."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header, none = (ctypes.c_uint32 * 2)(CAPABILITIES_3, 0), (ctypes.c_uint32 * 6)()
    if libc.capset(header, none):
        raise OSError(ctypes.get_errno(), f"capset: {os.strerror(ctypes.get_errno())}")


def may_return() -> bool:
    with suppress(OSError):
        os.setuid(0)
        return True
    return False


def powers() -> int:
    """What this process may do though it is not root: a bit for each."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return int(line.split()[1], 16)
    return 0


# --- whether it will be possible


def check(run_as: str, sessions: Path) -> None:
    """At the start of a worker, whose sessions will have their folders there.  Raises `NoAccount`."""
    if sys.platform != "linux":
        raise NoAccount("Tasks can be run as another account (run_as) on Linux alone.")
    if missing := lacking():
        raise NoAccount(
            f"This worker cannot run tasks as another account (run_as): it lacks {', '.join(missing)}. Start it as "
            f"root, or have systemd give it what it needs: AmbientCapabilities={' '.join(POWERS)}."
        )
    account = STRANGER if run_as == OWNER else account_of(run_as)
    needed = (sessions, Path(sys.executable), Path(os.__file__), Path(brender.__file__))
    if problem := tried(account, needed):
        raise NoAccount(problem)


def lacking() -> list[str]:
    """The powers that this process does not have."""
    return [name for name, bit in POWERS.items() if not powers() >> bit & 1]


def tried(account: Account, needed: Iterable[Path]) -> str:
    """What a process says that has become the account and looks for all this; nothing when it is well."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        said = "The trial to run something as another account has failed."
        try:
            become(account)
            said = next(filter(None, (closed(each, account) for each in needed)), "")
        except NoAccount as error:
            said = str(error)
        finally:
            os.write(writing, said.encode("utf-8", "surrogateescape"))
            os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8", errors="replace") as heard:
        told = heard.read()
    os.waitpid(pid, 0)
    return told


def closed(place: Path, account: Account) -> str:
    """Why this process cannot use a file or go through a folder; empty when it can."""
    real = Path(os.path.realpath(place))
    for folder in reversed(real.parents):
        if not os.access(folder, os.X_OK):
            return (
                f"Tasks cannot run as {account.name} (run_as): {folder} is closed to it, and {place} is in there. "
                f"Open it (chmod a+x {folder}), or have that in another place, such as /opt or /var/lib."
            )
    if not os.access(real, os.X_OK if real.is_dir() else os.R_OK):
        return f"Tasks cannot run as {account.name} (run_as): {place} is closed to it."
    return ""
