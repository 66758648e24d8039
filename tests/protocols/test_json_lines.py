"""Programs at the shell's port: real sockets, a real farm, and what each line is answered."""

# mypy: disable-error-code="no-untyped-call"

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.protocol import connectionDone
from twisted.internet.testing import StringTransport
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from brender.config.settings import StrangerSettings
from brender.farm.client import Status
from brender.farm.people.users import Role
from brender.farm.submission.template import MOST_BYTES as MOST_OF_A_TEMPLATE
from brender.ports.strangers import Strangers
from brender.protocols.commands import answer
from brender.protocols.door import MOMENT, ShellFactory
from brender.protocols.json_lines import MOST_BYTES, JsonLines
from brender.tap import MOST_A_SECOND
from brender.verbs.said.size import MOST_SAID
from brender.web.http.channel import MOST_BODY
from tests.db.databases import rows
from tests.durable import DurableFarm
from tests.fakes import FRAMES, SmallFarm
from tests.web.fakes import Web, request
from tests.web.following.test_stream import events

reactor: Any = global_reactor
log = Logger()
DISABLE = {"item": "client", "action": "update", "filters": {"status": "enabled"}, "values": {"status": "disabled"}}
ENABLE = {"item": "client", "action": "update", "filters": {"status": "disabled"}, "values": {"status": "enabled"}}


class Program(LineReceiver):
    """Another program: what it hears, line by line."""

    transport: Any
    delimiter = b"\n"
    MAX_LENGTH = 64 << 20

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.ended: Deferred[None] = Deferred()
        self._waiting: Deferred[None] | None = None

    def lineReceived(self, line: bytes) -> None:
        self.heard.append(line)
        self._wake()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.ended.callback(None)
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting:
            waiting.callback(None)

    async def line(self) -> Any:
        """The next line, as JSON."""
        while not self.heard:
            self._waiting = Deferred()
            await self._waiting
        return json.loads(self.heard.pop(0))

    def say(self, said: Any) -> None:
        self.transport.write(said if isinstance(said, bytes) else json.dumps(said).encode() + b"\n")

    async def ask(self, said: Any) -> Any:
        self.say(said)
        return await self.line()


class LinesCase(TestCase):
    timeout = 60

    async def program(self, farm: SmallFarm | DurableFarm, factory: Any = None) -> Program:
        factory = factory or ShellFactory(farm.service, reactor, farm.now)
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        endpoint = HostnameEndpoint(reactor, "127.0.0.1", port.getHost().port)
        program: Program = await connectProtocol(endpoint, Program())
        self.addCleanup(self.end, program)
        return program

    async def end(self, program: Program) -> None:
        program.transport.abortConnection()
        await program.ended


