import logging
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import peewee
import pytest

from moca.storage.db.connection import (
    files_open_to_others,
    open_database,
    restrict_to_owner,
    truncate_log,
)
from moca.storage.db.schema import TABLES
from moca.storage.db.tables import Contact, Message
from moca.storage.db.upgrade import NewerSchema, migrate
from moca.storage.writer import Writer
from tests.storage.desk import POLICY, webhook, wrote
from tests.support.databases import run_sql
from tests.support.factory import NOON
from tests.support.values import of_kind, present


def _schema(database: peewee.Database) -> dict[str, str]:
    if isinstance(database, peewee.SqliteDatabase):
        columns = "FROM sqlite_master AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'"
        links = "FROM sqlite_master AS t, pragma_foreign_key_list(t.name) AS f"
        rows = run_sql(
            database,
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL UNION ALL"
            " SELECT t.name || '.' || c.name,"
            f" c.type || c.\"notnull\" || c.pk || ifnull(c.dflt_value, '') {columns} UNION ALL"
            f" SELECT t.name || '.' || f.\"from\" || ' links', f.\"table\" || f.on_delete {links}",
        )
    else:
        rows = run_sql(
            database,
            "SELECT table_name || '.' || column_name, concat_ws(' ', data_type, is_nullable,"
            " character_maximum_length) FROM information_schema.columns"
            " WHERE table_schema = current_schema() UNION ALL"
            " SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
            " UNION ALL SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = current_schema()::regnamespace AND contype IN ('p', 'u', 'f')",
        )
    return {name: re.sub(r"\s+", " ", sql) for name, sql in rows if "migratehistory" not in name}


def test_the_migrations_make_the_schema_of_the_models(new_database: peewee.Database) -> None:
    database = new_database
    migrate(database)
    migrated = _schema(database)
    database.drop_tables(TABLES)
    database.create_tables(TABLES)

    assert migrated == _schema(database)


def test_migrating_again_changes_nothing(database: peewee.Database) -> None:
    before = _schema(database)
    migrate(database)

    assert _schema(database) == before


def test_a_schema_that_is_up_to_date_costs_no_migration_library(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/moca.db"
    migrate(open_database(url))
    start = f"from {migrate.__module__} import *; migrate(open_database({url!r}))"
    command = [sys.executable, "-c", f"import sys; {start}; print(*sys.modules)"]
    assert "peewee_migrate" not in subprocess.check_output(command, text=True).split()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(database: peewee.Database) -> None:
    before = _schema(database)
    with database.connection_context():
        run_sql(
            database,
            'INSERT INTO "migratehistory" ("name", "migrated_at") VALUES '
            "('998_later', CURRENT_TIMESTAMP), ('999_latest', CURRENT_TIMESTAMP)",
        )
    with pytest.raises(NewerSchema, match="a newer version of Moca wrote it \\(999_latest\\)"):
        migrate(database)
    assert _schema(database) == before


def test_migrating_says_nothing_at_warning_or_above(
    new_database: peewee.Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    migrate(new_database)

    assert caplog.records == []
    assert new_database.is_closed()


def test_sqlite_writes_ahead_and_waits_for_the_disk(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/moca.db")
    with database.connection_context():
        pragmas = {
            name: present(run_sql(database, f"PRAGMA {name}").fetchone())[0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }

    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
    }


def test_an_id_is_never_given_out_again(database: peewee.Database) -> None:
    row = {"account_id": "a", "psid": "p", "created_at": NOON, "last_seen_at": NOON}
    ids = []
    for _ in range(2):
        ids.append(Contact.insert(row).execute())
        Contact.delete().execute()

    assert ids == [1, 2]


@pytest.mark.parametrize(
    "url", ["", "moca.db", "sqlite://", "sqlite:///", "mysql://x/y", "postgresql://x"]
)
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="looks like sqlite:///"):
        open_database(url)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "moca.db"


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    database = open_database(f"sqlite:///{path}")
    migrate(database)
    writer = Writer(database, POLICY)
    yield writer
    writer.close()


def test_nothing_is_acknowledged_into_a_file_that_was_deleted(writer: Writer, path: Path) -> None:
    writer.apply([webhook(wrote("m1"))])
    path.unlink()
    with pytest.raises(peewee.OperationalError, match="deleted or replaced"):
        writer.apply([webhook(wrote("m2"))])


def test_a_file_that_is_put_back_is_written_again(writer: Writer, path: Path) -> None:
    aside = path.with_name("aside.db")
    path.rename(aside)
    with pytest.raises(peewee.OperationalError):
        writer.probe()
    aside.rename(path)
    writer.probe()
    writer.apply([webhook(wrote("m1"))])
    assert Message.select().count() == 1


def test_a_full_disk_rolls_back_and_is_over_when_there_is_room(writer: Writer) -> None:
    writer.apply([webhook(wrote("m1"))])
    pages = present(run_sql(writer._database, "PRAGMA page_count").fetchone())[0]
    run_sql(writer._database, f"PRAGMA max_page_count = {pages}")
    large = webhook(wrote("m2"), body=os.urandom(100_000))
    with pytest.raises(peewee.OperationalError):
        writer.apply([large])
    writer.apply([large])
    assert Message.select().count() == 2


def test_other_users_lose_their_access_to_a_database_and_to_what_is_beside_it(path: Path) -> None:
    paths = [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm", ".key")]
    for each in paths:
        each.touch()
        each.chmod(0o644)
    database = open_database(f"sqlite:///{path}")
    assert files_open_to_others(database) == tuple(paths)
    restrict_to_owner(database)
    assert [each.stat().st_mode & 0o777 for each in paths] == [0o600] * 4
    assert files_open_to_others(database) == ()


def log_size(path: Path) -> int:
    return path.with_name(path.name + "-wal").stat().st_size


def test_the_log_is_emptied_unless_a_reader_still_needs_it(writer: Writer, path: Path) -> None:
    writer.apply([webhook(wrote("m1"))])
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM message").fetchall()
    writer.apply([webhook(wrote("m2"))])
    assert (truncate_log(writer._database), log_size(path) > 0) == (False, True)
    reader.close()
    assert (truncate_log(writer._database), log_size(path)) == (True, 0)
    assert of_kind(writer._database, peewee.SqliteDatabase).pragma("busy_timeout") == 5000


def test_a_database_elsewhere_has_no_files_to_restrict() -> None:
    database = open_database("postgresql://moca@127.0.0.1/moca")
    restrict_to_owner(database)
    assert files_open_to_others(database) == ()
