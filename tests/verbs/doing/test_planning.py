"""Handing in, and all before it: what a job would be, templates by their names, bundles, and the same again."""

from pathlib import Path
from typing import Any

from twisted.trial.unittest import TestCase

from brender.farm.submission.here import Here
from brender.templates.library import Library
from tests.fakes import FRAMES, SmallFarm
from tests.web.fakes import Reply, Web

PLAN = "/api/v1/jobs/plan"
BUNDLE = {"parameterValues": [{"name": "Frames", "value": "1-7"}, {"name": "deadline:priority", "value": 70}]}


class WebCase(TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        farm = SmallFarm(self)
        farm.service.templates = Library(self.folder, Here(), farm.clock)
        self.web = Web(self, farm)

    def post(self, path: str, **body: Any) -> Reply:
        return self.web.ask("POST", path, body)

    def plan(self, **body: Any) -> Any:
        reply = self.post(PLAN, **body)
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json

    def taken(self, **body: Any) -> Any:
        reply = self.post("/api/v1/jobs", **body)
        self.assertEqual(reply.status, 201, reply.body)
        return reply.json


class Planning(WebCase):
    def test_it_says_what_would_be_made_and_makes_nothing(self) -> None:
        found = self.plan(template=FRAMES, values={"Frames": "1-12"}, name="mine", priority=70)
        self.assertEqual((found["ok"], found["name"], found["tasks"], found["problems"]), (True, "mine", 12, []))
        self.assertEqual(found["steps"][0]["first"][0], {"Frame": "1"})
        self.assertEqual(found["parameters"][0]["value"], "1-12")
        self.assertEqual((self.web.farm.service.farm.jobs, self.web.farm.store.submissions), ({}, {}))

    def test_all_that_is_wrong_is_told_and_nothing_is_refused(self) -> None:
        text = FRAMES.replace("command: render", "command: 5")
        found = self.plan(template=text, values={"Frame": "1"}, settings={"priority": 700}, owner="ada")
        places = {problem["at"]: problem for problem in found["problems"]}
        self.assertFalse(found["ok"])
        self.assertEqual(set(places), {"steps[0].script.actions.onRun.command", "parameterValues.Frame", "priority"})
        self.assertEqual(places["steps[0].script.actions.onRun.command"]["line"], 11)
        self.assertEqual(places["parameterValues.Frame"]["parameter"], "Frame")

    def test_it_refuses_just_what_create_refuses(self) -> None:
        for body in (
            {"template": FRAMES, "values": {"Frames": "x"}},
            {"template": "nothing"},
            {"template": FRAMES, "settings": {"after": [{"job": 9}]}},
            {"template": FRAMES, "values": "a: ["},
            {"template": "a: [\n"},
        ):
            told, refused = self.plan(**body)["problems"], self.post("/api/v1/jobs", **body)
            self.assertEqual(refused.status, 422, refused.body)
            self.assertEqual([problem["at"] for problem in told], [each["at"] for each in refused.json["problems"]])

    def test_a_setting_of_a_wrong_kind_is_among_the_problems(self) -> None:
        found = self.plan(template=FRAMES, settings={"priority": "high"})
        self.assertEqual((found["problems"][0]["at"], found["tasks"]), ("settings.priority", 24))

    async def test_it_warns_as_the_job_would(self) -> None:
        await self.web.farm.client("render-01")
        found = self.plan(template=FRAMES, settings={"pool": "lighting"})
        self.assertEqual((found["ok"], found["warnings"]), (True, ["No client is in pool lighting."]))
        self.assertEqual(self.taken(template=FRAMES, settings={"pool": "lighting"})["warnings"], found["warnings"])

    async def test_a_warning_of_millions_of_tasks_costs_no_memory_for_each(self) -> None:
        await self.web.farm.client("render-01", memory=2**30)
        template = FRAMES + "  hostRequirements: {amounts: [{name: amount.worker.memory, min: 1000000}]}\n"
        found = self.plan(template=template, values={"Frames": "1-10000000"})
        self.assertEqual((found["tasks"], len(found["warnings"])), (10_000_000, 1))

    def test_it_works_while_nothing_new_is_taken(self) -> None:
        self.web.farm.store.listener("The database cannot be written")
        self.assertTrue(self.plan(template=FRAMES)["ok"])
        self.assertEqual(self.post("/api/v1/jobs", template=FRAMES).status, 503)


class Templates(WebCase):
    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def test_a_list_has_them_all_and_one_has_its_text_and_its_form(self) -> None:
        self.write("comp.yaml", FRAMES)
        self.write("broken.yaml", "steps: [")
        found = {each["name"]: each for each in self.web.get("/api/v1/templates").json["data"]}
        self.assertEqual(list(found), ["blender", "broken", "comp"])
        self.assertIn("Line 2", found["broken"]["problem"])
        one = self.web.get("/api/v1/templates/comp").json
        self.assertEqual((one["template"], one["form"][0]["name"], one["problems"]), (FRAMES, "Frames", []))
        broken = self.web.get("/api/v1/templates/broken").json
        self.assertEqual((broken["template"], broken["problems"][0]["line"]), ("steps: [", 2))

    def test_one_that_there_is_not_is_404_with_the_nearest(self) -> None:
        reply = self.web.get("/api/v1/templates/blendr")
        self.assertEqual(reply.status, 404)
        self.assertIn("did you mean blender", reply.message)

    def test_lists_are_filtered_as_all_lists_are(self) -> None:
        self.write("comp.yaml", FRAMES)
        found = self.web.get("/api/v1/templates?filter=source%3Dfile&fields=name").json
        self.assertEqual(found["data"], [{"name": "comp"}])

    def test_a_job_is_made_of_one_by_its_name_and_its_paths_begin_in_its_folder(self) -> None:
        path = "- {name: Asset, type: PATH, default: assets/a.obj}\nsteps:"
        self.write("comp.yaml", FRAMES.replace("steps:", path))
        job = self.taken(template="comp", values={"Frames": "1-3"})
        values = self.web.get(f"/api/v1/jobs/{job['id']}").json["values"]
        self.assertEqual(values, {"Frames": "1-3", "Asset": str(self.folder / "assets/a.obj")})
        self.assertEqual(self.plan(template="comp")["tasks"], 24)

    def test_none_is_made_or_changed_here(self) -> None:
        self.assertEqual(self.post("/api/v1/templates", name="x").status, 405)


KINDS = """
specificationVersion: jobtemplate-2023-09
name: kinds
parameterDefinitions:
- {name: Lines, type: STRING}
- {name: Empty, type: STRING, default: "x"}
- {name: Digits, type: STRING}
- {name: Count, type: INT}
- {name: Small, type: FLOAT}
- {name: Scene, type: PATH}
steps:
- name: Show
  script: {actions: {onRun: {command: echo}}}
"""
VALUES = {
    "Lines": "one\ntwo\n", "Empty": "", "Digits": "007", "Count": "10", "Small": "1e-3", "Scene": "/shots/a b/c.blend",
}  # fmt: skip


class Bundles(WebCase):
    def test_values_of_a_bundle_are_taken_as_an_object_and_as_its_text(self) -> None:
        text = "parameterValues:\n- {name: Frames, value: 1-7}\n"
        for values in (BUNDLE, text):
            self.assertEqual(self.taken(template=FRAMES, values=values)["tasks"], 7)
            self.assertEqual(self.plan(template=FRAMES, values=values)["tasks"], 7)

    def test_what_is_wrong_with_them_has_its_place(self) -> None:
        reply = self.post("/api/v1/jobs", template=FRAMES, values={"parameterValues": [{"name": "Frames"}]})
        self.assertEqual((reply.status, reply.json["at"]), (422, "parameterValues[0]"))


class Again(WebCase):
    """What `show` has of a job is enough to hand it in once more."""

    async def test_of_a_job_that_waits_and_of_one_that_has_ended(self) -> None:
        settings = {"priority": 60, "tries": 1}
        job = self.taken(template=FRAMES, values={"Frames": "1-7"}, name="mine", settings=settings)
        self.same_again(job["id"], 7)
        self.web.ask("POST", f"/api/v1/jobs/{job['id']}/cancel", {})
        self.assertEqual(self.web.get(f"/api/v1/jobs/{job['id']}?orders=0").json["state"], "canceled")
        self.same_again(job["id"], 7)

    def test_each_value_is_what_it_was(self) -> None:
        job = self.taken(template=KINDS, values=VALUES)
        self.assertEqual(self.same_again(job["id"], 1), VALUES)

    def same_again(self, number: int, tasks: int) -> Any:
        """Its values, which the second job has as well."""
        shown = self.web.get(f"/api/v1/jobs/{number}?orders=0").json
        sent = {name: shown[name] for name in ("name", "template", "values", "settings")}
        found = self.plan(**sent)
        self.assertEqual((found["ok"], found["tasks"]), (True, tasks))
        again = self.web.get(f"/api/v1/jobs/{self.taken(**sent)['id']}?orders=0").json
        self.assertEqual({name: again[name] for name in sent}, sent)
        return again["values"]