class Requests(LinesCase):
    async def test_the_first_brenders_form_of_request_disables_and_enables_clients(self) -> None:
        farm = SmallFarm(self)
        clients = [await farm.client(name) for name in ("render-01", "render-02", "attic")]
        await farm.service.set_status(clients[1:2], Status.DISABLED)
        program = await self.program(farm)
        said = (
            b'{"item": "client", "action": "update", "filters": {"name": "render-0*"}, '
            b'"values": {"status": "disabled"}}\n'
        )
        answer = await program.ask(said)
        self.assertEqual((answer["ok"], answer["matched"], answer["changed"]), (True, 2, 1))
        self.assertEqual(
            [(each["id"], each["name"], each["status"], each["changed"]) for each in answer["data"]],
            [(1, "render-01", "disabled", True), (2, "render-02", "disabled", False)],
        )
        listed = await program.ask({"item": "client", "action": "read", "filters": {"status": "disabled"}})
        self.assertEqual([each["name"] for each in listed["data"]], ["render-01", "render-02"])
        self.assertEqual((await program.ask(ENABLE))["changed"], 2)
        self.assertEqual({client.status for client in clients}, {Status.ENABLED})

    async def test_many_requests_at_once_are_answered_in_their_order_each_with_its_name(self) -> None:
        farm = SmallFarm(self)
        program = await self.program(farm)
        names: list[Any] = [1, "two", None, {"three": [3]}]
        submit = {"item": "job", "action": "create", "values": {"template": FRAMES, "priority": 60}}
        lines = [{**submit, "request": name} for name in names]
        program.say(b"".join(json.dumps(line).encode() + b"\r\n\n" for line in lines))
        answers = [await program.line() for _ in names]
        self.assertEqual([answer["request"] for answer in answers], names)
        self.assertEqual([answer["data"][0]["id"] for answer in answers], [1, 2, 3, 4])
        self.assertEqual([answer["data"][0]["priority"] for answer in answers], [60] * 4)

    async def test_everything_that_has_a_verb_can_be_asked_for(self) -> None:
        farm = SmallFarm(self)
        await farm.job()
        program = await self.program(farm)
        paused = await program.ask({"item": "job", "action": "pause", "id": 1})
        self.assertEqual((paused["changed"], paused["data"][0]["state"]), (1, "paused"))
        why = await program.ask({"item": "job", "action": "why", "id": 1})
        self.assertEqual(why["data"][0], {"id": 1, "name": "shot_010", "why": why["data"][0]["why"]})
        steps = await program.ask({"item": "step", "action": "read", "job": 1})
        self.assertEqual(steps["data"][0]["name"], "Render")
        narrow = await program.ask({"item": "job", "action": "read", "values": {"fields": "id,state"}})
        self.assertEqual(narrow["data"], [{"id": 1, "state": "paused"}])

    async def test_what_cannot_be_is_refused_with_a_code_a_sentence_and_a_place(self) -> None:
        farm = SmallFarm(self)
        await farm.client("render-01")
        program = await self.program(farm)
        nearest = '"updat" on a client; did you mean update?'
        for said, code, sentence, at in (
            ({"item": "client", "action": "updat"}, "unknown-action", f"No action {nearest}", "action"),
            ({"item": "clint", "action": "read"}, "unknown-item", "did you mean client?", "item"),
            ({**DISABLE, "filters": {"staus": "enabled"}}, "bad-request", "did you mean status?", "staus"),
            ({**DISABLE, "filters": "status=enabled and ("}, "bad-request", "never closed", "filter"),
            ({**DISABLE, "values": {"staus": "x"}}, "bad-request", "did you mean status?", "staus"),
            ({**DISABLE, "values": {"status": 3}}, "bad-request", "status: ", "status"),
            ({**DISABLE, "values": {"most_tasks": 0}}, "refused", "at least 1", "most_tasks"),
            ({**DISABLE, "values": {"memory": 3}}, "bad-request", '"memory" of a client cannot be set.', "memory"),
            ({**DISABLE, "filters": {}}, "bad-request", "all are all", "filter"),
            ({**DISABLE, "id": 1}, "bad-request", "an id or a filter, not both", "id"),
            ({**DISABLE, "filter": "all"}, "bad-request", "which of them is meant?", "filter"),
            ({"item": "client", "acton": "read"}, "bad-request", "did you mean action?", "acton"),
            ({"item": "client", "action": "read", "reqest": 1}, "bad-request", "did you mean request?", "reqest"),
            ({"item": "client"}, "bad-request", 'The field "action" is missing.', "action"),
            ({"item": "client", "action": "show", "id": 9}, "not-found", "There is no client 9.", None),
            ({"action": "subscrib"}, "bad-request", 'The field "item" is missing.', "item"),
            (b"{nonsense\n", "bad-request", "The line is not JSON", "line 1 column 2"),
            (b'{"item": "a", "item": "b"}\n', "bad-request", "stands twice", "item"),
            (b'{"id": NaN}\n', "bad-request", "NaN is no number", None),
            (b'{"a":' * 100 + b"1" + b"}" * 100 + b"\n", "bad-request", "nested too deep", None),
            (b'{"\xff": 1}\n', "bad-request", "not UTF-8", None),
            (b"[1]\n", "bad-request", "The line should be a JSON object with item, action", None),
        ):
            answer = await program.ask(said)
            self.assertEqual((answer["ok"], answer["error"]["code"]), (False, code), (said, answer))
            self.assertIn(sentence, answer["error"]["message"])
            self.assertEqual(answer["error"].get("at"), at, said)
        self.assertEqual({client.status for client in farm.service.farm.clients.values()}, {Status.ENABLED})

    async def test_every_problem_of_a_submission_is_listed_and_its_name_comes_back(self) -> None:
        program = await self.program(SmallFarm(self))
        settings = {"hours": "9:00-9:00", "zone": "Mars"}
        values = {"template": FRAMES, "settings": settings}
        answer = await program.ask({"item": "job", "action": "create", "values": values, "request": 7})
        self.assertEqual((answer["request"], answer["error"]["code"]), (7, "refused"))
        self.assertEqual([problem["at"] for problem in answer["problems"]], ["hours", "zone"])

    async def test_a_line_may_be_long_and_one_that_is_too_long_is_dropped(self) -> None:
        farm = SmallFarm(self)
        program = await self.program(farm)
        comment = "x" * 1_000_000
        values = {"template": FRAMES + f"# {comment}\n"}
        self.assertTrue((await program.ask({"item": "job", "action": "create", "values": values}))["ok"])
        program.say(b"{" + b"x" * MOST_SAID + b"\n")
        program.say({"item": "job", "action": "read", "request": 1})
        self.assertEqual((await program.line())["error"]["code"], "line-too-long")
        self.assertEqual((await program.line())["request"], 1)

    def test_the_line_ends_of_windows_do_not_count_wherever_they_are_split(self) -> None:
        farm = SmallFarm(self)
        asked = b'{"item": "job", "action": "read"'
        for more, code in ((0, None), (1, "line-too-long")):
            line = asked + b" " * (MOST_SAID + more - len(asked) - 1) + b"}"
            for pieces in ([line + b"\r\n"], [line + b"\r", b"\n"], [line, b"\r\n"], [line, b"\r", b"\n"]):
                lines, transport = JsonLines(farm.service, lambda: 0.0), StringTransport()
                lines.makeConnection(transport)
                for piece in (*pieces, asked + b', "request": 1}\r\n'):
                    lines.dataReceived(piece)
                first, second = map(json.loads, transport.value().splitlines())
                self.assertEqual((first.get("error", {}).get("code"), second["request"]), (code, 1))

    async def test_the_largest_template_that_http_takes_is_taken_as_a_line_too_also_as_the_first(self) -> None:
        self.assertEqual(MOST_BODY, MOST_SAID)
        web = Web(self)
        line = "# " + "x" * 97 + "\n"
        template = FRAMES + line * ((MOST_OF_A_TEMPLATE - len(FRAMES)) // len(line))
        values = {"template": template, "name": "large"}
        self.assertEqual(web.ask("POST", "/api/v1/jobs", values).status, 201)
        strangers = Strangers(StrangerSettings(), reactor, near=lambda address: True)
        shell = ShellFactory(web.farm.service, reactor, web.farm.now)
        program = await self.program(web.farm, strangers.at(shell, MOST_A_SECOND["shell"]))
        for number in (2, 3):
            answer = await program.ask({"item": "job", "action": "create", "values": values})
            self.assertEqual([job["id"] for job in answer["data"]], [number])
            self.assertEqual(strangers.figures, (1, 0, 0))

    async def test_a_line_of_somebody_who_is_not_known_may_not_be_so_long_until_they_log_in(self) -> None:
        farm = SmallFarm(self)
        await farm.service.add_user("mara", Role.ADMIN, "a long password")
        program = await self.program(farm)
        long = b'{"item": "job", "action": "read"' + b" " * MOST_BYTES + b"}\n"
        for size in (MOST_BYTES + 1, MOST_SAID):
            program.say(b"{" + b"x" * size + b"\n")
            self.assertIn(f"{MOST_BYTES:,} bytes", (await program.line())["error"]["message"])
        self.assertEqual((await program.ask(long))["error"]["code"], "line-too-long")
        name = {"name": "mara", "password": "a long password"}
        self.assertTrue((await program.ask({"item": "session", "action": "create", "values": name}))["ok"])
        self.assertTrue((await program.ask(long))["ok"])
        self.assertTrue((await program.ask({"item": "session", "action": "delete"}))["ok"])
        self.assertEqual((await program.ask(long))["error"]["code"], "line-too-long")

    def test_a_line_in_pieces_is_whole_when_it_ends_or_when_nothing_more_comes(self) -> None:
        for end in (b"\n", b""):
            lines, transport = JsonLines(SmallFarm(self).service, lambda: 0.0), StringTransport()
            lines.makeConnection(transport)
            for piece in (b'{"item": ', b'"job", ', b'"action": ', b'"read"}' + end):
                self.assertEqual(transport.value(), b"")
                lines.dataReceived(piece)
            lines.readConnectionLost()
            self.assertEqual(json.loads(transport.value())["ok"], True)

    async def test_a_fault_of_ours_costs_its_answer_and_nothing_else(self) -> None:
        farm = SmallFarm(self)
        await farm.client("render-01")

        async def broken(*_: Any) -> Any:
            raise KeyError("x")

        self.patch(farm.service, "set_status", broken)
        program = await self.program(farm)
        answer = await program.ask({**DISABLE, "request": 1})
        self.assertEqual((answer["request"], answer["error"]["code"]), (1, "our-mistake"))
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)
        self.assertTrue((await program.ask({"item": "client", "action": "read"}))["ok"])


