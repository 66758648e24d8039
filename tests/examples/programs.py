"""Programs of examples/, run as a person runs them, against a real server with three workers.

How does this work?  `ClientProgram` is what each program that lists, enables and disables clients has to do,
whatever its language; the tests of PHP, curl and Node.js are its subclasses.  `run_it` starts the program with
the server in its environment and gives what it printed.
"""

import shutil
import subprocess
from typing import ClassVar, NamedTuple

from twisted.trial.unittest import SkipTest

from tests.deploy.test_nginx import PROGRAM as NGINX
from tests.deploy.test_nginx import Nginx
from tests.line.harness import CHECKOUT, PATIENCE, FarmTestCase, environment, until

EXAMPLES = CHECKOUT / "examples"


class Ran(NamedTuple):
    code: int
    out: str
    err: str


class ClientProgram(FarmTestCase):
    """A program that is told `list`, `enable` and `disable`."""

    program: ClassVar[str]  # what runs it
    file: ClassVar[str]
    workers: ClassVar = {"render-01": 1, "render-02": 1, "attic": 1}
    silent: ClassVar[int] = 1  # the exit code when no server answers
    refused: ClassVar[int] = 1  # and when it says no

    def setUp(self) -> None:
        if shutil.which(self.program) is None:
            raise SkipTest(f"There is no {self.program} on this machine to run examples/{self.file}.")
        super().setUp()
        self.addCleanup(self.farm.api, "clients?filter=all", {"status": "enabled"}, "PATCH")
        self.server = f"http://127.0.0.1:{self.farm.web_port}"

    def run_it(self, *words: str, **variables: str) -> Ran:
        command = [str(shutil.which(self.program)), str(EXAMPLES / self.file), *words]
        where = {**environment(), "BRENDER_SERVER": self.server, **variables}
        done = subprocess.run(command, env=where, cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=2 * PATIENCE, check=False)  # fmt: skip
        return Ran(done.returncode, done.stdout, done.stderr)

    def listed(self, *words: str, **variables: str) -> list[str]:
        """The names of the clients that it shows; it must succeed."""
        ran = self.run_it(*words, **variables)
        self.assertEqual((ran.code, ran.err), (0, ""), ran)
        return sorted(self.names(ran.out))

    def names(self, out: str) -> list[str]:
        return [line.split()[1] for line in out.splitlines() if line.startswith(" ")]

    def counted(self, matched: int, changed: int) -> str:
        """How it says how many matched and were changed."""
        return f"{matched} matched, {changed} changed"

    def disabled(self) -> list[str]:
        """What the server itself says."""
        return sorted(each["name"] for each in self.farm.api("clients")["data"] if each["status"] == "disabled")

    def test_it_lists_all_clients_or_those_of_a_filter(self) -> None:
        self.assertEqual(self.listed("list"), ["attic", "render-01", "render-02"])
        self.assertEqual(self.listed("list", "render-*"), ["render-01", "render-02"])
        self.assertEqual(self.listed("list", "online render-02"), ["render-02"])
        self.assertEqual(self.listed("list", "offline"), [])

    def test_it_disables_and_enables_those_of_a_filter_and_no_others(self) -> None:
        ran = self.run_it("disable", "render-*")
        self.assertEqual((ran.code, sorted(self.names(ran.out))), (0, ["render-01", "render-02"]))
        self.assertIn(self.counted(2, 2), ran.out)
        self.assertEqual(self.disabled(), ["render-01", "render-02"])
        self.assertIn(self.counted(3, 1), self.run_it("disable", "all").out)
        self.assertEqual(self.listed("list", "disabled"), ["attic", "render-01", "render-02"])
        self.assertEqual(self.listed("enable", "disabled"), ["attic", "render-01", "render-02"])
        self.assertEqual(self.disabled(), [])

    def test_a_filter_arrives_as_it_was_written(self) -> None:
        for text in ("ä&b", "50%25", "a+b", "#1", "?[x]{1-9}"):
            ran = self.run_it("list", f"status={text}")
            self.assertEqual(ran.code, self.refused, text)
            self.assertIn(text, ran.out + ran.err)

    def test_what_the_server_refuses_is_told_in_its_words(self) -> None:
        ran = self.run_it("disable", "status=asleep")
        self.assertEqual(ran.code, self.refused)
        self.assertIn("asleep", ran.out + ran.err)
        self.assertEqual(self.disabled(), [])

    def test_words_that_mean_nothing_change_nothing(self) -> None:
        for words in ((), ("enable",), ("disable",), ("remove", "all"), ("list", "a", "b"), ("enable", "a", "b")):
            ran = self.run_it(*words)
            self.assertEqual((ran.code, ran.out), (2, ""), words)
            self.assertIn("list [FILTER] | enable FILTER | disable FILTER", ran.err)

    def test_a_server_that_does_not_answer_is_told(self) -> None:
        ran = self.run_it("list", BRENDER_SERVER="http://127.0.0.1:9")
        self.assertEqual((ran.code, ran.out), (self.silent, ""))
        self.assertIn("127.0.0.1", ran.err)

    def test_behind_a_web_server_it_logs_in(self) -> None:
        if NGINX is None:
            raise SkipTest("nginx is not installed here; on Debian and Ubuntu: sudo apt-get install nginx.")
        front = Nginx(self.farm.web_port)
        self.addCleanup(shutil.rmtree, front.folder)
        front.start()
        self.addCleanup(front.end)
        until(front.answers, "nginx does not answer")
        trust = str(front.folder / "certificate.pem")
        how = {"SSL_CERT_FILE": trust, "CURL_CA_BUNDLE": trust, "NODE_EXTRA_CA_CERTS": trust}
        for login, code in (("mara:secret@", 0), ("mara:wrong@", self.refused)):
            ran = self.run_it("list", BRENDER_SERVER=f"https://{login}localhost:{front.secure}/farm/", **how)
            self.assertEqual(ran.code, code, ran)
            self.assertNotIn(login, ran.err)
