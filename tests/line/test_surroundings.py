"""A task of a real worker sees none of the worker's secrets, in a folder that is nobody else's."""

from typing import ClassVar

from tests.line.harness import FarmTestCase, environment, template

SECRET = "brender-6ku2hmz36s3ayym7"


class Surroundings(FarmTestCase):
    workers: ClassVar = {}

    def test_no_secret_of_the_worker_reaches_a_task(self) -> None:
        env = {**environment(), "BRENDER_TOKEN": SECRET, "FARM_DB": f"postgresql://a:{SECRET}@db/farm", "SHOWN": "yes"}
        self.farm.worker("clean", env=env, settings={"open_files": 300})
        written = self.folder / "found"
        script = (
            f"env >{written}; pwd >>{written}; ulimit -n >>{written}; ulimit -c >>{written}; stat -c %a . >>{written}"
        )
        self.farm.run(template(script=script))
        *variables, place, files, core, rights = written.read_text().splitlines()
        self.assertNotIn(SECRET, written.read_text())
        self.assertIn("SHOWN=yes", variables)
        self.assertEqual((files, core, rights), ("300", "0", "700"))
        self.assertIn(str(self.farm.folder), place)
