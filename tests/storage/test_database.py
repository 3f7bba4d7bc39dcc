import logging
import re

import peewee
import pytest

from moca.storage.database import migrate, open_database
from moca.storage.models import Contact
from moca.storage.schema import TABLES
from tests.making import NOON


def _schema(database):
    if isinstance(database, peewee.SqliteDatabase):
        columns = "FROM sqlite_master AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'"
        links = "FROM sqlite_master AS t, pragma_foreign_key_list(t.name) AS f"
        rows = database.execute_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL UNION ALL"
            " SELECT t.name || '.' || c.name,"
            f" c.type || c.\"notnull\" || c.pk || ifnull(c.dflt_value, '') {columns} UNION ALL"
            f" SELECT t.name || '.' || f.\"from\" || ' links', f.\"table\" || f.on_delete {links}"
        )
    else:
        rows = database.execute_sql(
            "SELECT table_name || '.' || column_name, concat_ws(' ', data_type, is_nullable,"
            " character_maximum_length) FROM information_schema.columns"
            " WHERE table_schema = current_schema() UNION ALL"
            " SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
            " UNION ALL SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = current_schema()::regnamespace AND contype IN ('p', 'u', 'f')"
        )
    return {name: re.sub(r"\s+", " ", sql) for name, sql in rows if "migratehistory" not in name}


def test_the_migrations_make_the_schema_of_the_models(new_database):
    database = new_database
    migrate(database)
    migrated = _schema(database)
    database.drop_tables(TABLES)
    database.create_tables(TABLES)

    assert migrated == _schema(database)


def test_migrating_again_changes_nothing(database):
    before = _schema(database)
    migrate(database)

    assert _schema(database) == before


def test_migrating_says_nothing_at_warning_or_above(new_database, caplog):
    caplog.set_level(logging.WARNING)
    migrate(new_database)

    assert caplog.records == []
    assert new_database.is_closed()


def test_sqlite_writes_ahead_and_waits_for_the_disk(tmp_path):
    database = open_database(f"sqlite:///{tmp_path}/moca.db")
    with database.connection_context():
        pragmas = {
            name: database.execute_sql(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


def test_an_id_is_never_given_out_again(database):
    row = {"account_id": "a", "psid": "p", "created_at": NOON, "last_seen_at": NOON}
    ids = []
    for _ in range(2):
        ids.append(Contact.insert(row).execute())
        Contact.delete().execute()

    assert ids == [1, 2]


@pytest.mark.parametrize(
    "url", ["", "moca.db", "sqlite://", "sqlite:///", "mysql://x/y", "postgresql://x"]
)
def test_an_address_of_another_kind_is_refused(url):
    with pytest.raises(ValueError, match="reads sqlite:///"):
        open_database(url)
