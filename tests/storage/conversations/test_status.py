from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime

import pytest

from moca.core.messages.command import Command, Conflict, Done, NotFound
from moca.core.messages.delivery import RecordFailed, RecordUnknown, ReplyDropped, ReplySent
from moca.core.messages.operator_actions import (
    CancelReply,
    ChangeConversation,
    ConversationChanged,
    RetryReply,
    SettleReply,
)
from moca.core.messages.replies import ReplyQueued
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.types import Author, ConversationStatus
from moca.storage.db.tables import Message, QueueItem
from tests.storage.desk import Desk, conversation, item, message, steps
from tests.support.factory import ANNA, at

OPEN, PAUSED = ConversationStatus.OPEN, ConversationStatus.PAUSED
HUMAN, CLOSED = ConversationStatus.HUMAN, ConversationStatus.CLOSED


def _change(
    status: ConversationStatus,
    seconds: float = 10,
    until: datetime | None = None,
    conversation_id: int = 1,
) -> ChangeConversation:
    return ChangeConversation(conversation_id, status, at(seconds), until, receipt=Future())


@pytest.mark.parametrize(
    ("status", "until", "because"),
    [
        (CLOSED, None, "the conversation was closed"),
        (PAUSED, at(600), "the bot was paused"),
        (PAUSED, None, "the bot was paused"),
        (HUMAN, at(600), "a teammate took over"),
    ],
)
def test_a_conversation_that_is_held_ends_what_the_bot_was_about_to_say(
    desk: Desk, status: ConversationStatus, until: datetime | None, because: str
) -> None:
    answered, waiting = desk.receive("m1"), desk.receive("m2")
    reply = desk.queue(answered)
    by_operator = desk.queue(author=Author.OPERATOR)
    under_way = desk.claim(desk.queue())

    events = desk.do(_change(status, until=until))

    assert set(events) == {
        ConversationChanged(ANNA, 1, status, until),
        ReplyDropped(ANNA, reply.item_id, because),
    }
    assert conversation() == (status, until)
    assert message(answered) == message(waiting) == ("received", True, "suppressed", because)
    assert item(reply.item_id) == ("cancelled", 0, because)
    assert [item(each.item_id)[0] for each in (by_operator, under_way)] == ["pending", "sending"]


@pytest.mark.parametrize(
    ("before", "status", "answer"),
    [
        (None, OPEN, Conflict("the conversation is already open")),
        (CLOSED, CLOSED, Conflict("the conversation is already closed")),
        (CLOSED, PAUSED, Conflict("the conversation is closed")),
        (CLOSED, HUMAN, Conflict("the conversation is closed")),
        (CLOSED, OPEN, Done()),
        (PAUSED, OPEN, Done()),
        (PAUSED, PAUSED, Done()),
        (PAUSED, CLOSED, Done()),
        (HUMAN, OPEN, Done()),
    ],
)
def test_what_a_conversation_may_become(
    desk: Desk,
    before: ConversationStatus | None,
    status: ConversationStatus,
    answer: Conflict | Done,
) -> None:
    desk.receive("m1")
    if before is not None:
        desk.do(_change(before, 5))

    assert desk.answers(_change(status)) == [answer]
    assert conversation()[0] == (status if answer == Done() else before or OPEN)


@pytest.mark.parametrize(
    ("before", "among"),
    [(OPEN, (PAUSED, HUMAN)), (CLOSED, (PAUSED, HUMAN)), (OPEN, (CLOSED,)), (PAUSED, (CLOSED,))],
)
def test_only_a_conversation_that_is_meant_is_changed(
    desk: Desk, before: ConversationStatus, among: tuple[ConversationStatus, ...]
) -> None:
    desk.receive("m1")
    if before is not OPEN:
        desk.do(_change(before, 5))

    asked = replace(_change(OPEN), among=among)
    assert desk.answers(asked) == [Conflict(f"the conversation is {before}")]
    assert conversation()[0] == before


