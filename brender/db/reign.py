"""The reign: a number that every server raises when it takes the farm, and that every commit asks for.

How does this work?  The table `reign` has one row.  `begin` adds one to its number, and keeps what it is then.
`check` runs in the transaction of every commit, and locks the row until that is over: while a commit goes on no
other server can begin, and once another has begun no commit of ours is made.  So a server that was stopped, or
cut off from its database, for as long as you like cannot write into what has become another's farm.
"""

from typing import Any

from peewee import Database

from brender.db.troubles import GivenUp

NUMBER = "SELECT number FROM reign"


class Fenced(GivenUp):
    """Another server has taken the farm; the message is a sentence for people."""


class Reign:
    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = name
        self._share = " FOR SHARE" if database.for_update else ""
        self.number = 0

    def begin(self) -> None:
        with self._database.atomic():
            self._database.execute_sql("UPDATE reign SET number = number + 1")
            (self.number,) = self._database.execute_sql(NUMBER).fetchone()

    def check(self) -> None:
        """Raises `Fenced`."""
        self._compare(self._database.execute_sql(NUMBER + self._share).fetchone())

    def look(self, connection: Any) -> None:
        """The same of a new connection to PostgreSQL, before it asks for the lock.  Raises `Fenced`."""
        if self.number:
            self._compare(connection.execute(NUMBER).fetchone())

    def _compare(self, found: Any) -> None:
        if found is None or found[0] != self.number:
            raise Fenced(
                f"Another server has taken over the farm in {self._name}; this one writes no more. "
                "What was acknowledged is safe."
            )
