"""The migrations make the tables that the models speak of, of nothing and of every schema that was released."""

from pathlib import Path
from typing import Any

from peewee import IntegrityError
from playhouse import migrations
from twisted.internet import reactor as global_reactor
from twisted.trial.unittest import SynchronousTestCase, TestCase

from brender.db import models
from brender.db.engine import CannotOpen, Engine, engine_of
from brender.db.migrating import MIGRATIONS, migrate
from brender.db.models import KEYS, ClientRow, JobRow, OrderRow
from brender.db.opening import take_farm
from brender.db.rows import read_client, read_job, read_order
from brender.farm.client import Status
from brender.farm.estimating.durations import Durations, seconds_of
from brender.farm.farm import Farm
from brender.farm.people.users import Role
from brender.farm.settings import ClientSettings, JobSettings, Limit
from brender.farm.starting import restore
from brender.farm.transitions import JobState, TaskState
from tests.db import schema_text
from tests.db.cluster import cluster
from tests.db.databases import OnPostgresql, execute, open_for, place, rows
from tests.db.schema_text import NAMES, SCHEMAS

reactor: Any = global_reactor
BROKEN = "def up(migrator, db):\n    db.execute_sql('create table t (a int)')\n    1 / 0"
KINDS = {"INT": "integer", "TEXT": "text", "FLOAT": "real", "BLOB": "blob", "BOOL": "boolean"}
KINDS_OF_POSTGRESQL = KINDS | {"INT": "bigint", "FLOAT": "double precision", "BLOB": "bytea"}


def taken(test: SynchronousTestCase, where: Path | str) -> Engine:
    """A database that is open, and let go after the test."""
    engine = engine_of(where)
    engine.take()
    models.database.initialize(engine.database)
    test.addCleanup(engine.let_go)
    return engine


class FromNothing(SynchronousTestCase):
    kinds = KINDS
    bytes_of = "x'{:02x}'"

    def setUp(self) -> None:
        self.path = place(self)
        self.engine = taken(self, self.path)
        self.database = self.engine.database

    def test_every_table_has_the_columns_of_its_model(self) -> None:
        migrate(self.engine)
        for model in KEYS:
            there = {
                column.name: (column.data_type.lower(), column.null, column.primary_key)
                for column in self.database.get_columns(model._meta.table_name)
            }
            self.assertEqual(there, wanted(model, self.kinds), model.__name__)

    def test_there_is_no_table_that_nobody_knows(self) -> None:
        migrate(self.engine)
        known = {model._meta.table_name for model in KEYS} | {"schema_migration", "reign"}
        self.assertEqual(set(self.database.get_tables()), known)

    def test_the_columns_of_a_models_key_come_first(self) -> None:
        for model, count in KEYS.items():
            first = [field.name for field in model._meta.sorted_fields[:count]]
            self.assertEqual(first, [field.name for field in model._meta.get_primary_keys()], model.__name__)

    def test_indexes_are_as_the_models_say(self) -> None:
        migrate(self.engine)
        for model in KEYS:
            there = {tuple(index.columns): index.unique for index in self.database.get_indexes(model._meta.table_name)}
            for field in model._meta.sorted_fields:
                if field.index or field.unique:
                    self.assertEqual(there[field.column_name,], field.unique, f"{model.__name__}.{field.name}")

    def test_to_apply_them_again_changes_nothing(self) -> None:
        migrate(self.engine)
        execute(self.path, "insert into clients values (1, 'key', 'attic', 'enabled', '{}', 0.0, '{}')")
        migrate(self.engine)
        self.assertEqual(rows(self.path, "select name from clients"), [("attic",)])
        applied = [name for (name,) in rows(self.path, "select name from schema_migration")]
        self.assertEqual(applied, sorted(path.stem for path in MIGRATIONS.glob("0*.py")))

    def test_one_that_breaks_off_leaves_nothing(self) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        (folder / "0001_whole.py").write_text((MIGRATIONS / "0001_first.py").read_text())
        (folder / "0002_broken.py").write_text(BROKEN)
        self.assertRaises(ZeroDivisionError, migrate, self.engine, folder)
        self.assertEqual({name for name in self.database.get_tables() if name != "schema_migration"}, set())

    def test_a_job_of_before_there_were_settings_keeps_its_owner_and_its_priority(self) -> None:
        migrations.Runner(self.database, directory=str(MIGRATIONS)).up("0001_first")
        machine = '{"key": "key", "name": "attic", "slots": 2}'
        execute(
            self.path,
            "insert into jobs values (1, 'old', 'ada', 70, 'queued', 1.0, null, null, '', '[]')",
            f"insert into clients values (1, 'key', 'attic', 'enabled', '{machine}', 0.0)",
            f"insert into orders values (1, 1, 0, 1, 0, 1, 1, 2, 1.0, null, '', {self.bytes_of.format(2)})",
        )
        migrate(self.engine)
        job = read_job(JobRow.select().tuples()[0])
        client = read_client(ClientRow.select().tuples()[0])
        order = read_order(OrderRow.select().tuples()[0])
        self.assertEqual(job.settings, JobSettings(owner="ada", priority=70))
        self.assertEqual((client.settings, client.slots), (ClientSettings(), 2))
        self.assertEqual((order.open, order.together, order.second), (True, False, False))

    def test_no_two_clients_have_one_key(self) -> None:
        migrate(self.engine)
        for number in (1, 2):
            row = ClientRow(id=number, key="key", name="n", status="enabled", machine="{}", since=0.0, settings="{}")
            if number == 1:
                row.save(force_insert=True)
            else:
                self.assertRaises(IntegrityError, row.save, force_insert=True)


