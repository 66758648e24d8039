"""Role by verb by face, in full: what somebody may do works on every face, and everything else is refused on all.

How does this work?  The table is made of the definitions: each verb with its example, each role, each face; and a
token that is for something else.  What is allowed follows from the role that the verb needs and from whose the things
are that the example is about.  After what was refused, all that can be seen of the farm is as it was.  What is allowed
ends well, and where it is answered in words they are those that the verbs themselves tell.
"""

import json
import os
import re
from dataclasses import replace
from functools import cached_property
from typing import Any

from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.cli import MODULES
from brender.cli.people import user
from brender.farm.people.users import LOCAL, NotAllowed, Role
from brender.verbs.allowing import owner_of
from brender.verbs.examples import EXAMPLES, TEMPLATE
from brender.verbs.known import VERBS
from brender.verbs.performing import Request, choose, job_of
from brender.verbs.telling import tell, told_of
from tests.faces.saying import line_of, plain, verb_of
from tests.faces.test_table import seen
from tests.people.by_command import ASKS_NOTHING, BY_HAND, OF_NO_VERB
from tests.people.crew import AUDITED, CREW, FACES, IN_WORDS, LACKING, SCRIPT, STRANGER, Crew, faces_of

Key = tuple[str, str]
OF_A_FILE = (("job", "create"), ("job", "plan"))  # in the shell: of the server's machine
FOR_SOMEBODY_ELSE = {("token", "create"): Role.ADMIN}  # the example makes one for bo


async def owners(farm: Crew, request: Request) -> set[str]:
    """Whose the things are that a request is about."""
    verb = verb_of(request)
    farm.service.farm.people.trusting = True
    try:
        job = job_of(verb.item, farm.service.farm, request.job)
        things = await choose(verb, farm.service, Request(**{**as_said(request), "who": LOCAL}), job, farm.now())
    finally:
        farm.service.farm.people.trusting = False
    return {owner_of(verb, thing, job) for thing in things}


def as_said(request: Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in ("item", "action", "id", "filter", "values", "job")}


async def refusal(farm: Crew, name: str, request: Request) -> str:
    """The code with which a request of somebody's has to be refused, or nothing."""
    verb = verb_of(request)
    if name == STRANGER:
        return "not-logged-in"
    if name == SCRIPT:
        return "not-allowed"
    role = CREW[name]
    if not role.covers(verb.needs):
        return "not-allowed"
    if verb.key in FOR_SOMEBODY_ELSE:
        return "" if name == "bo" or role.covers(FOR_SOMEBODY_ELSE[verb.key]) else "not-allowed"
    return await refusal_of_others(farm, name, request)


async def refusal_of_others(farm: Crew, name: str, request: Request) -> str:
    """The same, as far as it is about what other people own."""
    verb, role = verb_of(request), CREW[name]
    if not verb.item.owned or verb.makes or role.covers(verb.item.others) or not (verb.changes or verb.item.private):
        return ""
    if await owners(farm, request) <= {name}:
        return ""
    if verb.item.private:
        return "not-found" if request.id is not None else ""
    return "not-allowed"


def bare(text: str) -> str:
    """Without the secret of a token, which is another one each time, and the end of the last line."""
    return re.sub(r"brender_secret \d+", "brender_secret", text).removesuffix("\n")


class Table(TestCase):
    """Filled below: a test for each verb, which goes through all roles and faces."""

    @cached_property
    def template(self) -> str:
        """The file of a template."""
        path: str = os.path.abspath(self.mktemp())
        with open(path, "w", encoding="utf-8") as file:
            json.dump(TEMPLATE, file)
        return path

    async def hold(self, key: Key) -> None:
        farm = await Crew.made(self)
        await farm.add_script()
        codes = {name: await refusal(farm, name, EXAMPLES[key]) for name in (STRANGER, SCRIPT, *CREW)}
        before = seen(farm)
        for name, code in codes.items():
            if code:
                await self.refused(farm, name, key, code)
                self.assertEqual(seen(farm), before, f"{name} was refused, and has changed something")
        self.assertEqual(codes["root"], "")
        for name, code in codes.items():
            if not code:
                await self.allowed(farm, name, key)

    async def refused(self, farm: Crew, name: str, key: Key, code: str) -> None:
        for face, ask in faces_of(key).items():
            said = await ask(self, farm, name, EXAMPLES[key], self.template)
            self.assertEqual((said.done, said.code), (False, code), f"{name} by {face}: {said.sentence}")
            self.assertTrue(said.sentence)

    async def allowed(self, farm: Crew, name: str, key: Key) -> None:
        for face, ask in faces_of(key).items():
            changes = VERBS[key].changes
            other = await Crew.made(self) if changes else farm
            said = await ask(self, other, name, EXAMPLES[key], self.template)
            if face in IN_WORDS and key in OF_A_FILE and name != "root":
                self.assertIn("Only an admin has files of the server's machine read here", said.sentence)
                continue
            self.assertTrue(said.done, f"{name} by {face}: {said.code}: {said.sentence}")
            if face in IN_WORDS:
                self.assertEqual(bare(said.sentence), await self.told(farm, name, key), f"{name} by {face}")
            if changes:
                await self.look_at_audit(other, name, face, key)

    async def told(self, farm: Crew, name: str, key: Key) -> str:
        """What the verb itself tells them."""
        farm = await Crew.made(self) if VERBS[key].changes else farm
        request = replace(EXAMPLES[key], who=farm.who(name))
        result = await farm.perform(request)
        return bare(tell(told_of(result, farm.now(), str(request.filter or ""))))

    async def look_at_audit(self, farm: Crew, name: str, face: str, key: Key) -> None:
        entry = (await farm.service.audit())[0]
        self.assertEqual((entry.user, entry.role, entry.item, entry.action), (name, CREW[name], *key))
        self.assertEqual((entry.face, entry.outcome), (AUDITED.get(face, face), "done"))


