"""What web servers in front say: believed of those that are known, and of nobody else."""

from typing import Any
from urllib.parse import urljoin

from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.web.http.forwarded import Proxies
from brender.web.site import log_line
from tests.fakes import FRAMES
from tests.web.fakes import Web

PEER = "192.168.1.1"  # whom a transport in memory has at its other end


def host(number: str) -> IPv4Address | IPv6Address:
    return IPv6Address("TCP", number, 0) if ":" in number else IPv4Address("TCP", number, 0)


class Clients(SynchronousTestCase):
    def client(self, peer: str, chain: str, *more: str) -> Any:
        return getattr(Proxies(more).client(host(peer), chain), "host", None)

    def test_who_comes_directly_is_who_he_is_whatever_he_writes(self) -> None:
        self.assertEqual(self.client("10.0.0.9", "203.0.113.5"), "10.0.0.9")
        self.assertEqual(self.client("10.0.0.9", ""), "10.0.0.9")

    def test_a_server_of_this_machine_is_believed(self) -> None:
        for peer in ("127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"):
            self.assertEqual(self.client(peer, "203.0.113.5"), "203.0.113.5", peer)

    def test_only_what_known_servers_wrote_counts(self) -> None:
        self.assertEqual(self.client("127.0.0.1", "1.1.1.1, 203.0.113.5"), "203.0.113.5")
        self.assertEqual(self.client("127.0.0.1", "1.1.1.1, 203.0.113.5, 10.0.0.5", "10.0.0.5"), "203.0.113.5")
        self.assertEqual(self.client("10.0.0.5", "2001:db8::7", "10.0.0.0/24"), "2001:db8::7")
        self.assertEqual(self.client("10.0.1.5", "2001:db8::7", "10.0.0.0/24"), "10.0.1.5")

    def test_of_a_chain_of_known_servers_the_first_asked(self) -> None:
        self.assertEqual(self.client("127.0.0.1", "127.0.0.3, 127.0.0.2"), "127.0.0.3")

    def test_what_is_no_address_ends_the_chain(self) -> None:
        for chain in ("unknown", "", ",", "203.0.113.5:80", "203.0.113.5, unknown", "x" * 9000):
            self.assertEqual(self.client("127.0.0.1", chain), "127.0.0.1", chain)

    def test_behind_a_socket_in_a_folder_stands_a_server_of_this_machine(self) -> None:
        self.assertEqual(Proxies().client(UNIXAddress("/run/web"), "203.0.113.5"), host("203.0.113.5"))
        self.assertEqual(Proxies().prefix(UNIXAddress("/run/web"), "/farm"), "/farm")


class Prefixes(SynchronousTestCase):
    def test_a_slash_at_its_end_is_left_out(self) -> None:
        for given, prefix in (("/farm", "/farm"), ("/farm/", "/farm"), ("/a/b-c_d.e~f/", "/a/b-c_d.e~f"), ("/", "")):
            self.assertEqual(Proxies().prefix(host("127.0.0.1"), given), prefix)

    def test_what_could_lead_elsewhere_is_none(self) -> None:
        absolute = ("//evil.example", "/farm//x", "https://evil.example")
        for given in (*absolute, "farm", "/fa rm", "/a\\b", "/a?b", "/ä", "", "/a, /b"):
            self.assertEqual(Proxies().prefix(host("127.0.0.1"), given), "", given)

    def test_a_stranger_has_none(self) -> None:
        self.assertEqual(Proxies().prefix(host("10.0.0.9"), "/farm"), "")


class Answers(TestCase):
    """The same, of whole requests."""

    def test_what_a_server_in_front_shows_under_a_prefix_is_told_under_it(self) -> None:
        web = Web(self, proxies=[PEER])
        body = {"template": FRAMES, "values": {"Frames": "1"}}
        reply = web.ask("POST", "/api/v1/jobs", body, X_Forwarded_Prefix="/farm/")
        self.assertEqual((reply.status, reply.headers["location"]), (201, f"/farm/api/v1/jobs/{reply.json['id']}"))

    def test_a_prefix_that_anybody_else_names_is_not_believed(self) -> None:
        body = {"template": FRAMES, "values": {"Frames": "1"}}
        reply = Web(self).ask("POST", "/api/v1/jobs", body, X_Forwarded_Prefix="/farm/")
        self.assertEqual(reply.headers["location"], f"/api/v1/jobs/{reply.json['id']}")

    def test_the_log_tells_who_changed_something(self) -> None:
        lines: list[str] = []
        for proxies, said in (([PEER], '"203.0.113.5" - - '), ([], f'"{PEER}" - - ')):
            web = Web(self, proxies=proxies)
            self.patch(web.site, "log", lambda request: lines.append(log_line("", request)))
            web.ask("POST", "/api/v1/jobs", {}, X_Forwarded_For="203.0.113.5")
            self.assertTrue(lines[-1].startswith(said), lines)

    async def test_a_page_names_what_it_is_made_of_from_wherever_it_is(self) -> None:
        web = Web(self)
        job = await web.farm.job()
        for path in ("/", f"/jobs/{job.id}", f"/jobs/{job.id}/", "/nothing", "/nothing/at/all/", "/jobs/99"):
            text = web.get(path, Accept="text/html").body.decode()
            self.assertNotIn("{root}", text)
            self.assertNotIn('"/', text, "an address that a prefix would be missing in")
            style = text.partition('rel="stylesheet" href="')[2].partition('"')[0]
            for prefix in ("", "/farm", "/studio/farm"):
                self.assertRegex(urljoin(f"https://x{prefix}{path}", style), rf"^https://x{prefix}/static/[\w-]+\.css$")
