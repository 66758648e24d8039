"""Opens a farm's database, for the one server that may have it.

How does this work?  A `Claim` is made of the place where a farm is kept.  `take` asks the engine for it; when no
other server has it, the tables are brought up to date, a new reign begins, and the writer's thread starts: from
then on the claim's `store` works.  With SQLite that is so at once or never, unless its disk is full; a server on
PostgreSQL that finds another one there may ask again and again: it is the standby.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from peewee import PeeweeException

from brender.db import models
from brender.db.engine import CannotOpen, Engine, engine_of
from brender.db.migrating import migrate
from brender.db.store import Replan, SqlStore
from brender.db.troubles import FULL, is_full
from brender.db.writer import Writer


class Claim:
    """Blocks, and belongs into a thread once the reactor runs."""

    def __init__(
        self, where: Path | str, replan: Replan, in_reactor: Callable[..., Any], failed: Callable[[str], None]
    ) -> None:
        """Raises `CannotOpen` when that is no place for a farm."""
        self.engine = engine_of(where)
        writer = Writer(
            self.engine.database,
            in_reactor,
            failed,
            release=self.engine.let_go,
            fence=self.engine.reign.check,
        )
        self.store = SqlStore(writer, replan)

    def take(self) -> bool:
        """Have the farm, unless another server has it.  Raises `CannotOpen`."""
        if not take_farm(self.engine):
            return False
        models.database.initialize(self.engine.database)
        self.store.writer.start()
        return True


def take_farm(engine: Engine) -> bool:
    """Have the farm, with its tables up to date and a reign of our own; False when it is another's.

    Raises `CannotOpen`.
    """
    if not engine.take():
        return False
    try:
        migrate(engine)
        engine.reign.begin()
        engine.ready()
    except CannotOpen:
        engine.let_go()
        raise
    except PeeweeException as error:
        engine.let_go()
        if is_full(error):  # somebody will make room
            engine.holder = FULL
            return False
        raise engine.sentence(error) from error
    return True


def open_store(
    where: Path | str, replan: Replan, in_reactor: Callable[..., Any], failed: Callable[[str], None]
) -> SqlStore:
    """The store of a farm that no other server has; raises `CannotOpen`."""
    claim = Claim(where, replan, in_reactor, failed)
    if not claim.take():
        raise CannotOpen(f"{claim.engine.holder} has the farm in {claim.engine.name}. Stop it first.")
    return claim.store
