"""What can be asked and changed about clients, and the farm as a whole.

How does this work?  Each handler takes an `Ask` and gives an `Answer`.  Clients are shown as the `ClientView`s that
the shell shows too, and chosen by the same filter words; the function that knows those words is
handed in.
"""

from collections.abc import Callable, Sequence
from typing import Any

from brender.farm.client import RuntimeClient, Status
from brender.farm.interfaces import FarmService, NotFound
from brender.farm.transitions import JobState
from brender.farm.views import ClientView, client_view, time_view
from brender.web.answers import Answer, json_answer
from brender.web.asking import Ask
from brender.web.bodies import ClientChange, given
from brender.web.wrong import Wrong

Filter = Callable[[Sequence[ClientView], str], list[ClientView]]


class Clients:
    def __init__(self, service: FarmService, filter_clients: Filter, version: str) -> None:
        self._service = service
        self._filter = filter_clients
        self._version = version

    async def all(self, ask: Ask) -> Answer:
        return json_answer({"data": self._matching(ask.query.get("filter", ""))})

    async def one(self, ask: Ask) -> Answer:
        return json_answer(self._view(ask.ids["client"]))

    async def change_many(self, ask: Ask) -> Answer:
        """Change all that match; which ones has to be said."""
        text = ask.query.get("filter", "").strip()
        if not text:
            raise Wrong(400, "Say which clients: ?filter=all, an id, a name, a pattern like render*.", at="filter")
        return await self._change(self._matching(text), ask)

    async def change_one(self, ask: Ask) -> Answer:
        return await self._change([self._view(ask.ids["client"])], ask)

    async def farm(self, _: Ask) -> Answer:
        """The farm in a few numbers: what stands at the top of the page."""
        views = self._views()
        online = [view for view in views if view.connection == "online"]
        jobs: dict[str, int] = dict.fromkeys(JobState, 0)
        for job in self._service.farm.jobs.values():
            jobs[job.state] += 1
        return json_answer({
            "version": self._version,
            "clients": len(views),
            "online": len(online),
            "busy": sum(view.activity == "busy" for view in online),
            "slots": sum(slots_of(view) for view in online),
            "slots_busy": sum(view.used for view in online),
            "jobs": jobs,
            **fields_of(time_view(self._service.farm)),
            "stopping": self._service.refusing,
            "database": self._service.figures,
            "last_event": self._service.last_event,
        })  # fmt: skip

    async def _change(self, views: Sequence[ClientView], ask: Ask) -> Answer:
        wanted = given(ask.body(ClientChange))
        if not wanted:
            raise Wrong(400, 'The body changes nothing; it should say what is to be so, as in {"pools": ["gpu"]}.')
        clients = [self._service.farm.clients[view.id] for view in views]
        changed = await self._so(clients, wanted)
        after = [client_view(client, self._service.farm) for client in clients]
        return json_answer({"matched": len(clients), "changed": changed, "data": after})

    async def _so(self, clients: Sequence[RuntimeClient], wanted: dict[str, Any]) -> int:
        """Make it so; how many clients were changed."""
        status = wanted.pop("status", None)
        changed = await self._service.set_clients(clients, wanted) if wanted else []
        turned = await self._service.set_status(clients, Status(status)) if status else []
        return len({client.id for client in (*changed, *turned)})

    def _matching(self, text: str) -> Sequence[ClientView]:
        views = self._views()
        if not text.strip():
            return views
        try:
            return self._filter(views, text)
        except ValueError as error:
            raise Wrong(400, str(error), at="filter") from None

    def _views(self) -> Sequence[ClientView]:
        farm = self._service.farm
        return [client_view(client, farm) for _, client in sorted(farm.clients.items())]

    def _view(self, number: int) -> ClientView:
        client = self._service.farm.clients.get(number)
        if client is None:
            raise NotFound(f"There is no client {number}.")
        return client_view(client, self._service.farm)


def slots_of(view: ClientView) -> int:
    """How many slots of a client count: a disabled one only finishes what it runs."""
    return view.slots if view.status == "enabled" else view.used


def fields_of(view: Any) -> dict[str, Any]:
    """A view as a dictionary, to put more beside its fields."""
    return {name: getattr(view, name) for name in view.__struct_fields__}
