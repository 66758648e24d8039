"""Jobs and clients that are away can be deleted; of many, each that has to stay says why."""

from brender.farm.interfaces import NotFound
from brender.farm.transitions import NotNow
from brender.protocols.commands import answer
from brender.verbs.said.unfit import Unfit
from tests.verbs.test_performing import PerformCase


class Deleting(PerformCase):
    async def test_a_job_that_nobody_runs_is_gone_with_the_answer(self) -> None:
        job = await self.farm.job()
        gone = await self.plain("job", "delete", id=job.id)
        self.assertEqual((gone["changed"], gone["deleted"], gone["state"]), (True, True, "canceled"))
        await self.refusing(NotFound, "job", "show", id=job.id)
        await self.refusing(NotFound, "job", "delete", id=job.id)

    async def test_a_job_that_a_client_runs_goes_when_that_has_ended(self) -> None:
        job, client = await self.farm.job(), await self.farm.client("attic")
        for changed in (True, False):
            told = await self.plain("job", "delete", id=job.id)
            self.assertEqual((told["changed"], told["deleted"], told["state"]), (changed, False, "canceled"))
        wrong = await self.refusing(NotNow, "job", "retry", id=job.id)
        self.assertEqual(str(wrong), "Job 1 is deleted: it goes as soon as clients have ended what they run of it.")
        for order in list(client.orders):
            self.farm.service.dropped(client.id, order)
        await self.refusing(NotFound, "job", "delete", id=job.id)

    async def test_of_many_jobs_those_go_that_may(self) -> None:
        await self.farm.client("attic")
        jobs = [await self.farm.job(), await self.farm.job(), await self.farm.job(after=[{"job": 2}])]
        await self.farm.service.pause(jobs[2].id)
        told = await self.plain("job", "delete", filter="id=1,2")
        self.assertEqual((told["matched"], told["changed"]), (2, 1))
        two, one = told["data"]
        self.assertEqual((one["id"], one["changed"], one["deleted"]), (1, True, False))
        self.assertEqual((two["id"], two["changed"], two["error"][:14]), (2, False, "Job 3 comes af"))
        told = await self.plain("job", "delete", filter="id=2,3")
        self.assertEqual((told["matched"], told["changed"], list(self.farm.service.farm.jobs)), (2, 2, [1]))
        self.assertEqual([each["deleted"] for each in told["data"]], [True, True])

    async def test_people_are_told_what_is_gone_and_what_goes_in_a_moment(self) -> None:
        client = await self.farm.client("attic")
        for after in ([], [], [], [{"job": 3}]):
            await self.farm.job(after=after)
        self.assertEqual(await self.said("delete job 2"), "Job 2 shot_010 is deleted.")
        self.assertEqual(
            await self.said("delete job 1,3,4"),
            "3 jobs: 4 and 3 are deleted, 1 goes as soon as clients have ended what they run of it.",
        )
        leaving = "is deleted as soon as clients have ended what they run of it."
        self.assertEqual(await self.said("delete job 1"), f"Job 1 shot_010 is canceled, and {leaving}")
        self.assertIn("Warning: It is deleted as soon as clients have ended", await self.said("job 1"))
        for order in list(client.orders):
            self.farm.service.dropped(client.id, order)
        self.assertEqual(await self.said("delete job 1"), "There is no job 1.")

    async def test_people_are_told_why_one_stays(self) -> None:
        for after in ([], [{"job": 1}]):
            await self.farm.job(after=after)
        stays = "Job 2 comes after job 1: delete that first, or change what it comes after."
        self.assertEqual(await self.said("delete job 1"), stays)
        self.assertEqual(await self.said("delete job id<2"), stays)
        self.assertEqual(await self.said("delete job owner=nobody"), "No job matches owner=nobody (2 jobs in all).")

    async def said(self, line: str) -> str:
        return await answer(self.farm.service, line, self.farm.now())

    async def test_clients_that_are_away_are_forgotten_in_one_go(self) -> None:
        clients = [await self.farm.client(f"render-{number}") for number in range(4)]
        for client in clients[1:]:
            self.farm.gone(client)
        wrong = await self.refusing(NotNow, "client", "delete", id=clients[0].id)
        self.assertEqual(str(wrong), "render-0 is online: stop its worker first, or it would be back at once.")
        told = await self.plain("client", "delete", filter="offline")
        self.assertEqual(
            (told["changed"], [each["name"] for each in told["data"]]), (3, ["render-1", "render-2", "render-3"])
        )
        self.assertEqual(await self.names(None), ["render-0"])

    async def test_no_client_is_made_by_hand(self) -> None:
        wrong = await self.refusing(Unfit, "client", "create")
        self.assertIn("A client is made when its worker calls for the first time", str(wrong))
