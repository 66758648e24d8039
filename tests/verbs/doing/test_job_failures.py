"""Why a job's tasks failed, part of a log, and what a step says of itself, as verbs."""

from typing import Any

import msgspec

from brender.farm.interfaces import NotFound
from brender.verbs.telling import tell, told_of
from tests.fakes import FRAMES
from tests.verbs.test_performing import PerformCase

CHUNKS = """
specificationVersion: jobtemplate-2023-09
extensions: [TASK_CHUNKING]
name: chunks
steps:
- name: Render
  parameterSpace:
    taskParameterDefinitions:
    - {name: Eye, type: STRING, range: [left, right]}
    - name: Frame
      type: CHUNK[INT]
      range: "1-10,21-24:3"
      chunks: {defaultTaskCount: 4, rangeConstraint: CONTIGUOUS}
  hostRequirements:
    amounts: [{name: amount.worker.memory, min: 2048}, {name: amount.worker.vcpu, min: 1, max: 8}]
    attributes: [{name: attr.worker.os.family, anyOf: [linux, macos]}]
  script: {actions: {onRun: {command: render}}}
- name: Video
  dependencies: [{dependsOn: Render}]
  script: {actions: {onRun: {command: encode}}}
"""
IN_WORDS = "Eye left,right * Frame 1-10,21,24"
GROWING = CHUNKS.replace("defaultTaskCount: 4,", "defaultTaskCount: 4, targetRuntimeSeconds: 60,")


def value(space: Any, index: int) -> dict[str, str]:
    """The values of a task, from what a step says of its space: as docs/api.md tells how."""
    if "product" in space:
        found: dict[str, str] = {}
        for child in reversed(space["product"]):
            index, here = divmod(index, child["count"])
            found |= value(child, here)
        return found
    if "together" in space:
        return {name: each for child in space["together"] for name, each in value(child, index).items()}
    if "joined" in space:
        for part in space["joined"]:
            if index < part["count"]:
                return value(part, index)
            index -= part["count"]
    if "values" in space:
        return {space["parameter"]: space["values"][index]}
    return {space["parameter"]: numbers(space, index)}


