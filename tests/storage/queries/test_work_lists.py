"""Which lists show a conversation that is assigned or snoozed."""

from datetime import datetime

import peewee
import pytest

from moca.core.snooze import Snooze
from moca.core.work_lists import WorkList
from moca.storage.db.operator_tables import Operator
from moca.storage.queries.inbox import InboxFilter, list_inbox
from tests.storage.desk import Desk
from tests.storage.queries.test_inbox import changed, listed, lists_with, two
from tests.support.databases import query_plan, recorded_sql
from tests.support.factory import at

__all__ = ["two"]


@pytest.mark.parametrize(
    ("assignee_id", "status", "lists"),
    [
        (7, "open", {WorkList.MINE}),
        (7, "closed", set()),
        (8, "open", set()),
        (None, "open", {WorkList.UNASSIGNED}),
        (None, "closed", set()),
    ],
)
def test_open_conversations_are_mine_or_unassigned_or_a_colleagues(
    two: Desk, assignee_id: int | None, status: str, lists: set[WorkList]
) -> None:
    changed(1, assignee_id=assignee_id, status=status)
    seen = {WorkList.MINE, WorkList.UNASSIGNED}
    shown = {
        each for each in seen if 1 in listed(InboxFilter(work_list=each, operator_id=7), seconds=9)
    }
    assert shown == lists


SEEN = {WorkList.NEEDS_REPLY, WorkList.UNASSIGNED, WorkList.UNREAD, WorkList.ALL_OPEN}


@pytest.mark.parametrize("heard_at", [at(0), at(20), at(21)])
@pytest.mark.parametrize("until", [None, at(99), at(100), at(101)])
@pytest.mark.parametrize("status", ["open", "human", "closed"])
def test_a_snoozed_conversation_is_in_no_other_open_list(
    two: Desk, status: str, until: datetime | None, heard_at: datetime
) -> None:
    columns = {"status": status, "needs_reply_since": at(5), "last_user_message_at": heard_at}
    changed(1, snoozed_at=at(20), snoozed_until=until, **columns)
    is_over = Snooze(at(20), until).is_over(heard_at, at(100))
    expected = SEEN if is_over else {WorkList.SNOOZED, WorkList.UNREAD}

    shown = lists_with(1)

    assert shown == ({WorkList.CLOSED, WorkList.UNREAD} if status == "closed" else expected)


def test_mine_is_read_from_its_index(two: Desk, database: peewee.Database) -> None:
    Operator.create(id=7, name="ada", role="answers", password_hash="", created_at=at(0))
    changed(1, assignee_id=7)
    mine = InboxFilter(work_list=WorkList.MINE, operator_id=7)
    with recorded_sql(database) as statements:
        shown = list_inbox(mine, at(9), limit=10).items
    assert [row.conversation.assignee for row in shown] == ["ada"]

    if isinstance(database, peewee.SqliteDatabase):
        for sql, params in [each for each in statements if "LIMIT" in each[0]][:2]:
            plan = str(query_plan(database, sql, params))
            assert "conversation_assigned" in plan
            assert "TEMP B-TREE" not in plan
