"""Tasks of a job on every face: read in pages, chosen by filters, run again; a million of them as well as three."""

from functools import partial

from twisted.internet.defer import Deferred

from brender.farm.choosing import everything
from brender.farm.interfaces import NotFound
from brender.farm.job import Job
from brender.farm.transitions import JobState, TaskEvent, TaskState
from brender.farm.views.tasks import Tasks
from brender.verbs.filters import Comparison, Everything, matching
from brender.verbs.items.known import TASK
from brender.verbs.lists.narrowing import narrow
from brender.verbs.performing import condition_of
from brender.verbs.said.unfit import Unfit
from tests.effort import effort
from tests.fakes import NOON
from tests.verbs.test_performing import PerformCase

TWO_STEPS = """
specificationVersion: jobtemplate-2023-09
name: shot
steps:
- name: Render
  parameterSpace:
    taskParameterDefinitions:
    - {name: Frame, type: INT, range: "101-112"}
    - {name: Eye, type: STRING, range: [left, right]}
  script: {actions: {onRun: {command: render}}}
- name: Video
  dependencies: [{dependsOn: Render}]
  script: {actions: {onRun: {command: encode}}}
"""
MILLION = """
specificationVersion: jobtemplate-2023-09
name: long
steps:
- name: Render
  parameterSpace: {taskParameterDefinitions: [{name: Frame, type: INT, range: "1-1000000"}]}
  script: {actions: {onRun: {command: render}}}
"""


class TaskCase(PerformCase):
    async def ids(self, job: Job, filter: str | None = None, **values: object) -> list[str]:  # noqa: A002
        found = await self.plain("task", "read", job=job.id, filter=filter, values=values)
        return [each["id"] for each in found["data"]]


class Reading(TaskCase):
    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.job = await self.farm.job(TWO_STEPS)

    async def test_each_says_what_it_is_and_how_far(self) -> None:
        task = await self.plain("task", "show", job=self.job.id, id="Render:3")
        self.assertEqual(
            task,
            {"id": "Render:3", "step": "Render", "place": 0, "task": 3, "what": "frame 102", "frame": 102,
             "state": "ready", "parameters": "Frame=102, Eye=right", "client": None, "order": None, "failures": 0,
             "seconds": None, "since": None, "percent": None, "status": ""},
        )  # fmt: skip
        video = await self.plain("task", "show", job=self.job.id, id="Video:0")
        self.assertEqual((video["what"], video["frame"], video["state"]), ("task 0", None, "waiting"))

    async def test_they_come_in_the_order_of_steps_and_numbers_and_in_pages(self) -> None:
        all_of_them = [*(f"Render:{number}" for number in range(24)), "Video:0"]
        seen: list[str] = []
        after = ""
        while after is not None:
            page = await self.plain("task", "read", job=self.job.id, values={"limit": 7, "after": after})
            self.assertEqual(page["matched"], 25)
            seen += [each["id"] for each in page["data"]]
            after = page["next"]
        self.assertEqual(seen, all_of_them)

    async def test_filters_ask_for_steps_states_frames_and_numbers(self) -> None:
        self.assertEqual(await self.ids(self.job, "step=video"), ["Video:0"])
        self.assertEqual(await self.ids(self.job, "waiting"), ["Video:0"])
        self.assertEqual(await self.ids(self.job, "frame=102-103"), [f"Render:{number}" for number in range(2, 6)])
        self.assertEqual(await self.ids(self.job, "frame=102,112 and parameters~*left*"), ["Render:2", "Render:22"])
        self.assertEqual(await self.ids(self.job, "step=Render and 0-1"), ["Render:0", "Render:1"])
        self.assertEqual(await self.ids(self.job, "not step=Render"), ["Video:0"])
        self.assertEqual(await self.ids(self.job, "frame=none"), ["Video:0"])
        self.assertEqual(await self.ids(self.job, "frame=7"), [])

    async def test_who_has_one_is_told_and_how_far_it_is(self) -> None:
        client = await self.farm.client("attic")
        order = self.farm.start(client)
        self.farm.service.progressed(client.id, order.id, order.first, 40.0, "sampling")
        task = await self.plain("task", "show", job=self.job.id, id="Render:0")
        self.assertEqual((task["client"], task["order"], task["state"]), ("attic", order.id, "active"))
        self.assertEqual((task["percent"], task["status"], task["since"]), (40.0, "sampling", NOON))
        self.assertEqual(await self.ids(self.job, "client=attic", sort="-task"), ["Render:1", "Render:0"])

    async def test_where_it_failed_last_is_told(self) -> None:
        client = await self.farm.client("attic")
        self.farm.finish(client, "failed", "It broke.")
        failed = await self.plain("task", "read", job=self.job.id, filter="failures>0")
        self.assertEqual([(each["id"], each["client"]) for each in failed["data"]], [("Render:0", "attic")])

    async def test_one_that_is_not_there_is_told_with_those_that_are(self) -> None:
        for key, sentence in {
            "Render:24": 'There is no task "Render:24": step "Render" has tasks 0 to 23.',
            "Render:x": 'There is no task "Render:x": step "Render" has tasks 0 to 23.',
            "Renderer:1": 'There is no task "Renderer:1": write STEP:NUMBER; the steps are Render, Video.',
            "3": 'There is no task "3": write STEP:NUMBER; the steps are Render, Video.',
        }.items():
            self.assertEqual(str(await self.refusing(NotFound, "task", "show", job=self.job.id, id=key)), sentence)

    async def test_what_cannot_be_done_with_tasks_says_why(self) -> None:
        for action in ("create", "update", "delete"):
            wrong = await self.refusing(Unfit, "task", action, job=self.job.id, id="Render:0")
            self.assertEqual(str(wrong), f"No action {action!r} on a task. {TASK.without[action]}".replace("'", '"'))

    async def test_a_job_with_one_step_has_tasks_by_number_too(self) -> None:
        job = await self.farm.job()
        self.assertEqual((await self.plain("task", "show", job=job.id, id="5"))["id"], "Render:5")


