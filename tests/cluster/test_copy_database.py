import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee
import psycopg
import pytest

from moca.storage.copy_database import CopyDiffers, move
from moca.storage.db.connection import open_database
from moca.storage.db.upgrade import migrate
from tests.cluster.stepped import SteppedCluster, webhook
from tests.process.service import RUN, Service, environment, eventually
from tests.storage.schema import postgresql_schema
from tests.support.databases import run_sql
from tests.support.factory import NOON
from tests.support.frozen_time import frozen_at
from tests.support.values import present

pytestmark = pytest.mark.cluster


@pytest.fixture
def filled(tmp_path: Path) -> peewee.Database:
    """An SQLite database with some data."""
    with frozen_at(NOON) as frozen:
        cluster = SteppedCluster(tmp_path, frozen)
        cluster.open("a")
        cluster["a"].takes(webhook("m1", "Hello"))
        cluster["a"].takes(webhook("m2", "Hello"))
        cluster.advance(20)
        cluster["a"].takes(webhook("m3", "Tschüß 👋"))
        cluster.advance(60)
        cluster.close()
    return cluster.database


@pytest.fixture
def address(servers: None) -> Iterator[str]:
    with postgresql_schema() as address:
        yield address


@pytest.fixture
def target(address: str) -> Iterator[peewee.Database]:
    database = open_database(address)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def _hears_control_c() -> Iterator[None]:
    """A shell's background job ignores Ctrl-C, and its children would inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def told(_table: str, _done: int, _rows: int) -> None:
    pass


def rows(database: peewee.Database, query: str) -> list[tuple[Any, ...]]:
    with database.connection_context():
        return [tuple(row) for row in run_sql(database, query).fetchall()]


def test_everything_is_there_afterwards_and_numbers_go_on(
    filled: peewee.Database, target: peewee.Database
) -> None:
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


def test_a_move_that_was_broken_off_goes_on_where_it_stood(
    filled: peewee.Database, target: peewee.Database
) -> None:
    class BrokenOffError(Exception):
        pass

    def break_off(table: str, done: int, _rows: int) -> None:
        if table == "copying message" and done:
            raise BrokenOffError

    with filled.connection_context(), target.connection_context():
        with pytest.raises(BrokenOffError):
            move(filled, target, break_off)
        move(filled, target, told)
        move(filled, target, told)
    count = "SELECT COUNT(*) FROM message"
    assert rows(target, count) == rows(filled, count)


def test_a_target_that_holds_something_else_is_told(
    filled: peewee.Database, target: peewee.Database
) -> None:
    with target.connection_context():
        run_sql(target, "INSERT INTO webhook (received_at, body) VALUES (0, 'x')")
    with (
        filled.connection_context(),
        target.connection_context(),
        pytest.raises(CopyDiffers, match="webhook"),
    ):
        move(filled, target, told)


@pytest.mark.usefixtures("_hears_control_c")
def test_the_command_can_be_broken_off_and_called_again(
    filled: peewee.Database, address: str, target: peewee.Database, tmp_path: Path
) -> None:
    told_where = {"database.url": f"sqlite:///{tmp_path}/moca.db"}
    service = Service(tmp_path, told_where)
    with psycopg.connect(address) as holding:
        holding.execute("LOCK TABLE message IN ACCESS EXCLUSIVE MODE")
        with moving_to(address, environment(tmp_path, service.settings)) as moving:
            with psycopg.connect(address, autocommit=True) as watching:
                eventually(lambda: waits_for_a_lock(watching), seconds=60)
            moving.send_signal(signal.SIGINT)
            _out, err = moving.communicate(timeout=60)
    assert moving.returncode == 1
    assert "interrupted; run it again to continue where it stopped" in err

    again = service.command("migrate", "--to", address)
    assert (again.returncode, again.stderr) == (0, "")
    assert "copying message" in again.stdout
    count = "SELECT COUNT(*) FROM message"
    assert rows(target, count) == rows(filled, count)


@contextmanager
def moving_to(address: str, environs: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run the command for the duration of the block."""
    command: list[str | Path] = [sys.executable, RUN, "migrate", "--to", address]
    with subprocess.Popen(command, env=environs, stderr=subprocess.PIPE, text=True) as moving:
        try:
            yield moving
        finally:
            moving.kill()


def waits_for_a_lock(connection: psycopg.Connection[tuple[Any, ...]]) -> int:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'message'::regclass"
    found: int = present(connection.execute(waiting).fetchone())[0]
    return found
