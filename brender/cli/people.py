"""`brender login`, `logout`, and `brender user`: who somebody is, and who there is.

How does this work?  `login` asks for a password once and keeps an API token that the server makes for it, in a file
that only its user can read; every other command sends that.  `user add` and `user password` work on the farm's database
themselves while no server has it, which is how the first admin is made; otherwise the server does it.  Passwords are
typed without being shown, or come as the first line of the input.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path
from socket import gethostname
from typing import Any

import click

from brender.cli.asking import Desk, asks_the_farm
from brender.cli.keeping import looks_at_the_database, settings
from brender.client.errors import Failed
from brender.client.http import Question
from brender.client.tokens import keep, token_for
from brender.farm.people.users import Role

SESSION = "/api/v1/session"
USERS = "/api/v1/users"
AS_TYPED = {"ignore_unknown_options": True}


@click.command()
@click.argument("name", required=False)
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of the input.")
@asks_the_farm
def login(desk: Desk, name: str | None, password_stdin: bool) -> None:
    """Log in as NAME, and keep a token for the farm for 30 days.

    Without a name it tells who you are.
    """
    if name is None:
        return show(desk)
    body = {"name": name, "password": password_of(name, password_stdin), "keep": f"brender login on {gethostname()}"}
    found = desk.anonymous().ask(Question("POST", SESSION, body=body))
    file = keep(desk.server, found.pop("token"))
    desk.show(found, lambda: f"You are {found['name']}, {found['role']}. The token is in {file}.")
    return None


@click.command()
@asks_the_farm
def logout(desk: Desk) -> None:
    """Have the farm forget the token that was kept for it, and forget it here."""
    if not token_for(desk.server):
        raise Failed("Nobody is logged in here.", code="not-logged-in")
    try:
        desk.ask(Question("DELETE", SESSION, body={}))
    except Failed as failed:
        if failed.code != "not-logged-in":  # it was not good any more
            raise
    keep(desk.server, "")
    desk.show({}, lambda: "Nobody is logged in here any more.")


def show(desk: Desk) -> None:
    found = desk.ask(Question("GET", SESSION))
    name = found["name"] or "nobody in particular, and trusted, as this farm has no users"
    desk.show(found, lambda: f"You are {name}; your role is {found['role']}.")


class Users(click.Group):
    """What is no command of its own is what the farm's verbs know: `brender user ada`."""

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args[0] in self.commands:
            return super().resolve_command(ctx, args)
        from brender.cli.verbs import command  # noqa: PLC0415 (the verbs take a moment to import)

        return "user", command("user"), args


@click.group(cls=Users, context_settings=AS_TYPED)
def user() -> None:
    """Make users and give passwords; or show one: brender user NAME."""


@user.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    default="viewer",
    help="What they may do.",
    show_default=True,
)
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of the input.")
@looks_at_the_database
@asks_the_farm
def add(desk: Desk, name: str, role: str, password_stdin: bool, config: str | None, state: str | None) -> None:
    """Take NAME in; the first user of a farm has to be an admin.

    While no server has the farm, it is written into its database.
    """
    password = password_of(name, password_stdin, new=True)
    body = {"name": name, "role": role, "password": password}

    def here(where: Path | str, hashed: str) -> None:
        from brender.db.people import add_user  # noqa: PLC0415 (the database takes a moment to import)

        add_user(where, name, Role(role), hashed, time.time())

    changed(desk, here, Question("POST", USERS, body=body), password, (config, state))
    desk.show({"name": name, "role": role}, lambda: f"User {name} is made, and is {role}.")


@user.command()
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of the input.")
@looks_at_the_database
@asks_the_farm
def password(desk: Desk, name: str, password_stdin: bool, config: str | None, state: str | None) -> None:
    """Give NAME another password; they are logged out wherever they are."""
    new = password_of(name, password_stdin, new=True)

    def here(where: Path | str, hashed: str) -> None:
        from brender.db.people import set_password  # noqa: PLC0415

        set_password(where, name, hashed, time.time())

    changed(desk, here, Question("PATCH", f"{USERS}/{name}", body={"password": new}), new, (config, state))
    desk.show({"name": name}, lambda: f"{name} has another password.")


def changed(
    desk: Desk, here: Callable[[Path | str, str], None], there: Question, password: str, where: tuple[Any, Any]
) -> None:
    """In the database where no server has it, else by the server; a server that is named is asked at once."""
    from brender.db.engine import CannotOpen  # noqa: PLC0415
    from brender.db.people import InUse  # noqa: PLC0415
    from brender.farm.interfaces import NotFound  # noqa: PLC0415
    from brender.farm.submission.problems import Refused  # noqa: PLC0415
    from brender.farm.transitions import NotNow  # noqa: PLC0415
    from brender.people.passwords import Passwords  # noqa: PLC0415

    if desk.named and not any(where):
        desk.ask(there)
        return
    try:
        here(settings(*where).database, asyncio.run(Passwords().hashed(password)))
    except InUse:
        desk.ask(there)
    except (CannotOpen, NotFound, NotNow, Refused) as refused:
        raise Failed(str(refused), code="refused") from None


def password_of(name: str, from_input: bool, *, new: bool = False) -> str:
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    asked: str = click.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=new, err=True)
    return asked
