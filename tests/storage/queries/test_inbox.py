"""What the pages read, on both databases."""

import json
from datetime import timedelta

import pytest

from moca.core.content.attachments import Attachment, Received
from moca.core.content.content import Content, QuickReply
from moca.core.messages.replies import QueueReply
from moca.core.types import Author, ConversationStatus
from moca.storage.db.operator_tables import AuditEntry, Note
from moca.storage.db.tables import AccountRest, Contact, Conversation, Event, Message, QueueItem
from moca.storage.queries import inbox
from moca.storage.queries import search as searching
from moca.storage.queries.conversation_page import earlier_conversation, read_talk
from moca.storage.queries.inbox import LastSaid, Wanted, count_waiting, list_inbox
from moca.storage.queries.page_versions import version_of_all, version_of_conversation
from moca.storage.queries.queue import item_of
from moca.storage.queries.queue_forecast import PlaceInLine, place_of
from moca.storage.queries.search import search
from tests.support.factory import ANNA, BEN, at


def ids(page):
    return [row.conversation.id for row in page.items]


def listed(wanted=Wanted(), seconds=100, **more):  # noqa: B008
    return ids(list_inbox(wanted, at(seconds), **{"limit": 10, **more}))


@pytest.fixture
def two(desk):
    """Anna wrote, then Ben did."""
    desk.hear("m1", "hello", 0, ANNA)
    desk.hear("m2", "Hello again", 5, BEN)
    return desk


def test_the_inbox_lists_the_latest_first_with_what_was_said_last(two):
    page = list_inbox(Wanted(), at(9), limit=10)

    assert ids(page) == [2, 1]
    assert page.items[0].last == LastSaid(
        author=Author.CONTACT,
        type="text",
        text="Hello again",
        status="received",
        at=at(5),
        is_deleted=False,
    )
    assert [row.is_unread for row in page.items] == [True, True]


@pytest.mark.parametrize(
    ("status", "until", "found_as"),
    [
        ("human", None, ConversationStatus.HUMAN),
        ("human", at(200), ConversationStatus.HUMAN),
        ("human", at(100), ConversationStatus.OPEN),
        ("paused", at(200), ConversationStatus.PAUSED),
        ("standby", at(200), ConversationStatus.STANDBY),
        ("closed", None, ConversationStatus.CLOSED),
    ],
)
def test_a_conversation_is_listed_under_who_may_answer_in_it_now(two, status, until, found_as):
    Conversation.update(status=status, held_until=until).where(Conversation.id == 1).execute()

    others = set(ConversationStatus) - {found_as, ConversationStatus.OPEN}
    assert 1 in listed(Wanted(status=found_as))
    assert all(1 not in listed(Wanted(status=each)) for each in others)
    assert count_waiting(at(100)) == (found_as is ConversationStatus.HUMAN)


def test_a_page_looks_at_so_many_and_the_next_goes_on(two, monkeypatch):
    monkeypatch.setattr(inbox, "LOOKED_AT", 1)
    Contact.update(account_id="2").where(Contact.psid == ANNA.psid).execute()

    first = list_inbox(Wanted(account_id="2"), at(9), limit=10)
    assert (ids(first), first.next_key is None) == ([], False)
    second = list_inbox(Wanted(account_id="2"), at(9), limit=10, after=first.next_key)
    assert (ids(second), second.next_key) == ([1], None)


def test_what_was_read_is_unread_once_the_contact_writes_again(two):
    Conversation.update(read_at=at(6)).execute()
    assert listed(Wanted(unread=True)) == []

    two.hear("m3", "and?", 7, ANNA)
    assert listed(Wanted(unread=True)) == [1]


def test_a_search_finds_what_was_said_whatever_the_case_and_who_it_was(two):
    Contact.update(name="Anna Lund").where(Contact.psid == ANNA.psid).execute()

    assert [each.text for each in search("HELLO", limit=10).messages] == ["Hello again", "hello"]
    assert [each.id for each in search("lund", limit=10).people] == [1]
    assert [each.id for each in search(BEN.psid, limit=10).people] == [2]
    assert search("100%", limit=10).messages == ()


def test_a_search_goes_on_where_it_ended(two, monkeypatch):
    first = search("hello", limit=1)
    assert [each.mid for each in first.messages] == ["m2"]
    second = search("hello", limit=1, before_id=first.before_id)
    assert [each.mid for each in second.messages] == ["m1"]

    monkeypatch.setattr(searching, "LOOKED_AT", 1)
    empty = search("nothing", limit=1)
    assert (empty.messages, empty.before_id) == ((), 2)
    assert search("nothing", limit=1, before_id=2).before_id is None


def test_a_talk_shows_what_goes_with_its_texts(two):
    Message.update(
        content=json.dumps({"attachments": [{"type": "image", "url": "https://x.example"}]})
    ).where(Message.mid == "m1").execute()
    Event.create(
        kind="reaction", account_id=ANNA.account_id, mid="m1", key="k", at=at(1), detail="{}"
    )
    tapped = Content(text="Yes?", quick_replies=(QuickReply(title="Yes", payload="Y"),))
    two.do(QueueReply(1, (), tapped, at(5), Author.OPERATOR))

    reply, question = read_talk(1, limit=10).items

    assert question.received == Received(
        attachments=(Attachment(type="image", url="https://x.example"),)
    )
    assert [each.kind for each in question.happenings] == ["reaction"]
    assert (reply.said, reply.scheduled_for is not None) == (tapped, True)
    page = read_talk(1, limit=1)
    assert [each.message.mid for each in read_talk(1, limit=1, after=page.next_key).items] == ["m1"]


def test_a_talk_knows_the_one_before_it(two):
    Conversation.update(status="closed").where(Conversation.id == 1).execute()
    two.hear("m3", "me again", 50, ANNA)

    assert [earlier_conversation(each) for each in (1, 3, 9)] == [None, 1, None]


def test_a_place_in_line_counts_who_may_go_before(two):
    first, second = two.queue(), two.queue()
    QueueItem.update(priority=0).where(QueueItem.id == second.item_id).execute()
    AccountRest.create(account_id=ANNA.account_id, rests_until=at(60))

    place = place_of(item_of(first.message_id), at(50))

    assert place == PlaceInLine(ahead=1, rests_until=at(60))
    assert place_of(item_of(second.message_id), at(60)) == PlaceInLine(ahead=0, rests_until=None)


def test_versions_change_with_what_they_name(two):
    seen = [(version_of_all(), version_of_conversation(1))]

    def changed():
        seen.append((version_of_all(), version_of_conversation(1)))
        return tuple(before != now for before, now in zip(*seen[-2:], strict=True))

    assert changed() == (False, False)
    two.hear("m3", "other", 20, BEN)
    assert changed() == (True, False)
    two.hear("m4", "mine", 21, ANNA)
    assert changed() == (True, True)
    AuditEntry.create(at=at(1), who="ada", what="closed it")
    assert changed() == (True, True)
    Note.create(conversation=1, author="ada", text="vip", created_at=at(1))
    assert changed() == (False, True)
    Conversation.update(last_activity_at=at(30) + timedelta(0)).where(
        Conversation.id == 1
    ).execute()
    assert changed() == (False, True)
    assert version_of_conversation(99) == "none"
