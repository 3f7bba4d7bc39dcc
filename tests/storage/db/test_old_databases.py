"""Databases that earlier versions wrote, made by their own code."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import peewee
import pytest

from moca.storage.db.connection import open_database
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Contact, Conversation, Message
from moca.storage.db.upgrade import migrate
from tests.storage.old_databases import OLD_DATABASES, unpack
from tests.support.databases import run_sql

ANSWER = "This would be an AI generated message"


@pytest.fixture(params=OLD_DATABASES, ids=lambda path: path.name.removesuffix(".db.gz"))
def upgraded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[peewee.Database]:
    """The database of an earlier version after its upgrade."""
    path = tmp_path / "moca.db"
    unpack(request.param, path)
    database = open_database(f"sqlite:///{path}")
    migrate(database)
    yield database
    database.close()


def test_an_upgraded_database_has_the_tables_of_a_new_one(
    upgraded: peewee.Database, tmp_path: Path
) -> None:
    new = open_database(f"sqlite:///{tmp_path}/new.db")
    migrate(new)
    new.close()
    assert shape_of(Path(upgraded.database)) == shape_of(tmp_path / "new.db")


def test_an_upgraded_database_keeps_what_was_said_and_what_is_to_be_sent(
    upgraded: peewee.Database,
) -> None:
    with upgraded.connection_context():
        columns = (Contact.psid, Message.role, Message.text, Message.status, Message.outcome)
        said = Message.select(*columns).join(Conversation).join(Contact)
        assert list(read_rows(said.order_by(Contact.psid, Message.id))) == [
            ("700", "user", "Where is my order?", "received", "answered"),
            ("700", "user", "It was 17.", "received", None),
            ("700", "assistant", ANSWER, "sent", None),
            ("700", "assistant", ANSWER, "queued", None),
            ("701", "user", "Hello?", "received", "answered"),
            ("701", "assistant", ANSWER, "sent", None),
        ]
        assert run_sql(upgraded, "PRAGMA integrity_check").fetchall() == [("ok",)]
        assert run_sql(upgraded, "PRAGMA foreign_key_check").fetchall() == []


def shape_of(
    path: Path,
) -> tuple[dict[str, list[tuple[str, str, int, str | None, int]]], list[tuple[str, str]]]:
    """Return the columns of each table, and how its indexes and triggers are made."""
    with closing(sqlite3.connect(path)) as database:
        names = "SELECT name FROM sqlite_master WHERE type = 'table'"
        tables = [name for (name,) in database.execute(names)]
        columns = {
            table: sorted(row[1:] for row in database.execute(f'PRAGMA table_info("{table}")'))
            for table in tables
        }
        others = "SELECT name, sql FROM sqlite_master WHERE type <> 'table' ORDER BY name"
        return columns, list(database.execute(others))
