"""Whose step is next: priority, shares, owners by weight, begun jobs, age; and how long affinity delays it."""

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from brender.farm import changing
from brender.farm.client import RuntimeClient
from brender.farm.job import Job
from brender.farm.order import Order
from brender.farm.settings import FarmSettings, read
from brender.farm.transitions import TaskState
from tests.doubles import FAILED, Rules, Stage


class Turns(SynchronousTestCase):
    def farm(self, clients: int = 1, slots: int = 1, **farm: Any) -> list[RuntimeClient]:
        self.rules = Rules(**({"affinity": 0} | farm))
        return [self.rules.client(slots) for _ in range(clients)]

    def jobs(self, tasks: int = 2000, **owners: Any) -> dict[str, Job]:
        """A job for each owner, with these settings."""
        stage = Stage(tasks=tasks, vcpus=1)
        return {owner: self.rules.job(stage, owner=owner, **more) for owner, more in owners.items()}

    def in_use(self, job: Job) -> int:
        return sum(order.cost for order in job.orders.values())

    def turn(self, seconds: float = 60.0) -> None:
        """Everything that clients hold ends, the oldest first, and work is given out after each."""
        self.rules.match()
        for order in list(self.rules.farm.orders.values()):
            self.rules.ended(order, seconds=seconds)
            self.rules.match()

    # --- owners

    def test_owners_of_equal_weight_have_equal_use_whatever_the_age_of_their_jobs(self) -> None:
        self.farm(clients=3, slots=2)
        jobs = self.jobs(ada={}, bob={}, cid={})
        self.turn()
        self.assertEqual([self.in_use(job) for job in jobs.values()], [4, 4, 4])

    def test_the_weight_of_an_owner_says_how_much_more_that_is(self) -> None:
        self.farm(clients=4, slots=4, weights={"ada": 3, "bob": 0.5})
        jobs = self.jobs(ada={}, bob={}, cid={})
        for _ in range(2):
            self.turn()
        uses = [self.in_use(job) for job in jobs.values()]
        self.assertEqual(sum(uses), 32)
        for use, wanted in zip(uses, (32 * 3 / 4.5, 32 * 0.5 / 4.5, 32 / 4.5), strict=True):
            self.assertLessEqual(abs(use - wanted), 1)

    def test_many_jobs_give_an_owner_no_more_than_one_job_gives(self) -> None:
        self.farm(clients=4, slots=2)
        many = [self.rules.job(Stage(tasks=20, vcpus=1), owner="ada") for _ in range(9)]
        one = self.rules.job(Stage(tasks=100, vcpus=1), owner="bob")
        self.turn()
        self.assertEqual((sum(map(self.in_use, many)), self.in_use(one)), (8, 8))

    def test_what_counts_is_what_is_used_now_not_what_was_used(self) -> None:
        self.farm(clients=2)
        ada = self.rules.job(Stage(tasks=4), owner="ada")
        for _ in range(2):
            self.turn()
        self.assertTrue(ada.finished)
        jobs = self.jobs(ada={}, bob={})
        self.turn()
        self.assertEqual([self.in_use(job) for job in jobs.values()], [2, 2])

    def test_between_owners_who_use_the_same_age_decides(self) -> None:
        (client,) = self.farm()
        self.jobs(tasks=1, zoe={}, ada={}, bob={})
        self.assertEqual(self.order_of_jobs(client), [1, 2, 3])

    def test_a_new_owner_of_a_job_counts_from_then_on(self) -> None:
        self.farm(clients=4)
        jobs = self.jobs(ada={}, bob={})
        self.turn()
        self.rules.set(jobs["ada"], owner="bob")
        late = self.rules.job(Stage(tasks=100, vcpus=1), owner="ada")
        for _ in range(3):
            self.turn()
        self.assertEqual((self.in_use(late), self.in_use(jobs["ada"]) + self.in_use(jobs["bob"])), (4, 4))

    # --- projects

    def test_shares_are_60_30_and_10_whoever_owns_the_jobs(self) -> None:
        self.farm(clients=10, slots=5, shares={"film": 60, "spot": 30, "": 10})
        jobs = self.jobs(ada={"project": "film"}, bob={"project": "spot"}, cid={"project": "other"})
        for _ in range(2):
            self.turn()
        self.assertEqual([self.in_use(job) for job in jobs.values()], [60, 30, 10])

    def test_what_a_project_does_not_use_is_lent_and_taken_back(self) -> None:
        self.farm(clients=10, shares={"film": 60, "spot": 30, "": 10})
        spot = self.rules.job(Stage(tasks=500, vcpus=1), project="spot", owner="bob")
        self.turn()
        self.assertEqual(self.in_use(spot), 20)
        film = self.rules.job(Stage(tasks=500, vcpus=1), project="film", owner="ada")
        for _ in range(3):
            self.turn()
        self.assertEqual(self.in_use(film) + self.in_use(spot), 20)
        self.assertLessEqual(abs(self.in_use(film) - 20 * 60 / 90), 1)

    def test_projects_that_have_no_share_of_their_own_share_one(self) -> None:
        self.farm(clients=10, slots=5, shares={"film": 60, "spot": 30, "": 10})
        owners = {"ada": "film", "bob": "spot", "cid": "x", "dan": "y"}
        projects: dict[str, Any] = {owner: {"project": project} for owner, project in owners.items()}
        jobs = self.jobs(**projects)
        for _ in range(3):
            self.turn()
        uses = [self.in_use(job) for job in jobs.values()]
        self.assertEqual((uses[:2], sum(uses[2:])), ([60, 30], 10))

    def test_inside_a_project_owners_share_by_weight(self) -> None:
        self.farm(clients=9, shares={"film": 2, "spot": 1}, weights={"ada": 2})
        film = {"project": "film"}
        jobs = self.jobs(ada=film, bob=film, cid={"project": "spot"})
        for _ in range(2):
            self.turn()
        self.assertEqual([self.in_use(job) for job in jobs.values()], [8, 4, 6])

    def test_priority_goes_before_shares_and_before_owners(self) -> None:
        self.farm(clients=4, shares={"film": 90, "spot": 10})
        jobs = self.jobs(ada={"project": "film"}, bob={"project": "spot", "priority": 51})
        self.turn()
        self.assertEqual([self.in_use(job) for job in jobs.values()], [0, 8])

    def test_without_shares_projects_do_not_count(self) -> None:
        (client,) = self.farm()
        self.rules.job(Stage(), project="b", owner="ada")
        self.rules.job(Stage(), project="a", owner="ada")
        self.assertEqual(self.order_of_jobs(client), [1, 2])

    def test_new_shares_count_at_once(self) -> None:
        self.farm(clients=6)
        jobs = self.jobs(ada={"project": "film"}, bob={"project": "spot"})
        self.turn()
        changing.set_farm(self.rules.farm, read(FarmSettings, {"affinity": 0, "shares": {"film": 2, "spot": 1}}))
        for _ in range(3):
            self.turn()
        self.assertEqual([self.in_use(job) for job in jobs.values()], [8, 4])

    # --- jobs of one owner

    def order_of_jobs(self, client: RuntimeClient) -> list[int]:
        """The jobs of the tasks that one client runs until nothing is left."""
        ran = list[int]()
        while True:
            self.rules.match()
            if not client.orders:
                return ran
            order = self.rules.orders(client)[0]
            ran.append(order.job)
            self.rules.ended(order, seconds=60.0)

    def test_a_job_that_has_begun_is_finished_before_an_older_one_is_begun(self) -> None:
        (client,) = self.farm()
        older = self.rules.job(Stage(tasks=3))
        changing.pause(self.rules.farm, older)
        self.rules.job(Stage(tasks=4))
        self.turn()
        changing.resume(self.rules.farm, older)
        self.assertEqual(self.order_of_jobs(client), [2, 2, 1, 1, 1])

    def test_breadth_first_the_job_that_uses_least_goes_first(self) -> None:
        self.farm(clients=6, depth_first=False)
        jobs = [self.rules.job(Stage(tasks=100)) for _ in range(3)]
        self.turn()
        self.assertEqual([self.in_use(job) for job in jobs], [4, 4, 4])

    def test_steps_of_a_job_go_in_their_order(self) -> None:
        (client,) = self.farm()
        self.rules.job(Stage("A", 2), Stage("B", 1), Stage("C", 2))
        ran = list[int]()
        self.rules.match()
        while client.orders:
            order = self.rules.orders(client)[0]
            ran.append(order.step)
            self.rules.ended(order)
            self.rules.match()
        self.assertEqual(ran, [0, 0, 1, 2, 2])

    def test_a_large_task_begins_though_small_jobs_keep_coming_and_begin_elsewhere(self) -> None:
        large_client, small_client = self.farm(clients=1, slots=4)[0], self.rules.client(1)
        self.rules.job(Stage(tasks=12, vcpus=1))
        self.rules.match()
        large = self.rules.job(Stage(vcpus=4))
        for _ in range(30):
            self.rules.job(Stage(tasks=12, vcpus=1))
            for client in (small_client, large_client):
                self.rules.match()
                if large.orders:
                    return
                self.rules.ended(self.rules.orders(client)[0], seconds=60.0)
        self.fail("The large task waits, though it is the oldest and others have run sixty tasks since.")

    # --- properties

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_the_walk_is_what_sorting_everything_would_give(self, data: st.DataObject) -> None:
        depth_first = data.draw(st.booleans())
        weights = {"ada": 2.0, "bob": 0.5}
        shares = data.draw(st.sampled_from([{}, {"film": 60.0, "spot": 30.0, "": 10.0}]))
        self.farm(clients=2, slots=2, depth_first=depth_first, weights=weights, shares=shares)
        for _ in range(data.draw(st.integers(1, 30))):
            self.something_happens(data)
            self.assertEqual(list(self.rules.farm.queue), self.sorted_slowly(depth_first, weights, shares))

    def something_happens(self, data: st.DataObject) -> None:
        farm = self.rules.farm
        what = data.draw(st.sampled_from(["submit", "submit", "match", "end", "fail", "set", "pause", "resume"]))
        settings_of = {
            "owner": data.draw(st.sampled_from(["ada", "bob", "cid"])),
            "project": data.draw(st.sampled_from(["film", "spot", "x"])),
            "priority": data.draw(st.sampled_from([10, 50])),
        }
        jobs = [job for job in farm.jobs.values() if not job.finished]
        orders = [order for order in farm.orders.values() if order.open]
        if what == "submit":
            stages = [Stage("A", 2, vcpus=1), Stage("B", 3, vcpus=2), Stage("C", 1, after=("A",))]
            self.rules.job(*stages[: data.draw(st.integers(1, 3))], **settings_of)
        elif what == "match":
            self.rules.match()
        elif what in ("end", "fail") and orders:
            order = data.draw(st.sampled_from(orders))
            self.rules.ended(order, outcome=FAILED if what == "fail" else TaskState.COMPLETED)
        elif what == "set" and jobs:
            self.rules.set(data.draw(st.sampled_from(jobs)), **settings_of)
        elif what in ("pause", "resume") and jobs:
            (changing.pause if what == "pause" else changing.resume)(farm, data.draw(st.sampled_from(jobs)))

    def sorted_slowly(self, depth_first: bool, weights: dict[str, float], shares: dict[str, float]) -> list[Any]:
        """The queue by the rules as people say them, from the orders that clients hold."""
        farm = self.rules.farm
        by_owner, by_project, by_job = Counter[Any](), Counter[str](), Counter[Job]()
        for order in farm.orders.values():
            job = farm.jobs[order.job]
            project = job.settings.project if shares else ""
            by_owner[project, job.owner] += order.cost
            by_project[project] += order.cost
            by_job[job] += order.cost

        def place(step: Any) -> Any:
            job = step.job
            return (job.started is None if depth_first else by_job[job], job.id, step.index)

        running = [job for job in farm.jobs.values() if job.runs]
        ready = [step for job in running for step in job.steps if step.counts[TaskState.READY]]
        heads: dict[Any, Any] = {}
        for step in ready:
            key = (step.job.priority, step.job.settings.project if shares else "", step.job.owner)
            heads[key] = min(heads.get(key, place(step)), place(step))

        def owner_rank(priority: int, project: str, owner: str) -> Any:
            return (by_owner[project, owner] / weights.get(owner, 1.0), heads[priority, project, owner])

        def rank(step: Any) -> Any:
            priority, project, owner = step.job.priority, step.job.settings.project if shares else "", step.job.owner
            mine = owner_rank(priority, project, owner)
            first = min(head for key, head in heads.items() if key[:2] == (priority, project))
            share = shares.get(project, shares.get("", 1.0))
            return (-priority, by_project[project] / share, first, project, mine, place(step))

        return sorted(ready, key=rank)


