"""The command: people are made, log in, and are asked who they are; and a server that may not be open to everybody."""

import json
import stat
import sys
from pathlib import Path
from typing import Any

from brender.farm.people.users import LOCAL, Role
from tests.cli.case import CommandCase, Ran, Running

PASSWORD = "battery staple"


class PeopleCase(CommandCase):
    def begin(self, *words: str, server: str | None = None, **more: str) -> Running:
        environment = {"XDG_CONFIG_HOME": str(self.folder / "config"), **more}
        return self.spawn([sys.executable, "-m", "brender", *words], environment, server=server)

    async def run_(self, *words: str, said: str = "", server: str | None = None, **more: str) -> Ran:
        running = self.begin(*words, server=server, **more)
        if said:
            running.write(f"{said}\n")
        return await running.ended

    @property
    def tokens(self) -> Path:
        return self.folder / "config" / "brender" / "tokens.json"


class LoggingIn(PeopleCase):
    def setUp(self) -> None:
        super().setUp()
        people: Any = self.farm.service
        self.made = [people.add_user(name, role, PASSWORD) for name, role in (("ada", Role.ADMIN), ("bo", Role.ARTIST))]

    async def log_in(self, name: str = "bo") -> Ran:
        for each in self.made:
            await each
        self.made = []
        return await self.run_("login", name, "--password-stdin", said=PASSWORD)

    async def test_a_token_is_kept_where_nobody_else_reads_it_and_every_command_sends_it(self) -> None:
        ran = await self.log_in()
        self.assertEqual((ran.code, ran.err), (0, ""))
        self.assertIn("You are bo, artist.", ran.out)
        self.assertEqual(stat.S_IMODE(self.tokens.stat().st_mode), 0o600)
        self.assertNotIn(json.loads(self.tokens.read_text())[self.url], ran.out)
        self.assertEqual((await self.run_("login")).out, "You are bo; your role is artist.\n")
        self.assertEqual((await self.run_("jobs")).code, 0)
        refused = await self.run_("users")
        self.assertEqual((refused.code, refused.err), (1, "read of users is for an admin; bo is an artist.\n"))

    async def test_a_job_that_is_handed_in_is_of_whoever_has_logged_in(self) -> None:
        await self.log_in("ada")
        self.file("count.yaml", TEMPLATE)
        ran = await self.run_("submit", "count.yaml", "--json")
        self.assertEqual((ran.code, ran.json["settings"]["owner"]), (0, "ada"), ran.err)

    async def test_whoever_has_not_logged_in_is_told_how(self) -> None:
        await self.log_in()
        self.tokens.unlink()
        ran = await self.run_("jobs")
        self.assertEqual((ran.code, ran.err), (1, "Log in first, or send a token. brender login NAME keeps a token.\n"))

    async def test_a_wrong_password_keeps_nothing(self) -> None:
        await self.log_in()
        self.tokens.unlink()
        ran = await self.run_("login", "bo", "--password-stdin", said="wrong")
        self.assertEqual(ran.code, 1)
        self.assertFalse(self.tokens.exists())

    async def test_a_token_of_ones_own_goes_before_the_one_that_is_kept(self) -> None:
        await self.log_in()
        _, secret = await self.farm.service.add_token("ada", "", Role.ADMIN, (), None)
        for words, more in ((("login", "--token", secret), {}), (("login",), {"BRENDER_TOKEN": secret})):
            self.assertEqual((await self.run_(*words, **more)).out, "You are ada; your role is admin.\n")

    async def test_logging_out_forgets_it_here_and_there(self) -> None:
        await self.log_in()
        token = json.loads(self.tokens.read_text())[self.url]
        self.assertEqual((await self.run_("logout")).code, 0)
        self.assertEqual(json.loads(self.tokens.read_text()), {})
        self.assertIsNone(self.farm.service.farm.people.token_of(token, self.farm.now()))
        self.assertEqual((await self.run_("logout")).code, 1)

    async def test_a_server_that_runs_is_asked_for_users(self) -> None:
        await self.log_in("ada")
        ran = await self.run_("user", "add", "cy", "--role", "wrangler", "--password-stdin", said=PASSWORD)
        self.assertEqual((ran.code, ran.out), (0, "User cy is made, and is wrangler.\n"), ran.err)
        self.assertIn("cy", (await self.run_("user", "cy")).out)
        ran = await self.run_("user", "password", "cy", "--password-stdin", said=f"{PASSWORD} 2")
        self.assertEqual((ran.code, ran.out), (0, "cy has another password.\n"), ran.err)
        who, _ = await self.farm.service.log_in("cy", f"{PASSWORD} 2", self.farm.service.known_by(self.kept(), LOCAL))
        self.assertEqual(self.farm.service.rights(who).role, Role.WRANGLER)

    def kept(self) -> str:
        return str(json.loads(self.tokens.read_text())[self.url])


class WithoutAServer(PeopleCase):
    """The farm of a folder that no server has; and then one."""

    def setUp(self) -> None:
        super().setUp()
        self.file("brender.toml", SETTINGS)

    async def add(self, *words: str) -> Ran:
        state = str(self.folder / "state")
        return await self.run_("user", "add", *words, "--state", state, "--password-stdin", said=PASSWORD, server="")

    async def test_the_first_user_is_made_in_the_database_and_is_an_admin(self) -> None:
        refused = await self.add("bo", "--role", "artist")
        self.assertEqual(refused.code, 1)
        self.assertIn("The first user has to be an admin", refused.err)
        ran = await self.add("ada", "--role", "admin")
        self.assertEqual((ran.code, ran.out), (0, "User ada is made, and is admin.\n"), ran.err)
        self.assertEqual((await self.add("bo", "--role", "artist")).code, 0)
        self.assertNotIn(PASSWORD.encode(), (self.folder / "state" / "brender.sqlite").read_bytes())

    async def test_a_network_address_needs_a_user_first_and_says_how_to_make_one(self) -> None:
        ran = await self.begin("server").ended
        self.assertEqual(ran.code, 1)
        self.assertIn("brender user add NAME --role admin", ran.err)
        await self.add("ada", "--role", "admin")
        server = self.begin("server")
        await self.until(lambda: b"is ready" in server.err or server.ended.called)
        self.assertIn(b"is ready", server.err, server.err.decode())
        self.assertIn(b"ssh on", server.err)
        server.interrupt()
        self.assertEqual((await server.ended).code, 0)

    async def test_telnet_on_the_network_has_to_be_allowed(self) -> None:
        await self.add("ada", "--role", "admin")
        self.file("brender.toml", SETTINGS.replace('shell = "tcp:0:interface=127.0.0.1"', 'shell = "tcp:0"'))
        ran = await self.begin("server").ended
        self.assertEqual(ran.code, 1)
        self.assertIn("telnet_on_network = true", ran.err)


SETTINGS = """
[server]
shell = "tcp:0:interface=127.0.0.1"
workers = "tcp:0:interface=127.0.0.1"
web = "tcp:0"
ssh = "tcp:0"
"""
TEMPLATE = """
specificationVersion: jobtemplate-2023-09
name: count
steps:
- {name: Count, script: {actions: {onRun: {command: echo}}}}
"""
