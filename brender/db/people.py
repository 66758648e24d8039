"""People of a farm that no server has: the first admin is made so, and a forgotten password is given anew.

How does this work?  `People` of a farm's database are what they are in a running one, so the same rules hold; what has
changed is written, and noted in the audit, in one transaction.  While a server has the farm nothing is done here.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from brender.db import models
from brender.db.engine import CannotOpen, Engine, engine_of
from brender.db.lock import Taken
from brender.db.models import AuditRow, SessionRow, UserRow
from brender.db.of_the_farm import people
from brender.db.opening import take_farm
from brender.db.rows import plain_row
from brender.farm.interfaces import NotFound
from brender.farm.people.audit import Entry
from brender.farm.people.users import People, Role, User
from brender.farm.submission.problems import shown

FACE = "command"


class InUse(Exception):
    """A server has the farm: it is to be asked."""


def add_user(where: Path | str, name: str, role: Role, password: str, now: float) -> None:
    """`password` is hashed.  Raises `InUse`, `CannotOpen`, `Refused`, `NotNow`."""

    def change(found: People) -> User:
        found.check_new(name, role)
        return User(name, role, password, now, now)

    put(where, change, "create", now)


def set_password(where: Path | str, name: str, password: str, now: float) -> None:
    """The same for somebody who is there; raises `NotFound` too."""

    def change(found: People) -> User:
        if name not in found.users:
            raise NotFound(f"There is no user {shown(name)}.")
        return replace(found.users[name], password=password, changed=now)

    put(where, change, "update", now)


def put(where: Path | str, change: Callable[[People], User], action: str, now: float) -> None:
    with farm(where) as engine, engine.database.atomic():
        found, rows = People(), people()
        for each in rows["users"]:
            found.keep(each)
        user = change(found)
        for model, name in ((UserRow, UserRow.name), (SessionRow, SessionRow.user)):
            model.delete().where(name == user.name).execute()
        insert(UserRow, user)
        entry = Entry(rows["last_entry"] + 1, now, "", Role.ADMIN, "", FACE, "user", action, user.name)
        insert(AuditRow, entry)


def insert(model: Any, thing: Struct) -> None:
    model.insert(dict(zip(model._meta.sorted_fields, plain_row(thing), strict=True))).execute()


@contextmanager
def farm(where: Path | str) -> Iterator[Engine]:
    """A farm that no server has, for as long as this takes."""
    engine = engine_of(where)
    try:
        if not take_farm(engine):
            raise InUse(engine.holder)
    except CannotOpen as error:
        if isinstance(error.__cause__, Taken):
            raise InUse(str(error)) from None
        raise
    models.database.initialize(engine.database)
    try:
        engine.database.connect(reuse_if_open=True)
        yield engine
    finally:
        engine.let_go()
