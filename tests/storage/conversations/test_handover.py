"""Handing a conversation over, and opting out: what is on disk after one transaction."""

from dataclasses import replace
from datetime import timedelta

import peewee
import pytest

from moca.core.content.content import Content
from moca.core.content.words import Words
from moca.core.conversation.consent import OPTED_OUT, Consent, ConsentChange
from moca.core.messages.accounts import MarkTokenDead
from moca.core.messages.conversation import ConversationLoaded, LoadConversation
from moca.core.messages.delivery import ClaimReply, RecordRetry, ReplyClaimed, ReplyDropped
from moca.core.messages.housekeeping import (
    FindNotifications,
    NotificationsFound,
    NotificationStored,
    RecordNotification,
)
from moca.core.messages.inbound import MessageArrived
from moca.core.messages.operator_actions import ChangeConversation, ConversationChanged
from moca.core.messages.replies import HandOverConversation, QueueReply, ReplyQueued, ReplyRefused
from moca.core.notifications import Notification, NotificationKind
from moca.core.policy import ConversationPolicy, same_for_all
from moca.core.types import Author, ClosingMessage, ConversationStatus
from moca.storage.db.tables import Account, Contact, Conversation, QueueItem
from moca.storage.writer import Writer
from tests.storage.desk import POLICY, Desk, conversation, item, message, webhook, wrote
from tests.support.factory import ANNA, at
from tests.support.values import of_kind, only, present

CONSENT = Consent(opt_out=Words.of(["STOP"]), opt_in=Words.of(["START"]))
HALF_A_DAY = timedelta(hours=12)
BECAUSE = "handed over to the team: unsure"


@pytest.fixture
def desk(database: peewee.Database) -> Desk:
    desk = Desk(database)
    policy_of = same_for_all(ConversationPolicy(consent=CONSENT))
    desk._writer = Writer(database, replace(POLICY, policy_of=policy_of, stores_notification=True))
    return desk


def hand_over(
    *input_ids: int, text: str = "A person will answer.", seconds: float = 5
) -> HandOverConversation:
    contents = (Content(text=text),) if text else ()
    return HandOverConversation(1, input_ids, "unsure", contents, at(seconds))


def test_last_words_hold_and_notice_are_one_transaction(desk: Desk) -> None:
    first = desk.receive("m1")
    pending = desk.queue(first)
    second, third = desk.receive("m2", seconds=1), desk.receive("m3", seconds=2)

    dropped, queued, notification, changed = desk.do(hand_over(second))

    until = at(5) + HALF_A_DAY
    assert dropped == ReplyDropped(ANNA, pending.item_id, BECAUSE)
    assert isinstance(queued, ReplyQueued)
    assert (queued.input_ids, queued.reply.content.text) == ((second,), "A person will answer.")
    assert notification == NotificationStored()
    assert changed == ConversationChanged(ANNA, 1, ConversationStatus.HUMAN, until)
    assert conversation() == ("human", until)
    assert Conversation.get().person_until == until
    assert message(first) == ("received", True, "suppressed", BECAUSE)
    assert message(second) == ("received", True, None, "")
    assert message(third) == ("received", True, "suppressed", BECAUSE)
    assert item(pending.item_id)[0] == "cancelled"


def test_the_last_words_may_go_and_nothing_else_by_the_bot(desk: Desk) -> None:
    *_, queued, _, _ = desk.do(hand_over(desk.receive("m1")))
    assert desk.do(ClaimReply(of_kind(queued, ReplyQueued).reply, at(6))) == (
        ReplyClaimed(replace(of_kind(queued, ReplyQueued).reply, attempts=1), at(6)),
    )

    refused = desk.do(QueueReply(1, (), Content(text="and I?"), at(7)))
    assert refused == (ReplyRefused(ANNA, (), "a teammate has taken over"),)


@pytest.mark.parametrize(
    "status", [ConversationStatus.HUMAN, ConversationStatus.PAUSED, ConversationStatus.CLOSED]
)
def test_what_a_person_does_afterwards_takes_the_mark_away(
    desk: Desk, status: ConversationStatus
) -> None:
    *_, queued, _, _ = desk.do(hand_over(desk.receive("m1")))
    claimed = desk.claim(of_kind(queued, ReplyQueued).reply)
    desk.do(ChangeConversation(1, status, at(7)))
    desk.do(RecordRetry(claimed.item_id, "not reached", at(8), retry_at=at(9)))

    (dropped,) = desk.do(ClaimReply(of_kind(queued, ReplyQueued).reply, at(10)))

    assert isinstance(dropped, ReplyDropped)
    assert item(claimed.item_id)[0] == "cancelled"


def test_a_hand_over_of_a_held_talk_or_of_nothing_is_refused(desk: Desk) -> None:
    first = desk.receive("m1")
    desk.queue(first)
    nothing = ReplyRefused(ANNA, (first,), "the messages no longer need a reply")
    assert desk.do(hand_over(first)) == (nothing,)
    assert conversation() == ("open", None)

    desk.do(ChangeConversation(1, ConversationStatus.PAUSED, at(6)))
    second = desk.receive("m2", seconds=7)
    held = ReplyRefused(ANNA, (second,), "the bot is paused")
    assert desk.do(hand_over(second, seconds=8)) == (held,)
    assert message(second)[2:] == ("suppressed", "the bot is paused")