class PeopleAndPrograms(LinesCase):
    """Who is greeted, and who is not."""

    def door(self) -> tuple[SmallFarm, Any, StringTransport]:
        farm = SmallFarm(self)
        door = ShellFactory(farm.service, farm.clock, farm.now).buildProtocol(None)
        transport = StringTransport()
        door.makeConnection(transport)
        return farm, door, transport

    def test_a_program_that_begins_at_once_hears_nothing_but_answers(self) -> None:
        farm, door, transport = self.door()
        door.dataReceived(b'{"item": "job", ')
        farm.clock.advance(10 * MOMENT)
        self.assertEqual(transport.value(), b"")
        door.dataReceived(b'"action": "read"}\n')
        farm.clock.advance(0)
        self.assertEqual(transport.value(), b'{"ok":true,"data":[],"matched":0,"next":null}\n')

    def test_a_program_that_begins_later_may_skip_what_does_not_begin_as_json(self) -> None:
        farm, door, transport = self.door()
        farm.clock.advance(MOMENT)
        door.dataReceived(b'{"item": "job", "action": "read"}\n')
        *greeting, answer = transport.value().splitlines()
        self.assertEqual(json.loads(answer)["ok"], True)
        self.assertEqual([line for line in greeting if line.startswith(b"{")], [])
        transport.clear()
        farm.clock.advance(0)
        door.dataReceived(b'{"item": "job", "action": "read"}\n')
        self.assertEqual(transport.value(), answer + b"\n")

    def test_a_script_is_greeted_and_not_asked_for_a_terminal(self) -> None:
        farm, door, transport = self.door()
        door.dataReceived(b"jobs\n")
        door.readConnectionLost()
        farm.clock.advance(0)
        greeting = "brender 2.0 · no clients yet · no job running · help lists the commands\r\n> "
        self.assertEqual(transport.value().decode(), greeting + "No jobs yet; submit hands one in.\r\n> ")
        self.assertTrue(transport.disconnecting)
        self.assertEqual(farm.clock.getDelayedCalls(), [])

    def test_who_says_nothing_and_ends_is_greeted_and_closed(self) -> None:
        _, door, transport = self.door()
        door.readConnectionLost()
        self.assertTrue(transport.value().startswith(b"brender 2.0"))
        self.assertTrue(transport.disconnecting)

    def test_who_is_gone_before_the_greeting_leaves_nothing_behind(self) -> None:
        farm, door, transport = self.door()
        door.connectionLost()
        self.assertEqual((farm.clock.getDelayedCalls(), transport.value()), ([], b""))

    def test_a_person_may_try_a_line_of_json_and_keeps_the_prompt(self) -> None:
        farm, door, transport = self.door()
        door.dataReceived(b"jobs\n")
        farm.clock.advance(0)
        transport.clear()
        door.dataReceived(b'{"item": "job", "action": "read"}\n{"action": "subscribe"}\n')
        self.assertEqual(transport.value().count(b"> "), 1)  # others have a turn between two answers
        farm.clock.advance(0)
        first, second, prompt = transport.value().decode().split("\r\n")
        self.assertEqual((first, prompt), ('{"ok":true,"data":[],"matched":0,"next":null}', "> "))
        self.assertIn("Events are told to programs only", second)