class Affinity(SynchronousTestCase):
    """A client keeps to the scene that it has open, but nobody who is due waits longer for that than is stated."""

    LIMIT = 10.0

    def setUp(self) -> None:
        self.rules = Rules(affinity=self.LIMIT)

    def end(self, order: Order, seconds: float) -> None:
        self.rules.started(order)
        self.rules.ended(order, seconds=seconds)
        self.rules.match()

    def test_a_client_keeps_to_its_scene_for_so_long_and_no_longer(self) -> None:
        client = self.rules.client()
        self.rules.job(Stage(tasks=100), owner="ada")
        self.rules.match()
        other = self.rules.job(Stage(tasks=100), owner="bob")
        began, given = self.rules.clock, list[tuple[float, int]]()
        while not other.orders:
            self.rules.pass_by(1)
            order = self.rules.orders(client)[0]
            self.end(order, 1.0)
            given.append((self.rules.clock - began, self.rules.orders(client)[-1].job))
        self.assertTrue(given[0][1] == 1 and given[-1][0] <= 2 * self.LIMIT, given)
        self.assertGreaterEqual(given[-1][0], self.LIMIT)

    def test_higher_priority_does_not_wait_for_it(self) -> None:
        client = self.rules.client()
        self.rules.job(Stage(tasks=100), owner="ada")
        self.rules.match()
        urgent = self.rules.job(Stage(), owner="ada", priority=51)
        self.end(self.rules.orders(client)[0], 60.0)
        self.assertEqual(len(urgent.orders), 1)

    def test_a_scene_that_may_not_run_there_any_more_is_not_kept_to(self) -> None:
        client, _ = self.rules.client(), self.rules.client()
        scene = self.rules.job(Stage(tasks=100), owner="ada")
        self.rules.match()
        self.rules.job(Stage(tasks=100), owner="bob")
        self.rules.set(scene, never=[client.name])
        before = set(client.orders)
        for _ in range(4):
            self.end(self.rules.orders(client)[0], 1.0)
        self.assertEqual({order.job for order in client.orders.values() if order.id not in before}, {2})

    def test_what_was_killed_for_memory_is_not_given_there_again_because_its_scene_is_open(self) -> None:
        small = self.rules.client(memory=16 * 2**30)
        self.rules.client(memory=64 * 2**30)
        scene = self.rules.job(Stage(tasks=100), owner="ada")
        self.rules.match()
        self.rules.job(Stage(tasks=100), owner="bob")
        first, second = self.rules.orders(small)
        self.rules.ended(first, outcome=FAILED, cause="memory", peak=16 * 2**30)
        self.rules.match()
        self.assertEqual(scene.id, second.job)
        self.assertNotIn(scene.id, [order.job for order in small.orders.values() if order is not second])

    def test_in_the_backlog_a_large_task_is_not_passed_over_for_an_open_scene(self) -> None:
        client = self.rules.client(4)
        self.rules.job(Stage(tasks=1000, vcpus=1), owner="bob")
        self.rules.match()
        large = self.rules.job(Stage(vcpus=4), owner="ada")
        ended = 0
        while not large.orders and ended < 100:
            self.rules.pass_by(1)
            self.end(self.rules.orders(client)[0], 60.0)
            ended += 1
        self.assertLess(ended, 25, "the limit and what was in the backlog then")

    def test_who_was_served_may_be_kept_waiting_anew(self) -> None:
        """One owner, two jobs: the limit is of each waiting, not of the farm's first seconds."""
        first, second = self.rules.client(), self.rules.client()
        old = self.rules.job(Stage("A", 1), Stage("B", 4, after=("A",)))
        self.rules.match()
        young = self.rules.job(Stage(tasks=400))
        self.rules.match()
        self.rules.pass_by(100)
        self.end(self.rules.orders(first)[0], 60.0)
        for _ in range(3):
            for client in (first, second):
                self.end(self.rules.orders(client)[0], 60.0)
        self.assertEqual(old.state.value, "active")
        self.assertGreater(len(young.orders), 0)

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_between_two_orders_of_an_owner_nobody_is_preferred_to_him_for_longer(self, data: st.DataObject) -> None:
        self.setUp()
        for _ in range(data.draw(st.integers(1, 4))):
            self.rules.client(data.draw(st.integers(1, 2)))
        owners = ["ada", "bob", "cid"][: data.draw(st.integers(2, 3))]
        for owner in owners * data.draw(st.integers(1, 2)):
            self.rules.job(Stage(tasks=400, vcpus=1), owner=owner)
        passed: dict[str, float] = {}
        for _ in range(60):
            self.rules.pass_by(data.draw(st.sampled_from([0.0, 1.0, 4.0])))
            if orders := [order for order in self.rules.farm.orders.values() if order.open]:
                self.rules.ended(data.draw(st.sampled_from(orders)), seconds=60.0)
            self.watch(passed)

    def watch(self, passed: dict[str, float]) -> None:
        """Work is given out one order at a time; who was due is noted when somebody else is given it."""
        farm, issue = self.rules.farm, self.rules.farm.issue

        def noted(client: RuntimeClient, step: Any, *rest: Any, **more: Any) -> Order:
            due = next(iter(farm.queue)).job.owner
            now = rest[-1]
            if due != step.job.owner:
                self.assertLess(now - passed.setdefault(due, now), self.LIMIT, (due, step.job.owner))
            passed.pop(step.job.owner, None)
            return issue(client, step, *rest, **more)

        farm.issue = noted  # type: ignore[method-assign]
        try:
            self.rules.match()
        finally:
            farm.issue = issue  # type: ignore[method-assign]
