"""The feed: what is published with which commit, and what its readers see of it."""

from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any, NoReturn

import peewee
import pytest

from moca.core.account_scope import AccountScope
from moca.core.accounts import Account, SealedToken
from moca.core.feed import FeedKind
from moca.core.inbound.events import Deletion, OtherEvent
from moca.core.messages.accounts import MarkTokenDead, RemoveAccount, StoreAccount
from moca.core.messages.delivery import RecordFailed, RecordSent, RecordUnknown
from moca.core.messages.housekeeping import ApplyRetention, HoldRestored, RecordBudgetSpent
from moca.core.messages.operator_actions import (
    ChangeConversation,
    EraseContact,
    FreezeQueue,
    ReleaseQueue,
)
from moca.core.messages.replies import ConcludeMessages, HandOverConversation
from moca.core.types import ConversationStatus, Outcome
from moca.storage.db.feed_tables import StoredFeedEvent
from moca.storage.queries.feed.events import (
    FeedEventRecord,
    FeedExpired,
    FeedPage,
    last_feed_id,
    read_feed,
)
from tests.storage.desk import Desk, echoed, webhook, wrote
from tests.support.factory import ANNA, BEN, NOON, at

DAY = 86_400
TOKEN = SealedToken("sealed", at(0), at(0) + timedelta(days=60))


def kinds(**which: Any) -> list[str]:
    page = read_feed(**{"after": 0, "limit": 200, **which})
    return [str(each.kind) for each in page.items]


def events(**which: Any) -> tuple[FeedEventRecord, ...]:
    return read_feed(**{"after": 0, "limit": 200, "has_texts": True, **which}).items


def keep(desk: Desk, before: datetime) -> None:
    desk.do(ApplyRetention(at(3 * DAY), None, 100, None, before))


def test_an_answered_message_is_received_then_the_reply_is_sent_and_it_is_answered(
    desk: Desk,
) -> None:
    desk.send(desk.queue(desk.receive("m1", "Hello?")))

    received, sent, answered = events()
    assert [str(each.kind) for each in (received, sent, answered)] == [
        "message.received",
        "message.sent",
        "message.answered",
    ]
    assert [each.at for each in (received, sent, answered)] == [at(0), at(7), at(7)]
    assert [each.message and each.message.text for each in (received, sent)] == ["Hello?", "hi"]
    assert {each.conversation_id for each in events()} == {1}
    assert {each.account_id for each in events()} == {ANNA.account_id}
    assert answered.detail == {"because": "answered by r1"}


def test_what_is_told_again_is_not_published_again(desk: Desk) -> None:
    desk.do(webhook(wrote("m1")), webhook(wrote("m1")))
    desk.do(webhook(wrote("m1")))
    reply = desk.queue(1)
    desk.send(reply)
    desk.do(RecordSent(reply.item_id, "r1", at(8), "the call's answer"))
    desk.do(webhook(echoed("r1", "hi"), seconds=9))

    assert kinds() == ["message.received", "message.sent", "message.answered"]


def test_a_refused_transaction_publishes_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> NoReturn:
        raise peewee.OperationalError("disk full")

    desk.receive("m1")
    monkeypatch.setattr("moca.storage.unit_of_work._STEPS.quietly", fails)
    with pytest.raises(peewee.OperationalError):
        desk.receive("m2")

    assert kinds() == ["message.received"]


def test_each_end_of_a_message_has_a_kind(desk: Desk) -> None:
    ids = [desk.receive(mid) for mid in ("m1", "m2", "m3")]
    desk.do(ConcludeMessages((ids[0],), Outcome.SUPPRESSED, "outside business hours", at(1)))
    desk.do(ConcludeMessages((ids[1],), Outcome.DUPLICATE, "a repeat", at(1)))
    reply = desk.queue(ids[2])
    desk.claim(reply)
    desk.do(RecordUnknown(reply.item_id, "timed out", at(7)))
    desk.do(RecordFailed(reply.item_id, "refused", at(8)))

    assert kinds()[3:] == [
        "message.suppressed",
        "message.duplicate",
        "message.unconfirmed",
        "message.failed",
        "message.failed",
    ]
    assert [each.message_id for each in events()][-2:] == [reply.message_id, ids[2]]