class Events(LinesCase):
    async def test_events_come_between_answers_those_that_are_wanted(self) -> None:
        farm = SmallFarm(self)
        await farm.client("render-01")
        await farm.client("attic")
        program = await self.program(farm)
        wanted = {"action": "subscribe", "kinds": ["client"], "filters": {"name": "render*"}, "request": "x"}
        begun = await program.ask(wanted)
        self.assertEqual((begun["ok"], begun["request"], begun["kinds"]), (True, "x", ["client"]))
        self.assertEqual((await program.ask(DISABLE))["changed"], 2)
        farm.clock.advance(1)
        event = await program.line()
        (client,) = event["data"]
        told = event["event"], client["name"], client["status"]
        self.assertEqual(told, ("client", "render-01", "disabled"))
        self.assertGreater(event["id"], begun["last_event"])
        self.assertEqual(await program.ask({"action": "unsubscribe"}), {"ok": True})
        await program.ask(ENABLE)
        farm.clock.advance(1)
        self.assertEqual((await program.ask({"item": "job", "action": "read", "request": 1}))["request"], 1)
        self.assertEqual(program.heard, [])

    async def test_the_tasks_of_a_job_can_be_followed(self) -> None:
        farm = SmallFarm(self)
        client = await farm.client("render-01")
        await farm.job(values={"Frames": "1-3"})
        program = await self.program(farm)
        refused = await program.ask({"action": "subscribe", "kinds": ["task"]})
        self.assertEqual((refused["ok"], refused["error"]["at"]), (False, "job"))
        await program.ask({"action": "subscribe", "kinds": ["task"], "job": 1})
        farm.finish(client)
        farm.clock.advance(1)
        told = await program.line()
        self.assertEqual((told["event"], told["data"]["job"], told["data"]["anew"]), ("task", 1, False))
        self.assertEqual(told["data"]["steps"][0]["runs"][0][:3], [0, 1, 3])
        await program.ask({"action": "unsubscribe"})
        self.assertEqual(farm.service._tasks._followed[1].readers, 0)
        farm.clock.advance(100)
        farm.finish(client)
        farm.clock.advance(1)
        last = farm.service.last_event - 1
        await program.ask({"action": "subscribe", "kinds": ["task"], "job": 1, "since": last})
        self.assertEqual((await program.line())["event"], "reset")  # nobody has followed them meanwhile

    async def test_who_comes_back_with_a_number_hears_what_was_missed_or_a_reset(self) -> None:
        farm = SmallFarm(self)
        client = await farm.client("render-01")
        farm.clock.advance(1)
        last = farm.service.last_event
        await farm.service.set_status([client], Status.DISABLED)
        farm.clock.advance(1)
        program = await self.program(farm)
        await program.ask({"action": "subscribe", "kinds": ["client"], "since": last})
        event = await program.line()
        self.assertEqual((event["event"], event["data"][0]["status"]), ("client", "disabled"))
        for unknown in (3, farm.service.last_event + 1):
            await program.ask({"action": "subscribe", "since": unknown})
            reset = await program.line()
            now = farm.service.last_event
            self.assertEqual(reset, {"event": "reset", "id": now, "data": {"last_event": now}})

    async def test_what_cannot_be_followed_is_refused_and_the_old_subscription_stays(self) -> None:
        farm = SmallFarm(self)
        client = await farm.client("render-01")
        program = await self.program(farm)
        await program.ask({"action": "subscribe", "kinds": ["client"]})
        for said, sentence in (
            ({"kinds": ["clients"]}, "did you mean client?"),
            ({"kinds": ["client"], "filters": "staus=x"}, "did you mean status?"),
            ({"kinds": ["farm"], "filters": "all"}, "none of them is wanted"),
            ({"knds": []}, "did you mean kinds?"),
        ):
            answer = await program.ask({"action": "subscribe", **said})
            self.assertIn(sentence, answer["error"]["message"])
        await farm.service.set_status([client], Status.DISABLED)
        farm.clock.advance(1)
        self.assertEqual((await program.line())["event"], "client")

    def slow(self, farm: SmallFarm) -> tuple[JsonLines, StringTransport]:
        lines, transport = JsonLines(farm.service, farm.now), StringTransport()
        lines.makeConnection(transport)
        lines.dataReceived(b'{"action": "subscribe"}\n')
        transport.clear()
        lines.pauseProducing()
        return lines, transport

    def heard(self, transport: StringTransport) -> list[Any]:
        return [json.loads(line) for line in transport.value().splitlines()]

    async def happens(self, farm: SmallFarm, client: Any, times: int) -> None:
        for number in range(times):
            await farm.service.set_status([client], Status.DISABLED if number % 2 == 0 else Status.ENABLED)
            farm.clock.advance(1)

    async def test_a_program_that_does_not_read_is_told_later_what_it_missed(self) -> None:
        farm = SmallFarm(self)
        client = await farm.client("render-01")
        farm.clock.advance(1)
        lines, transport = self.slow(farm)
        await self.happens(farm, client, 10)
        self.assertEqual(transport.value(), b"")
        lines.resumeProducing()
        heard = self.heard(transport)
        self.assertEqual([event["id"] for event in heard], sorted(event["id"] for event in heard))
        self.assertEqual([event["data"][0]["status"] for event in heard][-2:], ["disabled", "enabled"])
        self.assertEqual(len(heard), 10)
        lines.connectionLost()
        await self.happens(farm, client, 1)
        self.assertEqual(len(self.heard(transport)), 10)

    async def test_one_that_is_too_far_behind_is_told_to_begin_again(self) -> None:
        farm = SmallFarm(self)
        client = await farm.client("render-01")
        lines, transport = self.slow(farm)
        await self.happens(farm, client, 4_200)
        lines.resumeProducing()
        (reset,) = self.heard(transport)
        self.assertEqual((reset["event"], reset["id"]), ("reset", farm.service.last_event))
        await self.happens(farm, client, 1)
        self.assertEqual(self.heard(transport)[1]["event"], "client")

    async def test_it_is_written_only_as_much_as_is_read(self) -> None:
        farm = SmallFarm(self)
        client = await farm.client("render-01")
        lines, transport = self.slow(farm)
        await self.happens(farm, client, 50)
        write = transport.write

        def full_after_one(data: bytes) -> None:
            write(data)
            lines.pauseProducing()

        self.patch(transport, "write", full_after_one)
        lines.resumeProducing()
        self.assertEqual(len(self.heard(transport)), 1)
        lines.resumeProducing()
        first, second = self.heard(transport)
        self.assertEqual(second["id"], first["id"] + 1)


