# ruff: noqa: D101
"""Who may log in and what they did, notes, saved answers, and what was read when."""

from typing import Any

import peewee

from moca.storage.db.fields import IdentityField, InstantField


class Conversation(peewee.Model):
    id = IdentityField()


class Note(peewee.Model):
    id = IdentityField()
    conversation = peewee.ForeignKeyField(Conversation, on_delete="CASCADE")
    author = peewee.CharField()
    text = peewee.TextField()
    created_at = InstantField()


class SavedAnswer(peewee.Model):
    id = IdentityField()
    name = peewee.CharField(unique=True)
    text = peewee.TextField()

    class Meta:
        table_name = "saved_answer"


class Operator(peewee.Model):
    id = IdentityField()
    name = peewee.CharField(unique=True)
    may = peewee.CharField()
    password_hash = peewee.CharField()
    created_at = InstantField()


class Login(peewee.Model):
    key = peewee.CharField(primary_key=True)
    operator = peewee.ForeignKeyField(Operator, on_delete="CASCADE")
    opened_at = InstantField()
    ends_at = InstantField()


class AuditEntry(peewee.Model):
    id = IdentityField()
    at = InstantField()
    who = peewee.CharField()
    what = peewee.CharField()
    about = peewee.CharField(default="")

    class Meta:
        table_name = "audit"


_HELD = (
    'CREATE INDEX "conversation_not_open" ON "conversation" ("status", "last_activity_at", "id") '
    "WHERE (\"status\" != 'open')"
)


def migrate(migrator: Any, database: peewee.Database, **_options: object) -> None:
    """Create the tables, the column and the index."""
    instant = "INTEGER" if isinstance(database, peewee.SqliteDatabase) else "BIGINT"
    migrator.sql(f'ALTER TABLE "conversation" ADD COLUMN "read_at" {instant}')
    for table in (Note, SavedAnswer, Operator, Login, AuditEntry):
        migrator.create_model(table)
    migrator.sql(_HELD)
