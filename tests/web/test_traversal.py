"""No address leads to a file that is not meant: every place of every route, with all ways to write a way out.

How does this work?  A file with a secret lies among the folders of the farm's logs.  Each variable part of each address
that the site has, and each of its parameters, is asked for with each way `UP`, and with the file's own path.  Nothing
of the secret may come, and no answer is our mistake.
"""

import re
from pathlib import Path
from urllib.parse import quote

from twisted.trial.unittest import TestCase

from tests.web.fakes import Web

SECRET = b"root:x:0:0"
UP = (
    "../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "..\\", "%252e%252e%252f", "..;/", "....//",
    "%c0%ae%c0%ae/", "..%00/",
)  # fmt: skip
VARIABLE = re.compile(r"[{<][^}>]+[}>]")


class Traversal(TestCase):
    async def test_no_address_leads_out(self) -> None:
        web = Web(self)
        await web.farm.client("attic")
        await web.farm.job()
        folder = Path(web.farm.logs.folder(1))
        self.hide(folder)
        ways = [
            *(up * 8 + "etc/passwd" for up in UP),
            *(f"{up}secret" for up in UP),
            quote(str(folder.parent / "secret")),
        ]
        asked = 0
        for route in web.site.table:
            for address in self.addresses(route.path, route.query, ways):
                wire = web.wire()
                wire.send(b"%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (route.method.encode(), address.encode()))
                got = wire.got()
                self.assertNotIn(SECRET, got, address)
                self.assertNotIn(b"HTTP/1.1 500", got[:20], address)
                wire.close()
                asked += 1
        self.assertGreater(asked, 1000)

    def hide(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for place in (folder, folder.parent):
            (place / "secret").write_bytes(SECRET)

    def addresses(self, path: str, query: object, ways: list[str]) -> list[str]:
        """The route's address with a way out in each of its variable parts, in its place, and in its parameters."""
        places = [each.span() for each in VARIABLE.finditer(path)]
        found = [f"{path[:begin]}{way}{path[end:]}" for begin, end in places for way in ways]
        whole = VARIABLE.sub("1", path)
        found += [f"{whole.rpartition('/')[0]}/{way}" for way in ways]
        return found + [f"{whole}?{name}={way}" for name in query for way in ways]  # type: ignore[attr-defined]
