"""A whole farm goes from one database to another, or nothing does."""

from pathlib import Path
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.trial.unittest import TestCase

from brender.db.engine import CannotOpen
from brender.db.models import KEYS
from brender.db.moving import PART, Moved, NotMoved, move
from brender.farm import changing, overrides
from brender.farm.farm import Farm
from brender.farm.people.audit import Entry
from brender.farm.people.invitation import Credential, Invitation
from brender.farm.people.saved_view import SavedView
from brender.farm.people.sessions import Session
from brender.farm.people.users import Role, Token, User
from brender.farm.starting import restore
from tests.db.cluster import cluster
from tests.db.databases import execute, open_for, place, ready, rows
from tests.doubles import DONE, FAILED, Rules, Stage
from tests.farm.life.picture import picture

reactor: Any = global_reactor
TABLES = [model._meta.table_name for model in KEYS]
MANY = """
    with recursive numbers(n) as (select 100 union all select n + 1 from numbers where n < {last})
    insert into orders select n, 1, 0, 1, 0, 1, 1, 2, n / 10.0, null, 'Näh', x'0203', 0, 1, null, '' from numbers
"""


class Moving(TestCase):
    def setUp(self) -> None:
        self.file = place(self)
        self.url = cluster().database(self)
        self.world = Rules()

    async def fill(self, where: Path | str) -> None:
        """A farm in the middle of its work."""
        store = open_for(self, reactor, where)
        client, other = self.world.client(2), self.world.client()
        for each in (client, other):
            await store.add_client(each.machine, each.since)
        self.world.job(Stage("A", 3, vcpus=1), Stage("B", after=("A",)))
        finished = self.world.job(Stage(), priority=90, owner="Zoë")
        changing.pause(self.world.farm, self.world.job(Stage(tasks=2)))
        self.world.match()
        while not finished.finished:
            self.world.ended(self.world.orders(client)[0], outcome=DONE)
            self.world.match()
        self.world.ended(self.world.orders(other)[0], outcome=FAILED, message="It “broke”\n\\ \t.")
        overrides.change(self.world.farm, {"strikes": 5, "limits/arnold": {"count": 2}}, (), self.world.now)
        changes = self.world.changes()
        changes.invitations[1] = Invitation(1, "the new room", 9, 2, 8.0, 99.0, "a hash")
        changes.credentials["key"] = Credential("key", 3, 2, "2f", 9e9)
        await store.known_authority("a fingerprint", 7.0, replaces=False)
        changes.views[1] = SavedView(1, "what failed", "Zoë", "job", "state=failed", "", "-ended", 9.0)
        changes.users["Zoë"] = User("Zoë", Role.ADMIN, "a hash", 1.0, 2.0)
        changes.tokens[1] = Token(1, "Zoë", "nightly", "a digest", Role.VIEWER, ("job.read",), 3.0, None)
        changes.sessions[1] = Session(1, "Zoë", 4.0, 5.0, 4.5, "a digest", "the one before")
        changes.audit[1] = Entry(1, 4.0, "Zoë", "admin", "10.0.0.7", "http", "job", "cancel", "4")
        await store.save(changes)
        await store.remove_clients({7: "gone"}, 8.0)
        await store.close()
        store.writer.join()

    async def picture_of(self, where: Path | str) -> Any:
        store = open_for(self, reactor, where)
        farm = Farm()
        restore(farm, await store.load(), 99.0)
        await store.close()
        store.writer.join()
        people = (farm.people.users, farm.people.tokens, farm.last_entry)
        of_itself = (farm.settings, farm.overrides, farm.views, farm.departed, farm.invitations, farm.credentials)
        return picture(farm), farm.last_job, farm.last_order, of_itself, people

    def empty(self, where: Path | str) -> bool:
        return not any(rows(where, f"select * from {table}") for table in TABLES)

    async def test_there_and_back_it_is_the_same_farm(self) -> None:
        await self.fill(self.file)
        there, back = await self.picture_of(self.file), self.file.with_name("back.sqlite")
        told: list[tuple[str, int, int]] = []
        first = move(self.file, self.url, lambda *progress: told.append(progress))
        self.assertEqual(await self.picture_of(self.url), there)
        self.assertEqual(move(self.url, back), first)
        self.assertEqual(await self.picture_of(back), there)
        self.assertEqual(await self.picture_of(self.file), there)
        self.assertEqual([each.table for each in first], TABLES)
        self.assertEqual([each.table for each in first if not each.rows], ["archived", "marks"])
        self.assertEqual([each for each in told if each[0] == "jobs"], [("jobs", 0, 3), ("jobs", 3, 3)])

    async def test_more_rows_than_a_part_has(self) -> None:
        await self.fill(self.file)
        execute(self.file, MANY.format(last=100 + 2 * PART))
        count = rows(self.file, "select count(*) from orders")
        done = {each.table: each for each in move(self.file, self.url)}
        self.assertEqual(done["orders"].rows, count[0][0])
        self.assertEqual(rows(self.url, "select count(*) from orders"), count)
        sums = "select id, issued, reason, second from orders order by id desc limit 1"
        self.assertEqual(rows(self.url, sums), [(100 + 2 * PART, 1010.0, "Näh", True)])

    async def test_an_old_text_with_a_zero_byte_loses_it(self) -> None:
        await self.fill(self.file)
        execute(self.file, "update jobs set reason = 'a' || char(0) || 'b' where id = 1")
        move(self.file, self.url)
        self.assertEqual(rows(self.url, "select reason from jobs where id = 1"), [("a\ufffdb",)])

    async def test_what_is_not_the_same_on_the_other_side_is_not_moved(self) -> None:
        await self.fill(self.file)
        ready(self.url)
        execute(
            self.url,
            "create function forget() returns trigger language plpgsql as $$ begin new.name = 'x'; return new; end $$",
            "create trigger forget before insert on jobs for each row execute function forget()",
        )
        with self.assertRaisesRegex(NotMoved, r"^The table jobs is not the same in postgresql.* \(3 rows, sum \w+\)"):
            move(self.file, self.url)
        self.assertTrue(self.empty(self.url))

    async def test_what_the_target_does_not_take_is_told(self) -> None:
        await self.fill(self.file)
        ready(self.url)
        execute(self.url, "alter table orders add check (reason = '')")
        with self.assertRaisesRegex(NotMoved, "could not be moved: .*check constraint.* The target is as it was."):
            move(self.file, self.url)
        self.assertTrue(self.empty(self.url))

    async def test_a_target_that_has_something_is_left_alone(self) -> None:
        await self.fill(self.file)
        move(self.file, self.url)
        with self.assertRaisesRegex(NotMoved, "is not empty: there are [a-z_, ]*clients, [a-z_, ]*jobs, orders"):
            move(self.file, self.url)
        with self.assertRaisesRegex(NotMoved, "is not empty"):
            move(self.url, self.file)
        open_for(self, reactor, self.file)  # nobody holds it any more
        open_for(self, reactor, self.url)

    async def test_a_farm_that_a_server_has_is_left_alone_on_either_side(self) -> None:
        await self.fill(self.file)
        open_for(self, reactor, self.url)
        other = self.file.with_name("other.sqlite")
        with self.assertRaisesRegex(NotMoved, r"^brender .* has the farm in postgresql.*\. Stop that server first\.$"):
            move(self.file, self.url)
        with self.assertRaisesRegex(NotMoved, "Stop that server first"):
            move(self.url, other)
        open_for(self, reactor, self.file)
        with self.assertRaisesRegex(CannotOpen, "Another server"):
            move(self.file, other)

    def test_a_source_that_is_not_there_is_not_made(self) -> None:
        with self.assertRaisesRegex(NotMoved, "^There is no database .*brender.sqlite"):
            move(self.file, self.url)
        self.assertFalse(self.file.exists())

    async def test_a_sum_says_of_which_rows_it_is(self) -> None:
        await self.fill(self.file)
        first = move(self.file, self.url)
        execute(self.file, "update jobs set priority = 51 where id = 1")
        second = move(self.file, self.file.with_name("other.sqlite"))
        changed = [one.table for one, other in zip(first, second, strict=True) if one != other]
        self.assertEqual((changed, type(first[0])), (["jobs"], Moved))
