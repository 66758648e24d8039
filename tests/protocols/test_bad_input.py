"""Bad input that comes by the shell is refused with the sentences of the rules, word for word."""

import tempfile
from pathlib import Path

from brender.farm.changing import set_farm
from brender.farm.settings import FarmSettings, Limit
from tests.fakes import FRAMES as TEMPLATE
from tests.farm.test_bad_input import FRAMES, SETTINGS
from tests.protocols.test_verbs import VerbCase


class BadInput(VerbCase):
    def template(self) -> Path:
        folder = tempfile.TemporaryDirectory(prefix="brender-test-")
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "shot.yaml"
        path.write_text(TEMPLATE)
        return path

    async def test_frames_at_a_submission(self) -> None:
        path = self.template()
        for frames, sentence in FRAMES.items():
            said = await self.lines(f"submit '{path}' Frames={frames}")
            self.assertEqual(said, ["The job was not taken, 1 problem:", f"  parameterValues.Frames: {sentence}"])
        self.assertEqual(self.farm.service.farm.jobs, {})

    async def test_settings_of_a_job(self) -> None:
        set_farm(self.farm.service.farm, FarmSettings(limits={"arnold": Limit(2)}))
        for _ in range(4):
            await self.farm.job()
        for number in (2, 1):
            await self.farm.service.set_job(number, {"after": [{"job": number + 1}]})
        for wishes, place, sentence in SETTINGS:
            words = " ".join(f"{name}={written(wish)}" for name, wish in wishes.items())
            said = await self.lines(f"set job 3 {words}")
            self.assertEqual(said, ["Nothing was changed, 1 problem:", f"  {place}: {sentence}"])


def written(wish: object) -> str:
    """A setting as a person writes it in the shell."""
    if isinstance(wish, dict):
        return ",".join(f"{name}:{count}" for name, count in wish.items())
    if isinstance(wish, list):
        return ",".join(of_job(**after) for after in wish)
    return str(wish)


def of_job(job: int, frames: tuple[int, int] | None = None) -> str:
    return f"{job}:frames:{frames[0]}..{frames[1]}" if frames else str(job)
