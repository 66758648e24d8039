"""The audit: a row for each change, with who asked and what came of it, and no secret anywhere."""

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import StringTransport
from twisted.logger import LogEvent, globalLogPublisher
from twisted.trial.unittest import TestCase

from brender.farm.people.audit import UNDER_WAY
from brender.farm.people.users import NotAllowed, Who
from brender.farm.transitions import NotNow
from brender.protocols.shell import Shell
from brender.service.people import SOON
from brender.verbs.examples import TEMPLATE
from brender.verbs.performing import Request
from tests.people.crew import Crew
from tests.web.fakes import Web, request


class AuditCase(TestCase):
    async def setUp(self) -> None:  # type: ignore[override]
        self.farm = await Crew.made(self)
        self.begin = len(await self.farm.service.audit())

    async def entries(self) -> list[Any]:
        """Those that came since, the oldest first."""
        found = await self.farm.service.audit()
        return list(reversed(found))[self.begin :]

    async def do(self, name: str, item: str, action: str, **how: Any) -> None:
        await self.farm.perform(Request(item, action, **how, who=self.farm.who(name, "http")))


class Audit(AuditCase):
    async def test_a_change_has_one_row_and_looking_has_none(self) -> None:
        await self.do("vi", "job", "read")
        await self.do("vi", "job", "why", id=1)
        await self.do("wu", "job", "pause", filter="id=1,4")
        (row,) = await self.entries()
        told = (row.user, row.role, row.face, row.item, row.action, row.things, row.count, row.outcome)
        self.assertEqual(told, ("wu", "wrangler", "http", "job", "pause", "4, 1", 2, "done"))

    async def test_tasks_are_named_with_their_job(self) -> None:
        await self.do("wu", "task", "retry", job=1, filter="all")
        (row,) = await self.entries()
        task = f"{self.farm.service.farm.jobs[1].steps[0].name}:0"
        self.assertEqual((row.item, row.things.split(", ")[0]), ("task", f"1/{task}"))

    async def test_it_says_from_where(self) -> None:
        web = Web(self, farm=self.farm, proxies=["192.168.1.1"])
        token = f"Bearer {self.farm.tokens['wu']}"
        web.ask("POST", "/api/v1/jobs/1/pause", {}, Authorization=token, X_Forwarded_For="203.0.113.5")
        self.assertEqual([row.address for row in await self.entries()], ["203.0.113.5"])

    async def test_it_says_what_was_said_and_what_was_made(self) -> None:
        await self.do("bo", "job", "create", values={"template": TEMPLATE, "name": "three", "priority": 60})
        (row,) = await self.entries()
        self.assertEqual(
            (row.things, row.values), ("5", '{"template":"count","name":"three","priority":60,"owner":"bo"}')
        )

    async def test_a_refusal_of_the_farm_is_there_with_its_reason(self) -> None:
        with self.assertRaises(NotNow):
            await self.do("root", "client", "delete", id=1)
        (row,) = await self.entries()
        self.assertRegex(row.outcome, "^refused: render-01 is online: stop its worker first")

    async def test_what_somebody_may_not_do_is_there_too(self) -> None:
        with self.assertRaises(NotAllowed):
            await self.do("vi", "job", "cancel", id=1)
        (row,) = await self.entries()
        self.assertEqual((row.user, row.item, row.action, row.count), ("vi", "job", "cancel", 0))
        self.assertIn("refused: cancel of jobs is for an artist; vi is a viewer.", row.outcome)

    async def test_what_workers_report_is_not(self) -> None:
        await self.farm.service.resume(1)
        self.farm.finish_both()
        self.assertEqual(await self.entries(), [])

    async def test_of_thousands_of_things_the_first_are_named(self) -> None:
        for number in range(30):
            await self.farm.job(name=f"many {number}")
        await self.do("wu", "job", "pause", filter="name~many*")
        (row,) = await self.entries()
        self.assertEqual((row.count, row.things.count(","), row.things[-3:]), (30, 20, "..."))

    async def test_it_is_written_in_the_commit_of_its_change_and_what_came_of_it_soon_after(self) -> None:
        store = self.farm.store
        store.held = True
        changing = self.farm.perform(Request("job", "pause", id=1, who=self.farm.who("wu")))
        done = Deferred.fromCoroutine(changing)
        newest = max(store.entries)
        self.assertEqual((store.entries[newest].action, store.entries[newest].outcome), ("pause", UNDER_WAY))
        self.assertFalse(done.called)
        store.commit()
        await done
        store.held = False
        self.assertEqual(store.entries[newest].outcome, UNDER_WAY)
        self.farm.clock.advance(SOON)
        self.assertEqual(store.entries[newest].outcome, "done")

    async def test_it_is_listed_filtered_and_a_table_for_admins(self) -> None:
        await self.do("wu", "job", "pause", id=1)
        web, root = Web(self, farm=self.farm), {"Authorization": f"Bearer {self.farm.tokens['root']}"}
        (row,) = web.get("/api/v1/audits?filter=user=wu", **root).json["data"]
        self.assertEqual((row["item"], row["action"]), ("job", "pause"))
        lines = web.get("/api/v1/audits.csv?filter=user=wu", **root).body.decode().split("\r\n")
        self.assertEqual(
            (lines[0].split(",")[:4], lines[1].split(",")[2:4]), (["id", "when", "user", "role"], ["wu", "wrangler"])
        )
        wu = {"Authorization": f"Bearer {self.farm.tokens['wu']}"}
        self.assertEqual(
            [web.get(f"/api/v1/audits{end}", **wu).status for end in ("", ".csv", ".json", "?draw=1")], [403] * 4
        )

    async def test_logging_in_and_out_of_the_verbs_is_there(self) -> None:
        await self.farm.service.log_in("bo", "bo has one", Who(address="10.0.0.7", face="shell"))
        (row,) = await self.entries()
        self.assertEqual((row.user, row.address, row.item, row.action), ("bo", "10.0.0.7", "session", "create"))

    async def test_nothing_changes_it(self) -> None:
        web, root = Web(self, farm=self.farm), {"Authorization": f"Bearer {self.farm.tokens['root']}"}
        for method in ("POST", "DELETE", "PATCH"):
            self.assertEqual(web.ask(method, "/api/v1/audits?filter=all", {}, **root).status, 405)

    async def test_old_rows_go(self) -> None:
        await self.do("wu", "job", "pause", id=1)
        self.farm.clock.advance(100)
        await self.do("wu", "job", "resume", id=1)
        await self.farm.service.audit()
        await self.farm.service.forget_audit(self.farm.now() - 50)
        self.assertEqual([row.action for row in await self.farm.service.audit()], ["resume"])