class Canceled(TaskCase):
    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.job = await self.farm.job()
        self.client = await self.farm.client("attic")

    async def test_of_the_chosen_those_that_had_not_ended(self) -> None:
        self.farm.finish(self.client)
        order = self.farm.start(self.client)
        result = await self.plain("task", "cancel", job=self.job.id, filter="frame=1-3")
        self.assertEqual((result["matched"], result["changed"]), (3, 2))
        self.assertEqual([each["changed"] for each in result["data"]], [False, True, True])
        self.assertEqual([each["state"] for each in result["data"]], ["completed", "canceled", "canceled"])
        self.assertIn(("cancel", order.id), self.farm.links[self.client.id].said)
        self.assertIs(self.job.state, JobState.ACTIVE)

    async def test_one_that_is_named(self) -> None:
        self.assertTrue((await self.plain("task", "cancel", job=self.job.id, id="Render:7"))["changed"])
        self.assertFalse((await self.plain("task", "cancel", job=self.job.id, id="Render:7"))["changed"])
        self.assertEqual(await self.ids(self.job, "canceled"), ["Render:7"])
        told = await self.plain("task", "why", job=self.job.id, id="Render:7")
        self.assertEqual(told["why"], "Frame 8 is canceled.")

    async def test_the_job_ends_with_the_last_of_them_and_goes_on_when_they_are_asked_for_again(self) -> None:
        for _ in range(20):
            self.farm.finish(self.client)
        result = await self.plain("task", "cancel", job=self.job.id, filter="all")
        self.assertEqual((result["changed"], self.job.state), (4, JobState.CANCELED))
        job = await self.plain("job", "show", id=self.job.id)
        self.assertEqual((job["progress"], job["steps"][0].completed, job["steps"][0].canceled), (100.0, 20, 4))
        why = await self.plain("job", "why", id=self.job.id)
        self.assertEqual(why["why"], "Job 1 is canceled: 4 of its 24 tasks were canceled.")
        self.assertEqual((await self.plain("task", "cancel", job=self.job.id, filter="all"))["changed"], 0)
        self.assertEqual((await self.plain("task", "retry", job=self.job.id, filter="all"))["again"], {"Render": 4})
        for order in list(self.client.orders):
            self.farm.service.dropped(self.client.id, order)
        self.farm.finish_all(self.client)
        self.assertIs(self.job.state, JobState.COMPLETED)


