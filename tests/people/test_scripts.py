"""Scripts inside scenes: whose run, by the farm's setting and the role of their job's owner."""

from twisted.trial.unittest import SynchronousTestCase

from brender.farm.people.scripts import may_run_scripts
from brender.farm.people.users import People, Role, User


class ScriptTests(SynchronousTestCase):
    def test_whose_scripts_run_is_a_matter_of_the_owners_role(self) -> None:
        people = People()
        for role in Role:
            people.users[role.value] = User(role.value, role, "", 0.0, 0.0)
        owners = ("nobody known", "viewer", "artist", "wrangler", "admin")
        for whose, right in {
            "everybody": owners,
            "wranglers": ("wrangler", "admin"),
            "admins": ("admin",),
            "nobody": (),
        }.items():
            self.assertEqual(tuple(owner for owner in owners if may_run_scripts(whose, people, owner)), right)

    def test_on_a_farm_without_users_everybody_is_an_admin(self) -> None:
        found = [may_run_scripts(whose, People(), "ada") for whose in ("everybody", "wranglers", "admins", "nobody")]
        self.assertEqual(found, [True, True, True, False])
