# ruff: noqa: D101
"""Which operators notes mention, and since when they know."""

from typing import Any

import peewee

from moca.storage.db.fields import IdentityField, InstantField


class Conversation(peewee.Model):
    id = IdentityField()


class Note(peewee.Model):
    id = IdentityField()


class Operator(peewee.Model):
    id = IdentityField()


class Mention(peewee.Model):
    note = peewee.ForeignKeyField(Note, on_delete="CASCADE", index=False)
    operator = peewee.ForeignKeyField(Operator, on_delete="CASCADE")
    conversation = peewee.ForeignKeyField(Conversation, on_delete="CASCADE")
    seen_at = InstantField(null=True)

    class Meta:
        primary_key = peewee.CompositeKey("note", "operator")


_UNSEEN = (
    'CREATE INDEX "mention_unseen" ON "mention" ("operator_id", "conversation_id") '
    'WHERE ("seen_at" IS NULL)'
)
_SEEN = 'CREATE INDEX "mention_seen" ON "mention" ("seen_at") WHERE ("seen_at" IS NOT NULL)'


def migrate(migrator: Any, _database: peewee.Database, **_options: object) -> None:
    """Create the table and its indexes."""
    migrator.create_model(Mention)
    migrator.sql(_UNSEEN)
    migrator.sql(_SEEN)
