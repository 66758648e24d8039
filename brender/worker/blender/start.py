"""The environment's onEnter: starts the guard and waits until Blender has opened the scene.

How does this work?  It keeps the job's settings in the session's folder, opens the socket there, and forks
the guard, which lets go of this action's output (OpenJD waits for everybody who holds it).  From then on it
is a client like any task.  `start.py again WORD...` is what a task's client becomes when it finds no guard:
the same, with the settings kept from the first time.
"""

from __future__ import annotations

import os
import socket
import sys

sys.path.append(os.path.abspath(__file__ + "/../../../.."))

from brender.worker.blender import ask, guard, installed, settings

KEPT = "blender.json"
PASSING_ON = frozenset({"sh", "bash", "dash", "sudo", "setsid", "env", "su", "runuser"})


def session_process() -> int:
    """The process that runs the session: our parent, or the first above it that is not just passing us on."""
    pid = os.getppid()
    while pid > 1:
        with open(f"/proc/{pid}/stat") as file:
            name, _, rest = file.read().partition("(")[2].rpartition(")")
        if name not in PASSING_ON:
            break
        pid = int(rest.split()[1])
    return pid


def start_guard(asked: settings.Settings) -> None:
    found = installed.from_environment(os.environ)
    blender = installed.choose(found, asked.blender_version, os.environ.get("PATH", ""))
    session = session_process()
    if os.path.lexists(ask.SOCKET):
        os.unlink(ask.SOCKET)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(ask.SOCKET)
    listener.listen(8)
    if os.fork() == 0:
        guard.become(asked, blender, listener, session)
    listener.close()


def first_time(words: list[str]) -> settings.Settings:
    asked = settings.read(words)
    with open(KEPT, "w") as file:
        file.write(asked.as_json())
    return asked


def kept() -> settings.Settings:
    if not os.path.exists(KEPT):
        raise settings.WrongSettings("This session has not entered the environment that starts Blender.")
    with open(KEPT) as file:
        return settings.from_json(file.read())


def run(words: list[str]) -> int:
    again = words[:1] == ["again"]
    start_guard(kept() if again else first_time(words))
    connection = ask.connect()
    if connection is None:
        raise settings.WrongSettings("The process that watches over Blender ended at once; see guard.log.")
    return ask.ask(connection, words[1:] if again else ["load"])


def main(words: list[str]) -> int:
    try:
        return run(words)
    except (settings.WrongSettings, installed.NoBlender) as refusal:
        ask.say(f"openjd_fail: {refusal}\n".encode())
    except OSError as error:
        ask.say(f"openjd_fail: Blender could not be started: {error}.\n".encode())
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
