"""Every verb is a command: the same is done as on the shell, and told in its words, as JSON, as CSV or as ids."""

import csv
import json
import os
import subprocess
import sys
from io import StringIO
from typing import Any, NamedTuple

import msgspec
from click.testing import CliRunner
from twisted.internet import reactor as global_reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender import __version__
from brender.cli import MODULES, main, sections, verbs
from brender.protocols.commands import answer
from brender.verbs.examples import EXAMPLES
from brender.verbs.known import VERBS
from brender.verbs.performing import Request
from brender.verbs.typed.naming import SAME
from brender.verbs.verb import Verb
from brender.web.site import make_site
from tests.cli.case import CHECKOUT
from tests.verbs.example_farm import ExampleFarm

reactor: Any = global_reactor
WORDS = {action: word for word, action in SAME.items() if word != "list"}


def typed(request: Request) -> list[str]:
    """The words of an example, as a person types them."""
    verb = VERBS[request.item, request.action]
    words = beginning(verb)
    words += [str(each) for each in (request.job, request.id, request.filter) if each is not None]
    return words + [word for name, value in request.values.items() for word in said(name, value)]


def beginning(verb: Verb) -> list[str]:
    if verb.name == "read":
        return [verb.item.plural]
    return [verb.item.name] if verb.name == "show" else [WORDS.get(verb.name, verb.name), verb.item.name]


