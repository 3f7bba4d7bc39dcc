# ruff: noqa: D101
"""The tables as they were on the first day: frozen here, whatever the models become."""

from typing import Any

import peewee

from moca.storage.db.fields import IdentityField, InstantField


class Webhook(peewee.Model):
    id = peewee.BigAutoField()
    received_at = InstantField()
    body = peewee.BlobField()


class Contact(peewee.Model):
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


class Conversation(peewee.Model):
    id = IdentityField()
    contact = peewee.ForeignKeyField(Contact, backref="conversations", on_delete="CASCADE")
    status = peewee.CharField(default="open")
    held_until = InstantField(null=True)
    created_at = InstantField()
    last_user_message_at = InstantField(null=True)
    last_bot_message_at = InstantField(null=True)
    last_activity_at = InstantField(index=True)
    cooldown_until = InstantField(null=True)
    away_text_at = InstantField(null=True)


class Message(peewee.Model):
    id = IdentityField()
    conversation = peewee.ForeignKeyField(
        Conversation, backref="messages", on_delete="CASCADE", index=False
    )
    webhook = peewee.ForeignKeyField(Webhook, null=True, on_delete="SET NULL", index=False)
    account_id = peewee.CharField()
    kind = peewee.CharField(default="message")
    mid = peewee.CharField(null=True, max_length=512)
    role = peewee.CharField()
    author = peewee.CharField(default="contact")
    type = peewee.CharField(default="text")
    text = peewee.TextField(default="")
    created_at = InstantField()
    sent_at = InstantField(null=True)
    status = peewee.CharField(default="received")
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


class QueueItem(peewee.Model):
    id = IdentityField()
    message = peewee.ForeignKeyField(Message, unique=True, backref="items", on_delete="CASCADE")
    conversation = peewee.ForeignKeyField(Conversation, backref="items", on_delete="CASCADE")
    priority = peewee.IntegerField(default=1)
    status = peewee.CharField(default="pending")
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


class JourneyStep(peewee.Model):
    id = peewee.BigAutoField()
    message = peewee.ForeignKeyField(Message, backref="steps", on_delete="CASCADE")
    at = InstantField()
    stage = peewee.CharField()
    outcome = peewee.CharField()
    detail = peewee.TextField(default="")

    class Meta:
        table_name = "journey_step"


_PARTIAL_INDEXES = (
    (
        'CREATE UNIQUE INDEX "conversation_current" ON "conversation" ("contact_id") '
        "WHERE (\"status\" != 'closed')"
    ),
    (
        'CREATE INDEX "message_unanswered" ON "message" ("id") '
        'WHERE ((("role" = \'user\') AND ("outcome" IS NULL)) AND ("processed" = FALSE))'
    ),
    (
        'CREATE INDEX "message_waiting" ON "message" ("conversation_id") '
        'WHERE ((("role" = \'user\') AND ("outcome" IS NULL)) AND ("processed" = FALSE))'
    ),
    (
        'CREATE INDEX "message_by_webhook" ON "message" ("webhook_id") '
        'WHERE ("webhook_id" IS NOT NULL)'
    ),
    'CREATE INDEX "message_by_reply" ON "message" ("reply_id") WHERE ("reply_id" IS NOT NULL)',
    (
        'CREATE INDEX "message_by_duplicate_of" ON "message" ("duplicate_of_id") '
        'WHERE ("duplicate_of_id" IS NOT NULL)'
    ),
    (
        'CREATE INDEX "queue_item_pending" ON "queue_item" ("priority", "id") '
        "WHERE (\"status\" = 'pending')"
    ),
    (
        'CREATE INDEX "queue_item_unsettled" ON "queue_item" ("id") '
        "WHERE (\"status\" IN ('sending', 'unknown'))"
    ),
    (
        'CREATE INDEX "queue_item_started" ON "queue_item" ("sending_at") '
        'WHERE ("sending_at" IS NOT NULL)'
    ),
)


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create every table with its indexes."""
    for table in (Webhook, Contact, Conversation, Message, QueueItem, JourneyStep):
        migrator.create_model(table)
    for index in _PARTIAL_INDEXES:
        migrator.sql(index)
