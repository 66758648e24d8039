"""Imports run one way: who may import whom, as three tables, and a test that reads the source.

How does this work?  `imports` reads every module under brender/ with `ast` and lists what it imports, wherever the
statement stands: at the top, in a function, under TYPE_CHECKING.  A module belongs to the row of `ROOMS`
with the longest name that it begins with.  `offences` holds each import against the tables and gives a
sentence with file and line for each that is not allowed.  A module without a row is an offence too.

One amendment to the rooms: a worker shares the wire with its server, so it may import the messages and
their codec from `brender.protocols`, and nothing else from there.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from twisted.trial.unittest import SynchronousTestCase

BRENDER = Path(__file__).resolve().parent.parent / "brender"

# Room: what it may import of ours, besides itself.
ROOMS: dict[str, tuple[str, ...]] = {
    "brender.farm": (),
    "brender.events": ("brender.farm",),
    "brender.logs": ("brender.farm",),
    "brender.pictures": ("brender.farm", "brender.logs"),
    "brender.config": ("brender.farm",),
    "brender.people": ("brender.farm",),
    "brender.service": (
        "brender.farm",
        "brender.events",
        "brender.logs",
        "brender.people",
        "brender.pictures",
        "brender.templates",
    ),
    "brender.security": ("brender.farm",),
    "brender.ports": ("brender.config",),
    "brender.ports.workers": ("brender.farm", "brender.protocols", "brender.security", "brender.ports"),
    "brender.db": ("brender.farm",),
    "brender.verbs": ("brender.farm", "brender.templates"),
    "brender.planner": ("brender.farm",),
    "brender.protocols": ("brender.farm", "brender.verbs", "brender.ports.strangers"),
    "brender.simulate": ("brender.farm",),
    "brender.web": ("brender.farm", "brender.verbs", "brender.ports.strangers"),
    "brender.webhooks": ("brender.farm", "brender.verbs"),
    "brender.worker": ("brender.farm", "brender.security", "brender.protocols.messages", "brender.protocols.codec"),
    "brender.templates": ("brender.farm",),
    "brender.tap": ("brender",),
    "brender.worker.tap": ("brender",),
    "brender.client": ("brender.farm", "brender.verbs"),
    "brender.cli": ("brender",),
    "brender.__main__": ("brender.cli",),
    "brender.twisted_plugins": (),  # names its modules as text: `twistd` imports the one that is started
}

# Some things are for few: what is imported, and the rooms that may.
ONLY: dict[str, tuple[str, ...]] = {
    "brender.tap": ("brender.cli",),  # and twistd.tac
    "brender.worker.tap": ("brender.cli",),
    "brender.service": ("brender.tap",),  # everybody else is handed it
    "peewee": ("brender.db",),
    "playhouse": ("brender.db",),
    "sqlite3": ("brender.db",),
    "twisted.internet.reactor": ("brender.tap", "brender.worker.tap", "brender.cli"),  # everybody else is handed it
    "openjd.sessions": ("brender.worker",),
    "bpy": ("brender.worker",),
}

# And some rooms stay clean of things: the rules know no reactor, no database, no clock and no files.
NEVER: dict[str, tuple[str, ...]] = {
    "brender.farm": ("twisted", "time", "random", "os", "io", "shutil", "tempfile", "socket",
                      "select", "subprocess", "threading", "asyncio", "logging"),
    "brender.twisted_plugins": ("twisted.internet",),
}

# The rules may take a path for a name, and never look what is there.
FILES = {"open", "exists", "is_file", "is_dir", "stat", "iterdir", "glob", "rglob", "mkdir", "unlink", "resolve",
         "read_text", "read_bytes", "write_text", "write_bytes"}

# Nor do they ask what time it is: it is handed to them.
CLOCKS = {"now", "today", "utcnow"}


class Import(NamedTuple):
    file: Path
    line: int
    module: str  # the one that imports
    target: str  # what it imports, with the name: twisted.internet.reactor


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(room + ".")


def room_of(module: str) -> str | None:
    return max((room for room in ROOMS if within(module, room)), key=len, default=None)


def imports(package: Path) -> Iterator[Import]:
    """Every import of every module in a package's folder."""
    for file in sorted(package.rglob("*.py")):
        module = module_of(file, package.parent)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), str(file))):
            for target in targets(node, module, is_package=file.name == "__init__.py"):
                yield Import(file.relative_to(package.parent), getattr(node, "lineno", 0), module, target)


def module_of(file: Path, root: Path) -> str:
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def targets(node: ast.AST, module: str, is_package: bool) -> list[str]:
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    base = node.module or ""
    if node.level:
        up = module.split(".")[: len(module.split(".")) - node.level + is_package]
        base = ".".join([*up, base] if base else up)
    return [f"{base}.{name.name}" for name in node.names]


