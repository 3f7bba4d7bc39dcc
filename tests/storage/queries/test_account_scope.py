"""Every family of queries narrows to the accounts in scope, by indexes where there is much."""

from collections.abc import Callable
from datetime import UTC, timedelta

import peewee
import pytest

from moca.core.account_scope import AccountScope
from moca.core.messages.operators import AddNote, AddOperator
from moca.core.search_query import read_search
from moca.core.types import Author, ItemStatus, OperatorRole
from moca.core.work_lists import WorkList
from moca.storage.db.tables import Contact, Conversation
from moca.storage.queries import inbox
from moca.storage.queries.contacts import find_contact, list_contacts
from moca.storage.queries.conversations import list_conversations
from moca.storage.queries.delivery_health import list_deliveries
from moca.storage.queries.feed.events import read_feed
from moca.storage.queries.inbox import InboxFilter, count_inbox, latest_needing_reply, list_inbox
from moca.storage.queries.queue import count_queue, list_items
from moca.storage.queries.queue_forecast import first_waiting
from moca.storage.queries.search import SearchReader, search
from moca.storage.queries.stats import read_stats
from moca.storage.queries.team.account_scope import conversations_in_scope
from moca.storage.queries.team.drafts import count_drafts, list_drafts, read_draft
from moca.storage.queries.team.mentions import latest_mentions
from tests.storage.desk import Desk
from tests.storage.search.words import index_all
from tests.support.databases import query_plan, recorded_sql
from tests.support.factory import ANNA, at
from tests.support.values import present

