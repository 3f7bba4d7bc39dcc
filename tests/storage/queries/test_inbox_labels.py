"""Which conversations with a label a list shows, and in which order."""

import peewee
import pytest

from moca.core.messages.labels import AddLabel, LabelColour, LabelConversation
from moca.core.types import ContactKey
from moca.core.work_lists import WorkList
from moca.storage.queries import inbox
from moca.storage.queries.conversations import list_conversations
from moca.storage.queries.inbox import InboxFilter, count_inbox, list_inbox
from tests.storage.desk import Desk
from tests.storage.queries.test_inbox import changed, ids, listed
from tests.support.databases import query_plan, recorded_sql
from tests.support.factory import ANNA, at

ALL = InboxFilter(label_id=1)
STATES: tuple[dict[str, object], ...] = (
    {},
    {"needs_reply_since": at(50)},
    {"needs_reply_since": at(40), "assignee_id": 7},
    {"status": "human"},
    {"status": "closed"},
    {"snoozed_at": at(60)},
    {"assignee_id": 7},
    {"assignee_id": 8},
)


@pytest.fixture
def eight(desk: Desk) -> Desk:
    """Eight conversations in different states, of which all but the last have the label 1."""
    desk.do(AddLabel("Refund", LabelColour.RED), AddLabel("VIP", LabelColour.GREY))
    for number, columns in enumerate(STATES, 1):
        contact = ContactKey(ANNA.account_id, str(number))
        desk.receive(f"m{number}", seconds=number % 4, contact=contact)
        changed(number, **{"held_by": None, **columns})
        added = (1, 2) if number < len(STATES) else (2,)
        desk.do(LabelConversation(number, added))
    return desk


def paged(wanted: InboxFilter, limit: int = 1) -> list[int]:
    """Return the ids of all pages of a list."""
    found: list[int] = []
    after = None
    while True:
        page = list_inbox(wanted, at(100), limit=limit, after=after)
        found += ids(page)
        if page.next_key is None:
            return found
        after = page.next_key


@pytest.mark.parametrize("work_list", WorkList)
def test_a_list_shows_those_of_its_conversations_that_have_the_label(
    eight: Desk, work_list: WorkList
) -> None:
    every = InboxFilter(work_list=work_list, operator_id=7)
    wanted = InboxFilter(work_list=work_list, operator_id=7, label_id=1)

    assert listed(wanted) == [each for each in listed(every) if each != 8]
    assert count_inbox(wanted, at(100)) == len(listed(wanted))
    assert listed(InboxFilter(work_list=work_list, operator_id=7, label_id=9)) == []


@pytest.mark.parametrize("looked_at", [1, 2, 3, 100])
@pytest.mark.parametrize("work_list", [WorkList.ALL_OPEN, WorkList.NEEDS_REPLY, WorkList.CLOSED])
def test_pages_of_a_label_hold_each_conversation_once(
    eight: Desk, monkeypatch: pytest.MonkeyPatch, work_list: WorkList, looked_at: int
) -> None:
    wanted = InboxFilter(work_list=work_list, label_id=1)
    whole = listed(wanted)
    monkeypatch.setattr(inbox, "LOOKED_AT", looked_at)
    assert paged(wanted) == whole


def test_rows_show_their_labels(eight: Desk) -> None:
    row = list_inbox(ALL, at(100), limit=1).items[0]
    assert [(each.name, each.colour) for each in row.conversation.labels] == [
        ("Refund", "red"),
        ("VIP", "grey"),
    ]


def test_the_api_lists_the_conversations_with_a_label(eight: Desk) -> None:
    pages = [list_conversations(limit=2, label_id=1)]
    while (after := pages[-1].next_key) is not None:
        pages.append(list_conversations(limit=2, after=after, label_id=1))
    assert [each.id for page in pages for each in page.items] == [7, 3, 6, 2, 5, 1, 4]


def test_those_with_a_label_are_read_from_its_index(eight: Desk, database: peewee.Database) -> None:
    with recorded_sql(database) as statements:
        list_inbox(ALL, at(100), limit=10, after=(10**15, 5))

    if isinstance(database, peewee.SqliteDatabase):
        for sql, params in [each for each in statements if "LIMIT" in each[0]][:2]:
            plan = str(query_plan(database, sql, params))
            assert "(label_id=? AND last_activity_at<?)" in plan
            assert "TEMP B-TREE" not in plan
