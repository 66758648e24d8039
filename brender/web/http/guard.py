"""Where a request may come from: a browser must not be made to ask in the name of whoever sits before it.

How does this work?  Any web page that somebody visits can reach this server through their browser, which sends the
cookie of who has logged in along; and on a farm without users everybody on the machine is trusted.  Two checks
close that door.  `check_host`: the Host header must be a name by which this server is known, so that a name of
the attacker's that resolves to 127.0.0.1 gets nothing.
`check_change`: a request that changes something must say that its body is JSON, which another site's page
cannot without asking first (and we never agree), and an Origin, where there is one, must be this host.
"""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from brender.farm.submission.problems import shown
from brender.web.http.asking import Ask
from brender.web.http.wrong import Wrong

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s:/@\[\]]+)(:[0-9]{1,5})?")


def check_host(ask: Ask, hosts: Sequence[str]) -> None:
    """The Host header names this server; `*` among the hosts allows every name."""
    given = ask.headers.getRawHeaders(b"host") or []
    if len(given) != 1:
        raise Wrong(400, f"A request has one Host header; this one has {len(given)}.", at="Host")
    host = given[0].decode("utf-8", "replace").strip().lower()
    match = HOST.fullmatch(host)
    name = match[1].rstrip(".") if match else ""
    if not {"*", name, host} & {allowed.lower() for allowed in hosts} or not match:
        known = ", ".join(hosts)
        raise Wrong(421, f"This server is not {shown(host) or 'without a name'}: it answers to {known}. "
                         "The setting hosts under [server] names more.", at="Host")  # fmt: skip


def check_change(ask: Ask) -> None:
    """A request that changes something comes from a program, or from our own page."""
    kind, _, parameters = ask.header("content-type").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if kind.strip().lower() != "application/json" or charset not in {"", "charset=utf-8"}:
        raise Wrong(415, "A request that changes something says Content-Type: application/json.", at="Content-Type")
    if ask.header("content-encoding").strip().lower() not in {"", "identity"}:
        raise Wrong(415, "A body is taken as it is, without Content-Encoding.", at="Content-Encoding")
    if site := other_site(ask):
        host = shown(ask.header("host"))
        raise Wrong(403, f"A page of {shown(site)} may not change this farm, which is {host} here.", at="Origin")


def other_site(ask: Ask) -> str:
    """The site whose page asks, when that is not ours."""
    origin = ask.header("origin")
    return "" if not origin or is_of(origin, ask.header("host").strip()) else origin


def is_of(origin: str, host: str) -> bool:
    """Whether a page of this origin was served by this host; its scheme's own port need not be named."""
    try:
        page = urlsplit(origin)
    except ValueError:
        return False
    usual = {"http": ":80", "https": ":443"}.get(page.scheme, "")
    return page.netloc.lower().removesuffix(usual) == host.lower().removesuffix(usual)
