"""The system's own packages on Debian, Ubuntu and their kin: which are missing, and getting them.

How does this work?  What is missing is asked of the machine itself: a library by loading it, a program by
looking for it on PATH.  Whoever is root, or may use sudo without a password, gets the packages installed;
anybody else is shown the one line to run, and the set-up goes on without them.
"""

import ctypes
import os
import platform
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bootstrap.progress import Step, tell

BLENDER_NEEDS = {  # library that Blender's Python module loads: the package that has it
    "libX11.so.6": "libx11-6",
    "libXrender.so.1": "libxrender1",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libXext.so.6": "libxext6",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",  # without it Workbench and EEVEE end Blender at once
}

TESTED_WITH = {  # other people's program that a test runs as its users do: the package that has it
    "apache2": "apache2-bin",  # the program alone: what `apache2` adds would start it
    "curl": "curl",
    "groff": "groff-base",
    "nginx": "nginx",
    "php": "php-cli",
    "ssh": "openssh-client",
    "telnet": "telnet",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")  # any of them does


def can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def missing_for_blender() -> list[str]:
    return [package for library, package in BLENDER_NEEDS.items() if not can_load(library)]


def missing_for_tests() -> list[str]:
    packages = [package for program, package in TESTED_WITH.items() if not has(program)]
    if not any(map(has, BROWSERS)) and is_debian():
        packages.append("chromium")
    return packages if has_postgresql() else [*packages, "postgresql"]


def has(program: str) -> bool:
    """Whether it is on the PATH of whoever administers the machine, where Debian has its servers."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None


def is_debian() -> bool:
    """Debian itself: others of its kin have no chromium that apt-get could install."""
    try:
        return platform.freedesktop_os_release()["ID"] == "debian"
    except OSError:
        return False


def has_postgresql(folder: Path = Path("/usr/lib/postgresql")) -> bool:
    """Debian keeps a server's programs beside PATH, each version in its own folder."""
    return shutil.which("initdb") is not None or any(folder.glob("*/bin/initdb"))


def install(what: str, packages: Sequence[str], needed_by: str) -> bool:
    """Installs packages when the person may, else shows how, and tells whether they are there now."""
    leave = permission()
    if leave is None:
        tell(what, f"not there; wanted by {needed_by}. The line to run:")
        print(f"    {by_hand(packages)}", flush=True)
        return False
    step = Step(what)
    apt = [*leave, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    step.run([*apt, "update"], "reading the lists of packages")
    if step.run([*apt, "install", "-y", "--no-install-recommends", *packages], "installing " + " ".join(packages)):
        step.done(" ".join(packages))
        return True
    print(*(f"    {line}" for line in list(step.lines)[-8:]), sep="\n", flush=True)
    tell(what, f"apt-get could not install it; wanted by {needed_by}. The line to try:")
    print(f"    {by_hand(packages)}", flush=True)
    return False


def leave_off(service: str) -> None:
    """Stops a server that Debian started when it was installed: nobody has asked for it to answer the network."""
    script = f"systemctl disable --now {service} || service {service} stop"
    command = [*(permission() or ()), "sh", "-c", script]
    subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def permission() -> list[str] | None:
    """What to put before apt-get so that it may install, or None when the person may not."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    asked = subprocess.run(["sudo", "-n", "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return ["sudo", "-n"] if asked.returncode == 0 else None


def by_hand(packages: Sequence[str]) -> str:
    if shutil.which("apt-get") is None:
        return f"(your system's package manager) install {shlex.join(packages)}   # Debian's names"
    return f"{'' if os.geteuid() == 0 else 'sudo '}apt-get install {shlex.join(packages)}"
