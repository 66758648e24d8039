"""Moments: when something was.  `2026-11-01`, `2026-11-01T12:00`, `-2h` (two hours ago), `now`, `today`.

How does this work?  A moment is read into seconds of the epoch, with microseconds and no more.  A day is a
span: from its first to its last microsecond.  `ends` gives both ends, which are the same for what is not a
day.  Times without an offset are those of the time zone that is handed in, and ages are counted from the `now`
that is handed in.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

SECONDS: Mapping[str, int] = {"d": 86400, "h": 3600, "min": 60, "s": 1}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = 1e-6  # the shortest time: what a day ends before the next one
EARLIEST, LATEST = -6e10, 1e11  # what datetime can write, whatever the zone

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(
    rf"{DAY.pattern}T[0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]{{1,6}})?)?(Z|[+-][0-9]{{2}}:?[0-9]{{2}})?", re.IGNORECASE
)
AGE = re.compile(r"([+-][0-9]{1,12}(?:\.[0-9]{1,12})?)(s|min|h|d|)", re.IGNORECASE)
NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}


@dataclass(frozen=True)
class Now:
    """When a filter is read, and where."""

    seconds: float  # of the epoch
    zone: tzinfo

    @property
    def day(self) -> date:
        return datetime.fromtimestamp(self.seconds, self.zone).date()


def ends(text: str, now: Now) -> tuple[float, float]:
    """The first and the last moment that a text stands for; raises ValueError or OverflowError."""
    word = text.lower()
    if word in DAYS:
        return day(now.day + timedelta(days=DAYS[word]), now.zone)
    if DAY.fullmatch(word):
        return day(date.fromisoformat(word), now.zone)
    found = one(word, now)
    return found, found


def day(which: date, zone: tzinfo) -> tuple[float, float]:
    first = datetime(which.year, which.month, which.day, tzinfo=zone)
    next_day = which + timedelta(days=1)
    return seconds(first), seconds(datetime(next_day.year, next_day.month, next_day.day, tzinfo=zone)) - TICK


def one(word: str, now: Now) -> float:
    if word == "now":
        return within(now.seconds)
    if age := AGE.fullmatch(word):
        return within(now.seconds + float(age[1]) * SECONDS[age[2] or "s"])
    if NUMBER.fullmatch(word):
        return within(float(word))
    if not TIME.fullmatch(word):
        raise ValueError(word)
    found = datetime.fromisoformat(word.upper())
    return seconds(found if found.tzinfo else found.replace(tzinfo=now.zone))


def seconds(moment: datetime) -> float:
    return within((moment - EPOCH).total_seconds())


def within(moment: float) -> float:
    if not EARLIEST <= moment <= LATEST:
        raise OverflowError(moment)
    return round(moment, 6)


def written(moment: float) -> str:
    """In UTC, as short as it can be: 2026-11-01T12:00Z."""
    text = (EPOCH + timedelta(seconds=moment)).replace(tzinfo=None).isoformat()
    return f"{text.removesuffix(':00')}Z"
