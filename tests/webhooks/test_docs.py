"""What docs/events.md tells receivers is true: its Python and its PHP know a delivery of ours, and no other.

How does this work?  The two functions are taken out of the page and run as they stand there, the PHP by the real `php`.
"""

import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import skipUnless

from prometheus_client.parser import text_string_to_metric_families
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.webhooks import hooks
from brender.webhooks.posting import SECONDS
from brender.webhooks.signing import signature
from tests.web.fakes import Web

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
SECRET = "a secret of the farm's own"
BODY = '{"event":"job","data":{"name":"naïve 名"}}'.encode()
Check = Callable[[str, bytes, str], bool]


def block(language: str, beginning: str) -> str:
    """The example that begins so."""
    found = re.search(rf"```{language}\n({re.escape(beginning)}.*?)```", PAGE, re.DOTALL)
    assert found, f"docs/events.md has no such example any more: {beginning}"
    return found[1]


class Knowing(SynchronousTestCase):
    def check(self, known: Check) -> None:
        now = int(time.time())
        header = signature(SECRET, now, BODY)
        self.assertTrue(known(header, BODY, SECRET))
        self.assertFalse(known(header, BODY + b" ", SECRET))
        self.assertFalse(known(header, BODY, "another secret of somebody"))
        self.assertFalse(known(header.replace(f"t={now}", f"t={now + 1}"), BODY, SECRET))
        self.assertFalse(known(signature(SECRET, now - 3600, BODY), BODY, SECRET))
        for junk in ("", "t=,v1=", "v1=abc", f"t={now}", f"t={now},v1=", "t=x,v1=é"):
            self.assertFalse(known(junk, BODY, SECRET), junk)

    def test_the_python_of_the_page_knows_a_delivery(self) -> None:
        names: dict[str, Any] = {}
        exec(block("python", "import hmac"), names)
        self.check(names["is_from_the_farm"])

    @skipUnless(shutil.which("php"), "php is not there: make test installs it")
    def test_the_php_of_the_page_knows_a_delivery(self) -> None:
        program = Path(self.mktemp())
        call = "\necho is_from_the_farm($argv[1], stream_get_contents(STDIN), $argv[2]) ? 'yes' : 'no';\n"
        program.write_text(block("php", "<?php") + call, encoding="utf-8")

        def known(header: str, body: bytes, secret: str) -> bool:
            said = subprocess.run(["php", program, header, secret], input=body, stdout=subprocess.PIPE, check=True)
            self.assertIn(said.stdout, (b"yes", b"no"))
            return said.stdout == b"yes"

        self.check(known)


class Page(TestCase):
    def test_the_numbers_of_the_page_are_those_of_the_program(self) -> None:
        *waits, last = (f"{seconds:g}" for seconds in hooks.WAITS)
        self.assertIn(f"after {', '.join(waits)} and {last} seconds", PAGE)
        self.assertIn(f"within {SECONDS:g} seconds", PAGE)
        self.assertIn(f"more than {hooks.MOST_WAITING:,} wait", PAGE)

    def test_every_metric_is_told_and_no_other(self) -> None:
        text = Web(self).get("/metrics").body.decode()
        there = {family.name + ("_total" if family.type == "counter" else "") for family in
                 text_string_to_metric_families(text) if family.name.startswith("brender_")}  # fmt: skip
        table = PAGE.partition("| metric | what it is |")[2].partition("\n\n")[0]
        told = set(re.findall(r"`(brender_\w+)", table))
        webhooks = {name for name in told if "webhook" in name}
        self.assertEqual((told - webhooks, len(webhooks)), (there, 3))
