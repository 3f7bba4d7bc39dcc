from concurrent.futures import Future
from dataclasses import replace

import pytest

from moca.core.content.content import Content
from moca.core.messages.command import Conflict
from moca.core.messages.delivery import ReplyDropped
from moca.core.messages.inbound import MessageEdited
from moca.core.messages.operator_actions import CancelReply, ChangeConversation, RetryReply
from moca.core.messages.replies import QueueReply, ReplyQueued, ReplyRefused
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.reasons import Reason
from moca.core.types import Author, ClosingMessage, ConversationStatus
from moca.storage.db.tables import Conversation, Message, QueueItem
from tests.storage.desk import Desk, details, item, message, steps, webhook
from tests.support.events import edited
from tests.support.factory import ANNA, at
from tests.support.values import of_kind, only

TAKEN_BACK = "the message it answers was edited"
FORMERLY = "what it answers was edited before it was sent"


def test_an_edit_takes_the_reply_back_that_waits_in_the_queue(desk: Desk) -> None:
    first, second = desk.receive("m1", "coffee"), desk.receive("m2", "milk", 11)
    reply = desk.queue(first, second, seconds=12)
    assert desk.do(webhook(edited("m1", "tea"), seconds=13)) == (
        ReplyDropped(ANNA, reply.item_id, TAKEN_BACK, is_recalled=True),
        MessageEdited(ANNA, 1, first, "tea"),
    )
    assert item(reply.item_id) == ("cancelled", 0, TAKEN_BACK)
    assert message(reply.message_id)[0] == "cancelled"
    assert Message.get_by_id(first).text == "tea"
    for each in (first, second):
        assert message(each) == ("received", False, None, "")
    assert steps(first)[-2:] == ["queue/taken up", "reception/edited"]
    assert steps(second)[-1] == "queue/taken up"
    assert Conversation.get().cooldown_until == at(12 + 30)


def test_a_reply_taken_back_is_not_tried_again_beside_the_one_made_anew(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1", "coffee"))
    desk.do(webhook(edited("m1", "tea"), seconds=7))
    because = f"the reply was recalled: {TAKEN_BACK}"
    assert desk.answers(RetryReply(reply.item_id, at(8), receipt=Future())) == [Conflict(because)]
    assert item(reply.item_id)[0] == "cancelled"
    assert QueueItem.get().reason == Reason.RECALLED


def test_a_reply_taken_back_before_there_were_codes_is_not_tried_again_either(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1", "coffee"))
    desk.do(webhook(edited("m1", "tea"), seconds=7))
    QueueItem.update(reason=None, because=FORMERLY).execute()

    (answer,) = desk.answers(RetryReply(reply.item_id, at(8), receipt=Future()))

    assert isinstance(answer, Conflict)
    assert item(reply.item_id) == ("cancelled", 0, FORMERLY)


def test_a_reply_that_an_operator_cancelled_is_tried_again_without_its_reason(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1", "coffee"))
    desk.do(CancelReply(reply.item_id, at(7)))
    assert (QueueItem.get().reason, Message.get_by_id(1).reason) == ("cancelled", "cancelled")

    desk.do(RetryReply(reply.item_id, at(8)))

    assert (QueueItem.get().reason, Message.get_by_id(1).reason) == (None, None)


def test_an_edit_ends_a_message_whose_reply_was_retried_in_a_closed_conversation(
    desk: Desk,
) -> None:
    first = desk.receive("m1", "coffee")
    reply = desk.queue(first)
    desk.do(CancelReply(reply.item_id, at(7)))
    desk.do(ChangeConversation(1, ConversationStatus.CLOSED, at(20)))
    desk.do(RetryReply(reply.item_id, at(21)))

    desk.do(webhook(edited("m1", "tea"), seconds=22))

    assert item(reply.item_id) == ("cancelled", 0, TAKEN_BACK)
    assert message(first) == ("received", True, "suppressed", "the conversation is closed")


def test_an_edit_takes_back_every_part_of_a_reply(desk: Desk) -> None:
    first = desk.receive("m1", "coffee")
    _queue_in_parts(desk, first)
    desk.do(webhook(edited("m1", "tea"), seconds=13))
    assert [each.status for each in QueueItem.select()] == ["cancelled"] * 3
    assert message(first) == ("received", False, None, "")


@pytest.mark.parametrize("part", [0, 2])
def test_an_edit_leaves_a_reply_of_which_a_part_is_under_way(desk: Desk, part: int) -> None:
    first = desk.receive("m1", "coffee")
    replies = _queue_in_parts(desk, first)
    for each in replies[:part]:
        desk.send(each, f"r{each.item_id}")
    desk.claim(replies[part])
    before = [each.status for each in QueueItem.select().order_by(QueueItem.id)]
    assert desk.do(webhook(edited("m1", "tea"), seconds=13)) == ()

    assert [each.status for each in QueueItem.select().order_by(QueueItem.id)] == before
    assert Message.get_by_id(first).text == "coffee"
    because = "the reply is already " + ("sent" if part else "sending")
    assert details(first)[-1] == f"edit 1 was recorded only: {because}"


def test_an_edit_leaves_what_an_operator_wrote(desk: Desk) -> None:
    desk.receive("m1", "coffee")
    first = desk.receive("m2", "milk", 11)
    reply = desk.queue(first, author=Author.OPERATOR, seconds=12)
    assert desk.do(webhook(edited("m2", "tea"), seconds=13)) == ()
    assert item(reply.item_id) == ("pending", 0, "")
    assert details(first)[-1] == "edit 1 was recorded only: a teammate wrote the reply"


def test_an_edit_leaves_the_confirmation_of_an_opt_out(desk: Desk) -> None:
    first = desk.receive("m1", "stop")
    reply = desk.queue(first, closing_message=ClosingMessage.OPT_OUT)
    assert desk.do(webhook(edited("m1", "tea"), seconds=13)) == ()
    assert item(reply.item_id) == ("pending", 0, "")


def test_an_edit_that_changes_nothing_takes_no_reply_back(desk: Desk) -> None:
    first = desk.receive("m1", "coffee")
    reply = desk.queue(first)
    assert desk.do(webhook(edited("m1", "coffee"), seconds=13)) == ()
    assert item(reply.item_id) == ("pending", 0, "")
    assert details(first)[-1] == "edit 1 was recorded only: the text is unchanged"


def test_a_reply_is_not_queued_to_what_was_edited_since_it_was_made(desk: Desk) -> None:
    first = desk.receive("m1", "coffee")
    desk.do(webhook(edited("m1", "tea")))
    made = QueueReply(1, (first,), Content(text="hi"), at(5), made_of=("coffee",))
    because = "the message was edited after the reply was generated"
    assert desk.do(made) == (ReplyRefused(ANNA, (first,), because, is_outdated=True),)
    assert message(first) == ("received", False, None, "")
    assert QueueItem.select().count() == 0
    assert steps(first)[-1] == "queue/outdated"
    assert Conversation.get().cooldown_until == at(5 + 30)

    queued = only(desk.do(replace(made, made_of=("tea",))), ReplyQueued)
    assert queued.input_ids == (first,)


def _queue_in_parts(desk: Desk, first: int) -> list[QueuedReply]:
    content = Content(text=". ".join(letter * 900 for letter in "abc"))
    events = desk.do(QueueReply(1, (first,), content, at(5)))
    return [of_kind(each, ReplyQueued).reply for each in events]
