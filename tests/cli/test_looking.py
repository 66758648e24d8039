"""`brender clients`, `jobs`, `log`: the same words and tables as in the shell, JSON for programs, exit codes."""

import sys

from twisted.internet.protocol import Factory, Protocol

from brender.farm.client import Status
from brender.farm.scheduling.why import why_client, why_job
from tests.cli.case import CommandCase, reactor


class Looking(CommandCase):
    async def test_clients_are_listed_and_chosen_with_the_words_of_the_shell(self) -> None:
        first, second = await self.farm.client("render-01"), await self.farm.client("名前")
        await self.farm.job()
        self.farm.start(first)
        self.farm.start(second)
        await self.farm.service.set_status([second], Status.DISABLED)
        ran = await self.brender("clients")
        self.assertEqual((ran.code, ran.err), (0, ""))
        lines = ran.out.splitlines()
        self.assertTrue(lines[0].startswith(" id  name       status    activity  running"), lines[0])
        self.assertIn("shot_010 frame 1", lines[1])
        self.assertEqual(lines[3], "名前 finishes what it runs, then rests.")
        chosen = await self.brender("clients", "render*", "online", "--json")
        self.assertEqual([client["name"] for client in chosen.json], ["render-01"])
        self.assertEqual((await self.brender("clients", "nobody")).out, "No client matches nobody.\n")

    async def test_a_wrong_filter_is_wrong_use(self) -> None:
        ran = await self.brender("clients", "staus=disabled")
        self.assertEqual(ran, (2, "", 'No attribute "staus" on a client; did you mean status?\n'))
        as_json = await self.brender("clients", "staus=disabled", "--json")
        self.assertEqual((as_json.code, as_json.json["ok"], as_json.json["error"]["at"]), (2, False, "filter"))

    async def test_jobs_are_listed_newest_first(self) -> None:
        self.assertEqual((await self.brender("jobs")).out, "No jobs yet; submit hands one in.\n")
        await self.farm.job(name="old \x1b[31m one")
        await self.farm.job(name="new one")
        lines = (await self.brender("jobs")).out.splitlines()
        self.assertEqual([line.split()[0] for line in lines[1:]], ["2", "1"])
        self.assertIn("old ␛[31m one", lines[2])
        limited = await self.brender("jobs", "--limit", "1")
        self.assertTrue(limited.out.endswith("The newest 1 of 2 jobs.\n"))
        self.assertEqual([job["id"] for job in (await self.brender("jobs", "--json")).json], [2, 1])

    async def test_the_log_of_a_job_and_of_a_task(self) -> None:
        client = await self.farm.client("render-01")
        await self.farm.job()
        for task in range(2):
            order = self.farm.start(client)
            self.farm.service.logged(client.id, order.id, task, f"Fra:{task + 1}\t\x1b[0mSaved\n")
            self.farm.finish(client)
        whole = (await self.brender("log", "1")).out
        self.assertIn("Fra:1   ␛[0mSaved", whole)
        self.assertIn("Fra:2", whole)
        self.assertNotIn("Fra:1", (await self.brender("log", "1", "1")).out)
        self.assertIn("Fra:1\t\x1b[0mSaved", (await self.brender("log", "1", "0", "--json")).json["log"])
        self.assertEqual(await self.brender("log", "9"), (1, "", "There is no job 9.\n"))
        self.assertEqual((await self.brender("log", "one")).code, 2)

    async def test_why_tells_what_a_job_a_frame_and_a_client_wait_for(self) -> None:
        job, farm = await self.farm.job(), self.farm.service.farm
        await self.farm.service.pause(1)
        self.assertEqual((await self.brender("why", "1")).out, f"{why_job(farm, job, self.farm.now())}\n")
        told = (await self.brender("why", "1", "12")).out
        self.assertTrue(told.startswith("Frame 12 waits: its job is paused"), told)
        clients = [await self.farm.client("render-01"), await self.farm.client("render-02")]
        ran = await self.brender("why", "render*", "--json")
        whys = [why_client(farm, client, self.farm.now()) for client in clients]
        wanted = [{"id": each.id, "name": each.name, "why": why} for each, why in zip(clients, whys, strict=True)]
        self.assertEqual(ran.json, wanted)
        for words, sentence in {
            ("9",): (1, "There is no job 9."),
            ("1", "-5"): (1, "Job 1 has no frame -5."),
            ("1", "x"): (2, "frame: "),
            ("attic",): (1, "No client matches attic."),
        }.items():
            ran = await self.brender("why", *words)
            self.assertEqual((ran.code, ran.out), (sentence[0], ""), words)
            self.assertIn(sentence[1], ran.err)


