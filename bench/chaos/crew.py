"""The programs of the farm: started, killed, started again; and those that end though nobody has killed them.

How does this work?  `Crew` holds a server and workers by name.  `look` is called now and again: a program that has
ended by itself is noted in `ended_by_themselves` and started again, as a service manager does; when that happens
all the time, it raises.
"""

from contextlib import suppress
from pathlib import Path

import psutil

from bench.chaos.plan import SERVER
from bench.chaos.proxy import Proxy
from bench.chaos.story import Story
from tests.line.harness import Farm, Program, WorkerProgram

LAST_WORDS = 300  # characters
MOST_ENDS = 20  # after which it makes no sense to go on
SLOTS = 2


class Crew:
    def __init__(self, farm: Farm, proxies: dict[str, Proxy], workers: list[str], story: Story) -> None:
        self.ended_by_themselves: list[str] = []
        self.names = [SERVER, *workers]
        self._farm = farm
        self._proxies = proxies
        self._story = story
        self._programs: dict[str, Program] = {}
        self._down: set[str] = set()  # killed, and not started again yet

    def start(self, name: str) -> None:
        if name == SERVER:
            self._programs[name] = self._farm.start_server(wait=False)
        else:
            self._programs[name] = self._farm.worker(name, SLOTS, wait=False, port=self._proxies[name].port)
        self._down.discard(name)
        self._story.tell(f"{name} is started, process {self._programs[name].pid}")

    def kill(self, name: str) -> None:
        self.look()
        self._down.add(name)
        self._programs[name].kill()

    def look(self) -> None:
        """Start again what has ended by itself."""
        for name, program in list(self._programs.items()):
            if name not in self._down and not program.running:
                words = program.log[-LAST_WORDS:]
                self.ended_by_themselves.append(f"Ended: {name}, by itself, exit code {program.process.returncode}.")
                self._story.tell(f"{self.ended_by_themselves[-1]}: ...{words}")
                self.start(name)
        if len(self.ended_by_themselves) > MOST_ENDS:
            raise RuntimeError("Programs of the farm end again and again.")

    def process(self, name: str, what: str) -> psutil.Process | None:
        """The worker's nursery or one of its sessions; or the program itself.  None when it is not there."""
        program = self._programs[name]
        with suppress(psutil.Error, StopIteration, IndexError):
            if what == "nursery" and isinstance(program, WorkerProgram):
                return program.nursery
            if what == "session" and isinstance(program, WorkerProgram):
                return program.sessions[0]
            if what in ("server", "worker"):
                return psutil.Process(program.pid)
        return None

    def ask_to_leave(self, name: str) -> None:
        self._programs[name].process.terminate()

    def gone(self, name: str) -> bool:
        return not self._programs[name].running

    def end(self) -> None:
        """Whatever happened, nothing goes on."""
        for program in self._programs.values():
            if program.running:
                program.kill()


def temporary_folder(folder: Path) -> Path:
    """Where everything that the farm starts puts its temporary files."""
    made = folder / "temporary"
    made.mkdir()
    return made