class Secrets(AuditCase):
    """Everything that is secret here has these words in it."""

    SECRET = "battery staple"

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.logged: list[LogEvent] = []
        observer: Any = self.logged.append
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.events: list[Any] = []
        self.farm.service.subscribe(self.events.append)

    async def use_it(self) -> list[str]:
        """A password is set, used, mistyped and changed on every face; the tokens that came of it."""
        web, root = Web(self, farm=self.farm), {"Authorization": f"Bearer {self.farm.tokens['root']}"}
        body = {"name": "cy", "role": "admin", "password": self.SECRET}
        web.ask("POST", "/api/v1/users", body, **root)
        web.ask("PATCH", "/api/v1/users/cy", {"password": f"{self.SECRET} 2"}, **root)
        web.ask("POST", "/api/v1/batch", {"requests": [{"item": "user", "action": "create", "values": body}]}, **root)
        web.ask("POST", "/api/v1/session", {"name": "cy", "password": f"{self.SECRET} 1"})
        kept = web.ask("POST", "/api/v1/session", {"name": "cy", "password": f"{self.SECRET} 2", "keep": "x"}).json[
            "token"
        ]
        made = web.ask("POST", "/api/v1/tokens", {"name": "y"}, Authorization=f"Bearer {kept}").json["secret"]
        web.ask(
            "PATCH", "/api/v1/session", {"old": f"{self.SECRET} 2", "new": self.SECRET}, Authorization=f"Bearer {kept}"
        )
        self.at_the_shell()
        wire = web.wire()
        wire.send(request("GET", f"/api/v1/nothing?token={made}", Authorization=f"Bearer {made}"))
        self.farm.clock.advance(5)
        return [kept, made]

    def at_the_shell(self) -> None:
        shell, transport = Shell(self.farm.service, self.farm.now), StringTransport()
        shell.makeConnection(transport)  # type: ignore[no-untyped-call]
        for line in (
            "login cy",
            self.SECRET,
            f'create user dee role=viewer password="{self.SECRET}"',
            f'create user password="{self.SECRET}',
        ):
            shell.dataReceived(f"{line}\n".encode())
        self.assertIn("User dee is made", transport.value().decode())

    async def test_they_are_in_no_log_no_event_no_audit_and_not_in_the_database(self) -> None:
        tokens = await self.use_it()
        places = {
            "the log": " ".join(str(event) for event in self.logged),
            "the events": repr(self.events),
            "the audit": repr(await self.farm.service.audit()),
            "the farm": repr([self.farm.service.farm.people.users, self.farm.service.farm.people.tokens]),
        }
        for name, text in places.items():
            for secret in (self.SECRET, *(token for token in tokens if name != "the log")):
                self.assertNotIn(secret, text, f"{secret} is in {name}")
        values = [row.values for row in await self.entries() if row.item == "user"]
        self.assertTrue(any('"password":"***"' in each for each in values), values)

    async def test_a_line_that_cannot_be_answered_is_logged_without_them(self) -> None:
        async def broken(*_: Any) -> str:
            raise ZeroDivisionError

        shell = Shell(self.farm.service, self.farm.now, broken)
        shell.makeConnection(StringTransport())  # type: ignore[no-untyped-call]
        shell.dataReceived(f'create user x password="{self.SECRET}"\n'.encode())
        (event,) = [event for event in self.logged if "line" in event]
        self.assertEqual(event["line"], "create user x password=***")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