def said(name: str, value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{key}={text}" for key, text in value.items()]
    return [f"{name}={','.join(map(str, value)) if isinstance(value, list) else value}"]


def as_line(words: list[str]) -> str:
    return " ".join(f"'{word}'" if " " in word else word for word in words)


def plain(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


class Ran(NamedTuple):
    code: int
    out: str
    err: str


class FarmCase(TestCase):
    """The command in a thread of this process, and the farm of the examples behind a real web."""

    timeout = 60

    def setUp(self) -> None:
        before = os.environ.get("TZ")
        os.environ["TZ"] = "UTC"
        self.addCleanup(lambda: os.environ.update(TZ=before) if before else os.environ.pop("TZ"))

    async def serve(self) -> ExampleFarm:
        made = await ExampleFarm.made(self)
        site = make_site(made.service, __version__, clock=made.clock, now=made.now)
        port = reactor.listenTCP(0, site, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.url = f"http://127.0.0.1:{port.getHost().port}"
        return made

    async def brender(self, *words: str, typing: str | None = None) -> Ran:
        def run() -> Any:
            server = {"BRENDER_SERVER": self.url}
            return CliRunner().invoke(main, words, env=server, input=typing, catch_exceptions=False)

        found = await deferToThread(run)
        return Ran(found.exit_code, found.stdout, found.stderr)


class EveryVerb(FarmCase):
    """Filled below: a test for each."""

    async def as_json(self, request: Request) -> None:
        result = await (await ExampleFarm.made(self)).perform(request)
        await self.serve()
        ran = await self.brender(*typed(request), "--json")
        self.assertEqual((ran.code, ran.err), (0, ""), ran.out)
        found, verb = json.loads(ran.out), VERBS[request.item, request.action]
        many = "matched" in found or isinstance(found, list)  # a name that is typed is a filter
        wanted = plain(result.listed() if many else result.plain())
        if verb.name == "log":
            self.assertEqual(found["log"], wanted["log"])
        elif verb.key == ("job", "show"):  # people do not ask for its orders
            self.assertEqual({**found, "orders": wanted["orders"]}, wanted)
        else:
            self.assertEqual(found, wanted["data"] if isinstance(found, list) else wanted)

    async def in_words(self, request: Request) -> None:
        words, other = typed(request), await ExampleFarm.made(self)
        wanted = await answer(other.service, as_line(words), other.now())
        await self.serve()
        ran = await self.brender(*words)
        self.assertEqual(ran, (0, f"{wanted}\n", ""))


def add(verb: Verb) -> None:
    request = EXAMPLES[verb.key]

    async def as_json(self: EveryVerb) -> None:
        await self.as_json(request)

    async def in_words(self: EveryVerb) -> None:
        await self.in_words(request)

    setattr(EveryVerb, f"test_{verb.item.name}_{verb.name}_as_json", as_json)
    if verb.changes:  # what is looked at has ages in it, and they go on
        setattr(EveryVerb, f"test_{verb.item.name}_{verb.name}_in_words", in_words)


for verb in VERBS.values():
    if verb.key != ("job", "create") and not verb.sent:  # `submit` and `plan` read templates of this machine
        add(verb)


class Definitions(SynchronousTestCase):
    def test_every_action_and_every_item_is_in_the_help(self) -> None:
        listed = [name for names in sections().values() for name in names]
        self.assertEqual(len(listed), len(set(listed)))
        words = {WORDS.get(action, action) for _, action in VERBS} - {"read", "show"}
        plurals = {verb.item.plural for verb in VERBS.values()}
        self.assertLessEqual(words | plurals | set(MODULES), set(listed))

    def test_what_the_command_itself_takes_is_taken_by_no_verb(self) -> None:
        own = {"json", "csv", "quiet", "wait", "server", "show_config", "help"}
        self.assertEqual([verb.key for verb in VERBS.values() if own & set(verb.takes.__struct_fields__)], [])

    def test_every_word_has_a_sentence(self) -> None:
        for word in verbs.known():
            self.assertRegex(verbs.sentence(word), r"^[A-Z].*\.$")


class Weight(SynchronousTestCase):
    """What is not imported needs no time."""

    def imported(self, module: str) -> set[str]:
        program = f"import sys, {module}; print(*sys.modules)"
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, cwd=CHECKOUT, text=True)
        return set(ran.stdout.split())

    def test_who_only_looks_at_a_farm_imports_nothing_of_a_server(self) -> None:
        heavy = {"openjd.model", "pydantic", "peewee", "twisted.internet.defer", "rich.progress", "psutil"}
        self.assertEqual(self.imported("brender.cli.verbs") & heavy, set())

    def test_who_hands_in_a_job_imports_no_verbs(self) -> None:
        self.assertEqual(self.imported("brender.cli.submit") & {"brender.verbs.known", "openjd.model"}, set())


class Told(FarmCase):
    async def test_a_list_as_csv_has_all_of_it(self) -> None:
        await self.serve()
        ran = await self.brender("tasks", "1", "state=completed", "fields=id,state", "--csv")
        rows = list(csv.reader(StringIO(ran.out)))
        self.assertEqual(rows[0], ["id", "state"])
        self.assertEqual({row[1] for row in rows[1:]}, {"completed"})
        self.assertEqual((await self.brender("cancel", "all", "--csv")).code, 2)

    async def test_ids_alone_are_for_other_commands(self) -> None:
        await self.serve()
        self.assertEqual((await self.brender("jobs", "owner=ada", "-q")).out, "3\n1\n")
        self.assertEqual((await self.brender("jobs", "limit=1", "-q")).out, "4\n")
        self.assertEqual((await self.brender("pools", "--quiet")).out, "lighting\n")
        self.assertEqual((await self.brender("tasks", "1", "state=failed", "-q")).out, "Render:0\n")
        self.assertEqual(await self.brender("pause", "1", "--quiet"), (0, "", ""))
        self.assertEqual((await self.brender("create", "pool", "nights", "clients=attic", "-q")).out, "nights\n")

    async def test_of_many_what_was_refused_is_said_and_has_failed(self) -> None:
        await self.serve()
        ran = await self.brender("pause", "job", "id=1,3")
        self.assertEqual(ran.code, 1)
        self.assertIn("Job 3 is completed and cannot be paused.", ran.out)

    async def test_a_mistake_in_a_filter_is_pointed_at(self) -> None:
        await self.serve()
        ran = await self.brender("jobs", "state=paused and (id=1")
        self.assertEqual(ran.code, 2)
        self.assertEqual(ran.err.splitlines()[1:], ["  state=paused and (id=1", f"  {' ' * 17}^"])

    async def test_create_job_is_submit(self) -> None:
        await self.serve()
        ran = await self.brender("create", "job", "nothing.yaml")
        self.assertEqual(ran.code, 2)
        self.assertIn("nothing.yaml cannot be read", ran.err)

    async def test_the_farm_is_told_as_the_shell_tells_it(self) -> None:
        made = await self.serve()
        self.assertEqual((await self.brender("farm")).out, f"{await answer(made.service, 'farm', made.now())}\n")
        self.assertEqual(json.loads((await self.brender("farm", "--json")).out)["clients"], 3)

    async def test_help_tells_of_commands_items_and_filters(self) -> None:
        self.url = "http://127.0.0.1:1"
        self.assertIn("Looking:", (await self.brender("help")).out)
        self.assertIn("A job is a template with values", (await self.brender("help", "job")).out)
        self.assertIn("Hand in a scene", (await self.brender("help", "submit")).out)
        self.assertIn("retry FILTER [FRAMES]", (await self.brender("retry", "--help")).out)
        wrong = await self.brender("help", "cancl")
        self.assertEqual(wrong.code, 2)
        self.assertIn("did you mean cancel?", wrong.err)
