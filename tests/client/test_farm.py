"""`Farm` and `AsyncFarm`: lists page by page, what was not done, events, and waiting for a job."""

import asyncio
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from brender.client import Failed, Farm, NotFound, Unreachable
from brender.farm.views.things import ClientView, JobView
from tests.client.case import ClientCase, reactor


class Lists(ClientCase):
    async def test_a_list_is_fetched_page_by_page(self) -> None:
        await self.serve()
        found = await self.asked(lambda: list(self.farm.jobs.list(limit=3)))
        self.assertEqual([job.id for job in found], [4, 3, 2, 1])
        self.assertIsInstance(found[0], JobView)
        tasks = await self.asked(lambda: list(self.farm.tasks(1).list(limit=2, offset=1)))
        self.assertEqual([task.task for task in tasks], [1, 2, 3, 4, 5])

    async def test_a_list_without_cursors_ends_too(self) -> None:
        await self.serve()
        steps = await self.asked(lambda: list(self.farm.steps(1).list(limit=1)))
        self.assertEqual([step.name for step in steps], ["Render"])

    async def test_the_first_page_and_how_many_there_are(self) -> None:
        await self.serve()
        pages = self.farm.jobs.list(limit=3, sort="name")
        self.assertEqual([job.id for job in await self.asked(pages.page)], [1, 2, 3])
        self.assertEqual(await self.asked(pages.matched), 4)

    async def test_some_attributes_come_as_a_dictionary(self) -> None:
        await self.serve()
        found = await self.asked(lambda: list(self.farm.clients.list(filter="online", fields="id,name")))
        self.assertEqual(found, [{"id": 1, "name": "render-01"}, {"id": 2, "name": "render-02"}])

    async def test_asyncio_has_the_same(self) -> None:
        await self.serve()

        async def all_of_it() -> tuple[list[ClientView], list[ClientView], int]:
            pages = self.other.clients.list(limit=2)
            return [each async for each in pages], await pages.page(), await pages.matched()

        found, page, matched = await self.asked(lambda: asyncio.run(all_of_it()))
        self.assertEqual(([each.id for each in found], [each.id for each in page], matched), ([1, 2, 3], [1, 2], 3))


class NotDone(ClientCase):
    async def failing(self, work: Any) -> Failed:
        try:
            await self.asked(work)
        except Failed as failed:
            return failed
        raise AssertionError("It did not fail.")

    async def test_what_is_not_there_is_not_found(self) -> None:
        await self.serve()
        failed = await self.failing(lambda: self.farm.jobs.show(9))
        self.assertIsInstance(failed, NotFound)
        self.assertEqual((failed.code, failed.message), ("not-found", "There is no job 9."))

    async def test_a_filter_that_cannot_be_read_says_where(self) -> None:
        await self.serve()
        failed = await self.failing(lambda: self.farm.jobs.cancel(filter="state=paused or (id=1"))
        self.assertEqual((failed.at, failed.position), ("filter", 16))

    async def test_all_that_is_wrong_with_a_template_is_told(self) -> None:
        await self.serve()
        template = {"specificationVersion": "jobtemplate-2023-09", "name": "", "steps": []}
        failed = await self.failing(lambda: self.farm.jobs.create(template=template))
        self.assertEqual((failed.code, {each["at"] for each in failed.problems}), ("refused", {"name", "steps"}))

    async def test_of_many_each_says_why_it_was_not_done(self) -> None:
        await self.serve()
        found = await self.asked(lambda: self.farm.jobs.pause(filter="id=1,3"))
        self.assertEqual((found.matched, found.changed), (2, 1))
        errors = {each.view.id: (each.changed, each.error) for each in found}
        self.assertEqual(errors, {3: (False, "Job 3 is completed and cannot be paused."), 1: (True, "")})

    async def test_where_nobody_answers_it_is_unreachable(self) -> None:
        failed = await self.failing(Farm("http://127.0.0.1:1").clients.list().page)
        self.assertIsInstance(failed, Unreachable)


class Following(ClientCase):
    async def test_events_are_filtered_as_lists_are(self) -> None:
        made = await self.serve()
        opened: Deferred[None] = Deferred()

        def follow() -> list[tuple[str, int]]:
            found: list[tuple[str, int]] = []
            for event in self.farm.events(("job",), filter="id=2"):
                if event.kind == "open":
                    reactor.callFromThread(opened.callback, None)
                else:
                    found.append((event.data["state"], event.data["id"]))
                if len(found) == 1:
                    break
            return found

        following = deferToThread(follow)
        await opened
        await made.service.pause(1)
        await made.service.cancel(2)
        made.clock.advance(1)
        self.assertEqual(await following, [("canceled", 2)])

    async def test_a_job_is_waited_for_by_both_faces_whatever_becomes_of_the_stream(self) -> None:
        made = await self.serve()
        both = [deferToThread(self.farm.wait, 2), deferToThread(lambda: asyncio.run(self.other.wait(2)))]
        await self.until(lambda: len(self.site.streams) == 2)
        self.site.streams.close()  # as when a server starts anew
        await self.until(lambda: len(self.site.streams) == 2)
        await made.service.cancel(2)
        made.clock.advance(1)
        self.assertEqual([(await each).state for each in both], ["canceled", "canceled"])
        self.assertEqual((await self.asked(lambda: self.farm.wait(3))).state, "completed")

    async def test_a_wait_may_have_an_end(self) -> None:
        await self.serve()
        await self.assertFailure(deferToThread(self.farm.wait, 2, 0.0), TimeoutError)

