"""The file that describes a farm: what it may say, and what is said when it is wrong."""

from pathlib import Path
from random import Random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from brender.simulate.farm_shape import Amount, BadShape, from_text, made, read
from tests.simulate.farms import clients, step, user

SHAPES = Path(__file__).resolve().parents[2] / "bench" / "shapes"


def farm_of(groups: list[Any] | None = None, users: list[Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"clients": [clients()] if groups is None else groups, "users": [user(step())] if users is None else users,
            **more}  # fmt: skip


WRONG: dict[str, dict[str, Any]] = {
    "clients: A farm needs clients.": farm_of([]),
    "users: Somebody has to hand in jobs.": farm_of(users=[]),
    "clients[0].number: Expected `int` >= 1.": farm_of([clients(0)]),
    "clients[0]: Object contains unknown field `gpu`.": farm_of([clients(gpu=1)]),
    "clients[1].away: Write a median, or least and most.": farm_of([clients(), clients(away={"least": 3})]),
    "users[0]: Set one of jobs, every and keeps; it says when this user hands in jobs.": farm_of(
        users=[user(step(), jobs=1, keeps=2)]
    ),
    "users[0].kinds[0].steps[0].tasks: It is at least 9 and at most 3; exchange them.": farm_of(
        users=[user(step({"least": 9, "most": 3}))]
    ),
    'users[0].kinds[0].steps[0].after: There is no step "Bake" before this one.': farm_of(
        users=[user(step(after=["Bake"]))]
    ),
    'users[0].kinds[0].steps[1]: There are two steps "Render"; give each a name of its own.': farm_of(
        users=[user(step(), step())]
    ),
    'users[0].hours: "25:00" is no time of day; they go from 00:00 to 24:00.': farm_of(
        users=[user(step(), every=60, hours="25:00-26:00")]
    ),
    "farm.weights[...]: Expected `float` > 0.0.": farm_of(farm={"weights": {"ada": 0}}),
}


class Reading(SynchronousTestCase):
    def test_every_published_shape_can_be_read(self) -> None:
        shapes = {path.stem: read(path) for path in SHAPES.glob("*.toml")}
        self.assertIn("ten-days", shapes)
        ten = shapes["ten-days"]
        self.assertEqual((sum(group.number for group in ten.clients), len(ten.users), ten.days), (200, 3, 10))

    def test_what_is_wrong_is_said_with_its_place(self) -> None:
        for sentence, data in WRONG.items():
            self.assertEqual(str(self.assertRaises(BadShape, made, data)), sentence)

    def test_a_file_that_is_no_toml_or_not_there_is_named(self) -> None:
        self.assertIn("This is not TOML", str(self.assertRaises(BadShape, from_text, "clients = [")))
        path = Path(self.mktemp())
        missing = self.assertRaises(BadShape, read, path)
        self.assertEqual(str(missing), f"{path} cannot be read: No such file or directory.")
        path.write_bytes(b"\xff\xfe")
        self.assertEqual(str(self.assertRaises(BadShape, read, path)), f"{path} is not text in UTF-8.")
        path.write_text("days = 0")
        self.assertEqual(str(self.assertRaises(BadShape, read, path)), f"{path}: days: Expected `float` > 0.0.")


class Drawing(SynchronousTestCase):
    def test_an_amount_lies_evenly_between_its_ends(self) -> None:
        chance = Random(1)
        drawn = sorted(Amount(least=10, most=20).draw(chance) for _ in range(1001))
        self.assertTrue(drawn[0] >= 10 and drawn[-1] <= 20)
        self.assertTrue(14.5 < drawn[500] < 15.5, drawn[500])

    def test_two_of_three_lie_within_the_spread_of_the_median_and_none_beyond_the_ends(self) -> None:
        chance = Random(1)
        drawn = [Amount(median=100, spread=2, least=20, most=300).draw(chance) for _ in range(3000)]
        within = sum(50 <= each <= 200 for each in drawn) / len(drawn)
        self.assertTrue(0.65 < within < 0.71, within)
        self.assertTrue(94 < sorted(drawn)[1500] < 106)
        self.assertEqual((min(drawn), max(drawn)), (20, 300))
