import os
import socket
import uuid

import peewee
import psycopg
import pytest

from tests.databases import open_migrated
from tests.storage.desk import Desk

POSTGRESQL = "127.0.0.1", 5432


def _postgresql_answers():
    try:
        socket.create_connection(POSTGRESQL, timeout=2).close()
    except OSError:
        return False
    return True


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.cluster)])
def address(request, tmp_path):
    """A database's address, of its own for each test."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/moca.db"
        return
    if not _postgresql_answers():
        reason = "PostgreSQL does not answer at 127.0.0.1:5432"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    schema = f"moca_test_{uuid.uuid4().hex}"
    server = "postgresql://postgres@127.0.0.1:5432/test"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        yield f"{server}?options=-csearch_path%3D{schema}"
        connection.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture
def database(address) -> peewee.Database:
    database = open_migrated(address)
    yield database
    database.close()


@pytest.fixture
def desk(database) -> Desk:
    return Desk(database)
