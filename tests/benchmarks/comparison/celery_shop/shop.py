"""The shop's database, as in Peewee's quickstart."""

import os

from peewee import (
    AutoField,
    BooleanField,
    CharField,
    ForeignKeyField,
    Model,
    SqliteDatabase,
    TextField,
)

database = SqliteDatabase(
    os.environ["SHOP_DATABASE"], pragmas={"journal_mode": "wal", "foreign_keys": 1}, timeout=20
)


class ShopTable(Model):
    class Meta:
        database = database


class ShopContact(ShopTable):
    psid = CharField(unique=True)


class ShopMessage(ShopTable):
    contact = ForeignKeyField(ShopContact, backref="messages")
    mid = CharField(unique=True)
    text = TextField()
    answered = BooleanField(default=False, index=True)


class ShopReply(ShopTable):
    id = AutoField()
    contact = ForeignKeyField(ShopContact, backref="replies")
    text = TextField()
    status = CharField(default="queued")


def create_tables() -> None:
    with database.connection_context():
        database.create_tables([ShopContact, ShopMessage, ShopReply])
