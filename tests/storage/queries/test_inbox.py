"""The pages' queries, on both databases."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from moca.core.content.attachments import Attachment, ReceivedContent
from moca.core.content.content import Content, QuickReply
from moca.core.messages.replies import ConcludeMessages, HandOverConversation, QueueReply
from moca.core.reasons import Because, Reason
from moca.core.types import Author, ContactKey, ConversationStatus, MessageStatus, Outcome
from moca.core.work_lists import WorkList, work_list_of
from moca.storage.db.operator_tables import AuditEntry, Note
from moca.storage.db.tables import AccountRest, Contact, Conversation, Event, Message, QueueItem
from moca.storage.queries import inbox
from moca.storage.queries.conversation_page import earlier_conversation, read_thread
from moca.storage.queries.inbox import InboxFilter, InboxRow, count_inbox, list_inbox
from moca.storage.queries.last_messages import ContactWords, LastReply
from moca.storage.queries.page_versions import version_of_all, version_of_conversation
from moca.storage.queries.pagination import Page
from moca.storage.queries.queue import item_of
from moca.storage.queries.queue_forecast import QueuePosition, place_of
from tests.storage.desk import Desk
from tests.support.factory import ANNA, BEN, at
from tests.support.values import present


def ids(page: Page[InboxRow]) -> list[int]:
    return [row.conversation.id for row in page.items]


def listed(wanted: InboxFilter = InboxFilter(), seconds: float = 100, **more: Any) -> list[int]:  # noqa: B008
    return ids(list_inbox(wanted, at(seconds), **{"limit": 10, **more}))


@pytest.fixture
def two(desk: Desk) -> Desk:
    """Anna wrote, then Ben did."""
    desk.receive("m1", "hello", 0, ANNA)
    desk.receive("m2", "Hello again", 5, BEN)
    return desk


def changed(conversation_id: int, **columns: Any) -> None:
    Conversation.update(**columns).where(Conversation.id == conversation_id).execute()


def lists_with(conversation_id: int, seconds: float = 100) -> set[WorkList]:
    """Return the work lists that show a conversation."""
    return {
        each for each in WorkList if conversation_id in listed(InboxFilter(work_list=each), seconds)
    }


def test_the_inbox_lists_the_latest_first_with_what_the_contact_wrote(two: Desk) -> None:
    page = list_inbox(InboxFilter(), at(9), limit=10)

    assert ids(page) == [2, 1]
    assert page.items[0].words == ContactWords(
        message_id=2, type="text", text="Hello again", is_deleted=False, because=""
    )
    assert [row.is_unread for row in page.items] == [True, True]


def test_a_row_keeps_the_contacts_words_when_the_account_wrote_last(two: Desk) -> None:
    reply = two.queue(author=Author.OPERATOR, author_name="ada")

    row = list_inbox(InboxFilter(), at(9), limit=10).items[1]
    assert present(row.words).text == "hello"
    assert row.reply == LastReply(
        message_id=reply.message_id,
        author=Author.OPERATOR,
        author_name="ada",
        status=MessageStatus.QUEUED,
    )
    two.receive("m3", "and?", 7, ANNA)
    assert list_inbox(InboxFilter(), at(9), limit=10).items[0].reply is None


def test_a_row_says_why_it_is_left_to_the_team(two: Desk) -> None:
    away = Because(Reason.OUTSIDE_HOURS)
    two.do(ConcludeMessages((1,), Outcome.SUPPRESSED, away, at(9)))
    last_words = (Content(text="A teammate will answer."),)
    two.do(HandOverConversation(2, (2,), "asked for a refund", last_words, at(10)))

    page = list_inbox(InboxFilter(work_list=WorkList.NEEDS_REPLY), at(20), limit=10)

    assert [(row.conversation.id, row.conversation.needs_reply_since) for row in page.items] == [
        (1, at(9)),
        (2, at(10)),
    ]
    assert [present(row.words).because for row in page.items] == [str(away), "asked for a refund"]


@pytest.mark.parametrize(
    ("status", "until", "since"),
    [
        (status, until, since)
        for status in ConversationStatus
        for until in (None, at(100), at(200))
        for since in (None, at(50))
        if status is not ConversationStatus.OPEN or until is None
    ],
)
def test_a_conversation_is_in_the_list_that_the_core_names(
    two: Desk, status: ConversationStatus, until: datetime | None, since: datetime | None
) -> None:
    changed(1, status=status, held_until=until, needs_reply_since=since, read_at=at(99))
    held = status if until is None or until > at(100) else ConversationStatus.OPEN
    every = InboxFilter(work_list=WorkList.CLOSED if status == "closed" else WorkList.ALL_OPEN)

    if status is ConversationStatus.CLOSED:
        assert lists_with(1) == {WorkList.CLOSED}
    else:
        assert lists_with(1) == {
            work_list_of(held, since),
            WorkList.UNASSIGNED,
            WorkList.ALL_OPEN,
        }
    rows = {row.conversation.id: row for row in list_inbox(every, at(100), limit=10).items}
    assert rows[1].conversation.needs_reply_since == since


def test_without_a_list_every_conversation_is_found(two: Desk) -> None:
    closed = Conversation.update(status=ConversationStatus.CLOSED)
    closed.where(Conversation.id == 1).execute()
    every = InboxFilter(work_list=None)
    found = {row.conversation.id for row in list_inbox(every, at(30), limit=10).items}
    assert (found, count_inbox(every, at(30))) == ({1, 2}, 2)


def test_counts_are_those_of_the_lists_up_to_a_hundred(
    two: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed(1, needs_reply_since=at(3))
    counts = {each: count_inbox(InboxFilter(work_list=each), at(9)) for each in WorkList}

    assert counts == {
        WorkList.NEEDS_REPLY: 1,
        WorkList.WAITING_FOR_CONTACT: 0,
        WorkList.WITH_BOT: 1,
        WorkList.MINE: 0,
        WorkList.MENTIONS: 0,
        WorkList.UNASSIGNED: 2,
        WorkList.UNREAD: 2,
        WorkList.SNOOZED: 0,
        WorkList.CLOSED: 0,
        WorkList.ALL_OPEN: 2,
    }
    assert count_inbox(InboxFilter(account_id="other"), at(9)) == 0
    monkeypatch.setattr(inbox, "MAX_COUNT", 1)
    assert count_inbox(InboxFilter(), at(9)) == 1


def test_what_waits_is_paged_from_the_oldest(two: Desk) -> None:
    two.receive("m3", "me too", 6, ContactKey("1", "third"))
    for conversation_id, seconds in ((1, 30), (2, 10), (3, 20)):
        changed(conversation_id, needs_reply_since=at(seconds))
    wanted = InboxFilter(work_list=WorkList.NEEDS_REPLY)

    first = list_inbox(wanted, at(99), limit=2)
    second = list_inbox(wanted, at(99), limit=2, after=first.next_key)

    assert (ids(first), ids(second), second.next_key) == ([2, 3], [1], None)


def test_a_page_looks_at_so_many_and_the_next_goes_on(
    two: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "LOOKED_AT", 1)
    Contact.update(account_id="2").where(Contact.psid == ANNA.psid).execute()

    first = list_inbox(InboxFilter(account_id="2"), at(9), limit=10)
    assert (ids(first), first.next_key is None) == ([], False)
    second = list_inbox(InboxFilter(account_id="2"), at(9), limit=10, after=first.next_key)
    assert (ids(second), second.next_key) == ([1], None)


def test_what_was_read_is_unread_once_the_contact_writes_again(two: Desk) -> None:
    Conversation.update(read_at=at(6)).execute()
    unread = InboxFilter(work_list=WorkList.UNREAD)
    assert listed(unread) == []

    two.receive("m3", "and?", 7, ANNA)
    assert listed(unread) == [1]


def test_a_talk_shows_what_goes_with_its_texts(two: Desk) -> None:
    Message.update(
        content=json.dumps({"attachments": [{"type": "image", "url": "https://x.example"}]})
    ).where(Message.mid == "m1").execute()
    Event.create(
        kind="reaction", account_id=ANNA.account_id, mid="m1", key="k", at=at(1), detail="{}"
    )
    tapped = Content(text="Yes?", quick_replies=(QuickReply(title="Yes", payload="Y"),))
    two.do(QueueReply(1, (), tapped, at(5), Author.OPERATOR))

    reply, question = read_thread(1, limit=10).items

    assert question.received == ReceivedContent(
        attachments=(Attachment(type="image", url="https://x.example"),)
    )
    assert [each.kind for each in question.events] == ["reaction"]
    assert (reply.said, reply.scheduled_for is not None) == (tapped, True)
    page = read_thread(1, limit=1)
    assert [each.message.mid for each in read_thread(1, limit=1, after=page.next_key).items] == [
        "m1"
    ]


def test_a_talk_knows_the_one_before_it(two: Desk) -> None:
    Conversation.update(status="closed").where(Conversation.id == 1).execute()
    two.receive("m3", "me again", 50, ANNA)

    assert [earlier_conversation(each) for each in (1, 3, 9)] == [None, 1, None]


def test_a_place_in_line_counts_who_may_go_before(two: Desk) -> None:
    first, second = two.queue(), two.queue()
    QueueItem.update(priority=0).where(QueueItem.id == second.item_id).execute()
    AccountRest.create(account_id=ANNA.account_id, rests_until=at(60))

    place = place_of(present(item_of(first.message_id)), at(50))

    assert place == QueuePosition(ahead=1, rests_until=at(60))
    assert place_of(present(item_of(second.message_id)), at(60)) == QueuePosition(
        ahead=0, rests_until=None
    )


def test_versions_change_with_what_they_name(two: Desk) -> None:
    seen = [(version_of_all(), version_of_conversation(1))]

    def changed() -> tuple[bool, bool]:
        seen.append((version_of_all(), version_of_conversation(1)))
        return tuple(before != now for before, now in zip(*seen[-2:], strict=True))

    assert changed() == (False, False)
    two.receive("m3", "other", 20, BEN)
    assert changed() == (True, False)
    two.receive("m4", "mine", 21, ANNA)
    assert changed() == (True, True)
    AuditEntry.create(at=at(1), who="ada", what="closed the conversation")
    assert changed() == (True, True)
    Note.create(conversation=1, author="ada", text="vip", created_at=at(1))
    assert changed() == (False, True)
    Conversation.update(last_activity_at=at(30) + timedelta(0)).where(
        Conversation.id == 1
    ).execute()
    assert changed() == (False, True)
    assert version_of_conversation(99) == "none"
