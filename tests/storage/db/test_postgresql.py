from collections.abc import Iterator
from typing import Any

import peewee
import pytest

from moca.storage.db.bulk import Insertion
from moca.storage.db.connection import open_database
from moca.storage.db.postgresql import PostgresqlDatabase
from moca.storage.db.tables import Webhook
from tests.storage.schema import Schema
from tests.support.databases import run_sql
from tests.support.factory import NOON

pytestmark = pytest.mark.cluster
WEBHOOKS = Insertion(Webhook, Webhook.received_at, Webhook.body)
FAULTY: Any = (None, b"never received")


@pytest.fixture
def postgresql(schema: Schema) -> Iterator[PostgresqlDatabase]:
    schema.restore()
    database = open_database(schema.address)
    assert isinstance(database, PostgresqlDatabase)
    yield database
    database.close()


def stored() -> list[bytes]:
    return [bytes(each.body) for each in Webhook.select().order_by(Webhook.id)]


def write_and_read(database: PostgresqlDatabase, *rows: Any) -> list[bytes]:
    with database.pipeline(), database.atomic():
        for row in rows:
            WEBHOOKS.quietly([row])
        return stored()


def test_a_pipeline_reads_what_it_wrote_before(postgresql: PostgresqlDatabase) -> None:
    assert write_and_read(postgresql, (NOON, b"1"), (NOON, b"2")) == [b"1", b"2"]
    assert stored() == [b"1", b"2"]


def test_a_change_in_a_pipeline_tells_how_many_rows_it_met(postgresql: PostgresqlDatabase) -> None:
    with postgresql.pipeline(), postgresql.atomic():
        WEBHOOKS.quietly([(NOON, b"1"), (NOON, b"2")])
        assert Webhook.update(body=b"3").execute() == 2
        assert Webhook.delete().where(Webhook.body == b"1").execute() == 0


def test_an_error_in_a_pipeline_is_raised_where_a_result_is_read_and_undoes_all(
    postgresql: PostgresqlDatabase,
) -> None:
    with pytest.raises(peewee.IntegrityError):
        write_and_read(postgresql, (NOON, b"1"), FAULTY)
    assert postgresql.is_closed()

    assert write_and_read(postgresql, (NOON, b"2")) == [b"2"]


def test_an_error_is_raised_at_the_end_of_a_pipeline_that_reads_nothing(
    postgresql: PostgresqlDatabase,
) -> None:
    with pytest.raises(peewee.IntegrityError), postgresql.pipeline(), postgresql.atomic():
        WEBHOOKS.quietly([(NOON, b"1"), FAULTY])
    assert stored() == []


def test_an_error_of_the_program_undoes_what_a_pipeline_wrote(
    postgresql: PostgresqlDatabase,
) -> None:
    unreadable: Any = ("noon", b"2")
    with pytest.raises(TypeError):
        write_and_read(postgresql, (NOON, b"1"), unreadable)
    assert stored() == []


def test_a_connection_that_is_cut_within_a_pipeline_is_an_operational_error(
    postgresql: PostgresqlDatabase,
) -> None:
    with pytest.raises(peewee.OperationalError), postgresql.pipeline(), postgresql.atomic():
        run_sql(postgresql, "SELECT pg_terminate_backend(pg_backend_pid())")
    assert stored() == []
