from concurrent.futures import Future
from typing import Any

import pytest

from moca.core.content.content import Content
from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.messages.replies import ConcludeMessages, QueueReply, ReplyQueued, ReplyRefused
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.types import Author, ConversationStatus, Outcome, Priority
from moca.storage.db.tables import Conversation, Message, QueueItem
from tests.storage.desk import Desk, details, item, message, steps
from tests.support.factory import ANNA, BEN, at
from tests.support.values import id_of, of_kind, only, present


def _reply(
    *input_ids: int, conversation_id: int = 1, seconds: float = 5, text: str = "hi", **more: Any
) -> QueueReply:
    return QueueReply(
        conversation_id, input_ids, content=Content(text=text), at=at(seconds), **more
    )


def test_a_reply_is_queued_with_what_it_answers(desk: Desk) -> None:
    first, second = desk.receive("m1"), desk.receive("m2")

    (event,) = desk.do(_reply(first, second))

    reply = QueuedReply(
        item_id=1,
        message_id=3,
        conversation_id=1,
        contact=ANNA,
        content=Content(text="hi"),
        scheduled_for=at(5),
    )
    assert event == ReplyQueued(ANNA, reply, (first, second))
    assert message(first) == message(second) == ("received", True, None, "")
    assert [id_of(row, "reply") for row in Message.select().order_by(Message.id)] == [3, 3, None]
    assert message(3) == ("queued", False, None, "")
    row = Message.get_by_id(3)
    assert (row.role, row.author, row.kind, row.mid, row.text, row.created_at) == (
        "assistant",
        "bot",
        "message",
        None,
        "hi",
        at(5),
    )
    assert item(1) == ("pending", 0, "")
    assert steps(first)[-1] == "queue/queued"
    assert steps(3) == ["queue/queued"]
    assert details(3) == ["item 1, priority normal"]


def test_an_operators_reply_keeps_its_priority_and_time(desk: Desk) -> None:
    desk.receive("m1")
    command = _reply(
        author=Author.OPERATOR,
        priority=Priority.HIGH,
        scheduled_for=at(600),
        receipt=Future(),
    )

    assert desk.answers(command) == [Done(2)]
    row = QueueItem.get()
    assert (row.priority, row.scheduled_for, row.created_at) == (0, at(600), at(5))
    assert Message.get_by_id(2).author == "operator"


def test_inputs_that_ended_are_passed_over_while_others_remain(desk: Desk) -> None:
    first, second = desk.receive("m1"), desk.receive("m2")
    desk.do(ConcludeMessages((first,), Outcome.SUPPRESSED, "closed", at(1)))

    event = only(desk.do(_reply(first, second)), ReplyQueued)

    assert event.input_ids == (second,)
    assert id_of(Message.get_by_id(first), "reply") is None


def test_nothing_is_answered_twice(desk: Desk) -> None:
    first = desk.receive("m1")

    queued, repeated = desk.do(_reply(first), _reply(first))

    assert isinstance(queued, ReplyQueued)
    assert repeated == queued
    assert desk.do(_reply(first)) == (queued,)
    assert QueueItem.select().count() == 1


@pytest.mark.parametrize(
    ("status", "because"),
    [
        (ConversationStatus.CLOSED, "the conversation is closed"),
        (ConversationStatus.PAUSED, "the bot is paused"),
        (ConversationStatus.HUMAN, "a teammate has taken over"),
    ],
)
def test_the_bot_says_nothing_where_it_may_not(
    desk: Desk, status: ConversationStatus, because: str
) -> None:
    desk.receive("m1")
    desk.do(ChangeConversation(1, status, at(1)))
    Conversation.update(status=status).execute()

    refused = ReplyRefused(ANNA, (), because)
    assert desk.do(_reply(text="away", is_away_text=True)) == (refused,)
    assert QueueItem.select().count() == 0
    assert Conversation.get().away_text_at is None


def test_what_a_held_conversation_still_had_to_answer_ends_with_the_refusal(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(ChangeConversation(1, ConversationStatus.PAUSED, at(1)))
    second = desk.receive("m2", seconds=2)
    desk.do(_reply(second))

    assert message(second) == ("received", True, "suppressed", "the bot is paused")


def test_a_hold_that_ran_out_lets_the_bot_speak(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(ChangeConversation(1, ConversationStatus.PAUSED, at(1), until=at(5)))

    (event,) = desk.do(_reply(seconds=5))

    assert isinstance(event, ReplyQueued)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (ConversationStatus.PAUSED, Done(2)),
        (ConversationStatus.HUMAN, Done(2)),
        (ConversationStatus.CLOSED, Conflict("the conversation is closed")),
    ],
)
def test_an_operator_may_write_in_a_held_conversation_not_in_a_closed_one(
    desk: Desk, status: ConversationStatus, answer: Conflict | Done
) -> None:
    desk.receive("m1")
    desk.do(ChangeConversation(1, status, at(1)))

    assert desk.answers(_reply(author=Author.OPERATOR, receipt=Future())) == [answer]


def test_a_conversation_that_is_gone_is_not_found(desk: Desk) -> None:
    assert desk.answers(_reply(conversation_id=7, receipt=Future())) == [NotFound()]


def test_an_away_text_answers_nothing_and_is_remembered(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(_reply(text="away", is_away_text=True))

    assert Conversation.get().away_text_at == at(5)


def test_replies_of_one_transaction_are_queued_in_their_order(desk: Desk) -> None:
    ids = [desk.receive(f"m{n}", contact=contact) for n, contact in enumerate((ANNA, BEN, ANNA))]
    places = [present(id_of(Message.get_by_id(each), "conversation")) for each in ids]
    commands = [
        _reply(each, conversation_id=place, text=f"to {each}")
        for each, place in zip(ids, places, strict=True)
    ]

    events = desk.do(*commands)

    assert [
        (of_kind(event, ReplyQueued).contact, of_kind(event, ReplyQueued).reply.content.text)
        for event in events
    ] == [
        (ANNA, "to 1"),
        (BEN, "to 2"),
        (ANNA, "to 3"),
    ]
    assert [of_kind(event, ReplyQueued).reply.item_id for event in events] == [1, 2, 3]


def test_a_text_that_a_database_refuses_is_mended(desk: Desk) -> None:
    desk.receive("m1")

    assert desk.queue(text="a\0\ud83d").content.text == "a\ufffd?"
