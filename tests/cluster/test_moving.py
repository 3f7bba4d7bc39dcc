import freezegun
import psycopg
import pytest

from moca.storage.database import migrate, open_database
from moca.storage.moving import NotTheSame, move
from tests.cluster.conftest import SERVER
from tests.cluster.street import Street, webhook
from tests.making import NOON

pytestmark = pytest.mark.cluster


@pytest.fixture
def filled(tmp_path):
    """An SQLite database in which something happened."""
    with freezegun.freeze_time(NOON) as frozen:
        street = Street(tmp_path, frozen)
        street.open("a")
        street["a"].takes(webhook("m1", "Hello"))
        street["a"].takes(webhook("m2", "Hello"))
        street.passes(20)
        street["a"].takes(webhook("m3", "Tschüß 👋"))
        street.passes(60)
        street.close()
    return street.database


@pytest.fixture
def target(servers):
    name = "moca_test_moving"
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
        database = open_database(f"{SERVER}/{name}")
        migrate(database)
        yield database
        database.close()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def told(_table, _done, _rows):
    pass


def rows(database, query):
    with database.connection_context():
        return [tuple(row) for row in database.execute_sql(query).fetchall()]


def test_everything_is_there_afterwards_and_numbers_go_on(filled, target):
    with filled.connection_context(), target.connection_context():
        move(filled, target, told)
    for query in (
        "SELECT id, mid, text, outcome, duplicate_of_id, reply_id FROM message ORDER BY id",
        "SELECT message_id, at, stage, outcome, detail FROM journey_step ORDER BY id",
        "SELECT status, SUM(items) FROM queue_count GROUP BY status HAVING SUM(items) > 0",
    ):
        assert rows(target, query) == rows(filled, query)
        assert rows(filled, query)
    [(last,)] = rows(target, "SELECT MAX(id) FROM contact")
    added = "INSERT INTO contact (account_id, psid, created_at, last_seen_at, message_count) "
    assert rows(target, f"{added} VALUES ('1', '2', 0, 0, 0) RETURNING id") == [(last + 1,)]


def test_a_move_that_was_broken_off_goes_on_where_it_stood(filled, target):
    class BrokenOffError(Exception):
        pass

    def break_off(table, done, _rows):
        if table == "copying message" and done:
            raise BrokenOffError

    with filled.connection_context(), target.connection_context():
        with pytest.raises(BrokenOffError):
            move(filled, target, break_off)
        move(filled, target, told)
        move(filled, target, told)
    count = "SELECT COUNT(*) FROM message"
    assert rows(target, count) == rows(filled, count)


def test_a_target_that_holds_something_else_is_told(filled, target):
    with target.connection_context():
        target.execute_sql("INSERT INTO webhook (received_at, body) VALUES (0, 'x')")
    with (
        filled.connection_context(),
        target.connection_context(),
        pytest.raises(NotTheSame, match="webhook"),
    ):
        move(filled, target, told)
