"""The doctor's check of the database."""

from pathlib import Path

import pytest

from moca.doctor.database import problem_of
from moca.storage.db.connection import open_database
from moca.storage.db.database_lock import own_database
from tests.storage.conftest import _require_postgresql
from tests.storage.schema import postgresql_schema
from tests.support.factory import NOON

FORGETFUL = "acknowledged webhooks may be lost if the server crashes: set synchronous_commit = on"


@pytest.mark.cluster
@pytest.mark.parametrize(("setting", "problem"), [("off", FORGETFUL), ("on", None)])
def test_a_postgresql_that_may_forget_a_commit_is_told(setting: str, problem: str | None) -> None:
    _require_postgresql()
    with postgresql_schema() as address:
        database = open_database(address.replace("commit%3Doff", f"commit%3D{setting}"))
        assert problem_of(database) == problem
        database.close()


def test_a_file_that_a_service_uses_is_looked_at_and_not_migrated(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/moca.db"
    database = open_database(url)
    with own_database(url, NOON):
        assert (problem_of(database) or "").startswith("cannot be used (OperationalError)")
    assert problem_of(database) is None
    database.close()