class Terminal(CommandCase):
    async def test_words_have_colours_on_a_terminal_unless_nobody_wants_them(self) -> None:
        await self.farm.job()
        await self.farm.service.pause(1)
        ran = await self.start("jobs", terminal=True).ended
        self.assertIn("\x1b[33mpaused\x1b[0m", ran.out)
        command = [sys.executable, "-m", "brender", "jobs"]
        plain = await self.spawn(command, {"NO_COLOR": "1"}, terminal=True).ended
        self.assertIn("paused", plain.out)
        self.assertNotIn("\x1b", plain.out)
        self.assertNotIn("\x1b", (await self.brender("jobs")).out)

    async def test_a_server_that_takes_long_is_waited_for_with_a_sign(self) -> None:
        asked: list[bytes] = []

        class Slow(Protocol):
            def dataReceived(self, data: bytes) -> None:
                asked.append(data)

        port = reactor.listenTCP(0, Factory.forProtocol(Slow), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        running = self.start("jobs", server=f"127.0.0.1:{port.getHost().port}", terminal=True)
        await self.until(lambda: b"Waiting for the server" in running.out)
        self.assertEqual(len(asked), 1)


class Server(CommandCase):
    async def test_of_several_servers_the_next_one_is_asked(self) -> None:
        await self.farm.job()
        ran = await self.brender("jobs", "-q", server=f"127.0.0.1:1,{self.url}")
        self.assertEqual(ran, (0, "1\n", ""))

    async def test_where_no_server_answers_it_says_what_to_do(self) -> None:
        port = self.port.getHost().port
        await self.port.stopListening()
        ran = await self.brender("jobs")
        sentence = f"No server answers at http://127.0.0.1:{port} (Connection refused). Start one with brender server, "
        self.assertEqual(ran, (1, "", sentence + "or name one with --server.\n"))
        self.assertEqual((await self.brender("jobs", "--json")).json["error"]["code"], "unreachable")

    async def test_what_is_no_brender_server_is_told(self) -> None:
        class Other(Protocol):
            def dataReceived(self, data: bytes) -> None:
                assert self.transport is not None
                self.transport.write(b"HTTP/1.1 404 Nope\r\nContent-Length: 5\r\nConnection: close\r\n\r\nHello")
                self.transport.loseConnection()

        port = reactor.listenTCP(0, Factory.forProtocol(Other), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        ran = await self.brender("jobs", server=f"127.0.0.1:{port.getHost().port}")
        self.assertEqual(ran.code, 1)
        self.assertIn("answers 404 Nope; is it a brender server?", ran.err)

    async def test_a_server_is_named_by_option_or_settings_and_told_by_show_config(self) -> None:
        self.file("brender.toml", '[server]\nweb = "tcp:9123:interface=127.0.0.1"\n')
        self.assertIn("server  http://127.0.0.1:9123 (", (await self.brender("jobs", "--show-config", server="")).out)
        named = await self.brender("jobs", "--show-config", "--server", "farm")
        self.assertIn("server  http://farm:8080 (", named.out)
        wrong = await self.brender("jobs", "--server", "http://farm/path")
        self.assertEqual(wrong.code, 2)
        self.assertIn("is no server; write http://HOST:PORT", wrong.err)

    async def test_a_mistake_in_the_settings_is_told_with_its_line(self) -> None:
        self.file("brender.toml", '[server]\nwebb = "tcp:9123"\n')
        ran = await self.brender("jobs", server="")
        self.assertEqual(ran.code, 2)
        self.assertRegex(ran.err, r'in line 2: there is no setting "webb".*; did you mean web\?')

    async def test_an_unknown_command_names_the_nearest(self) -> None:
        ran = await self.brender("clinets")
        self.assertEqual(ran.code, 2)
        self.assertIn('No command "clinets"; did you mean clients?', ran.err)

    async def test_the_version_and_the_commands_are_told(self) -> None:
        self.assertEqual((await self.brender("--version")).out, "brender 2.0.0\n")
        text = (await self.brender("--help")).out
        for command in ("server", "worker", "demo", "submit", "jobs", "clients", "log", "cancel", "enable", "disable"):
            self.assertRegex(text, rf"(?m)^  {command} +[A-Z].*\.$")
