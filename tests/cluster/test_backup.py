from collections.abc import Iterator
from pathlib import Path

import pytest

from moca.storage.db.connection import open_database
from moca.storage.db.metric_tables import Freeze
from moca.storage.db.tables import Contact
from moca.storage.db.upgrade import migrate
from tests.process.service import Service
from tests.storage.schema import postgresql_schema
from tests.support.factory import ANNA, NOON

pytestmark = pytest.mark.cluster


@pytest.fixture
def addresses(servers: None) -> Iterator[tuple[str, str]]:
    with postgresql_schema() as one, postgresql_schema() as another:
        yield one, another


def _contacts(address: str) -> tuple[list[tuple[str, str | None]], int]:
    database = open_database(address)
    with database.connection_context():
        return [(each.psid, each.name) for each in Contact.select()], Freeze.select().count()


def test_a_backup_of_postgresql_is_restored_into_an_empty_database_alone(
    addresses: tuple[str, str], tmp_path: Path
) -> None:
    one, another = addresses
    database = open_database(one)
    migrate(database)
    with database.connection_context():
        Contact.create(**ANNA._asdict(), name="Anna", created_at=NOON, last_seen_at=NOON)

    backup = Service(tmp_path, {"database.url": one}).command("backup", "today.backup")
    assert (backup.returncode, backup.stderr) == (0, "")
    again = Service(tmp_path, {"database.url": one}).command("restore", "today.backup")
    assert (again.returncode, again.stderr) == (
        1,
        "restore: today.backup: the database is not empty; set another database.url\n",
    )
    restored = Service(tmp_path, {"database.url": another}).command("restore", "today.backup")
    assert (restored.returncode, restored.stderr) == (0, "")
    assert _contacts(another) == ([(ANNA.psid, "Anna")], 1)
    assert _contacts(one) == ([(ANNA.psid, "Anna")], 0)