def test_a_pause_that_ran_out_counts_as_open(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(_change(PAUSED, 5, until=at(10)))

    assert desk.answers(_change(OPEN, 10)) == [Conflict("the conversation is already open")]


def test_a_conversation_is_not_reopened_beside_another(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(_change(CLOSED))
    desk.receive("m2", seconds=11)

    answer = Conflict("the contact has another open conversation")
    assert desk.answers(_change(OPEN, 12)) == [answer]


def test_an_operator_meets_only_what_is_there(desk: Desk) -> None:
    commands = (
        _change(CLOSED, conversation_id=7),
        CancelReply(7, at(1), receipt=Future()),
        RetryReply(7, at(1), receipt=Future()),
        SettleReply(7, delivered=True, at=at(1), receipt=Future()),
    )
    assert desk.answers(*commands) == [NotFound()] * 4


def test_a_cancelled_reply_ends_its_inputs(desk: Desk) -> None:
    first = desk.receive("m1")
    reply = desk.queue(first)
    because = "a teammate cancelled the reply"

    assert desk.do(CancelReply(reply.item_id, at(6))) == (
        ReplyDropped(ANNA, reply.item_id, because),
    )
    assert item(reply.item_id) == ("cancelled", 0, because)
    assert message(first) == ("received", True, "suppressed", because)


def _cancel(desk: Desk, reply: QueuedReply) -> None:
    desk.do(CancelReply(reply.item_id, at(6)))


def _fail(desk: Desk, reply: QueuedReply) -> None:
    desk.do(RecordFailed(desk.claim(reply).item_id, "rejected", at(7)))


@pytest.mark.parametrize("end", [_cancel, _fail])
def test_a_reply_that_ended_is_queued_again_as_new(
    desk: Desk, end: Callable[[Desk, QueuedReply], None]
) -> None:
    first = desk.receive("m1")
    reply = desk.queue(first)
    end(desk, reply)

    (event,) = desk.do(RetryReply(reply.item_id, at(60)))

    assert isinstance(event, ReplyQueued)
    assert (event.reply.scheduled_for, event.reply.attempts) == (at(60), 0)
    assert event.input_ids == (first,)
    assert item(reply.item_id) == ("pending", 0, "retried by a teammate")
    assert message(reply.message_id) == ("queued", False, None, "")
    assert message(first) == ("received", True, None, "")
    assert steps(first)[-1] == steps(reply.message_id)[-1] == "queue/queued"

    desk.send(event.reply, "r1", 62)
    assert message(first)[2] == "answered"


@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        (lambda item_id: CancelReply(item_id, at(9), receipt=Future()), {"pending"}),
        (lambda item_id: RetryReply(item_id, at(9), receipt=Future()), {"failed", "cancelled"}),
        (lambda item_id: SettleReply(item_id, True, at(9), receipt=Future()), {"unknown"}),
        (lambda item_id: SettleReply(item_id, False, at(9), receipt=Future()), {"unknown"}),
    ],
)
def test_a_reply_is_overruled_only_where_its_state_allows(
    desk: Desk, command: Callable[[int], Command], allowed: set[str]
) -> None:
    desk.receive("m1")
    done = set()
    for status in ("pending", "sending", "sent", "failed", "unknown", "cancelled"):
        reply = desk.queue()
        QueueItem.update(status=status).where(QueueItem.id == reply.item_id).execute()
        (answer,) = desk.answers(command(reply.item_id))
        if answer == Done():
            done.add(status)
        else:
            assert answer == Conflict(f"the reply is {status}")
    assert done == allowed


@pytest.fixture
def unknown(desk: Desk) -> QueuedReply:
    """An unconfirmed reply to message 1."""
    reply = desk.claim(desk.queue(desk.receive("m1")))
    desk.do(RecordUnknown(reply.item_id, "timeout", at(16)))
    return reply


def test_the_operators_word_ends_an_unknown_reply_as_sent(desk: Desk, unknown: QueuedReply) -> None:
    assert desk.do(SettleReply(unknown.item_id, delivered=True, at=at(60))) == (
        ReplySent(ANNA, unknown.item_id, at(60)),
    )
    assert item(unknown.item_id) == ("sent", 1, "confirmed by a teammate")
    assert Message.get_by_id(unknown.message_id).mid is None
    assert message(1)[2:] == ("answered", f"answered by moca-{unknown.message_id}")


def test_the_operators_word_queues_an_unknown_reply_again(desk: Desk, unknown: QueuedReply) -> None:
    (event,) = desk.do(SettleReply(unknown.item_id, delivered=False, at=at(60)))

    assert isinstance(event, ReplyQueued)
    assert (event.reply.attempts, event.reply.scheduled_for) == (1, at(60))
    assert event.input_ids == (1,)
    assert item(unknown.item_id)[:2] == ("pending", 1)
    assert message(1) == ("received", True, None, "")


def test_a_message_that_came_while_a_teammate_held_is_not_told_as_stopped_by_the_pause(
    desk: Desk,
) -> None:
    desk.receive("m1")
    desk.do(_change(HUMAN, 5))
    second = desk.receive("m2", seconds=8)

    desk.do(_change(PAUSED, 9))

    assert message(second)[2:] == ("suppressed", "a teammate has taken over")
