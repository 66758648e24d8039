"""A farm on a PostgreSQL server, which several machines can reach: so a standby can take over.

How does this work?  The one connection of the server that has the farm holds an advisory lock, for as long as it
is connected: PostgreSQL gives it to the next as soon as that connection is gone.  So that this is soon, both ends
look whether the other is there (TCP's keepalives), and a server that says nothing at all for `SILENCE` is cut off.
A connection that was lost is made anew, lock and all; who finds that the farm was another's meanwhile gives up
(`reign`).  A PostgreSQL that is only starting has the farm itself, for a moment.  Before the tables change, they are
copied to a schema of the same database.
"""

import os
import socket
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from time import sleep
from typing import Any

import psycopg
from peewee import Database, OperationalError, PostgresqlDatabase
from psycopg.conninfo import conninfo_to_dict

from brender.db.engine import CannotOpen, CannotReach
from brender.db.reign import Reign
from brender.db.troubles import first_line

LOCK = int.from_bytes(b"brender")  # of each database its own
SILENCE = 30  # seconds
NOT_YET = ("starting up", "shutting down", "not accepting connections")  # what it says then, in its own English
POLITE = 3.0  # seconds, more than a writer's longest pause
SETTINGS = {  # of the session, in the database
    "synchronous_commit": "on",
    "idle_session_timeout": f"{SILENCE}s",
    "idle_in_transaction_session_timeout": f"{SILENCE}s",
    "tcp_keepalives_idle": "2",
    "tcp_keepalives_interval": "1",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "5s",
}
DEFAULTS: dict[str, Any] = {  # of this end
    "connect_timeout": 5,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}
HOLDER = """
    SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32) + objid::bigint = %s
    AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class Held(Exception):
    """Another connection holds the farm's lock; the message says whose."""

    sqlstate = "55P03"  # as PostgreSQL has it for a lock that is not free (`troubles`)


class LockedDatabase(PostgresqlDatabase):
    """Its connection is used by one thread after the other, and holds the farm's lock while there is one."""

    field_types = PostgresqlDatabase.field_types | {"INT": "BIGINT", "FLOAT": "DOUBLE PRECISION"}

    def __init__(self, name: str, url: str) -> None:
        super().__init__(name, prefer_psycopg3=True, thread_safe=False, autoconnect=False, **parameters(url))
        self.look: Callable[[Any], None] = lambda connection: None  # before the lock is asked for; may raise

    def _connect(self) -> Any:
        connection = super()._connect()  # type: ignore[misc]
        try:
            self.look(connection)
            if not connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()[0]:
                found = connection.execute(HOLDER, [LOCK]).fetchone()
                raise Held(found[0] if found else "another server")
        except BaseException:
            connection.close()
            raise
        return connection

    def _close(self, conn: Any) -> None:
        """PostgreSQL takes a moment to see that somebody has left; who comes next is to find the lock free at once."""
        with suppress(psycopg.Error):
            conn.execute("SELECT pg_advisory_unlock_all()")
        super()._close(conn)  # type: ignore[misc]


class Postgresql:
    """`engine.Engine` on a PostgreSQL server."""

    beat = 2.0
    elsewhere = "set another one in brender.toml: [server] database"

    def __init__(self, url: str) -> None:
        try:
            self.name = shown(url)
            locked = LockedDatabase(self.name, url)
        except psycopg.ProgrammingError as error:
            raise CannotOpen(f"The address of the database cannot be read: {first_line(error)}.") from error
        locked.look = self._look
        self.database: Database = locked
        self.reign = Reign(locked, self.name)
        self.holder = ""
        self._was_away = False

    def take(self) -> bool:
        try:
            self.database.connect(reuse_if_open=True)
            self._check_encoding()
        except Held as held:
            self.holder = str(held)
            return False
        except OperationalError as error:
            self._was_away = True
            if not any(words in str(error) for words in NOT_YET):
                raise self.sentence(error) from error
            self.holder = "PostgreSQL itself"
            return False
        self.holder = ""
        return True

    def _look(self, connection: Any) -> None:
        """What a new connection does before it asks for the lock."""
        self.reign.look(connection)
        if self._was_away:  # PostgreSQL itself was: who had the farm before comes first
            sleep(POLITE)
            self._was_away = False

    def ready(self) -> None:
        """The connection stays as it is: with it, the lock would be gone."""

    def let_go(self) -> None:
        self.database.close()

    def back_up(self, schema: str) -> None:
        copies = f"brender_schema_{schema[:4]}"
        self.database.execute_sql(f"DROP SCHEMA IF EXISTS {copies} CASCADE")
        self.database.execute_sql(f"CREATE SCHEMA {copies}")
        for table in self.database.get_tables():
            self.database.execute_sql(f"CREATE TABLE {copies}.{table} AS TABLE {table}")

    def sentence(self, error: Exception) -> CannotOpen:
        if isinstance(error, OperationalError):
            return CannotReach(
                f"The database {self.name} cannot be reached: {first_line(error)}. See that PostgreSQL runs there "
                f"and lets this user in, or {self.elsewhere}."
            )
        return CannotOpen(
            f"The tables in {self.name} cannot be brought up to date: {first_line(error)}. "
            "The user has to be the owner of the database."
        )

    def put(self, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
        try:
            with self.database.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        except psycopg.Error as error:
            raise OperationalError(first_line(error)) from error

    def _check_encoding(self) -> None:
        (encoding,) = self.database.execute_sql("SHOW server_encoding").fetchone()
        if encoding != "UTF8":
            self.let_go()
            raise CannotOpen(
                f"The database {self.name} has the encoding {encoding}, and cannot keep every name. "
                "Make one with: createdb --encoding=UTF8 --template=template0 NAME."
            )


def parameters(url: str) -> dict[str, Any]:
    """What psycopg is to connect with; what the URL says goes before what we say."""
    given = conninfo_to_dict(url)
    options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    return {
        **DEFAULTS,
        "application_name": f"brender {socket.gethostname()[:40]} {os.getpid()}",
        "conninfo": url,
        **{key: value for key, value in given.items() if key in DEFAULTS},
        "client_encoding": "utf8",
        "options": f"{options} {given.get('options', '')}".strip(),
    }


def shown(url: str) -> str:
    """The address without a password."""
    given = conninfo_to_dict(url)
    user, host = given.get("user"), given.get("host", "")
    before = f"{user}@" if user else ""
    port = f":{given['port']}" if "port" in given else ""
    return f"postgresql://{before}{host}{port}/{given.get('dbname', '')}"
