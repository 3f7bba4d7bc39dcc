from typing import Any

import peewee
from peewee import SQL

from moca.core.accounts import AccountStatus
from moca.core.types import (
    Author,
    ContactKey,
    ConversationStatus,
    ItemStatus,
    MessageStatus,
    Priority,
)
from moca.storage.db.fields import CompressedField, IdentityField, InstantField


class Table(peewee.Model):
    """The base of Moca's tables; `open_database` binds them to a database."""


class Webhook(Table):
    """A verified webhook body, exactly as received."""

    id = peewee.BigAutoField()
    received_at = InstantField()
    body = CompressedField()


class Contact(Table):
    """A contact of an account."""

    id = IdentityField()
    account_id = peewee.CharField()
    psid = peewee.CharField()
    name = peewee.TextField(null=True)
    created_at = InstantField()
    last_seen_at = InstantField()
    window_opened_at = InstantField(null=True)
    opted_out_at = InstantField(null=True)
    """When the contact opted out of automatic messages; None if it has not."""
    message_count = peewee.IntegerField(default=0)
    username = peewee.TextField(null=True)
    picture_url = peewee.TextField(null=True)
    """Instagram's own address of the picture; the picture is not stored."""
    follower_count = peewee.IntegerField(null=True)
    follows_account = peewee.BooleanField(null=True)
    profile_due_at = InstantField(null=True)
    """When to read the profile next; None once it was read, or given up."""
    profile_tries = peewee.IntegerField(default=0, constraints=[SQL("DEFAULT 0")])

    class Meta:
        indexes = ((("psid", "account_id"), True),)


class Conversation(Table):
    """A stretch of messages with a contact, from the first one until it is closed."""

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
    read_at = InstantField(null=True)
    """When an answering operator last read it."""
    held_by = peewee.CharField(null=True)
    """The teammate who took it over, if known, while it is held."""
    person_until = InstantField(null=True)
    """Until when a person last wrote or held the conversation."""
    needs_reply_since = InstantField(null=True)
    """Since when the contact waits for a person; None if nothing does."""
    needs_reply_last_id = peewee.BigIntegerField(null=True)
    """Its latest message when the latest of it came to wait; without meaning while nothing does."""
    assignee_id = peewee.BigIntegerField(null=True)
    """Its assignee, an operator. If it is closed, the operator may have been deleted."""
    snoozed_at = InstantField(null=True)
    """When it was snoozed; stays after the snooze until a person replies or closes it."""
    snoozed_until = InstantField(null=True)
    earlier_snoozed_at = InstantField(null=True)
    """With `earlier_snoozed_until` the snooze that this one replaced, for an undo."""
    earlier_snoozed_until = InstantField(null=True)
    before_close = peewee.TextField(null=True)
    """JSON of what closing it changed; None while it is open."""


class Message(Table):
    """A message from either side; a reply has no mid until Instagram returns one."""

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
    author_name = peewee.CharField(null=True)
    """The name of the operator who wrote it; None for all others."""
    type = peewee.CharField(default="text")
    text = peewee.TextField(default="")
    content = peewee.TextField(null=True)
    """JSON of the content beside the text; None if there is only text."""
    created_at = InstantField()
    sent_at = InstantField(null=True)
    status = peewee.CharField(default=MessageStatus.RECEIVED)
    processed = peewee.BooleanField(default=False)
    outcome = peewee.CharField(null=True)
    because = peewee.TextField(default="")
    reason = peewee.CharField(null=True)
    """The code of `because`, where a decision may depend on it."""
    reply = peewee.ForeignKeyField(
        "self", null=True, backref="answers", on_delete="SET NULL", index=False
    )
    duplicate_of = peewee.ForeignKeyField("self", null=True, on_delete="SET NULL", index=False)
    redeliveries = peewee.IntegerField(default=0)
    part_of = peewee.ForeignKeyField(
        "self", null=True, backref="parts", on_delete="SET NULL", index=False
    )
    """The first part of a reply in parts; the first part refers to itself."""
    comment_id = peewee.CharField(null=True, max_length=512)
    """The comment that a private reply answers."""
    consent_change = peewee.CharField(column_name="wish", null=True)
    """The change of consent in it."""
    deleted_at = InstantField(null=True)
    """When it was unsent; of a contact's message, only the row itself is left."""
    generator = peewee.CharField(null=True)
    """The generator that made it; None, like both that follow, before this was recorded."""
    rule = peewee.TextField(null=True)
    is_ai_generated = peewee.BooleanField(null=True)
    """None for people."""
    topic = peewee.CharField(null=True)
    drafted_text = peewee.TextField(null=True)
    """What the bot wrote, if a teammate changed it on approval."""
    bot = peewee.CharField(null=True)
    """The bot whose generator made it; None, before this was recorded, for that of the settings."""
    bot_version = peewee.IntegerField(null=True)

    class Meta:
        indexes = ((("mid", "account_id", "kind"), True), (("conversation", "id"), False))


