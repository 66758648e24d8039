"""The newest frame of a job, found by numbers alone: no part of a path ever comes from an address."""

from brender.farm.interfaces import FarmService, NotFound
from brender.verbs.items import JOB
from brender.web.answers import Answer, tag_of
from brender.web.asking import Ask


class Pictures:
    def __init__(self, service: FarmService) -> None:
        self._service = service

    async def newest(self, ask: Ask) -> Answer:
        job = JOB.find(self._service.farm, ask.ids["job"])
        jpeg = self._service.picture_of(job.id)
        if jpeg is None:
            raise NotFound(f"No frame of job {job.id} has been shown yet.")
        return Answer(jpeg, "image/jpeg", tag=f'"{job.id}-{job.picture}-{tag_of(jpeg)[1:]}')
