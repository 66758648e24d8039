"""The farm in a few numbers: what stands at the top of the page."""

from brender.farm.interfaces import FarmService
from brender.verbs.performing import of_view
from brender.web.http.answers import Answer, json_answer
from brender.web.http.asking import Ask


class Summary:
    def __init__(self, service: FarmService, version: str) -> None:
        self._service = service
        self._version = version

    async def farm(self, _: Ask) -> Answer:
        figures = of_view(self._service.pulse.figures)
        return json_answer({
            "version": self._version,
            **figures,
            **of_view(figures["time"]),
            "series": self._service.pulse.series,
            "stopping": self._service.refusing,
            "database": self._service.figures,
            "last_event": self._service.last_event,
        })  # fmt: skip
