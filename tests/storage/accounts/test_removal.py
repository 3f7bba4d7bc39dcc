"""Queued replies of a removed account end with the reason, and are never sent."""

from concurrent.futures import Future
from dataclasses import replace

import pytest

from moca.core.accounts import REMOVED, Account, SealedToken
from moca.core.content.content import Content
from moca.core.messages.accounts import RemoveAccount, StoreAccount
from moca.core.messages.command import AwaitedCommand, Conflict
from moca.core.messages.delivery import ClaimReply, RecordRetry, ReplyClaimed, ReplyDropped
from moca.core.messages.housekeeping import ApplyRetention, EraseOnDeletionRequest, RetentionApplied
from moca.core.messages.operator_actions import RetryReply
from moca.core.messages.replies import QueueReply, ReplyRefused
from moca.core.types import Author, ContactKey
from moca.storage.db.tables import QueueItem
from tests.storage.desk import Desk, item, message, steps
from tests.support.factory import ANNA, NOON, at

BEN = ContactKey("17841400000000002", ANNA.psid)
CONNECT = StoreAccount(
    Account(account_id=ANNA.account_id, app_user_id="900"), SealedToken("sealed", NOON, None), NOON
)
REMOVE = RemoveAccount(ANNA.account_id, at(20))
CLEAN_UP = ApplyRetention(at(30), None, portion=1)


@pytest.fixture
def desk(desk: Desk) -> Desk:
    desk.do(CONNECT)
    return desk


def pending() -> list[int]:
    return sorted(row.id for row in QueueItem.select().where(QueueItem.status == "pending"))


@pytest.mark.parametrize("goodbye", [REMOVE, EraseOnDeletionRequest("900", "code", at(20))])
def test_what_is_pending_ends_with_the_reason_and_with_it_what_it_was_to_answer(
    desk: Desk, goodbye: AwaitedCommand
) -> None:
    heard, waiting = desk.receive("m1"), desk.receive("m2", "and this?")
    other = desk.receive("m3", contact=BEN)
    reply, written = desk.queue(heard), desk.queue(author=Author.OPERATOR)
    elsewhere = desk.queue(other, conversation_id=2)
    events = desk.do(goodbye)

    dropped = {each.item_id: each.because for each in events if isinstance(each, ReplyDropped)}
    assert dropped == {reply.item_id: REMOVED, written.item_id: REMOVED}
    assert item(reply.item_id) == ("cancelled", 0, REMOVED)
    assert item(written.item_id) == ("failed", 0, REMOVED)
    assert [message(each)[2:] for each in (heard, waiting)] == [("suppressed", REMOVED)] * 2
    assert steps(reply.message_id) == ["queue/queued", "queue/cancelled"]
    assert steps(heard)[-1] == "outcome/suppressed"
    assert pending() == [elsewhere.item_id]


def test_scheduled_replies_and_later_parts_end_too(desk: Desk) -> None:
    long = Content(text="word " * 400)
    desk.do(
        QueueReply(1, (desk.receive("m1"),), content=long, at=at(5)),
        QueueReply(1, (), content=Content(text="later"), at=at(5), scheduled_for=at(999)),
    )
    assert len(pending()) > 2
    desk.do(REMOVE)
    assert pending() == []


def test_nothing_is_queued_or_retried_in_its_name(desk: Desk) -> None:
    heard = desk.receive("m1")
    reply = desk.queue(heard)
    desk.do(REMOVE)
    late = desk.receive("m2", contact=BEN)
    retry = RetryReply(reply.item_id, at(21), receipt=Future())
    write = QueueReply(
        1, (), Content(text="hi"), at(21), Author.OPERATOR, receipt=Future(), hold=False
    )
    assert desk.answers(retry, write) == [Conflict(REMOVED)] * 2
    (refused,) = desk.do(replace(write, author=Author.BOT, receipt=None))
    assert refused == ReplyRefused(ANNA, (), REMOVED)
    assert desk.queue(late, conversation_id=2).contact == BEN


def test_what_waits_again_after_its_call_is_neither_claimed_nor_left(desk: Desk) -> None:
    first, second = desk.queue(desk.receive("m1")), desk.queue(desk.receive("m2"))
    for reply in (first, second):
        desk.claim(reply)
    desk.do(REMOVE)
    for reply in (first, second):
        desk.do(RecordRetry(reply.item_id, "throttled", at(22), at(25)))
    assert pending() == [first.item_id, second.item_id]

    events = desk.do(ClaimReply(first, at(26)))
    assert not any(isinstance(each, ReplyClaimed) for each in events)
    assert item(first.item_id)[::2] == ("cancelled", REMOVED)
    while RetentionApplied(has_more=True) in desk.do(CLEAN_UP):
        pass
    assert item(second.item_id)[::2] == ("cancelled", REMOVED)


def test_where_much_waits_the_rest_is_ended_in_portions(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moca.storage.outbox.removed_accounts.MAX_AT_REMOVAL", 2)
    for number in range(5):
        desk.queue(desk.receive(f"m{number}"))
    assert RetentionApplied(has_more=True) in desk.do(REMOVE)
    assert len(pending()) == 3
    desk.do(CLEAN_UP)
    assert len(pending()) == 2


def test_nothing_that_waited_goes_out_once_it_is_connected_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moca.storage.outbox.removed_accounts.MAX_AT_REMOVAL", 2)
    for number in range(5):
        desk.queue(desk.receive(f"m{number}"))
    desk.do(REMOVE)
    desk.do(CONNECT)
    assert pending() == []
    assert desk.queue(desk.receive("m9")).contact == ANNA
