"""The archive: what is in it, what goes there, what comes back.

How does this work?  `put_away` archives one file's worth of jobs and says how many are left; a program asks again until
none is.  What an archive has of a job is given as the lines of its file say it.  A token that is for some verbs changes
it where `archive.create` or `archive.restore` is one of them.
"""

from typing import Annotated

import msgspec

from brender.farm.interfaces import Archives, FarmService, NotFound
from brender.farm.people.users import NotAllowed, Role
from brender.farm.views.things import job_view
from brender.verbs.verb import Given, Nothing
from brender.web.http.answers import Answer, json_answer
from brender.web.http.asking import Ask

USUAL, LONGEST = 100, 1000  # jobs of a list
MOST_TOLD = 20  # jobs that the audit names


class PutAway(Given, frozen=True):
    before: Annotated[float, msgspec.Meta(ge=0)]  # seconds of the epoch
    folder: Annotated[str, msgspec.Meta(max_length=4096)] = ""  # on the server's machine; its own where none is named


class Archive:
    def __init__(self, service: FarmService, archives: Archives | None) -> None:
        self._service = service
        self._given = archives

    @property
    def _archives(self) -> Archives:
        if self._given is None:
            raise NotFound("This server keeps no archive.")
        return self._given

    async def all(self, ask: Ask) -> Answer:
        found = self._archives.all()
        limit = ask.number("limit", USUAL, least=1, most=LONGEST)
        return json_answer({"data": [entry._asdict() for entry in found[:limit]], "jobs": len(found)})

    async def one(self, ask: Ask) -> Answer:
        lines = await self._archives.lines(ask.ids["job"])
        orders = [order for line in lines for order in line.get("orders", ())]
        return json_answer({**lines[0], "orders": orders, "archive": self._service.farm.archived[ask.ids["job"]].file})

    async def put_away(self, ask: Ask) -> Answer:
        wanted = ask.body(PutAway)
        self._check_scope(ask, "create")
        self._check_folder(ask, wanted.folder)
        gone, left = await self._archives.put_away(wanted.before, wanted.folder)
        self._service.note_done(ask.who, "archive", "create", [entry.id for entry in gone[:MOST_TOLD]], len(gone))
        files = sorted({entry.file for entry in gone})
        return json_answer({"archived": [entry.id for entry in gone], "files": files, "left": left})

    async def restore(self, ask: Ask) -> Answer:
        ask.body(Nothing)
        self._check_scope(ask, "restore")
        job = await self._archives.bring_back(ask.ids["job"])
        self._service.note_done(ask.who, "archive", "restore", [job.id])
        return json_answer(job_view(job, self._service.farm))

    def _check_scope(self, ask: Ask, action: str) -> None:
        """Raises `NotAllowed` for tokens that are for something else."""
        rights = self._service.rights(ask.who)
        if not rights.covers("archive", action, Role.WRANGLER):
            raise NotAllowed(f"That token of {rights.name} is for {', '.join(rights.verbs)} alone.")

    def _check_folder(self, ask: Ask, folder: str) -> None:
        """Where the server writes is for admins to say; raises `NotAllowed`."""
        if folder and not self._service.rights(ask.who).role.covers(Role.ADMIN):
            raise NotAllowed("Only an admin says in which folder of the server an archive is; leave folder out.")
