"""Answers as gzip, for readers who ask for it, where it is worth it.

How does this work?  Text of more than a thousand bytes is compressed quickly (JSON to a seventh); pictures and events
never are.  What stays as it is, as the pages' own files do, is compressed once, and well.  The tag of an answer gets
`-gzip` at its end then, as it names these very bytes; `answers` takes it for the same.
"""

import gzip
import re
from functools import cache

LEAST = 1000  # bytes; less fits into a packet anyway
LEVEL = 1  # the quickest: a megabyte in ten milliseconds
BEST = 9  # takes ten times as long
WORTH = re.compile(r"text/|application/(problem\+)?json|image/svg|application/openmetrics")


def is_worth_it(kind: str, body: bytes) -> bool:
    return len(body) > LEAST and WORTH.match(kind) is not None


def wants_gzip(accepted: str) -> bool:
    """What Accept-Encoding says, as RFC 9110 reads it: named with more than nothing, or covered by `*`."""
    wishes: dict[str, bool] = {}
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        wishes[coding.strip()] = not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight)
    return wishes.get("gzip", wishes.get("x-gzip", wishes.get("*", False)))


def squeezed(body: bytes) -> bytes:
    return gzip.compress(body, LEVEL, mtime=0)


@cache
def well_squeezed(body: bytes) -> bytes:
    """As small as can be, and made once."""
    return gzip.compress(body, BEST, mtime=0)
