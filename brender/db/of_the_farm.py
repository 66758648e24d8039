"""What the database keeps of the farm itself: settings that were changed, saved views, names of deleted clients.

How does this work?  `of_the_farm` reads all of it on a start, in the database's thread, as the fields of `Loaded`.
"""

from typing import Any

from peewee import fn

from brender.db.archived import mark
from brender.db.models import DepartedRow, SettingRow, ViewRow
from brender.db.rows import read_setting, read_view


def of_the_farm() -> dict[str, Any]:
    settings: Any = SettingRow.select().order_by(SettingRow.name).tuples()
    views: Any = ViewRow.select().order_by(ViewRow.id).tuples()
    departed: Any = DepartedRow.select(DepartedRow.client, DepartedRow.name).tuples()
    return {
        "settings": dict(found for row in settings if (found := read_setting(row))),
        "views": list(map(read_view, views)),
        "last_view": max(ViewRow.select(fn.MAX(ViewRow.id)).scalar() or 0, mark("view")),
        "departed": dict(departed),
    }