OTHER = ANNA._replace(account_id="17841400000000009")
OURS, ALL = AccountScope.of([ANNA.account_id]), AccountScope.of([])
NONE = AccountScope(frozenset())


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Anna wrote to both accounts; each has a reply that waits, a draft and a mention of Ana."""
    desk.do(AddOperator("ana", OperatorRole.ANSWERS, "hash", at(0)))
    for conversation_id, contact in enumerate((ANNA, OTHER), start=1):
        desk.receive(f"m{conversation_id}", "hello", contact=contact)
        desk.queue(author=Author.OPERATOR, conversation_id=conversation_id)
        desk.do(AddNote(conversation_id, "ben", "@ana", at(2)))
    Contact.update(name="Anna").execute()
    Conversation.update(needs_reply_since=at(1)).execute()
    return desk


def both(read: Callable[[AccountScope], object]) -> list[object]:
    """Return what is read for one account, for all, and for none."""
    return [read(scope) for scope in (OURS, ALL, NONE)]


def test_lists_of_conversations_and_contacts(desk: Desk) -> None:
    assert both(
        lambda scope: [each.id for each in list_conversations(limit=9, scope=scope).items]
    ) == [[1], [2, 1], []]
    assert both(lambda scope: len(list_contacts(limit=9, scope=scope).items)) == [1, 2, 0]
    assert both(
        lambda scope: find_contact(OTHER.psid, OTHER.account_id, scope=scope) is not None
    ) == [False, True, False]
    assert present(find_contact(ANNA.psid, scope=OURS)).account_id == ANNA.account_id
    assert find_contact(ANNA.psid, scope=NONE) is None
    assert both(lambda scope: sorted(conversations_in_scope([1, 2, 9], scope))) == [
        [1],
        [1, 2, 9],
        [],
    ]


@pytest.mark.parametrize(
    "work_list", [WorkList.ALL_OPEN, WorkList.NEEDS_REPLY, WorkList.MENTIONS, WorkList.UNREAD]
)
def test_work_lists_and_their_counts(desk: Desk, work_list: WorkList) -> None:
    def wanted(scope: AccountScope) -> InboxFilter:
        return InboxFilter(work_list=work_list, operator_id=1, scope=scope)

    assert both(lambda scope: len(list_inbox(wanted(scope), at(9), limit=9).items)) == [1, 2, 0]
    assert both(lambda scope: count_inbox(wanted(scope), at(9))) == [1, 2, 0]


def test_other_accounts_take_less_of_the_room_of_a_limited_list(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "LOOKED_AT", 1)
    wanted = InboxFilter(scope=OURS)
    assert [row.conversation.id for row in list_inbox(wanted, at(9), limit=9).items] == [1]
    assert (count_inbox(wanted, at(9)), count_inbox(InboxFilter(), at(9))) == (1, 1)


def test_what_is_announced(desk: Desk) -> None:
    assert both(
        lambda scope: [each.id for each in latest_needing_reply(at(9), limit=9, scope=scope)]
    ) == [[1], [2, 1], []]
    assert both(lambda scope: len(latest_mentions(1, limit=9, scope=scope))) == [1, 2, 0]


def test_the_queue_its_counts_and_its_forecast(desk: Desk) -> None:
    assert both(lambda scope: [each.id for each in list_items(limit=9, scope=scope).items]) == [
        [1],
        [2, 1],
        [],
    ]
    pending = ItemStatus.PENDING
    assert both(lambda scope: len(list_items(limit=9, status=pending, scope=scope).items)) == [
        1,
        2,
        0,
    ]
    assert both(lambda scope: count_queue(scope)[pending]) == [1, 2, 0]
    assert both(lambda scope: len(first_waiting(9, scope))) == [1, 2, 0]


def test_drafts(desk: Desk) -> None:
    desk.receive("m3", "prices?", seconds=20)
    desk.hold(3, seconds=25)
    (item,) = list_drafts()
    assert both(count_drafts) == [1, 1, 0]
    assert both(lambda scope: list(list_drafts(scope))) == [[item], [item], []]
    assert both(lambda scope: read_draft(item, scope) is not None) == [True, True, False]


def test_searches(desk: Desk) -> None:
    index_all(desk)

    def found(text: str) -> list[object]:
        def read(scope: AccountScope) -> tuple[int, int]:
            reader = SearchReader(at=at(9), zone=UTC, scope=scope)
            results = search(read_search(text), reader, limit=9)
            return len(results.messages), len(results.conversations)

        return both(read)

    assert found("hello") == [(1, 0), (2, 0), (0, 0)]
    assert found("from:anna hello") == [(1, 0), (2, 0), (0, 0)]
    assert found("anna") == [(0, 1), (0, 2), (0, 0)]
    assert found("is:open") == [(0, 1), (0, 2), (0, 0)]
    assert found(ANNA.psid) == [(0, 1), (0, 2), (0, 0)]


def test_figures_and_the_feed(desk: Desk) -> None:
    def counted(scope: AccountScope) -> tuple[int, int, int]:
        stats = read_stats(latest=9, scope=scope)
        return stats.latest, sum(stats.conversations.values()), sum(stats.queue.values())

    assert both(counted) == [(1, 1, 1), (2, 2, 2), (0, 0, 0)]
    assert both(lambda scope: len(list_deliveries(at(0) - timedelta(days=1), scope))) == [0, 0, 0]
    assert both(lambda scope: len(read_feed(after=0, limit=99, scope=scope).items)) == [1, 2, 0]


def test_a_list_for_one_account_is_read_from_the_index_of_its_order(
    desk: Desk, database: peewee.Database
) -> None:
    with recorded_sql(database) as statements:
        list_conversations(limit=40, scope=OURS)
        list_inbox(InboxFilter(scope=OURS), at(9), limit=40)
    plans = []
    if isinstance(database, peewee.SqliteDatabase):
        limited = [each for each in statements if '"account_id" IN' in each[0]]
        plans = [str(query_plan(database, *each)) for each in limited]
        assert len(plans) == 2
    for plan in plans:
        assert "conversation_last_activity_at" in plan
        assert "TEMP B-TREE" not in plan


def test_without_a_limit_the_statements_name_no_accounts(
    desk: Desk, database: peewee.Database
) -> None:
    with recorded_sql(database) as statements:
        list_conversations(limit=40)
        list_inbox(InboxFilter(), at(9), limit=40)
        count_inbox(InboxFilter(), at(9))
        list_items(limit=40)
        count_queue()
        count_drafts()
    assert [sql for sql, _ in statements if '"account_id" IN' in sql] == []
    assert [sql for sql, _ in statements if "queue_count" in sql]