def test_without_words_the_inputs_end_with_the_hand_over(desk: Desk) -> None:
    first = desk.receive("m1")
    desk.do(hand_over(first, text=""))
    assert message(first)[2:] == ("suppressed", BECAUSE)
    assert conversation()[0] == "human"


def test_opting_out_is_stored_with_the_message_that_says_so(desk: Desk) -> None:
    pending = desk.queue(desk.receive("m1"))

    dropped, arrived = desk.do(webhook(wrote("m2", "Stop."), seconds=6))

    assert dropped == ReplyDropped(ANNA, pending.item_id, OPTED_OUT)
    assert isinstance(arrived, MessageArrived)
    assert arrived.message.consent_change is ConsentChange.OPT_OUT
    assert Contact.get().opted_out_at == at(6)
    loaded = only(desk.do(LoadConversation(ANNA, at(7))), ConversationLoaded)
    assert present(loaded.snapshot).unanswered == (arrived.message,)
    assert present(loaded.snapshot).has_opted_out


def test_only_the_confirmation_and_people_may_write_to_who_opted_out(desk: Desk) -> None:
    stop = desk.receive("m1", "STOP")
    refused = desk.do(QueueReply(1, (stop,), Content(text="hi"), at(1)))
    assert refused == (ReplyRefused(ANNA, (stop,), OPTED_OUT),)

    last = desk.queue(closing_message=ClosingMessage.OPT_OUT)
    by_person = desk.queue(author=Author.OPERATOR)
    for reply in (last, by_person):
        assert isinstance(desk.do(ClaimReply(reply, at(6)))[0], ReplyClaimed)


def test_a_reply_queued_before_the_opt_out_is_not_claimed_after_it(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))
    Contact.update(opted_out_at=at(5)).execute()
    assert desk.do(ClaimReply(reply, at(6))) == (ReplyDropped(ANNA, reply.item_id, OPTED_OUT),)


def test_the_last_of_several_wishes_counts(desk: Desk) -> None:
    consent_changes = desk.do(
        webhook(wrote("m1", "STOP"), wrote("m2", "hi"), wrote("m3", "START"), wrote("m4", "stop")),
    )
    arrived = [
        event.message.consent_change
        for event in consent_changes
        if isinstance(event, MessageArrived)
    ]
    assert arrived == [ConsentChange.OPT_OUT, None, ConsentChange.OPT_IN, ConsentChange.OPT_OUT]
    assert Contact.get().opted_out_at == at(0)
    desk.do(webhook(wrote("m5", "Start"), seconds=9))
    assert Contact.get().opted_out_at is None


def test_a_redelivered_wish_changes_nothing(desk: Desk) -> None:
    desk.receive("m1", "STOP")
    desk.receive("m2", "START", seconds=1)
    desk.do(webhook(wrote("m1", "STOP"), seconds=2))
    assert Contact.get().opted_out_at is None


def test_notices_are_found_until_they_are_sent_or_given_up(desk: Desk) -> None:
    desk.do(hand_over(desk.receive("m1")))
    notification = Notification(
        id=1,
        kind=NotificationKind.HANDED_OVER,
        because="unsure",
        account_id=ANNA.account_id,
        psid=ANNA.psid,
        conversation_id=1,
        created_at=at(5),
    )
    look = FindNotifications(at(60), 10)
    assert desk.do(look) == (NotificationsFound((notification,)),)

    desk.do(RecordNotification(1, at(6), "status 500", at(90)))
    assert desk.do(look) == (NotificationsFound(()),)
    later = FindNotifications(at(90), 10)
    assert desk.do(later) == (NotificationsFound((replace(notification, attempts=1),)),)
    desk.do(RecordNotification(1, at(91)))
    assert desk.do(later) == (NotificationsFound(()),)


def test_who_tells_nobody_keeps_no_notices(database: peewee.Database) -> None:
    desk = Desk(database)
    desk.do(hand_over(desk.receive("m1")))
    assert desk.do(FindNotifications(at(60), 10)) == (NotificationsFound(()),)
    assert QueueItem.get().closing_message == "hand_over"


def test_a_dead_token_is_told_once(desk: Desk) -> None:
    Account.create(
        account_id=ANNA.account_id,
        flavour="instagram_login",
        created_at=at(0),
        sealed_token="sealed",
        token_stored_at=at(0),
        token_issued_at=at(0),
    )
    dead = MarkTokenDead(ANNA.account_id, "the session has expired", at(5))
    desk.do(dead)
    desk.do(dead)
    ((found,),) = [
        of_kind(event, NotificationsFound).notifications
        for event in desk.do(FindNotifications(at(60), 10))
    ]
    assert (found.kind, found.because) == (
        NotificationKind.ACCOUNT_PROBLEM,
        "its access token is no longer valid",
    )
    assert (found.account_id, found.psid, found.conversation_id) == (ANNA.account_id, None, None)