class FromNothingOnPostgresql(OnPostgresql, FromNothing):
    kinds = KINDS_OF_POSTGRESQL
    bytes_of = "'\\x{:02x}'"

    def test_a_copy_of_what_was_there_is_kept_in_a_schema_of_the_same_database(self) -> None:
        migrations.Runner(self.database, directory=str(MIGRATIONS)).up("0002_settings")
        execute(self.path, "insert into clients values (1, 'key', 'attic', 'enabled', '{}', 0.0, '{}')")
        migrate(self.engine)
        self.assertEqual(rows(self.path, "select name from brender_schema_0002.clients"), [("attic",)])
        applied = rows(self.path, "select name from brender_schema_0002.schema_migration order by id")
        self.assertEqual(applied, [("0001_first",), ("0002_settings",)])

    def test_pages_of_clients_have_room_for_changes(self) -> None:
        migrate(self.engine)
        self.assertEqual(
            rows(self.path, "select relname from pg_class where 'fillfactor=50' = any(reloptions)"), [("clients",)]
        )

    def test_a_user_who_may_not_make_tables_is_told_so(self) -> None:
        name = self.path.rpartition("/")[2]
        for statement in (
            "create role stranger login",
            f"grant connect on database {name} to stranger",
        ):
            execute(self.path, statement)
        self.addCleanup(cluster().ask, "drop role stranger")
        self.addCleanup(execute, self.path, "drop owned by stranger")
        engine = engine_of(self.path.replace("brender@", "stranger@"))
        self.engine.let_go()
        with self.assertRaisesRegex(CannotOpen, "cannot be brought up to date: .*The user has to be the owner"):
            take_farm(engine)


