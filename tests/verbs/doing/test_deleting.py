"""Jobs that have ended and clients that are away can be deleted; of many, each that has to stay says why."""

from brender.farm.interfaces import NotFound
from brender.farm.transitions import NotNow
from brender.verbs.said.unfit import Unfit
from tests.verbs.test_performing import PerformCase


class Deleting(PerformCase):
    async def test_a_job_that_goes_on_is_refused(self) -> None:
        job = await self.farm.job()
        wrong = await self.refusing(NotNow, "job", "delete", id=job.id)
        self.assertEqual(str(wrong), "Job 1 is queued: cancel it first. A job that has ended can be deleted.")
        await self.farm.service.cancel(job.id)
        gone = await self.plain("job", "delete", id=job.id)
        self.assertEqual((gone["changed"], gone["id"], gone["state"]), (True, 1, "canceled"))
        await self.refusing(NotFound, "job", "show", id=job.id)

    async def test_of_many_jobs_those_go_that_may(self) -> None:
        jobs = [await self.farm.job() for _ in range(3)]
        await self.farm.service.cancel(jobs[1].id)
        told = await self.plain("job", "delete", filter="all")
        self.assertEqual((told["matched"], told["changed"]), (3, 1))
        self.assertEqual({each["id"]: each["changed"] for each in told["data"]}, {3: False, 2: True, 1: False})
        self.assertEqual(
            [each.get("error", "")[:15] for each in told["data"]], ["Job 3 is queued", "", "Job 1 is queued"]
        )
        self.assertEqual(list(self.farm.service.farm.jobs), [1, 3])

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