class Many(LinesCase):
    """A thousand clients by one line, with a real database."""

    async def farm(self) -> DurableFarm:
        farm = await DurableFarm(self).begun()
        await DeferredList([Deferred.fromCoroutine(farm.client(f"render-{number:04}")) for number in range(1_000)])
        await farm.settled()
        self.assertEqual(len(farm.service.farm.clients), 1_000)
        return farm

    async def announced(self, farm: DurableFarm) -> None:
        """What has happened is told, and there is nothing more to tell."""
        for _ in range(3):
            farm.clock.advance(1)
            await farm.settled()
            await farm.turns()

    async def check(self, farm: DurableFarm, say: Callable[[str], Awaitable[None]]) -> None:
        await self.announced(farm)  # that they came
        browser = Web(self, farm).wire()
        browser.send(request("GET", "/api/v1/events?kind=client"))
        self.addCleanup(browser.close)
        for status in (Status.DISABLED, Status.ENABLED):
            await farm.settled()
            told = len(events(browser))
            commits, begin = farm.service.figures.commits, time.perf_counter()
            await say(status.value)
            took = time.perf_counter() - begin
            self.assertEqual(farm.service.figures.commits - commits, 1)
            self.assertEqual({client.status for client in farm.service.farm.clients.values()}, {status})
            stored = rows(farm.path, f"select count(*) from clients where status = '{status}'")
            self.assertEqual(stored, [(1_000,)])
            await self.announced(farm)
            ((_, kind, clients),) = events(browser)[told:]
            self.assertEqual((kind, len(clients)), ("client", 1_000))
            self.assertEqual({client["status"] for client in clients}, {status.value})
            log.info("1,000 clients {status} in {ms:.0f} ms", status=status.value, ms=took * 1000)

    async def test_a_line_of_json_disables_a_thousand_and_the_same_filter_enables_them(self) -> None:
        farm = await self.farm()
        program = await self.program(farm)

        async def say(status: str) -> None:
            said = {"item": "client", "action": "update", "filters": "render-*", "values": {"status": status}}
            answer = await program.ask(said)
            self.assertEqual((answer["matched"], answer["changed"]), (1_000, 1_000))

        await self.check(farm, say)

    async def test_a_line_of_a_person_does_the_same(self) -> None:
        farm = await self.farm()

        async def say(status: str) -> None:
            text = await answer(farm.service, f"{status.removesuffix('d')} render-*", farm.now())
            self.assertEqual(text, f"1,000 clients: 1,000 are now {status}.")

        await self.check(farm, say)
