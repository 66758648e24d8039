"""Hours of the day and days of the week: when a client sleeps, when a job may run.

How does this work?  `Hours.read` turns "mon-fri 22:00-06:00, sun 00:00-24:00" into windows: a set of days, a
begin and an end in minutes.  A window whose end is before its begin crosses midnight, and belongs to the day
on which it begins.  `cover` looks at the local clock of a time zone, so daylight saving needs no rule: 02:30
comes twice or never, as on the wall.  `next_change` tells when `cover` will say something else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from brender.farm.submission.problems import shown

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60  # minutes
LOOK_AHEAD = 16  # days: two weeks, as what is on no clock in one comes in the next, and a day on either side
DAY_NAME = "|".join(DAYS)
WINDOW = re.compile(
    rf"\s*(?:(?P<days>(?:{DAY_NAME})(?:-(?:{DAY_NAME}))?(?:\s+(?:{DAY_NAME})(?:-(?:{DAY_NAME}))?)*)\s+)?"
    r"(?P<begin>\d{1,2}:\d{2})\s*-\s*(?P<end>\d{1,2}:\d{2})\s*",
    re.IGNORECASE | re.ASCII,
)


class BadHours(ValueError):
    """Not hours; the message is a sentence for people."""


@dataclass(frozen=True)
class Window:
    days: frozenset[int]  # 0 is Monday
    begin: int  # minutes after midnight
    end: int  # more than a day's when it crosses midnight

    def covers(self, day: int, minute: float) -> bool:
        today = day in self.days and self.begin <= minute < self.end
        return today or ((day - 1) % 7 in self.days and minute + DAY < self.end)


@dataclass(frozen=True)
class Hours:
    windows: tuple[Window, ...]

    @classmethod
    @lru_cache(maxsize=1024)
    def read(cls, text: str) -> "Hours":
        """Raises `BadHours`."""
        return cls(tuple(map(window, text.split(","))) if text.strip() else ())

    def cover(self, now: float, zone: tzinfo) -> bool:
        local = datetime.fromtimestamp(now, zone)
        minute = local.hour * 60 + local.minute + local.second / 60
        return any(each.covers(local.weekday(), minute) for each in self.windows)

    def next_change(self, now: float, zone: tzinfo) -> float | None:
        """When `cover` first says something else than now; None when it never does."""
        today = self.cover(now, zone)
        midnight = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        edges = _edges(self.windows, midnight, zone)
        return next((edge for edge in edges if edge > now and self.cover(edge, zone) != today), None)


@lru_cache(maxsize=1024)
def _edges(windows: tuple[Window, ...], midnight: datetime, zone: tzinfo) -> list[float]:
    """Every moment of more than a week at which something may change."""
    minutes = {minute for each in windows for minute in (each.begin, each.end)}
    found = {moment for minute in minutes for moment in _moments(midnight, minute, zone)}
    return sorted(found | set(_clock_changes(midnight, zone)))


def _moments(midnight: datetime, minute: int, zone: tzinfo) -> Iterator[float]:
    """When it is so many minutes after midnight on each of the days: twice where clocks are put back."""
    for day in range(-1, LOOK_AHEAD):
        wall = midnight + timedelta(days=day, minutes=minute)
        for fold in (0, 1):
            yield wall.replace(tzinfo=zone, fold=fold).timestamp()


def _clock_changes(midnight: datetime, zone: tzinfo) -> Iterator[float]:
    """The moments, to the minute, at which clocks are put forward or back."""
    first = midnight.replace(tzinfo=zone).timestamp()
    for hour in range(-24, LOOK_AHEAD * 24):
        begin, end = first + hour * 3600, first + (hour + 1) * 3600
        if _offset(begin, zone) != _offset(end, zone):
            before, after = 0, 60
            while after - before > 1:
                middle = (before + after) // 2
                same = _offset(begin + middle * 60, zone) == _offset(begin, zone)
                before, after = (middle, after) if same else (before, middle)
            yield begin + after * 60


def _offset(moment: float, zone: tzinfo) -> timedelta | None:
    return datetime.fromtimestamp(moment, zone).utcoffset()


def window(text: str) -> Window:
    """One window; raises `BadHours`."""
    found = WINDOW.fullmatch(text)
    if found is None:
        raise BadHours(f'"{shown(text.strip())}" is no window; write 22:00-06:00, or mon-fri 22:00-06:00.')
    begin, end = minutes(found["begin"]), minutes(found["end"])
    if begin == end:
        raise BadHours(f'"{text.strip()}" ends when it begins; the whole day is 00:00-24:00.')
    if begin == DAY:
        raise BadHours(f'"{text.strip()}" begins at 24:00; write 00:00.')
    return Window(days(found["days"] or ""), begin, end if end > begin else end + DAY)


def minutes(text: str) -> int:
    hour, minute = map(int, text.split(":"))
    if minute > 59 or hour * 60 + minute > DAY:
        raise BadHours(f'"{text}" is no time of day; they go from 00:00 to 24:00.')
    return hour * 60 + minute


def days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.lower().split():
        first, _, last = part.partition("-")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found.update((begin + day) % 7 for day in range((end - begin) % 7 + 1))
    return frozenset(found or range(7))


@lru_cache(maxsize=1024)
def week(hours: str) -> tuple[tuple[int, int, int], ...]:
    """Hours on the days of a week: day (0 is Monday), begin and end in minutes; what crosses midnight is two pieces."""
    pieces = []
    for window in Hours.read(hours).windows:
        for day in window.days:
            pieces.append((day, window.begin, min(window.end, DAY)))
            if window.end > DAY:
                pieces.append(((day + 1) % 7, 0, window.end - DAY))
    return tuple(sorted(pieces))


@lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo:
    """The time zone of this name, UTC for none; raises `BadHours`."""
    if name in ("", "UTC"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadHours(f'There is no time zone "{shown(name)}"; write one such as Europe/Amsterdam.') from None