def add(key: Key) -> None:
    async def test(self: Table) -> None:
        await self.hold(key)

    test.__name__ = f"test_{'_'.join(key)}"
    setattr(Table, test.__name__, test)


for each in VERBS:
    add(each)


class Whole(SynchronousTestCase):
    """Nothing is left out of the table."""

    def test_every_verb_is_tried_on_every_face_or_it_is_said_why_not(self) -> None:
        for face in FACES:
            tried = {key for key in VERBS if face in faces_of(key) and hasattr(Table, f"test_{'_'.join(key)}")}
            if face == "by hand":
                self.assertEqual(tried, {*BY_HAND})
            else:
                self.assertEqual({*VERBS} - tried, {*LACKING.get(face, {})}, face)

    def test_every_command_is_tried_or_it_is_said_why_not(self) -> None:
        lines = [line_of(EXAMPLES[key], "FILE").split() for key in VERBS]
        by_hand = [*(line.words for line in BY_HAND.values()), *(other.words for other in OF_NO_VERB)]
        tried = {words[0] for words in (*lines, *by_hand)}
        self.assertEqual({*MODULES} - tried, {*ASKS_NOTHING}, "a command by hand needs a line")

    def test_every_command_about_users_has_a_line(self) -> None:
        self.assertEqual({*user.commands}, {line.words[1] for line in BY_HAND.values() if line.words[0] == "user"})


class Definitions(SynchronousTestCase):
    def test_whoever_only_looks_may_change_nothing(self) -> None:
        self.assertEqual([verb.key for verb in VERBS.values() if verb.changes and verb.needs is Role.VIEWER], [])

    def test_an_artist_changes_nothing_but_what_people_own(self) -> None:
        free = [
            verb.key for verb in VERBS.values() if verb.changes and verb.needs is Role.ARTIST and not verb.item.owned
        ]
        self.assertEqual(free, [])

    def test_people_and_settings_are_for_admins(self) -> None:
        for verb in VERBS.values():
            if verb.changes and verb.item.name in ("user", "setting"):
                self.assertIs(verb.needs, Role.ADMIN, verb.key)

    def test_nobody_but_admins_sees_users_and_the_audit(self) -> None:
        for item in ("user", "audit"):
            self.assertIs(VERBS[item, "read"].needs, Role.ADMIN)


class Owning(TestCase):
    """Whose a job is."""

    async def handed_in(self, name: str, values: dict[str, Any]) -> str:
        farm = await Crew.made(self)
        request = Request("job", "create", values={"template": TEMPLATE, **values}, who=farm.who(name))
        result = await farm.perform(request)
        return str(plain(result.plain())["settings"]["owner"])

    async def test_a_job_is_of_whoever_hands_it_in_whatever_an_artist_says(self) -> None:
        self.assertEqual(await self.handed_in("bo", {}), "bo")
        self.assertEqual(await self.handed_in("bo", {"owner": "ada"}), "bo")
        self.assertEqual(await self.handed_in("bo", {"settings": {"owner": "ada", "priority": 60}}), "bo")

    async def test_a_wrangler_says_whose_it_is_or_it_is_theirs(self) -> None:
        self.assertEqual(await self.handed_in("wu", {}), "wu")
        self.assertEqual(await self.handed_in("wu", {"owner": "ada"}), "ada")
        self.assertEqual(await self.handed_in("root", {"settings": {"owner": "ada"}}), "ada")

    async def test_an_artist_gives_no_job_away(self) -> None:
        farm = await Crew.made(self)
        request = Request("job", "update", id=2, values={"owner": "ada"}, who=farm.who("bo"))
        with self.assertRaisesRegex(NotAllowed, "Only a wrangler gives things to somebody else"):
            await farm.perform(request)
        self.assertEqual(farm.service.farm.jobs[2].settings.owner, "bo")

    async def test_of_several_jobs_of_which_one_is_somebody_elses_none_is_changed(self) -> None:
        farm = await Crew.made(self)
        with self.assertRaisesRegex(NotAllowed, "Job .* is (ada|nobody)'s; bo is an artist.* Nothing was changed"):
            await farm.perform(Request("job", "update", filter="all", values={"priority": 1}, who=farm.who("bo")))
        self.assertNotIn(1, [job.priority for job in farm.service.farm.jobs.values()])
