import peewee
import pytest

from moca.storage.database import migrate, open_database
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
