from collections.abc import Callable

import peewee
import pytest

from moca.storage.queries.page_versions import (
    version_of_all,
    version_of_contact_pane,
    version_of_conversation,
)
from tests.storage.desk import Desk
from tests.support.databases import query_plan, recorded_sql


@pytest.mark.parametrize(
    "version",
    [
        version_of_all,
        lambda: version_of_conversation(1),
        lambda: version_of_contact_pane(1),
    ],
)
def test_a_version_is_read_by_one_statement_and_reads_no_table_whole(
    desk: Desk, database: peewee.Database, version: Callable[[], str]
) -> None:
    desk.receive("m1", "hi", 0)
    with recorded_sql(database) as statements:
        version()
    ((sql, params),) = statements
    if isinstance(database, peewee.SqliteDatabase):
        assert [
            step for step in query_plan(database, sql, params) if step.startswith("SCAN t")
        ] == []