class Texts(SynchronousTestCase):
    """Every schema is kept as text, and the text is what the migrations make."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()

    def test_there_is_a_text_for_every_migration(self) -> None:
        there, wanted = sorted(path.stem for path in SCHEMAS.glob("*.sql")), [name[:4] for name in NAMES]
        how = f"python -m tests.db.schema_text > tests/db/schemas/{wanted[-1]}.sql"
        self.assertEqual(there, wanted, f"A migration is new: keep what it makes with {how}, and see that it has rows.")

    def test_each_text_is_what_the_migrations_make(self) -> None:
        for name in NAMES:
            made = schema_text.made(self.folder, name)
            self.assertEqual(schema_text.kept(self.folder, name[:4]), made, f"schemas/{name[:4]}.sql is not {name}.py")

    def test_a_text_that_has_fallen_behind_is_found(self) -> None:
        behind, ahead = NAMES[-2:]
        self.assertNotEqual(schema_text.kept(self.folder, behind[:4]), schema_text.made(self.folder, ahead))

    def test_no_table_of_the_newest_is_empty(self) -> None:
        path = self.folder / "newest.sqlite"
        schema_text.load((SCHEMAS / f"{NAMES[-1][:4]}.sql").read_text(), path)
        for model in KEYS:
            self.assertTrue(rows(path, f"select 1 from {model._meta.table_name}"), model.__name__)


class FromARelease(TestCase):
    """What was in the files of each released schema is there after a start."""

    def of_schema(self, number: str) -> Path:
        path: Path = place(self)
        path.parent.mkdir()
        schema_text.load((SCHEMAS / f"{number}.sql").read_text(), path)
        return path

    async def start(self, path: Path) -> Farm:
        farm = Farm()
        restore(farm, await open_for(self, reactor, path).load(), 99.0)
        return farm

    async def check(self, number: str) -> Path:
        path = self.of_schema(number)
        self.look(await self.start(path), last_job=4, last_order=6)
        return path

    def look(self, farm: Farm, last_job: int, last_order: int) -> None:
        states = {job.id: (job.state, job.owner, job.priority) for job in farm.jobs.values()}
        self.assertEqual(states, STATES)
        first, second = farm.jobs[1].steps
        self.assertEqual(list(bytes(first.tasks)), [TaskState.ACTIVE, TaskState.COMPLETED, TaskState.ACTIVE])
        self.assertEqual((list(bytes(second.tasks)), first.tries[0].clients), ([TaskState.WAITING], [1]))
        self.assertEqual(farm.jobs[2].past[0].counts, [0, 0, 0, 2, 0, 0])
        held = {order.id: (order.client, order.attempt) for order in farm.orders.values()}
        self.assertEqual((held, farm.last_job, farm.last_order), ({5: (2, 1), 6: (2, 2)}, last_job, last_order))
        self.assertEqual({client.name: (client.slots, client.status) for client in farm.clients.values()}, CLIENTS)

    async def test_the_first(self) -> None:
        await self.check("0001")

    async def test_the_second(self) -> None:
        await self.check("0002")

    async def test_the_third(self) -> None:
        await self.check("0003")

    async def test_the_fourth_with_its_archive_and_the_numbers_that_are_taken(self) -> None:
        farm = await self.start(self.of_schema("0004"))
        self.look(farm, last_job=5, last_order=8)
        self.assertEqual({entry.id: (entry.name, entry.file) for entry in farm.archived.values()}, ARCHIVED)

    async def check_settings(self, number: str) -> None:
        farm = await self.start(self.of_schema(number))
        self.look(farm, last_job=5, last_order=8)
        self.assertEqual((farm.settings.limits, farm.settings.strikes), ({"arnold": Limit(10)}, 3))
        self.assertEqual([(view.name, view.filter) for view in farm.views.values()], [("what failed", "state=failed")])
        self.assertEqual(farm.departed, {3: "render-03"})

    async def test_the_fifth_with_settings_views_and_clients_that_were_deleted(self) -> None:
        await self.check_settings("0005")

    async def test_the_sixth_which_has_the_same_tables(self) -> None:
        await self.check_settings("0006")

    async def test_the_seventh_with_how_long_tasks_took(self) -> None:
        await self.check_settings("0007")
        path = self.of_schema("0007")
        store = open_for(self, reactor, path)
        farm = Farm()
        restore(farm, await store.load(), 99.0)
        (first, _), ended = farm.jobs[1].steps, await store.kept(farm.jobs[2])
        self.assertEqual([seconds_of(first.took[task]) for task in range(3)], [5.0, 7.0, None])
        assert ended.steps[0]
        self.assertEqual([seconds_of(Durations(ended.steps[0].took)[task]) for task in range(2)], [1.0, 3.0])

    async def test_the_eighth_with_people_and_the_audit(self) -> None:
        await self.check_settings("0008")
        store, farm = open_for(self, reactor, self.of_schema("0008")), Farm()
        restore(farm, await store.load(), 99.0)
        (user,), (token,) = farm.people.users.values(), farm.people.tokens.values()
        self.assertEqual((user.name, user.role, user.password[:9]), ("zoë", Role.ADMIN, "$argon2id"))
        self.assertEqual((token.id, token.role, token.verbs, token.expires), (3, Role.ARTIST, ("job.create",), None))
        (entry,) = await store.audit(10)
        self.assertEqual((entry.id, entry.user, entry.action, farm.last_entry), (7, "zoë", "cancel", 7))

    async def test_the_ninth_with_join_tokens_and_what_machines_have_joined_with(self) -> None:
        await self.check_settings("0009")
        store, farm = open_for(self, reactor, self.of_schema("0009")), Farm()
        restore(farm, await store.load(), 99.0)
        (invitation,), (credential,) = farm.invitations.values(), farm.credentials.values()
        self.assertEqual((invitation.id, invitation.uses, invitation.used, farm.last_invitation), (1, 3, 1, 1))
        self.assertEqual((credential.key, credential.issued, credential.revoked), ("key 1", 2, 1))
        self.assertEqual((await store.known_authority("another", 99.0, replaces=False))[:6], "2ca637")

    async def test_the_tenth_with_sessions_of_browsers(self) -> None:
        await self.check_settings("0010")
        sessions = (await self.start(self.of_schema("0010"))).people.sessions
        self.assertEqual((sessions.of("her secret", 99.0), sessions.user_of(2, 99.0)), (2, "zoë"))
        self.assertEqual((sessions.of("the one before", 99.0), sessions.of("the one before", 104.0)), (2, None))

    async def test_a_whole_copy_of_what_was_there_lies_beside_it(self) -> None:
        path = await self.check("0001")
        copy = path.with_name("brender-schema-0001.sqlite")
        self.assertEqual(rows(copy, "select name from schema_migration"), [("0001_first",)])
        self.assertEqual(rows(copy, "pragma integrity_check"), [("ok",)])
        self.assertEqual(len(rows(copy, "select * from orders")), 6)
        self.assertEqual(sorted(each.name for each in path.parent.glob("*unfinished*")), [])

    async def test_a_start_without_anything_to_change_makes_no_copy(self) -> None:
        path = place(self)
        await open_for(self, reactor, path).close()
        await open_for(self, reactor, path).close()
        self.assertEqual([each.name for each in path.parent.glob("*schema*")], [])

    def test_a_copy_that_cannot_be_made_leaves_everything_as_it_was(self) -> None:
        path = self.of_schema("0002")
        (path.parent / "brender-schema-0002.sqlite").mkdir()
        with self.assertRaisesRegex(CannotOpen, "cannot be copied to .*brender-schema-0002.sqlite before"):
            open_for(self, reactor, path)
        self.assertEqual(len(rows(path, "select * from schema_migration")), 2)


STATES = {
    1: (JobState.ACTIVE, "ada", 50),
    2: (JobState.COMPLETED, "ada", 90),
    3: (JobState.PAUSED, "ada", 50),
    4: (JobState.CANCELED, "ada", 50),
}
ARCHIVED = {5: ("gone", "jobs-5.jsonl.gz")}
CLIENTS = {"render-01": (2, Status.ENABLED), "render-02": (1, Status.ENABLED)}


def wanted(model: type[Any], kinds: dict[str, str]) -> dict[str, tuple[str, bool, bool]]:
    keys = {field.name for field in model._meta.get_primary_keys()}
    return {
        field.column_name: (kinds[field.field_type], field.null, field.name in keys)
        for field in model._meta.sorted_fields
    }
