from typing import Any

from moca.storage.accounts.ownership import RemovedAccount
from moca.storage.db.cluster_tables import Node, Seat
from moca.storage.db.metric_tables import (
    ArrivalCount,
    ArrivalHour,
    Comparison,
    Freeze,
    MinuteFigure,
    QueueCount,
)
from moca.storage.db.operator_tables import AuditEntry, Login, Note, Operator, SavedAnswer
from moca.storage.db.secret import KeptSecret
from moca.storage.db.tables import (
    IS_CURRENT,
    IS_FOR_AT_ONCE,
    IS_FOR_LATER,
    IS_NOT_OPEN,
    IS_PARTING,
    IS_PENDING,
    IS_UNANSWERED,
    IS_UNDER_WAY,
    IS_UNNAMED,
    IS_UNSETTLED,
    Account,
    AccountProfile,
    AccountRest,
    Contact,
    Conversation,
    DeletionRequest,
    Event,
    JourneyStep,
    Message,
    Notice,
    QueueItem,
    Scrub,
    Signing,
    Table,
    Webhook,
)
from moca.storage.operators.idempotency import IdempotencyKey

TABLES: tuple[type[Table], ...] = (
    Webhook,
    Contact,
    Conversation,
    Message,
    Event,
    QueueItem,
    AccountProfile,
    AccountRest,
    Account,
    RemovedAccount,
    DeletionRequest,
    Scrub,
    Signing,
    JourneyStep,
    Notice,
    Note,
    SavedAnswer,
    Operator,
    Login,
    AuditEntry,
    IdempotencyKey,
    Freeze,
    MinuteFigure,
    QueueCount,
    Comparison,
    ArrivalHour,
    ArrivalCount,
    Seat,
    Node,
    KeptSecret,
)
"""All there are; each with its indexes once this module is imported."""


def _partial_index(
    name: str, model: type[Table], *fields: Any, where: Any, unique: bool = False
) -> None:
    model.add_index(model.index(*fields, where=where, name=name, unique=unique))


_partial_index(
    "conversation_current", Conversation, Conversation.contact, where=IS_CURRENT, unique=True
)
_partial_index(
    "conversation_not_open",
    Conversation,
    Conversation.status,
    Conversation.last_activity_at,
    Conversation.id,
    where=IS_NOT_OPEN,
)
_partial_index("message_unanswered", Message, Message.id, where=IS_UNANSWERED)
_partial_index("message_waiting", Message, Message.conversation, where=IS_UNANSWERED)
_partial_index("message_unnamed", Message, Message.conversation, where=IS_UNNAMED)
for _link in (Message.webhook, Message.reply, Message.duplicate_of, Message.part_of):
    _partial_index(f"message_by_{_link.name}", Message, _link, where=_link.is_null(is_null=False))
_partial_index(
    "message_by_comment",
    Message,
    Message.comment_id,
    Message.account_id,
    where=Message.comment_id.is_null(is_null=False),
    unique=True,
)
# By its status too, though it is the same in all of them: SQLite then takes it for the narrower.
_partial_index(
    "queue_item_pending",
    QueueItem,
    QueueItem.status,
    QueueItem.priority,
    QueueItem.id,
    where=IS_PENDING,
)
_partial_index(
    "queue_item_at_once",
    QueueItem,
    QueueItem.status,
    QueueItem.priority,
    QueueItem.id,
    where=IS_FOR_AT_ONCE,
)
_partial_index(
    "queue_item_later",
    QueueItem,
    QueueItem.priority,
    QueueItem.scheduled_for,
    QueueItem.id,
    where=IS_FOR_LATER,
)
_partial_index(
    "queue_item_of_channel",
    QueueItem,
    QueueItem.status,
    QueueItem.channel,
    QueueItem.priority,
    QueueItem.id,
    where=IS_FOR_AT_ONCE,
)
_partial_index(
    "queue_item_of_channel_later",
    QueueItem,
    QueueItem.status,
    QueueItem.channel,
    QueueItem.priority,
    QueueItem.scheduled_for,
    QueueItem.id,
    where=IS_FOR_LATER,
)
QueueItem.add_index(
    QueueItem.index(QueueItem.conversation, QueueItem.sent_at, name="queue_item_of_conversation")
)
_partial_index("queue_item_under_way", QueueItem, QueueItem.conversation, where=IS_UNDER_WAY)
_partial_index("queue_item_parting", QueueItem, QueueItem.conversation, where=IS_PARTING)
_partial_index("queue_item_unsettled", QueueItem, QueueItem.id, where=IS_UNSETTLED)
_partial_index(
    "queue_item_command_key",
    QueueItem,
    QueueItem.command_key,
    where=QueueItem.command_key.is_null(is_null=False),
    unique=True,
)
_partial_index(
    "queue_item_started",
    QueueItem,
    QueueItem.sending_at,
    where=QueueItem.sending_at.is_null(is_null=False),
)
_partial_index("event_to_look_at", Event, Event.look_at, where=Event.look_at.is_null(is_null=False))
_partial_index("event_by_webhook", Event, Event.webhook, where=Event.webhook.is_null(is_null=False))
_partial_index("notice_due", Notice, Notice.due_at, where=Notice.due_at.is_null(is_null=False))
_partial_index(
    "notice_by_conversation",
    Notice,
    Notice.conversation,
    where=Notice.conversation.is_null(is_null=False),
)
