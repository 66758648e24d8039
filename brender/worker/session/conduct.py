"""How an action behaves, and what it is ended for before it ends by itself.

How does this work?  Every task has a `Conduct`, and so has entering and leaving the session.  It is told what is
printed (`printed`) and how far the task is (`progressed`), and is asked now and then whether there is a `fault`: a
line that a rule speaks of, a time limit, or too long without progress.  The first one found stays.  Progress is a
percentage that rises; as long as a task has given none, a line that is not like one of the last few, clock times
aside: a renderer that goes on printing "still alive" has hung.  The clock is handed in and never goes back.
"""

import re
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from brender.farm.settings import Rule
from brender.protocols.messages import Cause
from brender.worker.session.rules import Rules

LAST_FEW = 16  # lines, or percentages, that are no news when they come again
NOT_EVERY = 0.25  # seconds after news in which more of it need not be looked at
CARRIED = 1000  # characters of a long line's part that are looked at again with the next
SHOWN = 500  # characters of a line in a reason
CLOCK = re.compile(r"\d+:\d\d(?::\d\d)?(?:[.,]\d+)?|\d{4}-\d\d-\d\d")
CAUSES: dict[str, Cause] = {"fail": "fail", "elsewhere": "", "later": "later"}  # by what a rule wants to follow

# Seconds in which what is ended may end by itself, if its template wants that.
AFTER_RULE, AFTER_TIME, AFTER_QUIET = 0.5, 5.0, 2.0


class Fault(NamedTuple):
    cause: Cause
    message: str
    within: float  # seconds that it is given to end by itself


class Conduct:
    def __init__(
        self,
        clock: Callable[[], float],
        rules: Rules | None = None,
        *,
        seconds: float | None = None,
        quiet: float | None = None,
        what: str = "It",
        whose: str = "its job",
    ) -> None:
        self._clock = clock
        self._rules = rules or Rules()
        self._seconds = seconds
        self._quiet = quiet
        self._what, self._whose = what, whose
        self._began = self._news = clock()
        self._begun_line = ""  # the end of a line that goes on
        self._lines: deque[str] = deque(maxlen=LAST_FEW)
        self._percents: deque[float] = deque(maxlen=LAST_FEW)
        self._fault: Fault | None = None

    # --- what is heard of it

    def printed(self, text: str, unended: bool = False) -> None:
        """Whole lines; or with `unended` a part of one."""
        text = self._begun_line + text
        self._begun_line = text[-CARRIED:] if unended else ""
        if self._fault is None and (found := self._rules.find(text)):
            self._fault = by_rule(*found)
        if self._quiet is not None and not self._percents and self._clock() >= self._news + NOT_EVERY:
            self._look_for_news(text)

    def progressed(self, percent: float) -> None:
        """News is a percentage above the one before, but not one that was there a moment ago."""
        if self._percents and (percent <= self._percents[-1] or percent in self._percents):
            if percent != self._percents[-1]:
                self._percents.append(percent)  # the next part begins, or the next frame of a chunk
            return
        self._percents.append(percent)
        self._news = self._clock()

    def excuse(self) -> None:
        """It was kept from going on."""
        self._news = self._clock()

    # --- what follows

    @property
    def found(self) -> Fault | None:
        """What it was found to be ended for until now."""
        return self._fault

    def fault(self) -> Fault | None:
        """The same, after a look at the time."""
        if self._fault is None:
            self._fault = self._too_long() or self._too_quiet()
        return self._fault

    def _too_long(self) -> Fault | None:
        if self._seconds is None or self._clock() - self._began < self._seconds:
            return None
        said = f"{self._what} took longer than {self._seconds:,.4g} s, the limit of {self._whose}."
        return Fault("time", said, AFTER_TIME)

    def _too_quiet(self) -> Fault | None:
        if self._quiet is None or self._clock() - self._news < self._quiet:
            return None
        said = f"{self._what} made no progress for {self._quiet:,.4g} s and was taken for hung."
        return Fault("quiet", said, AFTER_QUIET)

    def _look_for_news(self, text: str) -> None:
        said = [line.strip() for line in CLOCK.sub("", text).split("\n") if not line.startswith("openjd_progress")]
        if news := [line for line in dict.fromkeys(said) if line and line not in self._lines]:
            self._lines.extend(news)
            self._news = self._clock()


def by_rule(rule: Rule, line: str) -> Fault:
    return Fault(CAUSES[rule.then], f"{rule.name}: {line[:SHOWN]}", AFTER_RULE)
