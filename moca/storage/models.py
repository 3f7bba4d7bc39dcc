from typing import Any

import peewee
from peewee import SQL

from moca.core.vocabulary import Author, ConversationStatus, ItemStatus, MessageStatus, Priority
from moca.storage.identity import IdentityField
from moca.storage.instant import InstantField


class Table(peewee.Model):
    """A row of Moca's database; `open_database` binds the tables to one."""


class Webhook(Table):
    """A verified body exactly as it came."""

    id = peewee.BigAutoField()
    received_at = InstantField()
    body = peewee.BlobField()


class Contact(Table):
    """A person who wrote to an account."""

    id = IdentityField()
    account_id = peewee.CharField()
    psid = peewee.CharField()
    name = peewee.TextField(null=True)
    created_at = InstantField()
    last_seen_at = InstantField()
    window_opened_at = InstantField(null=True)
    message_count = peewee.IntegerField(default=0)

    class Meta:
        indexes = ((("psid", "account_id"), True),)


class Conversation(Table):
    """A stretch of talk with a contact, from its first message until it is closed."""

    id = IdentityField()
    contact = peewee.ForeignKeyField(Contact, backref="conversations", on_delete="CASCADE")
    status = peewee.CharField(default=ConversationStatus.OPEN)
    held_until = InstantField(null=True)
    created_at = InstantField()
    last_user_message_at = InstantField(null=True)
    last_bot_message_at = InstantField(null=True)
    last_activity_at = InstantField(index=True)
    cooldown_until = InstantField(null=True)
    away_text_at = InstantField(null=True)


class Message(Table):
    """What somebody wrote, on either side; a reply has no mid until Instagram names it."""

    id = IdentityField()
    conversation = peewee.ForeignKeyField(
        Conversation, backref="messages", on_delete="CASCADE", index=False
    )
    webhook = peewee.ForeignKeyField(Webhook, null=True, on_delete="SET NULL", index=False)
    account_id = peewee.CharField()
    kind = peewee.CharField(default="message")
    mid = peewee.CharField(null=True, max_length=512)
    role = peewee.CharField()
    author = peewee.CharField(default=Author.CONTACT)
    type = peewee.CharField(default="text")
    text = peewee.TextField(default="")
    created_at = InstantField()
    sent_at = InstantField(null=True)
    status = peewee.CharField(default=MessageStatus.RECEIVED)
    processed = peewee.BooleanField(default=False)
    outcome = peewee.CharField(null=True)
    because = peewee.TextField(default="")
    reply = peewee.ForeignKeyField(
        "self", null=True, backref="answers", on_delete="SET NULL", index=False
    )
    duplicate_of = peewee.ForeignKeyField("self", null=True, on_delete="SET NULL", index=False)
    redeliveries = peewee.IntegerField(default=0)

    class Meta:
        indexes = ((("mid", "account_id", "kind"), True), (("conversation", "id"), False))


class QueueItem(Table):
    """A reply's place in the queue and how its sending goes."""

    id = IdentityField()
    message = peewee.ForeignKeyField(Message, unique=True, backref="items", on_delete="CASCADE")
    conversation = peewee.ForeignKeyField(Conversation, backref="items", on_delete="CASCADE")
    priority = peewee.IntegerField(default=Priority.NORMAL)
    status = peewee.CharField(default=ItemStatus.PENDING)
    scheduled_for = InstantField()
    attempts = peewee.IntegerField(default=0)
    because = peewee.TextField(default="")
    created_at = InstantField()
    sending_at = InstantField(null=True)
    sent_at = InstantField(null=True)
    echoed_at = InstantField(null=True)

    class Meta:
        table_name = "queue_item"
        indexes = ((("status", "id"), False),)


class AccountRest(Table):
    """Until when nothing goes for an account, because Instagram asked it to wait."""

    account_id = peewee.CharField(primary_key=True)
    rests_until = InstantField()

    class Meta:
        table_name = "account_rest"


class JourneyStep(Table):
    """One line of a message's journey."""

    id = peewee.BigAutoField()
    message = peewee.ForeignKeyField(Message, backref="steps", on_delete="CASCADE")
    at = InstantField()
    stage = peewee.CharField()
    outcome = peewee.CharField()
    detail = peewee.TextField(default="")

    class Meta:
        table_name = "journey_step"


TABLES: tuple[type[Table], ...] = (
    Webhook,
    Contact,
    Conversation,
    Message,
    QueueItem,
    AccountRest,
    JourneyStep,
)

# Spelled as literals: neither database matches a bound value with a partial index.
IS_CURRENT = Conversation.status != SQL("'closed'")
IS_UNANSWERED = (
    (Message.role == SQL("'user'"))
    & Message.outcome.is_null()
    & (Message.processed == SQL("FALSE"))
)
IS_PENDING = QueueItem.status == SQL("'pending'")
IS_UNSETTLED = QueueItem.status << SQL("('sending', 'unknown')")


def _partial_index(
    name: str, model: type[Table], *fields: Any, where: Any, unique: bool = False
) -> None:
    model.add_index(model.index(*fields, where=where, name=name, unique=unique))


_partial_index(
    "conversation_current", Conversation, Conversation.contact, where=IS_CURRENT, unique=True
)
_partial_index("message_unanswered", Message, Message.id, where=IS_UNANSWERED)
_partial_index("message_waiting", Message, Message.conversation, where=IS_UNANSWERED)
for _link in (Message.webhook, Message.reply, Message.duplicate_of):
    _partial_index(f"message_by_{_link.name}", Message, _link, where=_link.is_null(is_null=False))
_partial_index("queue_item_pending", QueueItem, QueueItem.priority, QueueItem.id, where=IS_PENDING)
_partial_index("queue_item_unsettled", QueueItem, QueueItem.id, where=IS_UNSETTLED)
_partial_index(
    "queue_item_started",
    QueueItem,
    QueueItem.sending_at,
    where=QueueItem.sending_at.is_null(is_null=False),
)
