import peewee

from moca.storage.identity import IdentityField
from moca.storage.instant import InstantField
from moca.storage.models import Conversation, Table


class Note(Table):
    """What a colleague wrote about a conversation; contacts never see it."""

    id = IdentityField()
    conversation = peewee.ForeignKeyField(Conversation, on_delete="CASCADE")
    author = peewee.CharField()
    text = peewee.TextField()
    created_at = InstantField()


class SavedAnswer(Table):
    """A text that is said often."""

    id = IdentityField()
    name = peewee.CharField(unique=True)
    text = peewee.TextField()

    class Meta:
        table_name = "saved_answer"


class Operator(Table):
    """A person who may log in."""

    id = IdentityField()
    name = peewee.CharField(unique=True)
    right = peewee.CharField(column_name="may")
    password_hash = peewee.CharField()
    created_at = InstantField()


class Login(Table):
    """An operator's browser that is let in; named by a hash of what it shows."""

    key = peewee.CharField(primary_key=True)
    operator = peewee.ForeignKeyField(Operator, on_delete="CASCADE")
    opened_at = InstantField()
    ends_at = InstantField()


class AuditEntry(Table):
    """Who did what, and when."""

    id = IdentityField()
    at = InstantField()
    who = peewee.CharField()
    what = peewee.CharField()
    about = peewee.CharField(default="")

    class Meta:
        table_name = "audit"
