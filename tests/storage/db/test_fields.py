import peewee
import pytest

from moca.storage.db.fields import CompressedField
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Webhook
from tests.support.databases import run_sql
from tests.support.factory import NOON

LONG = b'{"object":"instagram","entry":[' + b'{"id":"17841400000000001"},' * 20 + b"{}]}"


@pytest.mark.parametrize("body", [LONG, b"{}", b"", b"\0{}", b"\0" * 100])
def test_a_body_is_read_as_it_came_however_it_is_stored(
    database: peewee.Database, body: bytes
) -> None:
    Webhook.create(received_at=NOON, body=body)
    assert list(read_rows(Webhook.select(Webhook.body))) == [(body,)]


def test_a_long_body_takes_less_room_and_a_short_one_no_more(database: peewee.Database) -> None:
    for body in (LONG, b"{}"):
        Webhook.create(received_at=NOON, body=body)
    stored = run_sql(database, 'SELECT length("body") FROM "webhook" ORDER BY "id"')
    (long,), (short,) = stored.fetchall()
    assert (long < len(LONG) / 3, short) == (True, 2)


def test_a_body_from_before_compression_is_read_as_it_is() -> None:
    assert CompressedField().python_value(memoryview(LONG)) == LONG
