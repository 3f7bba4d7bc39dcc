from typing import Any

from moca.storage.accounts.ownership import RemovedAccount
from moca.storage.db.bot_tables import (
    AccountBot,
    AccountProfile,
    StoredBot,
    StoredBotCases,
    StoredBotVersion,
)
from moca.storage.db.cluster_tables import Node, Seat
from moca.storage.db.feed_tables import FeedDelivery, StoredFeedEvent, StoredSubscriber
from moca.storage.db.metric_tables import (
    AccountMetric,
    ArrivalCount,
    ArrivalHour,
    Freeze,
    MinuteMetric,
    QueueCount,
    ReconciledAccount,
    ReportHour,
)
from moca.storage.db.operator_tables import (
    ApiKey,
    AuditEntry,
    ConversationLabel,
    Label,
    Login,
    Mention,
    Note,
    Operator,
    OperatorAccount,
    SavedReply,
    Upload,
)
from moca.storage.db.privacy_tables import CondensedJourneys, DeletionRequest, PendingRedaction
from moca.storage.db.push_tables import PushTarget, QueuedPush, StoredNotification
from moca.storage.db.search_tables import ChangedWords, SearchIndex
from moca.storage.db.secret import KeptSecret, SignatureCheck
from moca.storage.db.tables import (
    IS_CLOSING_MESSAGE,
    IS_CURRENT,
    IS_FOR_AT_ONCE,
    IS_FOR_LATER,
    IS_HELD,
    IS_HELD_REPLY,
    IS_NOT_OPEN,
    IS_PENDING,
    IS_UNANSWERED,
    IS_UNDER_WAY,
    IS_UNNAMED,
    IS_UNSETTLED,
    Account,
    AccountRest,
    Contact,
    Conversation,
    Event,
    JourneyStep,
    Message,
    QueueItem,
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
    StoredBot,
    StoredBotVersion,
    AccountBot,
    StoredBotCases,
    RemovedAccount,
    DeletionRequest,
    PendingRedaction,
    CondensedJourneys,
    SignatureCheck,
    JourneyStep,
    StoredNotification,
    StoredFeedEvent,
    StoredSubscriber,
    FeedDelivery,
    Note,
    SavedReply,
    Upload,
    Label,
    ConversationLabel,
    Operator,
    OperatorAccount,
    Mention,
    Login,
    PushTarget,
    QueuedPush,
    AuditEntry,
    ApiKey,
    IdempotencyKey,
    Freeze,
    MinuteMetric,
    AccountMetric,
    ReportHour,
    QueueCount,
    ReconciledAccount,
    ArrivalHour,
    ArrivalCount,
    Seat,
    Node,
    KeptSecret,
    SearchIndex,
    ChangedWords,
)
"""All tables, each with its indexes once this module is imported."""


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
_partial_index(
    "conversation_held",
    Conversation,
    Conversation.last_activity_at,
    Conversation.id,
    where=IS_HELD,
)
_partial_index(
    "conversation_needs_reply",
    Conversation,
    Conversation.needs_reply_since,
    Conversation.id,
    where=Conversation.needs_reply_since.is_null(is_null=False),
)
_partial_index(
    "conversation_assigned",
    Conversation,
    Conversation.assignee_id,
    Conversation.last_activity_at,
    Conversation.id,
    where=Conversation.assignee_id.is_null(is_null=False) & IS_CURRENT,
)
_partial_index(
    "conversation_snoozed",
    Conversation,
    Conversation.last_activity_at,
    Conversation.id,
    where=Conversation.snoozed_at.is_null(is_null=False),
)
_partial_index(
    "contact_profile_due",
    Contact,
    Contact.profile_due_at,
    where=Contact.profile_due_at.is_null(is_null=False),
)
_partial_index(
    "message_by_rule",
    Message,
    Message.bot,
    Message.created_at,
    where=Message.rule.is_null(is_null=False),
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
# Includes the status, although it is the same in all rows: SQLite then takes it for the narrower.
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
_partial_index("queue_item_held", QueueItem, QueueItem.conversation, where=IS_HELD_REPLY)
_partial_index("queue_item_parting", QueueItem, QueueItem.conversation, where=IS_CLOSING_MESSAGE)
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
_partial_index(
    "notice_due",
    StoredNotification,
    StoredNotification.due_at,
    where=StoredNotification.due_at.is_null(is_null=False),
)
_partial_index(
    "notice_by_conversation",
    StoredNotification,
    StoredNotification.conversation,
    where=StoredNotification.conversation.is_null(is_null=False),
)
_partial_index(
    "mention_unseen",
    Mention,
    Mention.operator,
    Mention.conversation,
    where=Mention.seen_at.is_null(),
)
_partial_index(
    "mention_seen", Mention, Mention.seen_at, where=Mention.seen_at.is_null(is_null=False)
)