def test_what_a_person_wrote_in_the_app_is_sent_and_takes_over(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(webhook(echoed("e1", "I am here"), seconds=5))

    assert kinds() == [
        "message.received",
        "message.sent",
        "message.suppressed",
        "conversation.changed",
        "conversation.taken_over",
    ]
    changed = next(each for each in events() if each.kind is FeedKind.CONVERSATION_CHANGED)
    until = at(5) + timedelta(hours=12)
    assert changed.detail == {"status": "human", "held_until": until.isoformat()}


def test_an_unsent_message_is_nowhere_in_the_feed(desk: Desk) -> None:
    desk.receive("m1", "a secret")
    event = OtherEvent(kind="deletion", contact=ANNA, account_id=ANNA.account_id, mid="m1", key="k")
    desk.do(webhook(Deletion(event=event, mid="m1"), seconds=3))

    assert kinds() == ["message.received", "message.unsent", "message.suppressed"]
    assert [each.message and each.message.text for each in events()] == ["", "", ""]


def test_conversations_accounts_and_the_queue_have_their_events(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(HandOverConversation(1, (1,), "asked for a person", (), at(1)))
    desk.do(ChangeConversation(1, ConversationStatus.CLOSED, at(2), receipt=Future()))
    desk.do(StoreAccount(Account(account_id="9"), TOKEN, at(3)))
    desk.do(MarkTokenDead("9", "revoked", at(4)))
    desk.do(RemoveAccount("9", at(5), receipt=Future()))
    desk.do(FreezeQueue(at(6)), FreezeQueue(at(6)))
    desk.do(ReleaseQueue(at(7)), ReleaseQueue(at(7)))
    desk.do(RecordBudgetSpent("spent", at(8)), RecordBudgetSpent("spent", at(9)))

    assert kinds()[1:] == [
        "message.suppressed",
        "conversation.handed_over",
        "conversation.changed",
        "conversation.changed",
        "account.connected",
        "account.token_dead",
        "account.removed",
        "queue.frozen",
        "queue.released",
        "budget.spent",
    ]
    assert {each.account_id for each in events(kinds=[FeedKind.ACCOUNT_REMOVED])} == {"9"}


def test_an_erased_contact_leaves_numbers_alone(desk: Desk) -> None:
    desk.send(desk.queue(desk.receive("m1", "a secret")))
    desk.receive("m2", contact=BEN)
    (before, *_) = events()
    desk.do(EraseContact(ANNA, at(20)))

    *of_anna, of_ben, erased = events()
    assert (before.contact_id, erased.kind) == (1, FeedKind.CONTACT_ERASED)
    assert (erased.contact_id, erased.at, erased.contact) == (1, at(20), None)
    assert [(each.contact, each.message, each.message_id) for each in of_anna] == [
        (None, None, 1),
        (None, None, 2),
        (None, None, 1),
    ]
    assert of_ben.message is not None
    rows = [repr(row) for row in StoredFeedEvent.select().tuples()]
    assert not [row for row in rows if ANNA.psid in row or "secret" in row]


def test_without_texts_nothing_that_was_written_is_read(desk: Desk) -> None:
    desk.receive("m1", "a secret")
    (found,) = events(has_texts=False)
    assert found.message is not None
    assert (found.message.text, found.message.content) == ("", None)
    assert (found.message.mid, found.contact and found.contact.name) == ("m1", None)


def test_pages_join_without_a_gap_whatever_the_filter(desk: Desk) -> None:
    for number in range(5):
        desk.send(desk.queue(desk.receive(f"m{number}")), mid=f"r{number}")
    last, after = last_feed_id(), 0
    read: list[int] = []
    while page := read_feed(after=after, limit=2, kinds=[FeedKind.MESSAGE_SENT]).items:
        read += [each.message_id or 0 for each in page]
        after = page[-1].id
    assert read == [2, 4, 6, 8, 10]
    beyond = read_feed(after=after, limit=2, kinds=[FeedKind.MESSAGE_SENT])
    assert beyond == FeedPage((), last)


def test_a_reader_of_one_account_sees_no_other(desk: Desk) -> None:
    other = ANNA._replace(account_id="17841400000000009")
    desk.receive("m1")
    desk.receive("m2", contact=other)
    desk.do(FreezeQueue(at(1)), EraseContact(ANNA, at(2)))

    assert kinds(scope=AccountScope.of([other.account_id])) == ["message.received"]
    assert kinds(scope=AccountScope.of([ANNA.account_id])) == ["contact.erased"]
    assert read_feed(after=0, limit=50, scope=AccountScope.of(["1"])).next_id == last_feed_id()


def test_an_erasure_from_before_accounts_were_named_is_told_to_every_reader(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(EraseContact(ANNA, at(2)))
    StoredFeedEvent.update(account_id=None).execute()

    assert kinds(scope=AccountScope.of(["1"])) == ["contact.erased"]


def test_retention_keeps_the_last_of_the_old_so_that_its_reader_goes_on(desk: Desk) -> None:
    for day in range(3):
        desk.do(FreezeQueue(at(day * DAY)), ReleaseQueue(at(day * DAY + 1)))
    keep(desk, at(2 * DAY))

    assert [each.at for each in events()] == [at(DAY + 1), at(2 * DAY), at(2 * DAY + 1)]
    assert [each.at for each in events(after=4)] == [at(2 * DAY), at(2 * DAY + 1)]
    with pytest.raises(FeedExpired):
        read_feed(after=3, limit=1)


def test_a_reader_who_is_up_to_date_stays_so_however_long_nothing_happens(desk: Desk) -> None:
    desk.do(FreezeQueue(at(0)))
    last = last_feed_id()
    keep(desk, at(2 * DAY))
    desk.do(ReleaseQueue(at(3 * DAY)))
    keep(desk, at(2 * DAY))

    assert kinds(after=last) == ["queue.released"]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_after_a_restore_no_number_returns(desk: Desk) -> None:
    """A backup is always restored into SQLite, and copied from there."""
    desk.do(FreezeQueue(at(0)))
    desk.do(HoldRestored(at(60)))
    desk.do(ReleaseQueue(at(70)))

    frozen, restored, released = events()
    assert (restored.kind, restored.detail) == (
        FeedKind.DATABASE_RESTORED,
        {"restored_after": frozen.id},
    )
    assert restored.id == NOON.timestamp() * 1000 + 60_000
    assert released.id == restored.id + 1
    # A reader who had read on from the backup finds the restore first.
    assert kinds(after=frozen.id + 500) == ["database.restored", "queue.released"]
