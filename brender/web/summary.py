"""The farm in a few numbers: what stands at the top of the page."""

from brender.farm.interfaces import FarmService
from brender.farm.transitions import JobState
from brender.farm.views import ClientView, client_view, time_view
from brender.verbs.performing import of_view
from brender.web.answers import Answer, json_answer
from brender.web.asking import Ask


class Summary:
    def __init__(self, service: FarmService, version: str) -> None:
        self._service = service
        self._version = version

    async def farm(self, _: Ask) -> Answer:
        farm = self._service.farm
        views = [client_view(client, farm) for client in farm.clients.values()]
        online = [view for view in views if view.connection == "online"]
        jobs: dict[str, int] = dict.fromkeys(JobState, 0)
        for job in farm.jobs.values():
            jobs[job.state] += 1
        return json_answer({
            "version": self._version,
            "clients": len(views),
            "online": len(online),
            "busy": sum(view.activity == "busy" for view in online),
            "slots": sum(slots_of(view) for view in online),
            "slots_busy": sum(view.used for view in online),
            "jobs": jobs,
            **of_view(time_view(farm)),
            "stopping": self._service.refusing,
            "database": self._service.figures,
            "last_event": self._service.last_event,
        })  # fmt: skip


def slots_of(view: ClientView) -> int:
    """How many slots of a client count: a disabled one only finishes what it runs."""
    return view.slots if view.status == "enabled" else view.used
