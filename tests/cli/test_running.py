"""`brender server` and `brender worker`: what they would use, and how they end when they cannot run."""

import socket

from tests.cli.case import CommandCase


class Running(CommandCase):
    async def test_show_config_tells_what_would_be_used_and_why(self) -> None:
        self.file("brender.toml", '[server]\nlost_after = 12.5\n[worker]\nserver = "farm:6001"\n')
        for command in ("server", "worker"):
            ran = await self.brender(command, "--show-config", "--state", "here")
            self.assertEqual((ran.code, ran.err), (0, ""))
            self.assertIn("brender.toml (the working folder)", ran.out)
            self.assertIn(f"{self.folder / 'here'} (--state)", ran.out)
            self.assertIn("lost_after = 12.5\n", ran.out)
            self.assertIn('server = "farm:6001"\n', ran.out)
        self.assertFalse((self.folder / "here").exists())

    async def test_wrong_use_ends_with_2(self) -> None:
        for words, sentence in {
            ("worker", "a:1", "--server", "b:1"): "The server is named twice, differently.",
            ("worker", "--slots", "0"): "0",
            ("server", "--config", "absent.toml"): "absent.toml",
            ("worker", "nowhere"): "HOST:PORT",
        }.items():
            ran = await self.brender(*words)
            self.assertEqual(ran.code, 2, (words, ran))
            self.assertIn(sentence, ran.err)

    async def test_a_port_that_is_taken_ends_the_server_with_1_and_a_sentence(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            ports = "\n".join(f'{name} = "tcp:0:interface=127.0.0.1"' for name in ("workers", "web"))
            self.file("brender.toml", f'[server]\nshell = "tcp:{port}:interface=127.0.0.1"\n{ports}\n')
            ran = await self.brender("server", "--state", "state")
        self.assertEqual(ran.code, 1)
        self.assertIn(f"The shell port cannot be opened: {port} is in use", ran.err)
        self.assertNotIn("Traceback", ran.err)