def called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def offences(package: Path) -> list[str]:
    """A sentence for each module that has no room, and for each import that the tables do not allow."""
    modules = {module_of(file, package.parent) for file in package.rglob("*.py")}
    homeless = [f"{module} is in no room: give it a row in tests/test_imports.py."
                for module in sorted(modules - {"brender"}) if room_of(module) is None]
    return homeless + [sentence for each in imports(package) if (sentence := offence(each))]


def offence(each: Import) -> str | None:
    room = room_of(each.module)
    where = f"{each.file}:{each.line}: {each.module} imports {each.target}"
    for thing, few in ONLY.items():
        if within(each.target, thing) and not (within(each.module, thing) or any(within(each.module, r) for r in few)):
            return f"{where}, which is for {', '.join(few)} alone."
    if room is None or is_allowed(each.target, room):
        unwanted = [thing for thing in NEVER.get(room or "", ()) if within(each.target, thing)]
        return f"{where}; {room} stays clean of {unwanted[0]}." if unwanted else None
    return f"{where}; of ours, {room} imports {', '.join((*ROOMS[room], 'itself'))} only."


def is_allowed(target: str, room: str) -> bool:
    if not within(target, "brender") or target in {"brender", "brender.__version__"}:
        return True
    return room_of(target) == room or any(within(target, allowed) for allowed in ROOMS[room])


class ImportDirection(SynchronousTestCase):
    def test_every_import_is_one_that_the_tables_allow(self) -> None:
        found = offences(BRENDER)
        self.assertEqual(found, [], "\n" + "\n".join(found))

    def test_the_rules_touch_no_file_and_look_at_no_clock(self) -> None:
        touching = [f"{file.relative_to(BRENDER.parent)}:{node.lineno}: {name}()"
                    for file in (BRENDER / "farm").rglob("*.py") for node in ast.walk(ast.parse(file.read_text()))
                    if isinstance(node, ast.Call) and (name := called(node)) in FILES | CLOCKS]
        self.assertEqual(touching, [], "\n" + "\n".join(touching))

    def test_every_row_names_something_that_is_there(self) -> None:
        for room in ROOMS:
            path = BRENDER.parent.joinpath(*room.split("."))
            self.assertTrue(path.is_dir() or path.with_suffix(".py").is_file(), f"There is no {room} any more.")


MISTAKEN = {
    "__init__.py": "__version__ = '2'\n",
    "farm/__init__.py": "",
    "farm/job.py": "import msgspec\nimport time\nfrom . import task\nfrom .task import Task\n",
    "farm/task.py": "from brender.service.farm_service import FarmService\n",
    "service/farm_service.py": "from brender import __version__, db\nfrom brender.farm.job import Job\n",
    "db/__init__.py": "import peewee\n",
    "web/tree.py": "def late():\n    from twisted.internet import reactor\n",
    "web/guess.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from peewee import Model\n",
    "worker/agent.py": "from brender.protocols.codec import Codec\nfrom brender.protocols.shell import Shell\n",
    "worker/tap.py": "from twisted.internet import reactor\nfrom brender.config import load\n",
    "worker/late.py": "from . import tap\n",
    "attic.py": "",
}


class TheTestItself(SynchronousTestCase):
    """A tree with mistakes in it: each is found, with its file and line, and nothing else is."""

    def test_every_mistake_is_found_with_its_file_and_line(self) -> None:
        package = Path(self.mktemp()) / "brender"
        for name, text in MISTAKEN.items():
            (package / name).parent.mkdir(parents=True, exist_ok=True)
            (package / name).write_text(text)
        self.assertEqual(offences(package), [
            "brender.attic is in no room: give it a row in tests/test_imports.py.",
            "brender/farm/job.py:2: brender.farm.job imports time; brender.farm stays clean of time.",
            "brender/farm/task.py:1: brender.farm.task imports brender.service.farm_service.FarmService, "
            "which is for brender.tap alone.",
            "brender/service/farm_service.py:1: brender.service.farm_service imports brender.db; "
            f"of ours, brender.service imports {', '.join(ROOMS['brender.service'])}, itself only.",
            "brender/web/guess.py:3: brender.web.guess imports peewee.Model, which is for brender.db alone.",
            "brender/web/tree.py:2: brender.web.tree imports twisted.internet.reactor, "
            "which is for brender.tap, brender.worker.tap, brender.cli alone.",
            "brender/worker/agent.py:2: brender.worker.agent imports brender.protocols.shell.Shell; "
            f"of ours, brender.worker imports {', '.join(ROOMS['brender.worker'])}, itself only.",
            "brender/worker/late.py:1: brender.worker.late imports brender.worker.tap, "
            "which is for brender.cli alone.",
        ])
