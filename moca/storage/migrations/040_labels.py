# ruff: noqa: D101
"""Labels, and the conversations that have them in the order of their activity."""

from typing import Any

import peewee

from moca.storage.db.fields import IdentityField, InstantField


class Conversation(peewee.Model):
    id = IdentityField()


class Label(peewee.Model):
    id = IdentityField()
    name = peewee.CharField()
    folded_name = peewee.CharField(unique=True, null=True)
    colour = peewee.CharField()


class ConversationLabel(peewee.Model):
    conversation = peewee.ForeignKeyField(Conversation, on_delete="CASCADE", index=False)
    label = peewee.ForeignKeyField(Label, on_delete="CASCADE", index=False)
    last_activity_at = InstantField()

    class Meta:
        table_name = "conversation_label"
        primary_key = peewee.CompositeKey("conversation", "label")
        indexes = ((("label", "last_activity_at", "conversation"), False),)


_FOLLOW = """UPDATE "conversation_label" SET "last_activity_at" = NEW."last_activity_at"
    WHERE "conversation_id" = NEW."id";"""
_HEAD = (
    'CREATE TRIGGER "conversation_label_follows" '
    'AFTER UPDATE OF "last_activity_at" ON "conversation" FOR EACH ROW '
    'WHEN (OLD."last_activity_at" <> NEW."last_activity_at")'
)


def migrate(migrator: Any, database: peewee.Database, **_options: object) -> None:
    """Create the tables, and the trigger that keeps the order."""
    migrator.create_model(Label)
    migrator.create_model(ConversationLabel)
    if isinstance(database, peewee.SqliteDatabase):
        migrator.sql(f"{_HEAD} BEGIN {_FOLLOW} END")
        return
    function = '"conversation_label_follows"()'
    body = f"BEGIN {_FOLLOW} RETURN NULL; END"
    migrator.sql(f"CREATE FUNCTION {function} RETURNS trigger AS $$ {body} $$ LANGUAGE plpgsql")
    migrator.sql(f"{_HEAD} EXECUTE FUNCTION {function}")
