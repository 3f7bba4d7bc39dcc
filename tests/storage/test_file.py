import sqlite3

import peewee
import pytest

from moca.storage.database import migrate, open_database
from moca.storage.file import files_open_to_others, restrict_to_owner, truncate_log
from moca.storage.models import Message
from moca.storage.writer import Writer
from tests.storage.desk import POLICY, webhook, wrote


@pytest.fixture
def path(tmp_path):
    return tmp_path / "moca.db"


@pytest.fixture
def writer(path):
    database = open_database(f"sqlite:///{path}")
    migrate(database)
    writer = Writer(database, POLICY)
    yield writer
    writer.close()


def test_nothing_is_acknowledged_into_a_file_that_was_deleted(writer, path) -> None:
    writer.apply([webhook(wrote("m1"))])
    path.unlink()
    with pytest.raises(peewee.OperationalError, match="deleted or replaced"):
        writer.apply([webhook(wrote("m2"))])


def test_a_file_that_is_put_back_is_written_again(writer, path) -> None:
    aside = path.with_name("aside.db")
    path.rename(aside)
    with pytest.raises(peewee.OperationalError):
        writer.probe()
    aside.rename(path)
    writer.probe()
    writer.apply([webhook(wrote("m1"))])
    assert Message.select().count() == 1


def test_a_full_disk_rolls_back_and_is_over_when_there_is_room(writer) -> None:
    writer.apply([webhook(wrote("m1"))])
    pages = writer._database.execute_sql("PRAGMA page_count").fetchone()[0]
    writer._database.execute_sql(f"PRAGMA max_page_count = {pages}")
    large = webhook(wrote("m2"), body=b"x" * 100_000)
    with pytest.raises(peewee.OperationalError):
        writer.apply([large])
    writer.apply([large])
    assert Message.select().count() == 2


def test_other_users_lose_their_access_to_a_database_and_to_what_is_beside_it(path) -> None:
    paths = [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm", ".key")]
    for each in paths:
        each.touch()
        each.chmod(0o644)
    database = open_database(f"sqlite:///{path}")
    assert files_open_to_others(database) == tuple(paths)
    restrict_to_owner(database)
    assert [each.stat().st_mode & 0o777 for each in paths] == [0o600] * 4
    assert files_open_to_others(database) == ()


def log_size(path):
    return path.with_name(path.name + "-wal").stat().st_size


def test_the_log_is_emptied_unless_a_reader_still_needs_it(writer, path) -> None:
    writer.apply([webhook(wrote("m1"))])
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM message").fetchall()
    writer.apply([webhook(wrote("m2"))])
    assert (truncate_log(writer._database), log_size(path) > 0) == (False, True)
    reader.close()
    assert (truncate_log(writer._database), log_size(path)) == (True, 0)
    assert writer._database.pragma("busy_timeout") == 5000


def test_a_database_elsewhere_has_no_files_to_restrict() -> None:
    database = open_database("postgresql://moca@127.0.0.1/moca")
    restrict_to_owner(database)
    assert files_open_to_others(database) == ()
