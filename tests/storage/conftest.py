import os
import socket
from collections.abc import Iterator
from pathlib import Path

import peewee
import pytest

from moca.storage.db.connection import open_database
from tests.storage.desk import Desk
from tests.storage.schema import Schema, postgresql_schema
from tests.support.databases import copy_migrated, open_for_a_test

POSTGRESQL = "127.0.0.1", 5432


def _postgresql_answers() -> bool:
    try:
        socket.create_connection(POSTGRESQL, timeout=2).close()
    except OSError:
        return False
    return True


def _require_postgresql() -> None:
    if not _postgresql_answers():
        reason = "PostgreSQL does not answer at 127.0.0.1:5432"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.cluster)])
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of database that a test uses."""
    kind: str = request.param
    return kind


@pytest.fixture
def new_database(kind: str, tmp_path: Path) -> Iterator[peewee.Database]:
    """A test's own empty database, without any tables."""
    if kind == "sqlite":
        database = open_database(f"sqlite:///{tmp_path}/moca.db")
        yield database
        database.close()
        return
    _require_postgresql()
    with postgresql_schema() as address:
        database = open_database(address)
        yield database
        database.close()


@pytest.fixture(scope="session")
def schema() -> Iterator[Schema]:
    """PostgreSQL's tables, created once; use `address`, which resets them."""
    _require_postgresql()
    with postgresql_schema() as address:
        schema = Schema(address)
        yield schema
        schema.close()


@pytest.fixture
def address(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with every table and no data of any test."""
    if kind == "sqlite":
        return copy_migrated(tmp_path)
    schema: Schema = request.getfixturevalue("schema")
    schema.restore()
    return schema.address


@pytest.fixture
def database(address: str) -> Iterator[peewee.Database]:
    database = open_for_a_test(address)
    yield database
    database.close()


@pytest.fixture
def desk(database: peewee.Database) -> Desk:
    return Desk(database)
