"""The kinds of events, once: what everybody hears who names none, and what is told only to those who ask for it."""

from typing import Literal, get_args

GONE = "gone"
FIGURES = "figures"  # it never stops
TASK = "task"  # of one job

Told = Literal["job", "client", "view", "setting", "gone", "picture", "farm"]
TOLD: frozenset[str] = frozenset(get_args(Told))
KINDS = (*get_args(Told), FIGURES, TASK)
