from datetime import datetime
from typing import NamedTuple

from moca.core.conversation.hold import Hold, hold_after_reply
from moca.core.feed import FeedEvent, FeedKind
from moca.core.inbound.events import Echo
from moca.core.notifications import NotificationKind
from moca.core.reasons import Because, Reason
from moca.core.types import Author, ConversationStatus, MessageStatus, Role, Stage
from moca.storage.content_codec import written_received
from moca.storage.conversations.hold import hold_for_teammate
from moca.storage.conversations.needs_reply import mark_replied
from moca.storage.conversations.snooze import end_snooze
from moca.storage.db.bulk import Insertion
from moca.storage.db.fields import short, storable
from moca.storage.db.tables import Message
from moca.storage.messages.contact_conversations import ContactConversation, ContactConversations
from moca.storage.notifications import store_notification
from moca.storage.reports import TeammateReply, count_teammate_reply
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

_BECAUSE = Because(Reason.TEAMMATE_REPLIED_IN_APP)
_BY = "A teammate in the Instagram app"
_WRITTEN = "written in the Instagram app"
NEVER_CAME = "no webhook arrived; found in Instagram's message history"


class AppReply(NamedTuple):
    """A message written in the Instagram app, and how it became known."""

    echo: Echo
    webhook_id: int | None
    received_at: datetime
    how: str = ""
    takes_over: bool = True
    """False if it is too old to hold the bot."""


def store_app_reply(batch: Batch, app_reply: AppReply) -> int:
    """Store a message written in the Instagram app, and take over the conversation.

    Return its id.
    """
    echo, at = app_reply.echo, app_reply.received_at
    conversations = ContactConversations([echo.contact])
    conversation = conversations.of(echo.contact)
    was_open = _hand_over(batch, conversation, at) if app_reply.takes_over else False
    conversation.go_on(at)
    conversations.write()
    conversation_id = conversation.conversation_id
    row = _row(echo, app_reply.webhook_id, at, conversation_id)
    (message_id,) = _INSERT.returning_ids([row])
    detail = f"{_WRITTEN}; {app_reply.how}" if app_reply.how else _WRITTEN
    batch.note(message_id, at, Stage.RECEPTION, "echoed", detail)
    batch.publish(FeedEvent(FeedKind.MESSAGE_SENT, at, message_id))
    if not app_reply.how:
        account_id = echo.contact.account_id
        count_teammate_reply(
            TeammateReply(account_id, conversation_id, message_id, Author.HUMAN, "", at)
        )
    if app_reply.takes_over:
        _silence(batch, conversation, at, was_open=was_open)
    mark_replied(conversation_id, echo.sent_at if app_reply.how else None)
    end_snooze(conversation_id, (echo.sent_at if app_reply.how else None) or at)
    return message_id


def _silence(
    batch: Batch, conversation: ContactConversation, at: datetime, *, was_open: bool
) -> None:
    hold = Hold(ConversationStatus(conversation.status), conversation.held_until)
    hold_for_teammate(
        batch,
        conversation.contact,
        conversation.conversation_id,
        hold,
        because=_BECAUSE,
        by=_BY,
        at=at,
    )
    if was_open:
        store_notification(
            batch,
            NotificationKind.TAKEN_OVER,
            _BECAUSE,
            at,
            account_id=conversation.contact.account_id,
            conversation_id=conversation.conversation_id,
        )


def _hand_over(batch: Batch, conversation: ContactConversation, at: datetime) -> bool:
    """Hold the bot for the person who wrote; return whether the bot could answer before."""
    conversation.end_hold(at)
    was_open = conversation.status == ConversationStatus.OPEN
    before = Hold(ConversationStatus(conversation.status), conversation.held_until)
    takeover = batch.policy_of(conversation.contact.account_id).takeover
    conversation.status, conversation.held_until = hold_after_reply(before, at, takeover)
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
