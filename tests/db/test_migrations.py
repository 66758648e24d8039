"""The migrations make the tables that the models speak of."""

from typing import Any

from peewee import Database, IntegrityError
from playhouse import migrations
from twisted.trial.unittest import SynchronousTestCase

from brender.db import models
from brender.db.models import KEYS, ClientRow, JobRow, OrderRow
from brender.db.rows import read_client, read_job, read_order
from brender.db.store import MIGRATIONS, migrate, sqlite
from brender.farm.settings import ClientSettings, JobSettings
from tests.db.databases import execute, place, rows


class FromNothing(SynchronousTestCase):
    def setUp(self) -> None:
        self.path = place(self)
        self.path.parent.mkdir()
        self.database = sqlite(self.path)
        models.database.initialize(self.database)
        self.database.connect()
        self.addCleanup(self.database.close)

    def test_every_table_has_the_columns_of_its_model(self) -> None:
        migrate(self.database)
        for model in KEYS:
            there = {
                column.name: (column.data_type.lower(), column.null, column.primary_key)
                for column in self.database.get_columns(model._meta.table_name)
            }
            self.assertEqual(there, wanted(model, self.database), model.__name__)

    def test_there_is_no_table_that_nobody_knows(self) -> None:
        migrate(self.database)
        known = {model._meta.table_name for model in KEYS} | {"schema_migration"}
        self.assertEqual(set(self.database.get_tables()), known)

    def test_the_columns_of_a_models_key_come_first(self) -> None:
        for model, count in KEYS.items():
            first = [field.name for field in model._meta.sorted_fields[:count]]
            self.assertEqual(first, [field.name for field in model._meta.get_primary_keys()], model.__name__)

    def test_indexes_are_as_the_models_say(self) -> None:
        migrate(self.database)
        for model in KEYS:
            there = {tuple(index.columns): index.unique for index in self.database.get_indexes(model._meta.table_name)}
            for field in model._meta.sorted_fields:
                if field.index or field.unique:
                    self.assertEqual(there[field.column_name,], field.unique, f"{model.__name__}.{field.name}")

    def test_to_apply_them_again_changes_nothing(self) -> None:
        migrate(self.database)
        execute(self.path, "insert into clients values (1, 'key', 'attic', 'enabled', '{}', 0.0, '{}')")
        migrate(self.database)
        self.assertEqual(rows(self.path, "select name from clients"), [("attic",)])
        applied = [name for (name,) in rows(self.path, "select name from schema_migration")]
        self.assertEqual(applied, sorted(path.stem for path in MIGRATIONS.glob("0*.py")))

    def test_one_that_breaks_off_leaves_nothing(self) -> None:
        folder = self.path.parent / "broken"
        folder.mkdir()
        (folder / "0001_broken.py").write_text(
            "def up(migrator, db):\n    db.execute_sql('create table t (a)')\n    1 / 0"
        )
        self.assertRaises(ZeroDivisionError, migrations.run, self.database, directory=str(folder))
        self.assertEqual([name for name in self.database.get_tables() if name == "t"], [])

    def test_a_job_of_before_there_were_settings_keeps_its_owner_and_its_priority(self) -> None:
        migrations.Runner(self.database, directory=str(MIGRATIONS)).up("0001_first")
        machine = '{"key": "key", "name": "attic", "slots": 2}'
        execute(
            self.path,
            "insert into jobs values (1, 'old', 'ada', 70, 'queued', 1.0, null, null, '', '[]')",
            f"insert into clients values (1, 'key', 'attic', 'enabled', '{machine}', 0.0)",
            "insert into orders values (1, 1, 0, 1, 0, 1, 1, 2, 1.0, null, '', x'02')",
        )
        migrate(self.database)
        job = read_job(JobRow.select().tuples()[0])
        client = read_client(ClientRow.select().tuples()[0])
        order = read_order(OrderRow.select().tuples()[0])
        self.assertEqual(job.settings, JobSettings(owner="ada", priority=70))
        self.assertEqual((client.settings, client.slots), (ClientSettings(), 2))
        self.assertEqual((order.open, order.together, order.second), (True, False, False))

    def test_no_two_clients_have_one_key(self) -> None:
        migrate(self.database)
        for number in (1, 2):
            row = ClientRow(id=number, key="key", name="n", status="enabled", machine="{}", since=0.0, settings="{}")
            if number == 1:
                row.save(force_insert=True)
            else:
                self.assertRaises(IntegrityError, row.save, force_insert=True)


def wanted(model: type[Any], database: Database) -> dict[str, tuple[str, bool, bool]]:
    keys = {field.name for field in model._meta.get_primary_keys()}
    kinds = {"INT": "integer", "TEXT": "text", "FLOAT": "real", "BLOB": "blob", "BOOL": "boolean"}
    return {
        field.column_name: (kinds[field.field_type], field.null, field.name in keys)
        for field in model._meta.sorted_fields
    }
