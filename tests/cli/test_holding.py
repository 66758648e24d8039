"""`brender hold` and `brender release`: the file that keeps a machine for whoever sits there."""

from brender.worker.machine.identity import stable_id
from tests.cli.case import CommandCase


class Holding(CommandCase):
    async def test_a_machine_is_held_and_released_and_twice_is_the_same(self) -> None:
        state = self.folder / "state"
        state.mkdir()
        stable_id(state)
        for command, there in (("hold", True), ("hold", True), ("release", False), ("release", False)):
            ran = await self.brender(command, "--state", "state")
            self.assertEqual((ran.code, ran.err, (state / "hold").exists()), (0, "", there), command)
            self.assertEqual(len(ran.out.splitlines()), 1)

    async def test_a_folder_of_no_worker_is_told_and_nothing_is_said_to_be_held(self) -> None:
        for command in ("hold", "release"):
            ran = await self.brender(command, "--state", "elsewhere")
            self.assertEqual((ran.code, ran.out), (1, ""))
            self.assertIn("No worker was ever started with the folder", ran.err)
        self.assertFalse((self.folder / "elsewhere").exists())

    async def test_a_file_that_cannot_be_removed_is_told_in_a_sentence(self) -> None:
        state = self.folder / "state"
        (state / "hold").mkdir(parents=True)
        stable_id(state)
        ran = await self.brender("release", "--state", "state")
        self.assertEqual(ran.code, 1)
        self.assertIn("cannot be removed", ran.err)
        self.assertNotIn("Traceback", ran.err)
