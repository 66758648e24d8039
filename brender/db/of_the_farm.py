"""What the database keeps of the farm itself: settings, saved views, people, names of deleted clients.

How does this work?  `of_the_farm` reads all of it on a start, in the database's thread, as the fields of `Loaded`.
"""

from typing import Any

from peewee import fn

from brender.db.archived import mark
from brender.db.models import (
    AuditRow,
    AuthorityRow,
    CredentialRow,
    DepartedRow,
    InvitationRow,
    SessionRow,
    SettingRow,
    TokenRow,
    UserRow,
    ViewRow,
)
from brender.db.rows import read_session, read_setting, read_token, read_user, read_view
from brender.farm.people.invitation import Credential, Invitation


def of_the_farm() -> dict[str, Any]:
    settings: Any = SettingRow.select().order_by(SettingRow.name).tuples()
    views: Any = ViewRow.select().order_by(ViewRow.id).tuples()
    departed: Any = DepartedRow.select(DepartedRow.client, DepartedRow.name).tuples()
    return {
        "settings": dict(found for row in settings if (found := read_setting(row))),
        "views": list(map(read_view, views)),
        "last_view": max(ViewRow.select(fn.MAX(ViewRow.id)).scalar() or 0, mark("view")),
        "departed": dict(departed),
        **people(),
        **joining(),
    }


def joining() -> dict[str, Any]:
    invitations: Any = InvitationRow.select().order_by(InvitationRow.id).tuples()
    credentials: Any = CredentialRow.select().tuples()
    return {
        "invitations": [Invitation(*row) for row in invitations],
        "last_invitation": max(InvitationRow.select(fn.MAX(InvitationRow.id)).scalar() or 0, mark("invitation")),
        "credentials": [Credential(*row) for row in credentials],
    }


def people() -> dict[str, Any]:
    users: Any = UserRow.select().order_by(UserRow.name).tuples()
    tokens: Any = TokenRow.select().order_by(TokenRow.id).tuples()
    sessions: Any = SessionRow.select().order_by(SessionRow.id).tuples()
    return {
        "users": list(map(read_user, users)),
        "tokens": list(map(read_token, tokens)),
        "last_token": max(TokenRow.select(fn.MAX(TokenRow.id)).scalar() or 0, mark("token")),
        "sessions": list(map(read_session, sessions)),
        "last_entry": AuditRow.select(fn.MAX(AuditRow.id)).scalar() or 0,
    }


def known_authority(fingerprint: str, now: float, replaces: bool) -> str:
    """The CA that the farm's workers trust; it is this one when there was none, or when it takes its place."""
    if replaces:
        AuthorityRow.delete().execute()
    known = AuthorityRow.select(AuthorityRow.fingerprint).scalar()
    if known is None:
        AuthorityRow.insert(fingerprint=fingerprint, since=now).execute()
    return str(known or fingerprint)
