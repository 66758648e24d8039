"""Logging in and out over HTTP: `/api/v1/session`.

How does this work?  A name and a password begin a session, whose secret is a cookie; or, for a program that is to keep
it, an API token (`keep` says what for).  Asked for, a session tells who one is, and which verbs one may use.  Whoever
is logged in may change their own password.  A page of another site can do none of this: see `guard` and `knowing`.
"""

from typing import Annotated, Any

from brender.farm.interfaces import FarmService
from brender.farm.people.users import NotLoggedIn, Who
from brender.farm.settings import says
from brender.verbs.doing.people import KEPT_DAYS, Password
from brender.verbs.doing.who import LogIn, about
from brender.verbs.verb import Given, Nothing
from brender.web.face import Face
from brender.web.http.answers import Answer, json_answer
from brender.web.http.asking import Ask
from brender.web.http.knowing import headers_of


class OwnPassword(Given, frozen=True):
    old: Annotated[Password, says("the one that you have")]
    new: Annotated[Password, says("at least 8 characters")]


class Sessions:
    def __init__(self, face: Face) -> None:
        self._face = face

    @property
    def _service(self) -> FarmService:
        return self._face.service

    async def show(self, ask: Ask) -> Answer:
        return self._told(ask.who)

    async def log_in(self, ask: Ask) -> Answer:
        wanted = ask.body(LogIn)
        if wanted.token:
            raise NotLoggedIn("A token is sent with each request: Authorization: Bearer TOKEN.")
        who, secret = await self._service.log_in(wanted.name, wanted.password, ask.who, lasts=not wanted.keep)
        await self._service.log_out(ask.who)  # the one before, in this browser
        if wanted.keep:
            return await self._kept(who, wanted.keep)
        return self._told(who, headers_of(secret, secure=ask.secure))

    async def _kept(self, who: Who, what_for: str) -> Answer:
        """A token in the place of the session."""
        rights, now = self._service.rights(who), self._face.now()
        expires = now + KEPT_DAYS * 86_400
        token, secret = await self._service.add_token(rights.name, what_for, rights.role, (), expires)
        self._service.note_done(who, "token", "create", [token.id])
        told = about(self._face.verbs, rights)
        await self._service.log_out(who)
        return json_answer({**told, "token": secret, "expires": expires})

    async def log_out(self, ask: Ask) -> Answer:
        """The session ends, or the token with which it was asked for."""
        ask.body(Nothing)
        people, name = self._service.farm.people, self._service.rights(ask.who).name
        if ask.who.token is not None:
            self._service.note_done(ask.who, "token", "delete", [ask.who.token])
            await self._service.delete_tokens([people.tokens[ask.who.token]])
        await self._service.log_out(ask.who)
        return json_answer({"name": name}, headers=headers_of("", secure=ask.secure))

    async def change_password(self, ask: Ask) -> Answer:
        """It ends all sessions of theirs, and begins another one here."""
        wanted, name = ask.body(OwnPassword), self._service.rights(ask.who).name
        who, _ = await self._service.log_in(name, wanted.old, ask.who)
        self._service.note_done(who, "user", "update", [name])
        await self._service.change_user(name, password=wanted.new)
        who, secret = await self._service.log_in(name, wanted.new, ask.who, lasts=True)
        return self._told(who, headers_of(secret, secure=ask.secure))

    def _told(self, who: Who, headers: Any = None) -> Answer:
        return json_answer(about(self._face.verbs, self._service.rights(who)), headers=headers)
