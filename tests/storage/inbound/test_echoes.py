from datetime import datetime

import pytest

from moca.core.messages.delivery import (
    RecordRetry,
    RecordSent,
    RecordUnknown,
    ReplyDropped,
    ReplySent,
)
from moca.core.messages.inbound import MessageArrived
from moca.core.messages.operator_actions import ChangeConversation, ConversationChanged, SettleReply
from moca.core.types import Author, ConversationStatus
from moca.storage.db.tables import Contact, Conversation, Message, QueueItem
from tests.storage.desk import Desk, conversation, echoed, item, message, steps, webhook, wrote
from tests.support.factory import ANNA, BEN, NOON, at
from tests.support.values import id_of, of_kind

HUMAN = "a teammate replied in the Instagram app"


def test_an_echo_of_a_sent_reply_is_its_proof(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))
    desk.send(reply, "r1")

    assert desk.do(webhook(echoed("r1", "hi"), seconds=8)) == ()
    assert QueueItem.get().echoed_at == at(8)
    assert steps(reply.message_id)[-1] == "delivery/echoed"
    assert conversation() == ("open", None)


def test_an_echo_that_comes_again_changes_nothing(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))
    desk.send(reply, "r1")
    desk.do(webhook(echoed("r1", "hi"), echoed("r1", "hi"), seconds=8))
    desk.do(webhook(echoed("r1", "hi"), seconds=9))

    assert QueueItem.get().echoed_at == at(8)
    assert steps(reply.message_id).count("delivery/echoed") == 1
    assert Message.select().count() == 2


@pytest.mark.parametrize("is_unknown", [False, True])
def test_an_echo_before_the_calls_answer_settles_the_reply(desk: Desk, is_unknown: bool) -> None:
    first = desk.receive("m1")
    reply = desk.queue(first)
    desk.claim(reply)
    if is_unknown:
        desk.do(RecordUnknown(reply.item_id, "timeout", at(7)))

    assert desk.do(webhook(echoed("r1", " hi\n"), seconds=8)) == (
        ReplySent(ANNA, reply.item_id, at(8)),
    )
    assert item(reply.item_id) == ("sent", 1, "delivery confirmed")
    assert QueueItem.get().echoed_at == at(8)
    assert message(first) == ("received", True, "answered", "answered by r1")
    assert Message.get_by_id(reply.message_id).mid == "r1"
    assert steps(reply.message_id)[-2:] == ["sending/sent", "delivery/echoed"]

    before = steps(reply.message_id)
    again = RecordSent(reply.item_id, "r1", at(9), "the call's answer")
    assert desk.do(again) == (ReplySent(ANNA, reply.item_id, at(8), is_repeated=True),)
    assert steps(reply.message_id) == before


@pytest.mark.parametrize("sent_at", [None, at(40)])
def test_of_two_equal_texts_the_one_under_way_then_gets_the_echo(
    desk: Desk, sent_at: datetime | None
) -> None:
    older = desk.queue(desk.receive("m1"))
    desk.claim(older)
    desk.do(RecordUnknown(older.item_id, "timeout", at(7)))
    newer = desk.queue(desk.receive("m2", "more", seconds=39), seconds=39)
    desk.claim(newer, 40)
    desk.do(webhook(echoed("r1", "hi", sent_at=sent_at), seconds=41))

    settled = older if sent_at is None else newer
    assert [
        id_of(row, "message") for row in QueueItem.select().where(QueueItem.status == "sent")
    ] == [settled.message_id]


def test_a_late_echo_of_the_older_text_finds_the_older_reply(desk: Desk) -> None:
    older = desk.queue(desk.receive("m1"))
    desk.claim(older, 6)
    desk.do(RecordUnknown(older.item_id, "timeout", at(7)))
    newer = desk.queue(desk.receive("m2", "more", seconds=39), seconds=39)
    desk.claim(newer, 40)
    desk.do(webhook(echoed("r1", "hi", sent_at=at(6.5)), seconds=41))

    assert (item(older.item_id)[0], item(newer.item_id)[0]) == ("sent", "sending")


def test_an_echo_keeps_a_reply_from_being_sent_again(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))
    desk.claim(reply)
    desk.do(RecordUnknown(reply.item_id, "timeout", at(7)))
    desk.do(RecordRetry(reply.item_id, "shown not to have arrived", at(8), at(10)))
    desk.do(webhook(echoed("r1", "hi"), seconds=9))

    assert item(reply.item_id)[0] == "sent"


def test_what_never_left_has_no_echo_even_where_the_clocks_are_apart(desk: Desk) -> None:
    never_left = desk.queue(desk.receive("m1"))
    desk.claim(never_left)
    desk.do(RecordRetry(never_left.item_id, "connection refused", at(7), at(60)))
    in_doubt = desk.queue(desk.receive("m2", "more", seconds=39), seconds=39)
    desk.claim(in_doubt, 40)
    desk.do(RecordUnknown(in_doubt.item_id, "timeout", at(41)))
    desk.do(webhook(echoed("r1", "hi", sent_at=at(36)), seconds=42))

    assert (item(never_left.item_id)[0], item(in_doubt.item_id)[0]) == ("pending", "sent")


