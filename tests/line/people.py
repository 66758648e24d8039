"""Users of a farm that is about to be started; of each, the password is "NAME has one"."""

from http.client import HTTPConnection
from pathlib import Path

from twisted.internet.defer import Deferred

from brender.db.people import add_user
from brender.farm.people.users import Role
from brender.people.passwords import Passwords
from tests.db.databases import now
from tests.line.harness import PATIENCE, Farm


def password_of(name: str) -> str:
    return f"{name} has one"


def add_people(where: Path | str, **roles: Role) -> None:
    """The first of them has to be an admin."""
    if isinstance(where, Path):
        where.parent.mkdir(parents=True, exist_ok=True)
    for name, role in roles.items():
        add_user(where, name, role, now(Deferred.fromCoroutine(Passwords().hashed(password_of(name)))), 1.0)


def start(farm: Farm) -> None:
    """Until it wants to know who asks."""
    program = farm.start_server(wait=False)
    farm.until(lambda: program.running and answers(farm), "the server does not answer")


def answers(farm: Farm) -> bool:
    """Whether it has the farm: one that stands by says something else."""
    connection = HTTPConnection("127.0.0.1", farm.web_port, timeout=PATIENCE)
    try:
        connection.request("GET", "/api/v1/session")
        return connection.getresponse().status == 401
    except OSError:
        return False
    finally:
        connection.close()
