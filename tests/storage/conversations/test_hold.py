"""An operator's reply holds the bot, in the transaction that queues it."""

from concurrent.futures import Future
from datetime import datetime
from typing import Any

import pytest

from moca.core.content.content import Content
from moca.core.messages.command import Conflict, Done
from moca.core.messages.delivery import ReplyDropped
from moca.core.messages.operator_actions import ChangeConversation, ConversationChanged
from moca.core.messages.replies import HandOverConversation, QueueReply, ReplyQueued
from moca.core.types import Author, ConversationStatus
from moca.storage.db.tables import Conversation, Message
from tests.storage.desk import Desk, conversation, echoed, item, message, webhook
from tests.support.events import control
from tests.support.factory import ANNA, at

OPEN, HUMAN = ConversationStatus.OPEN, ConversationStatus.HUMAN
PAUSED, STANDBY = ConversationStatus.PAUSED, ConversationStatus.STANDBY
TAKEN = at(10 + 12 * 3600)
BECAUSE = "a teammate replied"


def _by_hand(
    seconds: float = 10, *, hold: bool = True, name: str = "Ada", **more: Any
) -> QueueReply:
    content = Content(text="by hand")
    return QueueReply(
        1, (), content, at(seconds), Author.OPERATOR, hold=hold, author_name=name, **more
    )


def held_by() -> str | None:
    return Conversation.get_by_id(1).held_by


def test_an_operators_reply_takes_the_conversation_over(desk: Desk) -> None:
    answered, waiting = desk.receive("m1"), desk.receive("m2")
    reply = desk.queue(answered)
    under_way = desk.claim(desk.queue(text="on its way"))

    queued, *rest = desk.do(_by_hand())

    assert isinstance(queued, ReplyQueued)
    assert rest == [
        ReplyDropped(ANNA, reply.item_id, BECAUSE),
        ConversationChanged(ANNA, 1, HUMAN, TAKEN),
    ]
    assert (conversation(), held_by()) == ((HUMAN, TAKEN), "Ada")
    assert message(answered) == message(waiting) == ("received", True, "suppressed", BECAUSE)
    kept = (queued.reply, under_way)
    assert [item(each.item_id)[0] for each in kept] == ["pending", "sending"]


def test_without_a_hold_the_bot_goes_on(desk: Desk) -> None:
    waiting = desk.receive("m1")
    reply = desk.queue()

    (queued,) = desk.do(_by_hand(hold=False))

    assert isinstance(queued, ReplyQueued)
    assert (conversation(), held_by()) == ((OPEN, None), None)
    assert message(waiting)[2] is None
    assert item(reply.item_id)[0] == "pending"


def test_what_the_bot_queued_in_the_same_commit_is_held_too(desk: Desk) -> None:
    first = desk.receive("m1")
    bots = QueueReply(1, (first,), content=Content(text="hi"), at=at(10))

    for before, after in ((bots, _by_hand()), (_by_hand(), bots)):
        desk.do(ChangeConversation(1, OPEN, at(9)))
        desk.do(before, after)
    assert {row.status for row in Message.select().where(Message.author == "bot")} == {"cancelled"}


def test_a_reply_that_is_refused_takes_nothing_over(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(ChangeConversation(1, ConversationStatus.CLOSED, at(5)))

    assert desk.answers(_by_hand(receipt=Future())) == [Conflict("the conversation is closed")]
    assert conversation() == (ConversationStatus.CLOSED, None)


@pytest.mark.parametrize(
    ("before", "after"),
    [((PAUSED, None), (PAUSED, None)), ((PAUSED, at(20)), (HUMAN, TAKEN))],
)
def test_a_reply_never_ends_a_longer_hold(
    desk: Desk,
    before: tuple[ConversationStatus, datetime | None],
    after: tuple[ConversationStatus, datetime | None],
) -> None:
    desk.receive("m1")
    desk.do(ChangeConversation(1, before[0], at(5), before[1]))
    desk.do(_by_hand())
    assert conversation() == after


def test_another_apps_turn_is_left_to_it(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(webhook(control(ours=False), seconds=1))
    before = conversation()

    *_, changed = desk.do(_by_hand())

    assert changed == ConversationChanged(ANNA, 1, ConversationStatus(before[0]), before[1])
    assert conversation() == before == (STANDBY, before[1])
    assert Conversation.get_by_id(1).person_until == at(10)


def test_it_is_known_who_holds_a_conversation(desk: Desk) -> None:
    desk.receive("m1")
    seen = []
    for command in (
        ChangeConversation(1, HUMAN, at(1), by="Ben"),
        _by_hand(),
        webhook(echoed("e1", "typed"), seconds=11),
        ChangeConversation(1, OPEN, at(12), by="Ben"),
        HandOverConversation(1, (1,), "asked for a person", (), at(13)),
    ):
        desk.do(command)
        seen.append(held_by())
    assert seen == ["Ben", "Ada", "A teammate in the Instagram app", None, None]


def test_a_reply_says_who_wrote_it(desk: Desk) -> None:
    desk.receive("m1")
    (receipt,) = desk.answers(_by_hand(receipt=Future()))
    assert receipt == Done(2)
    assert Message.get_by_id(2).author_name == "Ada"
