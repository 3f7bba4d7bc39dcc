from datetime import datetime
from typing import NamedTuple

from moca.core.conversation.hold import Hold, hold_after_reply
from moca.core.inbound.events import Echo
from moca.core.notifications import NoticeKind
from moca.core.types import Author, ConversationStatus, MessageStatus, Role, Stage
from moca.storage.content_codec import written_received
from moca.storage.conversations.hold import hold_for_teammate
from moca.storage.db.bulk import Insertion
from moca.storage.db.fields import short, storable
from moca.storage.db.tables import Message
from moca.storage.messages.contact_conversations import Talk, Talks
from moca.storage.notifications import give_notice
from moca.storage.unit_of_work import Batch

_INSERT = Insertion(
    Message,
    Message.conversation,
    Message.webhook,
    Message.account_id,
    Message.kind,
    Message.mid,
    Message.role,
    Message.author,
    Message.type,
    Message.text,
    Message.content,
    Message.created_at,
    Message.sent_at,
    Message.status,
    Message.processed,
    Message.because,
    Message.redeliveries,
)

_BECAUSE = "a person answered in the Instagram app"
_BY = "A teammate in the Instagram app"
_WRITTEN = "written in the Instagram app"
NEVER_CAME = "never came by webhook; found in Instagram's record"


class ByHand(NamedTuple):
    """What a person wrote in the Instagram app, and how it became known."""

    echo: Echo
    webhook_id: int | None
    received_at: datetime
    how: str = ""
    takes_over: bool = True
    """False where it is too long ago to silence the bot."""


def store_by_hand(batch: Batch, by_hand: ByHand) -> int:
    """Store what a person wrote in the Instagram app, and leave the conversation to that person."""
    echo, at = by_hand.echo, by_hand.received_at
    talks = Talks([echo.contact])
    talk = talks.of(echo.contact)
    was_open = _hand_over(batch, talk, at) if by_hand.takes_over else False
    talk.go_on(at)
    talks.write()
    conversation_id = talk.conversation_id
    row = _row(echo, by_hand.webhook_id, at, conversation_id)
    (message_id,) = _INSERT.returning_ids([row])
    told = f"{_WRITTEN}; {by_hand.how}" if by_hand.how else _WRITTEN
    batch.note(message_id, at, Stage.RECEPTION, "echoed", told)
    if by_hand.takes_over:
        _silence(batch, talk, at, was_open=was_open)
    return message_id


def _silence(batch: Batch, talk: Talk, at: datetime, *, was_open: bool) -> None:
    hold = Hold(ConversationStatus(talk.status), talk.held_until)
    hold_for_teammate(
        batch, talk.contact, talk.conversation_id, hold, because=_BECAUSE, by=_BY, at=at
    )
    if was_open:
        give_notice(
            batch,
            NoticeKind.TAKEN_OVER,
            _BECAUSE,
            at,
            account_id=talk.contact.account_id,
            conversation_id=talk.conversation_id,
        )


def _hand_over(batch: Batch, talk: Talk, at: datetime) -> bool:
    """Hold the bot for the person who wrote; True if the bot could answer before."""
    talk.end_hold(at)
    was_open = talk.status == ConversationStatus.OPEN
    before = Hold(ConversationStatus(talk.status), talk.held_until)
    talk.status, talk.held_until = hold_after_reply(before, at, batch.policy.takeover)
    return was_open


def _row(
    echo: Echo, webhook_id: int | None, received_at: datetime, conversation_id: int
) -> tuple[object, ...]:
    return (
        conversation_id,
        webhook_id,
        echo.contact.account_id,
        "message",
        echo.mid,
        Role.ASSISTANT,
        Author.HUMAN,
        short(echo.type),
        storable(echo.text),
        written_received(echo.received),
        received_at,
        echo.sent_at or received_at,
        MessageStatus.SENT,
        False,
        "",
        0,
    )