def test_an_echo_names_a_reply_that_the_operator_settled(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))
    desk.claim(reply)
    desk.do(RecordUnknown(reply.item_id, "timeout", at(7)))
    desk.do(SettleReply(reply.item_id, delivered=True, at=at(8)))
    desk.do(webhook(echoed("r1", "hi"), seconds=9))

    assert Message.get_by_id(reply.message_id).mid == "r1"
    assert (conversation(), QueueItem.get().echoed_at) == (("open", None), at(9))


def test_an_echo_of_nothing_known_is_a_persons_and_holds_the_conversation(desk: Desk) -> None:
    answered, waiting = desk.receive("m1"), desk.receive("m2", "more")
    reply = desk.queue(answered)
    by_operator = desk.queue(text="mine", author=Author.OPERATOR)

    events = desk.do(webhook(echoed("h1", "let me help", sent_at=at(9)), seconds=10))

    until = at(10 + 12 * 3600)
    assert set(events) == {
        ReplyDropped(ANNA, reply.item_id, HUMAN),
        ConversationChanged(ANNA, 1, ConversationStatus.HUMAN, until),
    }
    assert conversation() == ("human", until)
    assert message(waiting) == ("received", True, "suppressed", HUMAN)
    assert message(answered) == ("received", True, "suppressed", HUMAN)
    assert item(reply.item_id) == ("cancelled", 0, HUMAN)
    assert message(reply.message_id)[0] == "cancelled"
    assert item(by_operator.item_id)[0] == "pending"
    row = Message.get(Message.mid == "h1")
    assert (row.role, row.author, row.status, row.text) == (
        "assistant",
        "human",
        "sent",
        "let me help",
    )
    assert (row.sent_at, row.created_at, id_of(row, "conversation")) == (at(9), at(10), 1)
    assert contact_counts() == [(2, NOON)]
    assert Contact.get().last_seen_at == NOON


def contact_counts() -> list[tuple[int, datetime | None]]:
    return [(row.message_count, row.window_opened_at) for row in Contact.select()]


def test_a_persons_echo_that_comes_again_changes_nothing(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(webhook(echoed("h1"), echoed("h1"), seconds=1), webhook(echoed("h1"), seconds=2))
    desk.do(ChangeConversation(1, ConversationStatus.OPEN, at(3)))

    assert desk.do(webhook(echoed("h1"), seconds=4)) == ()
    assert conversation() == ("open", None)
    assert Message.select().where(Message.mid == "h1").count() == 1


def test_a_person_who_writes_first_makes_a_contact_with_a_shut_window(desk: Desk) -> None:
    desk.do(webhook(echoed("h1", contact=BEN), seconds=1))

    assert contact_counts() == [(0, None)]
    assert Conversation.get().status == "human"


def test_a_persons_echo_never_shortens_a_hold(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(ChangeConversation(1, ConversationStatus.PAUSED, at(1)))
    desk.do(webhook(echoed("h1"), seconds=2))
    assert conversation() == ("paused", None)

    desk.do(ChangeConversation(1, ConversationStatus.PAUSED, at(3), until=at(900_000)))
    desk.do(webhook(echoed("h2"), seconds=4))
    assert conversation() == ("human", at(900_000))


def test_an_echo_is_taken_before_the_message_that_came_after_it(desk: Desk) -> None:
    desk.receive("m0")
    (changed, arrived) = desk.do(webhook(echoed("h1"), seconds=1), webhook(wrote("m1"), seconds=2))

    assert isinstance(changed, ConversationChanged)
    assert message(of_kind(arrived, MessageArrived).message.id) == ("received", False, None, "")


def test_a_message_is_taken_before_the_echo_that_came_after_it(desk: Desk) -> None:
    desk.do(webhook(wrote("m1")), webhook(wrote("m2", contact=BEN), echoed("h1"), seconds=1))

    assert message(1)[2] == "suppressed"
    assert message(2)[2] is None


def test_an_unrecognised_echo_is_merged_when_the_call_names_it(desk: Desk) -> None:
    first = desk.receive("m1")
    reply = desk.queue(first, text="two  spaces")
    desk.claim(reply)
    desk.do(webhook(echoed("r1", "two spaces"), seconds=8))
    assert conversation()[0] == "human"

    events = desk.do(RecordSent(reply.item_id, "r1", at(9), "the call's answer"))

    assert events == (
        ConversationChanged(ANNA, 1, ConversationStatus.OPEN, None),
        ReplySent(ANNA, reply.item_id, at(9)),
    )
    assert conversation() == ("open", None)
    assert [(row.id, row.author) for row in Message.select().where(Message.mid == "r1")] == [
        (reply.message_id, "bot")
    ]
    assert QueueItem.get().echoed_at == at(8)


def test_the_calls_answer_takes_its_mid_back_from_another_reply(desk: Desk) -> None:
    first = desk.receive("m1")
    older = desk.queue(first)
    desk.claim(older)
    desk.do(RecordUnknown(older.item_id, "timeout", at(7)))
    newer = desk.queue(desk.receive("m2", "more", seconds=39), seconds=39)
    desk.claim(newer, 40)
    desk.do(webhook(echoed("r2", "hi"), seconds=41))
    desk.do(RecordSent(newer.item_id, "r2", at(42), "the call's answer"))

    assert (item(older.item_id)[0], item(newer.item_id)[0]) == ("unknown", "sent")
    assert message(first) == ("received", True, None, "")
    assert Message.get_by_id(newer.message_id).mid == "r2"
