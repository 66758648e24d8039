"""What people change of the farm itself, and what they delete: another half of the service.

How does this work?  Settings and limits, pools and tags, saved views: each method tells the rules, lets `match` issue
orders, and is done after the commit.  What is deleted leaves the farm and the database in one turn of the
reactor, so that no row of it comes after that; what has to stay is given back with the reason.  A job that clients run
is canceled, and leaves when what workers say, or that one of them is lost, has let go of its last order.
"""

from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec.structs import replace
from twisted.internet.defer import Deferred, DeferredList

from brender.farm import deleting, groups, overrides
from brender.farm.archiving import take_out
from brender.farm.client import RuntimeClient
from brender.farm.groups import Kind
from brender.farm.job import Job
from brender.farm.people.saved_view import SavedView
from brender.farm.transitions import NotNow
from brender.service.reports import Reports

PART = 50  # jobs that are taken out of the database at once: between them, others are written
Changed = TypeVar("Changed")


class Upkeep(Reports):
    # --- settings and limits

    async def set_farm(self, values: Mapping[str, Any], forget: Collection[str] = ()) -> bool:
        return await self._change(lambda: overrides.change(self.farm, values, forget, self._now()))

    # --- pools and tags

    async def put_into(self, kind: Kind, name: str, clients: Sequence[RuntimeClient]) -> list[RuntimeClient]:
        return await self._change(lambda: groups.put(self.farm, kind, name, clients, self._now()))

    async def take_from(self, kind: Kind, name: str, clients: Sequence[RuntimeClient]) -> list[RuntimeClient]:
        return await self._change(lambda: groups.take(self.farm, kind, name, clients, self._now()))

    async def dissolve(self, kind: Kind, name: str) -> list[RuntimeClient]:
        return await self._change(lambda: groups.dissolve(self.farm, kind, name, self._now()))

    async def rename(self, kind: Kind, name: str, new: str) -> bool:
        return await self._change(lambda: groups.rename(self.farm, kind, name, new, self._now()))

    # --- saved views

    async def save_view(self, view: SavedView) -> SavedView:
        return await self._change(lambda: self._keep_view(view))

    def _keep_view(self, view: SavedView) -> SavedView:
        farm = self.farm
        for other in farm.views.values():
            if other.id != view.id and (other.owner, other.name) == (view.owner, view.name):
                raise NotNow(f'There is a view "{view.name}" of {view.owner or "everybody"} already, view {other.id}.')
        farm.last_view = max(farm.last_view + (not view.id), view.id)
        kept = replace(view, id=view.id or farm.last_view, saved=self._now())
        farm.views[kept.id] = farm.changes.views[kept.id] = kept
        return kept

    async def delete_views(self, views: Sequence[SavedView]) -> None:
        await self._may_change()
        self._settling.flush()
        there = [view.id for view in views if self.farm.views.pop(view.id, None)]
        for number in there:
            self._announcer.forget("view", number)
        if there:
            await self._store.remove_views(there)
            self._announcer.gone("view", there)

    # --- what is deleted

    async def delete_jobs(self, jobs: Sequence[Job]) -> dict[int, str]:
        await self._may_change()
        self._settling.flush()
        stay = deleting.jobs(self.farm, jobs, self._now())
        removing = self._remove([job for job in jobs if job.id not in self.farm.jobs])
        self._match()
        await self._settling.settle()  # what clients are to end
        await removing
        return stay

    def _match_soon(self) -> None:
        super()._match_soon()
        self._let_go()

    def _let_go(self) -> None:
        """Deleted jobs of which clients have ended what they ran."""
        if deleting.free(self.farm) and not self.stopping:
            self._settling.flush()
            gone = deleting.free(self.farm)
            for job in gone:
                take_out(self.farm, job)
            self._remove(gone).addErrback(lambda failure: self.log.failure("A deleted job is there still", failure))

    def _remove(self, gone: Sequence[Job]) -> Deferred[None]:
        """Out of the database, with their files: they have just left the farm."""
        for job in gone:
            self._announcer.forget("job", job.id)
        return Deferred.fromCoroutine(self._removed([job.id for job in gone]))

    async def _removed(self, numbers: Sequence[int]) -> None:
        await all_of(self._store.remove_jobs(numbers[at : at + PART]) for at in range(0, len(numbers), PART))
        removing = [kept.remove(number) for number in numbers for kept in (self._logs, self.pictures)]
        await DeferredList(removing, consumeErrors=True)  # `tidy` finds what is left
        self._announcer.gone("job", numbers)

    async def delete_clients(self, clients: Sequence[RuntimeClient]) -> dict[int, str]:
        await self._may_change()
        self._settling.flush()
        stay, now = deleting.clients(self.farm, clients), self._now()
        gone = [client for client in clients if client.id not in self.farm.clients]
        for client in gone:
            self._connections.forget(client.id)
            self._announcer.forget("client", client.id)
        if gone:
            await self._store.remove_clients({client.id: client.name for client in gone}, now)
            self._announcer.gone("client", (client.id for client in gone))
        return stay

    # --- inside

    async def _change(self, change: Callable[[], Changed]) -> Changed:
        await self._may_change()
        changed = change()
        self._match()
        await self._settling.settle()
        return changed

    async def _may_change(self) -> None:
        """Whoever wants something new waits while the database is behind, and hears why when it cannot be."""
        await self._settling.room()
        if self.stopping:
            raise NotNow(f"{self.stopping}; nothing new is taken.")
        if self._settling.trouble:
            raise NotNow(f"{self._settling.trouble}; nothing new is taken until it can be.")


async def all_of(doing: Iterable[Coroutine[Deferred[Any], Any, None]]) -> None:
    """All begin at once; raises what the first of them does that fails."""
    begun = [Deferred.fromCoroutine(each) for each in doing]
    results: list[tuple[bool, Any]] = await DeferredList(begun, consumeErrors=True)
    for done, result in results:
        if not done:
            result.raiseException()