class Again(TaskCase):
    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.job = await self.farm.job(tries=1)
        self.client = await self.farm.client("attic")

    def end(self) -> None:
        """Frame 3 fails, all others are done."""
        for number in range(24):
            self.farm.finish(self.client, "failed" if number == 2 else "completed")

    async def test_tasks_of_a_finished_job_are_read_without_opening_it(self) -> None:
        self.end()
        self.assertIs(self.job.state, JobState.FAILED)
        self.assertEqual(await self.ids(self.job, "failed"), ["Render:2"])
        task = await self.plain("task", "show", job=self.job.id, id="Render:2")
        self.assertEqual((task["state"], task["failures"], task["what"]), ("failed", None, "frame 3"))
        self.assertEqual((self.job.steps, len(self.job.past)), ([], 1))

    async def test_what_failed_of_the_chosen_is_run_again(self) -> None:
        self.end()
        result = await self.plain("task", "retry", job=self.job.id, filter="frame=1-5")
        self.assertEqual((result["matched"], result["changed"], result["again"]), (5, 1, {"Render": 1}))
        self.assertEqual([each["changed"] for each in result["data"]], [False, False, True, False, False])
        self.assertIn(result["data"][2]["state"], ("ready", "active"))
        self.assertIs(self.job.state, JobState.ACTIVE)
        self.farm.finish_all(self.client)
        self.assertIs(self.job.state, JobState.COMPLETED)

    async def test_one_that_is_named_is_run_again_whatever_became_of_it(self) -> None:
        self.end()
        self.assertTrue((await self.plain("task", "retry", job=self.job.id, id="Render:7"))["changed"])
        self.assertIs(self.job.steps[0].tasks[7], TaskState.ACTIVE)

    async def test_what_was_done_is_run_again_when_that_is_asked_for(self) -> None:
        self.end()
        result = await self.plain("task", "requeue", job=self.job.id, filter="completed and frame=1-2")
        self.assertEqual((result["changed"], result["again"]), (2, {"Render": 2}))

    async def test_nothing_is_changed_where_nothing_has_ended(self) -> None:
        result = await self.plain("task", "retry", job=self.job.id, filter="all")
        self.assertEqual((result["matched"], result["changed"], result["again"]), (24, 0, {}))

    async def test_each_says_why_it_waits_or_what_became_of_it(self) -> None:
        self.farm.finish(self.client)
        told = await self.plain("task", "why", job=self.job.id, filter="0-1,23")
        self.assertEqual(
            [each["why"] for each in told["data"]],
            [
                "Frame 1 is completed.",
                "Frame 2 has been given to attic and is to begin there.",
                "Frame 24 waits: attic: other tasks of the same job are to begin there.",
            ],
        )

    async def test_the_log_of_one_is_only_its_own(self) -> None:
        order = self.farm.start(self.client)
        self.farm.service.logged(self.client.id, order.id, order.first, "Fra:1\n")
        self.farm.finish(self.client)
        other = self.farm.start(self.client)
        self.farm.service.logged(self.client.id, other.id, other.awaited()[0], "Fra:2\n")
        text = (await self.plain("task", "log", job=self.job.id, id="Render:1"))["log"]
        self.assertIn("Fra:2", text)
        self.assertNotIn("Fra:1", text)
        missing = await self.refusing(NotFound, "task", "log", job=self.job.id, id="Render:20")
        self.assertEqual(str(missing), f"Task Render:20 of job {self.job.id} has no log yet.")

    async def test_steps_are_run_again_by_their_names(self) -> None:
        self.end()
        step = await self.plain("step", "retry", job=self.job.id, id="Render")
        self.assertEqual((step["changed"], step["again"], step["completed"]), (True, 1, 23))
        wrong = await self.refusing(NotFound, "step", "show", job=self.job.id, id="Rendr")
        self.assertEqual(str(wrong), 'There is no step "Rendr" in that job; it has Render.')

    async def test_an_order_is_shown_with_its_log(self) -> None:
        order = self.farm.start(self.client)
        self.farm.service.logged(self.client.id, order.id, order.first, "Fra:1\n")
        shown = await self.plain("order", "show", job=self.job.id, id=order.id)
        self.assertEqual((shown["client"], shown["first"]), ("attic", 0))
        self.assertIn("Fra:1", (await self.plain("order", "log", job=self.job.id, id=order.id))["log"])