class Event(Table):
    """An event from Instagram that is not a message."""

    id = IdentityField()
    webhook = peewee.ForeignKeyField(Webhook, null=True, on_delete="SET NULL", index=False)
    kind = peewee.CharField()
    account_id = peewee.CharField(default="")
    psid = peewee.CharField(null=True)
    """The contact it concerns, who may never have written."""
    mid = peewee.CharField(null=True, max_length=512)
    """The message it concerns, stored or not."""
    key = peewee.CharField(unique=True)
    at = InstantField()
    sent_at = InstantField(null=True)
    detail = peewee.TextField(default="{}")
    """A JSON object with string values."""
    redeliveries = peewee.IntegerField(default=0)
    look_at = InstantField(null=True)
    """When to check whether the message it hints at has arrived, and otherwise fetch it."""
    fetches = peewee.IntegerField(default=0)
    because = peewee.TextField(default="")

    class Meta:
        indexes = ((("mid", "account_id"), False), (("psid", "account_id"), False))


class QueueItem(Table):
    """A reply in the queue, with the progress of its sending."""

    id = IdentityField()
    message = peewee.ForeignKeyField(Message, unique=True, backref="items", on_delete="CASCADE")
    conversation = peewee.ForeignKeyField(
        Conversation, backref="items", on_delete="CASCADE", index=False
    )
    priority = peewee.IntegerField(default=Priority.NORMAL)
    status = peewee.CharField(default=ItemStatus.PENDING)
    scheduled_for = InstantField()
    attempts = peewee.IntegerField(default=0)
    because = peewee.TextField(default="")
    reason = peewee.CharField(null=True)
    created_at = InstantField()
    sending_at = InstantField(null=True)
    sent_at = InstantField(null=True)
    echoed_at = InstantField(null=True)
    closing_message = peewee.CharField(column_name="parting", null=True)
    """Why it is exempt from a hold or opt-out; None for almost every item."""
    is_final = peewee.BooleanField(null=True)
    """Whether it must not be sent again if it did not arrive; None for almost every item."""
    unconfirmed_since = InstantField(null=True)
    """When the first call began that may have delivered it; None if there was none."""
    command_key = peewee.CharField(null=True)
    """Identifies the command that queued it, so that repeating the command queues nothing."""
    channel = peewee.CharField(default="", constraints=[SQL("DEFAULT ''")])
    """The name of the channel whose limits apply; see `Channel.name`."""
    release_at = InstantField(null=True)
    """When a held reply is sent by itself; None if it waits for approval."""

    class Meta:
        table_name = "queue_item"
        indexes = ((("status", "id"), False),)


class AccountRest(Table):
    """Until when an account makes no calls."""

    account_id = peewee.CharField(primary_key=True)
    rests_until = InstantField()
    problem = peewee.TextField(default="", constraints=[SQL("DEFAULT ''")])
    """Why it cannot send until an operator acts; empty if Instagram asked it to wait."""

    class Meta:
        table_name = "account_rest"


class Account(Table):
    """A connected Instagram account; its token is encrypted."""

    account_id = peewee.CharField(primary_key=True)
    flavour = peewee.CharField()
    username = peewee.TextField(null=True)
    name = peewee.TextField(null=True)
    page_id = peewee.CharField(null=True)
    app_user_id = peewee.CharField(null=True)
    scopes = peewee.TextField(default="")
    subscribed_fields = peewee.TextField(default="")
    status = peewee.CharField(default=AccountStatus.ACTIVE)
    because = peewee.TextField(default="")
    created_at = InstantField()
    sealed_token = peewee.TextField()
    token_stored_at = InstantField()
    token_issued_at = InstantField()
    token_expires_at = InstantField(null=True)
    refreshed_at = InstantField(null=True)
    refresh_failures = peewee.IntegerField(default=0)
    refresh_failed_at = InstantField(null=True)


class JourneyStep(Table):
    """A step of a message's journey."""

    id = peewee.BigAutoField()
    message = peewee.ForeignKeyField(Message, backref="steps", on_delete="CASCADE")
    at = InstantField()
    stage = peewee.CharField()
    outcome = peewee.CharField()
    detail = peewee.TextField(default="")

    class Meta:
        table_name = "journey_step"


# Spelled as literals: neither database matches a bound value with a partial index.
IS_NOT_OPEN = Conversation.status != SQL("'open'")
IS_HELD = Conversation.status << SQL("('human', 'paused', 'standby')")
IS_CURRENT = Conversation.status != SQL("'closed'")
IS_UNANSWERED = (
    (Message.role == SQL("'user'"))
    & Message.outcome.is_null()
    & (Message.processed == SQL("FALSE"))
)
IS_HELD_REPLY = QueueItem.status == SQL("'held'")
IS_PENDING = QueueItem.status == SQL("'pending'")
IS_FOR_AT_ONCE = IS_PENDING & (QueueItem.scheduled_for <= QueueItem.created_at)
IS_FOR_LATER = IS_PENDING & (QueueItem.scheduled_for > QueueItem.created_at)
IS_UNNAMED = (Message.role == SQL("'assistant'")) & Message.mid.is_null()
IS_UNDER_WAY = QueueItem.status << SQL("('pending', 'sending')")
IS_CLOSING_MESSAGE = QueueItem.closing_message.is_null(is_null=False)
IS_UNSETTLED = QueueItem.status << SQL("('sending', 'unknown')")


def is_contact(contact: ContactKey) -> Any:
    """Return the condition that a row of `Contact` is this contact."""
    return (Contact.psid == contact.psid) & (Contact.account_id == contact.account_id)
