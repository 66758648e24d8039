"""A job that was archived is handed in once more, from what its archive has of it."""

from tests.db import test_archive


class Again(test_archive.Case):
    async def test_its_submission_is_taken_as_it_stands_there(self) -> None:
        farm = await self.farm(jobs=1, tasks=5)
        farm.clock.advance(10)
        await farm.archives.put_away(farm.now())
        self.assertNotIn(1, farm.service.farm.jobs)
        first, *_ = await farm.archives.lines(1)
        found, warnings = await farm.service.try_out(
            first["submission"]["template"], first["submission"]["values"], settings={}
        )
        self.assertEqual((found.problems, found.tasks, warnings), ([], 5, []))
        job = await farm.service.submit(first["submission"]["template"], first["submission"]["values"])
        self.assertEqual((job.values, len(job.steps[0].tasks)), ({"Frames": "1-5"}, 5))
