"""Two frames of a hundred crash whatever renders them: the others are done all the same, one by one and in chunks."""

from typing import Any, ClassVar

from tests.line.harness import FarmTestCase, template

BAD = (87, 92)
CRASHES = 'for n in $(seq "${1%%-*}" "${1##*-}"); do case $n in 87|92) kill -SEGV $$;; esac; echo "frame $n"; done'


def in_chunks(count: int, seconds: int) -> dict[str, Any]:
    """Of so many frames at first, then as many as take so long."""
    made = template(CRASHES, tasks="1-100")
    chunks = {"defaultTaskCount": count, "rangeConstraint": "CONTIGUOUS", "targetRuntimeSeconds": seconds}
    frames = {"name": "N", "type": "CHUNK[INT]", "range": "1-100", "chunks": chunks}
    made["steps"][0]["parameterSpace"]["taskParameterDefinitions"] = [frames]
    return {**made, "extensions": ["TASK_CHUNKING"]}


class CrashTests(FarmTestCase):
    workers: ClassVar = {"alpha": 2, "beta": 2}

    def assert_all_but_the_bad_ones(self, wanted: dict[str, Any]) -> None:
        job = self.farm.submit(wanted)
        done = self.farm.wait(job, "failed")
        failed = self.farm.api(f"jobs/{job}/tasks?filter=state=failed&limit=100")["data"]
        self.assertEqual((done["completed"], done["failed"]), (98, 2), done["reason"])
        self.assertEqual([task["what"] for task in failed], [f"frame {number}" for number in BAD])
        self.assertIn("SIGSEGV", done["reason"])

    def test_a_task_a_frame(self) -> None:
        self.assert_all_but_the_bad_ones(template(CRASHES, tasks="1-100"))

    def test_in_chunks_whose_frames_are_tried_one_by_one_once_they_have_failed(self) -> None:
        self.assert_all_but_the_bad_ones(in_chunks(10, 60))

    def test_in_chunks_of_a_fixed_size_which_are_tried_as_a_whole_and_say_which_frames_they_are(self) -> None:
        wanted = in_chunks(10, 60)
        del wanted["steps"][0]["parameterSpace"]["taskParameterDefinitions"][0]["chunks"]["targetRuntimeSeconds"]
        job = self.farm.submit(wanted)
        done = self.farm.wait(job, "failed")
        failed = self.farm.api(f"jobs/{job}/tasks?filter=state=failed")["data"]
        self.assertEqual((done["completed"], done["failed"]), (8, 2), done["reason"])
        self.assertEqual([task["parameters"] for task in failed], ["N=81-90", "N=91-100"])