def numbers(space: Any, index: int) -> str:
    ranges = [range(first, last + (1 if step > 0 else -1), step) for first, last, step in space["ranges"]]
    if "chunk" not in space:
        return str([each for part in ranges for each in part][index])
    runs = ranges if space.get("gapless") else [[each for part in ranges for each in part]]
    for part in runs:
        alone = isinstance(part, range) and part.step != 1
        size = 1 if alone else space["chunk"]
        chunks = -(-len(part) // size)
        if index < chunks:
            first, last = (chunk_begin(each, len(part), chunks) for each in (index, index + 1))
            return f"{part[first]}-{part[last - 1]}"
        index -= chunks
    raise IndexError(index)


def chunk_begin(index: int, total: int, chunks: int) -> int:
    return total // chunks * index + -(-index * (total % chunks) // chunks)


class Steps(PerformCase):
    async def step(self, name: str = "Render") -> Any:
        return msgspec.to_builtins(await self.plain("step", "show", job=1, id=name))

    async def spaces(self, tasks: int) -> None:
        step = await self.step()
        steps = await self.farm.service.steps_of(1)
        self.assertEqual((step["space"]["count"], step["tasks"]), (tasks, tasks))
        for index in range(tasks):
            self.assertEqual(value(step["space"], index), steps[0].plan.parameters(index), index)

    async def test_what_it_depends_on_and_needs(self) -> None:
        await self.farm.job(CHUNKS)
        render, video = await self.step(), await self.step("Video")
        self.assertEqual((render["depends_on"], video["depends_on"]), ([], ["Render"]))
        self.assertEqual(
            render["needs"],
            ["at least 2 GB of memory", "at least 1 core", "at most 8 cores", "operating system linux or macos"],
        )
        self.assertEqual(str((await self.do("step", "show", job=1, id="Render")).rows[0].view.space), IN_WORDS)
        self.assertEqual((render["frame"], render["chunk"], video["needs"], video["frame"]), ("Frame", None, [], None))

    async def test_its_space_tells_the_values_of_every_task(self) -> None:
        await self.farm.job(CHUNKS)
        await self.spaces(10)

    async def test_frames_that_are_put_together_as_they_are_given_out_are_tasks_of_their_own(self) -> None:
        await self.farm.job(GROWING)
        step = await self.step()
        self.assertEqual((step["tasks"], step["chunk"], step["chunk_seconds"]), (24, 4, 60.0))

    async def test_tasks_that_were_added_are_behind_the_others(self) -> None:
        await self.farm.job(values={"Frames": "1-3,6-10:4"})
        await self.farm.service.add_tasks(1, {"Frames": "101-103"})
        await self.spaces(8)

    async def test_an_ended_job_says_the_same_and_without_its_plan_as_much_as_is_known(self) -> None:
        client = await self.farm.client("render-01", memory=2**34, system="linux")
        await self.farm.job(values={"Frames": "1-3"})
        before = await self.step()
        self.farm.finish_all(client)
        after = await self.step()
        self.assertEqual((after["space"], after["depends_on"], after["completed"]), (before["space"], [], 3))
        self.farm.store.submissions.clear()
        unknown = await self.step()
        self.assertEqual((unknown["completed"], unknown["space"], unknown["needs"]), (3, None, None))

    async def test_it_says_how_long_a_task_takes(self) -> None:
        client = await self.farm.client("render-01")
        await self.farm.job()
        self.farm.finish(client, seconds=7.0)
        self.assertEqual((await self.step())["seconds_a_task"], 7.0)

    async def test_tasks_can_be_chosen_by_how_long_they_took(self) -> None:
        client = await self.farm.client("render-01")
        await self.farm.job(values={"Frames": "1-4"})
        for seconds in (5.0, 90.0, 61.0):
            self.farm.finish(client, seconds=seconds)
        found = await self.plain("task", "read", job=1, filter="seconds>60", values={"sort": "seconds"})
        self.assertEqual([(each["task"], each["seconds"]) for each in found["data"]], [(2, 61.0), (1, 90.0)])
        chosen = {"seconds<61": [0], "seconds<=61": [0, 2], "seconds>=90": [1], "seconds=5": [0], "seconds=none": [3]}
        for text, tasks in chosen.items():
            found = await self.plain("task", "read", job=1, filter=text)
            self.assertEqual([each["task"] for each in found["data"]], tasks, text)


class Failing(PerformCase):
    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.client = await self.farm.client("render-01")
        for _ in range(2):
            await self.farm.job(FRAMES, {"Frames": "1-3"}, tries=1)
        self.farm.finish(self.client, "failed", "Frame 1 has no camera")
        self.farm.finish(self.client, "failed", "Frame 2 has no camera")

    async def said(self, action: str, **how: Any) -> str:
        return tell(told_of(await self.do("job", action, **how), self.farm.now()))

    async def test_of_one_job_and_of_all_that_fail(self) -> None:
        one = await self.plain("job", "failures", id=1)
        (found,) = one["failures"]
        self.assertEqual((found.line, found.tasks, found.given_up), ("Frame 2 has no camera", 2, 2))
        several = await self.plain("job", "failures", filter="all")
        self.assertEqual([each["id"] for each in several["data"]], [1])

    async def test_people_are_told_what_why_and_where(self) -> None:
        text = await self.said("failures", id=1)
        self.assertEqual(
            text,
            "2 tasks of job 1 (Render 0-1): 2 given up.\n"
            "  Frame 2 has no camera\n"
            "  On render-01; the log of order 2 shows it.",
        )
        text = await self.said("failures", id=2)
        self.assertEqual(text, "No task of job 2 has failed.")


class Excerpts(PerformCase):
    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.client = await self.farm.client("render-01")
        await self.farm.job(FRAMES, {"Frames": "1-1"})

    def say(self, text: str) -> None:
        (order,) = self.client.orders.values()
        self.farm.service.logged(1, order.id, 0, text)

    async def part(self, **values: Any) -> Any:
        return (await self.plain("job", "excerpt", id=1, values={"order": 1, **values}))["excerpt"]

    async def test_a_log_is_followed_and_its_first_error_found(self) -> None:
        self.farm.start(self.client)
        nothing = await self.part()
        self.assertEqual((nothing.text, nothing.end, nothing.goes_on), ("", 0, True))
        self.say("Fra:1 Mem:12M\n")
        first = await self.part()
        self.say("CUDA error: out of memory\n0 errors\n")
        second = await self.part(begin=first.end, error=True)
        self.assertEqual((first.text, second.text), ("Fra:1 Mem:12M\n", "CUDA error: out of memory\n0 errors\n"))
        self.assertEqual((first.error, second.error), (None, first.end))
        self.farm.finish(self.client)
        last = await self.part(begin=second.end)
        self.assertEqual((last.text, last.goes_on, last.size), ("", False, second.end))
        self.assertEqual((await self.part(begin=-10)).text, "0 errors\n")

    async def test_what_has_none_is_said(self) -> None:
        with self.assertRaisesRegex(NotFound, "Order 9 of job 1 has no log."):
            await self.part(order=9)
