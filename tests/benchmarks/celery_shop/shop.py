"""The shop's database, as Peewee's quickstart has it."""

import os

from peewee import BooleanField, CharField, ForeignKeyField, Model, SqliteDatabase, TextField

database = SqliteDatabase(
    os.environ["SHOP_DATABASE"], pragmas={"journal_mode": "wal", "foreign_keys": 1}, timeout=20
)


class Table(Model):
    class Meta:
        database = database


class Contact(Table):
    psid = CharField(unique=True)


class Message(Table):
    contact = ForeignKeyField(Contact, backref="messages")
    mid = CharField(unique=True)
    text = TextField()
    answered = BooleanField(default=False, index=True)


class Reply(Table):
    contact = ForeignKeyField(Contact, backref="replies")
    text = TextField()
    status = CharField(default="queued")


def create_tables() -> None:
    with database.connection_context():
        database.create_tables([Contact, Message, Reply])