class AMillion(TaskCase):
    """Nothing is made of each of them unless somebody has to look at each."""

    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.job = await self.farm.job(MILLION)
        (step,) = self.job.steps
        for task in (17, 499_999, 999_999):
            step.tasks.move(task, TaskEvent.ORDERED)
            step.tasks.move(task, TaskEvent.GAVE_UP)

    async def test_a_page_makes_its_own_tasks_only(self) -> None:
        tasks = Tasks.of(self.job.steps)
        self.assertEqual(len(tasks), 10**6)
        self.assertEqual([task.id for task in tasks[999_998:]], ["Render:999998", "Render:999999"])
        page = await self.plain("task", "read", job=self.job.id, values={"offset": 500_000, "limit": 2})
        self.assertEqual([each["frame"] for each in page["data"]], [500_001, 500_002])
        after = await self.plain("task", "read", job=self.job.id, values={"after": page["next"], "limit": 1})
        self.assertEqual((after["matched"], after["data"][0]["frame"]), (10**6, 500_003))

    async def test_states_and_frames_are_chosen_without_looking_at_each(self) -> None:
        self.assertEqual(await self.ids(self.job, "failed"), ["Render:17", "Render:499999", "Render:999999"])
        self.assertEqual(await self.ids(self.job, "failed and frame=1-10000"), ["Render:17"])
        self.assertEqual(await self.ids(self.job, "frame=999999-1000000 and not failed"), ["Render:999998"])
        ready = await self.plain("task", "read", job=self.job.id, filter="ready", values={"limit": 1})
        self.assertEqual(ready["matched"], 999_997)

    async def test_that_costs_little_however_many_there_are(self) -> None:
        for wanted in (None, "failed", "ready", "step=Render", "frame=1-100"):
            asked = self.plain("task", "read", job=self.job.id, filter=wanted, values={"limit": 10})
            self.assertLess(effort(partial(Deferred.fromCoroutine, asked)), 10_000, wanted)

    async def test_what_would_look_at_each_is_refused(self) -> None:
        how = "at 1,000,000 tasks one by one; 100,000 are the most. Ask for a state, a step or frames as well."
        for values in ({"filter": "parameters~*7"}, {"values": {"sort": "state"}}, {"values": {"search": "17"}}):
            wrong = await self.refusing(Unfit, "task", "read", job=self.job.id, **values)
            self.assertIn(f"would look {how}", str(wrong))
        self.assertEqual(await self.ids(self.job, "frame<=100000 and parameters~*99999"), ["Render:99998"])
        self.assertEqual(await self.ids(self.job, "frame>999999"), ["Render:999999"])

    async def test_only_what_is_left_of_a_filter_is_asked_of_tasks(self) -> None:
        farm, tasks = self.farm.service.farm, Tasks.of(self.job.steps)
        some, rest = narrow(tasks, condition_of(TASK, farm, "failed and step=Render", NOON))
        self.assertEqual((len(some), rest), (3, Everything()))
        some, rest = narrow(tasks, condition_of(TASK, farm, "failed and client=attic", NOON))
        assert isinstance(rest, Comparison)
        self.assertEqual((len(some), rest.attribute.name), (0, "client"))  # no client has any of them


class Narrowing(TaskCase):
    """Whatever is done without asking each task comes to the same as asking each."""

    async def test_of_every_kind_of_filter(self) -> None:
        job = await self.farm.job(TWO_STEPS, tries=1)
        client = await self.farm.client("attic")
        for outcome in ("completed", "failed", "completed"):
            self.farm.finish(client, outcome)
        farm, tasks = self.farm.service.farm, Tasks.of(job.steps)
        for text in (
            "all", "failed", "state=failed,waiting", "state!=completed", "step=RENDER", "step=Rend*", "frame=101",
            "frame=101-103,110", "frame=0-99999", "frame>=105", "frame=none", "frame!=101", "task=3-5",
            "failed or waiting", "ready and frame=101-102", "frame=101 and state=failed", "step=Video and frame=101",
            "frame<103", "frame<=103", "frame>111", "frame=103-104,102-106,112", "client~att*", "percent>=0", "since>0",
            "order>0 and frame=101", "client!=attic", "status=none", "failures>0", "not (ready or failed)",
            "frame=101-104 and frame=103-112 and step=Render", "client=attic",
        ):  # fmt: skip
            condition = condition_of(TASK, farm, text, NOON)
            slow = [task.id for task in filter(matching(condition, TASK.reader(farm)), tasks)]
            some, rest = narrow(tasks, condition)
            quick = [task.id for task in filter(matching(rest, TASK.reader(farm)), some)]
            self.assertEqual(quick, slow, text)
        self.assertEqual(len(everything(job, "Render")[0]), 24)
