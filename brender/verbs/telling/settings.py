"""What was set, in the words in which it can be typed again."""

from datetime import tzinfo
from textwrap import wrap

from brender.farm.settings import Settings
from brender.verbs.said.values import said, written
from brender.verbs.said.words import listed
from brender.verbs.tables import WIDTH
from brender.verbs.telling.sentences import Naming, Predicate, counted
from brender.verbs.telling.told import Told


def set_told(told: Told, naming: Naming) -> str:
    """ "2 clients: render-01 now has pools=gpu, render-02 already had."."""
    words = listed(said(told.given, told.zone))
    predicate = Predicate(f"now has {words}", f"now have {words}", "already had", "already had", f" {words}")
    return counted(told.item.name, told.rows, naming, predicate)


def what_was_set(settings: Settings, zone: tzinfo, without: tuple[str, ...] = ()) -> list[str]:
    """What is not as it is when nobody sets it, in lines that fit."""
    words = written(settings, zone, without)
    text = " ".join(["Set:", *words])
    return wrap(text, WIDTH - 1, subsequent_indent="  ", break_on_hyphens=False) if words else []
